import { energy, energyAtLevel } from '../../dsp/level.ts'
import { PowerSpectrum } from '../../dsp/power-spectrum.ts'

/** Samples between two looks, 10 ms at 8 kHz. */
export const HOP = 80
/** Samples that a look sees: 32 ms. */
export const LOOK = 256

/**
 * What 32 ms of sound are made of, looked at each 10 ms: one frequency, two, or something else. The noise of the line is
 * followed in each bin and taken off first, so that a tone is as pure over noise as without it.
 *
 * Only for sound at 8 kHz. Nothing is allocated after construction.
 */
export class ToneLook {
  /** What was found: `quiet` is too soft to be looked at. */
  found: 'quiet' | 'one' | 'two' | 'other' = 'quiet'
  /** The strongest frequency, Hz, and the second. */
  hz = 0
  secondHz = 0
  /** The part of all energy that they have, 0..1, noise taken off; of a square, the second is that of all overtones. */
  share = 0
  secondShare = 0
  /** Of what {@link strongestWithin} found. */
  localShare = 0
  /** Power of the strongest frequency, of both where two were found, as a logarithm (dB, of no particular zero). */
  levelDb = 0
  /** Energy of the last 10 ms, per sample. */
  hopPower = 0
  readonly #window = new Int16Array(LOOK)
  readonly #noise = new Float64Array(LOOK / 2 + 1)
  #noiseSum = 0
  #sum = 0
  #first = 0

  /** Takes the next {@link HOP} samples, from `from` on. */
  hear(samples: Int16Array, from: number): void {
    const window = this.#window
    window.copyWithin(0, HOP)
    for (let i = 0; i < HOP; i++) window[LOOK - HOP + i] = samples[from + i]!
    this.hopPower = energy(window, LOOK - HOP, HOP) / HOP
    if (energy(window, 0, LOOK) < LEAST_ENERGY) {
      this.found = 'quiet'
      this.#followQuiet()
      return
    }
    spectrum.look(window)
    this.#judge()
    this.#followNoise()
  }

  /** Forgets what was heard, as something of it was lost. */
  miss(): void {
    this.#window.fill(0)
    this.found = 'quiet'
    this.hopPower = 0
  }

