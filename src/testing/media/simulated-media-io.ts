import { Counters, Fifo } from '../../kit/index.ts'
import type { LegId, MediaIo, MediaIoEvent } from '../../media/index.ts'
import type { SocketAddress } from '../network/address.ts'
import type { SimulatedHost, UdpSocket } from '../network/host.ts'

export interface SimulatedMediaIoOptions {
  /** Datagrams that wait for a leg before further ones are dropped, as in a socket's receive buffer. Default 256. */
  readonly receiveQueue?: number
  /** The most legs with a port, to play a machine that runs out of ports. Default 10,000. */
  readonly maxPorts?: number
}

/** The media engine's network in simulation: every leg has an even UDP port of its own on the host, swept by the engine. */
export class SimulatedMediaIo implements MediaIo {
  readonly counters = new Counters<'queueFull' | 'sendRefused'>()
  readonly source = { address: '', port: 0 }
  readonly #host: SimulatedHost
  readonly #options: Required<SimulatedMediaIoOptions>
  readonly #legs = new Map<LegId, Leg>()
  readonly #events = new Fifo<MediaIoEvent>()
  readonly #onActivity: () => void

  /** @param onActivity called when something is there to be polled or received; an engine that sweeps needs none */
  constructor(host: SimulatedHost, options: SimulatedMediaIoOptions = {}, onActivity: () => void = () => {}) {
    this.#host = host
    this.#options = { receiveQueue: 256, maxPorts: 10_000, ...options }
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
      const queue = new Fifo<Waiting>()
      const socket = this.#host.bindUdp(0, {
        onDatagram: (bytes, from) => {
          if (queue.length >= this.#options.receiveQueue) this.counters.add('queueFull')
          else queue.push({ bytes, from })
          this.#onActivity()
        },
      })
      this.#legs.set(leg, { socket, queue })
      this.#events.push({ type: 'bound', leg, ...socket.local })
    }
    this.#onActivity()
  }

  poll(): MediaIoEvent | undefined {
    return this.#events.shift()
  }

  receive(leg: LegId, into: Uint8Array): number {
    const waiting = this.#legs.get(leg)?.queue.shift()
    if (waiting === undefined) return -1
    const { bytes, from } = waiting
    const length = Math.min(bytes.length, into.length)
    into.set(length === bytes.length ? bytes : bytes.subarray(0, length))
    this.source.address = from.address
    this.source.port = from.port
    return length
  }

  send(leg: LegId, bytes: Uint8Array, length: number, address: string, port: number): boolean {
    const socket = this.#legs.get(leg)?.socket
    if (socket === undefined || port < 1 || port > 65_535) {
      this.counters.add('sendRefused')
      return false
    }
    socket.send(bytes.slice(0, length), { address, port })
    return true
  }

  close(leg: LegId): void {
    this.#legs.get(leg)?.socket.close()
    this.#legs.delete(leg)
  }

  #refusal(leg: LegId, localAddress: string): string | undefined {
    if (localAddress !== this.#host.address) return `${localAddress} is no address of this host`
    if (this.#legs.has(leg)) return `leg ${leg} is open already`
    return this.#legs.size >= this.#options.maxPorts ? 'no free port' : undefined
  }
}

interface Leg {
  readonly socket: UdpSocket
  readonly queue: Fifo<Waiting>
}

interface Waiting {
  readonly bytes: Uint8Array
  readonly from: SocketAddress
}
