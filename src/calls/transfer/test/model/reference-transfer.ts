import type { TransferCause } from '../../../index.ts'

/** Where a party is: the caller with his application, with the target of that number, in the room, or gone. */
export type Place = 'app' | 'room' | 'gone' | number

/** What the exchange gets to know, in the order in which it does: from far ends, from media, from the application. */
export type Observation =
  | { readonly type: 'answered'; readonly target: number; readonly hasSound: boolean }
  | { readonly type: 'refused'; readonly target: number; readonly status: number }
  | { readonly type: 'targetGone'; readonly target: number; readonly isBroken: boolean }
  | { readonly type: 'announced'; readonly target: number }
  | { readonly type: 'digit'; readonly target: number; readonly digit: string }
  | { readonly type: 'bridged'; readonly target: number; readonly isDone: boolean }
  | { readonly type: 'mixed'; readonly isDone: boolean }
  | { readonly type: 'putOut' }
  | { readonly type: 'exitDigit' }
  | { readonly type: 'callerGone' }
  | { readonly type: 'retrieve' }
  /** The application hangs up the channel that carries the call to the target or room. */
  | { readonly type: 'hangUpCarrier' }
  /** To the caller, or again with credentials. */
  | { readonly type: 'referSent'; readonly cseq: number }
  | { readonly type: 'referAnswered'; readonly cseq: number; readonly status: number; readonly isSubscribed: boolean }
  /** A NOTIFY of the caller, in order. */
  | {
      readonly type: 'reported'
      /** The CSeq of the REFER, where it says that. */
      readonly refer: number | undefined
      readonly status: number | undefined
      readonly isLast: boolean
      readonly expiresMs: number
    }

export interface ReferencePlan {
  readonly kind: 'forGood' | 'onLoan' | 'room'
  /** Numbers of targets, group after group. */
  readonly groups: readonly (readonly number[])[]
  readonly timeoutMs: number
  readonly announces: boolean
  readonly acceptDigit: string | undefined
  readonly acceptTimeoutMs: number
}

/**
 * What is to come of a transfer, told from what the exchange gets to know. Written apart from the machine that it judges, and
 * in another way: it looks at the caller's place and at what each target has come to, and knows no phases of media.
 */
export class ReferenceTransfer {
  caller: Place = 'app'
  cause: TransferCause = 'NONE'
  readonly #plan: ReferencePlan
  /** The caller is with nobody yet. */
  #isOn = false
  #ringing = new Set<number>()
  #taker: number | undefined
  /** The taker has been told who calls, and wants him. */
  #isWanted = false
  #group = 0
  #failures: TransferCause[] = []
  #overdueAt = Number.POSITIVE_INFINITY

  constructor(plan: ReferencePlan) {
    this.#plan = plan
  }

