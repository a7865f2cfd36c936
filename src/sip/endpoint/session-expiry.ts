import type { Instant } from '../../kit/index.ts'
import {
  hasWord,
  parseDeltaSeconds,
  parseSessionExpires,
  printSessionExpires,
  type SessionExpires,
  type SipHeaders,
  type SipMessage,
  type SipRequest,
  type SipResponse,
} from '../message/index.ts'
import type { Refusal } from './admission.ts'
import type { EndpointCore, SessionTimer } from './core.ts'

/** How long sessions may live without a sign of life from the far end (RFC 4028). */
export interface SessionTimerSettings {
  /** The interval that we ask for, and the longest that we accept, in s, at least `minSeconds`. */
  readonly expiresSeconds: number
  /** The shortest interval that we accept, in s, at least 90. */
  readonly minSeconds: number
  /**
   * Who refreshes where that is ours to say. `local`: we do, also for far ends that know no session timers; `remote`:
   * the far end. Default: as a caller we leave it to the far end, as a callee we do.
   */
  readonly refresher?: 'local' | 'remote'
}

export const DEFAULT_SESSION_TIMERS: SessionTimerSettings = { expiresSeconds: 1800, minSeconds: 90 }

/** What an expiry asks for in its time. */
export interface ExpiryListener {
  /** Half of the interval is over: send a refresh. */
  onRefreshDue(): void
  /** No refresh has come, or none of ours was accepted: send BYE. */
  onExpired(): void
}

/** No interval is shorter (RFC 4028 section 4), whatever a far end says. */
const LEAST_SECONDS = 90
/** A far end that wants to hear of us less often than this wants no session timer. */
const MOST_SECONDS = 86_400
/** How often one request is tried again with a longer interval. */
const MAX_RAISES = 4
/** After a refresh that was refused, the next one. */
const AGAIN_MS = 10_000

/**
 * The life of one session by RFC 4028: what our requests and responses say of it, and when it has to be refreshed or is
 * over. Every 2xx to a re-INVITE or UPDATE, of either side, begins the interval anew.
 *
 *     none --2xx with Session-Expires--> local: we refresh at half of the interval, again after a refusal
 *       |                            \-> remote: the far end does, or we end the session
 *       +--2xx without it, `refresher: 'local'`--> alone: we refresh, and a refusal is a sign of life, too
 *
 * Where it ends the session, it does so a third of the interval, at most 32 s, before the interval is over (section 10).
 */
export class SessionExpiry {
  readonly #core: EndpointCore
  readonly #settings: SessionTimerSettings
  #listener: ExpiryListener | undefined
  #state: 'none' | 'local' | 'remote' | 'alone' = 'none'
  #seconds: number
  #minSeconds: number
  #raises = 0
  #timer: SessionTimer | undefined
  #endsAt: Instant = 0

  private constructor(core: EndpointCore, settings: SessionTimerSettings) {
    this.#core = core
    this.#settings = settings
    this.#seconds = settings.expiresSeconds
    this.#minSeconds = settings.minSeconds
  }

  /** `undefined` where the endpoint has no session timers. */
  static of(core: EndpointCore): SessionExpiry | undefined {
    return core.sessionTimers && new SessionExpiry(core, core.sessionTimers)
  }

  /** From now on `listener` is told. */
  listen(listener: ExpiryListener): void {
    this.#listener = listener
  }

  /** We are the one who refreshes. */
  get isOurs(): boolean {
    return this.#state === 'local' || this.#state === 'alone'
  }

