import type { Codec } from '../codec/codec.ts'
import { CODEC_RATES, eventClockRateHz, type SampleRateHz } from '../codec/codec-rates.ts'
import { EVENT_PAYLOAD_LENGTH } from '../dtmf/event-payload.ts'
import { MAX_PACKET_MS } from '../jitter/adaptive-jitter-buffer.ts'
import type { PacketContent } from '../jitter/jitter-buffer.ts'
import { FRAMES, HELD_FRAMES, Track } from '../node/track.ts'
import type { RtpPacket } from '../rtp/packet.ts'
import type { StreamParameters } from './control.ts'
import type { Inbound } from './inbound.ts'
import type { Outbound } from './outbound.ts'
import { TICK_MS } from './schedule.ts'
import type { Workshop } from './workshop.ts'

/** Hears both directions of a leg in step, 20 ms at a time: 400 ms after they were. */
export interface TapeListener {
  /**
   * @param farEnd what came from the far end, `sent` what it was sent; both are the tape's, and silent where nothing was
   * @param sampleRateHz of both: 16,000 while the codec is wideband
   * @param keyIsPressed the far end pressed a key meanwhile, as an event (RFC 4733)
   */
  hearBoth(farEnd: Int16Array, sent: Int16Array, sampleRateHz: SampleRateHz, keyIsPressed: boolean): void
}

/** Takes every packet of sound that leaves a leg, before it is sealed. */
export interface SentListener {
  /** Sound of ours, which is in time. */
  takeSent(bytes: Uint8Array, from: number, length: number, slotMs: number): void
  /**
   * Sound of another leg that is passed on under a timestamp of ours.
   * @param isFirst it has nothing to do with what was passed on before
   */
  takeForwarded(packet: RtpPacket, timestamp: number, isFirst: boolean, mediaMs: number): void
}

/** Takes every packet of sound, and every event, that a leg receives. */
export interface ReceivedListener {
  takeReceived(packet: RtpPacket, content: PacketContent, mediaMs: number): void
}

/** How far both directions of a leg have been heard. */
export interface TapeState {
  readonly headMs: number
  readonly tooLateMs: number
}

/**
 * Both directions of a leg on its clock, for recordings of whole calls: what comes from the far end, and what it is sent,
 * whoever sends it: a player, the leg that it is bridged to, a room. Sound is decoded only while somebody listens.
 */
export class Tape implements SentListener, ReceivedListener {
  readonly #workshop: Workshop
  readonly #inbound: Inbound
  readonly #outbound: Outbound
  readonly #listeners: Attached[] = []
  #stream: StreamParameters | undefined
  #sides: Sides | undefined
  /** Media time of the frame that is heard next. */
  #headMs = 0
  /** The latest that is known. */
  #nowMs = 0
  #ssrc = 0
  /** Of tracks that are closed. */
  #tooLateMs = 0

  constructor(workshop: Workshop, inbound: Inbound, outbound: Outbound) {
    this.#workshop = workshop
    this.#inbound = inbound
    this.#outbound = outbound
  }

  /** Sound that came too late to be heard, in milliseconds. */
  get tooLateMs(): number {
    const sides = this.#sides
    if (sides === undefined) return this.#tooLateMs
    return this.#tooLateMs + ((sides.farEnd.tooLate + sides.sent.tooLate) * 1000) / sides.sampleRateHz
  }

