/**
 * The power of each frequency in a stretch of sound, under a Hann window: a Fourier transform of radix 4. One serves all
 * who look at stretches of its length, one after the other; nothing is allocated after construction.
 */
export class PowerSpectrum {
  /** Of each bin, from 0 to half the sample rate; the first and the last are left at 0. */
  readonly power: Float64Array
  /** Half as many complex numbers hold the real samples: even ones in the real part, odd ones in the imaginary one. */
  readonly #size: number
  readonly #re: Float64Array
  readonly #im: Float64Array
  readonly #hann: Float64Array
  readonly #cosines: Float64Array
  readonly #sines: Float64Array
  readonly #reversed: Uint16Array

  /** @param samples of a stretch, a power of 2 */
  constructor(samples: number) {
    const size = samples / 2
    this.#size = size
    this.power = new Float64Array(size + 1)
    this.#re = new Float64Array(size)
    this.#im = new Float64Array(size)
    this.#hann = Float64Array.from({ length: samples }, (_, i) => Math.sin((Math.PI * (i + 0.5)) / samples) ** 2)
    this.#cosines = Float64Array.from({ length: size }, (_, i) => Math.cos((2 * Math.PI * i) / samples))
    this.#sines = Float64Array.from({ length: size }, (_, i) => Math.sin((2 * Math.PI * i) / samples))
    this.#reversed = Uint16Array.from({ length: size }, (_, i) => {
      let index = 0
      for (let bit = 1; bit < size; bit *= 2) index = index * 2 + (i & bit ? 1 : 0)
      return index
    })
  }

  /** Looks at the samples from `from` on, and leaves what it finds in {@link power}. */
  look(samples: Int16Array, from = 0): void {
    const size = this.#size
    const hann = this.#hann
    const re = this.#re
    const im = this.#im
    const reversed = this.#reversed
    for (let i = 0; i < size; i++) {
      const at = reversed[i]!
      re[at] = samples[from + 2 * i]! * hann[2 * i]!
      im[at] = samples[from + 2 * i + 1]! * hann[2 * i + 1]!
    }
    let half = 1
    if (Math.log2(size) % 2 === 1) {
      this.#pairs()
      half = 2
    }
    for (; half < size; half *= 4) this.#twoStages(half)
    this.#takeApart()
  }

  /** The first stage, which turns nothing. */
  #pairs(): void {
    const re = this.#re
    const im = this.#im
    for (let a = 0; a < this.#size; a += 2) {
      const aRe = re[a]!
      const aIm = im[a]!
      const bRe = re[a + 1]!
      const bIm = im[a + 1]!
      re[a] = aRe + bRe
      im[a] = aIm + bIm
      re[a + 1] = aRe - bRe
      im[a + 1] = aIm - bIm
    }
  }

  /** The stages of `half` and of twice that at once: each value is read and written half as often. */
  #twoStages(half: number): void {
    const re = this.#re
    const im = this.#im
    const cosines = this.#cosines
    const sines = this.#sines
    const size = this.#size
    for (let i = 0; i < half; i++) {
      const firstCos = cosines[(i * size) / half]!
      const firstSin = sines[(i * size) / half]!
      const secondCos = cosines[(i * size) / (2 * half)]!
      const secondSin = sines[(i * size) / (2 * half)]!
      for (let a = i; a < size; a += 4 * half) {
        const b = a + half
        const c = b + half
        const d = c + half
        const bRe = re[b]! * firstCos + im[b]! * firstSin
        const bIm = im[b]! * firstCos - re[b]! * firstSin
        const dRe = re[d]! * firstCos + im[d]! * firstSin
        const dIm = im[d]! * firstCos - re[d]! * firstSin
        const sumRe = re[c]! + dRe
        const sumIm = im[c]! + dIm
        const differenceRe = re[c]! - dRe
        const differenceIm = im[c]! - dIm
        const evenRe = sumRe * secondCos + sumIm * secondSin
        const evenIm = sumIm * secondCos - sumRe * secondSin
        // A quarter of a turn further.
        const oddRe = differenceIm * secondCos - differenceRe * secondSin
        const oddIm = -differenceRe * secondCos - differenceIm * secondSin
        const aRe = re[a]!
        const aIm = im[a]!
        re[a] = aRe + bRe + evenRe
        im[a] = aIm + bIm + evenIm
        re[b] = aRe - bRe + oddRe
        im[b] = aIm - bIm + oddIm
        re[c] = aRe + bRe - evenRe
        im[c] = aIm + bIm - evenIm
        re[d] = aRe - bRe - oddRe
        im[d] = aIm - bIm - oddIm
      }
    }
  }

  /** Takes the transforms of the even and of the odd samples apart and joins them: of each bin, and of its mirror image. */
  #takeApart(): void {
    const re = this.#re
    const im = this.#im
    const power = this.power
    const cosines = this.#cosines
    const sines = this.#sines
    const size = this.#size
    for (let k = 1; k <= size / 2; k++) {
      const mirror = size - k
      const evenRe = (re[k]! + re[mirror]!) / 2
      const evenIm = (im[k]! - im[mirror]!) / 2
      const oddRe = (im[k]! + im[mirror]!) / 2
      const oddIm = (re[mirror]! - re[k]!) / 2
      const turnedRe = oddRe * cosines[k]! + oddIm * sines[k]!
      const turnedIm = oddIm * cosines[k]! - oddRe * sines[k]!
      power[mirror] = (evenRe - turnedRe) ** 2 + (evenIm - turnedIm) ** 2
      power[k] = (evenRe + turnedRe) ** 2 + (evenIm + turnedIm) ** 2
    }
  }
}
