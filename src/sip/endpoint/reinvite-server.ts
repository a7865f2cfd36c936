import { cseqOf, type SipRequest } from '../message/index.ts'
import type { TransactionId } from '../transaction/index.ts'
import { reliability } from './admission.ts'
import { addBody, addCapabilities, addHeaders, compose } from './compose.ts'
import type { EndpointCommand } from './control.ts'
import type { EndpointCore, SessionTimer, TransactionUser } from './core.ts'
import type { DialogSide } from './dialog-client.ts'
import { UnacknowledgedAnswer } from './unacknowledged-answer.ts'

/**
 * A re-INVITE of the far end (RFC 3261 section 14.2) until its final response. One that nobody answers within half of
 * 64*T1 is answered 500.
 */
export class ReinviteServer implements TransactionUser {
  readonly #core: EndpointCore
  readonly #id: TransactionId
  readonly request: SipRequest
  readonly #side: DialogSide
  readonly #timer: SessionTimer
  readonly #onAnswered: () => void
  #isAnswered = false

  /** The offer is theirs, unless the re-INVITE asks for ours. */
  get offers(): boolean {
    return this.request.body.length > 0
  }

  /** @param onAnswered called with the final response, whoever gave it */
  constructor(core: EndpointCore, id: TransactionId, request: SipRequest, side: DialogSide, onAnswered: () => void) {
    this.#core = core
    this.#id = id
    this.request = request
    this.#side = side
    this.#onAnswered = onAnswered
    this.#timer = core.timer(() => {
      core.count('unansweredRequests')
      this.refuse(500)
    })
    this.#timer.setIn(core.patienceMs / 2)
    core.own(id, this)
  }

  onCancelled(): void {
    this.refuse(487)
  }

  /** Responds as commanded; a 2xx is returned on its way to its ACK. */
  respond(
    command: Extract<EndpointCommand, { type: 'respond' }>,
    onGivenUp: () => void,
  ): UnacknowledgedAnswer | undefined {
    const { status, phrase, headers, body, contentType } = command
    const { dialog, expiry } = this.#side
    // Reliable provisionals are for the first INVITE only, so one that wants nothing else gets none.
    if (this.#isAnswered || (status < 200 && reliability(this.request) === 'required')) return undefined
    const response = compose(this.#core, this.request, status, dialog.localTag, phrase)
    if (status < 300) response.headers.add('contact', this.#core.contact(dialog.peer, dialog.isSecure))
    if (status >= 200 && status < 300) addCapabilities(this.#core, response.headers)
    addHeaders(this.#core, response.headers, headers)
    addBody(response, body, contentType)
    if (status >= 200) this.#finish()
    if (status >= 300 || status < 200) {
      this.#core.respond(this.#id, response)
      return undefined
    }
    dialog.refreshTarget(this.request)
    expiry?.addToResponse(this.request, response.headers)
    return new UnacknowledgedAnswer(this.#core, this.#id, cseqOf(this.request)?.number ?? 0, response, onGivenUp)
  }

  refuse(status: number): void {
    if (this.#isAnswered) return
    this.#finish()
    this.#core.respond(this.#id, compose(this.#core, this.request, status, this.#side.dialog.localTag))
  }

  #finish(): void {
    this.#isAnswered = true
    this.#timer.clear()
    this.#onAnswered()
  }
}
