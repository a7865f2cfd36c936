import { chance, concatBytes, DeadlineQueue, type Instant, integerBelow, type Random } from '../../kit/index.ts'
import { namedRandom } from '../seed.ts'
import { formatAddress, type SocketAddress } from './address.ts'
import type { NetworkOutput, PacketId, StreamId, StreamInput } from './port.ts'
import type { Routes } from './routes.ts'

/** What the streams need of the network that they are part of. */
export interface StreamsHost {
  nextPacket(): PacketId
  output(output: NetworkOutput, now: Instant): void
}

/** After this long without an answer, connecting is given up. */
const CONNECT_TIMEOUT_MS = 10_000
const LONGEST_SEGMENT = 1460

/**
 * The TCP of the simulated network, as far as an application sees it: bytes arrive complete and in order, cut into
 * other pieces than they were written in; loss shows as delay. Half-closed connections are not modelled.
 */
export class Streams {
  readonly #routes: Routes
  readonly #host: StreamsHost
  readonly #random: Random
  readonly #listening = new Set<string>()
  readonly #ends = new Map<StreamId, End>()
  /** Ends whose host has forgotten them, and that nobody has asked yet. */
  readonly #forgotten = new Map<StreamId, End>()
  readonly #segments = new DeadlineQueue<Segment>()

  constructor(seed: number, routes: Routes, host: StreamsHost) {
    this.#routes = routes
    this.#host = host
    this.#random = namedRandom(seed, 'stream segments')
  }

  get inFlight(): number {
    return this.#segments.size
  }

  handle(input: StreamInput, now: Instant): void {
    switch (input.type) {
      case 'listen':
        this.#listening.add(formatAddress(input.at))
        return
      case 'unlisten':
        this.#listening.delete(formatAddress(input.at))
        return
      case 'connect':
        this.#connect(input.stream, input.from, input.to, now)
        return
      case 'write':
        this.#write(input.stream, input.bytes, now)
        return
      case 'end':
        this.#transmit(input.stream, { type: 'end' }, 0, now)
        this.#ends.delete(input.stream)
        return
      case 'reset':
        this.#transmit(input.stream, { type: 'reset' }, 0, now)
        this.#ends.delete(input.stream)
        return
      case 'forget': {
        const end = this.#ends.get(input.stream)
        this.#ends.delete(input.stream)
        if (end !== undefined) this.#forgotten.set(input.stream, end)
      }
    }
  }

  deadline(): Instant {
    return this.#segments.next()
  }

  expire(now: Instant): void {
    for (let segment = this.#segments.takeDue(now); segment !== undefined; segment = this.#segments.takeDue(now)) {
      this.#arrive(segment, now)
    }
  }

  #connect(stream: StreamId, from: SocketAddress, to: SocketAddress, now: Instant): void {
    const route = this.#routes.depart('tcp', from, to, now)
    const source = route?.source ?? from
    this.#ends.set(stream, newEnd(source, to))
    const receiver = this.#routes.arrive('tcp', source, to, now)
    if (route === undefined || typeof receiver === 'string') {
      this.#segments.set({ to: stream, payload: { type: 'refused', reason: 'timeout' } }, now + CONNECT_TIMEOUT_MS)
      return
    }
    this.#transmit(stream, { type: 'syn', receiver }, 0, now)
  }

  #write(stream: StreamId, bytes: Uint8Array, now: Instant): void {
    const end = this.#ends.get(stream)
    if (end === undefined) return
    const packet = this.#host.nextPacket()
    this.#host.output({ type: 'wrote', packet, stream, from: end.local, to: end.remote, bytes }, now)
    for (let at = 0; at < bytes.length; ) {
      const length = Math.min(bytes.length - at, 1 + integerBelow(this.#random, LONGEST_SEGMENT))
      this.#transmit(stream, { type: 'data', bytes: bytes.subarray(at, at + length) }, length, now)
      at += length
    }
  }

  /** Sends a segment from one end to the other, behind all that it has sent before. */
  #transmit(from: StreamId, payload: Payload, length: number, now: Instant): void {
    const end = this.#ends.get(from)
    if (end === undefined) return
    const route = this.#routes.depart('tcp', end.local, end.remote, now)
    if (route === undefined) return
    end.lastArrival = Math.max(end.lastArrival, route.link.deliver(length, route.conditions, now))
    end.underWay++
    this.#segments.set({ to: -from, from: end, payload }, end.lastArrival)
  }

  #arrive({ to, from, payload }: Segment, now: Instant): void {
    if (from !== undefined) from.underWay--
    if (payload.type === 'syn') {
      this.#accept(to, payload.receiver, from as End, now)
      return
    }
    const end = this.#ends.get(to)
    const forgotten = this.#forgotten.get(to)
    if (forgotten !== undefined) {
      this.#forgotten.delete(to)
      if (payload.type === 'end' || payload.type === 'reset') return
      this.#ends.set(to, forgotten)
      this.#transmit(to, { type: 'reset' }, 0, now)
      this.#ends.delete(to)
      return
    }
    // Closed already: its own `end` or `reset` is on the way to whoever sent this.
    if (end === undefined) return
    switch (payload.type) {
      case 'data':
        end.held.push(payload.bytes)
        // A reader that is late finds two segments in one read.
        if (from !== undefined && from.underWay > 0 && chance(this.#random, 0.3)) return
        this.#flush(to, end, now)
        return
      case 'end':
        this.#flush(to, end, now)
        this.#ends.delete(to)
        this.#host.output({ type: 'ended', stream: to }, now)
        return
      case 'reset':
        this.#ends.delete(to)
        this.#host.output({ type: 'reset', stream: to }, now)
        return
      case 'refused':
        this.#ends.delete(to)
        this.#host.output({ type: 'refused', stream: to, reason: payload.reason }, now)
        return
      case 'connected':
        this.#host.output({ type: 'connected', stream: to }, now)
    }
  }

  #accept(stream: StreamId, local: SocketAddress, client: End, now: Instant): void {
    const end = newEnd(local, client.local)
    if (!this.#listening.has(formatAddress(local))) {
      this.#ends.set(stream, end)
      this.#transmit(stream, { type: 'refused', reason: 'refused' }, 0, now)
      this.#ends.delete(stream)
      return
    }
    this.#ends.set(stream, end)
    this.#host.output({ type: 'accepted', stream, local, remote: client.local }, now)
    this.#transmit(stream, { type: 'connected' }, 0, now)
  }

  #flush(stream: StreamId, end: End, now: Instant): void {
    if (end.held.length === 0) return
    const bytes = concatBytes(...end.held)
    end.held.length = 0
    this.#host.output({ type: 'data', stream, bytes }, now)
  }
}

interface End {
  /** This end as the other one sees it. */
  readonly local: SocketAddress
  readonly remote: SocketAddress
  /** Arrived, not handed to the reader yet. */
  readonly held: Uint8Array[]
  /** Segments that this end has sent and that have not arrived. */
  underWay: number
  lastArrival: Instant
}

function newEnd(local: SocketAddress, remote: SocketAddress): End {
  return { local, remote, held: [], underWay: 0, lastArrival: 0 }
}

interface Segment {
  readonly to: StreamId
  readonly from?: End
  readonly payload: Payload
}

type Payload =
  | { readonly type: 'syn'; readonly receiver: SocketAddress }
  | { readonly type: 'connected' }
  | { readonly type: 'refused'; readonly reason: 'refused' | 'timeout' }
  | { readonly type: 'data'; readonly bytes: Uint8Array }
  | { readonly type: 'end' }
  | { readonly type: 'reset' }
