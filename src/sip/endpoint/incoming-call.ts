import type { Dialog } from '../dialog/index.ts'
import { cseqOf, type SipRequest, type SipResponse } from '../message/index.ts'
import type { TransactionId } from '../transaction/index.ts'
import { reliability } from './admission.ts'
import { addBody, addCapabilities, addHeaders, compose } from './compose.ts'
import type { EndpointCommand, SessionId } from './control.ts'
import type { DialogUser, EndpointCore, SessionTimer, SessionUser, TransactionUser } from './core.ts'
import type { DialogSide } from './dialog-client.ts'
import { EstablishedSession } from './established-session.ts'
import { ModifyClient } from './modify-client.ts'
import { type OpenOffer, PendingRequests } from './pending-requests.ts'
import { ReliableProvisionals } from './reliable-provisionals.ts'
import { SessionExpiry } from './session-expiry.ts'
import { UnacknowledgedAnswer } from './unacknowledged-answer.ts'

type Respond = Extract<EndpointCommand, { type: 'respond' }>

/** A provisional response is sent again each minute, so that proxies on the way do not give up (RFC 3261 section 13.3.1.1). */
const REFRESH_MS = 60_000

/**
 * An INVITE of the far end until its final response (RFC 3261 section 13.3).
 *
 *                respond 2xx (held while a reliable provisional with a description waits for its PRACK, and that for its answer)
 *     offered ---------------------------------------------> EstablishedSession
 *        |  respond 300-699: send until ACK
 *        +-----------------------------------> refused --> over: rejected
 *        |  CANCEL, BYE: 487
 *        +-----------------------------------> over: cancelled
 */
export class IncomingCall implements SessionUser, DialogUser, TransactionUser {
  readonly session: SessionId
  readonly #core: EndpointCore
  readonly #id: TransactionId
  readonly #request: SipRequest
  readonly #side: DialogSide
  readonly #pending: PendingRequests
  readonly #reliability: 'none' | 'supported' | 'required'
  readonly #unanswered: SessionTimer
  readonly #refresh: SessionTimer
  #phase: 'offered' | 'refused' | 'over' = 'offered'
  #provisionals: ReliableProvisionals | undefined
  #lastProvisional: SipResponse | undefined
  /** A 2xx that waits for a PRACK. */
  #heldAnswer: Respond | undefined
  /** An UPDATE of ours. */
  #changing: ModifyClient | undefined

