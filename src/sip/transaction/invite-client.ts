import type { Instant } from '../../kit/index.ts'
import type { Peer } from '../endpoint/control.ts'
import type { SipRequest, SipResponse } from '../message/index.ts'
import { createAck } from './derived-requests.ts'
import type { LayerOutput, Send, TransactionId } from './port.ts'
import { createSend, isReliable } from './send.ts'
import { patienceMs, type TransactionTiming } from './timing.ts'
import { TransactionMachine, type TransitionTable } from './transaction-machine.ts'

export type InviteClientState = 'initial' | 'calling' | 'proceeding' | 'completed' | 'accepted' | 'terminated'
type Event = Timer | 'start' | '1xx' | '2xx' | '300-699' | 'cancel' | 'giveUp' | 'transportError' | 'connectionLost'
type Timer = 'A' | 'B' | 'D' | 'M' | 'cancelPatience'
type Action =
  | 'send request'
  | 'send ACK'
  | 'send CANCEL'
  | 'send held CANCEL'
  | 'hold CANCEL'
  | 'pass response'
  | 'start A'
  | 'double A'
  | 'stop A'
  | 'start B'
  | 'stop timers'
  | 'start D'
  | 'start M'
  | 'report timeout'
  | 'report transport error'
  | 'end'

export const INVITE_CLIENT_TABLE: TransitionTable<InviteClientState, Event, Action> = {
  initial: {
    // RFC 3261 17.1.1.2: "When a client transaction is created": send, then A (unreliable only) and B.
    start: ['calling', 'send request', 'start A', 'start B'],
  },
  calling: {
    // 17.1.1.2: retransmit at T1, 2*T1, 4*T1, ...
    A: ['calling', 'send request', 'double A'],
    // 17.1.1.2: nobody answered for 64*T1.
    B: ['terminated', 'report timeout', 'end'],
    // 17.1.1.2: a provisional response ends the retransmissions; 9.1: and frees a CANCEL that waited for it.
    '1xx': ['proceeding', 'stop timers', 'pass response', 'send held CANCEL'],
    // RFC 6026 7.2 and 8.4: 2xx leads to Accepted, which waits for those of other forks.
    '2xx': ['accepted', 'stop timers', 'pass response', 'start M'],
    // 17.1.1.2: the ACK for a failure is the transaction's own.
    '300-699': ['completed', 'stop timers', 'send ACK', 'pass response', 'start D'],
    // 9.1: a CANCEL must not be sent before a provisional response has come.
    cancel: ['calling', 'hold CANCEL'],
    // RFC 3263 4.3: another server is tried. Should this one have got the INVITE, it must not ring for nobody.
    giveUp: ['calling', 'stop A', 'hold CANCEL'],
    // 17.1.4.
    transportError: ['terminated', 'report transport error', 'end'],
    // The connection stood before: the far end may be there on another one, and knows the request by its branch.
    connectionLost: ['calling', 'send request'],
  },
  proceeding: {
    '1xx': ['proceeding', 'pass response'],
    '2xx': ['accepted', 'stop timers', 'pass response', 'start M'],
    '300-699': ['completed', 'stop timers', 'send ACK', 'pass response', 'start D'],
    cancel: ['proceeding', 'send CANCEL'],
    // 9.1, last paragraph: no final response 64*T1 after the CANCEL, so the original transaction is given up.
    cancelPatience: ['terminated', 'report timeout', 'end'],
  },
  completed: {
    // 17.1.1.2: a retransmitted failure tells that the ACK was lost; it is not passed up again.
    '300-699': ['completed', 'send ACK'],
    D: ['terminated', 'end'],
    // 17.1.1.2, 17.1.4: the ACK could not be sent.
    transportError: ['terminated', 'report transport error', 'end'],
  },
  accepted: {
    // RFC 6026 7.2: every further 2xx, retransmitted or of another fork, goes up to the TU, which sends the ACK.
    '2xx': ['accepted', 'pass response'],
    M: ['terminated', 'end'],
  },
  terminated: {},
}

export type InviteClientInput =
  | { readonly type: 'start' }
  | { readonly type: 'response'; readonly response: SipResponse }
  | { readonly type: 'cancel' | 'giveUp' }
  | { readonly type: 'transportError' | 'connectionLost'; readonly reason: string }

