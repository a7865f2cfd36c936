import type { Instant } from '../../kit/index.ts'
import { SUB_TICK_MS, SUB_TICKS } from './schedule.ts'

/**
 * Tells which visits are late, for all legs of an engine: those for which `now` is further ahead of media time than it need be.
 * Each part of the tick has a measure of its own: one behind a part with much work always begins as late, and is none the worse for it.
 */
export class Punctuality {
  readonly #parts: Part[] = Array.from({ length: SUB_TICKS }, () => new Part())
  #mediaMs = -1
  #isLate = false

  /** Whether the visits of this sub-tick come a sub-tick late, or more. */
  isLate(mediaMs: number, now: Instant): boolean {
    if (mediaMs === this.#mediaMs) return this.#isLate
    this.#mediaMs = mediaMs
    this.#isLate = this.#parts[(mediaMs / SUB_TICK_MS) % SUB_TICKS]!.isLate(mediaMs, now)
    return this.#isLate
  }
}

class Part {
  #mediaMs = 0
  /** The least that `now` was ahead of media time of late: what is more than that is lateness of ours. */
  #leastAheadMs = Number.POSITIVE_INFINITY

  isLate(mediaMs: number, now: Instant): boolean {
    const aheadMs = now - mediaMs
    const forgivenMs = (mediaMs - this.#mediaMs) * FORGIVEN
    this.#mediaMs = mediaMs
    this.#leastAheadMs = Math.min(this.#leastAheadMs + forgivenMs, aheadMs)
    return aheadMs > this.#leastAheadMs + SUB_TICK_MS
  }
}

/** Of the time that passes: an engine that is always late by 5 ms is on time after ten seconds. */
const FORGIVEN = 1 / 2000
