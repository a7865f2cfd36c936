import { BytePool, type Instant, type Machine, token, UsageError } from '../../kit/index.ts'
import { Dialog, isSips } from '../dialog/index.ts'
import {
  callIdOf,
  fromTag,
  parseMessage,
  printMessage,
  type Replaces,
  type SipRequest,
  toTag,
  validateRequest,
} from '../message/index.ts'
import { type LayerOutput, PRINTED, type Send, type TransactionId } from '../transaction/index.ts'
import { refusalOf } from './admission.ts'
import { ACCEPTED, addCapabilities, addHeaders, compose, type HeaderList } from './compose.ts'
import type { EndpointCommand, EndpointInput, EndpointOutput, Peer, SessionId } from './control.ts'
import { EndpointCore } from './core.ts'
import { DialogRefers } from './dialog-refers.ts'
import { IncomingCall } from './incoming-call.ts'
import type { EndpointOptions, EndpointSizes } from './options.ts'
import { type InviteCommand, OutgoingCall } from './outgoing-call.ts'
import { OutsideRefer } from './outside-refer.ts'
import { OutsideRequests } from './outside-requests.ts'
import { replacedSession, sessionNamed } from './replaced-session.ts'
import { RequestSeries } from './request-series.ts'

/**
 * A SIP user agent without sockets (RFC 3261 sections 8, 11 to 15, RFC 3262): datagrams and commands go in, datagrams
 * and the events of sessions and of requests outside of them come out. See `control.ts` for both.
 *
 *     endpoint.handle({ type: 'received', bytes, from }, now)
 *     for (let output = endpoint.poll(); output; output = endpoint.poll())
 *       output.type === 'send' ? socket.send(output.bytes, output.to) : calls.handle(output, now)
 *
 * Under it runs the transaction layer. A session is played by one role after the other: OutgoingCall or IncomingCall
 * while its INVITE is open, EstablishedSession after that. What comes from strangers is parsed, admitted or refused
 * here; only an INVITE that passes becomes a session.
 */
export class Endpoint implements Machine<EndpointInput, EndpointOutput> {
  readonly #core: EndpointCore
  readonly #outside: OutsideRequests
  readonly #pool = new BytePool()

  constructor(options: EndpointOptions) {
    this.#core = new EndpointCore(options)
    this.#outside = new OutsideRequests(this.#core)
  }

