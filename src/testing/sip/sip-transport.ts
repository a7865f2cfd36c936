import { Fifo, type Instant, NEVER, type Random, Sequence, seededRandom } from '../../kit/index.ts'
import {
  type ConnectionId,
  Connections,
  type ConnectionsInput,
  type ConnectionsLimits,
  type ConnectionsOutput,
  type Peer,
  type StreamTransport,
  type Transport,
} from '../../sip/index.ts'
import type { SimulatedHost, UdpSocket } from '../network/host.ts'
import type { SimulatedStream, StreamHandlers } from '../network/stream.ts'

export type Resolve = (name: string, bytes: Uint8Array) => string

/** Who hears what comes to SIP sockets. */
export interface SipTransportHandlers {
  /** One whole message. */
  onMessage(bytes: Uint8Array, from: Peer): void
  /**
   * What was sent to `to` cannot get there: its port is not bound, or a connection was refused or has died. `wasOpen`: on
   * a connection that had stood.
   */
  onSendFailed?(to: Peer, reason: string, wasOpen: boolean): void
}

/** Where SIP sockets are bound. */
export interface SipTransportOptions {
  /** UDP and TCP port, 0 for any free one; TLS is on the one above. Default 5060. */
  readonly port?: number
  /** The address of a host name, as DNS would say; an address is given back as it is. `bytes` is what goes there. */
  readonly resolve?: Resolve
  /** The time of its connections. Default: they have none, so none is ever pinged, late, silent or idle. */
  readonly clock?: { readonly now: Instant; after(delayMs: number, action: () => void): () => void }
  /** What its connections do in that time. Default: no pings, and idle for ever. */
  readonly connections?: Partial<ConnectionsLimits>
  /** The names that it proves as a TLS client, and that it takes TLS clients to have proven: for RFC 5923. Default none. */
  readonly identities?: readonly string[]
  readonly random?: Random
}

/**
 * The SIP sockets of a simulated host: UDP and TCP on one port, TLS on the next. What is called TLS here is a stream
 * without any encryption: how it is labelled, when it is made and where it goes is what a test can see.
 */
export class SipTransport {
  readonly port: number
  readonly #host: SimulatedHost
  readonly #handlers: SipTransportHandlers
  readonly #options: SipTransportOptions
  readonly #resolve: Resolve
  readonly #udp: UdpSocket
  readonly #machine: Connections
  readonly #ids = new Sequence()
  readonly #streams = new Map<ConnectionId, SimulatedStream>()
  readonly #stopListening: readonly (() => void)[]
  readonly #waiting = new Fifo<(now: Instant) => void>()
  #isBusy = false
  #armedFor: Instant = NEVER
  #disarm: () => void = () => {}

  constructor(host: SimulatedHost, handlers: SipTransportHandlers, options: SipTransportOptions = {}) {
    this.#host = host
    this.#handlers = handlers
    this.#options = options
    this.#resolve = options.resolve ?? ((name) => name)
    this.#udp = host.bindUdp(options.port ?? 5060, {
      onDatagram: (bytes, from) => handlers.onMessage(bytes, { transport: 'udp', ...from }),
      onUnreachable: (about) => handlers.onSendFailed?.({ transport: 'udp', ...about }, 'port unreachable', false),
    })
    this.port = this.#udp.local.port
    this.#machine = new Connections({
      ids: this.#ids,
      random: options.random ?? seededRandom(this.port),
      connectionIdleMs: 0,
      keepAliveMs: 0,
      ...options.connections,
    })
    this.#stopListening = (['tcp', 'tls'] as const).map((transport) =>
      host.listen(this.portOf(transport), (stream) => this.#accept(stream, transport)),
    )
  }

  /** The SIP connections that are open. */
  get connections(): number {
    return this.#machine.size
  }

  /** The port on which it is spoken to over this transport. */
  portOf(transport: Transport): number {
    return transport === 'tls' ? this.port + 1 : this.port
  }

  send(bytes: Uint8Array, to: Peer): void {
    const address = this.#resolve(to.address, bytes)
    if (to.transport === 'udp') this.#udp.send(bytes, { address, port: to.port })
    else this.#handle({ type: 'send', bytes, to, address })
  }

  /** Closes every socket, as when the process ends. */
  close(): void {
    this.#udp.close()
    this.#disarm()
    for (const stop of this.#stopListening) stop()
    for (const [connection, stream] of this.#streams) {
      stream.end()
      this.#handle({ type: 'closed', connection })
    }
    this.#streams.clear()
  }

  #accept(stream: SimulatedStream, transport: StreamTransport): StreamHandlers {
    const connection = this.#ids.next()
    this.#streams.set(connection, stream)
    this.#handle({ type: 'accepted', connection, transport, remote: stream.remote })
    if (transport === 'tls') this.#opened(connection)
    return this.#handlersOf(connection)
  }

  #opened(connection: ConnectionId): void {
    const { identities } = this.#options
    this.#handle({ type: 'opened', connection, ...(identities && { identities }) })
  }

  #handlersOf(connection: ConnectionId): StreamHandlers {
    return {
      onOpen: () => this.#opened(connection),
      onData: (bytes) => this.#handle({ type: 'data', connection, bytes }),
      onClosed: (reason) => {
        this.#streams.delete(connection)
        this.#handle({ type: 'closed', connection, ...(reason !== 'ended' && { reason: `connection ${reason}` }) })
      },
    }
  }

  #handle(input: ConnectionsInput): void {
    this.#do((now) => this.#machine.handle(input, now))
  }

  /** Whoever hears a message may send one at once: that waits until this one has been dealt with. */
  #do(mutation: (now: Instant) => void): void {
    this.#waiting.push(mutation)
    if (this.#isBusy) return
    this.#isBusy = true
    try {
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
        next(this.#options.clock?.now ?? 0)
        this.#drain()
      }
    } finally {
      this.#waiting.clear()
      this.#isBusy = false
    }
    this.#arm()
  }

  #drain(): void {
    for (let output = this.#machine.poll(); output !== undefined; output = this.#machine.poll()) this.#carryOut(output)
  }

  #carryOut(output: ConnectionsOutput): void {
    switch (output.type) {
      case 'connect':
        this.#streams.set(output.connection, this.#host.connect(output.remote, this.#handlersOf(output.connection)))
        break
      case 'write':
        this.#streams.get(output.connection)?.write(output.bytes)
        break
      case 'close': {
        const stream = this.#streams.get(output.connection)
        this.#streams.delete(output.connection)
        if (output.isAtOnce) stream?.reset()
        else stream?.end()
        break
      }
      case 'message':
        this.#handlers.onMessage(output.bytes, output.from)
        break
      case 'sendFailed':
        this.#handlers.onSendFailed?.(output.to, output.reason, output.wasOpen)
    }
  }

  #arm(): void {
    const { clock } = this.#options
    const deadline = this.#machine.deadline()
    if (clock === undefined || deadline === this.#armedFor) return
    this.#disarm()
    this.#armedFor = deadline
    if (deadline === NEVER) return
    this.#disarm = clock.after(Math.max(0, deadline - clock.now), () => {
      this.#armedFor = NEVER
      this.#do((now) => this.#machine.expire(now))
    })
  }
}
