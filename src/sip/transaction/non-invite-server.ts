import type { Instant } from '../../kit/index.ts'
import type { Peer } from '../endpoint/control.ts'
import type { SipRequest, SipResponse } from '../message/index.ts'
import type { ServerOptions, ServerOutput } from './invite-server.ts'
import type { Send, TransactionId } from './port.ts'
import { createFinalSend, createSend, isReliable } from './send.ts'
import { patienceMs, type TransactionTiming } from './timing.ts'
import { TransactionMachine, type TransitionTable } from './transaction-machine.ts'

export type NonInviteServerState = 'initial' | 'trying' | 'proceeding' | 'completed' | 'terminated'
type Event = 'J' | 'request' | '1xx' | '200-699' | 'transportError'
type Action = 'pass request' | 'send response' | 'resend last response' | 'start J' | 'report transport error' | 'end'

export const NON_INVITE_SERVER_TABLE: TransitionTable<NonInviteServerState, Event, Action> = {
  initial: {
    // RFC 3261 17.2.2.
    request: ['trying', 'pass request'],
  },
  trying: {
    // 17.2.2: retransmitted requests are absorbed, so there is no row for them.
    '1xx': ['proceeding', 'send response'],
    '200-699': ['completed', 'send response', 'start J'],
    // RFC 6026 8.8: the TU is told, the state stays.
    transportError: ['trying', 'report transport error'],
  },
  proceeding: {
    request: ['proceeding', 'resend last response'],
    '1xx': ['proceeding', 'send response'],
    '200-699': ['completed', 'send response', 'start J'],
    transportError: ['proceeding', 'report transport error'],
  },
  completed: {
    // 17.2.2: a retransmitted request gets the final response again; further finals of the TU are discarded.
    request: ['completed', 'resend last response'],
    J: ['terminated', 'end'],
    transportError: ['completed', 'report transport error'],
  },
  terminated: {},
}

export type NonInviteServerInput =
  /** The request, first or retransmitted. */
  | { readonly type: 'request' }
  | { readonly type: 'respond'; readonly response: SipResponse }
  | { readonly type: 'transportError'; readonly reason: string }

/**
 * The server transaction of every method but INVITE and ACK (RFC 3261 section 17.2.2, figure 8).
 *
 *                       | request: pass
 *                       v
 *                    Trying       request: absorbed
 *                     |   |
 *         1xx: send   |   | 200-699: send
 *                     v   +----------+
 *      request:  Proceeding          |
 *      resend 1xx     | 200-699: send|
 *                     v              |
 *      request:   Completed <--------+
 *      resend         | J
 *                     v
 *                 Terminated
 *
 * A transport error is reported and changes nothing (RFC 6026 section 8.8).
 */
export class NonInviteServer extends TransactionMachine<
  NonInviteServerState,
  Event,
  Action,
  'J',
  NonInviteServerInput,
  ServerOutput
> {
  readonly id: TransactionId
  readonly replyTo: Peer
  readonly #from: Peer
  readonly #timing: TransactionTiming
  /** Let go once it has been passed to the TU. */
  #request: SipRequest | undefined
  #response: SipResponse | undefined
  #last: Send | undefined
  #reason: string | undefined

  constructor(options: ServerOptions) {
    super(NON_INVITE_SERVER_TABLE, 'initial', ['J'])
    this.id = options.id
    this.replyTo = options.replyTo
    this.#request = options.request
    this.#from = options.from
    this.#timing = options.timing
  }

  handle(input: NonInviteServerInput, now: Instant): void {
    if (input.type === 'respond') {
      this.#response = input.response
      this.follow(input.response.status < 200 ? '1xx' : '200-699', now)
      this.#response = undefined
    } else {
      if (input.type === 'transportError') this.#reason = input.reason
      this.follow(input.type, now)
    }
  }

  protected override perform(action: Action, now: Instant): void {
    switch (action) {
      case 'pass request':
        this.emit({ type: 'request', id: this.id, request: this.#request as SipRequest, from: this.#from })
        this.#request = undefined
        break
      case 'send response':
        this.emit(this.#sendOf(this.#response as SipResponse))
        break
      case 'resend last response':
        if (this.#last !== undefined) this.emit(this.#last)
        break
      case 'start J':
        this.start('J', isReliable(this.replyTo) ? 0 : patienceMs(this.#timing), now)
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

  #sendOf(response: SipResponse): Send {
    if (this.#last?.message !== response)
      this.#last = (response.status < 200 ? createSend : createFinalSend)(response, this.replyTo)
    return this.#last
  }
}
