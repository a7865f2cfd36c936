import type { Codec } from '../codec/codec.ts'
import { CODEC_RATES, type CodecRates } from '../codec/codec-rates.ts'
import { AdaptiveJitterBuffer } from '../jitter/adaptive-jitter-buffer.ts'
import { FrameReader } from '../jitter/frame-reader.ts'
import type { PacketContent } from '../jitter/jitter-buffer.ts'
import type { RtpPacket } from '../rtp/packet.ts'
import { TICK_MS } from './schedule.ts'
import type { Workshop } from './workshop.ts'

/** Hears 20 ms at a time, for as long as it is attached. */
export interface FrameListener {
  /** @param isWhole false when some of the frame was made up for packets that were lost or late */
  hear(frame: Int16Array, isWhole: boolean): void
  /** Hears the same at 16 kHz, in place of {@link FrameListener.hear}, where the codec of the stream is wideband. */
  readonly hearWide?: ((frame: Int16Array, isWhole: boolean) => void) | undefined
  /**
   * Does not mind to hear everything a little later, as long as it is all there and unchanged: a recorder. As long as
   * nobody else listens, packets are waited for so long that the sound need not follow the network.
   */
  readonly isPatient?: boolean
  /** Does with whatever the others need: alone it hears as soon as can be, beside a recorder as late. */
  readonly isEasy?: boolean
  /**
   * Makes nothing of sound at 8 kHz of which no 20 ms of the last second had more energy than this: it may hear silence in
   * its place, for which nothing is kept, or nothing at all for as long as that goes on. Default: it makes something of all.
   */
  readonly quietEnergy?: number
  /** Is told of each 20 ms of which it hears nothing, where time means something to it. */
  hearNothing?(): void
  /** Reads a little of it, see {@link Touch}. */
  touch?(): number
}

/** How far a stream has been heard, and what was counted. */
export interface HearingState {
  readonly heardUntilMs: number
  readonly before: {
    readonly underruns: number
    readonly concealedMs: number
    readonly stretchedMs: number
    readonly delayMs: number
  }
}

/**
 * What the listeners of a leg hear: one frame for every 20 ms of media time, silence included. While nobody listens
 * nothing is kept, decoded or measured.
 *
 * Each visit of a leg to which somebody listens is {@link Hearing.beginVisit}, the packets that came, and {@link Hearing.hearUntil}.
 */
export class Hearing {
  // What each packet of silence needs stands together, and is whole numbers: V8 gives every other one an object of its own.
  readonly #workshop: Workshop
  #heardUntilMs = 0
  #visitedAtMs = 0
  #isLate = false
  /** Nothing but silence has come of late: packets are only looked at, and nobody hears anything. */
  #dozes = false
  /** Whether time means something to anybody who listens, see {@link FrameListener.hearNothing}. */
  #isTold = false
  #rates = CODEC_RATES.PCMU
  /** What is nothing to any of those who listen, see {@link FrameListener.quietEnergy}; -1 where there is no such. */
  #quietEnergy = -1
  /** Packets that are to be kept even if they are quiet. */
  #packetsToKeep = PACKETS_KEPT
  /** Quiet packets until the jitter buffer learns from one again. */
  #untilLearning = 0
  #ticksPerMs = 8
  /** Up to when the jitter buffer was told of the time that has passed. */
  #toldUntilMs = 0
  readonly #listeners: FrameListener[] = []
  /** Made when the first listener comes: most legs of an exchange never need them. */
  #buffer: AdaptiveJitterBuffer | undefined
  #reader: FrameReader | undefined
  /** Of streams on another clock, and of the one that has ended. */
  readonly #before = { underruns: 0, concealedMs: 0, stretchedMs: 0, delayMs: 0 }
  /** Of the resampler, once a stream is wideband and somebody hears it at 8 kHz. */
  #past: Int16Array | undefined

  constructor(workshop: Workshop) {
    this.#workshop = workshop
  }

  /** Whether anybody is attached: packets are kept and decoded only then. */
  get isListenedTo(): boolean {
    return this.#listeners.length > 0
  }

  /** Ticks at which nothing was there to be heard although the stream had begun. */
  get underruns(): number {
    return this.#before.underruns + (this.#buffer?.counts.underruns ?? 0)
  }

  get concealedMs(): number {
    return this.#before.concealedMs + (this.#reader?.concealed ?? 0) / this.#samplesPerMs
  }

  get stretchedMs(): number {
    return this.#before.stretchedMs + (this.#reader?.stretched ?? 0) / this.#samplesPerMs
  }

