import { Counters, DeadlineQueue, Fifo, type Instant, type Machine } from '../../kit/index.ts'
import { formatAddress, type SocketAddress } from './address.ts'
import type { LinkConditions } from './conditions.ts'
import type { DropReason } from './link.ts'
import type { NatOptions } from './nat.ts'
import type { NetworkInput, NetworkOutput, PacketId } from './port.ts'
import { Routes } from './routes.ts'
import { Streams } from './streams.ts'
import { Trace } from './trace.ts'

/** What a network counts of its packets. */
export type NetworkCounter = 'sent' | 'delivered' | 'reordered' | 'duplicated' | 'streamWrites' | DropReason

/**
 * A whole network as one machine: hosts, UDP with everything that can go wrong, NAT, and reliable ordered streams.
 * All its randomness comes from the seed; the same seed and the same inputs give the same outputs.
 */
export class SimulatedNetwork implements Machine<NetworkInput, NetworkOutput> {
  readonly counters = new Counters<NetworkCounter>()
  readonly #routes: Routes
  readonly #bound = new Set<string>()
  readonly #flights = new DeadlineQueue<Flight>()
  readonly #streams: Streams
  readonly #outputs = new Fifo<NetworkOutput>()
  readonly #trace = new Trace()
  #packets: PacketId = 0

  constructor(options: { seed: number; conditions?: Partial<LinkConditions> }) {
    this.#routes = new Routes(options.seed, options.conditions)
    this.#streams = new Streams(options.seed, this.#routes, {
      nextPacket: () => ++this.#packets,
      output: (output, now) => this.#emit(output, now),
    })
  }

  /** Makes an address exist. What is sent to any other address is lost without a word. */
  addHost(address: string): void {
    this.#routes.addHost(address)
  }

  /** Puts a NAT box before some hosts. Links then run between its public address and the world. */
  addNat(options: NatOptions): void {
    this.#routes.addNat(options)
  }

  /**
   * Changes conditions from now on: of one direction between two addresses, of everything `from` or `to` one
   * address, or, without `where`, of the rest. The most specific setting holds, `from` before `to`; fields that it
   * leaves out are those of the rest.
   */
  setConditions(conditions: Partial<LinkConditions>, where: { from?: string; to?: string } = {}): void {
    this.#routes.setConditions(conditions, where)
  }

  /** Datagrams and stream segments on their way. */
  get inFlight(): number {
    return this.#flights.size + this.#streams.inFlight
  }

  /** A digest of everything sent, dropped and delivered so far, with its times. */
  get traceHash(): string {
    return this.#trace.digest()
  }

  handle(input: NetworkInput, now: Instant): void {
    switch (input.type) {
      case 'bind':
        this.#bound.add(formatAddress(input.at))
        return
      case 'unbind':
        this.#bound.delete(formatAddress(input.at))
        return
      case 'send':
        this.#send(input, now)
        return
      default:
        this.#streams.handle(input, now)
    }
  }

  poll(): NetworkOutput | undefined {
    return this.#outputs.shift()
  }

  deadline(): Instant {
    return Math.min(this.#flights.next(), this.#streams.deadline())
  }

  expire(now: Instant): void {
    for (let flight = this.#flights.takeDue(now); flight !== undefined; flight = this.#flights.takeDue(now)) {
      if (flight.type === 'datagram') this.#arrive(flight, now)
      else this.#emit(flight, now)
    }
    this.#streams.expire(now)
  }

  #send({ from, to, bytes, truth }: Extract<NetworkInput, { type: 'send' }>, now: Instant): void {
    const packet = ++this.#packets
    const route = this.#routes.depart('udp', from, to, now)
    const fate = route?.link.transmit(bytes.length, route.conditions, now) ?? { drop: 'natFull' as const }
    if ('drop' in fate) {
      this.#emit({ type: 'sent', packet, from, to, bytes, drop: fate.drop }, now)
      return
    }
    this.#emit({ type: 'sent', packet, from, to, bytes }, now)
    if (fate.reordered) this.counters.add('reordered')
    if (fate.arrivals.length > 1) this.counters.add('duplicated')
    const source = route?.source as SocketAddress
    for (const at of fate.arrivals) this.#flights.set({ type: 'datagram', packet, from: source, to, bytes, truth }, at)
  }

  #arrive(flight: Flight & { type: 'datagram' }, now: Instant): void {
    const { packet, from, to, bytes, truth } = flight
    const receiver = this.#routes.arrive('udp', from, to, now)
    if (typeof receiver === 'string') {
      this.#emit({ type: 'dropped', packet, reason: receiver }, now)
    } else if (this.#bound.has(formatAddress(receiver))) {
      this.#emit({ type: 'datagram', packet, from, to: receiver, bytes, truth }, now)
    } else {
      this.#emit({ type: 'dropped', packet, reason: 'unreachable' }, now)
      this.#returnUnreachable(receiver, from, to, now)
    }
  }

  #returnUnreachable(receiver: SocketAddress, sender: SocketAddress, about: SocketAddress, now: Instant): void {
    const route = this.#routes.depart('udp', receiver, sender, now)
    const at = this.#routes.arrive('udp', about, sender, now)
    if (route === undefined || typeof at === 'string') return
    const fate = route.link.transmit(0, route.conditions, now)
    if ('drop' in fate) return
    this.#flights.set({ type: 'unreachable', at, about }, fate.arrivals[0] as Instant)
  }

  #emit(output: NetworkOutput, now: Instant): void {
    this.#count(output)
    this.#trace.addInstant(now)
    this.#trace.addText(output.type)
    if ('drop' in output && output.drop !== undefined) this.#trace.addText(output.drop)
    if ('reason' in output) this.#trace.addText(output.reason)
    if ('from' in output) this.#trace.addText(`${formatAddress(output.from)}>${formatAddress(output.to)}`)
    if ('bytes' in output) this.#trace.addBytes(output.bytes)
    if ('stream' in output) this.#trace.addText(String(output.stream))
    this.#outputs.push(output)
  }

  #count(output: NetworkOutput): void {
    if (output.type === 'sent') {
      this.counters.add('sent')
      if (output.drop !== undefined) this.counters.add(output.drop)
    } else if (output.type === 'datagram') this.counters.add('delivered')
    else if (output.type === 'dropped') this.counters.add(output.reason)
    else if (output.type === 'wrote') this.counters.add('streamWrites')
  }
}

type Flight = Extract<NetworkOutput, { type: 'datagram' | 'unreachable' }>
