import { err, ok, type Result } from '../../kit/index.ts'
import type { Peer } from '../endpoint/control.ts'
import {
  callIdOf,
  createRequest,
  cseqOf,
  fromTag,
  MAX_CSEQ,
  parseNameAddr,
  parseUri,
  printCSeq,
  printUri,
  type SipMessage,
  type SipRequest,
  type SipResponse,
  toTag,
} from '../message/index.ts'
import { isBehindNat } from './behind-nat.ts'
import { isSips, peerOf, routeOf } from './route.ts'

/** The most hops that a route set may have; a longer one is refused when the dialog is made. */
export const MAX_ROUTE_SET = 32

/**
 * A dialog (RFC 3261 section 12): what two user agents have to remember in order to send each other requests. It has
 * no timers of its own; it is made by the INVITE usage and lives as long as that.
 *
 *     (none) --101-199 with To tag--> early --2xx--> confirmed --BYE, 481, 408--> (none)
 *        \-----------------2xx----------------------/    \
 *         \                              300-699: ends an early dialog
 *
 * Both names of a dialog end are kept as printed header values, so a request is put together without parsing.
 */
export class Dialog {
  readonly callId: string
  /** From of our requests: our name with our tag. */
  readonly localAddress: string
  readonly localTag: string
  /** To of our requests: the far end's name with its tag. */
  readonly remoteAddress: string
  /** Empty when the far end follows RFC 2543 and gave none (section 12.1.1). */
  readonly remoteTag: string
  /** A SIPS URI asked for the dialog, so that our Contact must be one too (section 12.1.1). */
  readonly isSecure: boolean
  #routeSet: readonly string[]
  #state: 'early' | 'confirmed'
  #remoteTarget: string
  #peer: Peer
  /** Where requests go while there is no route set, whatever the remote target says: the far end is behind a NAT. */
  readonly #flow: Peer | undefined
  #localCSeq: number
  #remoteCSeq: number | undefined

  private constructor(parts: DialogParts) {
    this.callId = parts.callId
    this.localAddress = parts.localAddress
    this.localTag = parts.localTag
    this.remoteAddress = parts.remoteAddress
    this.remoteTag = parts.remoteTag
    this.isSecure = parts.isSecure
    this.#routeSet = parts.routeSet
    this.#state = parts.state
    this.#remoteTarget = parts.remoteTarget
    this.#peer = parts.peer
    this.#flow = parts.flow
    this.#localCSeq = parts.localCSeq
    this.#remoteCSeq = parts.remoteCSeq
  }

  /**
   * The dialog that a 101-299 response to our INVITE makes (section 12.1.2). The route set is its Record-Route
   * reversed. A response without a readable Contact is tolerated: the Request-URI of the INVITE stands in.
   * @param way where the INVITE went: on a stream whose connection it names, requests of ours go there as long as it is open;
   * all of them whatever the Contact says when that `isFlow`, the only way to a far end behind a NAT
   */
  static ofCaller(
    invite: SipRequest,
    response: SipResponse,
    way?: { readonly peer: Peer; readonly isFlow: boolean },
  ): Result<Dialog> {
    const common = commonParts(invite, response)
    if (!common.ok) return common
    const routeSet = response.headers.all('record-route').reverse()
    const remoteTarget = contactUri(response) ?? invite.uri
    const flow = way?.isFlow === true ? way.peer : undefined
    const peer = firstHop(routeSet, remoteTarget, way?.peer, flow)
    if (!peer.ok) return peer
    return ok(
      new Dialog({
        callId: common.value.callId,
        localAddress: invite.headers.get('from') as string,
        localTag: fromTag(invite) ?? '',
        remoteAddress: response.headers.get('to') as string,
        remoteTag: toTag(response) ?? '',
        isSecure: isSips(invite.uri),
        routeSet,
        state: response.status < 200 ? 'early' : 'confirmed',
        remoteTarget,
        peer: peer.value,
        flow,
        localCSeq: common.value.cseq,
        remoteCSeq: undefined,
      }),
    )
  }

  /**
   * The dialog that our 101-299 response to an INVITE makes (section 12.1.1). The route set is the Record-Route of
   * the INVITE in its order. An INVITE without a Contact makes none: answer it 400.
   * @param localTag the tag of To in our responses
   * @param from where the INVITE came from: on a stream, requests of ours go back on it as long as it is open
   */
  static ofCallee(invite: SipRequest, localTag: string, from: Peer): Result<Dialog> {
    const common = commonParts(invite, invite)
    if (!common.ok) return common
    const remoteTarget = contactUri(invite)
    if (remoteTarget === undefined) return err('Missing or Malformed Contact')
    const routeSet = invite.headers.all('record-route')
    const flow = routeSet.length === 0 && isContactBehindNat(invite, remoteTarget, from) ? from : undefined
    const peer = firstHop(routeSet, remoteTarget, from, flow)
    if (!peer.ok) return peer
    return ok(
      new Dialog({
        callId: common.value.callId,
        localAddress: `${invite.headers.get('to')};tag=${localTag}`,
        localTag,
        remoteAddress: invite.headers.get('from') as string,
        remoteTag: fromTag(invite) ?? '',
        isSecure: from.transport === 'tls' && (isSips(invite.uri) || isSips(firstUri(routeSet) ?? remoteTarget)),
        routeSet,
        state: 'early',
        remoteTarget,
        peer: peer.value,
        flow,
        localCSeq: 0,
        remoteCSeq: common.value.cseq,
      }),
    )
  }

  get state(): 'early' | 'confirmed' {
    return this.#state
  }

  /** The URI that our requests are meant for: the far end's latest Contact. */
  get remoteTarget(): string {
    return this.#remoteTarget
  }

