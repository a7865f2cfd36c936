/**
 * Background noise as a sender describes it while nobody speaks (RFC 3389): a level in -dBov, and reflection
 * coefficients of its spectrum. White noise runs through the lattice filter of these coefficients. Nothing is
 * allocated after construction.
 */
export class ComfortNoise {
  readonly #reflection: Float64Array = new Float64Array(MAX_ORDER)
  readonly #state: Float64Array = new Float64Array(MAX_ORDER + 1)
  #order = 0
  #targetGain = 0
  #gain = 0
  #seed = 1
  readonly #isWide: boolean
  #last = 0

  /** @param sampleRateHz 8,000, which is what the descriptions are about, or 16,000, with nothing above 4 kHz */
  constructor(sampleRateHz = 8000) {
    this.#isWide = sampleRateHz > 8000
  }

  /** Takes the payload of a comfort noise packet. An empty one changes nothing; coefficients beyond the twelfth are ignored. */
  describe(bytes: Uint8Array, offset: number, length: number): void {
    if (length === 0) return
    this.#order = Math.min(length - 1, MAX_ORDER)
    let share = 1
    for (let i = 0; i < this.#order; i++) {
      const quantised = (bytes[offset + 1 + i]! - 127) / 128
      const coefficient = Math.max(-MAX_REFLECTION, Math.min(MAX_REFLECTION, quantised))
      this.#reflection[i] = coefficient
      share *= 1 - coefficient * coefficient
    }
    this.#state.fill(0)
    // 0 dBov is a square wave at full scale; the filter raises the power of what runs through it by 1 / share.
    const rms = 32_767 * 10 ** (-(bytes[offset]! & 0x7f) / 20)
    this.#targetGain = rms * Math.sqrt(share) * PEAK_OF_UNIFORM
  }

  /** Begins with silence again, so that the noise fades in. */
  reset(): void {
    this.#gain = 0
    this.#state.fill(0)
  }

  /** Writes noise to `into[at..at + length)`. Its level reaches a new description's within some 20 ms. */
  fill(into: Int16Array, at: number, length: number): void {
    for (let i = at; i < at + length; i++) {
      this.#gain += (this.#targetGain - this.#gain) * LEVEL_SPEED
      const sample = limited(this.#filtered(this.#white() * this.#gain))
      if (this.#isWide) into[i++] = (this.#last + sample) >> 1
      into[i] = sample
      this.#last = sample
    }
  }

  /** The all-pole lattice: `state[i]` is what stage i reflected one sample ago. */
  #filtered(excitation: number): number {
    const state = this.#state
    let forward = excitation
    for (let i = this.#order - 1; i >= 0; i--) {
      const coefficient = this.#reflection[i]!
      forward -= coefficient * state[i]!
      state[i + 1] = state[i]! + coefficient * forward
    }
    state[0] = forward
    return forward
  }

  /** Uniform in -1..1 from a linear congruence (Numerical Recipes): noise for ears needs no more. */
  #white(): number {
    this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) | 0
    return this.#seed / 0x8000_0000
  }
}

function limited(value: number): number {
  return Math.max(-32_768, Math.min(32_767, Math.round(value)))
}

/** Senders use up to ten; more is a waste that RFC 3389 allows to ignore. */
const MAX_ORDER = 12
/** Nearer to 1 the filter would ring. */
const MAX_REFLECTION = 0.98
/** Uniform noise of level 1 lies in -sqrt(3)..sqrt(3). */
const PEAK_OF_UNIFORM = Math.sqrt(3)
const LEVEL_SPEED = 1 / 80
