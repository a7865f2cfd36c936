import { Fifo, type Instant, type Machine, NEVER, type Random, uniform } from '../../kit/index.ts'
import type { RequestOutcome } from './outcome.ts'
import { grantedS, minExpiresS, retryAfterMs, serviceRouteOf } from './register-response.ts'

export interface RegistrationOptions {
  /** For the moments of refreshes and further tries, so that many do not come at once. */
  readonly random: Random
  /** How long each registration is asked for, in seconds, 1 to 604800. Default 600. A registrar may grant less. */
  readonly expiresS?: number
}

export type RegistrationInput =
  | { readonly type: 'start' }
  /** Takes the registration back; for good. */
  | { readonly type: 'stop' }
  /** What became of the REGISTER that was asked for last. */
  | { readonly type: 'outcome'; readonly outcome: RequestOutcome }

export type RegistrationOutput =
  /** Send a REGISTER whose Contact has this `expires`, after those before it. */
  | { readonly type: 'register'; readonly expiresS: number }
  | { readonly type: 'changed'; readonly state: RegistrationState }

/** Where a registration stands. */
export type RegistrationState =
  /** Not begun. */
  | { readonly type: 'idle' }
  /** Not registered: being asked for, or to be asked for again at `retryAt`, because of `reason`. */
  | { readonly type: 'trying'; readonly status?: number; readonly reason?: string; readonly retryAt?: Instant }
  /** Good until then; it is refreshed well before. `registrar` is the address of the server that took it. */
  | {
      readonly type: 'registered'
      readonly until: Instant
      readonly serviceRoute: readonly string[]
      readonly registrar?: string
    }
  /** The registrar wants something changed before it will: a password, most often. It is asked again at `retryAt`. */
  | { readonly type: 'refused'; readonly status: number; readonly reason: string; readonly retryAt: Instant }
  /** Taken back, or being so. */
  | { readonly type: 'stopped' }

/**
 * Keeps an address of record registered elsewhere (RFC 3261 section 10.2), from `start` until `stop`.
 *
 *             start             200                     stop
 *     idle -----------> trying -------> registered --------------> stopped
 *                       ^  | ^ |           |  |   ^  \
 *       408, 5xx, none: |  | | +-----------+  +---+   a refresh that fails is tried again
 *       wait, try again +--+ |   run out      200
 *                     wait   |  401 with our credentials, 403, 404, 6xx, ...
 *                     refused+<----
 *
 * Waits double from one failure to the next, with jitter; a refusal waits minutes, because whoever asks too often with a wrong
 * password is locked out. A Retry-After is kept to. 423 is answered at once with what the registrar wants at least.
 */
export class Registration implements Machine<RegistrationInput, RegistrationOutput> {
  readonly #random: Random
  readonly #outbox = new Fifo<RegistrationOutput>()
  #state: RegistrationState = { type: 'idle' }
  #expiresS: number
  /** A REGISTER is on its way. */
  #isAsking = false
  #isTakingBack = false
  #failures = 0
  /** When to ask next. */
  #askAt: Instant = NEVER

  constructor({ random, expiresS = 600 }: RegistrationOptions) {
    this.#random = random
    this.#expiresS = expiresS
  }

  get state(): RegistrationState {
    return this.#state
  }

  /** A REGISTER is on its way, so its outcome must be told. */
  get isAsking(): boolean {
    return this.#isAsking
  }

