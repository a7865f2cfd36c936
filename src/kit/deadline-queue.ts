import { type Instant, NEVER } from './machine.ts'

/**
 * The deadlines of many owners, earliest first: a binary heap with an index, so that moving or removing an
 * owner's deadline costs O(log n). Owners that are due at the same instant come out in the order they were set.
 *
 * An owner without a deadline is remembered for a while, because most are set again soon: nothing is allocated then,
 * and a Map in which the same key comes and goes slows down to a linear search among its own tombstones. Those that
 * stay away are forgotten once they outnumber the rest.
 */
export class DeadlineQueue<Owner> {
  readonly #heap: Entry<Owner>[] = []
  readonly #entries = new Map<Owner, Entry<Owner>>()
  #sequence = 0

  get size(): number {
    return this.#heap.length
  }

  /** Sets (or moves) the deadline of `owner`; {@link NEVER} removes it. */
  set(owner: Owner, at: Instant): void {
    if (at === NEVER) {
      this.delete(owner)
      return
    }
    const entry = this.#entries.get(owner) ?? this.#enter(owner)
    if (entry.index === IDLE) {
      entry.index = this.#heap.length
      this.#heap.push(entry)
    } else if (entry.at === at) {
      return
    }
    entry.at = at
    entry.sequence = this.#sequence++
    this.#sift(entry)
  }

  delete(owner: Owner): void {
    const entry = this.#entries.get(owner)
    if (entry !== undefined && entry.index !== IDLE) this.#remove(entry)
  }

  /** The instant of the earliest deadline, or {@link NEVER}. */
  next(): Instant {
    return this.#heap[0]?.at ?? NEVER
  }

  /** Removes and returns the owner whose deadline is earliest and due at `now`, or `undefined`. */
  takeDue(now: Instant): Owner | undefined {
    const first = this.#heap[0]
    if (first === undefined || first.at > now) return undefined
    this.#remove(first)
    return first.owner
  }

  /** Every owner with its deadline, in no particular order: for reports, not for the hot path. */
  *entries(): IterableIterator<readonly [owner: Owner, at: Instant]> {
    for (const entry of this.#heap) yield [entry.owner, entry.at]
  }

  #enter(owner: Owner): Entry<Owner> {
    if (this.#entries.size > 2 * this.#heap.length + MOST_IDLE) {
      for (const [known, { index }] of this.#entries) if (index === IDLE) this.#entries.delete(known)
    }
    const entry: Entry<Owner> = { owner, at: NEVER, sequence: 0, index: IDLE }
    this.#entries.set(owner, entry)
    return entry
  }

  #remove(entry: Entry<Owner>): void {
    const last = this.#heap.pop() as Entry<Owner>
    if (last !== entry) {
      last.index = entry.index
      this.#heap[last.index] = last
      this.#sift(last)
    }
    entry.index = IDLE
    if (this.#heap.length === 0 && this.#entries.size > MOST_IDLE) this.#entries.clear()
  }

  #sift(entry: Entry<Owner>): void {
    this.#up(entry)
    this.#down(entry)
  }

  #up(entry: Entry<Owner>): void {
    while (entry.index > 0) {
      const parent = this.#heap[(entry.index - 1) >> 1] as Entry<Owner>
      if (before(parent, entry)) return
      this.#swap(parent, entry)
    }
  }

  #down(entry: Entry<Owner>): void {
    for (;;) {
      const left = this.#heap[2 * entry.index + 1]
      const right = this.#heap[2 * entry.index + 2]
      if (left === undefined) return
      const child = right !== undefined && before(right, left) ? right : left
      if (before(entry, child)) return
      this.#swap(child, entry)
    }
  }

  #swap(a: Entry<Owner>, b: Entry<Owner>): void {
    const index = a.index
    a.index = b.index
    b.index = index
    this.#heap[a.index] = a
    this.#heap[b.index] = b
  }
}

interface Entry<Owner> {
  readonly owner: Owner
  at: Instant
  sequence: number
  /** The place in the heap, or {@link IDLE}. */
  index: number
}

const IDLE = -1
/** This many owners without a deadline are remembered in any case. */
const MOST_IDLE = 64

function before(a: Entry<unknown>, b: Entry<unknown>): boolean {
  return a.at < b.at || (a.at === b.at && a.sequence < b.sequence)
}
