import type { ToneLook } from './tone-look.ts'

/**
 * Hears the calling tone of fax machines (CNG, ITU-T T.30 section 4): 1,100 Hz for half a second, three seconds of pause.
 * It is known once the pause has begun; where somebody has spoken, which makes it look like a beep, once it has come again.
 */
export class CallingTone {
  /** When the one began that was heard last. */
  startedAtMs = 0
  /** Looks at the tone in progress, and those since then that did not show it. */
  #looks = 0
  #misses = 0
  #beganAtMs = 0
  /** Power per sample: of the tone, and summed over the hops after it. */
  #power = 0
  #after = 0
  #afterHops = MOST_AFTER
  #heardBeforeAtMs = Number.NEGATIVE_INFINITY

  /**
   * To be called after each look.
   * @param hasSpoken somebody has, so that it may be a beep
   * @returns whether it was heard
   */
  hear(look: ToneLook, nowMs: number, hasSpoken: boolean): boolean {
    const isTone = look.found !== 'quiet' && Math.abs(look.hz - CNG_HZ) <= OFF_HZ && look.share > LEAST_SHARE
    if (isTone) this.#goOn(look, nowMs)
    else if (this.#looks > 0 && ++this.#misses > MOST_MISSES) this.#end(nowMs)
    if (this.#afterHops === MOST_AFTER) return false
    this.#after += look.hopPower
    if (++this.#afterHops < MOST_AFTER || this.#after > MOST_AFTER * QUIET * this.#power) return false
    const sinceLastMs = this.startedAtMs - this.#heardBeforeAtMs
    this.#heardBeforeAtMs = this.startedAtMs
    return !hasSpoken || Math.abs(sinceLastMs - CYCLE_MS) < CYCLE_OFF_MS
  }

  #goOn(look: ToneLook, nowMs: number): void {
    if (this.#looks === 0) this.#beganAtMs = nowMs - LOOK_FILLS_MS
    this.#looks++
    this.#misses = 0
    this.#afterHops = MOST_AFTER
    this.#power += (look.hopPower - this.#power) / Math.min(this.#looks, 16)
  }

  #end(nowMs: number): void {
    const lengthMs = nowMs - (MOST_MISSES + 1) * HOP_MS - LOOK_FILLS_MS - this.#beganAtMs
    const isWhole = HOP_MS * this.#looks >= LEAST_SEEN * lengthMs
    if (Math.abs(lengthMs - LENGTH_MS) <= LENGTH_OFF_MS && isWhole) {
      this.startedAtMs = this.#beganAtMs
      this.#after = 0
      this.#afterHops = 0
    }
    this.#looks = 0
    this.#misses = 0
  }
}

const HOP_MS = 10
const CNG_HZ = 1100
/** 38 Hz are allowed. */
const OFF_HZ = 40
const LEAST_SHARE = 0.6
/** How much of a look a tone fills when it is first seen, and last. */
const LOOK_FILLS_MS = 16
const LENGTH_MS = 500
/** 15 % are allowed; a hop or two where it is cut short or blurred. */
const LENGTH_OFF_MS = 95
const MOST_MISSES = 4
const LEAST_SEEN = 0.75
/** After a beep somebody goes on, or it is a note of many: 400 ms in which it is softer by 4 dB. */
const MOST_AFTER = 40
const QUIET = 0.4
const CYCLE_MS = 3500
const CYCLE_OFF_MS = 600
