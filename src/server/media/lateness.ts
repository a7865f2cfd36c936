/** Each place of the histogram is this much wider than the one before it: four to a doubling. */
const STEP = 2 ** 0.25
/** What is less than this counts as on time: 10 µs. */
const LEAST_MS = 0.01
/** Up to 10 s. */
const PLACES = 81

/** How late the sub-ticks of an engine began, in milliseconds. Percentiles are right to a fifth. */
export interface Lateness {
  readonly p50: number
  readonly p99: number
  readonly p999: number
  readonly max: number
}

/** Counts how late things happened, in logarithmic places of fixed number. */
export class LatenessHistogram {
  readonly #counts = new Float64Array(PLACES)
  #total = 0
  #max = 0

  note(lateMs: number): void {
    const place = lateMs <= LEAST_MS ? 0 : Math.ceil(Math.log2(lateMs / LEAST_MS) * 4)
    const index = Math.min(place, PLACES - 1)
    this.#counts[index] = (this.#counts[index] as number) + 1
    this.#total++
    if (lateMs > this.#max) this.#max = lateMs
  }

  summary(): Lateness {
    return { p50: this.#at(0.5), p99: this.#at(0.99), p999: this.#at(0.999), max: this.#max }
  }

  /** The upper end of the place in which this share of everything noted has been reached. */
  #at(share: number): number {
    let left = this.#total * share
    for (let place = 0; place < PLACES; place++) {
      left -= this.#counts[place] as number
      if (left <= 0) return Math.min(this.#max, LEAST_MS * STEP ** place)
    }
    return this.#max
  }
}
