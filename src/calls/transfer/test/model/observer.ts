import type { LegId, MediaCommand, MediaEvent } from '../../../../media/index.ts'
import {
  addressParam,
  cseqOf,
  parseEvent,
  parseSubscriptionState,
  type SipMessage,
  sipfragStatusOf,
} from '../../../../sip/index.ts'
import type { Observation } from './reference-transfer.ts'

/** Whose leg of the media plane it is: of a caller, of the target of that number, or of a service. */
export type Who = 'alice' | 'carol' | 'service' | number

/** The service that stands for a target. */
export const serviceOfTarget = (target: number) => `helper${target}`

/** Subscriptions of which nothing is said of how long they are good for. */
const DEFAULT_EXPIRES_S = 300

/** Watches what reaches the exchange, and says what it gets to know by that. */
export class Observer {
  /** Whose leg of the media plane is opened next; then those of the targets that are dialled; services answer after them. */
  readonly answering: ('alice' | 'carol')[] = []
  dialled: number[] = []
  carolIsIn = false
  readonly #addresses: { readonly alice: string; readonly carol: string; readonly targets: readonly string[] }
  readonly #observe: (what: Observation) => void
  readonly #legs = new Map<LegId, Who>()
  /** Targets that have described their sound before an answer. */
  readonly #early = new Set<number>()
  /** Calls to services: whose they are, and the tag of who calls. */
  readonly #inside = new Map<string, { readonly target: number; readonly callerTag: string | undefined }>()
  #lastCSeqOfAlice = 0

  constructor(
    addresses: { readonly alice: string; readonly carol: string; readonly targets: readonly string[] },
    observe: (what: Observation) => void,
  ) {
    this.#addresses = addresses
    this.#observe = observe
  }

  get legs(): readonly Who[] {
    return [...this.#legs.values()]
  }

  legOf(who: Who): LegId | undefined {
    return [...this.#legs].find(([, each]) => each === who)?.[0]
  }

  noteLeg(command: MediaCommand): void {
    if (command.type === 'open')
      this.#legs.set(command.leg, this.answering.shift() ?? this.dialled.shift() ?? 'service')
  }

  hearMessage(message: SipMessage, address: string, isSent: boolean): void {
    const { alice, carol, targets } = this.#addresses
    const target = address.includes(':') ? this.#targetInside(message) : targets.indexOf(address)
    if (address === alice) this.#hearAlice(message, isSent)
    else if (isSent || target === undefined) return
    else if (message.kind === 'response') this.#hearAnswer(message, target)
    else if (message.method === 'BYE' && address === carol) this.carolLeaves()
    else if (message.method === 'BYE') this.#observe({ type: 'targetGone', target, isBroken: hasFailed(message) })
  }

  hearMedia(event: MediaEvent): void {
    const who = this.#legs.get(event.leg)
    if (typeof who === 'number') this.#hearMediaOfTarget(event, who)
    else if (who === 'carol' && (event.type === 'failed' || event.type === 'mixFailed')) this.carolLeaves()
    else if (who === 'alice') this.#hearMediaOfAlice(event)
  }

  carolLeaves(): void {
    if (this.carolIsIn) this.#observe({ type: 'putOut' })
    this.carolIsIn = false
  }

  /** The target whose service said this; `undefined` when it was said to the service. */
  #targetInside(message: SipMessage): number | undefined {
    const callId = message.headers.get('call-id') ?? ''
    const fromTag = addressParam(message.headers.get('from') ?? '', 'tag')
    if (message.kind === 'request' && message.method === 'INVITE' && !this.#inside.has(callId)) {
      const target = Number(/^sip:helper(\d)@/.exec(message.uri)?.[1])
      this.#inside.set(callId, { target, callerTag: fromTag })
    }
    const call = this.#inside.get(callId)
    const isOfCaller = fromTag === call?.callerTag
    return isOfCaller === (message.kind === 'response') ? call?.target : undefined
  }

  #hearAnswer(message: SipMessage & { kind: 'response' }, target: number): void {
    if (target < 0 || cseqOf(message)?.method !== 'INVITE') return
    if (message.body.length > 0) this.#early.add(target)
    if (message.status >= 300) this.#observe({ type: 'refused', target, status: message.status })
    else if (message.status >= 200) this.#observe({ type: 'answered', target, hasSound: this.#early.has(target) })
  }

  #hearAlice(message: SipMessage, isSent: boolean): void {
    const { number: cseq = 0, method } = cseqOf(message) ?? {}
    if (isSent) {
      if (message.kind === 'request' && method === 'REFER') this.#observe({ type: 'referSent', cseq })
    } else if (message.kind === 'response') {
      const isSubscribed = message.headers.get('refer-sub') !== 'false'
      if (method === 'REFER' && message.status >= 200)
        this.#observe({ type: 'referAnswered', cseq, status: message.status, isSubscribed })
    } else if (method !== 'ACK' && method !== 'CANCEL') {
      // What comes too late is refused, what comes again is known (RFC 3261 section 12.2.2).
      const isInOrder = cseq > this.#lastCSeqOfAlice
      if (isInOrder) this.#lastCSeqOfAlice = cseq
      if (method === 'BYE') this.#observe({ type: 'callerGone' })
      else if (method === 'NOTIFY' && isInOrder) this.#hearReport(message)
    }
  }

  #hearReport(notify: SipMessage & { kind: 'request' }): void {
    const event = parseEvent(notify.headers.get('event') ?? '')
    const said = parseSubscriptionState(notify.headers.get('subscription-state') ?? '')
    const { state, expiresS = DEFAULT_EXPIRES_S } = said.ok ? said.value : { state: 'active' }
    const id = event.ok ? event.value.id : undefined
    this.#observe({
      type: 'reported',
      refer: id === undefined ? undefined : Number(id),
      status: sipfragStatusOf(notify)?.status,
      isLast: state === 'terminated',
      expiresMs: expiresS * 1000,
    })
  }

  #hearMediaOfTarget(event: MediaEvent, target: number): void {
    if (event.type === 'failed') this.#observe({ type: 'targetGone', target, isBroken: true })
    else if (event.type === 'digit') this.#observe({ type: 'digit', target, digit: event.digit })
    else if (event.type === 'finished' && event.cause === 'NORMAL') this.#observe({ type: 'announced', target })
  }

  #hearMediaOfAlice(event: MediaEvent): void {
    if (event.type === 'failed') this.#observe({ type: 'callerGone' })
    else if (event.type === 'digit' && event.digit === '#') this.#observe({ type: 'exitDigit' })
    else if (event.type === 'mixed') this.#observe({ type: 'mixed', isDone: true })
    else if (event.type === 'mixFailed') this.#observe({ type: 'mixed', isDone: false })
    else if (event.type === 'bridged' || event.type === 'bridgeFailed') {
      const target = this.#legs.get(event.other)
      if (typeof target === 'number') this.#observe({ type: 'bridged', target, isDone: event.type === 'bridged' })
    }
  }
}

/** It does not hang up: something has gone wrong there (Q.850 cause 41). */
function hasFailed(bye: SipMessage): boolean {
  return /^Q\.850;cause=41\b/.test(bye.headers.get('reason') ?? '')
}
