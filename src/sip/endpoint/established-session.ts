import type { Dialog } from '../dialog/index.ts'
import type { SipMessage, SipRequest } from '../message/index.ts'
import type { TransactionId } from '../transaction/index.ts'
import type { HeaderList } from './compose.ts'
import type { EndpointCommand, Peer, SessionId } from './control.ts'
import type { DialogUser, EndpointCore, Replaceable, SessionUser } from './core.ts'
import { DialogClient, type DialogRequestContent, type DialogRequestOutcome, type DialogSide } from './dialog-client.ts'
import { DialogRefers } from './dialog-refers.ts'
import type { PendingRequests } from './pending-requests.ts'
import { SessionChanges } from './session-changes.ts'
import type { UnacknowledgedAnswer } from './unacknowledged-answer.ts'

/**
 * A session whose INVITE has been answered with 2xx, by us or by the far end, until it is over (RFC 3261 sections 14
 * and 15).
 *
 *           bye, our 2xx not acknowledged yet
 *     up -----------------------------------> awaiting ACK
 *      |  bye: send BYE                            | ACK, or 64*T1 without it: send BYE
 *      +------------------> leaving <--------------+
 *      |                       | final response or none, or the far end's BYE: ended 'local'
 *      | BYE: ended 'remote'   v
 *      +--------------------> over
 *        481, 408, no response, our 2xx never acknowledged, never refreshed: ended 'network'
 */
export class EstablishedSession implements SessionUser, DialogUser {
  readonly session: SessionId
  readonly #core: EndpointCore
  readonly #side: DialogSide
  readonly #pending: PendingRequests
  #phase: 'up' | 'awaitingAck' | 'leaving' | 'over' = 'up'
  readonly #changes: SessionChanges
  #byeHeaders: HeaderList = []
  /** Made by the first REFER. */
  #refers: DialogRefers | undefined

