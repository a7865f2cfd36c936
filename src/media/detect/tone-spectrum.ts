import { PowerSpectrum } from '../dsp/power-spectrum.ts'

/** Samples at 8 kHz that one look sees: 64 ms, enough to tell 400 from 450 Hz. */
export const LOOK_SAMPLES = 512

/**
 * What frequencies a stretch of 64 ms is made of: its strongest and second strongest one, and what part of its energy
 * each has. Under a Hann window a steady tone lies within two bins of its own, wherever it is, so the share of five bins
 * says how pure it is.
 *
 * Only for sound at 8 kHz. One serves all who look, one after the other; nothing is allocated after construction.
 */
export class ToneSpectrum {
  /** The strongest frequency, Hz. */
  peakHz = 0
  /** The part of the energy from 160 to 3,750 Hz that it has, 0..1. */
  peakShare = 0
  /** The strongest of those at least 60 Hz away from it, and its part. */
  secondHz = 0
  secondShare = 0
  readonly #spectrum = new PowerSpectrum(LOOK_SAMPLES)
  readonly #power: Float64Array = this.#spectrum.power
  #total = 0

  /** Looks at the {@link LOOK_SAMPLES} of `samples`. */
  look(samples: Int16Array): void {
    this.#spectrum.look(samples)
    this.#total = this.#sum(FIRST_BIN, LAST_BIN)
    const first = this.#strongest(-BINS)
    const second = this.#strongest(first)
    this.peakHz = this.#frequencyNear(first)
    this.peakShare = this.#shareAround(first)
    this.secondHz = this.#frequencyNear(second)
    this.secondShare = this.#shareAround(second)
  }

  /** The part of the energy that lies from `lowHz` to `highHz`, 0..1. */
  shareWithin(lowHz: number, highHz: number): number {
    if (this.#total === 0) return 0
    return this.#sum(Math.floor(lowHz / BIN_HZ), Math.ceil(highHz / BIN_HZ)) / this.#total
  }

  #sum(first: number, last: number): number {
    let sum = 0
    for (let k = first; k <= last; k++) sum += this.#power[k]!
    return sum
  }

  #strongest(butNotNear: number): number {
    let best = FIRST_BIN
    let most = -1
    for (let k = FIRST_BIN; k <= LAST_BIN; k++) {
      if (this.#power[k]! <= most || Math.abs(k - butNotNear) <= LOBE + 1) continue
      best = k
      most = this.#power[k]!
    }
    return best
  }

  #shareAround(bin: number): number {
    return this.#total === 0
      ? 0
      : this.#sum(Math.max(bin - LOBE, FIRST_BIN), Math.min(bin + LOBE, LAST_BIN)) / this.#total
  }

  /** Between two bins, their ratio under a Hann window says where. */
  #frequencyNear(bin: number): number {
    const side = this.#power[bin + 1]! > this.#power[bin - 1]! ? 1 : -1
    const own = Math.sqrt(this.#power[bin]!)
    const next = Math.sqrt(this.#power[bin + side]!)
    if (own === 0) return bin * BIN_HZ
    return (bin + (side * (2 * next - own)) / (next + own)) * BIN_HZ
  }
}

const RATE_HZ = 8000
const BIN_HZ = RATE_HZ / LOOK_SAMPLES
const BINS = LOOK_SAMPLES / 2 + 1
/** Hum of the mains and what codecs do near 4 kHz count for nothing. */
const FIRST_BIN = 10
const LAST_BIN = 240
/** Bins on each side of a tone that hold what is left of it. */
const LOBE = 2
