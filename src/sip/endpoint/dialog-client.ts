import type { DigestClient } from '../auth/index.ts'
import type { Dialog } from '../dialog/index.ts'
import { cseqOf, type SipRequest, type SipResponse } from '../message/index.ts'
import type { TransactionId } from '../transaction/index.ts'
import { addBody, addCapabilities, addHeaders, type HeaderList } from './compose.ts'
import type { Peer } from './control.ts'
import type { EndpointCore, SessionTimer, TransactionUser } from './core.ts'
import type { SessionExpiry } from './session-expiry.ts'

/** One end of a session as its requests see it: the dialog, and what is known about the far end's credentials. */
export interface DialogSide {
  readonly dialog: Dialog
  /** Answers challenges, when the session was started with credentials. */
  readonly digest: DigestClient | undefined
  /** We chose the Call-ID, which decides who retries first after glare (RFC 3261 section 14.1). */
  readonly isCaller: boolean
  /** The life of the session, where it may expire (RFC 4028). */
  readonly expiry: SessionExpiry | undefined
}

export interface DialogRequestContent {
  readonly method: string
  readonly headers?: HeaderList | undefined
  readonly body?: Uint8Array | undefined
  readonly contentType?: string | undefined
}

/** The final response, or why there will be none. */
export type DialogRequestOutcome =
  | { readonly response: SipResponse }
  | { readonly response: undefined; readonly cause: 'timeout' | 'transport'; readonly detail: string | undefined }

/** Challenges that are answered for one request; a second proxy on the path may add one, a server that goes on asking not. */
export const MAX_CHALLENGES = 4

/**
 * One request of ours within a dialog, from its first transaction to its final response: answers digest challenges
 * (RFC 3261 section 22.2), and for an INVITE sends the ACK of every 2xx (section 13.2.2.4), also long after `done`.
 */
export class DialogClient implements TransactionUser {
  readonly #core: EndpointCore
  readonly #side: DialogSide
  readonly #content: DialogRequestContent
  readonly #done: (outcome: DialogRequestOutcome) => void
  #request: SipRequest
  #id: TransactionId | undefined
  #challenges = 0
  /** A far end that says 100 to a re-INVITE and then nothing would be waited for as long as it stands. */
  readonly #patience: SessionTimer | undefined
  #isDone = false
  #ack: { readonly request: SipRequest; readonly to: Peer } | undefined

  /** Sends the request at once. `done` is called once, never from within the constructor. */
  constructor(
    core: EndpointCore,
    side: DialogSide,
    content: DialogRequestContent,
    done: (outcome: DialogRequestOutcome) => void,
  ) {
    this.#core = core
    this.#side = side
    this.#content = content
    this.#done = done
    if (content.method === 'INVITE') this.#patience = core.timer(() => this.#giveUp())
    this.#request = this.#send()
  }

  /** Of the request as it was last sent. */
  get cseq(): number {
    return cseqOf(this.#request)?.number ?? 0
  }

  onResponse(response: SipResponse): void {
    if (response.status < 200) return
    if (this.#isDone) {
      if (response.status < 300) this.#acknowledge(response)
      return
    }
    const isChallenge = response.status === 401 || response.status === 407
    if (
      isChallenge &&
      this.#challenges < MAX_CHALLENGES &&
      this.#side.digest?.answerChallenge(response) === 'answered'
    ) {
      this.#challenges++
      this.#request = this.#send()
      return
    }
    if (response.status < 300) {
      this.#acknowledge(response)
      if (this.#content.method === 'UPDATE') this.#side.dialog.refreshTarget(response)
    }
    this.#finish({ response })
  }

  onFailed(cause: 'timeout' | 'transport', detail: string | undefined): void {
    this.#finish({ response: undefined, cause, detail })
  }

  #send(): SipRequest {
    const { dialog, digest, expiry } = this.#side
    const { method, headers, body, contentType } = this.#content
    const request = dialog.createRequest(method)
    if (method === 'INVITE' || method === 'UPDATE') {
      request.headers.add('contact', this.#core.contact(dialog.peer, dialog.isSecure))
      addCapabilities(this.#core, request.headers)
      if (dialog.state === 'confirmed') expiry?.addToRequest(request.headers)
    }
    if (this.#core.options.userAgent !== undefined) request.headers.add('user-agent', this.#core.options.userAgent)
    addHeaders(this.#core, request.headers, headers)
    addBody(request, body, contentType)
    digest?.authorize(request)
    // Credentials are for the server that asked for them, of several that bear one name.
    const to = (this.#id === undefined ? undefined : this.#core.targetOf(this.#id)) ?? dialog.peer
    this.#id = this.#core.send(request, to, this)
    this.#patience?.setIn(this.#core.patienceMs)
    return request
  }

  #finish(outcome: DialogRequestOutcome): void {
    if (this.#isDone) return
    this.#isDone = true
    this.#patience?.clear()
    this.#done(outcome)
  }

  /** CANCELs a re-INVITE: 487 or silence is its outcome then (RFC 3261 section 9.1). */
  #giveUp(): void {
    if (this.#id !== undefined && !this.#isDone) this.#core.cancel(this.#id, [])
  }

  #acknowledge(response: SipResponse): void {
    if (this.#content.method !== 'INVITE') return
    if (this.#ack === undefined) {
      const { dialog } = this.#side
      dialog.refreshTarget(response)
      this.#ack = { request: ackFor(dialog, this.#request), to: dialog.peer }
    }
    this.#core.acknowledge(this.#ack.request, this.#ack.to)
  }
}

/** The ACK for a 2xx to `invite`, with the same credentials (RFC 3261 section 13.2.2.4). */
export function ackFor(dialog: Dialog, invite: SipRequest): SipRequest {
  const ack = dialog.createAck(cseqOf(invite)?.number ?? 0)
  for (const name of ['authorization', 'proxy-authorization']) {
    for (const value of invite.headers.all(name)) ack.headers.add(name, value)
  }
  return ack
}
