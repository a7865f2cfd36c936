import type { Instant } from '../../kit/index.ts'

/** What was measured of a clock so far. */
export interface ClockDriftState {
  readonly reference: number
  readonly last: number
  readonly beganAt: number
  readonly windowEndsAt: number
  readonly least: number
  readonly firstLeast: number
  readonly lastLeast: number
  readonly windows: number
  readonly ticksPerMs: number
}

/**
 * How much faster a sender's clock runs than ours: the fastest packets of each ten seconds are compared with those of
 * the first ten. What the network and our sweep add to all packets alike cancels out; what is left of it is less than
 * a sweep, 20 ms, and so the precision grows with the time.
 *
 * Transit is arrival minus timestamp in whole ticks of the RTP clock, modulo 2^32 and signed, so that nothing that is kept per
 * packet is an object.
 */
export class ClockDrift {
  #reference = 0
  #last = 0
  #beganAt: Instant = 0
  #windowEndsAt: Instant = 0
  /** Least transits, relative to the reference. */
  #least = 0
  #firstLeast = 0
  #lastLeast = 0
  /** Whole windows so far. */
  #windows = 0
  #ticksPerMs = 8

  /**
   * In millionths, positive when the sender is fast; `undefined` within the first minute of a stream, and as long as
   * the difference could be that of a sweep.
   */
  get ppm(): number | undefined {
    if (this.#windows < MIN_WINDOWS) return undefined
    const elapsed = (this.#windows - 1) * WINDOW_MS * this.#ticksPerMs
    const gained = this.#firstLeast - this.#lastLeast
    return Math.abs(gained) < UNCERTAIN_MS * this.#ticksPerMs ? 0 : Math.round((gained / elapsed) * 1_000_000)
  }

  /** What another one goes on from, in another thread perhaps. */
  get state(): ClockDriftState {
    return {
      reference: this.#reference,
      last: this.#last,
      beganAt: this.#beganAt,
      windowEndsAt: this.#windowEndsAt,
      least: this.#least,
      firstLeast: this.#firstLeast,
      lastLeast: this.#lastLeast,
      windows: this.#windows,
      ticksPerMs: this.#ticksPerMs,
    }
  }

  set state(state: ClockDriftState) {
    this.#reference = state.reference
    this.#last = state.last
    this.#beganAt = state.beganAt
    this.#windowEndsAt = state.windowEndsAt
    this.#least = state.least
    this.#firstLeast = state.firstLeast
    this.#lastLeast = state.lastLeast
    this.#windows = state.windows
    this.#ticksPerMs = state.ticksPerMs
  }

  /** Another stream begins with this packet, on a clock of so many ticks in a millisecond. */
  begin(transit: number, now: Instant, ticksPerMs: number = this.#ticksPerMs): void {
    this.#ticksPerMs = ticksPerMs
    this.#reference = transit | 0
    this.#last = 0
    this.#beganAt = now
    this.#windows = 0
    this.#beginWindow(0)
  }

  note(transit: number, now: Instant): void {
    const relative = (transit - this.#reference) | 0
    // No clock does that: the sender has leapt, and what was measured means nothing any more.
    if (Math.abs(relative - this.#last) > LEAP_MS * this.#ticksPerMs) {
      this.begin(transit, now)
      return
    }
    this.#last = relative
    if (now >= this.#windowEndsAt) this.#endWindow(relative, now)
    if (relative < this.#least) this.#least = relative
  }

  #endWindow(relative: number, now: Instant): void {
    this.#lastLeast = this.#least
    if (this.#windows === 0) this.#firstLeast = this.#least
    // Windows in which nothing came count as time.
    this.#windows = Math.floor((now - this.#beganAt) / WINDOW_MS)
    this.#beginWindow(relative)
  }

  #beginWindow(least: number): void {
    this.#least = least
    this.#windowEndsAt = this.#beganAt + (this.#windows + 1) * WINDOW_MS
  }
}

const WINDOW_MS = 10_000
const MIN_WINDOWS = 7
const UNCERTAIN_MS = 20
const LEAP_MS = 1000
