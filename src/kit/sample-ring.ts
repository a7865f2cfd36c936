/**
 * A ring of 16-bit samples of a fixed capacity, for one writer and one reader on the same thread.
 * Nothing is allocated after construction.
 */
export class SampleRing {
  readonly #samples: Int16Array
  #read = 0
  #length = 0

  /** @param capacity the most samples it can hold, at least 1 */
  constructor(capacity: number) {
    this.#samples = new Int16Array(capacity)
  }

  get capacity(): number {
    return this.#samples.length
  }

  /** Samples that can be read now. */
  get length(): number {
    return this.#length
  }

  /** Writes as many of `samples` as fit and returns how many that were; the rest is the caller's to count. */
  write(samples: Int16Array): number {
    const count = Math.min(samples.length, this.capacity - this.#length)
    let at = (this.#read + this.#length) % this.capacity
    for (let i = 0; i < count; i++) {
      this.#samples[at] = samples[i] as number
      at = at + 1 === this.capacity ? 0 : at + 1
    }
    this.#length += count
    return count
  }

  /** Moves the oldest `most` samples to the front of `into` and returns how many were there; the rest of `into` stays. */
  readInto(into: Int16Array, most: number = into.length): number {
    const count = Math.min(most, into.length, this.#length)
    for (let i = 0; i < count; i++) {
      into[i] = this.#samples[this.#read] as number
      this.#read = this.#read + 1 === this.capacity ? 0 : this.#read + 1
    }
    this.#length -= count
    return count
  }

  /** Drops the oldest `count` samples, or all when there are fewer. */
  skip(count: number): void {
    const skipped = Math.min(Math.max(count, 0), this.#length)
    this.#read = (this.#read + skipped) % this.capacity
    this.#length -= skipped
  }

  clear(): void {
    this.#read = 0
    this.#length = 0
  }
}
