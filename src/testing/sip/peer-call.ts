import { token } from '../../kit/index.ts'
import {
  addressParam,
  addToTag,
  BRANCH_COOKIE,
  callIdOf,
  createRequest,
  createResponse,
  cseqOf,
  type Peer,
  parseNameAddr,
  type SipMessage,
  type SipRequest,
  type SipResponse,
  toTag,
} from '../../sip/index.ts'
import type { AudioSdpOptions } from './audio-sdp.ts'
import type { PeerCore } from './peer-core.ts'
import type { ExpectOptions } from './peer-inbox.ts'

/** What a message carries beside what it must. */
export interface MessageOptions {
  readonly headers?: readonly (readonly [name: string, value: string])[]
  /** A session description: the peer's own audio line, or changes to it. */
  readonly sdp?: true | Partial<AudioSdpOptions>
  readonly body?: string | Uint8Array
  /** Of `body`. */
  readonly contentType?: string
}

/** What a response of a {@link SipPeer} says besides its status. */
export interface ResponseOptions extends MessageOptions {
  readonly phrase?: string
  /**
   * Left out of the response when false: no far end that obeys RFC 3261 does so. A text is the tag of another fork.
   * Default true.
   */
  readonly toTag?: boolean | string
}

/**
 * One call (more exactly: all requests and responses with one Call-ID) as the scripted far end sees it. It keeps the
 * least of a dialog: tags, target, route set and CSeq. It does what the script says, also what no SIP element may do.
 */
export class PeerCall {
  readonly callId: string
  readonly localTag: string
  /** The last 2xx to our INVITE. */
  answer: SipResponse | undefined
  readonly #core: PeerCore
  readonly #isCaller: boolean
  readonly #local: string
  #remote: string
  #target: string
  #routes: readonly string[] = []
  readonly #firstHop: Peer | undefined
  #isEstablished = false
  #invite: SipRequest
  #cseq: number
  #lastSent: SipRequest
  #lastInvited: SipRequest | undefined

  /** @param firstHop where requests go whatever the route says; by default the route decides */
  constructor(core: PeerCore, invite: SipRequest, isCaller: boolean, firstHop?: Peer) {
    this.#core = core
    this.#isCaller = isCaller
    this.#invite = invite
    this.callId = callIdOf(invite) ?? ''
    this.#lastSent = invite
    this.#firstHop = firstHop
    const from = invite.headers.get('from') ?? ''
    const to = invite.headers.get('to') ?? ''
    if (isCaller) {
      this.localTag = addressParam(from, 'tag') ?? ''
      this.#local = from
      this.#remote = to
      this.#target = invite.uri
      this.#cseq = cseqOf(invite)?.number ?? 1
    } else {
      this.localTag = token(core.random)
      this.#local = `${to};tag=${this.localTag}`
      this.#remote = from
      this.#target = contactUri(invite) ?? ''
      this.#routes = invite.headers.all('record-route')
      this.#cseq = 0
    }
  }

  /** The INVITE (or other first request) of this call, sent or received; of one that was sent again, the last. */
  get invite(): SipRequest {
    return this.#invite
  }

