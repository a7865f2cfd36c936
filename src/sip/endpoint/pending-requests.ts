import { integerBelow } from '../../kit/index.ts'
import type { SipRequest, SipResponse } from '../message/index.ts'
import type { TransactionId } from '../transaction/index.ts'
import { contentRefusal, extensionRefusal, methodRefusal, type Refusal } from './admission.ts'
import { ACCEPTED, addBody, addCapabilities, addHeaders, compose, type HeaderList } from './compose.ts'
import type { EndpointCommand, SessionId } from './control.ts'
import type { EndpointCore, SessionTimer } from './core.ts'
import type { DialogSide } from './dialog-client.ts'
import { intervalRefusal } from './session-expiry.ts'

type RespondRequest = Extract<EndpointCommand, { type: 'respondRequest' }>

/** An offer of ours, or of theirs, that has no answer yet; `none`: whoever wants may make one. */
export type OpenOffer = 'none' | 'ours' | 'theirs'

interface Pending {
  readonly id: TransactionId
  readonly timer: SessionTimer
  readonly onAnswered: (() => void) | undefined
}

/** The most requests of one dialog that may wait for their answer from above. */
const MAX_PENDING = 16

/**
 * The requests of the far end within one session that are not part of making or ending it: answered here when they
 * are out of order, unknown or OPTIONS, passed up otherwise and answered when `respond` is called. One that nobody
 * answers within half of 64*T1 is answered 500, before its sender gives up.
 */
export class PendingRequests {
  readonly #core: EndpointCore
  readonly #session: SessionId
  readonly #side: DialogSide
  readonly #pending = new Map<SipRequest, Pending>()
  /** The UPDATE or PRACK among them that brought an offer of the far end. */
  #offering: SipRequest | undefined

  constructor(core: EndpointCore, session: SessionId, side: DialogSide) {
    this.#core = core
    this.#session = session
    this.#side = side
  }

  /** An UPDATE or PRACK with an offer waits for its answer from above. */
  get holdsOffer(): boolean {
    return this.#offering !== undefined
  }

  /** A PRACK with an offer waits for its answer from above, and a 2xx to the INVITE for that. */
  get holdsPrack(): boolean {
    return this.#offering?.method === 'PRACK'
  }

