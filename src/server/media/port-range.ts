import { type Instant, integerBelow, type Random } from '../../kit/index.ts'

export interface PortRangeOptions {
  /** The first and the last port; only even ones are handed out (RFC 3550 section 11). Default 16384 to 32767. */
  readonly first?: number
  readonly last?: number
  /** How long a port rests after its use, so that late packets of one call are never heard in the next. Default 5 s. */
  readonly quarantineMs?: number
}

/**
 * The UDP ports of one media worker. They are handed out one after the other from a random start, which makes them
 * hard to guess for a stranger and keeps a port unused for as long as possible.
 */
export class PortRange {
  readonly #first: number
  /** Per even port: when it may be used again; Infinity while it is in use. */
  readonly #freeAt: Float64Array
  readonly #quarantineMs: number
  #cursor: number
  #used = 0

  constructor(random: Random, options: PortRangeOptions = {}) {
    const { first = 16_384, last = 32_767, quarantineMs = 5000 } = options
    this.#first = first + (first & 1)
    this.#freeAt = new Float64Array(Math.max(0, Math.floor((last - this.#first) / 2) + 1)).fill(-Infinity)
    this.#quarantineMs = quarantineMs
    this.#cursor = this.#freeAt.length === 0 ? 0 : integerBelow(random, this.#freeAt.length)
  }

  /** Ports that the range has. */
  get size(): number {
    return this.#freeAt.length
  }

  /** Ports in use. */
  get used(): number {
    return this.#used
  }

  /** The next free port, or `undefined` when all are in use or resting. */
  take(now: Instant): number | undefined {
    for (let tried = 0; tried < this.#freeAt.length; tried++) {
      const index = this.#cursor
      this.#cursor = (index + 1) % this.#freeAt.length
      if ((this.#freeAt[index] as number) > now) continue
      this.#freeAt[index] = Infinity
      this.#used++
      return this.#first + 2 * index
    }
    return undefined
  }

  /** Gives a port back. It rests first; so does one that another program turned out to hold. */
  release(port: number, now: Instant): void {
    this.#freeAt[(port - this.#first) / 2] = now + this.#quarantineMs
    this.#used--
  }
}
