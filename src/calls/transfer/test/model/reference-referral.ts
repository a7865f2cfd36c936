import type { TransferCause } from '../../../index.ts'
import { FAULT_OF_NETWORK, type Observation, type Place, ReferenceTransfer } from './reference-transfer.ts'

export interface ReferralPlan {
  /** An attended one takes the place that we have in a call to the target. */
  readonly kind: 'blind' | 'attended'
  readonly target: number
  readonly timeoutMs: number
  /** Where the far end refuses to call by itself, the target is called here. */
  readonly bridges: boolean
  /** We know a password for the far end. */
  readonly hasCredentials: boolean
}

/** How long a request may go unanswered, and a subscription without a word after it was granted (64*T1). */
const UNANSWERED_MS = 32_000
/** How long a report is waited for after who has promised it has hung up, or the target of an attended transfer. */
const LATE_REPORT_MS = 10_000

/**
 * What is to come of a transfer by REFER, told from what the exchange gets to know of the REFER: like {@link ReferenceTransfer},
 * and one of those once the far end has refused and the target is called here.
 */
export class ReferenceReferral {
  readonly #plan: ReferralPlan
  /** All REFERs to this caller that are not answered, also those of transfers before: until when, by their CSeq. */
  readonly #unanswered: Map<number, number>
  /** The CSeqs of our REFER: its own, and those with credentials. */
  readonly #ours = new Set<number>()
  #caller: Place = 'app'
  #cause: TransferCause = 'NONE'
  #isOn = false
  #awaitsRetry = false
  #isAccepted = false
  #isHeard = false
  #isSubscribed = true
  #overdueAt = Number.POSITIVE_INFINITY
  /** When the subscription has expired. */
  #expiresAt = Number.POSITIVE_INFINITY
  #bridge: ReferenceTransfer | undefined
  /** The target has hung up on us. */
  #isTargetGone = false

  constructor(plan: ReferralPlan, before?: ReferenceReferral) {
    this.#plan = plan
    this.#unanswered = before === undefined ? new Map() : before.#unanswered
  }

  get caller(): Place {
    return this.#bridge?.caller ?? this.#caller
  }

  get cause(): TransferCause {
    return this.#bridge?.cause ?? this.#cause
  }

  /** The target that is with the application: of an attended transfer that did not come to pass. */
  get consulted(): number | undefined {
    const { kind, target } = this.#plan
    return kind === 'attended' && !this.#isTargetGone && this.#cause !== 'NORMAL' ? target : undefined
  }

  begin(now: number): void {
    this.#isOn = true
    this.#overdueAt = now + this.#plan.timeoutMs
  }