  /** The established session whose dialog a far end names so; `undefined`: there is none. */
  sessionOf(replaces: Replaces): SessionId | undefined {
    const found = sessionNamed(this.#core, replaces)
    return found === undefined || found === 'over' || found.isEarly ? undefined : found.session
  }

  /** How much it holds: for limits, metrics and leak checks. */
  sizes(): EndpointSizes {
    const { sizes } = this.#core
    return { ...sizes, entries: sizes.entries + this.#outside.size }
  }

  /**
   * @throws UsageError when an `invite` takes the id of a session that exists, or a `requestOutside` comes before the outcome
   * of the one before in its series or with a method that needs a session
   */
  handle(input: EndpointInput, now: Instant): void {
    this.#core.now = now
    if (input.type === 'received') this.#receive(input.bytes, input.from)
    else if (input.type === 'sendFailed') this.#core.toLayer(input)
    else if (input.type === 'dns') this.#core.locator.handle({ type: 'answer', answer: input.answer }, now)
    else this.#command(input)
    this.#settle()
  }

  poll(): EndpointOutput | undefined {
    return this.#core.outbox.shift()
  }

  deadline(): Instant {
    return Math.min(this.#core.layer.deadline(), this.#core.locator.deadline(), this.#core.nextTimer())
  }

  expire(now: Instant): void {
    this.#core.now = now
    this.#core.layer.expire(now)
    this.#core.locator.expire(now)
    this.#settle()
    for (let due = this.#core.takeDueTimer(); due !== undefined; due = this.#core.takeDueTimer()) {
      due()
      this.#settle()
    }
  }

  #command(command: EndpointCommand): void {
    const core = this.#core
    if (command.type === 'invite') this.#invite(command)
    else if (command.type === 'requestOutside')
      (core.series.get(command.series) ?? new RequestSeries(core, command.series)).send(command)
    else if (command.type === 'forgetSeries') core.series.delete(command.series)
    else if (command.type === 'respondOutside')
      this.#outside.respond(command.id, command.status, command.phrase, command.headers)
    else if (command.type === 'refer' || command.type === 'referOutside') this.#refer(command)
    else if (command.type === 'respondRefer' || command.type === 'notifyRefer') {
      const refer = core.refers.get(command.refer)
      if (refer === undefined || refer === 'ours') core.count('staleCommands')
      else if (command.type === 'notifyRefer') refer.notify(command.status, command.phrase)
      else refer.respond(command.status, command.phrase, command.headers)
    } else {
      const user = this.#core.sessions.get(command.session)
      if (user === undefined) this.#core.count('staleCommands')
      else user.onCommand(command)
    }
  }

  #invite(command: InviteCommand): void {
    const { session } = command
    if (this.#core.sessions.has(session)) throw new UsageError(`session ${session} exists already; take a new id`)
    if (!this.#core.hasRoom) {
      this.#core.count('sessionLimitRefusals')
      this.#core.emit({ type: 'failed', session, cause: 'transport', detail: 'too many sessions' })
      return
    }
    const call = OutgoingCall.start(this.#core, command)
    if (!call.ok) this.#core.emit({ type: 'failed', session, cause: 'transport', detail: call.error })
  }

  #refer(command: Extract<EndpointCommand, { type: 'refer' | 'referOutside' }>): void {
    const core = this.#core
    const { refer } = command
    if (core.refers.has(refer)) throw new UsageError(`refer ${refer} exists already; take a new id`)
    if (command.type === 'referOutside') {
      OutsideRefer.send(core, command)
      return
    }
    const user = core.sessions.get(command.session)
    if (user?.dialog !== undefined) user.onCommand(command)
    else core.emit({ type: 'referDone', refer, cause: 'transport', detail: 'no established session' })
  }

  #receive(bytes: Uint8Array, from: Peer): void {
    const core = this.#core
    const parsed = parseMessage(bytes)
    if (!parsed.ok) {
      const { code, status, request } = parsed.error
      if (code === 'empty') return
      core.count('unparsableMessages')
      if (request !== undefined) core.toLayer({ type: 'refuse', request, from, status })
      return
    }
    const message = parsed.value
    core.options.witness?.onMessage(false, callIdOf(message), message, bytes, from, core.now)
    if (message.kind === 'request') {
      const fault = validateRequest(message) ?? faultOfScheme(message, from)
      if (fault !== undefined) {
        core.count('malformedRequests')
        if (message.method !== 'ACK') core.toLayer({ type: 'refuse', request: message, from, ...fault })
        return
      }
    }
    core.toLayer({ type: 'received', message, from })
  }

  /** Lets the layer and the roles talk until neither has anything more to say. */
  #settle(): void {
    const core = this.#core
    for (;;) {
      const output = core.layer.poll()
      if (output !== undefined) {
        this.#route(output)
        continue
      }
      const input = core.nextLayerInput()
      if (input !== undefined) {
        core.layer.handle(input, core.now)
        continue
      }
      const located = core.locator.poll()
      if (located === undefined) return
      core.onLocated(located)
    }
  }

  #route(output: LayerOutput): void {
    const core = this.#core
    switch (output.type) {
      case 'send':
        output.bytes ??= printMessage(output.message, this.#poolFor(output))
        if (core.options.witness !== undefined) {
          output.callId ??= callIdOf(output.message)
          const { callId, message, bytes, to } = output
          core.options.witness.onMessage(true, callId, message, bytes, to, core.now)
        }
        if (output.isOnlyBytes) output.message = PRINTED
        core.outbox.push({ type: 'send', bytes: output.bytes, to: output.to })
        break
      case 'request':
        this.#onRequest(output.id, output.request, output.from)
        break
      case 'ack':
        this.#onAck(output.request)
        break
      case 'cancelled':
        core.userOf(output.id)?.onCancelled?.(output.request, output.id)
        break
      case 'response':
        core.userOf(output.id)?.onResponse?.(output.response, output.id)
        break
      case 'strayResponse':
        break
      case 'failed':
        core.userOf(output.id)?.onFailed?.(output.cause, output.detail, output.id)
        break
      case 'acknowledged':
        core.userOf(output.id)?.onAcknowledged?.(output.id)
        break
      case 'terminated': {
        const user = core.userOf(output.id)
        core.disown(output.id)
        user?.onTerminated?.(output.id)
        break
      }
    }
  }

