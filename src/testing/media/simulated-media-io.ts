import { Counters, Fifo } from '../../kit/index.ts'
import type { LegId, MediaIo, MediaIoEvent, ReleasedPort } from '../../media/index.ts'
import type { SocketAddress } from '../network/address.ts'
import type { SimulatedHost, UdpSocket } from '../network/host.ts'
import type { Truth } from '../truth/truth.ts'

/** What the media engine finds on a simulated host. */
export interface SimulatedMediaIoOptions {
  /** Datagrams that wait for a leg before further ones are dropped, as in a socket's receive buffer. Default 256. */
  readonly receiveQueue?: number
  /** The most legs with a port, to play a machine that runs out of ports. Default 10,000. */
  readonly maxPorts?: number
  /** The time, by which reports say how long they waited. Default: it stands still. */
  readonly now?: () => number
  /** Knows what each leg sends and hears. Default: nobody does. */
  readonly truth?: LegTruth
}

/** What is known of the sound of a leg beside its packets. */
export interface LegTruth {
  /** What the packet sounds like that the leg sends now. */
  sent(leg: LegId): Truth | undefined
  /** A packet is handed to the leg. */
  received(leg: LegId, truth: Truth | undefined): void
}

/** The media engine's network in simulation: every leg has an even UDP port of its own on the host, swept by the engine. */
export class SimulatedMediaIo implements MediaIo {
  readonly counters = new Counters<'queueFull' | 'sendRefused'>()
  readonly source = { address: '', port: 0 }
  waitedMs = 0
  readonly #host: SimulatedHost
  readonly #options: Required<Omit<SimulatedMediaIoOptions, 'truth'>>
  readonly #truth: LegTruth | undefined
  readonly #legs = new Map<LegId, Port>()
  readonly #controls = new Map<LegId, Port>()
  readonly #released = new Map<number, { readonly port: Port; readonly control: Port | undefined }>()
  readonly #events = new Fifo<MediaIoEvent>()
  readonly #onActivity: () => void

  /** @param onActivity called when something is there to be polled or received; an engine that sweeps needs none */
  constructor(host: SimulatedHost, options: SimulatedMediaIoOptions = {}, onActivity: () => void = () => {}) {
    this.#host = host
    this.#options = { receiveQueue: 256, maxPorts: 10_000, now: () => 0, ...options }
    this.#truth = options.truth
    this.#onActivity = onActivity
  }

  /** Legs whose port is bound. */
  get openLegs(): number {
    return this.#legs.size
  }

  open(leg: LegId, localAddress: string): void {
    const refusal = this.#refusal(leg, localAddress)
    if (refusal !== undefined) {
      this.#events.push({ type: 'failed', leg, reason: refusal })
    } else {
      const port = this.#bind(0)
      this.#legs.set(leg, port)
      this.#events.push({ type: 'bound', leg, ...port.socket.local })
    }
    this.#onActivity()
  }

  poll(): MediaIoEvent | undefined {
    return this.#events.shift()
  }

  receive(leg: LegId, into: Uint8Array): number {
    return this.#receive(this.#legs.get(leg), into, leg)
  }

  send(leg: LegId, bytes: Uint8Array, length: number, address: string, port: number): boolean {
    return this.#send(this.#legs.get(leg), bytes, length, { address, port }, leg)
  }

  openControl(leg: LegId): void {
    const port = this.#legs.get(leg)
    if (port === undefined || this.#controls.has(leg)) return
    try {
      this.#controls.set(leg, this.#bind(port.socket.local.port + 1))
    } catch {
      // Another program of the host has the port, and the leg no RTCP.
    }
  }

  receiveControl(leg: LegId, into: Uint8Array): number {
    return this.#receive(this.#controls.get(leg), into)
  }

  sendControl(leg: LegId, bytes: Uint8Array, length: number, address: string, port: number): boolean {
    return this.#send(this.#controls.get(leg), bytes, length, { address, port })
  }

  /** Only a network of the same host can adopt them: this one, since a simulated exchange has one engine. */
  release(leg: LegId): ReleasedPort {
    const [port, control] = [this.#legs.get(leg)!, this.#controls.get(leg)]
    this.#legs.delete(leg)
    this.#controls.delete(leg)
    this.#released.set(port.socket.local.port, { port, control })
    return { ...port.socket.local, hasControl: control !== undefined }
  }

  adopt(leg: LegId, { port: number }: ReleasedPort): void {
    const released = this.#released.get(number)
    if (released === undefined) {
      this.#events.push({ type: 'failed', leg, reason: `port ${number} was not released on this host` })
      return
    }
    this.#released.delete(number)
    this.#legs.set(leg, released.port)
    if (released.control !== undefined) this.#controls.set(leg, released.control)
    this.#events.push({ type: 'bound', leg, ...released.port.socket.local })
    this.#onActivity()
  }

  close(leg: LegId): void {
    for (const ports of [this.#legs, this.#controls]) {
      ports.get(leg)?.socket.close()
      ports.delete(leg)
    }
  }

  #bind(number: number): Port {
    const queue = new Fifo<Waiting>()
    const socket = this.#host.bindUdp(number, {
      onDatagram: (bytes, from, truth) => {
        if (queue.length >= this.#options.receiveQueue) this.counters.add('queueFull')
        else queue.push({ bytes, from, truth, at: this.#options.now() })
        this.#onActivity()
      },
    })
    return { socket, queue }
  }

  /** @param leg whose sound it is; RTCP has none */
  #receive(port: Port | undefined, into: Uint8Array, leg?: LegId): number {
    const waiting = port?.queue.shift()
    if (waiting === undefined) return -1
    const { bytes, from, truth, at } = waiting
    if (leg !== undefined) this.#truth?.received(leg, truth)
    const length = Math.min(bytes.length, into.length)
    into.set(length === bytes.length ? bytes : bytes.subarray(0, length))
    this.source.address = from.address
    this.source.port = from.port
    this.waitedMs = this.#options.now() - at
    return length
  }

  #send(port: Port | undefined, bytes: Uint8Array, length: number, to: SocketAddress, leg?: LegId): boolean {
    if (port === undefined || to.port < 1 || to.port > 65_535) {
      this.counters.add('sendRefused')
      return false
    }
    port.socket.send(bytes.slice(0, length), to, leg === undefined ? undefined : this.#truth?.sent(leg))
    return true
  }

  #refusal(leg: LegId, localAddress: string): string | undefined {
    if (localAddress !== this.#host.address) return `${localAddress} is no address of this host`
    if (this.#legs.has(leg)) return `leg ${leg} is open already`
    return this.#legs.size >= this.#options.maxPorts ? 'no free port' : undefined
  }
}

interface Port {
  readonly socket: UdpSocket
  readonly queue: Fifo<Waiting>
}

interface Waiting {
  readonly bytes: Uint8Array
  readonly from: SocketAddress
  readonly at: number
  readonly truth: Truth | undefined
}
