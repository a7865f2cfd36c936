import type { Instant } from '../../kit/index.ts'
import type { Peer } from '../endpoint/control.ts'
import { createResponse, type SipRequest, type SipResponse, toTag } from '../message/index.ts'
import type { LayerOutput, Send, TransactionId } from './port.ts'
import { createSend, isReliable } from './send.ts'
import { patienceMs, type TransactionTiming } from './timing.ts'
import { TransactionMachine, type TransitionTable } from './transaction-machine.ts'

export type InviteServerState = 'initial' | 'proceeding' | 'completed' | 'confirmed' | 'accepted' | 'terminated'
type Event = Timer | 'request' | 'ack' | '1xx' | '2xx' | '300-699' | 'transportError'
type Timer = 'trying' | 'G' | 'H' | 'I' | 'L'
type Action =
  | 'pass request'
  | 'pass ACK'
  | 'report ACK'
  | 'send response'
  | 'resend last response'
  | 'send 100'
  | 'start trying'
  | 'stop timers'
  | 'start G'
  | 'double G'
  | 'start H'
  | 'start I'
  | 'start L'
  | 'report timeout'
  | 'report transport error'
  | 'end'

export const INVITE_SERVER_TABLE: TransitionTable<InviteServerState, Event, Action> = {
  initial: {
    // RFC 3261 17.2.1: the TU gets the request; 100 follows unless the TU responds within 200 ms.
    request: ['proceeding', 'pass request', 'start trying'],
  },
  proceeding: {
    // 17.2.1: a retransmitted INVITE gets the most recent provisional response.
    request: ['proceeding', 'resend last response'],
    trying: ['proceeding', 'send 100'],
    '1xx': ['proceeding', 'stop timers', 'send response'],
    // RFC 6026 7.1 and 8.5: 2xx leads to Accepted.
    '2xx': ['accepted', 'stop timers', 'send response', 'start L'],
    // 17.2.1: G only on an unreliable transport, H on every one.
    '300-699': ['completed', 'stop timers', 'send response', 'start G', 'start H'],
    // RFC 6026 8.8: the TU is told, the state stays.
    transportError: ['proceeding', 'report transport error'],
  },
  completed: {
    request: ['completed', 'resend last response'],
    // 17.2.1: retransmit at T1, 2*T1, ... never more than T2 apart, until the ACK comes.
    G: ['completed', 'resend last response', 'double G'],
    // 17.2.1: the ACK never came.
    H: ['terminated', 'report timeout', 'end'],
    ack: ['confirmed', 'stop timers', 'report ACK', 'start I'],
    transportError: ['completed', 'report transport error'],
  },
  confirmed: {
    // 17.2.1: further ACKs are absorbed until I.
    I: ['terminated', 'end'],
  },
  accepted: {
    // RFC 6026 7.1: retransmitted INVITEs are absorbed; the TU retransmits the 2xx, through here; ACKs are the TU's.
    '2xx': ['accepted', 'send response'],
    ack: ['accepted', 'pass ACK'],
    L: ['terminated', 'end'],
    transportError: ['accepted', 'report transport error'],
  },
  terminated: {},
}

export type InviteServerInput =
  /** The INVITE, first or retransmitted. */
  | { readonly type: 'request' }
  | { readonly type: 'ack'; readonly request: SipRequest; readonly from: Peer }
  | { readonly type: 'respond'; readonly response: SipResponse }
  | { readonly type: 'transportError'; readonly reason: string }

export type ServerOutput = Extract<
  LayerOutput,
  { type: 'send' | 'request' | 'ack' | 'acknowledged' | 'failed' | 'terminated' }
>

/** What a server transaction is made with. */
export interface ServerOptions {
  readonly id: TransactionId
  readonly request: SipRequest
  readonly from: Peer
  /** Where responses go (RFC 3261 section 18.2.2, RFC 3581). */
  readonly replyTo: Peer
  readonly timing: TransactionTiming
}

/**
 * The INVITE server transaction (RFC 3261 section 17.2.1, figure 7, with the Accepted state of RFC 6026 figure 2).
 *
 *                            | INVITE: pass
 *     INVITE: resend 1xx     v
 *     1xx from TU: send  Proceeding    (100 after 200 ms)
 *                            |
 *        2xx from TU: send   |   300-699 from TU: send
 *        +-------------------+-------------------+
 *        v                                       v       INVITE, G: resend
 *     Accepted   2xx from TU: send           Completed ------- H: failed -----+
 *        |       ACK: pass                       | ACK: acknowledged          |
 *        |       INVITE: absorbed                v                            |
 *        | L                                 Confirmed   ACK: absorbed        |
 *        v                                       | I                          |
 *    Terminated <--------------------------------+----------------------------+
 *
 * A transport error is reported and changes nothing (RFC 6026 section 8.8).
 */
