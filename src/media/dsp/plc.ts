import { saturate } from './mix.ts'
import { findPitch } from './pitch.ts'

/**
 * Conceals what was lost by repeating the last pitch periods of what was heard, written after the description in
 * ITU-T G.711 Appendix I (1999): one period for the first 10 ms, two for the next, three from there on, so that a
 * long loss does not buzz; after 10 ms the sound fades, and after 60 ms there is silence. What is heard next is
 * faded in over what would have been repeated.
 *
 * Unlike there, sound is not delayed to smooth its end: the step between the last sample heard and the first one
 * repeated is taken along and fades within a quarter of a period.
 *
 * It works on the caller's array of samples and looks back in it by up to {@link LossConcealer.history} samples;
 * while nothing is lost it does no work at all.
 */
export class LossConcealer {
  /** So many samples before what is concealed must be there. */
  readonly history: number
  /** Samples in a millisecond. */
  readonly #perMs: number
  readonly #past: Int16Array
  /** The pitch period, and how many of them are repeated. */
  #lag = 0
  #periods = 1
  /** Where in the repeated periods we are, and where the shorter repetition that is faded out would be. */
  #position = 0
  #formerPosition = 0
  #step = 0
  /** Samples concealed since the loss began; 0 when nothing is being concealed. */
  #concealed = 0

  constructor(sampleRateHz = 8000) {
    this.#perMs = sampleRateHz / 1000
    this.history = Math.ceil(48.75 * this.#perMs)
    this.#past = new Int16Array(this.history)
  }

  get isConcealing(): boolean {
    return this.#concealed > 0
  }

  /** Writes what may have been in `samples[at..at + length)`; everything before `at` has been heard. */
  conceal(samples: Int16Array, at: number, length: number): void {
    if (this.#concealed === 0) this.#begin(samples, at)
    let i = at
    for (; i < at + length && this.#gain > 0; i++) samples[i] = this.#nextSample()
    samples.fill(0, i, at + length)
    this.#concealed += at + length - i
  }

  /** Fades the sound that goes on at `samples[at..at + length)` in over the end of the concealment. */
  resume(samples: Int16Array, at: number, length: number): void {
    const overlap = Math.min(length, this.#perMs * Math.min(10, 4 * Math.ceil(this.#concealed / (10 * this.#perMs))))
    for (let i = 0; i < overlap; i++) {
      const share = (i + 1) / (overlap + 1)
      samples[at + i] = Math.round(samples[at + i]! * share + this.#nextSample() * (1 - share))
    }
    this.#concealed = 0
  }

  /** Forgets the loss in progress. */
  reset(): void {
    this.#concealed = 0
  }

  #begin(samples: Int16Array, at: number): void {
    const history = this.history
    for (let i = 0; i < history; i++) this.#past[i] = samples[at - history + i]!
    this.#lag = findPitch(this.#past, history, 20 * this.#perMs, 5 * this.#perMs, 15 * this.#perMs)
    this.#periods = 1
    this.#position = 0
    this.#step = this.#past[history - 1]! - this.#past[history - 1 - this.#lag]!
  }

  /** Full for 10 ms, then down to nothing at 60 ms. */
  get #gain(): number {
    return Math.max(0, Math.min(1, 1 - (this.#concealed / this.#perMs - 10) / 50))
  }

  #nextSample(): number {
    const period = 10 * this.#perMs
    if (this.#concealed === period || this.#concealed === 2 * period) this.#addPeriod()
    const quarter = this.#lag >> 2
    let sample = this.#repeated(this.#periods, this.#position)
    this.#position = (this.#position + 1) % (this.#periods * this.#lag)
    const sinceStart = this.#concealed
    const sinceAdded = sinceStart - (this.#periods - 1) * period
    if (sinceStart < quarter) sample += this.#step * (1 - (sinceStart + 1) / (quarter + 1))
    else if (this.#periods > 1 && sinceAdded < quarter) {
      const share = (sinceAdded + 1) / (quarter + 1)
      sample = sample * share + this.#repeated(this.#periods - 1, this.#formerPosition) * (1 - share)
      this.#formerPosition = (this.#formerPosition + 1) % ((this.#periods - 1) * this.#lag)
    }
    const faded = Math.round(sample * this.#gain)
    this.#concealed++
    return saturate(faded)
  }

  /** The repetition now begins one period earlier, in the same phase. */
  #addPeriod(): void {
    this.#formerPosition = this.#position
    this.#periods++
  }

  /**
   * One sample of the last `periods` periods heard. The last quarter of a period fades into what came before the
   * first one, so that the end leads smoothly to the beginning.
   */
  #repeated(periods: number, position: number): number {
    const length = periods * this.#lag
    const quarter = this.#lag >> 2
    const end = this.history
    const sample = this.#past[end - length + position]!
    const intoTail = position - (length - quarter)
    if (intoTail < 0) return sample
    const share = (intoTail + 1) / (quarter + 1)
    return sample * (1 - share) + this.#past[end - 2 * length + position]! * share
  }
}