  /**
   * Takes the session over from the role that made it.
   * @param made the far end's INVITE, or its 2xx to ours
   */
  constructor(core: EndpointCore, session: SessionId, side: DialogSide, pending: PendingRequests, made: SipMessage) {
    this.#core = core
    this.session = session
    this.#side = side
    this.#pending = pending
    this.#changes = new SessionChanges(core, session, side, pending, made, {
      onOutcome: (outcome, method) => this.#endIfLost(outcome, method),
      onNoAck: () => this.#onNoAck(),
      onExpired: () => this.#onExpired(),
    })
    core.sessions.set(session, this)
    core.setDialog(side.dialog.localTag, this)
  }

  /** Our 2xx to the first INVITE is on its way: sends it until the ACK comes. */
  awaitAck(answer: (onGivenUp: () => void) => UnacknowledgedAnswer, offers: boolean): void {
    this.#changes.awaitAck(answer, offers)
  }

  holds(callId: string | undefined, remoteTag: string | undefined): boolean {
    return this.#side.dialog.matches(callId, remoteTag)
  }

  get dialog(): Dialog {
    return this.#side.dialog
  }

  replaceable(): Replaceable {
    return this.#phase === 'up' ? { session: this.session, isEarly: false } : 'over'
  }

  onCommand(command: EndpointCommand): void {
    switch (command.type) {
      // A cancel that crossed the answer means the same.
      case 'cancel':
      case 'bye':
        this.#onBye(command.reason)
        break
      case 'reinvite':
        if (this.#phase === 'up') this.#changes.reinvite(command)
        else this.#core.emit({ type: 'reinviteFailed', session: this.session })
        break
      case 'update':
        if (this.#phase === 'up') this.#changes.update(command)
        else this.#core.emit({ type: 'requestDone', session: this.session, method: 'UPDATE' })
        break
      case 'respond':
        this.#changes.respond(command)
        break
      case 'request':
        this.#request(command)
        break
      case 'respondRequest':
        this.#pending.respond(command)
        break
      case 'refer':
        if (this.#phase === 'up') this.#refer(command)
        else
          this.#core.emit({ type: 'referDone', refer: command.refer, cause: 'transport', detail: 'session is ending' })
        break
      case 'invite':
        break
    }
  }

  onAck(request: SipRequest): void {
    if (!this.#changes.onAck(request)) {
      this.#core.count('strayAcks')
      return
    }
    this.#core.emit({ type: 'confirmed', session: this.session, ack: request })
    if (this.#phase === 'awaitingAck') this.#leave()
  }

  onRequest(id: TransactionId, request: SipRequest, from: Peer): void {
    const isAdmitted = this.#pending.admits(id, request)
    if (request.method === 'BYE') {
      if (isAdmitted) this.#pending.answer(id, request, 200)
      // Its sender has left, whatever it is answered (section 15.1.1): a NOTIFY may have overtaken it, and then it is refused.
      this.#end(this.#phase === 'up' ? { by: 'remote', request } : { by: 'local' })
    } else if (!isAdmitted) return
    else if (this.#isReferral(request.method) && this.#referring.take(id, request, from)) return
    else if (this.#phase === 'leaving') this.#pending.answer(id, request, 481)
    else if (request.method === 'INVITE') this.#changes.onReinvite(id, request)
    else if (request.method === 'UPDATE') this.#changes.onUpdate(id, request)
    else if (request.method === 'PRACK') this.#pending.answer(id, request, 481)
    else this.#pending.take(id, request)
  }

  get #referring(): DialogRefers {
    this.#refers ??= new DialogRefers(this.#core, this.#side, this.session)
    return this.#refers
  }

  /** While the session is ending, reports of what was asked before are still heard. */
  #isReferral(method: string): boolean {
    if (method === 'REFER') return this.#phase === 'up'
    return method === 'NOTIFY' || method === 'SUBSCRIBE'
  }

  #refer(command: Extract<EndpointCommand, { type: 'refer' }>): void {
    this.#referring.send(command, (outcome) => this.#endIfLost(outcome, 'REFER'))
  }

  #request(command: Extract<EndpointCommand, { type: 'request' }>): void {
    const { session } = this
    const { method } = command
    if (this.#phase === 'leaving' || NOT_BY_REQUEST.has(method)) {
      this.#core.count('staleCommands')
      this.#core.emit({ type: 'requestDone', session, method })
      return
    }
    this.#send(command, (outcome) => {
      if (this.#phase === 'over') return
      const { response } = outcome
      this.#core.emit({ type: 'requestDone', session, method, ...(response !== undefined && { response }) })
      this.#endIfLost(outcome, method)
    })
  }

  /** Section 12.2.1.2: 481, 408 and silence mean that the far end has no such dialog any more. */
  #endIfLost(outcome: DialogRequestOutcome, method: string): void {
    if (this.#phase === 'over' || this.#phase === 'leaving') return
    const { response } = outcome
    if (response?.status === 481) this.#end({ by: 'network', detail: `${method}: 481` })
    else if (response === undefined || response.status === 408) {
      const detail = response === undefined ? (outcome.detail ?? outcome.cause) : '408'
      this.#end({ by: 'network', detail: `${method}: ${detail}` })
      this.#send({ method: 'BYE' }, () => {})
    }
  }

  #onNoAck(): void {
    if (this.#phase === 'awaitingAck') this.#leave()
    else if (this.#phase === 'up') {
      this.#end({ by: 'network', detail: 'no ACK' })
      this.#send({ method: 'BYE' }, () => {})
    }
  }

  /** RFC 4028 section 10. */
  #onExpired(): void {
    if (this.#phase !== 'up') return
    this.#core.count('expiredSessions')
    this.#end({ by: 'network', isExpired: true, detail: 'session expired' })
    this.#send({ method: 'BYE', headers: [['Reason', 'SIP;cause=408;text="Session Expired"']] }, () => {})
  }

  #onBye(reason: string | undefined): void {
    if (this.#phase !== 'up') return
    if (reason !== undefined) this.#byeHeaders = [['Reason', reason]]
    // Section 15.1.1: the callee must not send a BYE before the ACK, or the end of the wait for it.
    if (this.#changes.awaitsAck) this.#phase = 'awaitingAck'
    else this.#leave()
  }

  #leave(): void {
    this.#phase = 'leaving'
    this.#settle()
    this.#send({ method: 'BYE', headers: this.#byeHeaders }, () => this.#end({ by: 'local' }))
  }

  #send(content: DialogRequestContent, done: (outcome: DialogRequestOutcome) => void): void {
    new DialogClient(this.#core, this.#side, content, done)
  }

  /** Nothing that was going on matters any more. */
  #settle(): void {
    this.#changes.stop()
    this.#pending.refuseAll()
  }

  #end(how: { by: 'local' | 'remote' | 'network'; request?: SipRequest; isExpired?: true; detail?: string }): void {
    if (this.#phase === 'over') return
    this.#phase = 'over'
    this.#settle()
    this.#core.sessions.delete(this.session)
    this.#core.deleteDialog(this.#side.dialog.localTag)
    this.#refers?.sessionIsOver()
    this.#core.emit({ type: 'ended', session: this.session, ...how })
  }
}

/** Methods that have a command of their own, or none. */
const NOT_BY_REQUEST: ReadonlySet<string> = new Set(['ACK', 'BYE', 'CANCEL', 'INVITE', 'PRACK', 'UPDATE'])
