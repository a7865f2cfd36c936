import { MAX_MS, type TwoRates } from '../dsp/two-rates.ts'
import type { Codec } from './codec.ts'

/** A codec of 16 kHz, whose samples all take the same number of bits, seen at 8 kHz. A direction that is never used costs nothing. */
export class NarrowCodec implements Codec {
  readonly name: Codec['name']
  readonly sampleRateHz = 8000
  readonly #codec: Codec
  readonly #rates: TwoRates
  /** Octets that are decoded at once. */
  readonly #octets: number
  /** Of the resamplers. */
  #sent: Int16Array | undefined
  #heard: Int16Array | undefined

  constructor(codec: Codec, octetsPerSample: number, rates: TwoRates) {
    this.name = codec.name
    this.#codec = codec
    this.#rates = rates
    this.#octets = 2 * MAX_SAMPLES * octetsPerSample
  }

  decodeInto(payload: Uint8Array, from: number, length: number, into: Int16Array, at: number): number {
    const { wide, narrow, down } = this.#rates
    this.#heard ??= new Int16Array(down.past)
    let filled = at
    for (let done = 0; done < length; done += this.#octets) {
      const part = Math.min(this.#octets, length - done)
      const samples = this.#codec.decodeInto(payload, from + done, part, wide, 0)
      const count = down.process(this.#heard, wide, 0, samples - (samples % 2), narrow, 0)
      for (let i = 0; i < count; i++) into[filled++] = narrow[i]!
    }
    return filled - at
  }

  encodeInto(samples: Int16Array, from: number, length: number, into: Uint8Array, at: number): number {
    const { wide, up } = this.#rates
    this.#sent ??= new Int16Array(up.past)
    let octets = 0
    for (let done = 0; done < length; done += MAX_SAMPLES) {
      const count = up.process(this.#sent, samples, from + done, Math.min(MAX_SAMPLES, length - done), wide, 0)
      octets += this.#codec.encodeInto(wide, 0, count, into, at + octets)
    }
    return octets
  }

  samplesIn(payload: Uint8Array, from: number, length: number): number {
    return this.#codec.samplesIn(payload, from, length) >> 1
  }

  silenceInto(samples: number, into: Uint8Array, at: number): number {
    const { narrow } = this.#rates
    narrow.fill(0, 0, samples)
    return this.encodeInto(narrow, 0, samples, into, at)
  }

  release(): void {
    this.#codec.release()
  }
}

/** At 8 kHz, the most that is done at once. */
const MAX_SAMPLES = 8 * MAX_MS
