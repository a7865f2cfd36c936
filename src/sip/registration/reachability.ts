import { Fifo, type Instant, type Machine, NEVER, type Random, uniform } from '../../kit/index.ts'
import type { RequestOutcome } from './outcome.ts'

export interface ReachabilityOptions {
  readonly random: Random
  /** From one question to the next, in ms. Default 30,000. */
  readonly intervalMs?: number
  /** How long an answer may take, in ms; at most nine tenths of the interval. Default 4,000. */
  readonly timeoutMs?: number
  /** After how many questions in a row without an answer it is down, at least 1. Default 2. */
  readonly misses?: number
}

export type ReachabilityInput =
  | { readonly type: 'start' }
  | { readonly type: 'stop' }
  /** What became of a question. */
  | { readonly type: 'outcome'; readonly probe: number; readonly outcome: RequestOutcome }

export type ReachabilityOutput =
  /** Send an OPTIONS, known by this number. */
  | { readonly type: 'probe'; readonly probe: number }
  /** A question was not answered in time, or with a status that says the far end does not serve. */
  | { readonly type: 'missed'; readonly reason: string }
  | { readonly type: 'changed'; readonly state: ReachabilityState }

/** Whether a far end answers. */
export type ReachabilityState =
  /** Not asked yet, or not answered yet. */
  | { readonly type: 'unknown' }
  /** It answers; `roundTripMs` is how long its latest answer took. */
  | { readonly type: 'up'; readonly since: Instant; readonly roundTripMs: number }
  | { readonly type: 'down'; readonly since: Instant; readonly reason: string }

/**
 * Asks a far end with OPTIONS whether it is there (RFC 3261 section 11), again and again.
 *
 *     unknown, down --answer--> up --`misses` questions without an answer--> down
 *
 * Any answer will do, a refusal too, but for those by which a server or a proxy says that it does not serve: 408, 502,
 * 503, 504.
 */
export class Reachability implements Machine<ReachabilityInput, ReachabilityOutput> {
  readonly #random: Random
  readonly #intervalMs: number
  readonly #timeoutMs: number
  readonly #mostMisses: number
  readonly #outbox = new Fifo<ReachabilityOutput>()
  #state: ReachabilityState = { type: 'unknown' }
  #probe = 0
  #probedAt: Instant = 0
  #isWaiting = false
  #misses = 0
  #nextAt: Instant = NEVER

  constructor({ random, intervalMs = 30_000, timeoutMs = 4_000, misses = 2 }: ReachabilityOptions) {
    this.#random = random
    this.#intervalMs = intervalMs
    this.#timeoutMs = Math.min(timeoutMs, 0.9 * intervalMs)
    this.#mostMisses = misses
  }

  get state(): ReachabilityState {
    return this.#state
  }

  handle(input: ReachabilityInput, now: Instant): void {
    if (input.type === 'start') this.#ask(now)
    else if (input.type === 'stop') {
      this.#isWaiting = false
      this.#nextAt = NEVER
    } else if (this.#isWaiting && input.probe === this.#probe) this.#onOutcome(input.outcome, now)
  }

  poll(): ReachabilityOutput | undefined {
    return this.#outbox.shift()
  }

  deadline(): Instant {
    return Math.min(this.#nextAt, this.#isWaiting ? this.#probedAt + this.#timeoutMs : NEVER)
  }

  expire(now: Instant): void {
    if (this.#isWaiting && this.#probedAt + this.#timeoutMs <= now) this.#miss('no answer', now)
    if (this.#nextAt <= now) this.#ask(now)
  }

  #ask(now: Instant): void {
    this.#probe++
    this.#probedAt = now
    this.#isWaiting = true
    // A tenth sooner at most, so that those who began together drift apart.
    this.#nextAt = now + this.#intervalMs * (1 - uniform(this.#random) / 10)
    this.#outbox.push({ type: 'probe', probe: this.#probe })
  }

  #onOutcome({ cause, response, detail }: RequestOutcome, now: Instant): void {
    if (response === undefined) {
      this.#miss(detail ?? (cause === 'timeout' ? 'no answer' : 'cannot be reached'), now)
      return
    }
    if (SAYS_NO_SERVICE.has(response.status)) {
      this.#miss(`${response.status} ${response.phrase}`, now)
      return
    }
    this.#isWaiting = false
    this.#misses = 0
    const roundTripMs = now - this.#probedAt
    if (this.#state.type === 'up') this.#state = { ...this.#state, roundTripMs }
    else this.#enter({ type: 'up', since: now, roundTripMs })
  }

  #miss(reason: string, now: Instant): void {
    this.#isWaiting = false
    this.#misses++
    this.#outbox.push({ type: 'missed', reason })
    if (this.#misses >= this.#mostMisses && this.#state.type !== 'down')
      this.#enter({ type: 'down', since: now, reason })
  }

  #enter(state: ReachabilityState): void {
    this.#state = state
    this.#outbox.push({ type: 'changed', state })
  }
}

const SAYS_NO_SERVICE: ReadonlySet<number> = new Set([408, 502, 503, 504])
