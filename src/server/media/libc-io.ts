import { isIP } from 'node:net'
import { Counters, Fifo, type Instant } from '../../kit/index.ts'
import type { LegId, MediaIo, MediaIoEvent } from '../../media/index.ts'
import { BIND_ATTEMPTS, type MediaIoCounter } from './io-counters.ts'
import { LinuxPort } from './linux-port.ts'
import { EADDRINUSE, EADDRNOTAVAIL, EMFILE, type LinuxSockets } from './linux-sockets.ts'
import { type PortRange, processNow } from './port-range.ts'

export interface LibcMediaIoOptions {
  readonly sockets: LinuxSockets
  readonly ports: PortRange
  readonly counters?: Counters<MediaIoCounter>
  /** Monotonic milliseconds, the same in every thread. Default {@link processNow}. */
  readonly now?: () => Instant
}

/**
 * The network of the media engine on bare sockets: one system call per packet, straight from and to the buffers of
 * the engine, and no event loop. Everything happens in the call that asks for it, binding too.
 */
export class LibcMediaIo implements MediaIo {
  readonly source = { address: '', port: 0 }
  waitedMs = 0
  readonly counters: Counters<MediaIoCounter>
  readonly #sockets: LinuxSockets
  readonly #range: PortRange
  readonly #now: () => Instant
  readonly #ports = new Map<LegId, LinuxPort>()
  readonly #controlPorts = new Map<LegId, LinuxPort>()
  readonly #events = new Fifo<MediaIoEvent>()
  /** The port used last: a leg receives and sends in one go. */
  #lastLeg: LegId | undefined
  #lastPort: LinuxPort | undefined

  /** Closes first what a worker of the same number left behind. */
  constructor(options: LibcMediaIoOptions) {
    this.#sockets = options.sockets
    this.#range = options.ports
    this.counters = options.counters ?? new Counters()
    this.#now = options.now ?? processNow
    for (const descriptor of this.#range.releaseLeftBehind(this.#now())) this.#sockets.close(descriptor)
  }

  open(leg: LegId, localAddress: string): void {
    const bound =
      isIP(localAddress) === 0 ? `"${localAddress}" is no IP address` : this.#bind(localAddress, BIND_ATTEMPTS)
    if (typeof bound === 'string') {
      this.#events.push({ type: 'failed', leg, reason: bound })
      return
    }
    this.#ports.set(leg, bound)
    this.#lastLeg = undefined
    this.#events.push({ type: 'bound', leg, address: localAddress, port: bound.number })
  }

  poll(): MediaIoEvent | undefined {
    return this.#events.shift()
  }

  openControl(leg: LegId): void {
    const port = this.#ports.get(leg)
    if (port === undefined || this.#controlPorts.has(leg)) return
    const number = this.#range.controlPortOf(port.number)
    const control =
      number === undefined ? EADDRINUSE : LinuxPort.bind(this.#sockets, port.address, number, this.counters)
    if (typeof control === 'number') {
      this.counters.add('controlPortsTaken')
      return
    }
    this.#range.noteControl(port.number, control.descriptor)
    this.#controlPorts.set(leg, control)
    control.waitedMs()
  }

  receiveControl(leg: LegId, into: Uint8Array): number {
    const port = this.#controlPorts.get(leg)
    const length = port?.receive(into, this.source) ?? -1
    if (length >= 0) this.waitedMs = (port as LinuxPort).waitedMs()
    return length
  }

  sendControl(leg: LegId, bytes: Uint8Array, length: number, address: string, port: number): boolean {
    const sent = this.#controlPorts.get(leg)?.send(bytes, length, address, port) ?? false
    if (!sent) this.counters.add('sendsRefused')
    return sent
  }

  receive(leg: LegId, into: Uint8Array): number {
    return this.#portOf(leg)?.receive(into, this.source) ?? -1
  }

  send(leg: LegId, bytes: Uint8Array, length: number, address: string, port: number): boolean {
    const sent = this.#portOf(leg)?.send(bytes, length, address, port) ?? false
    if (!sent) this.counters.add('sendsRefused')
    return sent
  }

  connect(leg: LegId, address: string | undefined, port: number): void {
    this.#ports.get(leg)?.connect(address, port)
  }

  close(leg: LegId): void {
    const port = this.#ports.get(leg)
    if (port === undefined) return
    this.#ports.delete(leg)
    this.#lastLeg = undefined
    const overflows = port.overflows()
    if (overflows > 0) this.counters.add('receiveOverflows', overflows)
    this.#range.release(port.number, this.#now())
    port.close()
    this.#controlPorts.get(leg)?.close()
    this.#controlPorts.delete(leg)
  }

  /** Closes every port at once. */
  closeAll(): void {
    for (const leg of [...this.#ports.keys()]) this.close(leg)
  }

  #portOf(leg: LegId): LinuxPort | undefined {
    if (leg !== this.#lastLeg) {
      this.#lastPort = this.#ports.get(leg)
      this.#lastLeg = leg
    }
    return this.#lastPort
  }

  /** A bound port, or why there is none. */
  #bind(address: string, attempts: number): LinuxPort | string {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const number = this.#range.take(this.#now())
      if (number === undefined) break
      const port = LinuxPort.bind(this.#sockets, address, number, this.counters)
      if (typeof port !== 'number') {
        this.#range.note(number, port.descriptor)
        return port
      }
      this.#range.release(number, this.#now())
      if (port !== EADDRINUSE) return `no UDP port could be opened on ${address}: ${ERRORS[port] ?? `error ${port}`}`
      this.counters.add('portsTaken')
    }
    return `no UDP port is free on ${address}: ${this.#range.used} of ${this.#range.size} are in use`
  }
}

const ERRORS: Readonly<Record<number, string>> = {
  [EADDRNOTAVAIL]: 'the address is not one of this machine',
  [EMFILE]: 'too many open files',
}
