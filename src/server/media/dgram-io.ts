import { createSocket, type Socket } from 'node:dgram'
import { isIP } from 'node:net'
import { Counters, Fifo, type Instant } from '../../kit/index.ts'
import type { LegId, MediaIo, MediaIoEvent, ReleasedPort } from '../../media/index.ts'
import { DatagramRing } from './datagram-ring.ts'
import { BIND_ATTEMPTS, type MediaIoCounter } from './io-counters.ts'
import { type PortRange, processNow } from './port-range.ts'

export interface DgramMediaIoOptions {
  readonly ports: PortRange
  readonly counters?: Counters<MediaIoCounter>
  /** Monotonic milliseconds, the same in every thread. Default {@link processNow}. */
  readonly now?: () => Instant
}

/**
 * The network of the media engine on `node:dgram`: portable, at several times the cost of bare sockets. Datagrams are
 * copied into a ring per leg as the event loop brings them, and swept from there. The sockets of a worker that dies
 * are closed by Node; its ports are given back by the one that replaces it.
 */
export class DgramMediaIo implements MediaIo {
  readonly source = { address: '', port: 0 }
  waitedMs = 0
  readonly counters: Counters<MediaIoCounter>
  readonly #range: PortRange
  readonly #now: () => Instant
  readonly #ports = new Map<LegId, Port>()
  readonly #controlPorts = new Map<LegId, Port>()
  readonly #events = new Fifo<MediaIoEvent>()

  constructor(options: DgramMediaIoOptions) {
    this.#range = options.ports
    this.counters = options.counters ?? new Counters()
    this.#now = options.now ?? processNow
    this.#range.releaseLeftBehind(this.#now())
  }

  open(leg: LegId, localAddress: string): void {
    if (isIP(localAddress) === 0) this.#fail(leg, `"${localAddress}" is no IP address`)
    else this.#tryPort(leg, localAddress, BIND_ATTEMPTS)
  }

  poll(): MediaIoEvent | undefined {
    return this.#events.shift()
  }