  /** The tag of the far end; empty as long as it has none. */
  get remoteTag(): string {
    return addressParam(this.#remote, 'tag') ?? ''
  }

  /** The URI of the far end's Contact. */
  get remoteTarget(): string {
    return this.#target
  }

  /** Its own Contact, as a header value. */
  get contact(): string {
    return this.#core.contact
  }

  /** The INVITE of ours that a response answers. */
  lastInviteOf(response: SipResponse): SipRequest | undefined {
    const cseq = response.headers.get('cseq')
    return [this.#lastInvited, this.#invite].find((invite) => invite?.headers.get('cseq') === cseq)
  }

  /** The next request of this method in this call. */
  async expect(method: string, options?: ExpectOptions): Promise<SipRequest> {
    const name = `${this.#core.name} waits for ${method} (Call-ID ${this.callId})`
    const wants = (message: SipMessage) => message.kind === 'request' && message.method === method
    return (await this.#core.inbox.take(name, this.callId, wants, options)) as SipRequest
  }

  /**
   * The response with this status to the request that was sent last. Provisional responses before it are passed over.
   * @param options.to another request that was sent, such as `call.invite` after a PRACK
   * @throws Error when another final response comes first
   */
  async expectResponse(
    status: number,
    options: ExpectOptions & { readonly to?: SipRequest } = {},
  ): Promise<SipResponse> {
    const cseq = (options.to ?? this.#lastSent).headers.get('cseq')
    const name = `${this.#core.name} waits for ${status} to ${cseq} (Call-ID ${this.callId})`
    for (;;) {
      const wants = (message: SipMessage) => message.kind === 'response' && message.headers.get('cseq') === cseq
      const response = (await this.#core.inbox.take(name, this.callId, wants, options)) as SipResponse
      if (response.status === status) return response
      if (response.status >= 200)
        throw new Error(`${this.#core.name} expected ${status} to ${cseq}, got ${response.status} ${response.phrase}`)
    }
  }

  /** Sends a request within the call: INFO, BYE, re-INVITE, ... */
  request(method: string, options: MessageOptions = {}): SipRequest {
    const request = this.#create(method, ++this.#cseq)
    this.#core.addBody(request, options)
    this.#lastSent = request
    if (method === 'INVITE') this.#lastInvited = request
    // Before an answer this is the same call tried again, with credentials for instance.
    if (method === 'INVITE' && this.#isCaller && this.answer === undefined) this.#invite = request
    this.#core.sendRequest(request, this.#nextHop())
    return request
  }

  /** Acknowledges the 2xx to our last INVITE. */
  ack(options: MessageOptions = {}): SipRequest {
    const ack = this.#create('ACK', cseqOf(this.answer ?? this.invite)?.number ?? this.#cseq)
    this.#core.addBody(ack, options)
    this.#core.sendAck(ack, this.#nextHop(), this.answer)
    return ack
  }

  bye(options?: MessageOptions): SipRequest {
    return this.request('BYE', options)
  }

  /** A new INVITE within the call; `sdp` is on unless a body is given. */
  reinvite(options: MessageOptions = {}): SipRequest {
    return this.request('INVITE', options.body === undefined ? { sdp: true, ...options } : options)
  }

  /** CANCELs our INVITE: same branch, same Request-URI (RFC 3261 section 9.1). */
  cancel(options: MessageOptions = {}): SipRequest {
    const cancel = createRequest('CANCEL', this.invite.uri)
    for (const name of ['via', 'from', 'to', 'call-id']) {
      cancel.headers.add(name, this.invite.headers.get(name) ?? '')
    }
    cancel.headers.add('cseq', `${cseqOf(this.invite)?.number} CANCEL`)
    cancel.headers.add('max-forwards', '70')
    this.#core.addBody(cancel, options)
    this.#core.sendRequest(cancel, this.#firstHop ?? this.#core.route(this.invite.uri))
    return cancel
  }

  /** Answers a request of this call; by default its INVITE. */
  respond(status: number, options: ResponseOptions = {}, request: SipRequest = this.invite): SipResponse {
    const response = createResponse(request, status, options.phrase)
    const { toTag = true } = options
    if (status > 100 && toTag !== false) addToTag(response, toTag === true ? this.localTag : toTag)
    const given = options.headers?.some(([name]) => /^(contact|m)$/i.test(name)) ?? false
    if (/^(INVITE|UPDATE)$/.test(request.method) && status > 100 && status < 300 && !given) {
      response.headers.add('contact', this.#core.contact)
    }
    this.#core.addBody(response, options)
    this.#core.sendResponse(response, request)
    return response
  }

  /** What a far end does when its caller gives up: 200 to the CANCEL, 487 to the INVITE. */
  acceptCancel(cancel: SipRequest): void {
    this.respond(200, {}, cancel)
    this.respond(487)
  }

  /** Learns from what comes in, before any script sees it. */
  observe(message: SipMessage): void {
    if (message.kind === 'request') {
      if (/^(INVITE|UPDATE)$/.test(message.method)) this.#target = contactUri(message) ?? this.#target
      return
    }
    if (cseqOf(message)?.method !== 'INVITE' || message.status === 100) return
    if (message.status >= 300) {
      this.#core.ackFailure(message, this.#lastInvite(message), this.#firstHop)
      return
    }
    if (toTag(message) !== undefined) this.#remote = message.headers.get('to') as string
    this.#target = contactUri(message) ?? this.#target
    if (this.#isCaller && message.headers.get('cseq') === this.#invite.headers.get('cseq')) {
      this.#routes = message.headers.all('record-route').toReversed()
      this.#isEstablished = true
    }
    if (message.status >= 200) this.answer = message
  }

  #lastInvite(response: SipResponse): SipRequest {
    return this.lastInviteOf(response) ?? this.invite
  }

  #create(method: string, cseq: number): SipRequest {
    const request = createRequest(method, this.#target)
    const via = `SIP/2.0/${this.#nextHop().transport.toUpperCase()} ${this.#core.sentBy}`
    request.headers.add('via', `${via};branch=${BRANCH_COOKIE}${token(this.#core.random)};rport`)
    request.headers.add('max-forwards', '70')
    for (const route of this.#routes) request.headers.add('route', route)
    request.headers.add('from', this.#local)
    request.headers.add('to', this.#remote)
    request.headers.add('call-id', this.callId)
    request.headers.add('cseq', `${cseq} ${method}`)
    if (method === 'INVITE' || method === 'UPDATE') request.headers.add('contact', this.#core.contact)
    return request
  }

  #nextHop(): Peer {
    if (this.#firstHop !== undefined && !this.#isEstablished) return this.#firstHop
    return this.#core.route(uriOf(this.#routes[0]) ?? this.#target)
  }
}

function contactUri(message: SipMessage): string | undefined {
  return uriOf(message.headers.get('contact'))
}

function uriOf(nameAddr: string | undefined): string | undefined {
  const parsed = nameAddr === undefined ? undefined : parseNameAddr(nameAddr)
  return parsed?.ok ? parsed.value.uri : undefined
}
