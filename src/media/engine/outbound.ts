import type { Codec } from '../codec/codec.ts'
import { CODEC_RATES, eventClockRateHz, isWideband } from '../codec/codec-rates.ts'
import type { PacketContent } from '../jitter/jitter-buffer.ts'
import { SilenceSender } from '../node/silence-sender.ts'
import type { OutgoingPacket, Transmission, Transmitter, TransmitterState } from '../node/transmitter.ts'
import { COMFORT_NOISE_PAYLOAD_TYPE, MAX_SENT_PAYLOAD, RTP_HEADER_LENGTH, type RtpPacket } from '../rtp/packet.ts'
import { RtpSender, type RtpSenderState } from '../rtp/sender.ts'
import type { SourceLatch } from '../rtp/source-latch.ts'
import { EventSplice, StreamSplice } from '../rtp/splice.ts'
import type { LegId, OpusParameters, StreamParameters } from './control.ts'
import type { Protection } from './protection.ts'
import type { SentListener } from './tape.ts'
import type { Workshop } from './workshop.ts'

/** Where the sending half of a leg is in its stream. */
export interface OutboundState {
  readonly rtp: RtpSenderState
  readonly packetsSent: number
  readonly octetsSent: number
  readonly slotsSkipped: number
  readonly isFirst: boolean
  readonly nextSlotMs: number
  readonly expectedLoss: number
  /** Packets of silence that are still to be sent. */
  readonly silence: number
  /** Of whatever is transmitted. */
  readonly transmitter: TransmitterState | undefined
}

/**
 * The sending half of a leg: one packet per slot. A transmitter's first packet leaves at the leg's next visit, the
 * others on a fixed grid from there. A visit that comes too late for a slot sends that slot; when it comes too late
 * for several, it sends the last and skips the others, and the RTP timestamp leaps over what was skipped.
 *
 * Timestamps are handed on as signed numbers, `| 0`: one above 2^31 would be a new object for each packet.
 */
export class Outbound {
  packetsSent = 0
  /** Of payload. */
  octetsSent = 0
  /** Whether direction and address of the stream let anything leave. */
  maySend = false
  // What each packet needs stands together, down to its duration: of a thousand legs, the processor's cache holds little.
  readonly #workshop: Workshop
  readonly #leg: LegId
  readonly #to: SourceLatch
  #protection: Protection | undefined
  readonly #rtp: RtpSender
  readonly #splice = new StreamSplice()
  #transmitter: Transmitter | undefined
  /** While both sides of the call are recorded. */
  #tape: SentListener | undefined
  /** The grid is laid by the first packet of each transmitter. */
  #isFirst = true
  nextSlotMs = 0
  /** The codec that is in use, and the samples of a packet. */
  #inUse: Codec
  #samples = 160
  #eventTicksPerMs = 8
  #payloadType = 0
  #eventPayloadType = -1
  #ptimeMs = 20
  slotsSkipped = 0
  /** Whether the stream has an address at all. */
  hasAddress = false
  readonly #eventSplice = new EventSplice()
  #onDone: (mediaMs: number) => void = nothing
  /** What goes on where the transmitter ends. */
  #following: Transmitter | undefined
  #onFollowing: () => void = nothing
  /** At 8 kHz. */
  #codec: Codec
  /** The same codec at 16 kHz, once something was sent at that. */
  #wideCodec: Codec | undefined
  #opus: OpusParameters | undefined
  #expectedLoss = 0

  constructor(workshop: Workshop, leg: LegId, to: SourceLatch) {
    this.#workshop = workshop
    this.#leg = leg
    this.#to = to
    this.#rtp = new RtpSender(workshop.random)
    this.#codec = workshop.codecs.open('PCMU')
    this.#inUse = this.#codec
  }

  /** Whether telephone-event was agreed on. */
  get takesEvents(): boolean {
    return this.#eventPayloadType >= 0
  }

  get ssrc(): number {
    return this.#rtp.ssrc
  }

  get ticksPerMs(): number {
    return this.#rtp.ticksPerMs
  }

  /** Whether that stream will have another SSRC than what was sent so far. */
  isOtherSource(stream: StreamParameters): boolean {
    return this.#rtp.isOtherClock(CODEC_RATES[stream.codec].clockRateHz)
  }

  timestampAt(mediaMs: number): number {
    return this.#rtp.timestampAt(mediaMs)
  }

  get isBusy(): boolean {
    return this.#transmitter !== undefined
  }

  /** What another one goes on from that sends the same stream, in another thread perhaps. */
  get state(): OutboundState {
    return {
      rtp: this.#rtp.state,
      packetsSent: this.packetsSent,
      octetsSent: this.octetsSent,
      slotsSkipped: this.slotsSkipped,
      isFirst: this.#isFirst,
      nextSlotMs: this.nextSlotMs,
      expectedLoss: this.#expectedLoss,
      silence: this.#transmitter instanceof SilenceSender ? this.#transmitter.left : 0,
      transmitter: this.#transmitter?.state,
    }
  }

