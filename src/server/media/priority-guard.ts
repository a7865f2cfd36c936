import { runAhead, runAmongOthers, type ThreadScheduler, type ThreadStanding } from '../../threads/thread-priority.ts'

/**
 * The priority of a media worker, and the guard against its own overload. A thread in real time that has no moment to spare keeps
 * the main thread from the processor, and also the threads that compile its own code: one that begins with code which is not
 * compiled yet would never get any faster. So it gives real time back after a tenth of a second of that, and has it again when its
 * work has been little enough for half a second.
 */
export class PriorityGuard {
  readonly #scheduler: ThreadScheduler
  #standing: ThreadStanding
  #givenBack = 0
  #isLowered = false
  #cpuMs = 0
  #calmMs = 0

  constructor(scheduler: ThreadScheduler) {
    this.#scheduler = scheduler
    this.#standing = runAhead(scheduler)
  }

  get standing(): ThreadStanding {
    return this.#standing
  }

  /** How often it gave real time back. */
  get givenBack(): number {
    return this.#givenBack
  }

  /**
   * To be told each {@link JUDGED_EACH_MS} while there is work.
   * @param turnsMs how much of the last `spanMs` were turns of the worker, waiting for a processor included
   */
  judge(turnsMs: number, spanMs: number): void {
    if (this.#isLowered) this.#judgeWork(spanMs)
    else if (this.#standing === 'realtime' && turnsMs > OVERLOADED_SHARE * spanMs) this.#lower()
  }

  /** Others make its turns long now: what counts is what it computes itself. */
  #judgeWork(spanMs: number): void {
    const cpuMs = this.#scheduler.cpuMs()
    this.#calmMs = cpuMs - this.#cpuMs < CALM_SHARE * spanMs ? this.#calmMs + spanMs : 0
    this.#cpuMs = cpuMs
    if (this.#calmMs < CALM_FOR_MS) return
    this.#isLowered = false
    this.#standing = runAhead(this.#scheduler)
  }

  #lower(): void {
    runAmongOthers(this.#scheduler)
    this.#isLowered = true
    this.#standing = 'normal'
    this.#givenBack++
    this.#cpuMs = this.#scheduler.cpuMs()
    this.#calmMs = 0
  }
}

export const JUDGED_EACH_MS = 100
const OVERLOADED_SHARE = 0.9
const CALM_SHARE = 0.7
const CALM_FOR_MS = 500