  /** Nothing was observed until now. */
  passes(now: number): void {
    for (;;) {
      const unansweredAt = Math.min(...this.#unanswered.values())
      const overdueAt = this.#isOn ? this.#overdueAt : Number.POSITIVE_INFINITY
      const next = Math.min(unansweredAt, overdueAt, this.#expiresAt)
      if (next > now || next === Number.POSITIVE_INFINITY) break
      if (next === unansweredAt) this.#goesUnanswered(next)
      else if (next === overdueAt) this.#end(this.#whoIsMissing ?? 'TIMEOUT')
      else this.#unsubscribed()
    }
    this.#bridge?.passes(now)
  }

  observe(what: Observation, now: number): void {
    this.passes(now)
    if (what.type === 'referSent') this.#sent(what.cseq, now)
    else if (what.type === 'referAnswered') this.#answered(what, now)
    else if (what.type === 'reported') this.#reported(what, now)
    else if (what.type === 'callerGone') this.#callerGone(now)
    else if (what.type === 'targetGone' && this.#plan.kind === 'attended') this.#targetGone(now)
    else this.#bridge?.observe(what, now)
  }

  #sent(cseq: number, now: number): void {
    if (this.#unanswered.has(cseq)) return
    this.#unanswered.set(cseq, now + UNANSWERED_MS)
    if (this.#ours.size === 0 || this.#awaitsRetry) this.#ours.add(cseq)
    this.#awaitsRetry = false
  }

  #answered({ cseq, status, isSubscribed }: Extract<Observation, { type: 'referAnswered' }>, now: number): void {
    if (!this.#unanswered.delete(cseq)) return
    const isOurs = this.#ours.has(cseq)
    const isFirst = this.#ours.size === 1
    if (status === 401 && this.#plan.hasCredentials && (!isOurs || isFirst)) this.#awaitsRetry = isOurs
    else if (isOurs && status < 300) this.#accepted(isSubscribed, now)
    else if (isOurs) this.#refused()
    // It knows no such call any more (RFC 5057 section 5.1).
    if (status === 481 || status === 408) this.#callerGone(now)
    else if (isOurs && status >= 300 && !this.#awaitsRetry) this.#bridges(now)
  }

  #accepted(isSubscribed: boolean, now: number): void {
    this.#isAccepted = true
    if (!isSubscribed) this.#unsubscribed()
    else if (!this.#isHeard) this.#expiresAt = now + UNANSWERED_MS
  }

  #refused(): void {
    this.#isSubscribed = false
    if (this.#isOn) this.#end(this.#whoIsMissing ?? 'FAIL')
  }

  #bridges(now: number): void {
    const { bridges, target, timeoutMs } = this.#plan
    if (!bridges || this.#cause !== 'FAIL' || this.#caller !== 'app' || this.#bridge !== undefined) return
    this.#bridge = new ReferenceTransfer({
      kind: 'forGood',
      groups: [[target]],
      timeoutMs,
      announces: false,
      acceptDigit: undefined,
      acceptTimeoutMs: 0,
    })
    this.#bridge.begin(now)
  }

  #goesUnanswered(at: number): void {
    for (const [cseq, until] of this.#unanswered) {
      if (until !== at) continue
      this.#unanswered.delete(cseq)
      if (this.#ours.has(cseq) && this.#isOn && !this.#isAccepted) this.#end(this.#whoIsMissing ?? 'FAIL')
    }
    this.#callerGone(at)
  }

  #reported({ refer, status, isLast, expiresMs }: Extract<Observation, { type: 'reported' }>, now: number): void {
    const isOurs = refer === undefined ? this.#ours.size > 0 : this.#ours.has(refer)
    if (!isOurs || !this.#isSubscribed) return
    this.#isHeard = true
    if (status !== undefined && this.#isOn) {
      this.#isAccepted = true
      if (status >= 300 && this.#isTargetGone) this.#end('TARGETHANGUP')
      else if (status >= 300) this.#end(FAULT_OF_NETWORK.has(status) ? 'FAIL' : 'TARGETREJECT')
      else if (status >= 200) {
        this.#end('NORMAL')
        this.#caller = 'gone'
      }
    }
    if (isLast) this.#unsubscribed()
    else this.#expiresAt = now + expiresMs
  }

  /** Nothing more will be reported. */
  #unsubscribed(): void {
    this.#isSubscribed = false
    this.#expiresAt = Number.POSITIVE_INFINITY
    if (this.#isOn) this.#end(this.#whoIsMissing ?? 'FAIL')
  }

  #callerGone(now: number): void {
    this.#bridge?.observe({ type: 'callerGone' }, now)
    if (this.#caller === 'gone') return
    this.#caller = 'gone'
    if (this.#isOn && !this.#isAccepted) this.#end('HANGUP')
    else this.#overdueAt = now + LATE_REPORT_MS
  }

  /** It may have another call in the place of ours already, which is reported then. */
  #targetGone(now: number): void {
    if (this.#isTargetGone) return
    this.#isTargetGone = true
    if (this.#isOn) this.#overdueAt = now + LATE_REPORT_MS
  }

  /** Who cannot tell any more how it went. */
  get #whoIsMissing(): TransferCause | undefined {
    return this.#caller === 'gone' ? 'HANGUP' : this.#isTargetGone ? 'TARGETHANGUP' : undefined
  }

  #end(cause: TransferCause): void {
    this.#isOn = false
    this.#cause = cause
  }
}
