import { fromTag, type SipRequest } from '../message/index.ts'
import type { TransactionId } from '../transaction/index.ts'
import type { EndpointCommand, SessionId } from './control.ts'
import type { EndpointCore } from './core.ts'
import type { DialogSide } from './dialog-client.ts'
import { ModifyClient } from './modify-client.ts'
import { type OpenOffer, PendingRequests } from './pending-requests.ts'

/** The most forks of one INVITE whose dialogs are kept apart; responses of further ones make none. */
export const MAX_FORKS = 16

/** The early dialog of one fork. */
export interface EarlyDialog {
  readonly side: DialogSide
  readonly pending: PendingRequests
  /** The reliable provisional of it that was acknowledged last (RFC 3262 section 4). */
  rseq: number | undefined
  /** One of them has answered our offer: others may be made from now on (RFC 3311 section 5.1). */
  isAgreed: boolean
}

/** The early dialogs of one INVITE of ours, one for each fork that has said something, and what is asked in them. */
export class EarlyDialogs {
  readonly #core: EndpointCore
  readonly #session: SessionId
  readonly #dialogs = new Map<string, EarlyDialog>()
  /** An UPDATE of ours. */
  #changing: ModifyClient | undefined

  constructor(core: EndpointCore, session: SessionId) {
    this.#core = core
    this.#session = session
  }

  /** No further fork gets a dialog of its own. */
  get isFull(): boolean {
    return this.#dialogs.size >= MAX_FORKS
  }

  /** By the tag of the far end. */
  get(remoteTag: string): EarlyDialog | undefined {
    return this.#dialogs.get(remoteTag)
  }

  add(remoteTag: string, side: DialogSide): EarlyDialog {
    const pending = new PendingRequests(this.#core, this.#session, side)
    const early = { side, pending, rseq: undefined, isAgreed: false }
    this.#dialogs.set(remoteTag, early)
    return early
  }

  /** The fork of this tag has won the call: its dialog is early no more, and the others are nothing. */
  settle(remoteTag: string): void {
    this.#dialogs.delete(remoteTag)
    this.#refuseAll()
  }

  /** The INVITE has ended without a call. */
  end(): void {
    this.#changing?.abandon()
    this.#refuseAll()
  }

  /** A request of the far end. It must not end an early dialog with BYE (section 15). */
  onRequest(id: TransactionId, request: SipRequest): void {
    const early = this.#dialogs.get(fromTag(request) ?? '')
    if (early === undefined || !early.pending.admits(id, request)) return
    const { pending } = early
    if (request.method === 'INVITE') pending.answer(id, request, 491)
    else if (request.method === 'BYE' || request.method === 'PRACK') pending.answer(id, request, 481)
    else if (request.method === 'UPDATE') pending.takeUpdate(id, request, this.#openOfferOf(early))
    else pending.take(id, request)
  }

  /** Answers a request that was passed up. */
  respond(command: Extract<EndpointCommand, { type: 'respondRequest' }>): void {
    for (const { pending } of this.#dialogs.values()) if (pending.has(command.request)) pending.respond(command)
  }

  /**
   * Changes what was agreed on, in the dialog that was made last.
   * @param isInviting the INVITE is not on its way to its end
   */
  update({ body, contentType }: Extract<EndpointCommand, { type: 'update' }>, isInviting: boolean): void {
    const early = isInviting ? [...this.#dialogs.values()].findLast(({ isAgreed }) => isAgreed) : undefined
    if (early === undefined || this.#openOfferOf(early) !== 'none') {
      this.#core.emit({ type: 'requestDone', session: this.#session, method: 'UPDATE' })
      return
    }
    const mayRetry = () => !early.pending.holdsOffer
    const request = { method: 'UPDATE', body, contentType } as const
    this.#changing = new ModifyClient(this.#core, early.side, request, mayRetry, ({ response }) => {
      this.#changing = undefined
      this.#core.emit({ type: 'requestDone', session: this.#session, method: 'UPDATE', ...(response && { response }) })
    })
  }

  #openOfferOf({ isAgreed, pending }: EarlyDialog): OpenOffer {
    if (!isAgreed || this.#changing !== undefined) return 'ours'
    return pending.holdsOffer ? 'theirs' : 'none'
  }

  #refuseAll(): void {
    for (const { pending } of this.#dialogs.values()) pending.refuseAll()
    this.#dialogs.clear()
  }
}