  begin(now: number): void {
    this.#isOn = true
    this.#overdueAt = now + this.#plan.timeoutMs
    if (this.#plan.kind !== 'room') this.#ring(now)
  }

  /** Nothing was observed until now. */
  passes(now: number): void {
    while (this.#isOn && now >= this.#overdueAt) this.#overdue(this.#overdueAt)
  }

  observe(what: Observation, now: number): void {
    this.passes(now)
    if (what.type === 'callerGone') this.#callerGone()
    else if (typeof this.caller === 'number' || this.caller === 'room') this.#whileThere(what)
    else if (this.#isOn && this.#plan.kind === 'room') this.#whileEntering(what)
    else if (this.#isOn) this.#whileWaiting(what, now)
  }

  #callerGone(): void {
    if (this.caller === 'gone') return
    this.caller = 'gone'
    if (this.#isOn) this.#end('HANGUP')
  }

  #whileThere(what: Observation): void {
    switch (what.type) {
      case 'targetGone':
        if (what.target === this.caller) this.caller = this.#plan.kind === 'onLoan' ? 'app' : 'gone'
        return
      case 'putOut':
        this.caller = 'gone'
        return
      case 'retrieve':
      case 'exitDigit':
      case 'hangUpCarrier':
        this.caller = 'app'
        return
      case 'mixed':
        if (!what.isDone) this.caller = 'app'
        return
    }
  }

  #whileEntering(what: Observation): void {
    if (what.type === 'hangUpCarrier') this.#end('FAIL')
    else if (what.type === 'putOut') this.#end('TARGETHANGUP')
    else if (what.type === 'exitDigit') this.#end('FAIL')
    else if (what.type === 'mixed' && !what.isDone) this.#end('FAIL')
    else if (what.type === 'mixed') {
      this.caller = 'room'
      this.#end('NORMAL')
    }
  }

  #whileWaiting(what: Observation, now: number): void {
    if (what.type === 'hangUpCarrier') {
      this.#failures.push('FAIL')
      this.#ringing.clear()
      this.#taker = undefined
      this.#next(now)
      return
    }
    if (!('target' in what)) return
    const { target } = what
    if (this.#ringing.has(target)) {
      if (what.type === 'answered' && what.hasSound) this.#answered(target, now)
      else if (what.type === 'answered') this.#without(target, 'FAIL', now)
      else if (what.type === 'refused')
        this.#without(target, FAULT_OF_NETWORK.has(what.status) ? 'FAIL' : 'TARGETREJECT', now)
      else if (what.type === 'targetGone') this.#without(target, 'FAIL', now)
    } else if (target === this.#taker) this.#ofTaker(what, now)
  }

  #ofTaker(what: Observation, now: number): void {
    if (what.type === 'targetGone') this.#lost(what.isBroken ? 'FAIL' : 'TARGETHANGUP', now)
    else if (what.type === 'announced') {
      if (this.#plan.acceptDigit === undefined) this.#want()
      else if (!this.#isWanted) this.#overdueAt = now + this.#plan.acceptTimeoutMs
    } else if (what.type === 'digit' && what.digit === this.#plan.acceptDigit) this.#want()
    else if (what.type === 'bridged' && this.#isWanted) {
      if (!what.isDone) this.#lost('FAIL', now)
      else {
        this.caller = this.#taker as number
        this.#end('NORMAL')
      }
    }
  }

  #ring(now: number): void {
    this.#ringing = new Set(this.#plan.groups[this.#group++] ?? [])
    this.#overdueAt = now + this.#plan.timeoutMs
    this.#isWanted = false
  }

  #answered(target: number, now: number): void {
    this.#ringing.clear()
    this.#taker = target
    this.#overdueAt = Number.POSITIVE_INFINITY
    const { announces, acceptDigit, acceptTimeoutMs } = this.#plan
    if (!announces && acceptDigit === undefined) this.#want()
    else if (!announces) this.#overdueAt = now + acceptTimeoutMs
  }

  #want(): void {
    this.#isWanted = true
    this.#overdueAt = Number.POSITIVE_INFINITY
  }

  #without(target: number, why: TransferCause, now: number): void {
    this.#failures.push(why)
    this.#ringing.delete(target)
    if (this.#ringing.size === 0) this.#next(now)
  }

  #lost(why: TransferCause, now: number): void {
    this.#failures.push(why)
    this.#taker = undefined
    this.#next(now)
  }

  #next(now: number): void {
    if (this.#group < this.#plan.groups.length) this.#ring(now)
    else this.#end(BEST.find((cause) => this.#failures.includes(cause)) ?? 'FAIL')
  }

  #overdue(at: number): void {
    if (this.#plan.kind === 'room') this.#end('TIMEOUT')
    else if (this.#taker !== undefined) this.#lost('TARGETREJECT', at)
    else {
      this.#failures.push('TIMEOUT')
      this.#next(at)
    }
  }

  #end(cause: TransferCause): void {
    this.#isOn = false
    this.cause = cause
  }
}

/** Of several failures the one is told that says most. */
const BEST: readonly TransferCause[] = ['TARGETHANGUP', 'TARGETREJECT', 'TIMEOUT', 'FAIL']
/** 502, 503, 504: nobody could be asked. */
export const FAULT_OF_NETWORK: ReadonlySet<number> = new Set([502, 503, 504])
