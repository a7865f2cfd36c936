import type { Instant } from '../../kit/index.ts'

export interface LockOutOptions {
  /** So many wrong passwords for one user name from one address, and the two are locked together. Default 10. */
  readonly failures?: number
  /** So many wrong passwords from one address for whatever names, and the address is locked. Default 50. */
  readonly addressFailures?: number
  /** Failures count together for so long after the first, in ms. Default 5 minutes. */
  readonly withinMs?: number
  /** How long it stays locked, in ms. Default 10 minutes. */
  readonly forMs?: number
  /** Whether many share an address, such as those behind a proxy, so that it is never locked as a whole; default no address. */
  readonly isShared?: (address: string) => boolean
  /** The most addresses, and pairs of address and name, to remember; beyond that the one that failed the longest ago is forgotten. Default 10000. */
  readonly maxEntries?: number
}

/**
 * Who has guessed passwords too often, and is not listened to for a while: a user name at an address, or a whole address.
 * What one address does is never held against another. An IPv6 address stands for its /64, of which whoever has one has all.
 *
 *     lockOut.failed('192.0.2.66', 'alice', now)   // true the tenth time
 *     lockOut.isLocked('192.0.2.66', 'alice', now) // for ten minutes from then
 */
export class LockOut {
  readonly #failures: number
  readonly #addressFailures: number
  readonly #withinMs: number
  readonly #forMs: number
  readonly #maxEntries: number
  readonly #isShared: (address: string) => boolean
  /** By address, and by address and name; the one that failed the longest ago first. */
  readonly #tallies = new Map<string, Tally>()

  constructor(options: LockOutOptions = {}) {
    this.#failures = options.failures ?? 10
    this.#addressFailures = options.addressFailures ?? 50
    this.#withinMs = options.withinMs ?? 300_000
    this.#forMs = options.forMs ?? 600_000
    this.#maxEntries = options.maxEntries ?? 10_000
    this.#isShared = options.isShared ?? (() => false)
  }

  /** How many addresses, and pairs of address and name, are remembered. */
  get size(): number {
    return this.#tallies.size
  }

  /** @param username whom the request claims to be from; without one only the address counts */
  isLocked(address: string, username: string | undefined, now: Instant): boolean {
    const place = networkOf(address)
    const isPairLocked = username !== undefined && this.#isLocked(pairOf(place, username), now)
    return isPairLocked || this.#isLocked(place, now)
  }

  /** A wrong password. True when that is one too many: it is locked from now on. */
  failed(address: string, username: string, now: Instant): boolean {
    const place = networkOf(address)
    const locksPair = this.#count(pairOf(place, username), this.#failures, now)
    const locksAddress = !this.#isShared(address) && this.#count(place, this.#addressFailures, now)
    this.#sweep(now)
    return locksPair || locksAddress
  }

  /** The right password: what was mistyped before is forgiven, though not what was tried for other names. */
  passed(address: string, username: string): void {
    this.#tallies.delete(pairOf(networkOf(address), username))
  }

  #isLocked(key: string, now: Instant): boolean {
    const tally = this.#tallies.get(key)
    return tally?.isLocked === true && now < tally.until
  }

  #count(key: string, limit: number, now: Instant): boolean {
    const known = this.#tallies.get(key)
    const tally = known !== undefined && now < known.until ? known : { failures: 0, isLocked: false, until: 0 }
    if (tally.isLocked) return false
    if (tally.failures === 0) tally.until = now + this.#withinMs
    tally.failures++
    if (tally.failures >= limit) {
      tally.isLocked = true
      tally.until = now + this.#forMs
    }
    this.#tallies.delete(key)
    this.#tallies.set(key, tally)
    return tally.isLocked
  }

  /** Those whose time is over are looked for where they are likely, at the front; the rest go when they get there. */
  #sweep(now: Instant): void {
    for (const [key, { until }] of this.#tallies) {
      if (now < until && this.#tallies.size <= this.#maxEntries) return
      this.#tallies.delete(key)
    }
  }
}

interface Tally {
  failures: number
  isLocked: boolean
  /** When it is forgotten. */
  until: Instant
}

/** The longest part of a user name that tells it apart: names of strangers take no more memory than that. */
const MAX_NAME = 64

function pairOf(place: string, username: string): string {
  return `${place} ${username.slice(0, MAX_NAME)}`
}

/** An IPv4 address itself, and of an IPv6 address the first four groups. */
function networkOf(address: string): string {
  if (!address.includes(':')) return address
  const [head = '', tail] = address.toLowerCase().split('::', 2)
  const groups = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  while (tail !== undefined && groups.length + after.length < 8) groups.push('0')
  return [...groups, ...after]
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')
}