  /** What another one goes on from, in another thread perhaps. Set it once its listeners have been attached. */
  get state(): TapeState {
    return { headMs: this.#headMs, tooLateMs: this.tooLateMs }
  }

  set state({ headMs, tooLateMs }: TapeState) {
    this.#tooLateMs += tooLateMs
    if (!this.isListenedTo) return
    this.#headMs = headMs
    for (const attached of this.#listeners) attached.fromMs = headMs
  }

  get isListenedTo(): boolean {
    return this.#listeners.length > 0
  }

  /** How much the listeners are behind, in milliseconds. */
  behindMs(mediaMs: number): number {
    return mediaMs - this.#headMs
  }

  /** Lets a listener hear both sides from now on. */
  attach(listener: TapeListener, stream: StreamParameters, mediaMs: number): void {
    if (!this.isListenedTo) {
      this.#headMs = mediaMs
      this.#nowMs = mediaMs
      this.#open(stream)
      this.#inbound.tapeTo(this)
      this.#outbound.tapeTo(this)
    }
    this.#listeners.push({ listener, fromMs: mediaMs, isAttached: true })
  }

  /** Lets all hear what there is up to now: another tape goes on from there. */
  hearTheRest(): void {
    while (this.isListenedTo && this.#headMs <= this.#nowMs) this.#hearNext()
  }

  /** Lets it hear what there is up to now, and nothing after that. */
  detach(listener: TapeListener): void {
    const attached = this.#listeners.find((candidate) => candidate.listener === listener)
    if (attached === undefined) return
    for (let frames = 0; this.#headMs + frames * TICK_MS < this.#nowMs && frames < FRAMES; frames++)
      this.#let(attached, frames)
    this.drop(listener)
  }

  /** It hears nothing any more. */
  drop(listener: TapeListener): void {
    const index = this.#listeners.findIndex((candidate) => candidate.listener === listener)
    if (index < 0) return
    this.#listeners[index]!.isAttached = false
    this.#listeners.splice(index, 1)
    if (this.isListenedTo) return
    this.#inbound.tapeTo(undefined)
    this.#outbound.tapeTo(undefined)
    this.#close()
  }

  /**
   * The stream has changed. What was on the way is heard first. Some senders let the time in their packets stand still while
   * they are on hold.
   */
  useStream(stream: StreamParameters, mediaMs: number): void {
    const [sides, before] = [this.#sides, this.#stream]
    if (sides === undefined || before === undefined) return
    this.#stream = stream
    if (stream.codec === before.codec && eventClockRateHz(stream) === eventClockRateHz(before)) {
      if (stream.direction !== before.direction || stream.remotePort !== before.remotePort) sides.farEnd.unanchor()
      return
    }
    while (this.#headMs < mediaMs) this.#hearNext()
    if (!this.isListenedTo) return
    this.#close()
    this.#open(stream)
  }

  /** Lets the listeners hear what has waited long enough. */
  visit(mediaMs: number): void {
    this.#nowMs = mediaMs
    this.#hearUntil(mediaMs - HELD_FRAMES * TICK_MS)
  }

  takeReceived(packet: RtpPacket, content: PacketContent, mediaMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, mediaMs)
    this.#hearUntil(mediaMs - ROOM_MS)
    const sides = this.#sides
    if (sides === undefined) return
    if (content === 'event') this.#markKey(packet, sides)
    else if (content !== 'noise' && packet.payloadLength > 0) {
      if ((packet.ssrc | 0) !== this.#ssrc) sides.farEnd.unanchor()
      this.#ssrc = packet.ssrc | 0
      const at = sides.farEnd.place(packet.timestamp, this.#placeOf(mediaMs, sides))
      this.#decode(sides.farEndCodec, packet.bytes, packet.payloadOffset, packet.payloadLength, sides.farEnd, at)
    }
  }

  takeSent(bytes: Uint8Array, from: number, length: number, slotMs: number): void {
    this.#hearUntil(slotMs - ROOM_MS)
    const sides = this.#sides
    if (sides === undefined) return
    sides.sent.unanchor()
    this.#decode(sides.sentCodec, bytes, from, length, sides.sent, this.#placeOf(slotMs, sides))
  }

  takeForwarded(packet: RtpPacket, timestamp: number, isFirst: boolean, mediaMs: number): void {
    this.#hearUntil(mediaMs - ROOM_MS)
    const sides = this.#sides
    if (sides === undefined) return
    if (isFirst) sides.sent.unanchor()
    const at = sides.sent.place(timestamp, this.#placeOf(mediaMs, sides))
    this.#decode(sides.sentCodec, packet.bytes, packet.payloadOffset, packet.payloadLength, sides.sent, at)
  }

  /** In samples behind the head. */
  #placeOf(mediaMs: number, { sampleRateHz }: Sides): number {
    return ((mediaMs - this.#headMs) * sampleRateHz) / 1000
  }

  #decode(codec: Codec, bytes: Uint8Array, from: number, length: number, track: Track, at: number): void {
    const { sound } = this.#sides!
    track.put(sound, codec.decodeInto(bytes, from, length, sound, 0), at)
  }

  /** A gateway hears the tone itself before it sends events in its place, and lets the beginning through. */
  #markKey({ bytes, payloadOffset, payloadLength, timestamp }: RtpPacket, sides: Sides): void {
    if (payloadLength < EVENT_PAYLOAD_LENGTH) return
    const at = sides.farEnd.whereIs(timestamp)
    if (at === undefined) return
    const duration = (bytes[payloadOffset + 2]! << 8) | bytes[payloadOffset + 3]!
    const samplesPerMs = sides.sampleRateHz / 1000
    const lasts = (duration / sides.eventTicksPerMs + KEY_MARGIN_MS) * samplesPerMs
    sides.farEnd.markKey(at - KEY_MARGIN_MS * samplesPerMs, at + lasts)
  }

  #hearUntil(mediaMs: number): void {
    while (this.isListenedTo && this.#headMs + TICK_MS <= mediaMs) this.#hearNext()
  }

  /** Backwards, because a listener that has heard enough drops out. */
  #hearNext(): void {
    for (let i = this.#listeners.length - 1; i >= 0; i--) this.#let(this.#listeners[i]!, 0)
    this.#sides?.farEnd.advance()
    this.#sides?.sent.advance()
    this.#headMs += TICK_MS
  }

  #let(attached: Attached, frames: number): void {
    const sides = this.#sides
    if (sides === undefined || !attached.isAttached || this.#headMs + frames * TICK_MS < attached.fromMs) return
    sides.farEnd.copyInto(sides.farEndFrame, frames)
    sides.sent.copyInto(sides.sentFrame, frames)
    const { farEndFrame, sentFrame, sampleRateHz } = sides
    attached.listener.hearBoth(farEndFrame, sentFrame, sampleRateHz, sides.farEnd.keyIsIn(frames))
  }

  #open(stream: StreamParameters): void {
    const { codecs, kernels } = this.#workshop
    const { arena } = kernels
    const { clockRateHz, sampleRateHz } = CODEC_RATES[stream.codec]
    this.#stream = stream
    this.#sides = {
      sampleRateHz,
      eventTicksPerMs: eventClockRateHz(stream) / 1000,
      farEnd: new Track(arena, clockRateHz, sampleRateHz),
      sent: new Track(arena, clockRateHz, sampleRateHz),
      farEndCodec: codecs.open(stream.codec, sampleRateHz),
      sentCodec: codecs.open(stream.codec, sampleRateHz),
      farEndFrame: arena.int16(sampleRateHz / 50),
      sentFrame: arena.int16(sampleRateHz / 50),
      sound: arena.int16((MAX_PACKET_MS * sampleRateHz) / 1000),
    }
  }

  #close(): void {
    const sides = this.#sides
    if (sides === undefined) return
    this.#tooLateMs = this.tooLateMs
    this.#sides = undefined
    const { arena } = this.#workshop.kernels
    for (const track of [sides.farEnd, sides.sent]) track.release(arena)
    for (const codec of [sides.farEndCodec, sides.sentCodec]) codec.release()
    for (const array of [sides.farEndFrame, sides.sentFrame, sides.sound]) arena.release(array)
  }
}

interface Attached {
  readonly listener: TapeListener
  /** Media time from which on it hears. */
  fromMs: number
  isAttached: boolean
}

/** What a tape needs while somebody listens. */
interface Sides {
  readonly sampleRateHz: SampleRateHz
  readonly eventTicksPerMs: number
  readonly farEnd: Track
  readonly sent: Track
  readonly farEndCodec: Codec
  readonly sentCodec: Codec
  readonly farEndFrame: Int16Array
  readonly sentFrame: Int16Array
  /** One packet, decoded. */
  readonly sound: Int16Array
}

/** So that a packet that comes now finds room, also when no visit came for long. */
const ROOM_MS = (FRAMES - 10) * TICK_MS
const KEY_MARGIN_MS = 40
