import { Fifo } from '../../kit/index.ts'
import type { LegId } from '../engine/control.ts'
import type { MediaIo, MediaIoEvent, ReleasedPort } from '../engine/media-io.ts'

/** The one address that no port can be bound on. */
export const FOREIGN_ADDRESS = 'nowhere'

/** A datagram under way. */
export interface Datagram {
  readonly bytes: Uint8Array
  readonly from: { readonly address: string; readonly port: number }
  readonly to: { readonly address: string; readonly port: number }
  /** When it was put on the wire. */
  readonly at?: number
}

/**
 * UDP in memory for the tests of this room: what is sent can be received at once, in order. `watch` sees every
 * datagram first and may keep it from arriving by returning false.
 */
export class MemoryNetwork {
  watch: (datagram: Datagram) => boolean = () => true
  now: () => number = () => 0
  readonly #sockets = new Map<string, Fifo<Datagram>>()
  /** The next port to be handed out; a test may put it back, and have a port used again. */
  nextPort = 20_000

  /** The network as one engine sees it. */
  io(): MemoryIo {
    return new MemoryIo(this)
  }

  /** Puts a datagram on the wire as if `from` had sent it. */
  inject(datagram: Datagram): void {
    if (!this.watch(datagram)) return
    const { address, port } = datagram.to
    this.#sockets.get(`${address}:${port}`)?.push({ ...datagram, at: this.now() })
  }

  /** Sockets that are bound. */
  get sockets(): number {
    return this.#sockets.size
  }

  bind(address: string): { port: number; queue: Fifo<Datagram> } {
    const port = this.nextPort
    this.nextPort += 2
    return { port, queue: this.bindTo(address, port) }
  }

  bindTo(address: string, port: number): Fifo<Datagram> {
    const queue = new Fifo<Datagram>()
    this.#sockets.set(`${address}:${port}`, queue)
    return queue
  }

  /** Of a port that is bound, whichever engine it belongs to. */
  queueOf(address: string, port: number): Fifo<Datagram> {
    return this.#sockets.get(`${address}:${port}`)!
  }

  unbind(address: string, port: number): void {
    this.#sockets.delete(`${address}:${port}`)
  }
}

export class MemoryIo implements MediaIo {
  readonly source = { address: '', port: 0 }
  waitedMs = 0
  /** Whether another program holds the ports for RTCP. */
  isControlTaken = false
  readonly #network: MemoryNetwork
  readonly #legs = new Map<LegId, Socket>()
  readonly #controls = new Map<LegId, Socket>()
  readonly #events = new Fifo<MediaIoEvent>()

  constructor(network: MemoryNetwork) {
    this.#network = network
  }

  open(leg: LegId, localAddress: string): void {
    if (localAddress === FOREIGN_ADDRESS) {
      this.#events.push({ type: 'failed', leg, reason: 'no such address' })
      return
    }
    const { port, queue } = this.#network.bind(localAddress)
    this.#legs.set(leg, { address: localAddress, port, queue })
    this.#events.push({ type: 'bound', leg, address: localAddress, port })
  }

  /** Lets the port of a leg break, as a network interface that goes away would. */
  breakPort(leg: LegId): void {
    this.#events.push({ type: 'failed', leg, reason: 'the network is down' })
  }

  poll(): MediaIoEvent | undefined {
    return this.#events.shift()
  }

  receive(leg: LegId, into: Uint8Array): number {
    return this.#receive(this.#legs.get(leg), into)
  }

  send(leg: LegId, bytes: Uint8Array, length: number, address: string, port: number): boolean {
    return this.#send(this.#legs.get(leg), bytes.slice(0, length), { address, port })
  }

  openControl(leg: LegId): void {
    const socket = this.#legs.get(leg)
    if (socket === undefined || this.isControlTaken) return
    const { address, port } = socket
    this.#controls.set(leg, { address, port: port + 1, queue: this.#network.bindTo(address, port + 1) })
  }

  receiveControl(leg: LegId, into: Uint8Array): number {
    return this.#receive(this.#controls.get(leg), into)
  }

  sendControl(leg: LegId, bytes: Uint8Array, length: number, address: string, port: number): boolean {
    return this.#send(this.#controls.get(leg), bytes.slice(0, length), { address, port })
  }

  release(leg: LegId): ReleasedPort {
    const { address, port } = this.#legs.get(leg)!
    const hasControl = this.#controls.has(leg)
    this.#legs.delete(leg)
    this.#controls.delete(leg)
    return { address, port, hasControl }
  }

  adopt(leg: LegId, { address, port, hasControl }: ReleasedPort): void {
    const socket = (number: number): Socket => ({
      address,
      port: number,
      queue: this.#network.queueOf(address, number),
    })
    this.#legs.set(leg, socket(port))
    if (hasControl) this.#controls.set(leg, socket(port + 1))
    this.#events.push({ type: 'bound', leg, address, port })
  }

  close(leg: LegId): void {
    for (const sockets of [this.#legs, this.#controls]) {
      const socket = sockets.get(leg)
      if (socket !== undefined) this.#network.unbind(socket.address, socket.port)
      sockets.delete(leg)
    }
  }

  #receive(socket: Socket | undefined, into: Uint8Array): number {
    const datagram = socket?.queue.shift()
    if (datagram === undefined) return -1
    const length = Math.min(datagram.bytes.length, into.length)
    into.set(datagram.bytes.subarray(0, length))
    this.source.address = datagram.from.address
    this.source.port = datagram.from.port
    this.waitedMs = this.#network.now() - (datagram.at ?? 0)
    return length
  }

  #send(from: Socket | undefined, bytes: Uint8Array, to: Datagram['to']): boolean {
    if (from === undefined) return false
    this.#network.inject({ bytes, from, to })
    return true
  }
}

interface Socket {
  readonly address: string
  readonly port: number
  readonly queue: Fifo<Datagram>
}