  /** The part of all energy between two frequencies. */
  shareWithin(lowHz: number, highHz: number): number {
    const { power } = spectrum
    let sum = 0
    for (let k = Math.ceil(lowHz / BIN_HZ); k <= highHz / BIN_HZ; k++) sum += Math.max(0, power[k]! - this.#noise[k]!)
    return Math.min(1, sum / Math.max(this.#sum - NOISE * this.#noiseSum, 1))
  }

  /**
   * Looks for one frequency within part of the band, whatever sounds in the rest of it; not for what is `quiet`.
   * @returns the strongest, Hz; its share of this part of the band, 0..1, is in {@link localShare}
   */
  strongestWithin(lowHz: number, highHz: number): number {
    const { power } = spectrum
    const [low, high] = [Math.ceil(lowHz / BIN_HZ), Math.floor(highHz / BIN_HZ)]
    let strongest = low
    for (let k = low; k <= high; k++) if (power[k]! > power[strongest]!) strongest = k
    const own = powerOf(Math.max(strongest - LOBE, low), Math.min(strongest + LOBE, high))
    this.localShare = own / Math.max(powerOf(low, high), 1)
    return frequencyNear(power, strongest)
  }

  /** The share that one frequency has of all, 0..1; not for what is `quiet`. */
  shareAround(hz: number): number {
    const bin = Math.round(hz / BIN_HZ)
    return powerOf(bin - LOBE, bin + LOBE) / Math.max(this.#sum, 1)
  }

  /** How much of what lies between the outer two frequencies lies between the inner two, 0..1; not for what is `quiet`. */
  shareAmid(lowHz: number, highHz: number, outerLowHz: number, outerHighHz: number): number {
    const within = powerOf(Math.ceil(lowHz / BIN_HZ), Math.floor(highHz / BIN_HZ))
    return within / Math.max(powerOf(Math.ceil(outerLowHz / BIN_HZ), Math.floor(outerHighHz / BIN_HZ)), 1)
  }

  #judge(): void {
    const { power } = spectrum
    let sum = 0
    let first = FIRST_BIN
    for (let k = FIRST_BIN; k <= LAST_BIN; k++) {
      sum += power[k]!
      if (power[k]! > power[first]!) first = k
    }
    let second = 0
    for (let k = FIRST_BIN; k <= LAST_BIN; k++)
      if ((k < first - APART || k > first + APART) && (second === 0 || power[k]! > power[second]!)) second = k
    this.#sum = sum
    this.#first = first
    const own = this.#around(first)
    const other = this.#around(second)
    // Of what is left when the noise is taken off: never less than the peak itself.
    const left = Math.max(sum - NOISE * this.#noiseSum, own, 1)
    this.share = own / left
    this.secondShare = Math.min(other / Math.max(left, own + other), 1)
    this.hz = frequencyNear(power, first)
    this.secondHz = frequencyNear(power, second)
    const overtones =
      first >= LOWEST_SQUARE ? this.#around(3 * first) + this.#around(5 * first) + this.#around(7 * first) : 0
    const isSquare = (own + overtones) / Math.max(left, own + overtones) >= PURE && Math.abs(second - 3 * first) <= LOBE
    const isClear = own > LEAST_OVER_NOISE * this.#noiseSum
    if (isClear && isSquare && this.secondShare >= LEAST_OVERTONE) {
      this.found = 'two'
      this.secondShare = Math.min(overtones / Math.max(left, own + overtones), 1)
    } else if (isClear && this.share >= PURE) this.found = 'one'
    else if (isClear && (own + other) / Math.max(left, own + other) >= PURE && this.secondShare >= LEAST_SECOND)
      this.found = 'two'
    else this.found = 'other'
    this.levelDb = 10 * Math.log10(this.found === 'two' ? own + other : own + 1)
  }

  #around(bin: number): number {
    const { power } = spectrum
    let sum = 0
    for (let k = Math.max(bin - LOBE, FIRST_BIN); k <= Math.min(bin + LOBE, LAST_BIN); k++)
      sum += Math.max(0, power[k]! - this.#noise[k]!)
    return sum
  }

  /** The floor falls fast and rises slowly, by 6 dB in half a second; what a tone fills is left as it is. */
  #followNoise(): void {
    const { power } = spectrum
    const isTone = this.found !== 'other'
    let sum = 0
    for (let k = FIRST_BIN; k <= LAST_BIN; k++) {
      const noise = this.#noise[k]!
      const isOwn = isTone && k >= this.#first - APART && k <= this.#first + APART
      if (!isOwn) this.#noise[k] = power[k]! < noise ? noise + (power[k]! - noise) * 0.1 : noise * RISE + 1
      sum += this.#noise[k]!
    }
    this.#noiseSum = sum
  }

  #followQuiet(): void {
    for (let k = FIRST_BIN; k <= LAST_BIN; k++) this.#noise[k] *= FALL
    this.#noiseSum *= FALL
  }
}

/** One is enough for all. */
const spectrum = new PowerSpectrum(LOOK)

/** From one bin to another. */
function powerOf(first: number, last: number): number {
  const { power } = spectrum
  let sum = 0
  for (let k = first; k <= last; k++) sum += power[k]!
  return sum
}

/** Between two bins, their ratio under a Hann window says where. */
function frequencyNear(power: Float64Array, bin: number): number {
  const side = power[bin + 1]! > power[bin - 1]! ? 1 : -1
  const own = Math.sqrt(power[bin]!)
  const next = Math.sqrt(power[bin + side]!)
  return own === 0 ? bin * BIN_HZ : (bin + (side * (2 * next - own)) / (next + own)) * BIN_HZ
}

const BIN_HZ = 8000 / LOOK
/** 156 to 3,750 Hz: hum of the mains and what codecs do near 4 kHz count for nothing. */
const FIRST_BIN = 5
const LAST_BIN = 120
/** Bins on each side of a tone that hold what is left of it under a Hann window. */
const LOBE = 2
/** Bins that lie between two frequencies that are told apart. */
const APART = 3
const PURE = 0.9
/** 11 dB below the first. */
const LEAST_SECOND = 0.075
/** The noise that is followed lies below its mean. */
const NOISE = 2
/** 375 Hz: below, overtones are those of voices. */
const LOWEST_SQUARE = 12
const LEAST_OVERTONE = 0.025
const LEAST_OVER_NOISE = 2
/** Fax machines are heard when they are as soft as this. */
const LEAST_ENERGY: number = energyAtLevel(-49, LOOK)
const RISE = 1.014
const FALL = 0.95
