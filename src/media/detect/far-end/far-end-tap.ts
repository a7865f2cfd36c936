import type { TapRing } from '../../engine/control.ts'
import { TAP_BLOCK_MS, TapReader } from '../../live/tap-ring.ts'
import type { FarEndEvent, FarEndOptions, FarEndSignal } from './far-end.ts'
import { FarEndDetector } from './far-end-detector.ts'
import type { FarEndTapeRecorder } from './far-end-tape.ts'

/**
 * Lets a {@link FarEndDetector} hear what a tap puts into its ring. Its clock is the sound itself, which begins at 0: so
 * whoever hears the same again comes to the same verdict, however late the blocks were read.
 */
export class FarEndTap {
  readonly #reader: TapReader
  readonly #detector: FarEndDetector
  readonly #tape: FarEndTapeRecorder | undefined
  #heardMs = 0
  #lost = 0

  /**
   * @param ring of 8 kHz
   * @param tape keeps what is heard
   */
  constructor(ring: TapRing, options: FarEndOptions, tape?: FarEndTapeRecorder) {
    this.#reader = new TapReader(ring)
    this.#detector = new FarEndDetector(options)
    this.#tape = tape
  }

  /** How much was heard or is known to be missing. */
  get heardMs(): number {
    return this.#heardMs
  }

  /** Asks to be told of what comes from now on, where nobody looks by himself. Call it before {@link hear}. */
  listen(): void {
    this.#reader.listen()
  }

  /** Hears what has come since. */
  hear(): void {
    for (let block = this.#reader.read(); block !== undefined; block = this.#reader.read()) {
      const lost = this.#reader.lost - this.#lost
      this.#lost += lost
      if (lost > 0) this.#missing(lost * TAP_BLOCK_MS, undefined)
      if (this.#reader.wasWhole) {
        this.#tape?.hear(block)
        this.#detector.hear(block, this.#heardMs)
        this.#heardMs += TAP_BLOCK_MS
      } else this.#missing(TAP_BLOCK_MS, block)
    }
  }

  /** Something has become known of the call, after all that has come so far; or `agoMs` before there was sound. */
  signal(signal: FarEndSignal, agoMs = 0): void {
    this.hear()
    const atMs = this.#heardMs - agoMs
    this.#tape?.signal(signal, atMs)
    this.#detector.signal(signal, atMs)
  }

  /** The next event, or `undefined`. */
  poll(): FarEndEvent | undefined {
    const event = this.#detector.poll()
    if (event !== undefined) this.#tape?.event(event)
    return event
  }

  /** @param madeUp what stands in its place */
  #missing(durationMs: number, madeUp: Int16Array | undefined): void {
    this.#tape?.missing(durationMs, madeUp)
    this.#detector.missing(durationMs, this.#heardMs)
    this.#heardMs += durationMs
  }
}
