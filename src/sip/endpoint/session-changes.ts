import { cseqOf, hasWord, type SipMessage, type SipRequest } from '../message/index.ts'
import type { TransactionId } from '../transaction/index.ts'
import { contentRefusal } from './admission.ts'
import type { EndpointCommand, SessionId } from './control.ts'
import type { EndpointCore } from './core.ts'
import type { DialogRequestOutcome, DialogSide } from './dialog-client.ts'
import { ModifyClient } from './modify-client.ts'
import type { OpenOffer, PendingRequests } from './pending-requests.ts'
import { ReinviteServer } from './reinvite-server.ts'
import { intervalRefusal } from './session-expiry.ts'
import type { UnacknowledgedAnswer } from './unacknowledged-answer.ts'

type Command<Type extends EndpointCommand['type']> = Extract<EndpointCommand, { type: Type }>

/** What the session has to know of its changes. */
export interface ChangesListener {
  /** A request of ours came to this end; 481, 408 and silence mean that the far end has no such dialog any more. */
  onOutcome(outcome: DialogRequestOutcome, method: string): void
  /** A 2xx of ours was never acknowledged. */
  onNoAck(): void
  /** Nobody refreshed the session. */
  onExpired(): void
}

/**
 * Everything that changes or refreshes an established session, of either end: re-INVITE (RFC 3261 section 14), UPDATE
 * (RFC 3311), and the refreshes of session timers (RFC 4028). One change of each end at a time; of two that meet, each is
 * refused with 491 and tried again.
 */
export class SessionChanges {
  readonly #core: EndpointCore
  readonly #session: SessionId
  readonly #side: DialogSide
  readonly #pending: PendingRequests
  readonly #listener: ChangesListener
  /** Our 2xx, the first or one to a re-INVITE, on its way to its ACK. */
  #answer: UnacknowledgedAnswer | undefined
  #answerOffers = false
  #reinvited: ReinviteServer | undefined
  /** What the application changes. */
  #changing: ModifyClient | undefined
  /** The UPDATE of a session timer, which needs nobody's turn. */
  #refreshing: ModifyClient | undefined
  #takesUpdate = false