export class InviteServer extends TransactionMachine<
  InviteServerState,
  Event,
  Action,
  Timer,
  InviteServerInput,
  ServerOutput
> {
  readonly id: TransactionId
  readonly replyTo: Peer
  readonly #from: Peer
  readonly #timing: TransactionTiming
  /** Let go at the first final response: only 100 Trying needs it. */
  #request: SipRequest | undefined
  #response: SipResponse | undefined
  /** Until a 2xx has left: it is the TU that says one again, and this transaction lasts for half a minute longer. */
  #last: Send | undefined
  #answerTag: string | undefined
  #timerGMs = 0
  #ack: { readonly request: SipRequest; readonly from: Peer } | undefined
  #reason: string | undefined

  constructor(options: ServerOptions) {
    super(INVITE_SERVER_TABLE, 'initial', ['trying', 'G', 'H', 'I', 'L'])
    this.id = options.id
    this.replyTo = options.replyTo
    this.#request = options.request
    this.#from = options.from
    this.#timing = options.timing
  }

  /** The To tag of the last response sent, if any. */
  get lastTag(): string | undefined {
    return this.#last === undefined ? this.#answerTag : toTag(this.#last.message)
  }

  handle(input: InviteServerInput, now: Instant): void {
    switch (input.type) {
      case 'request':
        this.follow('request', now)
        break
      case 'ack':
        this.#ack = input
        this.follow('ack', now)
        this.#ack = undefined
        break
      case 'respond':
        this.#response = input.response
        this.follow(responseEvent(input.response.status), now)
        this.#response = undefined
        break
      case 'transportError':
        this.#reason = input.reason
        this.follow('transportError', now)
        break
    }
  }

  protected override perform(action: Action, now: Instant): void {
    switch (action) {
      case 'pass request':
        this.emit({ type: 'request', id: this.id, request: this.#request as SipRequest, from: this.#from })
        break
      case 'pass ACK':
        if (this.#ack !== undefined) this.emit({ type: 'ack', request: this.#ack.request, from: this.#ack.from })
        break
      case 'report ACK':
        this.emit({ type: 'acknowledged', id: this.id })
        break
      case 'send response':
        this.#sendResponse(this.#response as SipResponse)
        break
      case 'resend last response':
        if (this.#last !== undefined) this.emit(this.#last)
        break
      case 'send 100':
        this.#sendResponse(createResponse(this.#request as SipRequest, 100))
        break
      case 'start trying':
        this.start('trying', this.#timing.tryingMs, now)
        break
      case 'stop timers':
        this.stopAll()
        break
      case 'start G':
        this.#timerGMs = this.#timing.t1Ms
        if (!isReliable(this.replyTo)) this.start('G', this.#timerGMs, now)
        break
      case 'double G':
        this.#timerGMs = Math.min(2 * this.#timerGMs, this.#timing.t2Ms)
        this.start('G', this.#timerGMs, now)
        break
      case 'start H':
        this.start('H', patienceMs(this.#timing), now)
        break
      case 'start I':
        this.start('I', isReliable(this.replyTo) ? 0 : this.#timing.t4Ms, now)
        break
      case 'start L':
        this.start('L', patienceMs(this.#timing), now)
        break
      case 'report timeout':
        this.emit({ type: 'failed', id: this.id, cause: 'timeout' })
        break
      case 'report transport error':
        this.emit({ type: 'failed', id: this.id, cause: 'transport', detail: this.#reason ?? '' })
        break
      case 'end':
        this.stopAll()
        this.emit({ type: 'terminated', id: this.id })
        break
    }
  }

  #sendResponse(response: SipResponse): void {
    if (response.status >= 200) this.#request = undefined
    if (this.#last?.message !== response) this.#last = createSend(response, this.replyTo)
    this.emit(this.#last)
    if (responseEvent(response.status) !== '2xx') return
    this.#answerTag = toTag(response)
    this.#last = undefined
  }
}

function responseEvent(status: number): '1xx' | '2xx' | '300-699' {
  return status < 200 ? '1xx' : status < 300 ? '2xx' : '300-699'
}
