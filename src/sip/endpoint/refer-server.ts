import {
  printSipfrag,
  reasonPhrase,
  SIPFRAG,
  type SipfragStatus,
  type SipRequest,
  type SipResponse,
} from '../message/index.ts'
import { parseInteger } from '../message/scan.ts'
import type { TransactionId } from '../transaction/index.ts'
import { addHeaders, type HeaderList } from './compose.ts'
import type { ReferId } from './control.ts'
import type { EndpointCore, SessionTimer } from './core.ts'
import { DialogClient, type DialogSide } from './dialog-client.ts'

/** What a REFER of the far end needs of the dialog that it came in, or makes. */
export interface ReferPlace {
  readonly side: DialogSide
  compose(request: SipRequest, status: number, phrase?: string): SipResponse
  /** It is accepted with a subscription: the dialog is there for it from now on. */
  onAccepted(): void
  onOver(): void
}

/**
 * A REFER of the far end, and the reports that it gets of the request that it asked for (RFC 3515, RFC 6665 section 4.2).
 *
 *               respond 2xx: NOTIFY 100
 *     offered -------------------------> subscribed --+ notify 1xx, SUBSCRIBE: NOTIFY active
 *        | respond 300-699                  |   ^-----+
 *        | 2xx without subscription         | notify 2xx-6xx, expiry, SUBSCRIBE with Expires 0: NOTIFY terminated
 *        v                                  v
 *       over <--------------------------- ending
 *                 its answer, or none; or any NOTIFY was refused
 */
export class ReferServer {
  readonly id: ReferId
  readonly #core: EndpointCore
  readonly #place: ReferPlace
  readonly #transaction: TransactionId
  readonly #request: SipRequest
  /** The value of Event. */
  readonly #event: string
  readonly #wantsReports: boolean
  readonly #timer: SessionTimer
  #phase: 'offered' | 'subscribed' | 'ending' | 'over' = 'offered'
  #latest: SipfragStatus = { status: 100, phrase: 'Trying' }
  /** Why it ends. */
  #reason = 'noresource'
  #expiresAt = 0
  #isNotifying = false
  #hasNews = false

  constructor(
    core: EndpointCore,
    id: ReferId,
    transaction: TransactionId,
    request: SipRequest,
    event: string,
    place: ReferPlace,
  ) {
    this.id = id
    this.#core = core
    this.#place = place
    this.#transaction = transaction
    this.#request = request
    this.#event = event
    this.#wantsReports = wantsReports(request)
    this.#timer = core.timer(() => this.#onTimer())
    this.#timer.setIn(core.patienceMs / 2)
  }

  /** Whether a SUBSCRIBE or the answer of a NOTIFY with this Event is about it. */
  get isSubscribed(): boolean {
    return this.#phase === 'subscribed'
  }

  /** Answers the REFER. */
  respond(status: number, phrase?: string, headers?: HeaderList): void {
    if (this.#phase !== 'offered' || !(status >= 200 && status <= 699)) {
      this.#core.count('staleCommands')
      return
    }
    const { dialog } = this.#place.side
    const response = this.#place.compose(this.#request, status, phrase)
    if (status < 300) {
      response.headers.add('contact', this.#core.contact(dialog.peer, dialog.isSecure))
      if (!this.#wantsReports) response.headers.add('refer-sub', 'false')
    }
    addHeaders(this.#core, response.headers, headers)
    this.#core.respond(this.#transaction, response)
    if (status >= 300) this.#close(false)
    else if (!this.#wantsReports) this.#close(true)
    else this.#subscribe()
  }

  /** Reports how the request went on. */
  notify(status: number, phrase?: string): void {
    if (this.#phase !== 'subscribed' || !(status >= 100 && status <= 699)) {
      this.#core.count('staleCommands')
      return
    }
    this.#latest = { status, phrase: phrase ?? reasonPhrase(status) }
    if (status >= 200) this.#phase = 'ending'
    this.#notify()
  }

  /** The far end asks for a longer subscription, or for none. */
  onSubscribe(id: TransactionId, request: SipRequest): void {
    const wantedS = parseInteger(request.headers.get('expires') ?? '', 0xffff_ffff)
    const expiresS = wantedS < 0 ? EXPIRES_S : Math.min(wantedS, EXPIRES_S)
    const response = this.#place.compose(request, 200)
    const { dialog } = this.#place.side
    response.headers.add('contact', this.#core.contact(dialog.peer, dialog.isSecure))
    response.headers.add('expires', String(expiresS))
    this.#core.respond(id, response)
    if (expiresS === 0) this.#expire()
    else {
      this.#expireIn(expiresS)
      this.#notify()
    }
  }

  #subscribe(): void {
    this.#phase = 'subscribed'
    this.#place.onAccepted()
    this.#expireIn(EXPIRES_S)
    this.#notify()
  }

  #expireIn(seconds: number): void {
    this.#expiresAt = this.#core.now + seconds * 1000
    this.#timer.setIn(seconds * 1000)
  }

  #onTimer(): void {
    if (this.#phase === 'offered') {
      this.#core.count('unansweredRequests')
      this.respond(500)
    } else this.#expire()
  }

  #expire(): void {
    if (this.#phase !== 'subscribed') return
    this.#phase = 'ending'
    this.#reason = 'timeout'
    this.#notify()
  }

  /** One at a time, so that they come in their order; what has become old meanwhile is not sent. */
  #notify(): void {
    if (this.#isNotifying) {
      this.#hasNews = true
      return
    }
    this.#isNotifying = true
    this.#hasNews = false
    const { side } = this.#place
    const isLast = this.#phase === 'ending'
    const leftS = Math.max(Math.ceil((this.#expiresAt - this.#core.now) / 1000), 0)
    const headers: HeaderList = [
      ['Contact', this.#core.contact(side.dialog.peer, side.dialog.isSecure)],
      ['Event', this.#event],
      ['Subscription-State', isLast ? `terminated;reason=${this.#reason}` : `active;expires=${leftS}`],
    ]
    const content = { method: 'NOTIFY', headers, body: printSipfrag(this.#latest), contentType: SIPFRAG_TYPE }
    new DialogClient(this.#core, side, content, ({ response }) => {
      this.#isNotifying = false
      const isTaken = response !== undefined && response.status < 300
      if (isLast || !isTaken) this.#close(true)
      else if (this.#hasNews) this.#notify()
    })
  }

  #close(wasAccepted: boolean): void {
    if (this.#phase === 'over') return
    this.#phase = 'over'
    this.#timer.clear()
    if (wasAccepted) this.#core.emit({ type: 'referClosed', refer: this.id })
    this.#place.onOver()
  }
}

/** RFC 4488 section 4: the far end does not want to hear how it goes. */
export function wantsReports(request: SipRequest): boolean {
  return request.headers.get('refer-sub')?.trim().toLowerCase() !== 'false'
}

const SIPFRAG_TYPE = `${SIPFRAG};version=2.0`
/** Longer than anybody lets it ring. */
const EXPIRES_S = 300
