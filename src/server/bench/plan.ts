import { UsageError } from '../../kit/index.ts'

/** What the calls of a bench do. */
export const BENCH_MODES = ['ivr', 'bridge', 'signalling', 'conference'] as const
export type BenchMode = (typeof BENCH_MODES)[number]

/** How much load, and of what kind. */
export interface BenchPlan {
  readonly mode: BenchMode
  /** Calls to place, all in all. */
  readonly calls: number
  /** New calls in a second. */
  readonly rate: number
  /** How long a call stays after its answer. */
  readonly holdMs: number
  /** Of conferences. */
  readonly rooms?: RoomPlan
}

/** How calls are put into rooms. */
export interface RoomPlan {
  /** Calls in a room. */
  readonly size: number
  /** Of them, those who speak; the others send silence. */
  readonly speakers: number
}

/** What conferences are measured with unless the command says otherwise. */
export const DEFAULT_ROOMS: RoomPlan = { size: 10, speakers: 3 }

/** What a mode is measured with unless the command says otherwise. */
export const DEFAULT_PLANS: Readonly<Record<BenchMode, Omit<BenchPlan, 'mode'>>> = {
  ivr: { calls: 100, rate: 50, holdMs: 15_000 },
  bridge: { calls: 100, rate: 50, holdMs: 15_000 },
  signalling: { calls: 2_000, rate: 200, holdMs: 0 },
  conference: { calls: 100, rate: 50, holdMs: 15_000 },
}

/** The ports of the exchange under test, and those of the load: each takes one for every leg, and none is both's. */
export const SUBJECT_PORTS: readonly [number, number] = [10_000, 37_767]
export const LOAD_PORTS: readonly [number, number] = [37_768, 65_535]
/** Legs that either side has ports for. */
export const MAX_LEGS = 13_000

/**
 * Refuses what cannot be run.
 * @throws UsageError naming the value and the fix
 */
export function checkPlan({ mode, calls, rate, holdMs, rooms }: BenchPlan): void {
  if (rooms !== undefined && rooms.speakers > rooms.size)
    throw new UsageError(
      `--speakers ${rooms.speakers} --room-size ${rooms.size}: more would speak than there are; lower one or raise the other`,
    )
  const standing = Math.min(calls, Math.ceil((rate * (holdMs + PORT_REST_MS)) / 1000))
  const legs = standing * (mode === 'bridge' ? 2 : 1)
  if (legs > MAX_LEGS)
    throw new UsageError(
      `--calls ${calls} --rate ${rate} --hold ${holdMs / 1000}: ${legs} media ports would be taken at a time and there are ${MAX_LEGS}; lower one of them`,
    )
}

/** How long the ports of a call are taken before its answer and, resting, after its end. */
const PORT_REST_MS = 6_000
