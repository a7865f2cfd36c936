import { ok, type Result, token } from '../../kit/index.ts'
import { DigestClient } from '../auth/index.ts'
import { Dialog, isSips, type WayOut } from '../dialog/index.ts'
import {
  createRequest,
  hasWord,
  NO_PARAMS,
  parseNameAddr,
  parseRSeq,
  parseUri,
  printNameAddr,
  printRAck,
  printUri,
  type SipRequest,
  type SipResponse,
  toTag,
  withParam,
} from '../message/index.ts'
import type { TransactionId } from '../transaction/index.ts'
import { addBody, addCapabilities, addHeaders, type HeaderList } from './compose.ts'
import type { EndpointCommand, Peer, SessionId } from './control.ts'
import type { DialogUser, EndpointCore, Replaceable, SessionTimer, SessionUser, TransactionUser } from './core.ts'
import { ackFor, DialogClient, type DialogSide, MAX_CHALLENGES } from './dialog-client.ts'
import { type EarlyDialog, EarlyDialogs, MAX_FORKS } from './early-dialogs.ts'
import { EstablishedSession } from './established-session.ts'
import { PendingRequests } from './pending-requests.ts'
import { SessionExpiry } from './session-expiry.ts'

export type InviteCommand = Extract<EndpointCommand, { type: 'invite' }>

/**
 * An INVITE of ours until its outcome (RFC 3261 section 13.2).
 *
 *                 1xx: progress            first 2xx: ACK
 *     inviting <-------+    +---------------------------------> EstablishedSession
 *        |             |    |   401, 407: once more, with credentials; 422: with a longer session interval
 *        +-------------+----+
 *        |  cancel                         2xx: ACK, BYE
 *        +------------------> cancelling ---------------------> over: failed 'cancelled'
 *        |                                 300-699, timeout
 *        |  300-699, timeout, transport
 *        +----------------------------------------------------> over: failed
 *
 * After that it still answers for its transaction as long as that lives: every 2xx that is repeated gets its ACK
 * again, and a 2xx from another fork is acknowledged and released with BYE (section 13.2.2.4).
 */
export class OutgoingCall implements SessionUser, DialogUser, TransactionUser {
  readonly session: SessionId
  readonly #core: EndpointCore
  readonly #command: InviteCommand
  readonly #digest: DigestClient | undefined
  readonly #localTag: string
  readonly #callId: string
  readonly #early: EarlyDialogs
  /** The ACK of each fork that answered, by its tag. */
  readonly #acks = new Map<string, { readonly request: SipRequest; readonly to: Peer }>()
  readonly #uri: string
  readonly #from: string
  #way: WayOut
  /** Runs while nothing has come, where that is not waited for as long as timer B. */
  #silence: SessionTimer | undefined
  readonly #expiry: SessionExpiry | undefined
  #phase: 'inviting' | 'cancelling' | 'over' = 'inviting'
  #invite: SipRequest
  #id: TransactionId
  #cseq = 0
  #challenges = 0