  /** How long the fastest packets wait; 0 while nobody has listened. */
  get delayMs(): number {
    return this.#buffer === undefined ? this.#before.delayMs : this.#buffer.target / this.#ticksPerMs
  }

  /** What another one goes on from that hears the same stream, in another thread perhaps: not what waits to be heard. */
  get state(): HearingState {
    const { underruns, concealedMs, stretchedMs, delayMs } = this
    return { heardUntilMs: this.#heardUntilMs, before: { underruns, concealedMs, stretchedMs, delayMs } }
  }

  /** To be set once its listeners have been attached. */
  set state({ heardUntilMs, before }: HearingState) {
    this.#heardUntilMs = heardUntilMs
    Object.assign(this.#before, before)
  }

  attach(listener: FrameListener, mediaMs: number): void {
    if (this.#buffer === undefined) this.#begin()
    const isFirst = !this.isListenedTo
    this.#listeners.push(listener)
    this.#suitListeners()
    if (!isFirst) return
    this.#reader?.reset()
    this.#heardUntilMs = mediaMs
    this.#visitedAtMs = mediaMs
    this.#toldUntilMs = mediaMs
  }

  detach(listener: FrameListener): void {
    const index = this.#listeners.indexOf(listener)
    if (index >= 0) this.#listeners.splice(index, 1)
    if (this.isListenedTo) this.#suitListeners()
  }

  /** Lets the listeners hear at once what still waits: nothing more will come. */
  hearTheRest(codec: Codec): void {
    for (let i = 0; i < MAX_CATCH_UP_MS / TICK_MS && this.isListenedTo && this.#buffer?.holdsSound === true; i++)
      this.#hearNext(codec)
  }

  /** Reads a little of it, see {@link Touch}. */
  touch(): number {
    const own = this.#heardUntilMs ^ this.#untilLearning
    if (this.#dozes && this.#untilLearning > 0) return own
    const listener = this.#listeners[0]?.touch?.() ?? 0
    return own ^ (this.#buffer?.touch() ?? 0) ^ (this.#reader?.touch() ?? 0) ^ listener
  }

  /** Gives the memory back; what was counted stays. */
  release(): void {
    const { underruns, concealedMs, stretchedMs, delayMs } = this
    Object.assign(this.#before, { underruns, concealedMs, stretchedMs, delayMs })
    this.#buffer?.release()
    this.#reader?.release()
    this.#dozes = false
    this.#buffer = undefined
    this.#reader = undefined
  }

  #suitListeners(): void {
    if (this.#dozes) this.#wake()
    this.#quietEnergy = Math.floor(Math.min(...this.#listeners.map(({ quietEnergy = -1 }) => quietEnergy)))
    this.#isTold = this.#listeners.some(({ hearNothing }) => hearNothing !== undefined)
    const isPatient =
      this.#listeners.some((listener) => listener.isPatient === true) &&
      this.#listeners.every((listener) => listener.isPatient === true || listener.isEasy === true)
    this.#buffer?.waitAtLeast(isPatient ? PATIENT_DELAY_MS : TICK_MS)
  }

  /** Forgets what came and was not heard yet: what follows is another stream. */
  useStream(rates: CodecRates): void {
    if (this.#dozes) this.#wake()
    this.#reader?.reset()
    const { clockRateHz, sampleRateHz } = this.#rates
    if (rates.clockRateHz === clockRateHz && rates.sampleRateHz === sampleRateHz) return
    this.release()
    this.#rates = rates
    this.#ticksPerMs = rates.clockRateHz / 1000
    if (!this.isListenedTo) return
    this.#begin()
    this.#suitListeners()
  }

  /** Tells how late the visit is, so that packets which waited for us do not count as late. */
  beginVisit(mediaMs: number): void {
    if (mediaMs - this.#heardUntilMs > MAX_CATCH_UP_MS) this.#hearSilence(mediaMs)
    this.#isLate = mediaMs - this.#visitedAtMs > TICK_MS || this.#workshop.punctuality.isLate
    this.#visitedAtMs = mediaMs
    if (!this.#dozes) this.#tellTime()
  }

  #tellTime(): void {
    this.#buffer?.elapse((this.#visitedAtMs - this.#toldUntilMs) * this.#ticksPerMs, this.#isLate)
    this.#toldUntilMs = this.#visitedAtMs
  }

  put(packet: RtpPacket, content: PacketContent, ticks: number, codec: Codec): void {
    const isNothing = this.#quietEnergy >= 0 && this.#isNothing(packet, content, ticks, codec)
    if (this.#dozes) {
      if (isNothing && this.#passesBy(packet, ticks)) return
      this.#wake()
    }
    this.#buffer?.put(packet, isNothing ? 'quiet' : content, ticks)
  }

  /** To follow the network some of the packets are enough. @returns false when it is of another stream */
  #passesBy(packet: RtpPacket, ticks: number): boolean {
    if (--this.#untilLearning >= 0) return true
    this.#untilLearning = QUIET_PER_LEARNT - 1
    this.#tellTime()
    return this.#buffer!.learn(packet, ticks)
  }

  #doze(): void {
    this.#dozes = true
    this.#untilLearning = 0
    this.#reader?.pause()
  }

  #wake(): void {
    this.#dozes = false
    this.#packetsToKeep = PACKETS_KEPT
    this.#tellTime()
  }

  /** Looked at while it is at hand: most who are in a room say nothing, and what is kept of that has to be fetched again. */
  #isNothing(packet: RtpPacket, content: PacketContent, ticks: number, codec: Codec): boolean {
    const { frame, kernels } = this.#workshop
    const { bytes, payloadOffset, payloadLength } = packet
    if (codec.isMemoryless !== true || this.#isWide || ticks !== frame.length) return false
    if (content === 'audio') codec.decodeInto(bytes, payloadOffset, payloadLength, frame, 0)
    const isLoud = content !== 'audio' || kernels.energy(frame, 0, frame.length) > this.#quietEnergy
    if (isLoud) this.#packetsToKeep = PACKETS_KEPT
    else if (this.#packetsToKeep > 0) this.#packetsToKeep--
    return this.#packetsToKeep === 0
  }

  /** Lets the listeners hear what is due at `mediaMs`. */
  hearUntil(mediaMs: number, codec: Codec): void {
    if (this.#dozes) {
      for (; this.#heardUntilMs + TICK_MS <= mediaMs; this.#heardUntilMs += TICK_MS)
        if (this.#isTold) for (let i = 0; i < this.#listeners.length; i++) this.#listeners[i]!.hearNothing?.()
      return
    }
    while (this.isListenedTo && this.#heardUntilMs + TICK_MS <= mediaMs) this.#hearNext(codec)
    if (this.#packetsToKeep === 0 && this.#reader?.isBlank === true) this.#doze()
  }

  #begin(): void {
    const { kernels } = this.#workshop
    this.#buffer = new AdaptiveJitterBuffer(this.#rates, kernels)
    this.#reader = new FrameReader(this.#buffer, this.#rates, kernels)
  }

  get #samplesPerMs(): number {
    return this.#rates.sampleRateHz / 1000
  }

  get #isWide(): boolean {
    return this.#rates.sampleRateHz > 8000
  }

  #hearNext(codec: Codec): void {
    const { frame, wideFrame } = this.#workshop
    this.#hear(this.#reader!.readInto(this.#isWide ? wideFrame : frame, codec))
  }

  /** After a pause longer than the jitter buffer can hold, what it holds is from another time. */
  #hearSilence(mediaMs: number): void {
    this.#reader?.reset()
    this.#workshop.frame.fill(0)
    this.#workshop.wideFrame.fill(0)
    while (this.isListenedTo && this.#heardUntilMs + TICK_MS <= mediaMs) this.#hear(false)
  }

  /** Backwards, because a listener that has heard enough detaches itself. */
  #hear(isWhole: boolean): void {
    const { frame } = this.#workshop
    this.#heardUntilMs += TICK_MS
    if (this.#isWide) this.#hearWide(isWhole)
    else for (let i = this.#listeners.length - 1; i >= 0; i--) this.#listeners[i]!.hear(frame, isWhole)
  }

  #hearWide(isWhole: boolean): void {
    const { frame, wideFrame, codecs } = this.#workshop
    let isNarrowed = false
    for (let i = this.#listeners.length - 1; i >= 0; i--) {
      const listener = this.#listeners[i]!
      if (listener.hearWide !== undefined) {
        listener.hearWide(wideFrame, isWhole)
        continue
      }
      if (!isNarrowed) {
        const { down } = codecs.rates
        this.#past ??= new Int16Array(down.past)
        down.process(this.#past, wideFrame, 0, wideFrame.length, frame, 0)
        isNarrowed = true
      }
      listener.hear(frame, isWhole)
    }
  }
}

/** More than a busy machine or a mobile network keeps a packet, well below what the buffer can hold. */
const PATIENT_DELAY_MS = 160
const MAX_CATCH_UP_MS = 500
/** A second of 20 ms each. */
const PACKETS_KEPT = 50
const QUIET_PER_LEARNT = 4
