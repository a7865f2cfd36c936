import { type Instant, NEVER } from '../../kit/index.ts'
import type { MediaCommand, MediaEngine, MediaEvent } from '../../media/index.ts'

/**
 * Drives an engine by the event loop: commands as they come, sub-ticks at their absolute deadlines. A timer of Node
 * is up to a millisecond late; the next one is armed for its own deadline again, so nothing adds up.
 */
export class EngineDriver {
  readonly #engine: MediaEngine
  readonly #now: () => Instant
  readonly #onEvents: (events: MediaEvent[]) => void
  #timer: NodeJS.Timeout | undefined
  #armedFor: Instant = NEVER

  /** @param onEvents gets what one command or tick brought about, never an empty list */
  constructor(
    engine: MediaEngine,
    onEvents: (events: MediaEvent[]) => void,
    now: () => Instant = () => performance.now(),
  ) {
    this.#engine = engine
    this.#onEvents = onEvents
    this.#now = now
  }

  /** Carries out commands in order. */
  take(commands: readonly MediaCommand[]): void {
    for (const command of commands) this.#engine.handle(command, this.#now())
    this.#drain()
    this.#arm()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#armedFor = NEVER
  }

  readonly #onTimer = (): void => {
    this.#armedFor = NEVER
    this.#engine.expire(this.#now())
    this.#drain()
    this.#arm()
  }

  #drain(): void {
    let events: MediaEvent[] | undefined
    for (let event = this.#engine.poll(); event !== undefined; event = this.#engine.poll()) {
      events ??= []
      events.push(event)
    }
    if (events !== undefined) this.#onEvents(events)
  }

  #arm(): void {
    const deadline = this.#engine.deadline()
    if (deadline === this.#armedFor) return
    clearTimeout(this.#timer)
    this.#armedFor = deadline
    if (deadline === NEVER) return
    this.#timer = setTimeout(this.#onTimer, Math.max(0, Math.ceil(deadline - this.#now())))
  }
}
