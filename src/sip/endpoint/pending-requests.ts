import { integerBelow } from '../../kit/index.ts'
import type { Dialog } from '../dialog/index.ts'
import type { SipRequest } from '../message/index.ts'
import type { TransactionId } from '../transaction/index.ts'
import { extensionRefusal, methodRefusal } from './admission.ts'
import { ACCEPTED, addCapabilities, addHeaders, compose, type HeaderList } from './compose.ts'
import type { SessionId } from './control.ts'
import type { EndpointCore, SessionTimer } from './core.ts'

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
  readonly #tag: string
  readonly #pending = new Map<SipRequest, { readonly id: TransactionId; readonly timer: SessionTimer }>()

  /** @param tag our tag in the dialog */
  constructor(core: EndpointCore, session: SessionId, tag: string) {
    this.#core = core
    this.#session = session
    this.#tag = tag
  }

  /** Whether the request is in order and asks for nothing that we do not have; it has been answered if not. */
  admits(id: TransactionId, request: SipRequest, dialog: Dialog): boolean {
    if (!dialog.acceptCSeq(request)) {
      this.#core.count('outOfOrderRequests')
      this.answer(id, request, 500)
      return false
    }
    const refusal = extensionRefusal(request)
    if (refusal !== undefined) {
      this.#core.count('refusedRequests')
      this.answer(id, request, refusal.status, refusal.headers)
    }
    return refusal === undefined
  }

  /** Takes a request that no role has a meaning for. */
  take(id: TransactionId, request: SipRequest): void {
    if (request.method === 'OPTIONS') {
      this.answerOptions(id, request)
      return
    }
    const passed = this.#core.options.passedMethods ?? ['INFO']
    if (!passed.includes(request.method)) {
      const { status, headers } = methodRefusal(this.#core, request.method)
      this.#core.count('refusedRequests')
      this.answer(id, request, status, headers)
      return
    }
    if (this.#pending.size >= MAX_PENDING) {
      this.#core.count('refusedRequests')
      this.answer(id, request, 503, [['Retry-After', '1']])
      return
    }
    const timer = this.#core.timer(() => {
      this.#core.count('unansweredRequests')
      this.respond(request, 500)
    })
    timer.setIn(this.#core.patienceMs / 2)
    this.#pending.set(request, { id, timer })
    this.#core.emit({ type: 'request', session: this.#session, request })
  }

  /** Whether the request was passed up and waits for its answer. */
  has(request: SipRequest): boolean {
    return this.#pending.has(request)
  }

  /** Answers a request that was passed up. */
  respond(request: SipRequest, status: number, phrase?: string): void {
    const pending = this.#pending.get(request)
    if (pending === undefined || status < 200 || status > 699) {
      this.#core.count('staleCommands')
      return
    }
    this.#pending.delete(request)
    pending.timer.clear()
    this.answer(pending.id, request, status, [], phrase)
  }

  /** The session is over: everything that still waits gets 487 (RFC 3261 section 15.1.2). */
  refuseAll(): void {
    for (const [request, { id, timer }] of this.#pending) {
      timer.clear()
      this.answer(id, request, 487)
    }
    this.#pending.clear()
  }

  answerOptions(id: TransactionId, request: SipRequest): void {
    const response = compose(this.#core, request, 200, this.#tag)
    addCapabilities(this.#core, response.headers)
    response.headers.add('accept', ACCEPTED)
    this.#core.respond(id, response)
  }

  /** 500 with a Retry-After of 0 to 10 seconds: an INVITE before the last one is done (section 14.2). */
  answerOverlap(id: TransactionId, request: SipRequest): void {
    this.answer(id, request, 500, [['Retry-After', String(integerBelow(this.#core.options.random, 11))]])
  }

  answer(id: TransactionId, request: SipRequest, status: number, headers?: HeaderList, phrase?: string): void {
    const response = compose(this.#core, request, status, this.#tag, phrase)
    addHeaders(this.#core, response.headers, headers)
    this.#core.respond(id, response)
  }
}
