import type { TwoRates } from '../dsp/two-rates.ts'
import type { ToneBank } from './tone-bank.ts'
import { ToneDetector } from './tone-detector.ts'

/**
 * Takes the keys out of sound, in frames of 20 ms: what was a key is silence. A key is known some 50 ms after it began, so
 * the sound leaves 100 ms later than it comes, and the beginning of the key is taken out as well.
 *
 * What is shorter than a key may be (ITU-T Q.24: 40 ms), or covered by speech, is not found.
 */
export class DigitEraser {
  readonly #detector: ToneDetector
  readonly #rates: TwoRates
  readonly #length: number
  /** The frames that wait, in turn. */
  readonly #line: readonly Int16Array[]
  /** Of wideband sound. */
  readonly #narrow: Int16Array | undefined
  #past: Int16Array | undefined
  #next = 0
  #hasFound = false

  /** @param length samples in each frame, 160 or 320 */
  constructor(bank: ToneBank, rates: TwoRates, length: number) {
    this.#rates = rates
    this.#length = length
    if (length > NARROW) this.#narrow = new Int16Array(NARROW)
    this.#line = Array.from({ length: LINE_FRAMES }, () => new Int16Array(length))
    this.#detector = new ToneDetector(bank, () => {
      this.#hasFound = true
    })
  }

  /**
   * Takes `frame`, and puts the one that came {@link LINE_FRAMES} before it in its place.
   * @param isKey what is in it is known to be a key
   */
  exchange(frame: Int16Array, isKey = false): void {
    this.#listen(frame)
    if (this.#hasFound) for (const waiting of this.#line) waiting.fill(0)
    const isSilent = isKey || this.#hasFound || this.#detector.isPressed
    this.#hasFound = false
    const oldest = this.#line[this.#next]!
    for (let i = 0; i < this.#length; i++) {
      const sample = isSilent ? 0 : frame[i]!
      frame[i] = oldest[i]!
      oldest[i] = sample
    }
    this.#next = (this.#next + 1) % LINE_FRAMES
  }

  /** Gives the memory back. Nothing is exchanged any more. */
  release(): void {
    this.#detector.release()
  }

  #listen(frame: Int16Array): void {
    if (this.#narrow === undefined) {
      this.#detector.hear(frame)
      return
    }
    const { down } = this.#rates
    this.#past ??= new Int16Array(down.past)
    down.process(this.#past, frame, 0, this.#length, this.#narrow, 0)
    this.#detector.hear(this.#narrow)
  }
}

/** Samples in 20 ms at 8 kHz. */
const NARROW = 160
/** 100 ms. */
export const LINE_FRAMES = 5
