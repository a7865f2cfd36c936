import { type Instant, type Random, token } from '../../kit/index.ts'
import { constantTimeEqual, seal } from './algorithms.ts'

export interface NonceOptions {
  readonly random: Random
  /** How long a nonce may be used, in ms. */
  readonly lifetimeMs: number
  /** The most nonces whose count is remembered at a time, at least 1. */
  readonly maxRemembered: number
}

/**
 * Makes nonces that need no memory until they have been used well, and sees to it that none is used twice.
 *
 * A nonce says when it was issued and to whom, and carries our seal (RFC 7616 section 3.3 suggests as much), so a
 * challenge costs no memory however many strangers ask for one. Only a nonce that came back with a valid digest is remembered, with
 * its highest nonce count. When that memory is full the oldest goes, and with it every nonce issued as early: they
 * count as stale, which is safe and costs the client one more round trip.
 */
export class Nonces {
  readonly #random: Random
  readonly #lifetimeMs: number
  readonly #maxRemembered: number
  readonly #key: Uint8Array
  /** Highest nonce count of each nonce, oldest use first. */
  readonly #counts = new Map<string, number>()
  /** Nonces issued before this instant are stale. */
  #floor: Instant = Number.NEGATIVE_INFINITY

  constructor(options: NonceOptions) {
    this.#random = options.random
    this.#lifetimeMs = options.lifetimeMs
    this.#maxRemembered = options.maxRemembered
    this.#key = new Uint8Array(Uint32Array.from({ length: 8 }, () => options.random.uint32()).buffer)
  }

  /** Nonces remembered now. */
  get size(): number {
    return this.#counts.size
  }

  /** @param address of whoever gets it; without quotes */
  issue(now: Instant, address: string): string {
    const text = `${Math.floor(now).toString(36)}.${token(this.#random)}`
    return `${text}.${this.#sealOf(text, address)}.${address}`
  }

  /** The address that a nonce was issued to; `undefined` when it is none of ours. */
  ownerOf(nonce: string): string | undefined {
    const [, text = '', sealed = '', address = ''] = /^(\w+\.\w+)\.(\w+)\.(.*)$/.exec(nonce) ?? []
    return constantTimeEqual(sealed, this.#sealOf(text, address)) ? address : undefined
  }

  /** Whether a nonce of ours is neither too old nor out of memory. */
  isFresh(nonce: string, now: Instant): boolean {
    const issued = issuedAt(nonce)
    return issued >= this.#floor && issued + this.#lifetimeMs > now
  }

  /**
   * Notes that a fresh nonce came with a valid digest and this nonce count (1 or more; Infinity when the client sent none, which
   * uses the nonce up). False when that count, or a higher one, has been used: a replay.
   */
  use(nonce: string, count: number, now: Instant): boolean {
    if (count <= (this.#counts.get(nonce) ?? 0)) return false
    this.#counts.delete(nonce)
    this.#counts.set(nonce, count)
    this.#sweep(now)
    return true
  }

  #sweep(now: Instant): void {
    for (const nonce of this.#counts.keys()) {
      const issued = issuedAt(nonce)
      const isExpired = issued + this.#lifetimeMs <= now
      if (!isExpired && this.#counts.size <= this.#maxRemembered) return
      this.#counts.delete(nonce)
      if (!isExpired) this.#floor = Math.max(this.#floor, issued + 1)
    }
  }

  #sealOf(text: string, address: string): string {
    return seal(this.#key, `${text} ${address}`).slice(0, 32)
  }
}

function issuedAt(nonce: string): Instant {
  return Number.parseInt(nonce.slice(0, nonce.indexOf('.')), 36)
}
