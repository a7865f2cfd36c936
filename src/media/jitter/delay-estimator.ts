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
  /** Forgetting is done by what is added counting for more and more: {@link #scale} is what 1 counts for now. */
  readonly #histogram: Float64Array = new Float64Array(BINS)
  #scale = 1
  #weight = 0
  /** The highest bin that, with all above it, holds more than the {@link LATE_SHARE}, and what those above it hold. */
  #quantile = 0
  #above = 0
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
    this.#scale /= 1 - share
    if (this.#scale > MAX_SCALE) this.#rescale()
    const added = share * this.#scale
    this.#weight += added
    this.#histogram[bin]! += added
    if (bin > this.#quantile) this.#above += added
    this.#findQuantile()
  }

  #findQuantile(): void {
    const histogram = this.#histogram
    const tolerated = this.#weight * LATE_SHARE
    while (this.#above > tolerated) this.#above -= histogram[++this.#quantile]!
    while (this.#quantile > 0 && this.#above + histogram[this.#quantile]! <= tolerated)
      this.#above += histogram[this.#quantile--]!
  }

  /** Brings everything back to a scale of 1, and adds up anew what rounding may have worn. */
  #rescale(): void {
    const histogram = this.#histogram
    for (let i = 0; i < BINS; i++) histogram[i]! /= this.#scale
    this.#scale = 1
    this.#countAnew()
  }

  #countAnew(): void {
    this.#weight = sum(this.#histogram, 0, BINS)
    this.#quantile = BINS - 1
    this.#above = 0
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
const NONE = 2 ** 30