  handle(input: RegistrationInput, now: Instant): void {
    switch (input.type) {
      case 'start':
        if (this.#state.type !== 'idle') return
        this.#enter({ type: 'trying' })
        this.#ask(this.#expiresS)
        break
      case 'stop':
        this.#stop()
        break
      case 'outcome':
        if (this.#isAsking) this.#onOutcome(input.outcome, now)
        break
    }
  }

  poll(): RegistrationOutput | undefined {
    return this.#outbox.shift()
  }

  deadline(): Instant {
    return Math.min(this.#askAt, this.#state.type === 'registered' ? this.#state.until : NEVER)
  }

  expire(now: Instant): void {
    if (this.#state.type === 'registered' && this.#state.until <= now) {
      const retryAt = this.#askAt === NEVER ? {} : { retryAt: this.#askAt }
      this.#enter({ type: 'trying', reason: 'the registration ran out', ...retryAt })
    }
    if (this.#askAt > now) return
    this.#askAt = NEVER
    this.#ask(this.#expiresS)
  }

  #stop(): void {
    if (this.#state.type === 'stopped') return
    // One that may have reached the registrar is taken back, too, whatever its answer will be.
    const mayStand = this.#state.type === 'registered' || this.#isAsking
    this.#askAt = NEVER
    this.#enter({ type: 'stopped' })
    if (mayStand && !this.#isAsking) this.#takeBack()
  }

  #takeBack(): void {
    this.#isTakingBack = true
    this.#ask(0)
  }

  #ask(expiresS: number): void {
    this.#isAsking = true
    this.#outbox.push({ type: 'register', expiresS })
  }

  #onOutcome(outcome: RequestOutcome, now: Instant): void {
    this.#isAsking = false
    if (this.#state.type === 'stopped') {
      if (!this.#isTakingBack) this.#takeBack()
      return
    }
    const { response } = outcome
    if (response === undefined) this.#fail(undefined, outcome.detail ?? REASON_OF[outcome.cause], now)
    else if (response.status < 300) this.#onAccepted(outcome, now)
    else if (response.status === 423 && this.#askForLonger(minExpiresS(response))) return
    else this.#fail(response.status, response.phrase, now, retryAfterMs(response))
  }

  #onAccepted({ request, response, answeredBy }: RequestOutcome, now: Instant): void {
    if (response === undefined) return
    const spanMs = 1000 * grantedS(request, response, this.#expiresS)
    if (spanMs === 0) {
      this.#fail(response.status, 'accepted for no time at all', now)
      return
    }
    this.#failures = 0
    this.#askAt = now + this.#between(0.9, 1) * refreshAfterMs(spanMs)
    const serviceRoute = serviceRouteOf(response)
    const registrar = answeredBy && { registrar: answeredBy.address }
    this.#enter({ type: 'registered', until: now + spanMs, serviceRoute, ...registrar })
  }

  /** Section 10.2.8. */
  #askForLonger(leastS: number | undefined): boolean {
    if (leastS === undefined || leastS <= this.#expiresS || leastS > LONGEST_S) return false
    this.#expiresS = leastS
    this.#ask(leastS)
    return true
  }

  #fail(status: number | undefined, reason: string, now: Instant, atLeastMs = 0): void {
    const isRefused = status !== undefined && status >= 300 && !isTemporary(status)
    const [firstMs, mostMs] = isRefused ? REFUSED_WAIT_MS : FAILED_WAIT_MS
    const backoffMs = Math.min(firstMs * 2 ** this.#failures, mostMs) * this.#between(0.5, 1)
    const askedMs = Math.min(atLeastMs, LONGEST_RETRY_AFTER_MS) * this.#between(1, 1.1)
    const retryAt = now + Math.max(backoffMs, askedMs)
    this.#failures++
    this.#askAt = retryAt
    if (isRefused) this.#enter({ type: 'refused', status, reason, retryAt })
    // What has been granted still holds: calls come as long as it does.
    else if (this.#state.type !== 'registered' || this.#state.until <= now)
      this.#enter({ type: 'trying', reason, retryAt, ...(status !== undefined && { status }) })
  }

  #enter(state: RegistrationState): void {
    this.#state = state
    this.#outbox.push({ type: 'changed', state })
  }

  #between(least: number, most: number): number {
    return least + (most - least) * uniform(this.#random)
  }
}

const REASON_OF = { response: 'no response', timeout: 'no answer', transport: 'cannot be reached' } as const

/** The first wait after a failure and the longest, before jitter takes up to half of it away. */
const FAILED_WAIT_MS = [2_000, 600_000] as const
const REFUSED_WAIT_MS = [300_000, 3_600_000] as const
const LONGEST_RETRY_AFTER_MS = 3_600_000
/** The longest that a registrar may make us ask for with 423, in seconds: a week. */
const LONGEST_S = 604_800

/** How long a request of ours may go unanswered, and some more: so much is left for a second try. */
const SECOND_TRY_MS = 40_000

/** After how much of what was granted it is refreshed: three quarters, or sooner to leave time for a second try. */
function refreshAfterMs(spanMs: number): number {
  return Math.max(spanMs / 2, Math.min(0.75 * spanMs, spanMs - SECOND_TRY_MS), 1000)
}

/** What may be otherwise next time without anybody changing anything. */
function isTemporary(status: number): boolean {
  const isServerTrouble = status >= 500 && status < 600 && status !== 501 && status !== 505
  return isServerTrouble || status === 408 || status === 429 || status === 480 || status === 486 || status === 491
}
