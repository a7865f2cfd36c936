import { type Instant, NEVER } from './machine.ts'

/** The deadline that an owner has in a {@link DeadlineHeap}: one heap only, and only the heap writes here. */
export class Deadline<Owner> {
  readonly owner: Owner
  at: Instant = NEVER
  /** Tells which of two that are due at the same instant was set first. */
  sequence = 0
  /** The place in the heap, or {@link NOT_QUEUED}. */
  index = NOT_QUEUED

  constructor(owner: Owner) {
    this.owner = owner
  }
}

/**
 * Deadlines that their owners hold, earliest first: a binary heap in which each deadline knows its place, so that moving
 * or removing one costs O(log n) and no look-up. Those that are due at the same instant come out in the order they were
 * set.
 */
export class DeadlineHeap<Owner> {
  readonly #heap: Deadline<Owner>[] = []
  #sequence = 0

  get size(): number {
    return this.#heap.length
  }

  /** Sets (or moves) a deadline; {@link NEVER} removes it. */
  set(deadline: Deadline<Owner>, at: Instant): void {
    if (at === NEVER) {
      this.delete(deadline)
      return
    }
    if (deadline.index === NOT_QUEUED) {
      deadline.index = this.#heap.length
      this.#heap.push(deadline)
    } else if (deadline.at === at) {
      return
    }
    deadline.at = at
    deadline.sequence = this.#sequence++
    this.#sift(deadline)
  }

  delete(deadline: Deadline<Owner>): void {
    if (deadline.index === NOT_QUEUED) return
    const last = this.#heap.pop() as Deadline<Owner>
    if (last !== deadline) {
      last.index = deadline.index
      this.#heap[last.index] = last
      this.#sift(last)
    }
    deadline.index = NOT_QUEUED
  }

  /** The instant of the earliest deadline, or {@link NEVER}. */
  next(): Instant {
    return this.#heap[0]?.at ?? NEVER
  }

  /** Removes the earliest deadline and returns its owner when it is due at `now`, else `undefined`. */
  takeDue(now: Instant): Owner | undefined {
    const first = this.#heap[0]
    if (first === undefined || first.at > now) return undefined
    this.delete(first)
    return first.owner
  }

  /** Every owner with its deadline, in no particular order: for reports, not for the hot path. */
  *entries(): IterableIterator<readonly [owner: Owner, at: Instant]> {
    for (const { owner, at } of this.#heap) yield [owner, at]
  }

  #sift(deadline: Deadline<Owner>): void {
    this.#up(deadline)
    this.#down(deadline)
  }

  #up(deadline: Deadline<Owner>): void {
    while (deadline.index > 0) {
      const parent = this.#heap[(deadline.index - 1) >> 1] as Deadline<Owner>
      if (before(parent, deadline)) return
      this.#swap(parent, deadline)
    }
  }

  #down(deadline: Deadline<Owner>): void {
    for (;;) {
      const left = this.#heap[2 * deadline.index + 1]
      const right = this.#heap[2 * deadline.index + 2]
      if (left === undefined) return
      const child = right !== undefined && before(right, left) ? right : left
      if (before(deadline, child)) return
      this.#swap(child, deadline)
    }
  }

  #swap(a: Deadline<Owner>, b: Deadline<Owner>): void {
    const index = a.index
    a.index = b.index
    b.index = index
    this.#heap[a.index] = a
    this.#heap[b.index] = b
  }
}

const NOT_QUEUED = -1

function before(a: Deadline<unknown>, b: Deadline<unknown>): boolean {
  return a.at < b.at || (a.at === b.at && a.sequence < b.sequence)
}
