import { type Random, token } from '../../kit/index.ts'
import type { Credentials } from '../endpoint/control.ts'
import { parseAuthParams, printCredentials, type SipRequest, type SipResponse } from '../message/index.ts'
import { algorithmNamed, type DigestAlgorithm, hashOf, isSession } from './algorithms.ts'
import { digestResponse, hashCredentials } from './digest.ts'

/**
 * What a 401 or 407 came to. `answered`: send the request again, after {@link DigestClient.authorize}. Otherwise why
 * not: `unsupported` (no challenge of an algorithm and qop that we know), `noCredentials` (none for that realm),
 * `refused` (our answer was not accepted, so another try with the same password would fail too).
 */
export type ChallengeOutcome = 'answered' | 'unsupported' | 'noCredentials' | 'refused'

/** The most realms (proxies and servers on one path) that one client keeps an answer for. */
const MAX_REALMS = 8
/** How often in a row a fresh nonce may be called stale before that counts as a refusal. */
const MAX_STALE = 2

/**
 * Answers digest challenges for one outgoing session or registration (RFC 3261 section 22, RFC 8760): remembers the
 * nonce of every realm on the path and counts its uses, so that later requests are authorized before they are asked.
 *
 *     const digest = new DigestClient([{ username: 'alice', password: 'secret' }], random)
 *     if (digest.answerChallenge(response) === 'answered') {
 *       digest.authorize(nextRequest) // same method and URI, next CSeq
 *     }
 */
export class DigestClient {
  readonly #credentials: readonly Credentials[]
  readonly #random: Random
  /** By header name and realm. */
  readonly #answers = new Map<string, Answer>()

  constructor(credentials: readonly Credentials[], random: Random) {
    this.#credentials = credentials
    this.#random = random
  }

  /** Whether any realm has challenged yet, so that {@link authorize} has something to add. */
  get isChallenged(): boolean {
    return this.#answers.size > 0
  }

  /** Takes the challenges of a 401 or 407. Each realm in it must be answerable; a realm is answered once. */
  answerChallenge(response: SipResponse): ChallengeOutcome {
    const chosen = new Map<string, Challenge>()
    for (const challenge of challengesOf(response)) {
      const key = keyOf(challenge)
      const known = chosen.get(key)
      if (known === undefined || strength(challenge.algorithm) > strength(known.algorithm)) chosen.set(key, challenge)
    }
    if (chosen.size === 0) return 'unsupported'

    let outcome: ChallengeOutcome = 'answered'
    for (const [key, challenge] of chosen) {
      const one = this.#learn(key, challenge)
      if (one !== 'answered') outcome = one
    }
    return outcome
  }

