import { energyAtLevel, hasLessEnergy } from '../dsp/level.ts'
import { findPitch, pitchMatch } from '../dsp/pitch.ts'

/**
 * Makes sound shorter or longer by one pitch period, joined where both ends look alike, so that voice keeps its
 * pitch (Roelands and Verhelst, "Waveform similarity based overlap-add", 1993). Silence can be joined anywhere.
 * Sound whose periods are not alike is left as it is: better late than torn.
 *
 * Samples before `from` have been heard, `samples[from..end)` have not; of the heard ones 20 ms are looked at.
 */
export class TimeScale {
  /** Samples in a millisecond. */
  readonly #perMs: number

  constructor(sampleRateHz = 8000) {
    this.#perMs = sampleRateHz / 1000
  }

  /** So many samples not yet heard are needed: 20 ms. */
  get needs(): number {
    return 20 * this.#perMs
  }

  /** Whether the next 20 ms are so soft that nobody hears them changed. */
  isQuiet(samples: Int16Array, from: number): boolean {
    return hasLessEnergy(samples, from, this.needs, QUIET * this.needs)
  }

  /** Cuts one period out and moves the rest together. Returns how many samples were cut, 0 when that would be heard. */
  shorten(samples: Int16Array, from: number, end: number): number {
    const lag = this.#periodAt(samples, from)
    if (lag === 0) return 0
    const overlap = this.needs - lag
    for (let i = 0; i < overlap; i++) {
      const share = (i + 1) / (overlap + 1)
      samples[from + i] = Math.round(samples[from + i]! * (1 - share) + samples[from + lag + i]! * share)
    }
    samples.copyWithin(from + overlap, from + overlap + lag, end)
    return lag
  }

  /**
   * Repeats the period heard last before what comes next. Returns how many samples were put in, 0 when that would
   * be heard. The array must have room for 15 ms more.
   */
  lengthen(samples: Int16Array, from: number, end: number): number {
    const lag = this.#periodAt(samples, from)
    if (lag === 0) return 0
    samples.copyWithin(from + lag, from, end)
    for (let i = 0; i < lag; i++) {
      const share = (i + 1) / (lag + 1)
      samples[from + i] = Math.round(samples[from + lag + i]! * (1 - share) + samples[from - lag + i]! * share)
    }
    return lag
  }

  #periodAt(samples: Int16Array, from: number): number {
    if (this.isQuiet(samples, from)) return 10 * this.#perMs
    const window = 10 * this.#perMs
    const end = from + this.needs
    const lag = findPitch(samples, end, window, 2.5 * this.#perMs, 15 * this.#perMs)
    return pitchMatch(samples, end, window, lag, 1) >= MIN_MATCH ? lag : 0
  }
}

/** For each sample. */
const QUIET = energyAtLevel(-45, 1)
const MIN_MATCH = 0.8
