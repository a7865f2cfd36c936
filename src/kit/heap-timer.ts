import { Deadline, type DeadlineHeap } from './deadline-heap.ts'
import type { Instant } from './machine.ts'

/**
 * One timer of a machine whose deadlines stand in a {@link DeadlineHeap}, where the owner of each is what is to be done. A call
 * has some ten of them, so they are objects of one class and not closures.
 */
export class HeapTimer {
  readonly #heap: DeadlineHeap<() => void>
  readonly #clock: { readonly now: Instant }
  readonly #deadline: Deadline<() => void>

  /** @param clock the instant of the mutation in progress */
  constructor(heap: DeadlineHeap<() => void>, clock: { readonly now: Instant }, onDue: () => void) {
    this.#heap = heap
    this.#clock = clock
    this.#deadline = new Deadline(onDue)
  }

  /** Lets it be due in so many milliseconds; one that is set already moves. */
  setIn(delayMs: number): void {
    this.#heap.set(this.#deadline, this.#clock.now + delayMs)
  }

  /** It is not due any more. */
  clear(): void {
    this.#heap.delete(this.#deadline)
  }
}
