/**
 * The power of each frequency in a stretch of sound, under a Hann window: a Fourier transform of radix 2. One serves all
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
    for (let i = 0; i < size; i++) {
      const at = this.#reversed[i]!
      re[at] = samples[from + 2 * i]! * hann[2 * i]!
      im[at] = samples[from + 2 * i + 1]! * hann[2 * i + 1]!
    }
    for (let half = 1; half < size; half *= 2) this.#butterflies(half)
    this.#takeApart()
  }

  #butterflies(half: number): void {
    const re = this.#re
    const im = this.#im
    const cosines = this.#cosines
    const sines = this.#sines
    const size = this.#size
    const stride = size / half
    for (let start = 0; start < size; start += 2 * half) {
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
  #takeApart(): void {
    const re = this.#re
    const im = this.#im
    const size = this.#size
    for (let k = 1; k < size; k++) {
      const mirror = size - k
      const evenRe = (re[k]! + re[mirror]!) / 2
      const evenIm = (im[k]! - im[mirror]!) / 2
      const oddRe = (im[k]! + im[mirror]!) / 2
      const oddIm = (re[mirror]! - re[k]!) / 2
      const binRe = evenRe + oddRe * this.#cosines[k]! + oddIm * this.#sines[k]!
      const binIm = evenIm + oddIm * this.#cosines[k]! - oddRe * this.#sines[k]!
      this.power[k] = binRe * binRe + binIm * binIm
    }
  }
}
