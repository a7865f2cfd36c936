/**
 * A first-in first-out queue: the outbox of every machine. A ring that doubles when it is full and is kept when it
 * has been drained, so that a queue in steady use allocates nothing; one that a burst made large is let go.
 */
export class Fifo<Item> {
  #ring: (Item | undefined)[] = new Array(SMALLEST)
  #head = 0
  #length = 0

  get length(): number {
    return this.#length
  }

  push(item: Item): void {
    if (this.#length === this.#ring.length) this.#grow()
    this.#ring[(this.#head + this.#length++) & (this.#ring.length - 1)] = item
  }

  /** The oldest item, which stays, or `undefined` when empty. */
  peek(): Item | undefined {
    return this.#ring[this.#head]
  }

  /** Takes the oldest item, or `undefined` when empty. */
  shift(): Item | undefined {
    if (this.#length === 0) return undefined
    const item = this.#ring[this.#head]
    this.#ring[this.#head] = undefined
    this.#head = (this.#head + 1) & (this.#ring.length - 1)
    if (--this.#length === 0 && this.#ring.length > LARGEST_KEPT) this.clear()
    return item
  }

  clear(): void {
    this.#ring = new Array(SMALLEST)
    this.#head = 0
    this.#length = 0
  }

  #grow(): void {
    const ring: (Item | undefined)[] = new Array(2 * this.#ring.length)
    for (let i = 0; i < this.#length; i++) ring[i] = this.#ring[(this.#head + i) & (this.#ring.length - 1)]
    this.#ring = ring
    this.#head = 0
  }
}

// Powers of two: the ring is indexed with a mask.
const SMALLEST = 8
const LARGEST_KEPT = 1024
