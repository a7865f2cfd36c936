import type { Writable } from '../kit/index.ts'
import {
  CODEC_RATES,
  type CodecName,
  type DigitSource,
  type LegId,
  type LegStatistics,
  type MediaCommand,
  type MediaEvent,
  PressLedger,
  type StreamParameters,
} from '../media/index.ts'
import type { NegotiatedStream } from '../sip/index.ts'
import type { CallHost } from './host.ts'
import type { Leg } from './leg.ts'
import { LegJobs } from './leg-jobs.ts'
import { MediaNegotiation } from './media-negotiation.ts'
import type { ReleasableSound } from './media-release/release-obstacle.ts'

/** What the owner of a leg's media wants to hear. */
export interface LegMediaListener {
  /** The port is bound: offers and answers can be made now. */
  onOpened(): void
  /** The port could not be bound, or the media worker has died. Nothing further comes. */
  onFailed(reason: string): void
  /** Offer and answer have agreed on the (next) stream. */
  onStream(): void
  /** @param isSignalled it came by SIP INFO, and is in no stream */
  onDigit(digit: string, isSignalled: boolean): void
  /** Something of ours is played to the far end from now on, or no longer. */
  onPlaying(isPlaying: boolean): void
  /** The bridge to another leg is over, although we did not end it. */
  onUnbridged(): void
  /** The far end's packets have stopped for longer than the exchange allows. */
  onRtpTimeout(): void
  /** The engine has let go of the leg; its statistics are there unless it failed. */
  onClosed(): void
}

/** Who wants to know whether the sound of a leg may go past us. */
export interface SoundListener {
  /** Offer and answer have agreed on the (next) stream. */
  onStream(): void
  /** Somebody here has begun, or ceased, to play, to record, to listen, or to wait for keys. */
  onUse(): void
}

/** Where in the media plane the legs of one application instance are, so that they can be bridged. */
export interface Placement {
  /** The leg that was opened last, or is being opened. */
  near: LegId | undefined
  /** The codec of the stream that was started last: a call that is made now and gets it can be bridged as it is. */
  codec?: CodecName
}

/** What the engine says of a leg that is to be in a room. */
export interface MixListener {
  /** It is in the room, with what it may do there. */
  onMixed(): void
  onFailed(reason: string): void
}

/**
 * The media half of a call: one leg of the media engine, what is agreed on for it, and the jobs on it.
 *
 *     new -> opening -> open -> closing -> closed
 *
 * A port that could not be bound, or a media worker that died, closes it from any state.
 */
export class LegMedia {
  /** What plays, records and listens on it. */
  readonly jobs: LegJobs
  /** What is offered and agreed on. */
  readonly negotiation: MediaNegotiation
  readonly #host: CallHost
  readonly #listener: LegMediaListener
  readonly #owner: Leg
  readonly #placement: Placement
  readonly #leg: LegId
  #phase: 'new' | 'opening' | 'open' | 'closing' | 'closed' = 'new'
  /** The far end and another send to each other, and the engine neither hears nor sends. */
  #passesBy = false
  /** Who waits for keys. */
  #keyWaiters = 0
  soundListener: SoundListener | undefined
  #statistics: LegStatistics | undefined
  /** Made by the first digit: some far ends tell of each press in the stream and by signalling. */
  #presses: PressLedger | undefined
  #pressesBySignalling = false
  /** The leg that this one is bridged to, or is to be. */
  #bridge: { readonly to: LegId; resolve: (isDone: boolean) => void } | undefined
  #mixing: MixListener | undefined

  constructor(host: CallHost, owner: Leg, placement: Placement, listener: LegMediaListener) {
    this.#owner = owner
    this.#placement = placement
    this.#host = host
    this.#listener = listener
    this.#leg = host.nextId()
    this.negotiation = new MediaNegotiation(host, (stream) => this.#start(stream))
    this.jobs = new LegJobs(host, this.#leg, {
      onPlaying: (isPlaying) => listener.onPlaying(isPlaying),
      onUse: () => this.soundListener?.onUse(),
    })
  }

