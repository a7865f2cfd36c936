import type { Instant } from '../../kit/index.ts'
import { SUB_TICK_MS, SUB_TICKS } from './schedule.ts'

/**
 * Tells whether a sub-tick is late, for all legs of an engine: when `now` is further ahead of media time than it need be. Each part
 * of the tick has a measure of its own: one behind a part with much work always begins as late, and is none the worse for it.
 */
export class Punctuality {
  /** Whether the sub-tick that is being done comes a sub-tick late, or more. */
  isLate = false
  /** Of each part: when it was done last, and the least that `now` was ahead of media time of late. What is more is lateness of ours. */
  readonly #mediaMs = new Float64Array(SUB_TICKS)
  readonly #leastAheadMs = new Float64Array(SUB_TICKS).fill(Number.POSITIVE_INFINITY)

  /** Before the visits of a sub-tick. */
  begin(mediaMs: number, now: Instant): void {
    const part = (mediaMs / SUB_TICK_MS) % SUB_TICKS
    const aheadMs = now - mediaMs
    const forgivenMs = (mediaMs - this.#mediaMs[part]!) * FORGIVEN
    const leastAheadMs = Math.min(this.#leastAheadMs[part]! + forgivenMs, aheadMs)
    this.#mediaMs[part] = mediaMs
    this.#leastAheadMs[part] = leastAheadMs
    this.isLate = aheadMs > leastAheadMs + SUB_TICK_MS
  }
}

/** Of the time that passes: an engine that is always late by 5 ms is on time after ten seconds. */
const FORGIVEN = 1 / 2000
