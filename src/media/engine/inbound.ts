import type { Instant } from '../../kit/index.ts'
import type { Codec } from '../codec/codec.ts'
import { CODEC_RATES, eventClockRateHz, LONGEST_PAYLOAD } from '../codec/codec-rates.ts'
import { type DigitSource, type Press, PressLedger } from '../dtmf/press-ledger.ts'
import { DtmfReceiver, type DtmfReceiverState } from '../dtmf/receiver.ts'
import { ToneReceiver, type ToneReceiverState } from '../dtmf/tone-receiver.ts'
import type { PacketContent } from '../jitter/jitter-buffer.ts'
import { isRtcp } from '../rtcp/packet.ts'
import type { RtcpSession } from '../rtcp/session.ts'
import { COMFORT_NOISE_PAYLOAD_TYPE, MAX_DATAGRAM, type RtpPacket } from '../rtp/packet.ts'
import { ReceiverStatistics, type ReceiverStatisticsState } from '../rtp/receiver-statistics.ts'
import type { SourceLatch } from '../rtp/source-latch.ts'
import type { LegId, StreamParameters } from './control.ts'
import { type FrameListener, Hearing, type HearingState } from './hearing.ts'
import type { Protection } from './protection.ts'
import { RtpTimeout, type RtpTimeoutState } from './rtp-timeout.ts'
import type { ReceivedListener } from './tape.ts'
import type { Workshop } from './workshop.ts'

/**
 * Takes every packet of the stream in the sub-tick it arrived in, after everybody else: it may move the payload
 * within the datagram.
 */
export interface PacketListener {
  /** @param isStale the packet has waited through a stall */
  hearSound(packet: RtpPacket, content: 'audio' | 'noise', mediaMs: number, isStale: boolean): void
  /** @param digit the key of which this is the first packet that came through */
  hearEvent(packet: RtpPacket, digit: string | undefined, mediaMs: number): void
  /** See {@link Touch}. */
  touch(): number
}

/** What a leg is told of the stream that it receives. */
export interface InboundListener {
  onDigit(digit: string): void
  /** Nothing came for as long as the parameters of the stream say. */
  onTimeout(): void
  /** Something came after that. */
  onResumed(): void
}

/** Where the receiving half of a leg is in its stream. */
export interface InboundState {
  readonly statistics: ReceiverStatisticsState
  readonly dtmf: DtmfReceiverState
  readonly presses: readonly Press[] | undefined
  readonly tones: ToneReceiverState | undefined
  readonly timeout: RtpTimeoutState | undefined
  readonly hearing: HearingState
  readonly packetsRefused: number
  readonly undecodable: number
  readonly visitedAtMs: number
  readonly pressSecondEndsMs: number
  readonly pressesInSecond: number
}

/**
 * The receiving half of a leg: sweeps the port, takes only what belongs to the stream, counts the rest, and says
 * digits. Audio is kept and decoded only while somebody listens, who then hears one frame for every 20 ms of media
 * time, silence included.
 */
export class Inbound {
  readonly statistics: ReceiverStatistics = new ReceiverStatistics()
  // What each packet needs stands together, down to the payload types: of a thousand legs, the processor's cache holds little.
  readonly #workshop: Workshop
  readonly #leg: LegId
  readonly #from: SourceLatch
  #protection: Protection | undefined
  /** Where the stream has one. */
  #timeout: RtpTimeout | undefined
  /** While digits are listened for in the sound too; the ledger stays, for presses that are told of late. */
  #tones: ToneReceiver | undefined
  #forwardTo: PacketListener | undefined
  /** While both sides of the call are recorded. */
  #tape: ReceivedListener | undefined
  /** -1 before the first visit. */
  #visitedAtMs = -1
  /** After a stall, until the port has been swept clean. */
  #isStale = false
  /** Visits until the port is swept clean again, see {@link Inbound.#sweep}. */
  #untilClean = 0
  #tookSound = false
  /** As {@link Hearing.isListenedTo}: where nobody is, a visit has nothing to do with it. */
  #isHeard = false
  /** Whether the network was told to let nobody but the far end in. */
  #isConnected = false
  #codec: Codec
  /** Of the RTP clock. */
  #ticksPerSample = 1
  #longestPayload = LONGEST_PAYLOAD.PCMU
  #pauseOctets = -1
  #mayReceive = false
  #payloadType = -1
  #eventPayloadType = -1
  /** What those who listen to the sound of the stream hear. */
  readonly hearing: Hearing
  packetsRefused = 0
  readonly #listener: InboundListener
  readonly #dtmf = new DtmfReceiver()
  /** When the latest event came. */
  #eventAtMs = Number.NEGATIVE_INFINITY
  #presses: PressLedger | undefined
  #pressSecondEndsMs = 0
  #pressesInSecond = 0
  #reports: RtcpSession | undefined
  #mayBeNoise = true
  #undecodableBefore = 0

