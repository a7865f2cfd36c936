import { connect, createServer, type Server, type Socket } from 'node:net'
import { type Counters, RingdownError, Sequence } from '../../kit/index.ts'
import type { Peer } from '../../sip/index.ts'
import { familyOf, isWildcard } from '../config/address.ts'
import type { ListenSettings } from '../config/settings.ts'
import { facing, type LocalSocket } from './listener-choice.ts'
import { TcpConnection } from './tcp-connection.ts'

export interface TcpTransportOptions {
  readonly maxConnections: number
  readonly maxConnectionsPerAddress: number
  /** A connection on which nothing happens is closed after this long. */
  readonly connectionIdleMs: number
  readonly counters: Counters<TcpCounter>
  onMessage(bytes: Uint8Array, from: Peer): void
  onSendFailed(to: Peer, reason: string): void
}

export type TcpCounter =
  /** Connections that others made to us. */
  | 'tcpConnectionsAccepted'
  /** Connections that we made. */
  | 'tcpConnectionsMade'
  /** Connections beyond a limit, in either direction: closed, or not made. */
  | 'tcpConnectionsRefused'
  /** Connections that could not be made, that failed, or on which something came that is no SIP. */
  | 'tcpConnectionsBroken'

/**
 * SIP over TCP: listeners, the connections that came in, and those that we make when there is something to send
 * (RFC 3261 section 18). A message goes out on the connection that it names, else on one that leads to the same
 * address and port, else on a new one.
 */
export class TcpTransport {
  readonly #options: TcpTransportOptions
  readonly #servers: Server[] = []
  readonly #ids = new Sequence()
  readonly #connections = new Map<number, TcpConnection>()
  /** The connection to use for an address and port. */
  readonly #routes = new Map<string, TcpConnection>()
  readonly #perAddress = new Map<string, number>()
  #sockets: LocalSocket[] = []

  constructor(options: TcpTransportOptions) {
    this.#options = options
  }

  get sockets(): readonly LocalSocket[] {
    return this.#sockets
  }

  /** Connections that stand or are being made. */
  get size(): number {
    return this.#connections.size
  }

  /** @throws RingdownError RINGDOWN_TRANSPORT when the address cannot be had */
  async listen({ address, port }: ListenSettings): Promise<LocalSocket> {
    const server = createServer((socket) => this.#accept(socket))
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) =>
        reject(
          new RingdownError('RINGDOWN_TRANSPORT', `cannot listen on tcp ${address} port ${port}: ${cause.message}`, {
            cause,
          }),
        ),
      )
      server.listen({ port, host: address, ipv6Only: familyOf(address) === 6, backlog: 1024 }, () => {
        server.removeAllListeners('error')
        // Running out of file descriptors, say: the far end tries again.
        server.on('error', () => {})
        resolve()
      })
    })
    const bound = server.address() as { address: string; port: number }
    this.#servers.push(server)
    const socket: LocalSocket = { transport: 'tcp', address: bound.address, port: bound.port }
    this.#sockets = [...this.#sockets, socket]
    return socket
  }

  /** Sends to an IP address. A failure is reported later, through `onSendFailed`. */
  send(bytes: Uint8Array, to: Peer, address: string): void {
    const named = to.connection === undefined ? undefined : this.#connections.get(to.connection)
    const connection = named?.isUsable ? named : (this.#usableRoute(address, to.port) ?? this.#connect(to, address))
    connection?.send(bytes, to)
  }

  /** Stops listening, lets what was written go out, and closes every connection. */
  async close(): Promise<void> {
    const closing = this.#servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())))
    for (const connection of this.#connections.values()) connection.end()
    const impatience = setTimeout(() => {
      for (const connection of this.#connections.values()) connection.destroy()
    }, 500)
    await Promise.all(closing)
    clearTimeout(impatience)
    for (const connection of this.#connections.values()) connection.destroy()
  }

  #accept(socket: Socket): void {
    const address = plain(socket.remoteAddress ?? '')
    if (!this.#hasRoomFor(address) || socket.remotePort === undefined) {
      this.#options.counters.add('tcpConnectionsRefused')
      socket.destroy()
      return
    }
    this.#options.counters.add('tcpConnectionsAccepted')
    this.#add(socket, address, socket.remotePort)
  }

  #connect(to: Peer, address: string): TcpConnection | undefined {
    if (this.#connections.size >= this.#options.maxConnections) {
      this.#options.counters.add('tcpConnectionsRefused')
      this.#failLater(to, 'too many TCP connections')
      return undefined
    }
    const local = facing(this.#sockets, { ...to, address })?.address
    const socket = connect({
      host: address,
      port: to.port,
      ...(local !== undefined && !isWildcard(local) && { localAddress: local }),
    })
    this.#options.counters.add('tcpConnectionsMade')
    return this.#add(socket, address, to.port)
  }

  #add(socket: Socket, address: string, port: number): TcpConnection {
    const far = { address, port }
    const connection = new TcpConnection(
      this.#ids.next(),
      socket,
      far,
      {
        onMessage: (bytes, from) => this.#options.onMessage(bytes, from),
        onClosed: (closed, reason, peers) => this.#remove(closed, reason, peers),
      },
      this.#options.connectionIdleMs,
    )
    this.#connections.set(connection.id, connection)
    this.#routes.set(routeKey(address, port), connection)
    this.#perAddress.set(address, (this.#perAddress.get(address) ?? 0) + 1)
    return connection
  }

  #remove(connection: TcpConnection, reason: string | undefined, peers: readonly Peer[]): void {
    const { address, port } = connection.peer
    this.#connections.delete(connection.id)
    const key = routeKey(address, port)
    if (this.#routes.get(key) === connection) this.#routes.delete(key)
    const left = (this.#perAddress.get(address) ?? 1) - 1
    if (left === 0) this.#perAddress.delete(address)
    else this.#perAddress.set(address, left)
    if (reason === undefined) return
    this.#options.counters.add('tcpConnectionsBroken')
    for (const peer of peers) this.#options.onSendFailed(peer, reason)
  }

  #usableRoute(address: string, port: number): TcpConnection | undefined {
    const connection = this.#routes.get(routeKey(address, port))
    return connection?.isUsable ? connection : undefined
  }

  #hasRoomFor(address: string): boolean {
    const { maxConnections, maxConnectionsPerAddress } = this.#options
    return this.#connections.size < maxConnections && (this.#perAddress.get(address) ?? 0) < maxConnectionsPerAddress
  }

  #failLater(to: Peer, reason: string): void {
    queueMicrotask(() => this.#options.onSendFailed(to, reason))
  }
}

function routeKey(address: string, port: number): string {
  return `${address} ${port}`
}

/** An IPv4 address that came to an IPv6 socket, as what it is. */
function plain(address: string): string {
  return /^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(address) ? address.slice(7) : address
}
