import { connect, createServer, type Server, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { Fifo, type Instant, type Logger, NEVER, type Random, RingdownError, Sequence } from '../../kit/index.ts'
import {
  type ConnectionId,
  Connections,
  type ConnectionsLimits,
  type ConnectionsOptions,
  type ConnectionsOutput,
  type Peer,
  type StreamTransport as StreamKind,
} from '../../sip/index.ts'
import { familyOf, isWildcard } from '../config/address.ts'
import type { ListenSettings } from '../config/settings.ts'
import { facing, type LocalSocket } from './listener-choice.ts'
import { TlsServer } from './tls-server.ts'
import type { TlsTrust } from './tls-trust.ts'

export interface StreamTransportOptions extends Partial<ConnectionsLimits> {
  readonly counters: NonNullable<ConnectionsOptions['counters']>
  readonly random: Random
  readonly logger: Logger
  /** Whom we believe when we connect over TLS, and who we are then. */
  readonly trust: TlsTrust
  onMessage(bytes: Uint8Array, from: Peer): void
  onSendFailed(to: Peer, reason: string, wasOpen: boolean): void
}

/** A far end that does not read what we send is cut off when this much waits for it. */
const MOST_UNSENT_BYTES = 2 ** 20

/** How long what was written may take to leave a connection that is being closed. */
const FLUSH_MS = 2_000

/**
 * SIP over TCP and TLS: listeners, and the sockets of the connections that {@link Connections} wants. Every decision is
 * taken there; here they are carried out.
 */
export class StreamTransport {
  readonly #options: StreamTransportOptions
  readonly #machine: Connections
  readonly #ids = new Sequence()
  readonly #servers: Server[] = []
  readonly #tlsServers: TlsServer[] = []
  readonly #sockets = new Map<ConnectionId, Socket>()
  readonly #waiting = new Fifo<(now: Instant) => void>()
  #local: LocalSocket[] = []
  #isBusy = false
  #timer: NodeJS.Timeout | undefined
  #armedFor: Instant = NEVER

  constructor(options: StreamTransportOptions) {
    this.#options = options
    this.#machine = new Connections({ ...options, ids: this.#ids })
  }

  /** Where we listen. */
  get sockets(): readonly LocalSocket[] {
    return this.#local
  }

  /** Connections that stand or are being made. */
  get size(): number {
    return this.#machine.size
  }

  /** @throws RingdownError RINGDOWN_TRANSPORT when the address cannot be had, or a file of TLS is of no use */
  async listen(listen: ListenSettings): Promise<LocalSocket> {
    const { transport, address, port } = listen
    const tls = listen.transport === 'tls' ? TlsServer.open(listen, this.#options) : undefined
    if (tls !== undefined) this.#tlsServers.push(tls)
    const server = createServer((socket) => this.#accept(socket, tls))
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) => {
        const message = `cannot listen on ${transport} ${address} port ${port}: ${cause.message}`
        reject(new RingdownError('RINGDOWN_TRANSPORT', message, { cause }))
      })
      server.listen({ port, host: address, ipv6Only: familyOf(address) === 6, backlog: 1024 }, () => {
        server.removeAllListeners('error')
        // Running out of file descriptors, say: the far end tries again.
        server.on('error', () => {})
        resolve()
      })
    })
    const bound = server.address() as { address: string; port: number }
    this.#servers.push(server)
    const socket: LocalSocket = { transport, address: bound.address, port: bound.port }
    this.#local = [...this.#local, socket]
    return socket
  }

  /** Sends to an IP address. A failure is reported later, through `onSendFailed`. */
  send(bytes: Uint8Array, to: Peer, address: string): void {
    this.#do((now) => this.#machine.handle({ type: 'send', bytes, to, address }, now))
  }

  /** Stops listening, lets what was written go out, and closes every connection. */
  async close(): Promise<void> {
    clearTimeout(this.#timer)
    const closing = this.#servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())))
    for (const tls of this.#tlsServers) tls.close()
    const sockets = [...this.#sockets.values()]
    for (const socket of sockets) socket.end()
    const impatience = setTimeout(() => {
      for (const socket of sockets) socket.destroy()
    }, 500)
    await Promise.all(closing)
    clearTimeout(impatience)
    for (const socket of sockets) socket.destroy()
  }

  #accept(socket: Socket, tls: TlsServer | undefined): void {
    const address = plain(socket.remoteAddress ?? '')
    const { remotePort: port } = socket
    if (port === undefined) {
      socket.destroy()
      return
    }
    const id = this.#ids.next()
    // Until TLS stands there is only the connection under it.
    this.#sockets.set(id, socket)
    const transport: StreamKind = tls === undefined ? 'tcp' : 'tls'
    const remote = { address, port }
    this.#do((now) => this.#machine.handle({ type: 'accepted', connection: id, transport, remote }, now))
    if (!this.#sockets.has(id)) return
    if (tls === undefined) this.#serve(id, socket)
    else
      tls.handshake(socket, {
        onSecure: (secure, identities) => {
          if (!this.#sockets.has(id)) return
          this.#sockets.set(id, secure)
          this.#serve(id, secure)
          this.#do((now) => this.#machine.handle({ type: 'opened', connection: id, identities }, now))
        },
        onFailed: (reason) => this.#onClosed(id, reason),
      })
  }

  #connect({ connection: id, transport, remote, name }: Extract<ConnectionsOutput, { type: 'connect' }>): void {
    const local = facing(this.#local, { transport, ...remote })?.address
    const from = local === undefined || isWildcard(local) ? undefined : local
    const target = { host: remote.address, port: remote.port, ...(from !== undefined && { localAddress: from }) }
    const socket =
      transport === 'tls' ? connectTls({ ...target, ...this.#options.trust.optionsFor(name) }) : connect(target)
    this.#sockets.set(id, socket)
    this.#serve(id, socket)
    const isSecure = transport === 'tls'
    socket.once(isSecure ? 'secureConnect' : 'connect', () =>
      this.#do((now) => this.#machine.handle({ type: 'opened', connection: id }, now)),
    )
  }

  #serve(id: ConnectionId, socket: Socket | TLSSocket): void {
    let reason: string | undefined
    socket.setNoDelay(true)
    socket.on('data', (bytes: Uint8Array) =>
      this.#do((now) => this.#machine.handle({ type: 'data', connection: id, bytes }, now)),
    )
    socket.on('error', (error) => {
      reason ??= error.message
    })
    // Once the far end has said its last word, nothing more goes to it on this connection.
    socket.on('end', () => this.#onClosed(id, reason))
    socket.on('close', () => this.#onClosed(id, reason))
  }

  #onClosed(id: ConnectionId, reason: string | undefined): void {
    if (!this.#sockets.delete(id)) return
    this.#do((now) =>
      this.#machine.handle({ type: 'closed', connection: id, ...(reason !== undefined && { reason }) }, now),
    )
  }

  /** What is asked for in the middle of something waits until that is done. */
  #do(mutation: (now: Instant) => void): void {
    this.#waiting.push(mutation)
    if (this.#isBusy) return
    this.#isBusy = true
    const now = performance.now()
    try {
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
        next(now)
        for (let output = this.#machine.poll(); output !== undefined; output = this.#machine.poll())
          this.#carryOut(output)
      }
    } finally {
      this.#isBusy = false
    }
    this.#arm(now)
  }

  #carryOut(output: ConnectionsOutput): void {
    switch (output.type) {
      case 'connect':
        this.#connect(output)
        break
      case 'write':
        this.#write(output.connection, output.bytes)
        break
      case 'close':
        this.#close(output.connection, output.isAtOnce)
        break
      case 'message':
        this.#options.onMessage(output.bytes, output.from)
        break
      case 'sendFailed': {
        // Whoever sends is in the middle of a mutation and hears of failures later.
        const { to, reason, wasOpen } = output
        queueMicrotask(() => this.#options.onSendFailed(to, reason, wasOpen))
      }
    }
  }

  #write(id: ConnectionId, bytes: Uint8Array): void {
    const socket = this.#sockets.get(id)
    if (socket === undefined) return
    socket.write(bytes)
    if (socket.writableLength > MOST_UNSENT_BYTES)
      socket.destroy(new Error('the far end does not read what it is sent'))
  }

  #close(id: ConnectionId, isAtOnce: boolean): void {
    const socket = this.#sockets.get(id)
    if (socket === undefined) return
    this.#sockets.delete(id)
    if (isAtOnce) {
      socket.destroy()
      return
    }
    socket.destroySoon()
    setTimeout(() => socket.destroy(), FLUSH_MS).unref()
  }

  /** Moves the timer only when a deadline comes nearer. */
  #arm(now: Instant): void {
    const deadline = this.#machine.deadline()
    if (deadline >= this.#armedFor) return
    clearTimeout(this.#timer)
    this.#armedFor = deadline
    this.#timer = setTimeout(this.#onTimer, Math.max(1, Math.ceil(deadline - now)))
    this.#timer.unref()
  }

  readonly #onTimer = (): void => {
    this.#armedFor = NEVER
    this.#do((now) => this.#machine.expire(now))
  }
}

/** An IPv4 address that came to an IPv6 socket, as what it is. */
function plain(address: string): string {
  return /^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(address) ? address.slice(7) : address
}