  /** @param made the far end's INVITE, or its 2xx to ours */
  constructor(
    core: EndpointCore,
    session: SessionId,
    side: DialogSide,
    pending: PendingRequests,
    made: SipMessage,
    listener: ChangesListener,
  ) {
    this.#core = core
    this.#session = session
    this.#side = side
    this.#pending = pending
    this.#listener = listener
    this.#learn(made)
    side.expiry?.listen({ onRefreshDue: () => this.#refresh(), onExpired: () => listener.onExpired() })
  }

  /** Our 2xx has no ACK yet. */
  get awaitsAck(): boolean {
    return this.#answer !== undefined
  }

  /** Our 2xx to the first INVITE is on its way. @param offers it answers nothing, but asks in its turn */
  awaitAck(answer: (onGivenUp: () => void) => UnacknowledgedAnswer, offers: boolean): void {
    this.#answer = answer(() => this.#onNoAck())
    this.#answerOffers = offers
  }

  /** Whether an ACK was waited for. */
  onAck(request: SipRequest): boolean {
    if (this.#answer === undefined || cseqOf(request)?.number !== this.#answer.cseq) return false
    this.#answer.stop()
    this.#answer = undefined
    return true
  }

  onReinvite(id: TransactionId, request: SipRequest): void {
    const open = this.#openOffer
    if (this.#reinvited !== undefined || open === 'theirs') this.#pending.answerOverlap(id, request)
    else if (this.#answer !== undefined || open === 'ours') this.#pending.answer(id, request, 491)
    else {
      const refusal = contentRefusal(request) ?? intervalRefusal(this.#core, request)
      if (refusal !== undefined) {
        this.#pending.refuse(id, request, refusal)
        return
      }
      this.#reinvited = new ReinviteServer(this.#core, id, request, this.#side, () => {
        this.#reinvited = undefined
      })
      this.#core.emit({ type: 'reinvited', session: this.#session, request })
    }
  }

  onUpdate(id: TransactionId, request: SipRequest): void {
    this.#pending.takeUpdate(id, request, this.#openOffer)
    this.#learn(request)
  }

  /** Answers the re-INVITE. */
  respond(command: Command<'respond'>): void {
    const reinvited = this.#reinvited
    const isStatus = command.status > 100 && command.status < 700
    if (reinvited === undefined || !isStatus) {
      this.#core.count('staleCommands')
      return
    }
    this.#answer = reinvited.respond(command, () => this.#onNoAck())
    this.#answerOffers = !reinvited.offers
    if (this.#answer !== undefined) this.#learn(reinvited.request)
  }

  reinvite({ body, contentType }: Command<'reinvite'>): void {
    if (this.#changing?.method === 'INVITE' && this.#changing.isWaiting) {
      this.#changing.use(body)
      return
    }
    if (!this.#isQuiet || this.#changing !== undefined) {
      this.#core.emit({ type: 'reinviteFailed', session: this.#session })
      return
    }
    this.#changing = this.#modify({ method: 'INVITE', body, contentType }, (outcome) => {
      this.#changing = undefined
      const { response } = outcome
      if (response !== undefined && response.status < 300)
        this.#core.emit({ type: 'reinviteAnswered', session: this.#session, response })
      else this.#core.emit({ type: 'reinviteFailed', session: this.#session, ...(response && { response }) })
    })
  }

  update({ body, contentType }: Command<'update'>): void {
    if (this.#changing !== undefined || (body !== undefined && this.#openOffer !== 'none')) {
      this.#core.emit({ type: 'requestDone', session: this.#session, method: 'UPDATE' })
      return
    }
    this.#changing = this.#modify({ method: 'UPDATE', body, contentType }, ({ response }) => {
      this.#changing = undefined
      this.#core.emit({ type: 'requestDone', session: this.#session, method: 'UPDATE', ...(response && { response }) })
    })
  }

  /** The session is over: nothing that was going on matters any more. */
  stop(): void {
    this.#side.expiry?.stop()
    this.#answer?.stop()
    this.#answer = undefined
    this.#reinvited?.refuse(487)
    this.#changing?.abandon()
    this.#changing = undefined
    this.#refreshing?.abandon()
    this.#refreshing = undefined
  }

  get #openOffer(): OpenOffer {
    if (this.#changing?.isOffering || (this.#answer !== undefined && this.#answerOffers)) return 'ours'
    return this.#reinvited?.offers || this.#pending.holdsOffer ? 'theirs' : 'none'
  }

  /** Nothing of the far end is being answered or acknowledged. */
  get #isQuiet(): boolean {
    return this.#reinvited === undefined && this.#answer === undefined && !this.#pending.holdsOffer
  }

  #modify(
    request: { method: 'INVITE' | 'UPDATE'; body?: Uint8Array | undefined; contentType?: string | undefined },
    done: (outcome: DialogRequestOutcome) => void,
  ): ModifyClient {
    const mayRetry = () => this.#isQuiet
    return new ModifyClient(this.#core, this.#side, request, mayRetry, (outcome) => {
      const { response } = outcome
      const isTaken = response !== undefined && response.status < 300
      if (isTaken) this.#onTaken(response)
      else this.#side.expiry?.onRefused()
      done(outcome)
      if (!isTaken) this.#listener.onOutcome(outcome, request.method)
    })
  }

  /** Any change that succeeds is a refresh, too. */
  #onTaken(response: SipMessage & { readonly kind: 'response' }): void {
    this.#side.expiry?.onAnswered(response)
    this.#learn(response)
  }

  #refresh(): void {
    if (this.#takesUpdate) {
      if (this.#refreshing !== undefined) return
      this.#refreshing = this.#modify({ method: 'UPDATE' }, ({ response }) => {
        this.#refreshing = undefined
        if (response?.status !== 405 && response?.status !== 501) return
        this.#takesUpdate = false
        this.#refresh()
      })
    } else if (this.#isQuiet && this.#changing === undefined)
      this.#core.emit({ type: 'refreshDue', session: this.#session })
    else this.#side.expiry?.onRefused()
  }

  /** Whether the far end takes UPDATE, where it says so and we may have to refresh. */
  #learn({ headers }: SipMessage): void {
    if (this.#side.expiry?.isOurs && headers.has('allow')) this.#takesUpdate = hasWord(headers, 'allow', 'UPDATE')
  }

  #onNoAck(): void {
    this.#answer = undefined
    this.#listener.onNoAck()
  }
}
