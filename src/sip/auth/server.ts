import { type Instant, type Random, toHex } from '../../kit/index.ts'
import { parseAuthParams, printChallenge, type SipRequest } from '../message/index.ts'
import { algorithmNamed, constantTimeEqual, type DigestAlgorithm, type DigestHash, hashOf } from './algorithms.ts'
import { digestResponse, hashCredentials } from './digest.ts'
import type { LockOut } from './lock-out.ts'
import { Nonces } from './nonces.ts'

/** What a user must know: the password itself, or HA1 (see `hashCredentials`) for each hash that may be used. */
export type DigestSecret =
  | { readonly password: string }
  | { readonly ha1: Readonly<Partial<Record<DigestHash, string>>> }

export interface DigestServerOptions {
  readonly realm: string
  /** The secret of a user, or `undefined` for nobody of that name. */
  readonly lookup: (username: string) => DigestSecret | undefined
  readonly random: Random
  /** Offered in this order, the preferred first (RFC 8760 section 2.4); default SHA-256, then MD5. */
  readonly algorithms?: readonly DigestAlgorithm[]
  /** How long a nonce may be used, in ms; default 5 minutes. */
  readonly nonceLifetimeMs?: number
  /** The most used nonces to remember at a time, at least 1; default 10000. */
  readonly maxNonces?: number
  /** Counts wrong passwords, and locks out who guesses. Default: anybody may try for ever. */
  readonly lockOut?: LockOut
  /** Whether to challenge as a proxy (407) instead of as a server (401); default false. */
  readonly isProxy?: boolean
}

export type DigestVerdict =
  | { readonly ok: true; readonly username: string }
  | {
      readonly ok: false
      /**
       * `missing`: no credentials for our realm. `malformed`: some that cannot be read. `wrong`: an unknown user or a
       * wrong password, which are not told apart. `stale`: right, but with a nonce that has run out or was used before; or
       * with one that is none of ours, and not looked at. `locked`: its sender has guessed too often, and is not heard.
       */
      readonly reason: 'missing' | 'malformed' | 'wrong' | 'stale' | 'locked'
      readonly status: 401 | 403 | 407
      /** To put on the response: one challenge for each algorithm, in order; none for `locked`. */
      readonly headers: readonly (readonly [name: string, value: string])[]
      /** With this wrong password a user name or an address has been locked out. */
      readonly lockedOut?: { readonly username: string; readonly address: string }
    }

type Challenge = Exclude<DigestVerdict, { ok: true }>

/**
 * Asks for digest credentials and checks them (RFC 3261 section 22, RFC 7616, RFC 8760; `qop=auth`, and the form
 * without qop of older clients, whose nonce counts once).
 *
 *     const verdict = digest.check(request, now)
 *     if (!verdict.ok) respond(verdict.status, verdict.headers)
 *
 * The `uri` of the credentials is not compared with the Request-URI, which proxies may rewrite on the way; a
 * digest that was overheard is of no use all the same, since its nonce count is spent.
 *
 * Wrong passwords are counted for the address that the nonce was issued to. The source of a datagram can be forged; a nonce
 * is only known to who can receive there. So nobody can have another's address locked out.
 */
export class DigestServer {
  readonly #options: DigestServerOptions
  readonly #algorithms: readonly DigestAlgorithm[]
  readonly #nonces: Nonces
  /** Stands in for the HA1 of users who do not exist, so that they cost as much time as those who do. */
  readonly #nobody: string