  constructor(workshop: Workshop, leg: LegId, from: SourceLatch, listener: InboundListener) {
    this.hearing = new Hearing(workshop)
    this.#workshop = workshop
    this.#codec = workshop.codecs.open('PCMU')
    this.#leg = leg
    this.#from = from
    this.#listener = listener
  }

  /** Packets that turned out to hold no sound when they were decoded. */
  get undecodable(): number {
    return this.#undecodableBefore + this.#undecodableNow
  }

  /** What another one goes on from that hears the same stream, in another thread perhaps. */
  get state(): InboundState {
    return {
      statistics: this.statistics.state,
      dtmf: this.#dtmf.state,
      presses: this.#presses?.state,
      tones: this.#tones?.state,
      timeout: this.#timeout?.state,
      hearing: this.hearing.state,
      packetsRefused: this.packetsRefused,
      undecodable: this.undecodable,
      visitedAtMs: this.#visitedAtMs,
      pressSecondEndsMs: this.#pressSecondEndsMs,
      pressesInSecond: this.#pressesInSecond,
    }
  }

  /** To be set once it knows the stream and its listeners. */
  set state(state: InboundState) {
    this.statistics.state = state.statistics
    this.#dtmf.state = state.dtmf
    this.hearing.state = state.hearing
    this.packetsRefused = state.packetsRefused
    this.#undecodableBefore = state.undecodable
    this.#visitedAtMs = state.visitedAtMs
    this.#pressSecondEndsMs = state.pressSecondEndsMs
    this.#pressesInSecond = state.pressesInSecond
    if (state.presses !== undefined) {
      this.#presses ??= new PressLedger()
      this.#presses.state = state.presses
    }
    if (this.#tones !== undefined && state.tones !== undefined) this.#tones.state = state.tones
    if (this.#timeout !== undefined && state.timeout !== undefined) this.#timeout.state = state.timeout
  }

  /** @param protection what opens the packets of a stream that is protected */
  useStream(stream: StreamParameters, protection: Protection | undefined, mediaMs: number): void {
    this.#protection = protection
    const rates = CODEC_RATES[stream.codec]
    if (stream.payloadType !== this.#payloadType || stream.codec !== this.#codec.name) this.hearing.useStream(rates)
    if (stream.codec !== this.#codec.name) {
      this.#undecodableBefore += this.#undecodableNow
      this.#ignoreTones()
      this.#codec.release()
      this.#codec = this.#workshop.codecs.open(stream.codec, rates.sampleRateHz)
      this.#pauseOctets = this.#codec.pauseOctets ?? -1
      this.#ticksPerSample = rates.clockRateHz / rates.sampleRateHz
    }
    this.#longestPayload = LONGEST_PAYLOAD[stream.codec]
    this.#mayBeNoise = rates.clockRateHz === 8000
    this.statistics.useClock(rates.clockRateHz)
    this.#dtmf.useClock(eventClockRateHz(stream))
    this.#payloadType = stream.payloadType
    this.#eventPayloadType = stream.telephoneEventPayloadType ?? -1
    this.#mayReceive = stream.direction === 'sendrecv' || stream.direction === 'recvonly'
    const timeoutMs = this.#mayReceive ? (stream.rtpTimeoutMs ?? 0) : 0
    if (timeoutMs > 0) this.#timeout ??= new RtpTimeout()
    this.#timeout?.use(timeoutMs, mediaMs)
    if (this.#mayReceive && (stream.inBandDigits ?? this.#eventPayloadType < 0)) this.#listenForTones(rates.clockRateHz)
    else this.#ignoreTones()
  }

  /** Gives back what the codec holds; nothing is heard any more. */
  release(): void {
    this.#codec.release()
    this.#ignoreTones()
    this.hearing.release()
  }

  /** Throws away, uncounted, what came before the stream began. */
  drain(): void {
    for (let i = 0; i < MAX_PER_SWEEP; i++)
      if (this.#workshop.io.receive(this.#leg, this.#workshop.datagram) < 0) return
  }

  attach(listener: FrameListener, mediaMs: number): void {
    this.hearing.attach(listener, mediaMs)
    this.#isHeard = true
  }

  detach(listener: FrameListener): void {
    this.hearing.detach(listener)
    this.#isHeard = this.hearing.isListenedTo
  }

  /** Lets the listeners hear what came and waits: the stream is over. */
  hearTheRest(): void {
    this.hearing.hearTheRest(this.#codec)
  }

  /** The RTP timestamp of the latest telephone event; `undefined` before the first. */
  get latestEventTimestamp(): number | undefined {
    return this.#dtmf.latestTimestamp
  }

  /**
   * The key that the far end presses just now, in its sound or as an event, or that it may be pressing as far as its sound goes;
   * '' when there is none. It is known before what is heard now has come to it.
   */
  get keyInSight(): string {
    if (this.#visitedAtMs - this.#eventAtMs < EVENT_LASTS_MS) return this.#dtmf.latestKey
    return this.#tones?.keyInSight ?? ''
  }

  /** Whether keys may come as tones. */
  get listensForTones(): boolean {
    return this.#tones !== undefined
  }

  /** Lets one listener, or nobody, take the packets themselves. */
  forwardTo(listener: PacketListener | undefined): void {
    this.#forwardTo = listener
  }

  /** Lets somebody, or nobody, take what is received as well, before it goes anywhere else. */
  tapeTo(tape: ReceivedListener | undefined): void {
    this.#tape = tape
  }

  /** Who hears the far end's reports, where RTP and RTCP share the port. */
  reportTo(session: RtcpSession | undefined): void {
    this.#reports = session
  }

  /** Reads a little of each object that a visit needs, see {@link Touch}. */
  touch(): number {
    const hearing = this.#isHeard ? this.hearing.touch() : 0
    const own = hearing ^ this.#visitedAtMs ^ this.#payloadType
    const others =
      this.statistics.touch() ^ this.#from.touch() ^ (this.#tones?.touch() ?? 0) ^ (this.#forwardTo?.touch() ?? 0)
    return own ^ others ^ (this.#workshop.io.touch?.(this.#leg) ?? 0)
  }

  /** Takes what has arrived, then lets the listeners hear what is due at `mediaMs`. */
  visit(mediaMs: number, now: Instant): void {
    if (this.#visitedAtMs >= 0 && mediaMs - this.#visitedAtMs > MAX_FORWARD_DELAY_MS) this.#isStale = true
    this.#visitedAtMs = mediaMs
    if (this.#isHeard) this.hearing.beginVisit(mediaMs)
    this.#sweep(mediaMs, now)
    if (this.#timeout?.passes(mediaMs)) this.#listener.onTimeout()
    if (this.#from.isSettled(mediaMs) !== this.#isConnected) this.#connect(!this.#isConnected)
    if (this.#isHeard) this.hearing.hearUntil(mediaMs, this.#codec)
  }

  /**
   * Most visits find the one packet of sound that a stream brings in a tick. To be told that nothing is behind it costs
   * another system call, so a visit stops there, unless the packet was late: then others may be in time. It takes all
   * that wait after a visit that found none, as long as such a sweep does not find exactly one, and each sixteenth time
   * anyway. The sweep is bounded, so that a flood to one leg costs the others nothing.
   */
  #sweep(mediaMs: number, now: Instant): void {
    const { io, datagram } = this.#workshop
    const isThorough = this.#untilClean <= 0 || this.#isStale
    let sounds = 0
    for (let i = 0; i < MAX_PER_SWEEP; i++) {
      const length = io.receive(this.#leg, datagram)
      if (length < 0) {
        this.#isStale = false
        this.#untilClean = isThorough && sounds === 1 ? VISITS_PER_CLEAN_SWEEP - 1 : 0
        return
      }
      if (!this.#take(length, mediaMs, now)) this.packetsRefused++
      else if (this.#tookSound) sounds++
      if (sounds > 0 && !isThorough && !this.statistics.cameLate) {
        this.#untilClean--
        return
      }
    }
  }

  #takeReport(length: number, now: Instant): boolean {
    const { datagram } = this.#workshop
    const opened = this.#protection?.openRtcp(datagram, length) ?? length
    return this.#reports?.take(datagram, opened, now, this.#isStale) === true
  }

  #connect(isSettled: boolean): void {
    this.#isConnected = isSettled
    this.#workshop.io.connect?.(this.#leg, isSettled ? this.#from.address : undefined, this.#from.port)
  }

  #take(length: number, mediaMs: number, now: Instant): boolean {
    const { io, datagram, received: packet } = this.#workshop
    this.#tookSound = false
    if (length > MAX_DATAGRAM) return false
    if (isRtcp(datagram, length)) return this.#from.isFarEnd(io.source) && this.#takeReport(length, now)
    if (!this.#mayReceive || !packet.parse(datagram, this.#protection?.openRtp(datagram, length) ?? length))
      return false
    const content = this.#contentOf(packet.payloadType)
    if (content === undefined || packet.payloadLength > this.#longestPayload) return false
    const samples = this.#codec.samplesIn(packet.bytes, packet.payloadOffset, packet.payloadLength)
    if (samples === 0 && content === 'audio' && packet.payloadLength > 0) return false
    if (!this.#from.accept(packet, io.source, mediaMs)) return false
    this.statistics.take(packet, now)
    if (this.#timeout?.heard(mediaMs)) this.#listener.onResumed()
    this.#tape?.takeReceived(packet, content, mediaMs)
    const ticks = samples * this.#ticksPerSample
    if (this.#isHeard) {
      const isRest = content === 'audio' && packet.payloadLength <= this.#pauseOctets
      this.hearing.put(packet, isRest ? 'rest' : content, ticks, this.#codec)
    }
    if (content === 'audio') this.#tones?.take(packet, ticks)
    else this.#tones?.skip(packet)
    if (content === 'event') {
      const digit = this.#dtmf.take(packet, now)
      this.#eventAtMs = mediaMs
      this.#forwardTo?.hearEvent(packet, digit, mediaMs)
      if (digit !== undefined) this.#press(digit, 'event')
    } else {
      this.#tookSound = true
      this.#forwardTo?.hearSound(packet, content, mediaMs, this.#isStale)
    }
    return true
  }

  /** Comfort noise of 8 kHz has a payload type of its own that senders use without having named it (RFC 3551 table 4). */
  #contentOf(payloadType: number): Exclude<PacketContent, 'rest' | 'quiet'> | undefined {
    if (payloadType === this.#payloadType) return 'audio'
    if (payloadType === this.#eventPayloadType) return 'event'
    return payloadType === COMFORT_NOISE_PAYLOAD_TYPE && this.#mayBeNoise ? 'noise' : undefined
  }

  /** Each of them sees nearly every packet. */
  get #undecodableNow(): number {
    return Math.max(this.#codec.undecodable ?? 0, this.#tones?.undecodable ?? 0)
  }

  #listenForTones(clockRateHz: number): void {
    if (this.#tones !== undefined) return
    const { codecs, toneBank } = this.#workshop
    this.#presses ??= new PressLedger()
    const onDigit = (digit: string): void => this.#press(digit, 'tone')
    this.#tones = new ToneReceiver(toneBank, codecs.open(this.#codec.name), clockRateHz, onDigit)
  }

  #ignoreTones(): void {
    this.#tones?.release()
    this.#tones = undefined
  }

  /** Each press crosses to another thread and wakes an application, so a far end may not say any number of them. */
  #press(digit: string, source: DigitSource): void {
    if (this.#presses !== undefined && !this.#presses.isNew(digit, source, this.#visitedAtMs)) return
    if (this.#visitedAtMs >= this.#pressSecondEndsMs) {
      this.#pressSecondEndsMs = this.#visitedAtMs + 1000
      this.#pressesInSecond = 0
    }
    if (++this.#pressesInSecond <= MAX_PRESSES_PER_SECOND) this.#listener.onDigit(digit)
  }
}

const MAX_PER_SWEEP = 64
/** Five times what ITU-T Q.24 lets through, for those that come at once after a stall. */
const MAX_PRESSES_PER_SECOND = 64
/** Until the next packet of a press at the latest, if one is lost. */
const EVENT_LASTS_MS = 60
const VISITS_PER_CLEAN_SWEEP = 16
/** What a far end's jitter buffer still has a use for. */
const MAX_FORWARD_DELAY_MS = 100
