import { Deadline, DeadlineHeap } from './deadline-heap.ts'
import { type Instant, NEVER } from './machine.ts'

/**
 * A {@link DeadlineHeap} for owners that do not hold their deadlines: they are looked up by identity, which costs more
 * and keeps the dead from being collected for a while (see {@link Table}). For what comes and goes with every call the
 * heap itself is the better choice.
 *
 * An owner without a deadline is remembered for a while, because most are set again soon: nothing is allocated then,
 * and a Map in which the same key comes and goes slows down to a linear search among its own tombstones. Those that
 * stay away are forgotten once they outnumber the rest.
 */
export class DeadlineQueue<Owner> {
  readonly #heap = new DeadlineHeap<Owner>()
  readonly #deadlines = new Map<Owner, Deadline<Owner>>()

  get size(): number {
    return this.#heap.size
  }

  /** Sets (or moves) the deadline of `owner`; {@link NEVER} removes it. */
  set(owner: Owner, at: Instant): void {
    if (at === NEVER) this.delete(owner)
    else this.#heap.set(this.#deadlines.get(owner) ?? this.#enter(owner), at)
  }

  delete(owner: Owner): void {
    const deadline = this.#deadlines.get(owner)
    if (deadline === undefined) return
    this.#heap.delete(deadline)
    this.#forgetIdle()
  }

  /** The instant of the earliest deadline, or {@link NEVER}. */
  next(): Instant {
    return this.#heap.next()
  }

  /** Removes and returns the owner whose deadline is earliest and due at `now`, or `undefined`. */
  takeDue(now: Instant): Owner | undefined {
    const owner = this.#heap.takeDue(now)
    if (owner !== undefined) this.#forgetIdle()
    return owner
  }

  /** Every owner with its deadline, in no particular order: for reports, not for the hot path. */
  entries(): IterableIterator<readonly [owner: Owner, at: Instant]> {
    return this.#heap.entries()
  }

  #enter(owner: Owner): Deadline<Owner> {
    if (this.#deadlines.size > 2 * this.size + MOST_IDLE) {
      for (const [known, { index }] of this.#deadlines) if (index < 0) this.#deadlines.delete(known)
    }
    const deadline = new Deadline(owner)
    this.#deadlines.set(owner, deadline)
    return deadline
  }

  #forgetIdle(): void {
    if (this.size === 0 && this.#deadlines.size > MOST_IDLE) this.#deadlines.clear()
  }
}

/** This many owners without a deadline are remembered in any case. */
const MOST_IDLE = 64