  constructor(options: DigestServerOptions) {
    const { random } = options
    this.#options = options
    this.#algorithms = options.algorithms ?? ['SHA-256', 'MD5']
    this.#nonces = new Nonces({
      random,
      lifetimeMs: options.nonceLifetimeMs ?? 300_000,
      maxRemembered: options.maxNonces ?? 10_000,
    })
    this.#nobody = toHex(new Uint8Array(Uint32Array.from({ length: 8 }, () => random.uint32()).buffer))
  }

  /** How many used nonces are remembered. */
  get size(): number {
    return this.#nonces.size
  }

  /** @param address the IP address that the request came from */
  check(request: SipRequest, now: Instant, address = ''): DigestVerdict {
    const { lockOut } = this.#options
    const credentials = this.#credentialsOf(request)
    const isGiven = typeof credentials !== 'string'
    if (lockOut?.isLocked(address, isGiven ? credentials.username : undefined, now)) return LOCKED
    if (!isGiven) return this.#challenge(credentials, now, address)

    const { username, algorithm, nonce } = credentials
    const owner = this.#nonces.ownerOf(nonce)
    // Whether the digest is right is not looked at: so nothing can be found out with nonces that count for nobody.
    if (owner === undefined) return this.#challenge('stale', now, address)
    if (lockOut?.isLocked(owner, username, now)) return LOCKED
    const ha1 = this.#ha1Of(username, hashOf(algorithm))
    const expected = digestResponse({ ...credentials, ha1: ha1 ?? this.#nobody, method: request.method })
    const isRight = constantTimeEqual(credentials.response.toLowerCase(), expected) && ha1 !== undefined
    if (!isRight) {
      const challenge = this.#challenge('wrong', now, address)
      const isTooMany = lockOut?.failed(owner, username, now) === true
      return isTooMany ? { ...challenge, lockedOut: { username, address: owner } } : challenge
    }
    const isNew = this.#nonces.isFresh(nonce, now) && this.#nonces.use(nonce, credentials.count, now)
    if (!isNew) return this.#challenge('stale', now, address)
    lockOut?.passed(owner, username)
    return { ok: true, username }
  }

  #challenge(reason: Challenge['reason'], now: Instant, address: string): Challenge {
    const name = this.#options.isProxy ? 'Proxy-Authenticate' : 'WWW-Authenticate'
    const nonce = this.#nonces.issue(now, address)
    const headers = this.#algorithms.map((algorithm): readonly [string, string] => {
      const params = new Map([
        ['realm', this.#options.realm],
        ['nonce', nonce],
        ['algorithm', algorithm],
        ['qop', 'auth'],
      ])
      if (reason === 'stale') params.set('stale', 'true')
      return [name, printChallenge({ scheme: 'Digest', params })]
    })
    return { ok: false, reason, status: this.#options.isProxy ? 407 : 401, headers }
  }

  /** The first credentials for our realm; a request may carry those of other realms too (section 22.3). */
  #credentialsOf(request: SipRequest): ReceivedCredentials | 'missing' | 'malformed' {
    for (const value of request.headers.all(this.#options.isProxy ? 'proxy-authorization' : 'authorization')) {
      const parsed = parseAuthParams(value)
      if (!parsed.ok) return 'malformed'
      const { scheme, params } = parsed.value
      if (scheme.toLowerCase() !== 'digest' || params.get('realm') !== this.#options.realm) continue
      return readCredentials(params, this.#algorithms) ?? 'malformed'
    }
    return 'missing'
  }

  #ha1Of(username: string, hash: DigestHash): string | undefined {
    const { lookup, realm } = this.#options
    const secret = lookup(username)
    // Hashed even for nobody, so that the time taken does not tell.
    const hashed = hashCredentials(
      hash,
      username,
      realm,
      secret !== undefined && 'password' in secret ? secret.password : '',
    )
    if (secret === undefined) return undefined
    return 'password' in secret ? hashed : secret.ha1[hash]?.toLowerCase()
  }
}

const LOCKED: Challenge = { ok: false, reason: 'locked', status: 403, headers: [] }

interface ReceivedCredentials {
  readonly username: string
  readonly algorithm: DigestAlgorithm
  readonly nonce: string
  readonly uri: string
  readonly response: string
  readonly auth: { readonly nc: string; readonly cnonce: string } | undefined
  /** The nonce count as a number; Infinity without qop. */
  readonly count: number
}

function readCredentials(
  params: ReadonlyMap<string, string>,
  offered: readonly DigestAlgorithm[],
): ReceivedCredentials | undefined {
  const username = params.get('username')
  const nonce = params.get('nonce')
  const uri = params.get('uri')
  const response = params.get('response')
  const algorithm = algorithmNamed(params.get('algorithm'))
  if (username === undefined || nonce === undefined || uri === undefined || response === undefined) return undefined
  if (algorithm === undefined || !offered.includes(algorithm)) return undefined
  const common = { username, algorithm, nonce, uri, response }

  const qop = params.get('qop')
  if (qop === undefined) return { ...common, auth: undefined, count: Number.POSITIVE_INFINITY }
  const nc = params.get('nc') ?? ''
  const cnonce = params.get('cnonce')
  const count = /^[\da-f]{1,8}$/i.test(nc) ? Number.parseInt(nc, 16) : 0
  if (qop.toLowerCase() !== 'auth' || cnonce === undefined || count === 0) return undefined
  return { ...common, auth: { nc, cnonce }, count }
}