  /** Whether the request is in order and asks for nothing that we do not have; it has been answered if not. */
  admits(id: TransactionId, request: SipRequest): boolean {
    if (!this.#side.dialog.acceptCSeq(request)) {
      this.#core.count('outOfOrderRequests')
      this.answer(id, request, 500)
      return false
    }
    const refusal = extensionRefusal(this.#core, request)
    if (refusal !== undefined) this.refuse(id, request, refusal)
    return refusal === undefined
  }

  /**
   * Takes an UPDATE (RFC 3311 section 5.2): one without an offer is answered here, one with an offer is passed up unless
   * another offer is open.
   */
  takeUpdate(id: TransactionId, request: SipRequest, open: OpenOffer): void {
    const refusal = contentRefusal(request) ?? intervalRefusal(this.#core, request)
    if (refusal !== undefined) this.refuse(id, request, refusal)
    else if (request.body.length === 0) this.#core.respond(id, this.#composeUpdated(request))
    else if (this.holdsOffer || open === 'theirs') this.answerOverlap(id, request)
    else if (open === 'ours') this.answer(id, request, 491)
    else this.#pass(id, request)
  }

  /**
   * Takes a PRACK with an offer, whose 2xx has to bring the answer (RFC 3262 section 5). One that comes while another offer
   * is open cannot be made again later, so it is refused for good.
   * @param onAnswered called when it has been answered, whatever the answer
   */
  takePrack(id: TransactionId, request: SipRequest, open: OpenOffer, onAnswered: () => void): void {
    const refusal = contentRefusal(request)
    if (refusal !== undefined) this.refuse(id, request, refusal)
    // What its sender marked as optional has been taken off.
    else if (request.body.length === 0) this.answer(id, request, 200)
    else if (this.holdsOffer || open !== 'none') this.refuse(id, request, { status: 488, headers: [] })
    else this.#pass(id, request, onAnswered)
  }

  /** Takes a request that no role has a meaning for. */
  take(id: TransactionId, request: SipRequest): void {
    if (request.method === 'OPTIONS') {
      this.answerOptions(id, request)
      return
    }
    const passed = this.#core.options.passedMethods ?? ['INFO']
    if (!passed.includes(request.method)) {
      this.refuse(id, request, methodRefusal(this.#core, request.method))
      return
    }
    this.#pass(id, request)
  }

  #pass(id: TransactionId, request: SipRequest, onAnswered?: () => void): void {
    if (this.#pending.size >= MAX_PENDING) {
      this.refuse(id, request, { status: 503, headers: [['Retry-After', '1']] })
      return
    }
    const timer = this.#core.timer(() => {
      this.#core.count('unansweredRequests')
      this.respond({ request, status: 500 })
    })
    timer.setIn(this.#core.patienceMs / 2)
    this.#pending.set(request, { id, timer, onAnswered })
    if (request.method === 'UPDATE' || request.method === 'PRACK') this.#offering = request
    this.#core.emit({ type: 'request', session: this.#session, request })
  }

  /** Whether the request was passed up and waits for its answer. */
  has(request: SipRequest): boolean {
    return this.#pending.has(request)
  }

  /** Answers a request that was passed up. */
  respond(command: Pick<RespondRequest, 'request' | 'status' | 'phrase' | 'body' | 'contentType'>): void {
    const { request, status, phrase, body, contentType } = command
    const pending = this.#pending.get(request)
    if (pending === undefined || status < 200 || status > 699) {
      this.#core.count('staleCommands')
      return
    }
    this.#pending.delete(request)
    pending.timer.clear()
    if (request === this.#offering) this.#offering = undefined
    const isUpdated = request.method === 'UPDATE' && status < 300
    const response = isUpdated ? this.#composeUpdated(request) : this.#compose(request, status, phrase)
    addBody(response, body, contentType)
    this.#core.respond(pending.id, response)
    pending.onAnswered?.()
  }

  /** A 2xx to an UPDATE: it refreshes the target and the session. */
  #composeUpdated(request: SipRequest): SipResponse {
    const { dialog, expiry } = this.#side
    dialog.refreshTarget(request)
    const response = this.#compose(request, 200)
    response.headers.add('contact', this.#core.contact(dialog.peer, dialog.isSecure))
    addCapabilities(this.#core, response.headers)
    if (dialog.state === 'confirmed') expiry?.addToResponse(request, response.headers)
    return response
  }

  #compose(request: SipRequest, status: number, phrase?: string): SipResponse {
    return compose(this.#core, request, status, this.#side.dialog.localTag, phrase)
  }

  /** The session is over: everything that still waits gets 487 (RFC 3261 section 15.1.2). */
  refuseAll(): void {
    for (const [request, { id, timer }] of this.#pending) {
      timer.clear()
      this.answer(id, request, 487)
    }
    this.#pending.clear()
    this.#offering = undefined
  }

  /** Answers a request that is not to be served, and counts it. */
  refuse(id: TransactionId, request: SipRequest, { status, headers }: Refusal): void {
    this.#core.count('refusedRequests')
    this.answer(id, request, status, headers)
  }

  answerOptions(id: TransactionId, request: SipRequest): void {
    const response = this.#compose(request, 200)
    addCapabilities(this.#core, response.headers)
    response.headers.add('accept', ACCEPTED)
    this.#core.respond(id, response)
  }

  /** 500 with a Retry-After of 0 to 10 seconds: an INVITE or UPDATE before the last one is done (section 14.2, RFC 3311 section 5.2). */
  answerOverlap(id: TransactionId, request: SipRequest): void {
    this.answer(id, request, 500, [['Retry-After', String(integerBelow(this.#core.options.random, 11))]])
  }

  answer(id: TransactionId, request: SipRequest, status: number, headers?: HeaderList, phrase?: string): void {
    const response = this.#compose(request, status, phrase)
    addHeaders(this.#core, response.headers, headers)
    this.#core.respond(id, response)
  }
}
