import type { Instant } from '../../kit/index.ts'
import type { Peer } from '../endpoint/control.ts'
import type { SipRequest, SipResponse } from '../message/index.ts'
import type { ClientOptions } from './invite-client.ts'
import type { LayerOutput, Send, TransactionId } from './port.ts'
import { createSend, isReliable } from './send.ts'
import { patienceMs, type TransactionTiming } from './timing.ts'
import { TransactionMachine, type TransitionTable } from './transaction-machine.ts'

export type NonInviteClientState = 'initial' | 'trying' | 'proceeding' | 'completed' | 'terminated'
type Event = Timer | 'start' | '1xx' | '200-699' | 'giveUp' | 'transportError' | 'connectionLost'
type Timer = 'E' | 'F' | 'K'
type Action =
  | 'send request'
  | 'pass response'
  | 'start E'
  | 'double E'
  | 'start E at T2'
  | 'start F'
  | 'start K'
  | 'stop timers'
  | 'report timeout'
  | 'report transport error'
  | 'end'

export const NON_INVITE_CLIENT_TABLE: TransitionTable<NonInviteClientState, Event, Action> = {
  initial: {
    // RFC 3261 17.1.2.2: send, then F, and E on an unreliable transport.
    start: ['trying', 'send request', 'start E', 'start F'],
  },
  trying: {
    // 17.1.2.2: retransmit at T1, 2*T1, 4*T1, ... but never more than T2 apart.
    E: ['trying', 'send request', 'double E'],
    F: ['terminated', 'report timeout', 'end'],
    '1xx': ['proceeding', 'pass response'],
    '200-699': ['completed', 'stop timers', 'pass response', 'start K'],
    // RFC 3263 4.3: another server is tried.
    giveUp: ['terminated', 'end'],
    // 17.1.4.
    transportError: ['terminated', 'report transport error', 'end'],
    // The connection stood before: the far end may be there on another one, and knows the request by its branch.
    connectionLost: ['trying', 'send request'],
  },
  proceeding: {
    // 17.1.2.2: a provisional response slows the retransmissions down to T2; it does not end them.
    E: ['proceeding', 'send request', 'start E at T2'],
    F: ['terminated', 'report timeout', 'end'],
    '1xx': ['proceeding', 'pass response'],
    '200-699': ['completed', 'stop timers', 'pass response', 'start K'],
    transportError: ['terminated', 'report transport error', 'end'],
    connectionLost: ['terminated', 'report transport error', 'end'],
  },
  completed: {
    // 17.1.2.2: retransmitted responses are absorbed until K.
    K: ['terminated', 'end'],
  },
  terminated: {},
}

export type NonInviteClientInput =
  | { readonly type: 'start' | 'giveUp' }
  | { readonly type: 'response'; readonly response: SipResponse }
  | { readonly type: 'transportError' | 'connectionLost'; readonly reason: string }

export type NonInviteClientOutput = Extract<LayerOutput, { type: 'send' | 'response' | 'failed' | 'terminated' }>

/**
 * The client transaction of every method but INVITE and ACK (RFC 3261 section 17.1.2, figure 6).
 *
 *                    | start: send request
 *                    v
 *       E: resend  Trying -------- F or transport error: failed ----+
 *                    |   |                                          |
 *          1xx: pass |   | 200-699: pass                            |
 *                    v   +------------+                             |
 *     E: resend  Proceeding --------- | --- F or transport error ---+
 *     1xx: pass      | 200-699: pass  |                             |
 *                    v                |                             |
 *                Completed <----------+                             |
 *                    | K                                            |
 *                    v                                              |
 *                Terminated <---------------------------------------+
 */
export class NonInviteClient extends TransactionMachine<
  NonInviteClientState,
  Event,
  Action,
  Timer,
  NonInviteClientInput,
  NonInviteClientOutput
> {
  readonly id: TransactionId
  readonly #send: Send
  readonly #timing: TransactionTiming
  #timerEMs = 0
  #response: SipResponse | undefined
  #reason: string | undefined

  constructor(options: ClientOptions) {
    super(NON_INVITE_CLIENT_TABLE, 'initial', ['E', 'F', 'K'])
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

  handle(input: NonInviteClientInput, now: Instant): void {
    if (input.type === 'response') {
      this.#response = input.response
      this.follow(input.response.status < 200 ? '1xx' : '200-699', now)
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
      case 'pass response':
        this.emit({ type: 'response', id: this.id, response: this.#response as SipResponse })
        break
      case 'start E':
        this.#timerEMs = this.#timing.t1Ms
        if (!isReliable(this.to)) this.start('E', this.#timerEMs, now)
        break
      case 'double E':
        this.#timerEMs = Math.min(2 * this.#timerEMs, this.#timing.t2Ms)
        this.start('E', this.#timerEMs, now)
        break
      case 'start E at T2':
        this.start('E', this.#timing.t2Ms, now)
        break
      case 'start F':
        this.start('F', patienceMs(this.#timing), now)
        break
      case 'start K':
        this.start('K', isReliable(this.to) ? 0 : this.#timing.t4Ms, now)
        break
      case 'stop timers':
        this.stopAll()
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
