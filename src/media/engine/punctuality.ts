import type { Instant } from '../../kit/index.ts'
import { SUB_TICK_MS } from './schedule.ts'

/** Tells which visits are late, for all legs of an engine: those for which `now` is further ahead of media time than it need be. */
export class Punctuality {
  #mediaMs = 0
  /** The least that `now` was ahead of media time of late: what is more than that is lateness of ours. */
  #leastAheadMs = Number.POSITIVE_INFINITY
  #isLate = false

  /** Whether the visits of this sub-tick come a sub-tick late, or more. */
  isLate(mediaMs: number, now: Instant): boolean {
    if (mediaMs === this.#mediaMs) return this.#isLate
    const aheadMs = now - mediaMs
    const forgivenMs = (mediaMs - this.#mediaMs) * FORGIVEN
    this.#mediaMs = mediaMs
    this.#leastAheadMs = Math.min(this.#leastAheadMs + forgivenMs, aheadMs)
    this.#isLate = aheadMs > this.#leastAheadMs + SUB_TICK_MS
    return this.#isLate
  }
}

/** Of the time that passes: an engine that is always late by 5 ms is on time after ten seconds. */
const FORGIVEN = 1 / 2000
