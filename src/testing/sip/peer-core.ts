import { type Random, utf8Encode } from '../../kit/index.ts'
import {
  callIdOf,
  createRequest,
  type Peer,
  parseUri,
  printMessage,
  printVia,
  type SipMessage,
  type SipRequest,
  type SipResponse,
  type Transport,
  topVia,
  withParam,
} from '../../sip/index.ts'
import { formatAddress } from '../network/address.ts'
import { audioSdp } from './audio-sdp.ts'
import type { MessageOptions } from './peer-call.ts'
import type { PeerInbox } from './peer-inbox.ts'
import type { PeerRetransmitter } from './peer-retransmitter.ts'

export interface PeerCoreOptions {
  readonly name: string
  readonly address: string
  readonly port: number
  readonly user: string
  readonly transport: Transport
  readonly mediaAddress: string
  readonly mediaPort: number
  readonly random: Random
  readonly inbox: PeerInbox
  readonly autoAck: boolean
  readonly retransmitter: PeerRetransmitter | undefined
  readonly send: (bytes: Uint8Array, to: Peer) => void
}

/** What a scripted far end and its calls share: who it is, and how its messages are completed and sent. */
export class PeerCore {
  readonly name: string
  readonly random: Random
  readonly inbox: PeerInbox
  readonly #options: PeerCoreOptions
  readonly #sources = new WeakMap<SipRequest, Peer>()

  constructor(options: PeerCoreOptions) {
    this.#options = options
    this.name = options.name
    this.random = options.random
    this.inbox = options.inbox
  }

  /** The host and port of Via. */
  get sentBy(): string {
    return formatAddress(this.#options)
  }

  get contact(): string {
    const transport = this.#options.transport === 'udp' ? '' : `;transport=${this.#options.transport}`
    return `<sip:${this.#options.user}@${this.sentBy}${transport}>`
  }

  /** Where a request to this URI goes: host and port of the URI, 5060 by default, over TLS 5061. */
  route(uri: string): Peer {
    const parsed = parseUri(uri)
    if (!parsed.ok || parsed.value.scheme === 'tel')
      throw new Error(`${this.name} cannot send to ${JSON.stringify(uri)}: it is no SIP URI`)
    const { scheme, host, params } = parsed.value
    const named = scheme === 'sips' ? 'tls' : params.get('transport')?.toLowerCase()
    const transport = named === 'tcp' || named === 'tls' ? named : this.#options.transport
    const address = host.startsWith('[') ? host.slice(1, -1) : host
    return { transport, address, port: parsed.value.port ?? (transport === 'tls' ? 5061 : 5060) }
  }

  /** Remembers where a request came from, for its responses. */
  noteSource(request: SipRequest, from: Peer): void {
    this.#sources.set(request, from)
  }

  addBody(message: SipMessage, { headers = [], sdp, body, contentType }: MessageOptions): void {
    for (const [name, value] of headers) message.headers.add(name, value)
    if (sdp !== undefined) {
      const { mediaAddress: address, mediaPort: port } = this.#options
      message.body = audioSdp({ address, port, ...(sdp === true ? {} : sdp) })
      message.headers.set('content-type', 'application/sdp')
    } else if (body !== undefined) {
      message.body = typeof body === 'string' ? utf8Encode(body) : body
      if (contentType !== undefined) message.headers.set('content-type', contentType)
    }
  }

  sendRequest(request: SipRequest, to: Peer): void {
    const bytes = printMessage(request)
    this.#options.send(bytes, to)
    this.#options.retransmitter?.requestSent(request, bytes, to)
  }

  /** @param answer the 2xx that is acknowledged; the ACK goes again when it comes again */
  sendAck(ack: SipRequest, to: Peer, answer: SipResponse | undefined): void {
    const bytes = printMessage(ack)
    this.#options.send(bytes, to)
    if (answer !== undefined) this.#options.retransmitter?.ackSent(answer, bytes, to)
  }

  /** The ACK that belongs to the INVITE's transaction (RFC 3261 section 17.1.1.3), again for each time the failure comes. */
  ackFailure(response: SipResponse, invite: SipRequest, firstHop: Peer | undefined): void {
    if (!this.#options.autoAck) return
    const ack = createRequest('ACK', invite.uri)
    ack.headers.add('via', invite.headers.get('via') ?? '')
    ack.headers.add('max-forwards', '70')
    for (const route of invite.headers.all('route')) ack.headers.add('route', route)
    ack.headers.add('from', invite.headers.get('from') ?? '')
    ack.headers.add('to', response.headers.get('to') ?? '')
    ack.headers.add('call-id', callIdOf(invite) ?? '')
    ack.headers.add('cseq', `${Number.parseInt(invite.headers.get('cseq') ?? '1', 10)} ACK`)
    this.#options.send(printMessage(ack), firstHop ?? this.route(invite.uri))
  }

  /** Sends a response to where its request came from (RFC 3261 section 18.2.2, RFC 3581). */
  sendResponse(response: SipResponse, request: SipRequest): void {
    const source = this.#sources.get(request)
    if (source === undefined) throw new Error(`${this.name} can only respond to a request that it has received`)
    const via = topVia(request)
    let to = source
    if (via !== undefined && source.transport === 'udp') {
      const hasRport = via.params.has('rport')
      let params = withParam(via.params, 'received', source.address)
      if (hasRport) params = withParam(params, 'rport', String(source.port))
      const [, ...further] = response.headers.all('via')
      response.headers.set('via', [printVia({ ...via, params }), ...further])
      if (!hasRport) to = { ...source, port: via.port ?? 5060 }
    }
    const bytes = printMessage(response)
    this.#options.send(bytes, to)
    this.#options.retransmitter?.responseSent(response, bytes, to)
  }
}