  private constructor(core: EndpointCore, command: InviteCommand, address: { uri: string; from: string; way: WayOut }) {
    this.#core = core
    this.session = command.session
    this.#early = new EarlyDialogs(core, command.session)
    this.#command = command
    const { random } = core.options
    this.#digest = command.credentials === undefined ? undefined : new DigestClient([command.credentials], random)
    this.#expiry = SessionExpiry.of(core)
    this.#localTag = token(random)
    this.#callId = command.callId ?? token(random, 20)
    this.#way = address.way
    this.#uri = address.uri
    this.#from = `${address.from};tag=${this.#localTag}`
    core.sessions.set(this.session, this)
    core.setDialog(this.#localTag, this)
    this.#invite = this.#compose()
    this.#id = core.send(this.#invite, this.#way.peer, this)
    if (command.firstResponseMs !== undefined) {
      this.#silence = core.timer(() => this.#giveUp())
      this.#silence.setIn(command.firstResponseMs)
    }
  }

  /** Sends the INVITE; an error says why that is impossible. */
  static start(core: EndpointCore, command: InviteCommand): Result<OutgoingCall> {
    const uri = requestUriOf(command.to)
    if (!uri.ok) return uri
    const from = parseNameAddr(command.from ?? core.options.identity)
    if (!from.ok) return from
    const way = core.wayOut(uri.value, command.route, command.via)
    if (!way.ok) return way
    const fromText = printNameAddr({ ...from.value, params: NO_PARAMS })
    return ok(new OutgoingCall(core, command, { uri: uri.value, from: fromText, way: way.value }))
  }

  holds(callId: string | undefined, remoteTag: string | undefined): boolean {
    return this.#early.get(remoteTag ?? '')?.side.dialog.matches(callId, remoteTag) ?? false
  }

  /** Also while no early dialog is answered yet, the tag of the far end says which phone is meant. */
  replaceable(): Replaceable {
    return this.#phase === 'inviting' ? { session: this.session, isEarly: true } : 'over'
  }

  onCommand(command: EndpointCommand): void {
    if (command.type === 'cancel' || command.type === 'bye') this.#cancel(command.reason)
    else if (command.type === 'respondRequest') this.#early.respond(command)
    else if (command.type === 'update') this.#early.update(command, this.#phase === 'inviting')
    else this.#core.count('staleCommands')
  }

  onRequest(id: TransactionId, request: SipRequest): void {
    this.#early.onRequest(id, request)
  }

  onAck(): void {
    this.#core.count('strayAcks')
  }

  onResponse(response: SipResponse, id: TransactionId): void {
    const { status } = response
    this.#silence?.clear()
    if (status < 200) this.#onProvisional(response)
    else if (status < 300) this.#onAnswer(response)
    else if (id !== this.#id) return
    else if (this.#phase === 'inviting' && this.#mayTryAgain(response)) {
      // The credentials are for the server that asked for them, of several that bear one name.
      this.#way = { ...this.#way, peer: this.#core.targetOf(id) ?? this.#way.peer }
      this.#invite = this.#compose()
      this.#id = this.#core.send(this.#invite, this.#way.peer, this)
    } else this.#fail({ cause: 'response', response })
  }

  onFailed(cause: 'timeout' | 'transport', detail: string | undefined, id: TransactionId): void {
    if (id === this.#id) this.#fail({ cause, ...(detail !== undefined && { detail }) })
  }

  onTerminated(id: TransactionId): void {
    if (id === this.#id) this.#fail({ cause: 'timeout', detail: 'no usable answer' })
  }

  #onProvisional(response: SipResponse): void {
    if (response.status === 100 || this.#phase === 'over') return
    const early = this.#earlyDialogOf(response)
    if (hasWord(response.headers, 'require', '100rel')) {
      const rseq = parseRSeq(response.headers.get('rseq') ?? '')
      if (early === undefined || !rseq.ok) {
        this.#core.count('malformedResponses')
        return
      }
      // RFC 3262 section 4: one that was seen before is only a retransmission, one that is ahead will come again.
      if (early.rseq !== undefined && rseq.value !== early.rseq + 1) return
      early.rseq = rseq.value
      const rack = printRAck({ rseq: rseq.value, cseq: { number: this.#cseq, method: 'INVITE' } })
      if (response.body.length > 0 && this.#invite.body.length > 0) early.isAgreed = true
      new DialogClient(this.#core, early.side, { method: 'PRACK', headers: [['RAck', rack]] }, () => {})
    }
    if (this.#phase === 'inviting') this.#core.emit({ type: 'progress', session: this.session, response })
  }

  #onAnswer(response: SipResponse): void {
    const tag = toTag(response) ?? ''
    const known = this.#acks.get(tag)
    if (known !== undefined) {
      this.#core.acknowledge(known.request, known.to)
      return
    }
    const early = this.#early.get(tag)
    const made = early === undefined ? this.#dialogOf(response) : ok(early.side.dialog)
    if (!made.ok || this.#acks.size >= MAX_FORKS) {
      this.#core.count('malformedResponses')
      return
    }
    const dialog = made.value
    dialog.confirm(response)
    const ack = { request: ackFor(dialog, this.#invite), to: dialog.peer }
    this.#acks.set(tag, ack)
    this.#core.acknowledge(ack.request, ack.to)

    const side = early?.side ?? this.#sideOf(dialog)
    if (this.#phase === 'inviting') {
      this.#phase = 'over'
      this.#early.settle(tag)
      this.#expiry?.onAnswered(response)
      const pending = early?.pending ?? new PendingRequests(this.#core, this.session, side)
      new EstablishedSession(this.#core, this.session, side, pending, response)
      this.#core.emit({ type: 'answered', session: this.session, response })
      return
    }
    if (this.#phase === 'over') this.#core.count('forkedAnswers')
    new DialogClient(this.#core, side, { method: 'BYE' }, () => {})
    this.#fail({ cause: 'cancelled', response })
  }

  #cancel(reason: string | undefined): void {
    if (this.#phase !== 'inviting') return
    this.#phase = 'cancelling'
    const headers: HeaderList = reason === undefined ? [] : [['Reason', reason]]
    this.#core.cancel(this.#id, headers)
  }

  /** Nothing has come, and that is long enough: should anything come yet, it is cancelled, or released with BYE. */
  #giveUp(): void {
    if (this.#phase !== 'inviting') return
    this.#core.cancel(this.#id, [])
    this.#fail({ cause: 'timeout', detail: `no response within ${this.#command.firstResponseMs} ms` })
  }

  /** The session is over without a call; whatever the reason, one that was cancelled counts as that. */
  #fail(how: {
    cause: 'response' | 'timeout' | 'transport' | 'cancelled'
    response?: SipResponse
    detail?: string
  }): void {
    if (this.#phase === 'over') return
    const cause = this.#phase === 'cancelling' ? 'cancelled' : how.cause
    this.#phase = 'over'
    this.#silence?.clear()
    this.#early.end()
    this.#core.sessions.delete(this.session)
    this.#core.deleteDialog(this.#localTag)
    this.#core.emit({ type: 'failed', session: this.session, ...how, cause })
  }

  #dialogOf(response: SipResponse): Result<Dialog> {
    const way = { peer: this.#way.peer, isFlow: this.#command.isFlow === true }
    return Dialog.ofCaller(this.#invite, response, way)
  }

  #earlyDialogOf(response: SipResponse): EarlyDialog | undefined {
    const tag = toTag(response)
    if (tag === undefined) return undefined
    const known = this.#early.get(tag)
    if (known !== undefined || this.#early.isFull) return known
    const dialog = this.#dialogOf(response)
    return dialog.ok ? this.#early.add(tag, this.#sideOf(dialog.value)) : undefined
  }

  /** The INVITE was refused for something that the next one has. */
  #mayTryAgain(response: SipResponse): boolean {
    if (response.status === 422) return this.#expiry?.raise(response) ?? false
    if (response.status !== 401 && response.status !== 407) return false
    return this.#challenges++ < MAX_CHALLENGES && this.#digest?.answerChallenge(response) === 'answered'
  }

  #sideOf(dialog: Dialog): DialogSide {
    return { dialog, digest: this.#digest, isCaller: true, expiry: this.#expiry }
  }

  /** The INVITE with the next CSeq (sections 8.1.1 and 13.2.1). */
  #compose(): SipRequest {
    const core = this.#core
    const { maxForwards = 70, headers: wanted, body, contentType } = this.#command
    const { requestUri, routes, peer } = this.#way
    const invite = createRequest('INVITE', requestUri)
    const { headers } = invite
    this.#cseq++
    for (const route of routes) headers.add('route', route)
    headers.add('max-forwards', String(maxForwards))
    headers.add('from', this.#from)
    headers.add('to', `<${this.#uri}>`)
    headers.add('call-id', this.#callId)
    headers.add('cseq', `${this.#cseq} INVITE`)
    headers.add('contact', core.contact(peer, isSips(this.#uri)))
    addCapabilities(core, headers)
    this.#expiry?.addToRequest(headers)
    if (core.options.userAgent !== undefined) headers.add('user-agent', core.options.userAgent)
    addHeaders(core, headers, wanted)
    addBody(invite, body, contentType)
    this.#digest?.authorize(invite)
    return invite
  }
}

/** What was dialled as a Request-URI: without headers and without `method` (section 19.1.1, table 1). */
function requestUriOf(text: string): Result<string> {
  const uri = parseUri(text)
  if (!uri.ok) return uri
  if (uri.value.scheme === 'tel') return ok(text)
  const { headers: _, ...plain } = uri.value
  return ok(printUri({ ...plain, params: withParam(plain.params, 'method', undefined) }))
}
