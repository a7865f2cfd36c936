import type { Truth } from '../truth/truth.ts'
import type { SocketAddress } from './address.ts'
import type { NetworkInput, StreamId } from './port.ts'
import { SimulatedStream, type StreamCloseReason, type StreamHandlers } from './stream.ts'

/** Who hears what comes to a UDP port. */
export interface UdpHandlers {
  /** `truth` is what the sender says the bytes sound like. */
  onDatagram(bytes: Uint8Array, from: SocketAddress, truth?: Truth): void
  /** Nobody is bound to an address that this socket has sent to. */
  onUnreachable?(about: SocketAddress): void
}

/** A bound UDP port. */
export interface UdpSocket {
  readonly local: SocketAddress
  send(bytes: Uint8Array, to: SocketAddress, truth?: Truth): void
  close(): void
}

/** What a host needs of the network that it stands on. */
export interface HostNetwork {
  handle(input: NetworkInput): void
  nextStream(): StreamId
}

/** A machine on the simulated network, with the sockets of its programs. */
export class SimulatedHost {
  readonly address: string
  /** As it is called in ladder diagrams. */
  readonly name: string
  readonly #network: HostNetwork
  readonly #sockets = new Map<number, UdpHandlers>()
  readonly #listeners = new Map<number, (stream: SimulatedStream) => StreamHandlers>()
  readonly #streams = new Map<StreamId, { stream: SimulatedStream; handlers: StreamHandlers }>()
  #nextPort = FIRST_EPHEMERAL_PORT

  constructor(network: HostNetwork, address: string, name = address) {
    this.#network = network
    this.address = address
    this.name = name
  }

  /** How many UDP ports are bound: a test for leaks. */
  get boundPorts(): number {
    return this.#sockets.size
  }

  /** How many stream connections are open: a test for leaks. */
  get openStreams(): number {
    return this.#streams.size
  }

  /**
   * Binds a UDP port.
   * @param port 1..65535, or 0 for any free even one
   * @throws Error when the port is taken
   */
  bindUdp(port: number, handlers: UdpHandlers): UdpSocket {
    const local = { address: this.address, port: port === 0 ? this.#freePort() : port }
    if (this.#sockets.has(local.port)) throw new Error(`${this.name}: UDP port ${local.port} is taken`)
    this.#sockets.set(local.port, handlers)
    this.#network.handle({ type: 'bind', at: local })
    return {
      local,
      send: (bytes, to, truth) => {
        if (this.#sockets.get(local.port) === handlers)
          this.#network.handle({ type: 'send', from: local, to, bytes, truth })
      },
      close: () => {
        if (this.#sockets.get(local.port) !== handlers) return
        this.#sockets.delete(local.port)
        this.#network.handle({ type: 'unbind', at: local })
      },
    }
  }

  /** Listens for stream connections. The function that is returned stops it; connections that stand live on. */
  listen(port: number, onStream: (stream: SimulatedStream) => StreamHandlers): () => void {
    if (this.#listeners.has(port)) throw new Error(`${this.name}: TCP port ${port} is taken`)
    this.#listeners.set(port, onStream)
    const at = { address: this.address, port }
    this.#network.handle({ type: 'listen', at })
    return () => {
      this.#listeners.delete(port)
      this.#network.handle({ type: 'unlisten', at })
    }
  }

  /** Forgets every stream connection without a word, as a machine does that loses its power and comes back at once. */
  forgetStreams(): void {
    for (const stream of this.#streams.keys()) this.#network.handle({ type: 'forget', stream })
    this.#streams.clear()
  }

  /** Opens a stream connection; `onOpen` or `onClosed` says how it went. */
  connect(to: SocketAddress, handlers: StreamHandlers): SimulatedStream {
    const local = { address: this.address, port: this.#freePort() }
    const stream = this.#addStream(this.#network.nextStream(), local, to, () => handlers)
    this.#network.handle({ type: 'connect', stream: stream.id, from: local, to })
    return stream
  }

  /** For the network: a datagram has arrived. */
  receiveDatagram(port: number, bytes: Uint8Array, from: SocketAddress, truth: Truth | undefined): void {
    this.#sockets.get(port)?.onDatagram(bytes, from, truth)
  }

  /** For the network: an ICMP message has arrived. */
  receiveUnreachable(port: number, about: SocketAddress): void {
    this.#sockets.get(port)?.onUnreachable?.(about)
  }

  /** For the network: somebody has connected. */
  acceptStream(id: StreamId, local: SocketAddress, remote: SocketAddress): void {
    const onStream = this.#listeners.get(local.port)
    if (onStream === undefined) this.#network.handle({ type: 'reset', stream: id })
    else this.#addStream(id, local, remote, onStream)
  }

  /** For the network: the stream opened, got bytes, or closed. */
  streamEvent(
    id: StreamId,
    event: { type: 'open' } | { type: 'data'; bytes: Uint8Array } | { type: 'closed'; reason: StreamCloseReason },
  ): void {
    const known = this.#streams.get(id)
    if (known === undefined) return
    if (event.type === 'open') known.handlers.onOpen?.()
    else if (event.type === 'data') known.handlers.onData(event.bytes)
    else {
      this.#streams.delete(id)
      known.handlers.onClosed?.(event.reason)
    }
  }

  #addStream(
    id: StreamId,
    local: SocketAddress,
    remote: SocketAddress,
    onStream: (stream: SimulatedStream) => StreamHandlers,
  ): SimulatedStream {
    const stream = new SimulatedStream(id, local, remote, {
      handle: (input) => {
        if (!this.#streams.has(id)) return
        if (input.type !== 'write') this.#streams.delete(id)
        this.#network.handle(input)
      },
    })
    this.#streams.set(id, { stream, handlers: onStream(stream) })
    return stream
  }

  #freePort(): number {
    for (let tries = 0; tries < 10_000; tries++) {
      const port = this.#nextPort
      this.#nextPort = port + 2 > 65_535 ? FIRST_EPHEMERAL_PORT : port + 2
      if (!this.#sockets.has(port)) return port
    }
    throw new Error(`${this.name}: no free port`)
  }
}

/** Even, so that RTP finds the port that RFC 3550 section 11 likes. */
const FIRST_EPHEMERAL_PORT = 20_000
