import { isIP } from 'node:net'
import { MessagePort } from 'node:worker_threads'
import { Counters, Fifo, type Instant } from '../../kit/index.ts'
import type { LegId, MediaIo, MediaIoEvent, ReleasedPort } from '../../media/index.ts'
import { DgramPort } from './dgram-port.ts'
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
  readonly #ports = new Map<LegId, DgramPort>()
  readonly #controlPorts = new Map<LegId, DgramPort>()
  /** Those that another worker adopts, as long as it has not bound them. */
  readonly #leaving = new Set<DgramPort>()
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
    const control = new DgramPort(number, port.address, this.counters, { slots: CONTROL_SLOTS, now: this.#now })
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
    if (length >= 0) this.waitedMs = this.#now() - (ring?.storedAt ?? 0)
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
    for (const ports of [this.#ports, this.#controlPorts]) {
      ports.get(leg)?.close()
      ports.delete(leg)
    }
    this.#range.release(port.number, this.#now())
  }

  /** What comes before the other network has bound the port goes there through `channel`. */
  release(leg: LegId, to: number): ReleasedPort {
    const port = this.#ports.get(leg)!
    const hasControl = this.#controlPorts.has(leg)
    this.#ports.delete(leg)
    this.#controlPorts.get(leg)?.close()
    this.#controlPorts.delete(leg)
    this.#leaving.add(port)
    const channel = port.bequeath(() => this.#leaving.delete(port))
    this.#range.handOver(port.number, to)
    return { address: port.address, port: port.number, hasControl, channel }
  }

  adopt(leg: LegId, { address, port: number, hasControl, channel }: ReleasedPort): void {
    if (!(channel instanceof MessagePort)) throw new TypeError(`port ${number} was not released by node:dgram`)
    if (!this.#range.holds(number)) {
      channel.close()
      this.#fail(leg, `port ${number} was lost on its way to this media worker`)
      return
    }
    const port = new DgramPort(number, address, this.counters, { slots: ADOPTED_SLOTS })
    this.#ports.set(leg, port)
    port.inherit(
      channel,
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
    for (const port of [...this.#leaving]) port.close()
  }

  #tryPort(leg: LegId, address: string, attemptsLeft: number): void {
    const number = this.#range.take(this.#now())
    if (number === undefined || attemptsLeft === 0) {
      if (number !== undefined) this.#range.release(number, this.#now())
      this.#fail(leg, `no UDP port is free on ${address}: ${this.#range.used} of ${this.#range.size} are in use`)
      return
    }
    const port = new DgramPort(number, address, this.counters)
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

/** Reports that may wait to be swept. */
const CONTROL_SLOTS = 4
/** A second of packets of 20 ms: whoever adopts a leg may have been kept from it. */
const ADOPTED_SLOTS = 50
