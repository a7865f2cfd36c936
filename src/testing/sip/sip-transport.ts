import { type Peer, PONG, SipStreamFramer, type Transport } from '../../sip/index.ts'
import type { SimulatedHost, UdpSocket } from '../network/host.ts'
import type { SimulatedStream } from '../network/stream.ts'

export type Resolve = (name: string, bytes: Uint8Array) => string

/** Who hears what comes to SIP sockets. */
export interface SipTransportHandlers {
  /** One whole message. */
  onMessage(bytes: Uint8Array, from: Peer): void
  /** What was sent to `to` cannot get there: its port is not bound, or a connection was refused or has died. */
  onSendFailed?(to: Peer, reason: string): void
}

/** Where SIP sockets are bound. */
export interface SipTransportOptions {
  /** UDP and TCP port, 0 for any free one; TLS is on the one above. Default 5060. */
  readonly port?: number
  /** The address of a host name, as DNS would say; an address is given back as it is. `bytes` is what goes there. */
  readonly resolve?: Resolve
}

/**
 * The SIP sockets of a simulated host: UDP and TCP on one port, TLS on the next, connections reused and framed. What is
 * called TLS here is a stream without any encryption: how it is labelled and where it goes is what a test can see.
 */
export class SipTransport {
  readonly port: number
  readonly #host: SimulatedHost
  readonly #handlers: SipTransportHandlers
  readonly #resolve: Resolve
  readonly #udp: UdpSocket
  readonly #connections = new Map<number, Connection>()
  readonly #stopListening: readonly (() => void)[]

  constructor(host: SimulatedHost, handlers: SipTransportHandlers, options: SipTransportOptions = {}) {
    this.#host = host
    this.#handlers = handlers
    this.#resolve = options.resolve ?? ((name) => name)
    this.#udp = host.bindUdp(options.port ?? 5060, {
      onDatagram: (bytes, from) => handlers.onMessage(bytes, { transport: 'udp', ...from }),
      onUnreachable: (about) => handlers.onSendFailed?.({ transport: 'udp', ...about }, 'port unreachable'),
    })
    this.port = this.#udp.local.port
    this.#stopListening = (['tcp', 'tls'] as const).map((transport) =>
      host.listen(this.portOf(transport), (stream) => this.#accept(stream, transport)),
    )
  }

  /** The port on which it is spoken to over this transport. */
  portOf(transport: Transport): number {
    return transport === 'tls' ? this.port + 1 : this.port
  }

  /** The SIP connections that are open. */
  get connections(): number {
    return this.#connections.size
  }

  send(bytes: Uint8Array, to: Peer): void {
    const address = this.#resolve(to.address, bytes)
    if (to.transport === 'udp') this.#udp.send(bytes, { address, port: to.port })
    else (this.#connectionTo({ ...to, address }) ?? this.#connect({ ...to, address })).stream.write(bytes)
  }

  /** Closes every socket, as when the process ends. */
  close(): void {
    this.#udp.close()
    for (const stop of this.#stopListening) stop()
    for (const { stream } of this.#connections.values()) stream.end()
    this.#connections.clear()
  }

  #connectionTo({ connection, transport, address, port }: Peer): Connection | undefined {
    const known = connection === undefined ? undefined : this.#connections.get(connection)
    if (known !== undefined) return known
    for (const each of this.#connections.values()) {
      const { remote } = each.stream
      if (each.transport === transport && remote.address === address && remote.port === port) return each
    }
    return undefined
  }

  #connect(to: Peer): Connection {
    const framer = new SipStreamFramer()
    const stream = this.#host.connect(to, {
      onData: (bytes) => this.#read(connection, bytes),
      onClosed: (reason) => this.#closed(connection, reason),
    })
    const connection: Connection = { transport: to.transport, stream, framer }
    this.#connections.set(stream.id, connection)
    return connection
  }

  #accept(stream: SimulatedStream, transport: Transport) {
    const connection: Connection = { transport, stream, framer: new SipStreamFramer() }
    this.#connections.set(stream.id, connection)
    return {
      onData: (bytes: Uint8Array) => this.#read(connection, bytes),
      onClosed: (reason: string) => this.#closed(connection, reason),
    }
  }

  #read({ transport, stream, framer }: Connection, bytes: Uint8Array): void {
    framer.handle(bytes)
    for (let output = framer.poll(); output !== undefined; output = framer.poll()) {
      if (output.type === 'message') this.#handlers.onMessage(output.bytes, peerOf(transport, stream))
      else if (output.type === 'ping') stream.write(PONG)
      else {
        stream.reset()
        this.#connections.delete(stream.id)
      }
    }
  }

  #closed({ transport, stream }: Connection, reason: string): void {
    this.#connections.delete(stream.id)
    if (reason !== 'ended') this.#handlers.onSendFailed?.(peerOf(transport, stream), `connection ${reason}`)
  }
}

interface Connection {
  readonly transport: Transport
  readonly stream: SimulatedStream
  readonly framer: SipStreamFramer
}

function peerOf(transport: Transport, { id, remote }: SimulatedStream): Peer {
  return { transport, ...remote, connection: id }
}