  /** What an INVITE or UPDATE of ours says (sections 7.1 and 7.4): within a session, the roles stay. */
  addToRequest(headers: SipHeaders): void {
    const refresher = this.#state === 'none' ? this.#settings.refresher : this.isOurs ? 'local' : 'remote'
    const seconds = Math.max(this.#seconds, this.#minSeconds)
    const role = refresher && ({ local: 'uac', remote: 'uas' } as const)[refresher]
    headers.add('session-expires', printSessionExpires(role === undefined ? { seconds } : { seconds, refresher: role }))
    if (this.#minSeconds > LEAST_SECONDS) headers.add('min-se', String(this.#minSeconds))
  }

  /** A 422 to our request (section 7.3). True: it may be sent again, with the longer interval. */
  raise(response: SipResponse): boolean {
    const minSeconds = secondsOf(response, 'min-se')
    if (minSeconds === undefined || minSeconds > MOST_SECONDS || minSeconds <= this.#minSeconds) return false
    if (this.#raises === MAX_RAISES) return false
    this.#raises++
    this.#minSeconds = minSeconds
    return true
  }

  /** A 2xx to our INVITE or UPDATE (section 7.2). Without Session-Expires the session does not expire. */
  onAnswered(response: SipResponse): void {
    this.#raises = 0
    const stated = statedBy(response)
    // Who forgets to say who refreshes leaves it to us: once too often does no harm.
    if (stated !== undefined) this.#begin(stated.refresher === 'uas' ? 'remote' : 'local', stated.seconds)
    else if (this.#settings.refresher === 'local') this.#begin('alone', Math.max(this.#seconds, this.#minSeconds))
    else this.stop()
  }

  /** What our 2xx to an INVITE or UPDATE says (section 9, table 2); the interval begins with it. */
  addToResponse(request: SipRequest, headers: SipHeaders): void {
    const isKnown = hasWord(request.headers, 'supported', 'timer')
    const asked = statedBy(request)
    const isWanted = asked !== undefined || isKnown || this.#state !== 'none' || this.#settings.refresher === 'local'
    if (!isWanted) return
    const least = Math.max(secondsOf(request, 'min-se') ?? 0, LEAST_SECONDS)
    const ours = Math.max(this.#state === 'none' ? this.#settings.expiresSeconds : this.#seconds, least)
    const refresher = isKnown ? this.#refresherFor(asked) : 'local'
    const isAgreed = isKnown || asked !== undefined
    this.#begin(isAgreed || refresher === 'remote' ? refresher : 'alone', Math.min(asked?.seconds ?? ours, ours))
    const role = refresher === 'local' ? 'uas' : 'uac'
    headers.add('session-expires', printSessionExpires({ seconds: this.#seconds, refresher: role }))
    if (isKnown) headers.add('require', 'timer')
  }

  /** A refresh or another change of ours was refused: the next refresh comes sooner. */
  onRefused(): void {
    if (this.#state === 'local') this.#timer?.setIn(Math.min(AGAIN_MS, Math.max(0, this.#endsAt - this.#core.now)))
  }

  /** The session is over, or does not expire. */
  stop(): void {
    this.#state = 'none'
    this.#timer?.clear()
  }

  /** Who refreshes a session whose caller leaves the choice to us, unless it does not. */
  #refresherFor(asked: SessionExpires | undefined): 'local' | 'remote' {
    if (asked?.refresher !== undefined) return asked.refresher === 'uas' ? 'local' : 'remote'
    if (this.#state !== 'none') return this.isOurs ? 'local' : 'remote'
    return this.#settings.refresher ?? 'local'
  }

  #begin(state: 'local' | 'remote' | 'alone', seconds: number): void {
    this.#state = state
    this.#seconds = seconds
    const intervalMs = 1000 * seconds
    const lifeMs = intervalMs - Math.min(32_000, intervalMs / 3)
    this.#endsAt = this.#core.now + lifeMs
    this.#timer ??= this.#core.timer(() => this.#onDue())
    this.#timer.setIn(state === 'remote' ? lifeMs : intervalMs / 2)
  }

  #onDue(): void {
    const { now } = this.#core
    if (this.#state === 'alone') this.#timer?.setIn(500 * this.#seconds)
    else if (now < this.#endsAt) this.#timer?.setIn(this.#endsAt - now)
    else {
      this.stop()
      this.#listener?.onExpired()
      return
    }
    this.#listener?.onRefreshDue()
  }
}

/**
 * Section 9: 422 to who asks for less than our minimum. Who knows no session timers could do nothing about that, since a
 * proxy on the way has asked.
 */
export function intervalRefusal(core: EndpointCore, request: SipRequest): Refusal | undefined {
  if (core.sessionTimers === undefined || !request.headers.has('session-expires')) return undefined
  const { minSeconds } = core.sessionTimers
  const asked = parseSessionExpires(request.headers.get('session-expires') ?? '')
  if (!asked.ok || asked.value.seconds >= minSeconds || !hasWord(request.headers, 'supported', 'timer'))
    return undefined
  return { status: 422, headers: [['Min-SE', String(minSeconds)]] }
}

/** Session-Expires of a message; in a response, less than the least counts as that. */
function statedBy(message: SipMessage): SessionExpires | undefined {
  const text = message.headers.get('session-expires')
  const stated = text === undefined ? undefined : parseSessionExpires(text)
  if (!stated?.ok) return undefined
  const { value } = stated
  if (value.seconds >= LEAST_SECONDS) return { ...value, seconds: Math.min(value.seconds, MOST_SECONDS) }
  return message.kind === 'request' ? undefined : { ...value, seconds: LEAST_SECONDS }
}

function secondsOf(message: SipMessage, name: 'min-se'): number | undefined {
  const text = message.headers.get(name)
  const seconds = text === undefined ? undefined : parseDeltaSeconds(text)
  return seconds?.ok ? seconds.value : undefined
}