  /** To be set once it knows the stream and what it sends. */
  set state(state: OutboundState) {
    this.#rtp.state = state.rtp
    this.packetsSent = state.packetsSent
    this.octetsSent = state.octetsSent
    this.slotsSkipped = state.slotsSkipped
    this.expectLoss(state.expectedLoss)
    if (this.#transmitter === undefined && state.silence > 0) this.transmit(new SilenceSender(state.silence))
    else if (this.#transmitter !== undefined && state.transmitter !== undefined)
      this.#transmitter.state = state.transmitter
    this.#isFirst = state.isFirst
    this.nextSlotMs = state.nextSlotMs
  }

  /** @param protection what seals the packets of a stream that is protected */
  useStream(stream: StreamParameters, protection: Protection | undefined): void {
    this.#protection = protection
    if (stream.codec !== this.#codec.name) {
      this.#releaseCodecs()
      this.#codec = this.#workshop.codecs.open(stream.codec, 8000, stream.opus)
    }
    this.#opus = stream.opus
    this.#payloadType = stream.payloadType
    this.#eventPayloadType = stream.telephoneEventPayloadType ?? -1
    this.#rtp.useClock(CODEC_RATES[stream.codec].clockRateHz)
    this.#eventTicksPerMs = eventClockRateHz(stream) / 1000
    this.#ptimeMs = packetMsOf(stream)
    this.#chooseCodec()
    // An unspecified address is how RFC 2543 put a call on hold; port 0 refuses the stream.
    this.hasAddress = stream.remotePort !== 0 && stream.remoteAddress !== '0.0.0.0' && stream.remoteAddress !== '::'
    this.maySend = this.hasAddress && (stream.direction === 'sendrecv' || stream.direction === 'sendonly')
  }

  /** Sends what `transmitter` gives from the next visit on; `onDone` hears of its end, one slot after the last packet. */
  transmit(transmitter: Transmitter, onDone: (mediaMs: number) => void = nothing): void {
    this.#transmitter = transmitter
    this.#following = undefined
    this.#onDone = onDone
    this.#isFirst = true
    this.#chooseCodec()
  }

  /** Lets somebody, or nobody, take all sound that is sent. */
  tapeTo(tape: SentListener | undefined): void {
    this.#tape = tape
  }

  /** Sends `transmitter` in the place of the one that is there, from the next slot on. */
  replace(transmitter: Transmitter): void {
    this.#transmitter = transmitter
    this.#chooseCodec()
  }

  /** Lets `transmitter` go on in the slot after the last packet of the one that is there; `onBegun` hears of it. */
  follow(transmitter: Transmitter, onBegun: () => void): void {
    this.#following = transmitter
    this.#onFollowing = onBegun
  }

  /** Whether something waits to go on where the transmitter ends. */
  get hasFollowing(): boolean {
    return this.#following !== undefined
  }

  stop(): void {
    this.#transmitter = undefined
    this.#following = undefined
  }

  /** Gives back what the codec holds; nothing is sent any more. */
  release(): void {
    this.stop()
    this.#releaseCodecs()
  }

  /** Reads a little of each object that a visit needs, see {@link Touch}. */
  touch(): number {
    const source = this.#transmitter === undefined ? this.#splice.touch() : (this.#transmitter.touch?.() ?? 0)
    return this.nextSlotMs ^ this.packetsSent ^ this.#samples ^ this.#rtp.touch() ^ source
  }

  /** Does the slot that is due at `mediaMs`, if one is. A transmitter runs on while the stream may not send. */
  visit(mediaMs: number): void {
    const transmitter = this.#transmitter
    if (transmitter === undefined || mediaMs < this.nextSlotMs) return
    const slotMs = this.#takeSlot(mediaMs, transmitter.packetMs ?? this.#ptimeMs)
    const packet = this.#workshop.packet
    packet.ticksPerMs = this.#rtp.ticksPerMs
    packet.eventTicksPerMs = this.#eventTicksPerMs
    packet.timestamp = this.#rtp.timestampAt(slotMs)
    packet.marker = this.#isFirst
    this.#isFirst = false
    let outcome = this.#fill(transmitter, packet)
    if (outcome === 'done' && this.#following !== undefined) outcome = this.#goOn(this.#following, packet)
    if (outcome === 'audio') {
      if (this.maySend) this.#tape?.takeSent(packet.bytes, packet.payloadOffset, packet.payloadLength, slotMs)
      this.#send(packet, this.#payloadType)
    } else if (outcome === 'event') this.#send(packet, this.#eventPayloadType)
    else if (outcome === 'done') {
      this.stop()
      this.#onDone(mediaMs)
    }
  }

  #fill(transmitter: Transmitter, packet: OutgoingPacket): Transmission {
    packet.codec = this.#inUse
    packet.samples = this.#samples
    return transmitter.fill(packet)
  }

  #goOn(following: Transmitter, packet: OutgoingPacket): Transmission {
    this.#following = undefined
    this.replace(following)
    this.#onFollowing()
    return this.#fill(following, packet)
  }

  /** Sends a packet that another leg has received, under numbers of ours; whatever is transmitted ends for it. */
  forward(packet: RtpPacket, content: PacketContent, mediaMs: number): void {
    if (!this.maySend) this.resplice()
    else if (this.#splice.take(packet, this.#rtp, mediaMs)) {
      this.stop()
      const { sequence, timestamp, isFirst } = this.#splice
      const marker = packet.marker || (isFirst && content === 'audio')
      if (content === 'audio') this.#tape?.takeForwarded(packet, timestamp, isFirst, mediaMs)
      this.#sendOn(packet, marker, this.#payloadTypeOf(content), sequence, timestamp | 0)
    }
  }

  /** Sends only an event of another leg's: the audio around it is ours. */
  forwardEvent(packet: RtpPacket, mediaMs: number): void {
    if (this.maySend && this.#eventSplice.take(packet, this.#rtp, mediaMs))
      this.#sendOn(packet, packet.marker, this.#eventPayloadType, this.#rtp.nextSequence, this.#eventSplice.timestamp)
  }

  /**
   * What is forwarded next follows on what was sent last, at its present time.
   * @param eventRatio how much faster our RTP clock runs than that of forwarded events
   */
  resplice(eventRatio = 1): void {
    this.#splice.reset()
    this.#eventSplice.reset(eventRatio)
  }

  /** A codec that can repeat itself does so as far as the far end's losses ask for it. */
  expectLoss(share: number): void {
    this.#expectedLoss = share
    this.#codec.expectLoss?.(share)
    this.#wideCodec?.expectLoss?.(share)
  }

  #chooseCodec(): void {
    this.#inUse = this.#codec
    if (this.#transmitter?.isWideband === true && isWideband(this.#codec.name)) {
      if (this.#wideCodec === undefined) {
        this.#wideCodec = this.#workshop.codecs.open(this.#codec.name, 16_000, this.#opus)
        this.#wideCodec.expectLoss?.(this.#expectedLoss)
      }
      this.#inUse = this.#wideCodec
    }
    this.#samples = (this.#ptimeMs * this.#inUse.sampleRateHz) / 1000
  }

  #releaseCodecs(): void {
    this.#codec.release()
    this.#wideCodec?.release()
    this.#wideCodec = undefined
  }

