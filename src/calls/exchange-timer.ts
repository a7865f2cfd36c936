import { type DeadlineHeap, HeapTimer } from '../kit/index.ts'
import type { CallHost, CallTimer } from './host.ts'

type Clock = Pick<CallHost, 'now' | 'isMutating' | 'post'>

/**
 * A timer of the exchange. Code that goes on after a promise runs outside of mutations, where the time is not known and no driver
 * asks for the next deadline: a timer that it sets counts from the next mutation, which is asked for.
 */
export class ExchangeTimer extends HeapTimer implements CallTimer {
  readonly #clock: Clock
  /** What it is to be set to by the next mutation. */
  #waitingMs: number | undefined

  constructor(heap: DeadlineHeap<() => void>, clock: Clock, onDue: () => void) {
    super(heap, clock, onDue)
    this.#clock = clock
  }

  override setIn(delayMs: number): void {
    this.clear()
    if (this.#clock.isMutating) super.setIn(delayMs)
    else {
      this.#waitingMs = delayMs
      this.#clock.post(() => this.#waitingMs !== undefined && this.setIn(this.#waitingMs))
    }
  }

  override clear(): void {
    this.#waitingMs = undefined
    super.clear()
  }
}
