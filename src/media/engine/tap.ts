import type { TwoRates } from '../dsp/two-rates.ts'
import { TapWriter } from '../live/tap-ring.ts'
import type { JobId, TapRing } from './control.ts'
import type { FrameListener } from './hearing.ts'

/** Puts what a leg hears into a ring, at the rate of the ring. It does not wait for stragglers as a recording does. */
export class Tap implements FrameListener {
  readonly id: JobId
  readonly ring: TapRing
  readonly hearWide: FrameListener['hearWide']
  readonly #writer: TapWriter
  readonly #onTapped: () => void
  readonly #rates: TwoRates
  readonly #past: Int16Array | undefined

  /** @param onTapped hears that the reader of the ring is to be told */
  constructor(id: JobId, ring: TapRing, rates: TwoRates, onTapped: () => void) {
    this.id = id
    this.ring = ring
    this.#writer = new TapWriter(ring)
    this.#onTapped = onTapped
    this.#rates = rates
    if (ring.sampleRateHz === 8000) return
    this.#past = new Int16Array(rates.up.past)
    this.hearWide = (frame, isWhole) => this.#write(frame, isWhole)
  }

  hear(frame: Int16Array, isWhole: boolean): void {
    if (this.#past === undefined) {
      this.#write(frame, isWhole)
      return
    }
    const { up, wide } = this.#rates
    up.process(this.#past, frame, 0, frame.length, wide, 0)
    this.#write(wide, isWhole)
  }

  #write(frame: Int16Array, isWhole: boolean): void {
    if (this.#writer.write(frame, isWhole)) this.#onTapped()
  }
}