  constructor(core: EndpointCore, session: SessionId, id: TransactionId, request: SipRequest, dialog: Dialog) {
    this.#core = core
    this.session = session
    this.#id = id
    this.#request = request
    this.#side = { dialog, digest: undefined, isCaller: false, expiry: SessionExpiry.of(core) }
    this.#pending = new PendingRequests(core, session, this.#side)
    this.#reliability = reliability(request)
    this.#unanswered = core.timer(() => {
      core.count('unansweredRequests')
      this.#refuse(480)
    })
    this.#refresh = core.timer(() => this.#sendAgain())
    this.#unanswered.setIn(core.limits.unansweredInviteMs)
    core.own(id, this)
    core.sessions.set(session, this)
    core.setDialog(dialog.localTag, this)
  }

  holds(callId: string | undefined, remoteTag: string | undefined): boolean {
    return this.#side.dialog.matches(callId, remoteTag)
  }

  onCommand(command: EndpointCommand): void {
    if (command.type === 'respondRequest') this.#pending.respond(command)
    else if (command.type === 'update') this.#update(command)
    else if (this.#phase !== 'offered' || this.#heldAnswer !== undefined) this.#core.count('staleCommands')
    else if (command.type === 'respond') this.#respond(command)
    else if (command.type === 'bye' || command.type === 'cancel') this.#refuse(480)
    else this.#core.count('staleCommands')
  }

  onRequest(id: TransactionId, request: SipRequest): void {
    if (!this.#pending.admits(id, request)) return
    if (this.#phase !== 'offered') this.#pending.answer(id, request, 481)
    else if (request.method === 'INVITE') this.#pending.answerOverlap(id, request)
    else if (request.method === 'BYE') {
      // Section 15.1.2: a caller may leave an early dialog with BYE too.
      this.#pending.answer(id, request, 200)
      this.onCancelled(request)
    } else if (request.method === 'PRACK') this.#onPrack(id, request)
    else if (request.method === 'UPDATE') this.#pending.takeUpdate(id, request, this.#openOffer)
    else this.#pending.take(id, request)
  }

  onAck(): void {
    this.#core.count('strayAcks')
  }

  onCancelled(request: SipRequest): void {
    if (this.#phase !== 'offered') return
    this.#core.respond(this.#id, compose(this.#core, this.#request, 487, this.#side.dialog.localTag))
    this.#release()
    this.#core.emit({ type: 'cancelled', session: this.session, request })
  }

  onAcknowledged(): void {
    this.#onRefused()
  }

  onFailed(): void {
    this.#onRefused()
  }

  #respond(command: Respond): void {
    const { status } = command
    if (!(status > 100 && status < 700)) this.#core.count('staleCommands')
    else if (status < 200) this.#provide(command)
    else if (status >= 300) this.#refuse(status, command)
    else if (this.#provisionals?.holdsAnswer || this.#pending.holdsPrack) this.#heldAnswer = command
    else this.#accept(command)
  }

  #provide(command: Respond): void {
    const response = this.#compose(command)
    response.headers.add('allow', this.#core.allow)
    const isReliable = this.#reliability === 'required' || (command.reliable === true && this.#reliability !== 'none')
    if (isReliable) {
      this.#provisionals ??= new ReliableProvisionals(this.#core, this.#id, this.#cseq, () => this.#refuse(504))
      this.#provisionals.send(response)
    } else {
      this.#core.respond(this.#id, response)
      this.#lastProvisional = response
      this.#refresh.setIn(REFRESH_MS)
    }
  }

  #accept(command: Respond): void {
    const response = this.#compose(command)
    addCapabilities(this.#core, response.headers)
    this.#side.expiry?.addToResponse(this.#request, response.headers)
    this.#stop()
    this.#phase = 'over'
    this.#core.disown(this.#id)
    this.#side.dialog.confirm()
    const offers = this.#request.body.length === 0 && this.#provisionals?.described !== 'acknowledged'
    const established = new EstablishedSession(this.#core, this.session, this.#side, this.#pending, this.#request)
    established.awaitAck(
      (onGivenUp) => new UnacknowledgedAnswer(this.#core, this.#id, this.#cseq, response, onGivenUp),
      offers,
    )
  }

  /** Sends a failure and waits for its ACK, which the transaction layer sees to. */
  #refuse(status: number, command?: Respond): void {
    if (this.#phase !== 'offered') return
    const response = this.#compose({ type: 'respond', session: this.session, ...command, status })
    this.#phase = 'refused'
    this.#changing?.abandon()
    this.#stop()
    this.#core.respond(this.#id, response)
  }

  #onRefused(): void {
    if (this.#phase !== 'refused') return
    this.#release()
    this.#core.emit({ type: 'rejected', session: this.session })
  }

  #onPrack(id: TransactionId, request: SipRequest): void {
    const hasOffered = this.#request.body.length === 0 && this.#provisionals?.described === 'sent'
    if (this.#provisionals?.acknowledge(request) !== true) {
      this.#pending.answer(id, request, 481)
      return
    }
    const isAnswer = hasOffered && this.#provisionals.described === 'acknowledged'
    if (request.body.length > 0 && !isAnswer)
      this.#pending.takePrack(id, request, this.#openOffer, () => this.#acceptHeld())
    else this.#pending.answer(id, request, 200)
    if (isAnswer) this.#core.emit({ type: 'pracked', session: this.session, prack: request })
    this.#provisionals.proceed()
    this.#acceptHeld()
  }

  #acceptHeld(): void {
    if (this.#heldAnswer === undefined || this.#provisionals?.holdsAnswer || this.#pending.holdsPrack) return
    this.#accept(this.#heldAnswer)
  }

  /** RFC 3311 section 5.1: a change of what was agreed on before the answer. */
  #update({ body, contentType }: Extract<EndpointCommand, { type: 'update' }>): void {
    const isAgreed = this.#phase === 'offered' && this.#provisionals?.described === 'acknowledged'
    if (!isAgreed || this.#openOffer !== 'none' || this.#changing !== undefined) {
      this.#core.emit({ type: 'requestDone', session: this.session, method: 'UPDATE' })
      return
    }
    const mayRetry = () => this.#openOffer === 'none'
    const request = { method: 'UPDATE', body, contentType } as const
    this.#changing = new ModifyClient(this.#core, this.#side, request, mayRetry, ({ response }) => {
      this.#changing = undefined
      this.#core.emit({ type: 'requestDone', session: this.session, method: 'UPDATE', ...(response && { response }) })
    })
  }

  /** The first offer is answered once a reliable provisional has carried the answer, or asked for it and was given it. */
  get #openOffer(): OpenOffer {
    const described = this.#provisionals?.described ?? 'no'
    const hasOffered = this.#request.body.length === 0 && described === 'sent'
    if (hasOffered || this.#changing?.isOffering) return 'ours'
    return described === 'no' || this.#pending.holdsOffer ? 'theirs' : 'none'
  }

  #sendAgain(): void {
    if (this.#lastProvisional === undefined) return
    this.#core.respond(this.#id, this.#lastProvisional)
    this.#refresh.setIn(REFRESH_MS)
  }

  #compose({ status, phrase, headers, body, contentType }: Respond): SipResponse {
    const { dialog } = this.#side
    const response = compose(this.#core, this.#request, status, dialog.localTag, phrase)
    if (status < 300) response.headers.add('contact', this.#core.contact(dialog.peer, dialog.isSecure))
    addHeaders(this.#core, response.headers, headers)
    addBody(response, body, contentType)
    return response
  }

  get #cseq(): number {
    return cseqOf(this.#request)?.number ?? 0
  }

  #stop(): void {
    this.#unanswered.clear()
    this.#refresh.clear()
    this.#provisionals?.stop()
    this.#heldAnswer = undefined
  }

  #release(): void {
    this.#phase = 'over'
    this.#changing?.abandon()
    this.#stop()
    this.#pending.refuseAll()
    this.#core.disown(this.#id)
    this.#core.sessions.delete(this.session)
    this.#core.deleteDialog(this.#side.dialog.localTag)
  }
}
