import { kaiserSinc } from './kaiser.ts'
import { saturate } from './mix.ts'

/** A low-pass filter cut into phases: {@link PolyphaseFilter.rows} holds `phases` rows of `taps` coefficients. */
export interface PolyphaseFilter {
  /** Coefficients with 14 bits after the point, in the order of the samples that they meet. */
  readonly rows: Int16Array
  readonly taps: number
  /** How many outputs there are for `step` inputs. */
  readonly phases: number
  readonly step: number
}

/**
 * Filters and changes the rate in one: output `n` begins at input `n * step / phases` and is the dot product of `taps`
 * samples from there on with the row of phase `n * step % phases`. So `samples` holds `taps - 1` samples of the past
 * first. `count` outputs are put into `into` from `at` on.
 */
export function polyphaseInto(
  samples: Int16Array,
  filter: PolyphaseFilter,
  into: Int16Array,
  at: number,
  count: number,
): void {
  const { rows, taps, phases, step } = filter
  for (let n = 0; n < count; n++) {
    const first = Math.floor((n * step) / phases)
    const row = ((n * step) % phases) * taps
    let sum = 0
    for (let k = 0; k < taps; k++) sum += samples[first + k]! * rows[row + k]!
    into[at + n] = saturate((sum + 8192) >> 14)
  }
}

/** The coefficients that {@link polyphaseFilter} needs for a ratio of `up` to `down`, one of which is 1. */
export function polyphaseLength(up: number, down: number): number {
  return TAPS * Math.max(up, down)
}

/**
 * Lays out in `rows` the filter that takes a stream `up` times higher or `down` times lower, of which one is 1. It is 6 dB
 * down where the slower rate ends, flat within 0.1 dB to 0.83 of that and 60 dB down from 1.17 of it: at 8 kHz, from
 * 3.3 to 4.7 kHz. It delays by exactly 12 samples of the slower rate.
 */
export function polyphaseFilter(rows: Int16Array, up: number, down: number): PolyphaseFilter {
  const factor = Math.max(up, down)
  const taps = (TAPS * factor) / up
  for (let phase = 0; phase < up; phase++) {
    // The row meets the oldest sample first; a later phase lies nearer to the newest.
    const weights = Array.from({ length: taps }, (_, k) =>
      kaiserSinc(((taps - 1 - k) * up + phase) / factor - TAPS / 2, TAPS / 2, 1, KAISER_BETA),
    )
    const sum = weights.reduce((total, weight) => total + weight)
    // Rounded one after the other with the error carried on, so that every phase adds up to exactly 1.
    let exact = 0
    let given = 0
    for (const [k, weight] of weights.entries()) {
      exact += (weight / sum) * 16_384
      rows[phase * taps + k] = Math.round(exact) - given
      given = Math.round(exact)
    }
  }
  return { rows, taps, phases: up, step: down }
}

/** Taps per sample of the slower rate; a multiple of 8, which is what the kernel takes at a time. */
const TAPS = 24
const KAISER_BETA = 5.65
