import { type Instant, NEVER } from '../../kit/index.ts'
import type { Bell } from './bell.ts'
import type { WorkerEngine } from './worker-engine.ts'

/** What a driver drives. */
export type Driven = Pick<WorkerEngine, 'deadline' | 'expire'>

/**
 * Drives by blocking the thread, which then has no event loop: each deadline is slept for by itself, so nothing adds
 * up, and messages are looked for in between. Returns when `takeMessages` returns false.
 * @param doze blocks for this many milliseconds, whatever rings
 */
export function driveBlocking(
  driven: Driven,
  bell: Pick<Bell, 'rung' | 'sleep'>,
  doze: (durationMs: number) => void,
  takeMessages: () => boolean,
  now: () => Instant = () => performance.now(),
): void {
  for (;;) {
    const { rung } = bell
    if (!takeMessages()) return
    if (driven.deadline() <= now()) driven.expire()
    const waitMs = driven.deadline() - now()
    if (waitMs > LONGEST_DOZES_MS) bell.sleep(rung, waitMs)
    else if (waitMs > 0) doze(Math.min(waitMs, LONGEST_DOZE_MS))
  }
}

/** For so long messages may wait. */
const LONGEST_DOZE_MS = 5
/** A tick; what comes later is slept for with the bell on. */
const LONGEST_DOZES_MS = 20

/**
 * Drives by the event loop. A timer of Node is up to a millisecond late; the next one is armed for its own deadline
 * again, so nothing adds up.
 */
export class EventLoopDriver {
  readonly #driven: Driven
  readonly #now: () => Instant
  #timer: NodeJS.Timeout | undefined
  #armedFor: Instant = NEVER

  constructor(driven: Driven, now: () => Instant = () => performance.now()) {
    this.#driven = driven
    this.#now = now
  }

  /** To be called whenever the deadline may have changed. */
  arm(): void {
    const deadline = this.#driven.deadline()
    if (deadline === this.#armedFor) return
    clearTimeout(this.#timer)
    this.#armedFor = deadline
    if (deadline === NEVER) return
    this.#timer = setTimeout(this.#onTimer, Math.max(0, Math.ceil(deadline - this.#now())))
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#armedFor = NEVER
  }

  readonly #onTimer = (): void => {
    this.#armedFor = NEVER
    if (this.#driven.deadline() <= this.#now()) this.#driven.expire()
    this.arm()
  }
}
