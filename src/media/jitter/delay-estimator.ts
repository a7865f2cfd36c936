/**
 * How long packets take, compared with the fastest of late, and how long the listener should therefore wait: long
 * enough for 99 of 100 packets (the histogram of Ramjee et al., "Adaptive playout mechanisms", INFOCOM 1994, with
 * forgetting as in WebRTC's NetEQ).
 *
 * Transit times are arrival minus timestamp on the RTP clock, from an origin that the caller chose; only their
 * differences mean anything. The histogram lies relative to the least transit of the last two to four seconds. When
 * that moves (a clock that runs fast or slow, another route) the histogram moves with it, so old packets count where
 * they would be now. Nothing is allocated after construction.
 */
export class DelayEstimator {
  readonly #binTicks: number
  readonly #windowTicks: number
  readonly #memoryTicks: number
  /**
   * Forgetting is done by what is added counting for more and more: at {@link SCALE} is what 1 counts for now, at
   * {@link WEIGHT} what all bins hold, at {@link ABOVE} what those above the quantile do. As fields, V8 may keep them as
   * objects and make new ones for each packet. The bins follow, beside them because of a thousand estimators none is in
   * the processor's cache.
   */
  readonly #sums: Float64Array = Float64Array.of(1, ...new Array<number>(FIRST_BIN - 1 + BINS).fill(0))
  readonly #histogram: Float64Array = this.#sums.subarray(FIRST_BIN)
  /** The highest bin that, with all above it, holds more than the {@link LATE_SHARE}. */
  #quantile = 0
  /** Least transits, in bins, of the window in progress and of the one before. */
  #least = 0
  #leastBefore = NONE
  #leastNow = NONE
  #windowLeft = 0
  /** Of the packets noted, in ticks. */
  #noted = 0

  /** @param clockRateHz ticks of the RTP clock in a second */
  constructor(clockRateHz: number) {
    this.#binTicks = clockRateHz / 100
    this.#windowTicks = clockRateHz * 2
    this.#memoryTicks = clockRateHz * MEMORY_SECONDS
    this.#windowLeft = this.#windowTicks
  }

  /** The least transit of late, in ticks, rounded down to 10 ms. */
  get leastTransit(): number {
    return this.#least * this.#binTicks
  }

  /** How much longer than the least transit 99 of 100 packets take at most, in ticks, rounded up to 10 ms. */
  get spread(): number {
    return (this.#quantile + 1) * this.#binTicks
  }

  /** Whether a second of sound has been noted since the histogram was empty, so that {@link spread} means something. */
  get hasLearnt(): boolean {
    return this.#noted >= this.#windowTicks / 2
  }

  /** Reads a little of it, see {@link Touch}. */
  touch(): number {
    return this.#quantile ^ this.#sums[SCALE]!
  }

  /** Notes a packet that took `transit` and holds `ticks` of sound. */
  note(transit: number, ticks: number): void {
    const bin = Math.floor(transit / this.#binTicks)
    this.#noted += ticks
    this.#windowLeft -= ticks
    this.#leastNow = Math.min(this.#leastNow, bin)
    if (this.#windowLeft <= 0) {
      this.#leastBefore = this.#leastNow
      this.#leastNow = bin
      this.#windowLeft = this.#windowTicks
    }
    this.#moveTo(Math.min(this.#leastBefore, this.#leastNow))
    this.#add(Math.min(bin - this.#least, BINS - 1), ticks)
  }

  /** A new stream has another clock but takes the same way: the histogram stays, its origin is transit 0 now. */
  rebase(): void {
    this.#least = 0
    this.#leastBefore = NONE
    this.#leastNow = NONE
    this.#windowLeft = this.#windowTicks
  }

  /**
   * Puts a share of all weight on one bin, takes it from all others, and moves the quantile to where it belongs now. The
   * share is made here: handed over, it would be an object.
   */
  #add(bin: number, ticks: number): void {
    const share = Math.min(ticks / this.#memoryTicks, 0.1)
    const sums = this.#sums
    sums[SCALE]! /= 1 - share
    if (sums[SCALE]! > MAX_SCALE) this.#rescale()
    const added = share * sums[SCALE]!
    sums[WEIGHT]! += added
    sums[FIRST_BIN + bin]! += added
    if (bin > this.#quantile) sums[ABOVE]! += added
    this.#findQuantile()
  }

  #findQuantile(): void {
    const sums = this.#sums
    const tolerated = sums[WEIGHT]! * LATE_SHARE
    while (sums[ABOVE]! > tolerated) sums[ABOVE]! -= sums[FIRST_BIN + ++this.#quantile]!
    while (this.#quantile > 0 && sums[ABOVE]! + sums[FIRST_BIN + this.#quantile]! <= tolerated)
      sums[ABOVE]! += sums[FIRST_BIN + this.#quantile--]!
  }

  /** Brings everything back to a scale of 1, and adds up anew what rounding may have worn. */
  #rescale(): void {
    for (let i = 0; i < BINS; i++) this.#histogram[i]! /= this.#sums[SCALE]!
    this.#sums[SCALE] = 1
    this.#countAnew()
  }

  #countAnew(): void {
    this.#sums[WEIGHT] = sum(this.#histogram, 0, BINS)
    this.#sums[ABOVE] = 0
    this.#quantile = BINS - 1
    this.#findQuantile()
  }

  #moveTo(least: number): void {
    const by = least - this.#least
    if (by === 0) return
    this.#least = least
    const histogram = this.#histogram
    if (by > 0) {
      const low = sum(histogram, 0, Math.min(by + 1, BINS))
      histogram.copyWithin(0, Math.min(by, BINS))
      histogram.fill(0, Math.max(0, BINS - by))
      histogram[0] = low
    } else {
      const high = sum(histogram, Math.max(0, BINS - 1 + by), BINS)
      histogram.copyWithin(Math.min(-by, BINS), 0)
      histogram.fill(0, 0, Math.min(-by, BINS))
      histogram[BINS - 1] = high
    }
    this.#countAnew()
  }
}

function sum(values: Float64Array, from: number, to: number): number {
  let total = 0
  for (let i = from; i < to; i++) total += values[i]!
  return total
}

/** Of 10 ms each; the last one holds everything beyond. */
const BINS = 40
/** After so long what a packet counts for is down to 1 / e: a calmed network is believed after some 20 seconds. */
const MEMORY_SECONDS = 4
/** So many packets may come too late, and be heard late or not at all. */
const LATE_SHARE = 0.01
/** A new count after each minute and a half of sound. */
const MAX_SCALE = 2 ** 32
const [SCALE, WEIGHT, ABOVE, FIRST_BIN] = [0, 1, 2, 3]
const NONE = 2 ** 30
