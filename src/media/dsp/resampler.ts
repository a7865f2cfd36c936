import type { Kernels } from '../wasm/kernels.ts'
import { type PolyphaseFilter, polyphaseFilter, polyphaseLength } from './polyphase.ts'

/**
 * Takes streams from one rate to another, a whole number of times higher or lower: the filter and the room to work in,
 * which all streams of a thread share. What differs between streams, the past, is the caller's.
 */
export class Resampler {
  /** Samples of the past that a stream has to keep. */
  readonly past: number
  readonly #kernels: Kernels
  readonly #filter: PolyphaseFilter
  readonly #up: number
  readonly #down: number
  /** The past of the stream in hand, and behind it its new samples. */
  readonly #work: Int16Array

  /**
   * @param maxSamples the most samples that are taken at once
   * @throws RangeError when neither rate is a multiple of the other
   */
  constructor(kernels: Kernels, fromHz: number, toHz: number, maxSamples: number) {
    this.#up = Math.max(1, toHz / fromHz)
    this.#down = Math.max(1, fromHz / toHz)
    if (!Number.isInteger(this.#up * this.#down)) throw new RangeError(`no whole ratio: ${fromHz} Hz to ${toHz} Hz`)
    this.#kernels = kernels
    this.#filter = polyphaseFilter(kernels.arena.int16(polyphaseLength(this.#up, this.#down)), this.#up, this.#down)
    this.past = this.#filter.taps - 1
    this.#work = kernels.arena.int16(this.past + maxSamples)
  }

  /**
   * Takes `length` samples, a multiple of the ratio when the rate goes down, and returns how many it has put into `into`
   * from `at` on.
   * @param past the last {@link Resampler.past} samples of the stream, which are moved on; zeros at first
   */
  process(past: Int16Array, samples: Int16Array, from: number, length: number, into: Int16Array, at: number): number {
    const work = this.#work
    for (let i = 0; i < this.past; i++) work[i] = past[i]!
    for (let i = 0; i < length; i++) work[this.past + i] = samples[from + i]!
    for (let i = 0; i < this.past; i++) past[i] = work[length + i]!
    const count = (length * this.#up) / this.#down
    this.#kernels.polyphaseInto(work, this.#filter, into, at, count)
    return count
  }
}