  /**
   * Puts Authorization and Proxy-Authorization for every realm that has challenged so far on a request that is about
   * to be sent, replacing those that are there. Not for a CANCEL, nor for an ACK, which repeats the headers of
   * its INVITE (section 22.1).
   */
  authorize(request: SipRequest): void {
    request.headers.delete('authorization')
    request.headers.delete('proxy-authorization')
    for (const answer of this.#answers.values()) {
      request.headers.add(ANSWER_HEADER[answer.challenge.header], this.#credentialsFor(answer, request))
    }
  }

  #learn(key: string, challenge: Challenge): ChallengeOutcome {
    const credentials = this.#credentials.find(({ realm }) => realm === undefined || realm === challenge.realm)
    if (credentials === undefined) return 'noCredentials'
    const known = this.#answers.get(key)
    if (known === undefined && this.#answers.size >= MAX_REALMS) return 'unsupported'

    // A nonce that was accepted before has run out, whether the server says stale or not. A fresh one that is
    // refused means a wrong password, unless the server calls it stale.
    const isFreshRefused = known !== undefined && known.uses === 1
    if (isFreshRefused && !challenge.isStale) return 'refused'
    const staleInARow = isFreshRefused ? known.staleInARow + 1 : 0
    if (staleInARow > MAX_STALE) return 'refused'

    const ha1 = hashCredentials(
      hashOf(challenge.algorithm),
      credentials.username,
      challenge.realm,
      credentials.password,
    )
    this.#answers.set(key, { challenge, username: credentials.username, ha1, uses: 0, staleInARow })
    return 'answered'
  }

  #credentialsFor(answer: Answer, request: SipRequest): string {
    const { realm, nonce, opaque, algorithm, algorithmName, hasQop } = answer.challenge
    answer.uses++
    const auth = { nc: answer.uses.toString(16).padStart(8, '0'), cnonce: token(this.#random) }
    const response = digestResponse({
      algorithm,
      ha1: answer.ha1,
      method: request.method,
      uri: request.uri,
      nonce,
      auth: hasQop ? auth : undefined,
    })
    const params = new Map([
      ['username', answer.username],
      ['realm', realm],
      ['nonce', nonce],
      ['uri', request.uri],
      ['response', response],
    ])
    if (algorithmName !== undefined) params.set('algorithm', algorithmName)
    if (hasQop) params.set('cnonce', auth.cnonce).set('qop', 'auth').set('nc', auth.nc)
    if (opaque !== undefined) params.set('opaque', opaque)
    return printCredentials({ scheme: 'Digest', params })
  }
}

const ANSWER_HEADER = {
  'www-authenticate': 'authorization',
  'proxy-authenticate': 'proxy-authorization',
} as const

interface Challenge {
  readonly header: keyof typeof ANSWER_HEADER
  readonly realm: string
  readonly nonce: string
  readonly opaque: string | undefined
  readonly algorithm: DigestAlgorithm
  /** As the server wrote it, to be given back; `undefined` when it named none. */
  readonly algorithmName: string | undefined
  readonly hasQop: boolean
  readonly isStale: boolean
}

interface Answer {
  readonly challenge: Challenge
  readonly username: string
  readonly ha1: string
  /** Requests that carried this nonce: the nonce count. */
  uses: number
  readonly staleInARow: number
}

function keyOf(challenge: Challenge): string {
  return `${challenge.header} ${challenge.realm}`
}

/**
 * Of two challenges of one realm the stronger hash is answered, and of two equally strong the topmost: RFC 8760
 * section 2.4 asks for the topmost, "unless a local policy dictates otherwise", and ours is never to be talked down to MD5.
 */
function strength(algorithm: DigestAlgorithm): number {
  return hashOf(algorithm) === 'MD5' ? 0 : 1
}

/** The challenges that we could answer. */
function challengesOf(response: SipResponse): Challenge[] {
  const challenges: Challenge[] = []
  for (const header of ['www-authenticate', 'proxy-authenticate'] as const) {
    for (const value of response.headers.all(header)) {
      const challenge = readChallenge(header, value)
      if (challenge !== undefined) challenges.push(challenge)
    }
  }
  return challenges
}

function readChallenge(header: Challenge['header'], value: string): Challenge | undefined {
  const parsed = parseAuthParams(value)
  if (!parsed.ok || parsed.value.scheme.toLowerCase() !== 'digest') return undefined
  const { params } = parsed.value
  const realm = params.get('realm')
  const nonce = params.get('nonce')
  const algorithmName = params.get('algorithm')
  const algorithm = algorithmNamed(algorithmName)
  if (realm === undefined || nonce === undefined || algorithm === undefined) return undefined
  const qop = params.get('qop')?.toLowerCase().split(',')
  // A challenge that offers nothing but auth-int is beyond us.
  if (qop !== undefined && !qop.some((option) => option.trim() === 'auth')) return undefined
  // The session variants hash a cnonce, which goes with qop only.
  if (qop === undefined && isSession(algorithm)) return undefined
  const hasQop = qop !== undefined
  const isStale = params.get('stale')?.toLowerCase() === 'true'
  return { header, realm, nonce, opaque: params.get('opaque'), algorithm, algorithmName, hasQop, isStale }
}
