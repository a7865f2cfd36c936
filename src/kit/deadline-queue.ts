import { type Instant, NEVER } from './machine.ts'

/**
 * The deadlines of many owners, earliest first: a binary heap with an index, so that moving or removing an
 * owner's deadline costs O(log n). Owners that are due at the same instant come out in the order they were set.
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
    const known = this.#entries.get(owner)
    if (known !== undefined) {
      if (known.at === at) return
      known.at = at
      known.sequence = this.#sequence++
      this.#sift(known)
      return
    }
    const entry: Entry<Owner> = { owner, at, sequence: this.#sequence++, index: this.#heap.length }
    this.#entries.set(owner, entry)
    this.#heap.push(entry)
    this.#up(entry)
  }

  delete(owner: Owner): void {
    const entry = this.#entries.get(owner)
    if (entry !== undefined) this.#remove(entry)
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

  #remove(entry: Entry<Owner>): void {
    this.#entries.delete(entry.owner)
    const last = this.#heap.pop() as Entry<Owner>
    if (last === entry) return
    last.index = entry.index
    this.#heap[last.index] = last
    this.#sift(last)
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
  index: number
}

function before(a: Entry<unknown>, b: Entry<unknown>): boolean {
  return a.at < b.at || (a.at === b.at && a.sequence < b.sequence)
}