  /** Where our requests go: the first hop of the route set, else the remote target (section 12.2.1.1). */
  get peer(): Peer {
    return this.#peer
  }

  /** Whether a message of the far end with this Call-ID and this tag of its own belongs here. */
  matches(callId: string | undefined, remoteTag: string | undefined): boolean {
    return callId === this.callId && (remoteTag ?? '') === this.remoteTag
  }

  /**
   * A 2xx was sent or came. When it came, its route set and target replace those of the early dialog (section
   * 13.2.2.4), unless they lead nowhere.
   */
  confirm(response?: SipResponse): void {
    this.#state = 'confirmed'
    if (response === undefined) return
    const routeSet = response.headers.all('record-route').reverse()
    const target = contactUri(response) ?? this.#remoteTarget
    const peer = firstHop(routeSet, target, this.#peer, this.#flow)
    if (!peer.ok) return
    this.#routeSet = routeSet
    this.#remoteTarget = target
    this.#peer = peer.value
  }

  /** A new request with the next CSeq, without Via and Contact. Not for ACK and CANCEL. */
  createRequest(method: string): SipRequest {
    this.#localCSeq = this.#localCSeq === MAX_CSEQ ? 1 : this.#localCSeq + 1
    return this.#create(method, this.#localCSeq)
  }

  /** The ACK for a 2xx to the INVITE of that CSeq (section 13.2.2.4). */
  createAck(inviteCSeq: number): SipRequest {
    return this.#create('ACK', inviteCSeq)
  }

  /**
   * Takes note of the CSeq of a request from the far end (section 12.2.2). False: it is older than one that came
   * before, so it is out of order: answer 500.
   */
  acceptCSeq(request: SipRequest): boolean {
    const number = cseqOf(request)?.number
    if (number === undefined || (this.#remoteCSeq !== undefined && number < this.#remoteCSeq)) return false
    this.#remoteCSeq = number
    return true
  }

  /** Takes over the Contact of a target refresh: a re-INVITE of the far end, or its 2xx to ours (section 12.2). */
  refreshTarget(message: SipMessage): void {
    const target = contactUri(message)
    if (target === undefined || target === this.#remoteTarget) return
    const peer = firstHop(this.#routeSet, target, this.#peer, this.#flow)
    if (!peer.ok) return
    this.#remoteTarget = target
    this.#peer = peer.value
  }

  #create(method: string, cseq: number): SipRequest {
    const { requestUri, routes } = routeOf(this.#routeSet, this.#remoteTarget)
    const request = createRequest(method, requestUri)
    const { headers } = request
    for (const route of routes) headers.add('route', route)
    headers.add('max-forwards', '70')
    headers.add('from', this.localAddress)
    headers.add('to', this.remoteAddress)
    headers.add('call-id', this.callId)
    headers.add('cseq', printCSeq({ number: cseq, method }))
    return request
  }
}

interface DialogParts {
  readonly callId: string
  readonly localAddress: string
  readonly localTag: string
  readonly remoteAddress: string
  readonly remoteTag: string
  readonly isSecure: boolean
  readonly routeSet: readonly string[]
  readonly state: 'early' | 'confirmed'
  readonly remoteTarget: string
  readonly peer: Peer
  readonly flow: Peer | undefined
  readonly localCSeq: number
  readonly remoteCSeq: number | undefined
}

function commonParts(invite: SipRequest, other: SipMessage): Result<{ callId: string; cseq: number }> {
  const callId = callIdOf(invite)
  const cseq = cseqOf(invite)?.number
  if (callId === undefined || cseq === undefined) return err('Missing Call-ID or CSeq')
  if (other.headers.get('to') === undefined || invite.headers.get('from') === undefined)
    return err('Missing From or To')
  return ok({ callId, cseq })
}

function isContactBehindNat(invite: SipRequest, contact: string, from: Peer): boolean {
  // So it is with nearly everybody, and costs no parsing.
  if (contact.includes(from.address)) return false
  const uri = parseUri(contact)
  return uri.ok && uri.value.scheme !== 'tel' && isBehindNat(invite, uri.value.host, from.address)
}

/**
 * The peer of the first hop: the flow when there is no hop before the target, else on the same connection as `known` when
 * that leads to the same transport.
 */
function firstHop(routeSet: readonly string[], target: string, known?: Peer, flow?: Peer): Result<Peer> {
  if (routeSet.length > MAX_ROUTE_SET) return err('Too Many Record-Routes')
  const first = routeSet[0]
  if (first === undefined && flow !== undefined) return ok(flow)
  const hop = first === undefined ? undefined : parseNameAddr(first)
  if (hop !== undefined && !hop.ok) return err('Malformed Record-Route')
  const peer = peerOf(hop === undefined ? target : hop.value.uri)
  if (!peer.ok || known?.connection === undefined || peer.value.transport !== known.transport) return peer
  return ok({ ...peer.value, connection: known.connection })
}

/** The URI of the first Contact, when it is one that a request can be sent to; its headers are for other uses. */
function contactUri(message: SipMessage): string | undefined {
  const text = message.headers.get('contact')
  const contact = text === undefined ? undefined : parseNameAddr(text)
  const uri = contact?.ok ? parseUri(contact.value.uri) : undefined
  if (!contact?.ok || !uri?.ok || uri.value.scheme === 'tel') return undefined
  if (uri.value.headers === undefined) return contact.value.uri
  const { headers: _, ...plain } = uri.value
  return printUri(plain)
}

function firstUri(routeSet: readonly string[]): string | undefined {
  const hop = routeSet[0] === undefined ? undefined : parseNameAddr(routeSet[0])
  return hop?.ok ? hop.value.uri : undefined
}
