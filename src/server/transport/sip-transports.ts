import { isIP } from 'node:net'
import { Counters, type Logger, type Random } from '../../kit/index.ts'
import type { ConnectionsCounter, LocalAddress, Peer } from '../../sip/index.ts'
import { isWildcard } from '../config/address.ts'
import type { ListenSettings, PlainListenSettings, Settings } from '../config/settings.ts'
import type { Networks } from '../networks.ts'
import { facing, type LocalSocket } from './listener-choice.ts'
import { StreamTransport } from './stream-transport.ts'
import { TlsTrust } from './tls-trust.ts'
import { UdpSocket } from './udp-socket.ts'

export type TransportCounter =
  | ConnectionsCounter
  /** SIP messages, or datagrams that claim to be some. */
  | 'messagesReceived'
  /** SIP messages handed to the network. */
  | 'messagesSent'
  /** UDP sockets that only `node:dgram` serves: the C library cannot be called here, or a file descriptor was missing. */
  | 'udpSocketsWithoutLibc'
  /** SIP messages that could not be sent. */
  | 'sendsFailed'

export interface TransportListener {
  /** One whole message, or a datagram that claims to be one. */
  onMessage(bytes: Uint8Array, from: Peer): void
  /** `wasOpen`: on a connection that had stood. */
  onSendFailed(to: Peer, reason: string, wasOpen: boolean): void
}

export type TransportSettings = Pick<
  Settings['limits'],
  'maxConnections' | 'maxConnectionsPerAddress' | 'connectionIdleMs'
> & {
  readonly listen: readonly ListenSettings[]
  readonly publicAddress: string | undefined
  /** Who is told another address. */
  readonly networks: Networks
} & Partial<Pick<Settings['sip'], 'tls' | 'keepAliveMs'>>

/** With several UDP sockets: how many far ends are remembered to be answered from the socket that they wrote to. */
const MOST_REMEMBERED = 10_000

/**
 * The sockets that SIP is spoken on. What comes in is handed to the listener at once; what goes out never fails in the
 * call, but is reported through `onSendFailed` in a later turn.
 */
export class SipTransports {
  readonly counters = new Counters<TransportCounter>()
  readonly #publicAddress: string | undefined
  readonly #networks: Networks
  readonly #listen: readonly ListenSettings[]
  readonly #streams: StreamTransport
  readonly #trust: TlsTrust
  readonly #udp: UdpSocket[] = []
  /** Which UDP socket a far end wrote to; only kept when there is a choice. */
  readonly #writtenTo = new Map<string, UdpSocket>()
  #sockets: readonly LocalSocket[] = []
  #listener: TransportListener | undefined