  /** Most responses are gone with their call; requests, and what a transaction keeps for half a minute, would hold a whole array. */
  #poolFor({ message, isOnlyBytes }: Send): BytePool | undefined {
    return message.kind === 'response' && isOnlyBytes !== true ? this.#pool : undefined
  }

  #onAck(request: SipRequest): void {
    const user = this.#core.dialogOf(toTag(request) ?? '', callIdOf(request), fromTag(request))
    if (user === undefined) this.#core.count('strayAcks')
    else user.onAck(request)
  }

  #onRequest(id: TransactionId, request: SipRequest, from: Peer): void {
    const tag = toTag(request)
    if (tag !== undefined) {
      const user = this.#core.dialogOf(tag, callIdOf(request), fromTag(request))
      if (user !== undefined) user.onRequest(id, request, from)
      else this.#refuse(id, request, 481)
      return
    }
    const user = this.#authenticate(id, request, from)
    if (user === false) return
    const refusal = refusalOf(this.#core, request)
    if (refusal !== undefined) this.#refuse(id, request, refusal.status, refusal.headers)
    else if (request.method === 'OPTIONS') this.#answerOptions(id, request)
    else if (request.method === 'REFER' && this.#core.options.acceptsRefer === true)
      this.#takeRefer(id, request, from, user)
    else if (request.method !== 'INVITE') this.#outside.take(id, request, from, user)
    else this.#offer(id, request, from, user)
  }

  /** The user who sent the request, `undefined` when nobody needs to say; false: challenged. */
  #authenticate(id: TransactionId, request: SipRequest, from: Peer): string | undefined | false {
    const { authentication } = this.#core.options
    const vouched = authentication?.vouchedUser?.(request, from)
    if (vouched !== undefined) this.#core.count('vouchedRequests')
    if (vouched !== undefined || authentication?.requires(request, from) !== true) return vouched
    const verdict = authentication.server.check(request, this.#core.now, from.address)
    if (verdict.ok) return verdict.username
    this.#core.count(verdict.reason === 'locked' ? 'lockedOutRequests' : 'challengedRequests')
    if (verdict.reason === 'wrong' || verdict.reason === 'malformed') this.#core.count('failedAuthentications')
    if (verdict.lockedOut !== undefined) {
      this.#core.count('lockOuts')
      this.#core.logger.warn(verdict.lockedOut, 'too many wrong passwords: locked out for a while')
    }
    this.#answer(id, request, verdict.status, verdict.headers)
    return false
  }

  /** The dialog that a request begins; `undefined` when it cannot, which has been answered. */
  #dialogWith(id: TransactionId, request: SipRequest, from: Peer): Dialog | undefined {
    const dialog = Dialog.ofCallee(request, token(this.#core.options.random), from)
    if (dialog.ok) return dialog.value
    this.#core.count('malformedRequests')
    this.#answer(id, request, 400, [], dialog.error)
    return undefined
  }

  #offer(id: TransactionId, request: SipRequest, from: Peer, user: string | undefined): void {
    const core = this.#core
    const dialog = this.#dialogWith(id, request, from)
    if (dialog === undefined) return
    if (!core.hasRoom) {
      core.count('sessionLimitRefusals')
      this.#answer(id, request, 503, [['Retry-After', '5']])
      return
    }
    const replaced = core.options.acceptsReplaces === true ? replacedSession(core, request) : {}
    if ('status' in replaced) {
      this.#refuse(id, request, replaced.status)
      return
    }
    const session = core.options.sessionIds.next()
    new IncomingCall(core, session, id, request, dialog)
    const { session: replaces } = replaced
    core.emit({
      type: 'incoming',
      session,
      request,
      from,
      ...(user !== undefined && { user }),
      ...(replaces !== undefined && { replaces }),
    })
  }

  /** A REFER outside of dialogs makes one when it is accepted. */
  #takeRefer(id: TransactionId, request: SipRequest, from: Peer, user: string | undefined): void {
    const core = this.#core
    const dialog = this.#dialogWith(id, request, from)
    if (dialog === undefined) return
    dialog.confirm()
    const side = { dialog, digest: undefined, isCaller: false, expiry: undefined }
    new DialogRefers(core, side).take(id, request, from, user)
  }

  #answerOptions(id: TransactionId, request: SipRequest): void {
    const response = compose(this.#core, request, 200, token(this.#core.options.random))
    addCapabilities(this.#core, response.headers)
    response.headers.add('accept', ACCEPTED)
    this.#core.respond(id, response)
  }

  #refuse(id: TransactionId, request: SipRequest, status: number, headers: HeaderList = []): void {
    this.#core.count('refusedRequests')
    this.#answer(id, request, status, headers)
  }

  #answer(id: TransactionId, request: SipRequest, status: number, headers: HeaderList, phrase?: string): void {
    const response = compose(this.#core, request, status, token(this.#core.options.random), phrase)
    addHeaders(this.#core, response.headers, headers)
    this.#core.respond(id, response)
  }
}

/** A SIPS URI asks for TLS on every hop; what came another way cannot be served as it asks (RFC 3261 section 8.2.2.1). */
function faultOfScheme(request: SipRequest, from: Peer): { status: number; phrase: string } | undefined {
  return from.transport !== 'tls' && isSips(request.uri) ? { status: 416, phrase: 'Unsupported URI Scheme' } : undefined
}
