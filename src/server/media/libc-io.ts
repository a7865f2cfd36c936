import { Counters, Fifo, type Instant } from '../../kit/index.ts'
import type { LegId, MediaIo, MediaIoEvent, ReleasedPort } from '../../media/index.ts'
import type { MediaIoCounter } from './io-counters.ts'
import { LinuxPort } from './linux-port.ts'
import { EADDRINUSE, type LinuxSockets } from './linux-sockets.ts'
import { PortBinder } from './port-binder.ts'
import { type PortRange, processNow } from './port-range.ts'
import { QuietPorts } from './quiet-ports.ts'
import type { BoundPort } from './worker-messages.ts'

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
  readonly #binder: PortBinder
  readonly #now: () => Instant
  readonly #ports = new Map<LegId, LinuxPort>()
  readonly #controlPorts = new Map<LegId, LinuxPort>()
  readonly #expected = new Map<LegId, BoundPort>()
  readonly #events = new Fifo<MediaIoEvent>()
  /** Of each part of a tick: those that are swept in each tick, and those that are swept now and then, as on hold. */
  readonly #quiet: QuietPorts[] = []
  readonly #seldomSwept: QuietPorts[] = []
  /** Of the part that is being done. */
  #quietNow: QuietPorts | undefined
  #seldomSweptNow: QuietPorts | undefined
  #mediaMs = 0
  /** The port used last: a leg receives and sends in one go. */
  #lastLeg: LegId | undefined
  #lastPort: LinuxPort | undefined

  /** Closes first what a worker of the same number left behind. */
  constructor(options: LibcMediaIoOptions) {
    this.#sockets = options.sockets
    this.#range = options.ports
    this.counters = options.counters ?? new Counters()
    this.#now = options.now ?? processNow
    this.#binder = new PortBinder({ ...options, counters: this.counters, now: this.#now })
    for (const descriptor of this.#range.releaseLeftBehind(this.#now())) this.#sockets.close(descriptor)
  }

  /** Serves a port that the main thread has bound, from when its leg is opened. */
  expect(port: BoundPort): void {
    this.#expected.set(port.leg, port)
  }

  open(leg: LegId, localAddress: string): void {
    const bound = this.#takeExpected(leg, localAddress) ?? this.#binder.bind(localAddress)
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

  touch(leg: LegId): number {
    return this.#ports.get(leg)?.touch() ?? 0
  }

  beginPart(part: number | undefined, mediaMs: number): void {
    this.#mediaMs = mediaMs
    this.#quietNow = part === undefined ? undefined : this.#begin(this.#quiet, part)
    this.#seldomSweptNow = part === undefined ? undefined : this.#begin(this.#seldomSwept, part)
  }

  receive(leg: LegId, into: Uint8Array): number {
    const port = this.#portOf(leg)
    if (port === undefined) return -1
    const isSeldomSwept = this.#mediaMs - port.sweptAtMs > SELDOM_MS
    port.sweptAtMs = this.#mediaMs
    const quietNow = isSeldomSwept ? this.#seldomSweptNow : this.#quietNow
    if (port.quiet !== undefined) {
      if (port.quiet === quietNow && !port.quiet.hasNews(port)) return -1
      this.#wake(port)
    }
    const length = port.receive(into, this.source)
    if (length >= 0) port.emptySweeps = 0
    else if (++port.emptySweeps >= QUIET_AFTER_SWEEPS) quietNow?.add(port)
    return length
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
    this.#wake(port)
    this.#ports.delete(leg)
    this.#lastLeg = undefined
    const overflows = port.overflows()
    if (overflows > 0) this.counters.add('receiveOverflows', overflows)
    this.#range.release(port.number, this.#now())
    port.close()
    this.#controlPorts.get(leg)?.close()
    this.#controlPorts.delete(leg)
  }

  release(leg: LegId, to: number): ReleasedPort {
    const port = this.#ports.get(leg)!
    const control = this.#controlPorts.get(leg)
    this.#wake(port)
    this.#ports.delete(leg)
    this.#controlPorts.delete(leg)
    this.#lastLeg = undefined
    // The next one does not know to whom it is connected.
    port.connect(undefined, 0)
    this.#range.handOver(port.number, to)
    const descriptors = { rtp: port.descriptor, ...(control !== undefined && { control: control.descriptor }) }
    return { address: port.address, port: port.number, hasControl: control !== undefined, descriptors }
  }

  adopt(leg: LegId, { address, port, descriptors }: ReleasedPort): void {
    // A worker of this number that died meanwhile has had all its ports closed.
    if (descriptors === undefined || !this.#range.holds(port, descriptors.rtp)) {
      this.#events.push({ type: 'failed', leg, reason: `port ${port} was lost on its way to this media worker` })
      return
    }
    const adopted = (number: number, descriptor: number): LinuxPort =>
      LinuxPort.adopt(this.#sockets, address, number, descriptor, this.counters)
    this.#ports.set(leg, adopted(port, descriptors.rtp))
    if (descriptors.control !== undefined) this.#controlPorts.set(leg, adopted(port + 1, descriptors.control))
    this.#lastLeg = undefined
    this.#events.push({ type: 'bound', leg, address, port })
  }

  /** Closes every port at once. */
  closeAll(): void {
    for (const leg of [...this.#ports.keys()]) this.close(leg)
  }

  /** It is asked for datagrams again. */
  #wake(port: LinuxPort): void {
    port.emptySweeps = 0
    port.quiet?.remove(port)
  }

  #begin(ofParts: QuietPorts[], part: number): QuietPorts {
    ofParts[part] ??= new QuietPorts(this.#sockets)
    ofParts[part].begin()
    return ofParts[part]
  }

  #takeExpected(leg: LegId, address: string): LinuxPort | undefined {
    const expected = this.#expected.get(leg)
    if (expected === undefined) return undefined
    this.#expected.delete(leg)
    return LinuxPort.adopt(this.#sockets, address, expected.port, expected.descriptor, this.counters)
  }

  #portOf(leg: LegId): LinuxPort | undefined {
    if (leg !== this.#lastLeg) {
      this.#lastPort = this.#ports.get(leg)
      this.#lastLeg = leg
    }
    return this.#lastPort
  }
}

/** Of a port, 20 ms apart: further than any jitter goes, shorter than a pause in speech. */
const QUIET_AFTER_SWEEPS = 10
/** Who is swept less often than that is not asked for in each tick together with the others: asking for it is most of what it costs. */
const SELDOM_MS = 200