  /** @throws RingdownError RINGDOWN_TRANSPORT naming a file of TLS that is of no use */
  constructor(settings: TransportSettings, { random, logger }: { random: Random; logger: Logger }) {
    this.#listen = settings.listen
    this.#publicAddress = settings.publicAddress
    this.#networks = settings.networks
    this.#trust = new TlsTrust(settings.tls ?? { files: {}, authorities: new Map() }, logger)
    const { maxConnections, maxConnectionsPerAddress, connectionIdleMs, keepAliveMs } = settings
    this.#streams = new StreamTransport({
      maxConnections,
      maxConnectionsPerAddress,
      connectionIdleMs,
      ...(keepAliveMs !== undefined && { keepAliveMs }),
      counters: this.counters,
      random,
      logger,
      trust: this.#trust,
      onMessage: (bytes, from) => this.#onMessage(bytes, from),
      onSendFailed: (to, reason, wasOpen) => this.#onSendFailed(to, reason, wasOpen),
    })
  }

  /** Where we listen, once `open` has resolved. */
  get sockets(): readonly LocalSocket[] {
    return this.#sockets
  }

  get connections(): number {
    return this.#streams.size
  }

  /**
   * Binds every address. When one cannot be had, those that could are given back.
   * @throws RingdownError RINGDOWN_TRANSPORT naming the address
   */
  async open(): Promise<void> {
    const sockets: LocalSocket[] = []
    try {
      for (const listen of this.#listen)
        sockets.push(listen.transport === 'udp' ? await this.#openUdp(listen) : await this.#streams.listen(listen))
    } catch (error) {
      await this.close()
      throw error
    }
    this.#sockets = sockets
  }

  /** Sets who hears what comes in; before that it is dropped. */
  start(listener: TransportListener): void {
    this.#listener = listener
  }

  /** Our side of the way to `peer`, for Via and Contact. */
  localAddress(peer: Peer): LocalAddress {
    const socket = this.#socketFor(peer) ?? this.#sockets[0]
    const announced = this.#networks.of(peer.address)?.address ?? this.#publicAddress
    if (socket === undefined) return { host: announced ?? '127.0.0.1', port: 5060 }
    const host = announced ?? socket.address
    // Without a listener of TLS nobody connects to us; requests come over the connection that we made.
    const port = peer.transport === 'tls' && socket.transport !== 'tls' ? 5061 : socket.port
    return { host: isWildcard(host) ? '127.0.0.1' : host, port }
  }

  /** Sends to an IP address: names have been looked up before. */
  send(bytes: Uint8Array, to: Peer): void {
    this.counters.add('messagesSent')
    if (isIP(to.address) !== 0) {
      this.#sendTo(bytes, to)
      return
    }
    queueMicrotask(() => this.#onSendFailed(to, `${to.address} is no IP address`))
  }

  async close(): Promise<void> {
    this.#listener = undefined
    this.#trust.close()
    await Promise.all([this.#streams.close(), ...this.#udp.map((socket) => socket.close())])
  }

  async #openUdp(listen: PlainListenSettings): Promise<UdpSocket> {
    const socket = await UdpSocket.bind(listen, {
      onMessage: (bytes, from, socket) => {
        if (this.#udp.length > 1) this.#remember(from, socket)
        this.#onMessage(bytes, from)
      },
      onSendFailed: (to, reason) => this.#onSendFailed(to, reason),
    })
    if (!socket.isDirect) this.counters.add('udpSocketsWithoutLibc')
    this.#udp.push(socket)
    return socket
  }

  #sendTo(bytes: Uint8Array, to: Peer): void {
    if (to.transport !== 'udp') {
      this.#streams.send(bytes, to, to.address)
      return
    }
    const socket = this.#udpFor(to)
    if (socket !== undefined) socket.send(bytes, to, to.address)
    else queueMicrotask(() => this.#onSendFailed(to, `no UDP socket of ours can reach ${to.address}`))
  }

  #udpFor(peer: Peer): UdpSocket | undefined {
    if (this.#udp.length <= 1) return facing(this.#udp, peer)
    return this.#writtenTo.get(`${peer.address} ${peer.port}`) ?? facing(this.#udp, peer)
  }

  #socketFor(peer: Peer): LocalSocket | undefined {
    return peer.transport === 'udp' ? this.#udpFor(peer) : facing(this.#streams.sockets, peer)
  }

  #remember(from: Peer, socket: UdpSocket): void {
    const key = `${from.address} ${from.port}`
    if (this.#writtenTo.get(key) === socket) return
    this.#writtenTo.delete(key)
    this.#writtenTo.set(key, socket)
    if (this.#writtenTo.size > MOST_REMEMBERED) this.#writtenTo.delete(this.#writtenTo.keys().next().value as string)
  }

  #onMessage(bytes: Uint8Array, from: Peer): void {
    this.counters.add('messagesReceived')
    this.#listener?.onMessage(bytes, from)
  }

  #onSendFailed(to: Peer, reason: string, wasOpen = false): void {
    this.counters.add('sendsFailed')
    this.#listener?.onSendFailed(to, reason, wasOpen)
  }
}