  /** In its own datagram: only what stands between header and payload, which is meant for us, is closed up. */
  #sendOn(packet: RtpPacket, marker: boolean, payloadType: number, sequence: number, timestamp: number): void {
    const { bytes, payloadOffset, payloadLength } = packet
    if (payloadOffset !== RTP_HEADER_LENGTH) {
      bytes.copyWithin(RTP_HEADER_LENGTH, payloadOffset, payloadOffset + payloadLength)
      packet.payloadOffset = RTP_HEADER_LENGTH
    }
    const length = this.#rtp.finishAs(bytes, marker, payloadType, sequence, timestamp, payloadLength)
    this.#put(bytes, length)
  }

  #takeSlot(mediaMs: number, packetMs: number): number {
    if (this.#isFirst) {
      this.nextSlotMs = mediaMs
      this.#rtp.catchUp(mediaMs)
    }
    const skipped = Math.floor((mediaMs - this.nextSlotMs) / packetMs)
    const slotMs = this.nextSlotMs + skipped * packetMs
    if (skipped > 0) this.slotsSkipped += skipped
    this.nextSlotMs = slotMs + packetMs
    return slotMs
  }

  #send(packet: OutgoingPacket, payloadType: number): void {
    if (!this.maySend || payloadType < 0) return
    const timestamp = packet.timestamp | 0
    const length = this.#rtp.finish(packet.bytes, packet.marker, payloadType, timestamp, packet.payloadLength)
    this.#put(packet.bytes, length)
  }

  #payloadTypeOf(content: PacketContent): number {
    if (content === 'audio') return this.#payloadType
    return content === 'event' ? this.#eventPayloadType : COMFORT_NOISE_PAYLOAD_TYPE
  }

  #put(bytes: Uint8Array, length: number): void {
    const sealed = this.#protection?.sealRtp(bytes, length) ?? length
    if (sealed < 0 || !this.#workshop.io.send(this.#leg, bytes, sealed, this.#to.address, this.#to.port)) return
    this.packetsSent++
    this.octetsSent += length - RTP_HEADER_LENGTH
  }
}

/**
 * The packet duration that we send: the one that was agreed on if it is one of the five that we know, 20 ms if not, and
 * 40 ms where 60 would not pass whole.
 */
export function packetMsOf({ codec, ptimeMs }: StreamParameters): number {
  const isKnown = [10, 20, 30, 40, 60].includes(ptimeMs) && !(codec === 'OPUS' && ptimeMs === 30)
  return isKnown ? Math.min(ptimeMs, codec === 'L16/16000' ? MAX_SENT_PAYLOAD / 32 : 60) : 20
}

function nothing(): void {}