export type InviteClientOutput =
  | Extract<LayerOutput, { type: 'send' | 'response' | 'failed' | 'terminated' }>
  /** Now is the time to start a CANCEL transaction for this INVITE. */
  | { readonly type: 'sendCancel' }

export interface ClientOptions {
  readonly id: TransactionId
  /** The request with its Via; not to be changed any more. */
  readonly request: SipRequest
  readonly to: Peer
  readonly timing: TransactionTiming
}

/**
 * The INVITE client transaction (RFC 3261 section 17.1.1, figure 5, with the Accepted state of RFC 6026 figure 1).
 *
 *                            | start: send INVITE
 *              A: resend     v
 *                 +----- Calling ----- B or transport error: failed ------+
 *                 +------->  |                                            |
 *            2xx: pass       | 1xx: pass                                  |
 *        +-------------------+---------------+                            |
 *        |                   v               | 300-699: pass, send ACK    |
 *        |<------------ Proceeding ----------+                            |
 *        |   2xx: pass    |  ^ 1xx: pass     v                            |
 *        v                |  +--         Completed --- 300-699: send ACK  |
 *    Accepted             |                  |                            |
 *        | M              | after CANCEL     | D or transport error       |
 *        v                v                  v                            |
 *    Terminated <---------+------------------+----------------------------+
 *
 * 2xx in Accepted are passed. Drive it with `start` once; then `response`, `cancel` and `transportError` as they come.
 */
export class InviteClient extends TransactionMachine<
  InviteClientState,
  Event,
  Action,
  Timer,
  InviteClientInput,
  InviteClientOutput
> {
  readonly id: TransactionId
  readonly #send: Send
  readonly #timing: TransactionTiming
  #timerAMs = 0
  #cancel: 'none' | 'held' | 'sent' = 'none'
  #ack: Send | undefined
  #response: SipResponse | undefined
  #reason: string | undefined

  constructor(options: ClientOptions) {
    super(INVITE_CLIENT_TABLE, 'initial', ['A', 'B', 'D', 'M', 'cancelPatience'])
    this.id = options.id
    this.#send = createSend(options.request, options.to)
    this.#timing = options.timing
  }

  get request(): SipRequest {
    return this.#send.message as SipRequest
  }

  get to(): Peer {
    return this.#send.to
  }

  handle(input: InviteClientInput, now: Instant): void {
    if (input.type === 'response') {
      this.#response = input.response
      this.follow(responseEvent(input.response.status), now)
      this.#response = undefined
    } else {
      if (input.type === 'transportError' || input.type === 'connectionLost') this.#reason = input.reason
      this.follow(input.type, now)
    }
  }

  protected override perform(action: Action, now: Instant): void {
    switch (action) {
      case 'send request':
        this.emit(this.#send)
        break
      case 'send ACK':
        this.#ack ??= createSend(createAck(this.request, this.#response as SipResponse), this.to)
        this.emit(this.#ack)
        break
      case 'hold CANCEL':
        this.#cancel = 'held'
        break
      case 'send held CANCEL':
        if (this.#cancel === 'held') this.perform('send CANCEL', now)
        break
      case 'send CANCEL':
        if (this.#cancel === 'sent') break
        this.#cancel = 'sent'
        this.emit({ type: 'sendCancel' })
        this.start('cancelPatience', patienceMs(this.#timing), now)
        break
      case 'pass response':
        this.emit({ type: 'response', id: this.id, response: this.#response as SipResponse })
        break
      case 'start A':
        this.#timerAMs = this.#timing.t1Ms
        if (!isReliable(this.to)) this.start('A', this.#timerAMs, now)
        break
      case 'double A':
        this.#timerAMs *= 2
        this.start('A', this.#timerAMs, now)
        break
      case 'stop A':
        this.stop('A')
        break
      case 'start B':
        this.start('B', patienceMs(this.#timing), now)
        break
      case 'stop timers':
        this.stopAll()
        break
      case 'start D':
        this.start('D', isReliable(this.to) ? 0 : this.#timing.timerDMs, now)
        break
      case 'start M':
        this.start('M', patienceMs(this.#timing), now)
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
}

function responseEvent(status: number): '1xx' | '2xx' | '300-699' {
  return status < 200 ? '1xx' : status < 300 ? '2xx' : '300-699'
}
