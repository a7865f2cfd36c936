import { setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { type AppDefinition, type Channel, inbound, outbound } from '../../calls/index.ts'
import type { LegStatistics } from '../../media/index.ts'
import { createLogger } from '../log/logger.ts'
import { type RunningServer, startServer } from '../main.ts'
import { type BenchPlan, LOAD_PORTS } from './plan.ts'
import { serverOf } from './server-config.ts'
import { PROMPT_FILE, SILENCE_FILE } from './subject-apps.ts'

/** How the calls of a load went. */
export interface LoadTally {
  placed: number
  /** Answered and not over. */
  up: number
  answered: number
  /** Not answered, or ended by the far end before their time. */
  failed: number
  /** Why the failed ones failed: causes, and how many of each. */
  readonly causes: Map<string, number>
  /** From INVITE to answer, of each that was answered. */
  readonly setupMs: number[]
  /** What each leg of ours with media heard, callers and those who were called. */
  readonly heard: LegStatistics[]
  /** When the first call and the last one were placed. */
  firstPlacedMs: number
  lastPlacedMs: number
}

/**
 * The load: an exchange of its own that places calls at a rate, talks on each for as long as it is told, and hangs up.
 * It answers what comes to it, too: the other end of bridged calls.
 */
export class Load {
  readonly tally: LoadTally
  readonly #server: RunningServer
  readonly #address: string
  readonly #peersLeft: () => number

  private constructor(server: RunningServer, address: string, tally: LoadTally, peersLeft: () => number) {
    this.#server = server
    this.#address = address
    this.#peersLeft = peersLeft
    this.tally = tally
  }

  /**
   * @param directory where the prompt lies
   * @throws RingdownError RINGDOWN_TRANSPORT when the address cannot be had
   */
  static async start(directory: string, address: string, port: number): Promise<Load> {
    const tally = emptyTally()
    let peers = 0
    const peer = inbound(async (channel) => {
      peers++
      try {
        await channel.answer()
        await channel.filePlayer.play(PROMPT_FILE, { loop: true })
      } finally {
        await channel.waitForIdle()
        noteHeard(tally, await mediaOf(channel))
        peers--
      }
    })
    const config = serverOf({
      address,
      port,
      portRange: LOAD_PORTS,
      directory,
      services: [{ name: 'peer', match: '*', app: peer }],
      extraChannels: 0,
    })
    const server = await startServer(config, { logger: createLogger({ level: 'silent', pretty: undefined }) })
    return new Load(server, address, tally, () => peers)
  }

  /** The address that reaches its answering side. */
  get peerUri(): string {
    const host = this.#address.includes(':') ? `[${this.#address}]` : this.#address
    return `sip:peer@${host}:${this.#server.sockets[0]?.port}`
  }

  /** How late its own media ticks began, p99 in milliseconds: when that is much, it was the load that was slow. */
  get ownLatenessP99Ms(): number {
    return (this.#server.counters().tickLatenessP99Us ?? 0) / 1000
  }

  /** Places the calls of the plan and resolves when all are over, and what they heard is known. */
  async run(plan: BenchPlan, to: string, signal: AbortSignal): Promise<void> {
    const silent = caller(plan, to, this.tally, signal, SILENCE_FILE)
    const speaking = caller(plan, to, this.tally, signal, PROMPT_FILE)
    const { size = 1, speakers = 1 } = plan.rooms ?? {}
    // Each call listens to it.
    setMaxListeners(0, signal)
    const begun = performance.now()
    const running: Promise<unknown>[] = []
    while (this.tally.placed < plan.calls && !signal.aborted) {
      const due = Math.min(plan.calls, Math.ceil(((performance.now() - begun) * plan.rate) / 1000))
      while (this.tally.placed < due) {
        this.tally.lastPlacedMs = performance.now()
        const app = this.tally.placed % size < speakers ? speaking : silent
        if (this.tally.placed++ === 0) this.tally.firstPlacedMs = this.tally.lastPlacedMs
        running.push(this.#server.startOutbound(app, { name: 'caller' }))
      }
      await sleep(PACE_MS)
    }
    await Promise.all(running)
    for (let waited = 0; this.#peersLeft() > 0 && waited < PEERS_PATIENCE_MS; waited += PACE_MS) await sleep(PACE_MS)
  }

  close(): Promise<void> {
    return this.#server.close({ graceMs: 0 })
  }
}

/** Calls, talks for as long as the plan says, hangs up, and notes how it went. */
function caller(
  { mode, holdMs }: BenchPlan,
  to: string,
  tally: LoadTally,
  signal: AbortSignal,
  says: string,
): AppDefinition {
  return outbound(async (channel) => {
    const placedMs = performance.now()
    const state = await channel.call(to, { timeoutMs: ANSWER_PATIENCE_MS, signal })
    if (state !== channel.State.ANSWERED) {
      noteFailure(tally, channel.cause())
      return
    }
    tally.setupMs.push(performance.now() - placedMs)
    tally.answered++
    tally.up++
    // It ends with the call.
    if (mode !== 'signalling') channel.filePlayer.play(says, { loop: true }).catch(() => {})
    if (holdMs > 0) await channel.waitForIdle({ timeoutMs: holdMs })
    tally.up--
    if (channel.state() === channel.State.IDLE && !signal.aborted)
      noteFailure(tally, `cut by the far end (${channel.cause()})`)
    await channel.hangUp()
    if (mode !== 'signalling') noteHeard(tally, await mediaOf(channel))
  })
}

function emptyTally(): LoadTally {
  return {
    placed: 0,
    up: 0,
    answered: 0,
    failed: 0,
    causes: new Map(),
    setupMs: [],
    heard: [],
    firstPlacedMs: 0,
    lastPlacedMs: 0,
  }
}

function noteFailure(tally: LoadTally, cause: string): void {
  tally.failed++
  tally.causes.set(cause, (tally.causes.get(cause) ?? 0) + 1)
}

function noteHeard(tally: LoadTally, media: LegStatistics | undefined): void {
  if (media !== undefined) tally.heard.push(media)
}

/** What was counted of the media of a call that is over: it comes a moment after the end. */
async function mediaOf(channel: Channel): Promise<LegStatistics | undefined> {
  const { details } = channel
  for (let tried = 0; tried < 100 && details?.media === undefined; tried++) await sleep(20)
  return details?.media
}

const PACE_MS = 2
const ANSWER_PATIENCE_MS = 30_000
const PEERS_PATIENCE_MS = 5_000