  openControl(leg: LegId): void {
    const port = this.#ports.get(leg)
    if (port === undefined || this.#controlPorts.has(leg)) return
    const number = this.#range.controlPortOf(port.number)
    if (number === undefined) {
      this.counters.add('controlPortsTaken')
      return
    }
    const control = new Port(number, port.address, this.counters, { slots: CONTROL_SLOTS, now: this.#now })
    this.#controlPorts.set(leg, control)
    control.bind(
      () => {},
      () => {
        this.counters.add('controlPortsTaken')
        control.close()
        if (this.#controlPorts.get(leg) === control) this.#controlPorts.delete(leg)
      },
    )
  }

  receiveControl(leg: LegId, into: Uint8Array): number {
    const ring = this.#controlPorts.get(leg)?.ring
    const length = ring?.shift(into, this.source) ?? -1
    if (length >= 0) this.waitedMs = this.#now() - (ring as DatagramRing).storedAt
    return length
  }

  sendControl(leg: LegId, bytes: Uint8Array, length: number, address: string, port: number): boolean {
    const sent = this.#controlPorts.get(leg)?.send(bytes, length, address, port) ?? false
    if (!sent) this.counters.add('sendsRefused')
    return sent
  }

  receive(leg: LegId, into: Uint8Array): number {
    return this.#ports.get(leg)?.ring.shift(into, this.source) ?? -1
  }

  send(leg: LegId, bytes: Uint8Array, length: number, address: string, port: number): boolean {
    const sent = this.#ports.get(leg)?.send(bytes, length, address, port) ?? false
    if (!sent) this.counters.add('sendsRefused')
    return sent
  }

  close(leg: LegId): void {
    const port = this.#ports.get(leg)
    if (port === undefined) return
    this.#closePorts(leg)
    this.#range.release(port.number, this.#now())
  }

  #closePorts(leg: LegId): void {
    for (const ports of [this.#ports, this.#controlPorts]) {
      ports.get(leg)?.close()
      ports.delete(leg)
    }
  }

  release(leg: LegId, to: number): ReleasedPort {
    const { address, number: port } = this.#ports.get(leg)!
    const hasControl = this.#controlPorts.has(leg)
    this.#closePorts(leg)
    this.#range.handOver(port, to)
    return { address, port, hasControl }
  }

  /** A socket of Node belongs to its thread: the port is bound again, and what comes until then is lost. */
  adopt(leg: LegId, { address, port: number, hasControl }: ReleasedPort): void {
    if (!this.#range.holds(number)) {
      this.#fail(leg, `port ${number} was lost on its way to this media worker`)
      return
    }
    const port = new Port(number, address, this.counters)
    this.#ports.set(leg, port)
    port.bind(
      () => {
        if (hasControl) this.openControl(leg)
        this.#events.push({ type: 'bound', leg, address, port: number })
      },
      (error) => {
        if (this.#ports.get(leg) !== port) return
        this.close(leg)
        this.#fail(leg, `port ${number} could not be opened again on ${address}: ${error.message}`)
      },
    )
  }

  /** Closes every port at once. */
  closeAll(): void {
    for (const leg of [...this.#ports.keys()]) this.close(leg)
  }

  #tryPort(leg: LegId, address: string, attemptsLeft: number): void {
    const number = this.#range.take(this.#now())
    if (number === undefined || attemptsLeft === 0) {
      if (number !== undefined) this.#range.release(number, this.#now())
      this.#fail(leg, `no UDP port is free on ${address}: ${this.#range.used} of ${this.#range.size} are in use`)
      return
    }
    const port = new Port(number, address, this.counters)
    this.#ports.set(leg, port)
    port.bind(
      () => this.#events.push({ type: 'bound', leg, address, port: number }),
      (error) => {
        if (this.#ports.get(leg) !== port) return
        this.close(leg)
        if (error.code !== 'EADDRINUSE') {
          this.#fail(leg, `no UDP port could be opened on ${address}: ${error.message}`)
          return
        }
        this.counters.add('portsTaken')
        this.#tryPort(leg, address, attemptsLeft - 1)
      },
    )
  }

  #fail(leg: LegId, reason: string): void {
    this.#events.push({ type: 'failed', leg, reason })
  }
}

/** More than a packet of 60 ms of the telephone's codecs: payload, header, the tag of SRTP. */
const USUAL_SEND_BYTES = 704
/** More than the longest packet that the engine passes on. */
const LARGEST_SEND_BYTES = 2304
/** Reports that may wait to be swept. */
const CONTROL_SLOTS = 4

/** One bound socket and its buffers. */
class Port {
  readonly number: number
  readonly address: string
  readonly ring: DatagramRing
  readonly #socket: Socket
  readonly #counters: Counters<MediaIoCounter>
  readonly #family: 4 | 6
  /** The network reads from here until it says that it has sent, so the engine's own buffer will not do. */
  #outgoing = new Uint8Array(USUAL_SEND_BYTES)
  #isSending = false
  #isOpen = false
  /** The destination checked last: it hardly ever changes. */
  #knownAddress = ''

  readonly #now: (() => Instant) | undefined

  /** @param timed how many datagrams may wait, and the clock by which to note when each came */
  constructor(
    number: number,
    address: string,
    counters: Counters<MediaIoCounter>,
    timed?: { readonly slots: number; readonly now: () => Instant },
  ) {
    this.number = number
    this.address = address
    this.ring = new DatagramRing(timed?.slots)
    this.#now = timed?.now
    this.#counters = counters
    this.#family = isIP(address) === 6 ? 6 : 4
    // Addresses are numeric here. The look-up that a send would otherwise go through costs a turn of the event loop.
    this.#socket = createSocket({
      type: this.#family === 6 ? 'udp6' : 'udp4',
      lookup: (host, _options, callback) => callback(null, host, this.#family),
    })
  }

  bind(onBound: () => void, onFailed: (error: NodeJS.ErrnoException) => void): void {
    this.#socket.on('error', (error) => {
      if (this.#isOpen) this.#counters.add('socketErrors')
      else onFailed(error)
    })
    this.#socket.on('message', (bytes, { address, port }) => {
      if (!this.ring.push(bytes, address, port, this.#now?.())) this.#counters.add('receiveOverflows')
    })
    this.#socket.once('listening', () => {
      this.#isOpen = true
      onBound()
    })
    this.#socket.bind({ address: this.address, port: this.number, exclusive: true })
  }

  send(bytes: Uint8Array, length: number, address: string, port: number): boolean {
    if (!this.#isOpen || this.#isSending || length > LARGEST_SEND_BYTES) return false
    if (length > this.#outgoing.length) this.#outgoing = new Uint8Array(LARGEST_SEND_BYTES)
    if (address !== this.#knownAddress) {
      if (isIP(address) !== this.#family || port < 1 || port > 65_535) return false
      this.#knownAddress = address
    }
    for (let i = 0; i < length; i++) this.#outgoing[i] = bytes[i] as number
    this.#isSending = true
    try {
      this.#socket.send(this.#outgoing, 0, length, port, address, this.#onSent)
      return true
    } catch {
      this.#isSending = false
      return false
    }
  }

  close(): void {
    this.#isOpen = false
    this.#socket.close()
  }

  readonly #onSent = (error: Error | null): void => {
    this.#isSending = false
    if (error !== null) this.#counters.add('socketErrors')
  }
}
