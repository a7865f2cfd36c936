import { type Random, token } from '../../kit/index.ts'
import {
  BRANCH_COOKIE,
  callIdOf,
  createRequest,
  type Peer,
  parseMessage,
  type SipMessage,
  type SipRequest,
  type SipResponse,
  type Transport,
} from '../../sip/index.ts'
import type { VirtualClock } from '../clock/virtual-clock.ts'
import type { SimulatedHost } from '../network/host.ts'
import { type MessageOptions, PeerCall, type ResponseOptions } from './peer-call.ts'
import { PeerCore } from './peer-core.ts'
import { type ExpectOptions, PeerInbox } from './peer-inbox.ts'
import { PeerRetransmitter } from './peer-retransmitter.ts'
import { SipTransport } from './sip-transport.ts'

/** Who a {@link SipPeer} is, and what it does by itself. */
export interface SipPeerOptions {
  /** How it is called in diagrams and errors, and its SIP user. Default: its address, and `peer`. */
  readonly name?: string
  /** SIP port, UDP and TCP, and the one above it for TLS; 0 for any free one. Default 5060. */
  readonly port?: number
  /** How it sends unless the URI says otherwise. Default UDP. */
  readonly transport?: Transport
  /** Where its session descriptions ask for audio. Default: its address, 40000. */
  readonly mediaAddress?: string
  readonly mediaPort?: number
  /** Acknowledges failures of its INVITEs by itself. Default true. */
  readonly autoAck?: boolean
  /** Sends again as RFC 3261 wants, for lossy networks. Default false: it says everything once, exactly as scripted. */
  readonly retransmits?: boolean
  /** Sees each new message before any script does; what it returns true for, no script gets. */
  readonly onMessage?: (message: SipMessage, call: PeerCall) => boolean
  /** The user part of its URI. Default: its name without what a URI would have to escape. */
  readonly user?: string
}

/** What an INVITE of a {@link SipPeer} says besides its target. */
export interface InviteOptions extends MessageOptions {
  /** The From address. Default: this peer. */
  readonly from?: string
  /** The To address. Default: the Request-URI. */
  readonly to?: string
  readonly callId?: string
  /** Send here instead of to the host of the URI. */
  readonly firstHop?: Peer
}

export interface SipPeerEnvironment {
  readonly host: SimulatedHost
  readonly clock: VirtualClock
  readonly random: Random
  readonly resolve?: (name: string) => string
}

/**
 * A far end that does as a test's script says, message by message, right or wrong. It speaks raw SIP over
 * the simulated network and shares with the code under test only the reading and printing of messages.
 *
 * What comes waits until a script asks for it with one of the `expect...` functions; retransmissions are counted
 * and not shown. `ack`, `bye`, `cancel` and `expectResponse` mean the latest call; with more than one at a time, use
 * the {@link PeerCall}s.
 */
export class SipPeer {
  readonly name: string
  readonly address: string
  readonly transport: SipTransport
  /** Bytes that were no SIP message. */
  unreadable = 0
  readonly #clock: VirtualClock
  readonly #core: PeerCore
  readonly #inbox: PeerInbox
  readonly #user: string
  readonly #via: Transport
  readonly #retransmitter: PeerRetransmitter | undefined
  readonly #calls = new Map<string, PeerCall>()
  readonly #onMessage: (message: SipMessage, call: PeerCall) => boolean
  #latest: PeerCall | undefined

  constructor({ host, clock, random, resolve }: SipPeerEnvironment, options: SipPeerOptions = {}) {
    this.name = options.name ?? host.address
    this.address = host.address
    this.#clock = clock
    this.#user = options.user ?? (options.name?.replace(/[^A-Za-z0-9_.-]/g, '') || 'peer')
    this.#onMessage = options.onMessage ?? (() => false)
    this.#via = options.transport ?? 'udp'
    this.#inbox = new PeerInbox(clock)
    this.transport = new SipTransport(
      host,
      { onMessage: (bytes, from) => this.#receive(bytes, from) },
      { ...(options.port !== undefined && { port: options.port }), ...(resolve !== undefined && { resolve }) },
    )
    const send = (bytes: Uint8Array, to: Peer) => this.transport.send(bytes, to)
    this.#retransmitter = options.retransmits === true ? new PeerRetransmitter(clock, this.name, send) : undefined
    this.#core = new PeerCore({
      name: this.name,
      address: host.address,
      port: this.transport.portOf(this.#via),
      user: this.#user,
      transport: this.#via,
      mediaAddress: options.mediaAddress ?? host.address,
      mediaPort: options.mediaPort ?? 40_000,
      random,
      inbox: this.#inbox,
      autoAck: options.autoAck ?? true,
      retransmitter: this.#retransmitter,
      send,
    })
  }

  /** Its own SIP URI. */
  get uri(): string {
    return `sip:${this.#user}@${this.#core.sentBy}`
  }

  /** The URI of its Contact. */
  get contactUri(): string {
    return this.#core.contact.slice(1, -1)
  }

