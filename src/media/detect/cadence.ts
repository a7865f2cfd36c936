import { type TonePlan, UNMISTAKABLE_CONGESTION } from './tone-plan.ts'

/** How long the same tone sounded, and paused, time after time: the last few times, in ms. */
export class Cadence {
  /** Complete pairs of sound and pause that are known. */
  length = 0
  readonly #onMs = new Float64Array(MOST_PAIRS)
  readonly #offMs = new Float64Array(MOST_PAIRS)

  clear(): void {
    this.length = 0
  }

  add(onMs: number, offMs: number): void {
    if (this.length === MOST_PAIRS) {
      this.#onMs.copyWithin(0, 1)
      this.#offMs.copyWithin(0, 1)
      this.length--
    }
    this.#onMs[this.length] = onMs
    this.#offMs[this.length++] = offMs
  }

  /** How long the last sound but `back` lasted. */
  onMs(back = 0): number {
    return this.#onMs[this.length - 1 - back]!
  }

  /** How long the pause after it lasted. */
  offMs(back = 0): number {
    return this.#offMs[this.length - 1 - back]!
  }

  /**
   * What network tone has this cadence, if any. What is the same for at least two times and 1.4 s is believed, a
   * cadence of several steps when one of them has come again.
   */
  verdict(plan: TonePlan): 'busy' | 'congestion' | undefined {
    if (UNMISTAKABLE_CONGESTION.some((steps) => this.#follows(steps))) return 'congestion'
    const halfMs = this.#evenHalfMs()
    if (halfMs === undefined) return undefined
    const toBusy = distance(plan.busyMs, halfMs)
    const toCongestion = distance(plan.congestionMs, halfMs)
    if (Math.min(toBusy, toCongestion) > MOST_OFF) return undefined
    return toBusy < toCongestion ? 'busy' : 'congestion'
  }

  /** Whether the last pairs are those of `steps`, from any of them on and one more than there are, at least two. */
  #follows(steps: readonly number[]): boolean {
    const pairs = steps.length / 2
    const needed = pairs + 1
    if (this.length < needed) return false
    for (let first = 0; first < pairs; first++) if (this.#followsFrom(steps, first, needed)) return true
    return false
  }

  #followsFrom(steps: readonly number[], first: number, needed: number): boolean {
    for (let i = 0; i < needed; i++) {
      const step = 2 * ((first + i) % (steps.length / 2))
      const back = needed - 1 - i
      if (!isAbout(this.onMs(back), steps[step]!) || !isAbout(this.offMs(back), steps[step + 1]!)) return false
    }
    return true
  }

  /** Half a cycle of a cadence whose sounds and pauses have one length, or `undefined`. */
  #evenHalfMs(): number | undefined {
    let pairs = 0
    let onMs = 0
    let offMs = 0
    while (pairs < this.length && (pairs < 2 || onMs + offMs < LEAST_MS)) {
      onMs += this.onMs(pairs)
      offMs += this.offMs(pairs++)
    }
    if (pairs < 2 || onMs + offMs < LEAST_MS) return undefined
    onMs /= pairs
    offMs /= pairs
    if (onMs > MOST_UNEVEN * offMs || offMs > MOST_UNEVEN * onMs) return undefined
    for (let back = 0; back < pairs; back++)
      if (!isAbout(this.onMs(back), onMs) || !isAbout(this.offMs(back), offMs)) return undefined
    return (onMs + offMs) / 2
  }
}

/** Networks keep to 10 % (ITU-T E.180); a lost packet hides where a sound ends. */
function isAbout(ms: number, expectedMs: number): boolean {
  return Math.abs(ms - expectedMs) <= 0.15 * expectedMs + 20
}

/** How far the nearest of `lengths` is, as the logarithm of the ratio. */
function distance(lengths: readonly number[], ms: number): number {
  let least = Number.POSITIVE_INFINITY
  for (const length of lengths) least = Math.min(least, Math.abs(Math.log(ms / length)))
  return least
}

const MOST_PAIRS = 8
/** Two slow cycles, nearly: three of a quarter of a second each way. */
const LEAST_MS = 1400
/** ITU-T E.180 section 6: sound to pause from 0.67 to 1.5. */
const MOST_UNEVEN = 1.6
const MOST_OFF: number = Math.log(1.2)
