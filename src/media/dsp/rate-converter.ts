import { kaiserSinc } from './kaiser.ts'
import { saturate } from './mix.ts'

/**
 * Takes a recording from `fromHz` to `toHz` block by block, through a windowed-sinc low-pass filter (Kaiser window; the
 * arbitrary-ratio form of J. O. Smith, "Digital Audio Resampling Home Page"). However a recording is cut into blocks,
 * what comes out is the same.
 *
 * Going down to 8 kHz it is flat within 0.1 dB to 3.4 kHz, and what would fold back below that is 60 dB down.
 * Not for the hot path: it allocates what it returns.
 */
export class RateConverter {
  readonly #fromHz: number
  readonly #toHz: number
  /** How far the filter reaches to each side, in input samples: as the slower of the two rates needs. */
  readonly #reach: number
  readonly #step: number
  readonly #rows: FilterRows | undefined
  /** Input that the filter still needs; the first is sample number `#base` of the recording. */
  #held = new Int16Array(0)
  #base = 0
  /** Samples that came out so far. */
  #made = 0

  constructor(fromHz: number, toHz: number) {
    this.#fromHz = fromHz
    this.#toHz = toHz
    this.#step = Math.min(1, toHz / fromHz)
    this.#reach = HALF_WIDTH / this.#step
    this.#rows = filterRows(fromHz, toHz, this.#reach, this.#step)
  }

  /** Takes the next block and returns what can be told for certain by now. */
  push(samples: Int16Array): Int16Array {
    if (this.#fromHz === this.#toHz) return samples
    this.#hold(samples)
    const end = this.#base + this.#held.length
    // Those whose filter ends before the input does.
    const certain = Math.ceil(((end - Math.floor(this.#reach) - 1) * this.#toHz) / this.#fromHz)
    return this.#make(Math.max(certain, this.#made))
  }

  /** Returns the rest; the recording ends here. */
  finish(): Int16Array {
    if (this.#fromHz === this.#toHz) return this.#held
    const end = this.#base + this.#held.length
    return this.#make(Math.floor((end * this.#toHz) / this.#fromHz))
  }

  #hold(samples: Int16Array): void {
    const first = Math.max(0, Math.floor((this.#made * this.#fromHz) / this.#toHz - this.#reach) - 1)
    const gone = Math.max(0, Math.min(first - this.#base, this.#held.length))
    const held = new Int16Array(this.#held.length - gone + samples.length)
    held.set(this.#held.subarray(gone))
    held.set(samples, this.#held.length - gone)
    this.#held = held
    this.#base += gone
  }

  #make(until: number): Int16Array {
    const into = new Int16Array(until - this.#made)
    const rows = this.#rows
    for (let i = 0; i < into.length; i++) {
      const position = (this.#made + i) * this.#fromHz
      const whole = Math.floor(position / this.#toHz)
      const first = rows === undefined ? -1 : whole - rows.before - this.#base
      // In the middle of a recording the weights are in a table; at its ends some are missing.
      into[i] = saturate(
        Math.round(
          rows !== undefined && first >= 0 && first + rows.taps <= this.#held.length
            ? rows.apply(this.#held, first, position % this.#toHz)
            : this.#sumAt(position / this.#toHz),
        ),
      )
    }
    this.#made = until
    return into
  }

  #sumAt(centre: number): number {
    const first = Math.max(0, Math.ceil(centre - this.#reach))
    const last = Math.min(this.#base + this.#held.length - 1, Math.floor(centre + this.#reach))
    let sum = 0
    let weights = 0
    for (let k = first; k <= last; k++) {
      const weight = kernelAt(Math.abs(k - centre) * this.#step)
      sum += this.#held[k - this.#base]! * weight
      weights += weight
    }
    // Dividing by the weights that were met keeps the gain at 1 between the filter's points and at both ends.
    return sum / weights
  }
}

/** The filter's weights for every position between two input samples that a ratio knows. */
class FilterRows {
  /** Weights before the input sample that an output stands at or behind. */
  readonly before: number
  readonly taps: number
  readonly #weights: Float64Array
  readonly #unit: number

  /** @param unit what the remainders of positions are multiples of */
  constructor(phases: number, unit: number, reach: number, step: number) {
    this.#unit = unit
    this.before = Math.floor(reach)
    this.taps = 2 * this.before + 2
    this.#weights = new Float64Array(phases * this.taps)
    for (let phase = 0; phase < phases; phase++) {
      const row = this.#weights.subarray(phase * this.taps, (phase + 1) * this.taps)
      for (let k = 0; k < this.taps; k++) {
        const distance = Math.abs(k - this.before - phase / phases)
        row[k] = distance <= reach ? kernelAt(distance * step) : 0
      }
      const sum = row.reduce((total, weight) => total + weight)
      for (let k = 0; k < this.taps; k++) row[k] = row[k]! / sum
    }
  }

  apply(samples: Int16Array, first: number, remainder: number): number {
    return dot(samples, first, this.#weights, Math.round(remainder / this.#unit) * this.taps, this.taps)
  }
}

function dot(samples: Int16Array, first: number, weights: Float64Array, row: number, taps: number): number {
  let sum = 0
  for (let k = 0; k < taps; k++) sum += samples[first + k]! * weights[row + k]!
  return sum
}

/** The tables used last, shared by all recordings of a ratio. Odd ratios would need long ones: they do without. */
function filterRows(fromHz: number, toHz: number, reach: number, step: number): FilterRows | undefined {
  const unit = greatestCommonDivisor(fromHz, toHz)
  const phases = toHz / unit
  if (fromHz === toHz || phases > MOST_PHASES) return undefined
  const name = `${fromHz}/${toHz}`
  const rows = tables.get(name) ?? new FilterRows(phases, unit, reach, step)
  tables.set(name, rows)
  if (tables.size > MOST_TABLES) tables.delete(tables.keys().next().value as string)
  return rows
}

const tables = new Map<string, FilterRows>()
/** About 200 kB each. */
const MOST_TABLES = 16

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b)
}

/** Half the filter's length, in samples of the slower rate. */
const HALF_WIDTH = 32
const POINTS_PER_SAMPLE = 256
/** Where the filter is 6 dB down, as a part of the slower rate's half: 3.7 kHz at 8 kHz. */
const CUTOFF = 0.925
const KAISER_BETA = 6
/** Enough for 11,025 Hz and everything that shares a 25th of a kHz with 8 kHz. */
const MOST_PHASES = 320

const kernel: Float64Array = Float64Array.from({ length: HALF_WIDTH * POINTS_PER_SAMPLE + 2 }, (_, i) =>
  kaiserSinc(i / POINTS_PER_SAMPLE, HALF_WIDTH, CUTOFF, KAISER_BETA),
)

/** The filter is sampled finely once and interpolated between its points: any ratio costs the same. */
function kernelAt(distance: number): number {
  const point = distance * POINTS_PER_SAMPLE
  const index = Math.trunc(point)
  return kernel[index]! + (point - index) * (kernel[index + 1]! - kernel[index]!)
}