  /** The call that was made or came last. */
  get latestCall(): PeerCall {
    if (this.#latest === undefined) throw new Error(`${this.name} has no call yet`)
    return this.#latest
  }

  /** Messages that have come and that no script has asked for. */
  get untaken(): readonly SipMessage[] {
    return this.#inbox.untaken
  }

  /** Something that it said will be said again until it is answered; false for a peer that says everything once. */
  get awaitsAnswer(): boolean {
    return this.#retransmitter?.isBusy ?? false
  }

  /** The call that a message belongs to. */
  callOf(message: SipMessage): PeerCall {
    const call = this.#calls.get(callIdOf(message) ?? '')
    if (call === undefined) throw new Error(`${this.name} knows no call with Call-ID ${callIdOf(message)}`)
    return call
  }

  /** The next request of this method, of any call. */
  async expect(method: string, options?: ExpectOptions): Promise<SipRequest> {
    const wants = (message: SipMessage) => message.kind === 'request' && message.method === method
    const request = await this.#inbox.take(`${this.name} waits for ${method}`, '', wants, options)
    return request as SipRequest
  }

  /** The next new call. */
  async expectCall(options?: ExpectOptions): Promise<PeerCall> {
    const isNew = (message: SipMessage) =>
      message.kind === 'request' &&
      message.method === 'INVITE' &&
      this.#calls.get(callIdOf(message) ?? '')?.invite === message
    return this.callOf(await this.#inbox.take(`${this.name} waits for a call`, '', isNew, options))
  }

  /** See {@link PeerCall.expectResponse}, of the latest call. */
  expectResponse(status: number, options?: ExpectOptions): Promise<SipResponse> {
    return this.latestCall.expectResponse(status, options)
  }

  /** Fails the script when a request of this method comes within the next `ms`, or has come and was not taken. */
  async expectNo(method: string, ms: number): Promise<void> {
    await this.#clock.sleep(ms)
    const one = this.untaken.some((message) => message.kind === 'request' && message.method === method)
    if (one) throw new Error(`${this.name} got a ${method} and should not have`)
  }

  /** How often requests of this method, or responses of this status, came again. */
  retransmissions(what: string | number): number {
    return this.#inbox.retransmissions(what)
  }

  /** Answers a request. */
  respond(request: SipRequest, status: number, options?: ResponseOptions): SipResponse {
    return this.callOf(request).respond(status, options, request)
  }

  /** Calls `uri`, with a session description unless `body` is given. */
  invite(uri: string, options: InviteOptions = {}): PeerCall {
    return this.request('INVITE', uri, options.body === undefined ? { sdp: true, ...options } : options)
  }

  /** Sends a request outside of any call, such as OPTIONS; what is returned awaits its responses. */
  request(method: string, uri: string, options: InviteOptions = {}): PeerCall {
    const request = createRequest(method, uri)
    const hop = options.firstHop ?? this.#core.route(uri)
    const branch = `${BRANCH_COOKIE}${token(this.#core.random)}`
    request.headers.add('via', `SIP/2.0/${hop.transport.toUpperCase()} ${this.#core.sentBy};branch=${branch};rport`)
    request.headers.add('max-forwards', '70')
    request.headers.add('from', `${options.from ?? `<${this.uri}>`};tag=${token(this.#core.random)}`)
    request.headers.add('to', options.to ?? `<${uri}>`)
    request.headers.add('call-id', options.callId ?? `${token(this.#core.random)}@${this.address}`)
    request.headers.add('cseq', `1 ${method}`)
    const given = options.headers?.some(([name]) => /^(contact|m)$/i.test(name)) ?? false
    if (!given) request.headers.add('contact', this.#core.contact)
    this.#core.addBody(request, options)
    const call = this.#addCall(new PeerCall(this.#core, request, true, options.firstHop))
    this.#core.sendRequest(request, hop)
    return call
  }

  /** Sends bytes as they are. */
  sendRaw(bytes: Uint8Array, to: Peer): void {
    this.transport.send(bytes, to)
  }

  ack(options?: MessageOptions): SipRequest {
    return this.latestCall.ack(options)
  }

  bye(options?: MessageOptions): SipRequest {
    return this.latestCall.bye(options)
  }

  cancel(options?: MessageOptions): SipRequest {
    return this.latestCall.cancel(options)
  }

  reinvite(options?: MessageOptions): SipRequest {
    return this.latestCall.reinvite(options)
  }

  /** Forgets a call that is over: for runs of many thousands. */
  forget(call: PeerCall): void {
    this.#calls.delete(call.callId)
  }

  #receive(bytes: Uint8Array, from: Peer): void {
    const parsed = parseMessage(bytes)
    if (!parsed.ok) {
      if (parsed.error.code !== 'empty') this.unreadable++
      return
    }
    const message = parsed.value
    if (message.kind === 'request') this.#core.noteSource(message, from)
    const isAgain = this.#inbox.isRetransmission(message)
    this.#retransmitter?.received(message, isAgain)
    const callId = callIdOf(message) ?? ''
    const known = this.#calls.get(callId)
    // A failure that comes again wants its ACK again.
    if (!isAgain || message.kind === 'response') known?.observe(message)
    if (isAgain) return
    const isNew = known === undefined && message.kind === 'request'
    const call = isNew ? this.#addCall(new PeerCall(this.#core, message, false)) : known
    if (call === undefined || !this.#onMessage(message, call)) this.#inbox.deliver(message)
  }

  #addCall(call: PeerCall): PeerCall {
    this.#calls.set(call.callId, call)
    this.#latest = call
    return call
  }
}
