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
  readonly #power = new Float64Array(BINS)
  #total = 0

  /** Looks at the {@link LOOK_SAMPLES} of `samples`. */
  look(samples: Int16Array): void {
    transform(samples, this.#power)
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

/** Half as many complex numbers hold the real samples: even ones in the real part, odd ones in the imaginary one. */
const SIZE = LOOK_SAMPLES / 2
const re = new Float64Array(SIZE)
const im = new Float64Array(SIZE)
const hann: Float64Array = Float64Array.from(
  { length: LOOK_SAMPLES },
  (_, i) => Math.sin((Math.PI * (i + 0.5)) / LOOK_SAMPLES) ** 2,
)
const cosines: Float64Array = Float64Array.from({ length: SIZE }, (_, i) => Math.cos((2 * Math.PI * i) / LOOK_SAMPLES))
const sines: Float64Array = Float64Array.from({ length: SIZE }, (_, i) => Math.sin((2 * Math.PI * i) / LOOK_SAMPLES))
const reversed: Uint16Array = Uint16Array.from({ length: SIZE }, (_, i) => {
  let index = 0
  for (let bit = 1; bit < SIZE; bit *= 2) index = index * 2 + (i & bit ? 1 : 0)
  return index
})

/** The power of each bin of the shaped samples, by a Fourier transform of radix 2. */
function transform(samples: Int16Array, power: Float64Array): void {
  for (let i = 0; i < SIZE; i++) {
    const at = reversed[i]!
    re[at] = samples[2 * i]! * hann[2 * i]!
    im[at] = samples[2 * i + 1]! * hann[2 * i + 1]!
  }
  for (let half = 1; half < SIZE; half *= 2) butterflies(half)
  power[0] = 0
  for (let k = 1; k < SIZE; k++) power[k] = powerOfBin(k)
  power[SIZE] = 0
}

function butterflies(half: number): void {
  const stride = SIZE / half
  for (let start = 0; start < SIZE; start += 2 * half) {
    for (let i = 0; i < half; i++) {
      const cosine = cosines[i * stride]!
      const sine = sines[i * stride]!
      const a = start + i
      const b = a + half
      const turnedRe = re[b]! * cosine + im[b]! * sine
      const turnedIm = im[b]! * cosine - re[b]! * sine
      re[b] = re[a]! - turnedRe
      im[b] = im[a]! - turnedIm
      re[a] = re[a]! + turnedRe
      im[a] = im[a]! + turnedIm
    }
  }
}

/** Takes the transforms of the even and of the odd samples apart and joins them. */
function powerOfBin(k: number): number {
  const mirror = SIZE - k
  const evenRe = (re[k]! + re[mirror]!) / 2
  const evenIm = (im[k]! - im[mirror]!) / 2
  const oddRe = (im[k]! + im[mirror]!) / 2
  const oddIm = (re[mirror]! - re[k]!) / 2
  const binRe = evenRe + oddRe * cosines[k]! + oddIm * sines[k]!
  const binIm = evenIm + oddIm * cosines[k]! - oddRe * sines[k]!
  return binRe * binRe + binIm * binIm
}
