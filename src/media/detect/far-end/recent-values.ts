/**
 * The last few values of something that is looked at again and again, and when each was seen: how far they stray from a
 * straight line, and how fast that moves. What was not seen leaves a hole in time, and bends nothing.
 *
 * Nothing is allocated after construction.
 */
export class RecentValues {
  readonly #values: Float64Array
  readonly #at: Float64Array

  /** @param most values that are kept */
  constructor(most: number) {
    this.#values = new Float64Array(most)
    this.#at = new Float64Array(most)
  }

  /** @param at when it was seen, in looks */
  put(value: number, at: number): void {
    shiftIn(this.#values, value)
    shiftIn(this.#at, at)
  }

  /** One fewer is known then. */
  forgetLast(): void {
    this.#values.copyWithin(1, 0)
    this.#at.copyWithin(1, 0)
  }

  get last(): number {
    return this.#values[this.#values.length - 1]!
  }

  /** What comes after the last one, if it moves on as from the last but one. */
  get next(): number {
    return 2 * this.last - this.#values[this.#values.length - 2]!
  }

  /** Of the last `count`. */
  mean(count: number): number {
    return meanOf(this.#values, count)
  }

  /** Of the last `count`, per look; always positive. */
  speed(count: number): number {
    if (count < 2) return 0
    const [first, last] = [this.#values.length - count, this.#values.length - 1]
    const looks = this.#at[last]! - this.#at[first]!
    return looks <= 0 ? 0 : Math.abs(this.#values[last]! - this.#values[first]!) / looks
  }

  /** The root of the mean square of what a straight line through the last `count` leaves over. */
  stray(count: number): number {
    if (count < 3) return 0
    const mean = meanOf(this.#values, count)
    const middle = meanOf(this.#at, count)
    let [product, spread, square] = [0, 0, 0]
    for (let i = this.#values.length - count; i < this.#values.length; i++) {
      const value = this.#values[i]! - mean
      const at = this.#at[i]! - middle
      product += at * value
      spread += at * at
      square += value * value
    }
    return Math.sqrt(Math.max(0, square - (product * product) / spread) / count)
  }
}

function shiftIn(values: Float64Array, value: number): void {
  values.copyWithin(0, 1)
  values[values.length - 1] = value
}

function meanOf(values: Float64Array, count: number): number {
  let sum = 0
  for (let i = values.length - count; i < values.length; i++) sum += values[i]!
  return sum / count
}
