import type { Instant } from '../../kit/index.ts'
import { type Codec, codecNamed } from '../codec/codec.ts'
import { DtmfReceiver } from '../dtmf/receiver.ts'
import { FrameReader } from '../jitter/frame-reader.ts'
import { ShortJitterBuffer } from '../jitter/short-jitter-buffer.ts'
import { MAX_PAYLOAD, type RtpPacket } from '../rtp/packet.ts'
import { ReceiverStatistics } from '../rtp/receiver-statistics.ts'
import type { SourceLatch } from '../rtp/source-latch.ts'
import type { LegId, StreamParameters } from './control.ts'
import { TICK_MS } from './schedule.ts'
import { MAX_DATAGRAM, type Workshop } from './workshop.ts'

/** Hears 20 ms at a time, for as long as it is attached. */
export interface FrameListener {
  hear(frame: Int16Array): void
}

/**
 * Takes every packet of the stream in the sub-tick it arrived in, after everybody else: it may move the payload
 * within the datagram.
 */
export interface PacketListener {
  /** @param isStale the packet has waited through a stall */
  hearAudio(packet: RtpPacket, mediaMs: number, isStale: boolean): void
  /** @param digit the key of which this is the first packet that came through */
  hearEvent(packet: RtpPacket, digit: string | undefined, mediaMs: number): void
}

/**
 * The receiving half of a leg: sweeps the port, takes only what belongs to the stream, counts the rest, and says
 * digits. Audio is kept and decoded only while somebody listens, who then hears one frame for every 20 ms of media
 * time, silence included.
 */
export class Inbound {
  readonly statistics: ReceiverStatistics = new ReceiverStatistics()
  packetsRefused = 0
  readonly #workshop: Workshop
  readonly #leg: LegId
  readonly #from: SourceLatch
  readonly #onDigit: (digit: string) => void
  readonly #dtmf = new DtmfReceiver()
  readonly #listeners: FrameListener[] = []
  /** Made when the first listener comes: most legs of an exchange never need it. */
  #buffer: ShortJitterBuffer | undefined
  #reader: FrameReader | undefined
  #heardUntilMs = 0
  #forwardTo: PacketListener | undefined
  #visitedAtMs = Number.POSITIVE_INFINITY
  /** After a stall, until the port has been swept clean. */
  #isStale = false
  #codec: Codec = codecNamed('PCMU')
  #payloadType = -1
  #eventPayloadType = -1
  #mayReceive = false

  constructor(workshop: Workshop, leg: LegId, from: SourceLatch, onDigit: (digit: string) => void) {
    this.#workshop = workshop
    this.#leg = leg
    this.#from = from
    this.#onDigit = onDigit
  }

  /** Ticks at which nothing was there to be heard although the stream had begun. */
  get underruns(): number {
    return this.#buffer?.counts.underruns ?? 0
  }

  useStream(stream: StreamParameters): void {
    if (stream.payloadType !== this.#payloadType || stream.codec !== this.#codec.name) this.#reader?.reset()
    this.#codec = codecNamed(stream.codec)
    this.#payloadType = stream.payloadType
    this.#eventPayloadType = stream.telephoneEventPayloadType ?? -1
    this.#mayReceive = stream.direction === 'sendrecv' || stream.direction === 'recvonly'
  }

  /** Throws away, uncounted, what came before the stream began. */
  drain(): void {
    for (let i = 0; i < MAX_PER_SWEEP; i++)
      if (this.#workshop.io.receive(this.#leg, this.#workshop.datagram) < 0) return
  }

  attach(listener: FrameListener, mediaMs: number): void {
    if (this.#buffer === undefined) {
      this.#buffer = new ShortJitterBuffer()
      this.#reader = new FrameReader(this.#buffer)
    }
    if (!this.#isListenedTo) {
      this.#reader?.reset()
      this.#heardUntilMs = mediaMs
    }
    this.#listeners.push(listener)
  }

  detach(listener: FrameListener): void {
    const index = this.#listeners.indexOf(listener)
    if (index >= 0) this.#listeners.splice(index, 1)
  }

  /** Lets one listener, or nobody, take the packets themselves. */
  forwardTo(listener: PacketListener | undefined): void {
    this.#forwardTo = listener
  }

  /** Takes what has arrived, then lets the listeners hear what is due at `mediaMs`. */
  visit(mediaMs: number, now: Instant): void {
    if (this.#isListenedTo && mediaMs - this.#heardUntilMs > MAX_CATCH_UP_MS) this.#hearSilence(mediaMs)
    if (mediaMs - this.#visitedAtMs > MAX_FORWARD_DELAY_MS) this.#isStale = true
    this.#visitedAtMs = mediaMs
    this.#sweep(mediaMs, now)
    while (this.#isListenedTo && this.#heardUntilMs + TICK_MS <= mediaMs) {
      this.#reader?.readInto(this.#workshop.frame, this.#codec)
      this.#hear()
    }
  }

  get #isListenedTo(): boolean {
    return this.#listeners.length > 0
  }

  /** The sweep is bounded, so that a flood to one leg costs the others nothing. */
  #sweep(mediaMs: number, now: Instant): void {
    const { io, datagram } = this.#workshop
    for (let i = 0; i < MAX_PER_SWEEP; i++) {
      const length = io.receive(this.#leg, datagram)
      if (length < 0) {
        this.#isStale = false
        return
      }
      if (!this.#take(length, mediaMs, now)) this.packetsRefused++
    }
  }

  #take(length: number, mediaMs: number, now: Instant): boolean {
    const { io, datagram, received: packet } = this.#workshop
    if (!this.#mayReceive || length > MAX_DATAGRAM || !packet.parse(datagram, length)) return false
    const isEvent = packet.payloadType === this.#eventPayloadType
    if (!isEvent && (packet.payloadType !== this.#payloadType || packet.payloadLength > MAX_PAYLOAD)) return false
    if (!this.#from.accept(packet, io.source)) return false
    this.statistics.take(packet, now)
    if (isEvent) {
      const digit = this.#dtmf.take(packet, now)
      this.#forwardTo?.hearEvent(packet, digit, mediaMs)
      if (digit !== undefined) this.#onDigit(digit)
      return true
    }
    if (this.#isListenedTo) this.#buffer?.put(packet, this.#codec.samplesIn(packet.payloadLength))
    this.#forwardTo?.hearAudio(packet, mediaMs, this.#isStale)
    return true
  }

  /** After a pause longer than the jitter buffer can hold, what it holds is from another time. */
  #hearSilence(mediaMs: number): void {
    this.#reader?.reset()
    this.#workshop.frame.fill(0)
    while (this.#isListenedTo && this.#heardUntilMs + TICK_MS <= mediaMs) this.#hear()
  }

  /** Backwards, because a listener that has heard enough detaches itself. */
  #hear(): void {
    this.#heardUntilMs += TICK_MS
    for (let i = this.#listeners.length - 1; i >= 0; i--) this.#listeners[i]!.hear(this.#workshop.frame)
  }
}

const MAX_PER_SWEEP = 64
const MAX_CATCH_UP_MS = 500
/** What a far end's jitter buffer still has a use for. */
const MAX_FORWARD_DELAY_MS = 100
