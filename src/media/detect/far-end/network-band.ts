/**
 * How loud a sound is in the part of the band in which networks send their tones, 330 to 2,600 Hz: the noise of cars and
 * streets lies below it, and a third of any other above.
 *
 * Only for sound at 8 kHz. Nothing is allocated after construction.
 */
export class NetworkBand {
  readonly #high = new Section(HIGH_PASS)
  readonly #low = new Section(LOW_PASS)

  /** Power per sample of the next samples. */
  powerOf(samples: Int16Array): number {
    let sum = 0
    for (let i = 0; i < samples.length; i++) sum += this.#low.next(this.#high.next(samples[i]!)) ** 2
    return sum / samples.length
  }
}

/** A filter of second order. */
class Section {
  readonly #b0: number
  readonly #b1: number
  readonly #a1: number
  readonly #a2: number
  #first = 0
  #second = 0

  constructor({ b0, b1, a1, a2 }: Coefficients) {
    this.#b0 = b0
    this.#b1 = b1
    this.#a1 = a1
    this.#a2 = a2
  }

  next(x: number): number {
    const y = this.#b0 * x + this.#first
    this.#first = this.#b1 * x - this.#a1 * y + this.#second
    this.#second = this.#b0 * x - this.#a2 * y
    return y
  }
}

interface Coefficients {
  readonly b0: number
  readonly b1: number
  readonly a1: number
  readonly a2: number
}

/** Butterworth, after the cookbook of R. Bristow-Johnson; the third coefficient above is the first. */
function coefficientsOf(kind: 'highPass' | 'lowPass', hz: number): Coefficients {
  const turn = (2 * Math.PI * hz) / 8000
  const alpha = Math.sin(turn) / Math.SQRT2
  const edge = kind === 'lowPass' ? 1 - Math.cos(turn) : 1 + Math.cos(turn)
  const norm = 1 + alpha
  return {
    b0: edge / 2 / norm,
    b1: (kind === 'lowPass' ? edge : -edge) / norm,
    a1: (-2 * Math.cos(turn)) / norm,
    a2: (1 - alpha) / norm,
  }
}

const HIGH_PASS: Coefficients = coefficientsOf('highPass', 330)
const LOW_PASS: Coefficients = coefficientsOf('lowPass', 2600)