  /** The stream that offer and answer agreed on last. */
  get stream(): NegotiatedStream | undefined {
    return this.negotiation.stream
  }

  /** Its id in the media engine. */
  get id(): LegId {
    return this.#leg
  }

  /** What the codec of the stream carries. */
  get sampleRateHz(): 8000 | 16_000 {
    return this.stream === undefined ? 8000 : CODEC_RATES[this.stream.codec].sampleRateHz
  }

  /** Keys reach the far end best by SIP INFO: it presses its own so, and did not agree to events. */
  get takesKeysByInfo(): boolean {
    return this.#pressesBySignalling && this.stream?.telephoneEventPayloadType === undefined
  }

  /** The engine has nothing of this leg: it was never opened, or it is closed. */
  get isGone(): boolean {
    return this.#phase === 'new' || this.#phase === 'closed'
  }

  get isOpen(): boolean {
    return this.#phase === 'open'
  }

  /** What the media engine counted, once it has closed the leg. */
  get statistics(): LegStatistics | undefined {
    return this.#statistics
  }

  /** Binds the port; `onOpened` or `onFailed` follows. */
  open(): void {
    if (this.#phase !== 'new') return
    this.#phase = 'opening'
    this.#host.onMediaLeg(this.#leg, this.#owner)
    const { near } = this.#placement
    // Those that are opened before this one is there are placed beside it all the same.
    if (near === undefined) this.#placement.near = this.#leg
    this.#host.media({
      type: 'open',
      leg: this.#leg,
      localAddress: this.#host.mediaAddress,
      ...(near !== undefined && { with: near }),
    })
  }

  /** Prefers the codec of the call that this one is likely to be bridged with: then nobody has to transcode. */
  preferCodecNearby(): void {
    const { codec } = this.#placement
    if (codec !== undefined) this.negotiation.preferCodec(codec)
  }

  /** What decides whether its sound may go past us. */
  get releasable(): ReleasableSound {
    return { ...this.negotiation.releasable, isInUse: this.jobs.size > 0 || this.#keyWaiters > 0 }
  }

  /** From now on the far end and another send to each other, so that nothing is heard or sent here; or no longer. */
  letPassBy(passesBy: boolean): void {
    if (this.#passesBy === passesBy) return
    this.#passesBy = passesBy
    if (this.stream !== undefined && this.#phase === 'open') this.#startEngine(this.stream)
  }

  /** Somebody waits for keys. @returns what ends that */
  awaitKeys(): () => void {
    this.#keyWaiters++
    this.soundListener?.onUse()
    return () => {
      this.#keyWaiters--
      this.soundListener?.onUse()
    }
  }

  /** Lets this leg and `other` hear each other; resolves with whether it could be done. */
  bridge(other: LegMedia): Promise<boolean> {
    this.#bridge?.resolve(false)
    return new Promise((resolve) => {
      this.#bridge = { to: other.#leg, resolve }
      other.#bridge?.resolve(false)
      other.#bridge = { to: this.#leg, resolve: () => {} }
      this.#host.media({ type: 'bridge', leg: this.#leg, other: other.#leg })
    })
  }

  /** Ends the bridge; both legs hear of it. */
  unbridge(): void {
    this.#host.media({ type: 'unbridge', leg: this.#leg })
  }

  /** Brings the leg into a room, or changes what it may do there. */
  mix(how: Omit<Extract<MediaCommand, { type: 'mix' }>, 'type' | 'leg'>, listener: MixListener): void {
    this.#mixing = listener
    this.#host.media({ type: 'mix', leg: this.#leg, ...how })
  }

  /** Takes the leg out of its room. */
  unmix(): void {
    this.#mixing = undefined
    this.#host.media({ type: 'unmix', leg: this.#leg })
  }

  /** Lets the leg that this one is bridged to press a key that came by signalling. */
  relayKey(digit: string): void {
    this.#host.media({ type: 'relayKey', leg: this.#leg, digit })
  }

  /** A digit that came by signalling (SIP INFO). */
  signalledDigit(digit: string): void {
    this.#pressesBySignalling = true
    if (!this.#isNewPress(digit, 'info')) return
    this.jobs.interrupt()
    this.#listener.onDigit(digit, true)
  }

  #isNewPress(digit: string, source: DigitSource): boolean {
    this.#presses ??= new PressLedger()
    return this.#presses.isNew(digit, source, this.#host.now)
  }

  /** Frees the port. Every job ends with HANGUP as soon as the engine has handed over the last of it. */
  close(): void {
    if (this.#phase === 'opening' || this.#phase === 'open') {
      this.#phase = 'closing'
      this.jobs.hangUp()
      this.#host.media({ type: 'close', leg: this.#leg })
    } else if (this.#phase === 'new') this.#phase = 'closed'
  }

  #start(stream: NegotiatedStream): void {
    this.#placement.codec = stream.codec
    this.#startEngine(stream)
    this.#listener.onStream()
    this.soundListener?.onStream()
    const { codec, remoteAddress: address, remotePort: port, direction, srtp } = stream
    const isEncrypted = srtp !== undefined
    this.#owner.record?.add(this.#host.now, { type: 'stream', codec, address, port, direction, isEncrypted })
  }

  #startEngine(stream: NegotiatedStream): void {
    // Who holds us may send music, and mostly sends nothing.
    const mayBeSilent = this.negotiation.holds.isHeld || this.negotiation.sendsTo !== undefined
    const rtpTimeoutMs = mayBeSilent ? 0 : this.#host.rtpTimeoutMs
    const inEngine: Writable<StreamParameters> = { ...stream }
    if (this.#passesBy) {
      inEngine.direction = 'inactive'
      inEngine.rtcpMux = false
      delete inEngine.rtcp
    } else inEngine.rtpTimeoutMs = rtpTimeoutMs
    this.#host.media({ type: 'start', leg: this.#leg, stream: inEngine })
  }

  /** Takes what the media engine says of this leg. */
  onEvent(event: MediaEvent): void {
    switch (event.type) {
      case 'opened':
        if (this.#phase !== 'opening') return
        this.#phase = 'open'
        this.#placement.near = this.#leg
        this.negotiation.bind(event.address, event.port)
        this.#listener.onOpened()
        return
      case 'failed': {
        const wasInUse = this.#phase === 'opening' || this.#phase === 'open'
        this.#closed('ERROR', event.reason)
        if (wasInUse) this.#listener.onFailed(event.reason)
        return
      }
      case 'digit':
        if (this.#phase === 'open' && this.#isNewPress(event.digit, 'event')) {
          this.jobs.interrupt()
          this.#listener.onDigit(event.digit, false)
        }
        return
      case 'bridged':
      case 'bridgeFailed':
        if (event.other === this.#bridge?.to) this.#bridge.resolve(event.type === 'bridged')
        return
      case 'mixed':
        this.#mixing?.onMixed()
        return
      case 'mixFailed':
        this.#mixing?.onFailed(event.reason)
        return
      case 'rtpTimeout':
        this.#listener.onRtpTimeout()
        return
      case 'unbridged':
        // One whose far end has gone is over at once for the channel, which may be in the next one when we hear of it.
        if (event.other !== this.#bridge?.to) return
        this.#bridge = undefined
        this.#listener.onUnbridged()
        return
      case 'closed':
        this.#statistics = event.statistics
        this.#closed('HANGUP')
        return
      default:
        this.jobs.onEvent(event)
    }
  }

  #closed(cause: 'HANGUP' | 'ERROR', detail?: string): void {
    this.#phase = 'closed'
    this.#host.onMediaLeg(this.#leg, undefined)
    this.#bridge?.resolve(false)
    this.#bridge = undefined
    this.jobs.endAll(cause, detail)
    this.#listener.onClosed()
  }
}
