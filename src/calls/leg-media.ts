import { ok, type Result } from '../kit/index.ts'
import {
  CODEC_RATES,
  type CodecName,
  type DigitSource,
  type JobCause,
  type JobId,
  type LegId,
  type LegStatistics,
  type MediaCommand,
  type MediaEvent,
  PressLedger,
  type RoomTrack,
  type StreamParameters,
} from '../media/index.ts'
import {
  type Direction,
  MediaSession,
  type NegotiatedStream,
  type SessionMedia,
  type SrtpPolicy,
} from '../sip/index.ts'
import { Holds } from './holds.ts'
import type { CallHost } from './host.ts'
import type { Leg } from './leg.ts'
import type { ReleasableSound } from './media-release/release-obstacle.ts'
import type { SoundPlace } from './media-release/release-plan.ts'

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

/** How one job on the leg reports. */
export interface JobListener {
  readonly bargeIn: boolean
  onRecorded?(samples: Int16Array, track?: RoomTrack): void
  /** The beep of a recording is over. */
  onBeeped?(): void
  /** There is more in the ring of a tap. */
  onTapped?(): void
  /** Live audio has come to where its writer wanted to be told. */
  onReached?(): void
  onHeard?(event: Extract<MediaEvent, { type: 'heard' }>): void
  /** Somebody has begun to speak, or has ended. */
  onVoice?(state: 'began' | 'ended'): void
  /** The source that was to be played after another has begun. */
  onPlayingNext?(): void
  onFinished(cause: JobCause | 'HANGUP', outcome: { detail?: string; audioDetected?: boolean }): void
}

/** What the engine says of a leg that is to be in a room. */
export interface MixListener {
  /** It is in the room, with what it may do there. */
  onMixed(): void
  onFailed(reason: string): void
}

/** A job command without its address, which {@link LegMedia.startJob} fills in. */
export type JobCommand =
  | JobBody<'play'>
  | JobBody<'record'>
  | JobBody<'sendDigits'>
  | JobBody<'detect'>
  | JobBody<'listen'>
  | JobBody<'tap'>
/** How a `play` goes on. */
export type NextToPlay = JobBody<'playNext'>
type JobBody<Type extends MediaCommand['type']> = Omit<Extract<MediaCommand, { type: Type }>, 'leg' | 'job'>

/**
 * The media half of a call: one leg of the media engine, its offer/answer state (RFC 3264), and the jobs on it.
 *
 *     new -> opening -> open -> closing -> closed
 *
 * A port that could not be bound, or a media worker that died, closes it from any state.
 */
export class LegMedia {
  /** Who holds whom: the directions of its offers and answers. */
  readonly holds = new Holds()
  readonly #host: CallHost
  readonly #listener: LegMediaListener
  readonly #owner: Leg
  readonly #placement: Placement
  readonly #leg: LegId
  readonly #jobs = new Map<JobId, JobListener>()
  #session: MediaSession
  #local: SessionMedia
  #phase: 'new' | 'opening' | 'open' | 'closing' | 'closed' = 'new'
  #stream: NegotiatedStream | undefined
  #isInside = false
  /** Instead of the bound address. */
  #announced: string | undefined
  /** The IP address that the SIP of the far end has. */
  #farEnd: string | undefined
  /** Where the far end sends its sound, when that is not to us. */
  #sendsTo: SoundPlace | undefined
  /** Where our latest offer asks it to. */
  #offeredPlace: SoundPlace | undefined
  /** The far end and another send to each other, and the engine neither hears nor sends. */
  #passesBy = false
  /** Who waits for keys. */
  #keyWaiters = 0
  soundListener: SoundListener | undefined
  #bound: string | undefined
  #statistics: LegStatistics | undefined
  /** Made by the first digit: some far ends tell of each press in the stream and by signalling. */
  #presses: PressLedger | undefined
  #pressesBySignalling = false
  /** The leg that this one is bridged to, or is to be. */
  #bridge: { readonly to: LegId; resolve: (isDone: boolean) => void } | undefined
  #mixing: MixListener | undefined
  #playing: JobId | undefined

  constructor(host: CallHost, owner: Leg, placement: Placement, listener: LegMediaListener) {
    this.#owner = owner
    this.#placement = placement
    this.#host = host
    this.#listener = listener
    this.#leg = host.nextId()
    this.#session = new MediaSession(host.random.uint32(), host.random)
    this.#local = {
      address: host.mediaAddress,
      port: 0,
      codecs: availableCodecs(host, host.codecs),
      telephoneEvent: true,
      ptimeMs: 20,
      direction: 'sendrecv',
      srtp: host.srtp,
    }
  }

  /** The stream that offer and answer agreed on last. */
  get stream(): NegotiatedStream | undefined {
    return this.#stream
  }

  /** Its id in the media engine. */
  get id(): LegId {
    return this.#leg
  }

  /** What the codec of the stream carries. */
  get sampleRateHz(): 8000 | 16_000 {
    return this.#stream === undefined ? 8000 : CODEC_RATES[this.#stream.codec].sampleRateHz
  }

  /** Keys reach the far end best by SIP INFO: it presses its own so, and did not agree to events. */
  get takesKeysByInfo(): boolean {
    return this.#pressesBySignalling && this.#stream?.telephoneEventPayloadType === undefined
  }

  /** Where our own packets reach this leg, whatever address others are told: bound to all, it is there for loopback, too. */
  get #insideAddress(): string {
    const { mediaAddress } = this.#host
    return mediaAddress === '0.0.0.0' ? '127.0.0.1' : /^[0:]+$/.test(mediaAddress) ? '::1' : mediaAddress
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

  /** Restricts and orders the codecs of the offers and answers to come. Those that the engine does not have are left out. */
  useCodecs(codecs: readonly CodecName[]): void {
    this.#local = { ...this.#local, codecs: availableCodecs(this.#host, codecs) }
  }

  /** Prefers the codec of the call that this one is likely to be bridged with: then nobody has to transcode. */
  preferCodecNearby(): void {
    const { codec } = this.#placement
    if (codec === undefined) return
    this.useCodecs([codec, ...this.#local.codecs.filter((name) => name !== codec)])
  }

  /** What the offers and answers to come think of SRTP. */
  useSrtp(policy: SrtpPolicy): void {
    this.#local = { ...this.#local, srtp: policy }
  }

  /** The far end is another leg of ours: nothing to hide from anybody, and no address for the world outside. */
  stayInside(): void {
    this.useSrtp('forbidden')
    this.#isInside = true
  }

  /** The offers and answers to come are for a far end whose SIP is at this IP address; `undefined` when that is not known. */
  announceTo(farEnd: string | undefined): void {
    this.#farEnd = farEnd
    this.#announced = this.#host.announcedMediaAddress(farEnd)
    if (this.#bound !== undefined) this.#local = { ...this.#local, address: this.#announced ?? this.#bound }
  }

  /**
   * Forgets what was offered: another far end is offered a session of its own, with keys of its own.
   * @returns what takes that back
   */
  renew(): () => void {
    const before = this.#session
    this.#session = new MediaSession(this.#host.random.uint32(), this.#host.random)
    return () => {
      this.#session = before
    }
  }

  /** A session description that offers all that we want: the first of a call, or the one that a re-INVITE without an offer asks for. */
  offer(): Uint8Array {
    return this.#offer(this.holds.directionOfOffer(), this.#sendsTo)
  }

  /** A later offer, which leaves the far end its hold. {@link Holds.isHolding} follows with the answer. */
  offerAgain(isHolding: boolean): Uint8Array {
    return this.#offer(this.holds.directionOfChange(isHolding), undefined)
  }

  /** Offers that the far end sends its sound to `to`, which takes it in the present codec; or to us again. */
  offerPlace(to: SoundPlace | undefined): Uint8Array {
    return this.#offer(this.holds.directionOfChange(this.holds.isHolding), to)
  }

  #offer(direction: Direction, to: SoundPlace | undefined): Uint8Array {
    this.#offeredPlace = to
    return this.#session.offer({ ...this.#described(to), direction })
  }

  #described(to: SoundPlace | undefined): SessionMedia {
    const { codec } = this.#stream ?? {}
    if (to === undefined || codec === undefined) return this.#local
    return { ...this.#local, ...to, codecs: [codec], srtp: 'forbidden' }
  }

  /** Where the far end sends its sound, when that is not to us. */
  get sendsTo(): SoundPlace | undefined {
    return this.#sendsTo
  }

  /** What decides whether its sound may go past us. */
  get releasable(): ReleasableSound {
    return {
      stream: this.#stream,
      isInUse: this.#jobs.size > 0 || this.#keyWaiters > 0,
      isOnHold: this.holds.isHolding || this.holds.isHeld || this.#stream?.direction !== 'sendrecv',
      isInside: this.#isInside,
      farEnd: this.#farEnd,
      announced: this.#announced,
    }
  }

  /** From now on the far end and another send to each other, so that nothing is heard or sent here; or no longer. */
  letPassBy(passesBy: boolean): void {
    if (this.#passesBy === passesBy) return
    this.#passesBy = passesBy
    if (this.#stream !== undefined && this.#phase === 'open') this.#startEngine(this.#stream)
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

  /** Offers what stands: nothing changes. */
  restate(): Uint8Array {
    this.holds.directionOfChange(this.holds.isHolding)
    this.#offeredPlace = this.#sendsTo
    return this.#session.restate() ?? this.offer()
  }

  /** Takes an offer of the far end, starts the stream and returns our answer. */
  answer(offer: Uint8Array): Result<Uint8Array> {
    const direction = this.holds.directionOfAnswer
    let answered = this.#session.answer(offer, { ...this.#described(this.#sendsTo), direction })
    if (!answered.ok && this.#sendsTo !== undefined) {
      // What the other one cannot take, we may.
      answered = this.#session.answer(offer, { ...this.#local, direction })
      if (answered.ok) this.#sendsTo = undefined
    }
    if (!answered.ok) return answered
    this.holds.answered(answered.value.stream.direction)
    this.#start(answered.value.stream)
    return ok(answered.value.answer)
  }

  /** Takes the far end's answer to {@link offer} and starts the stream. */
  accept(answer: Uint8Array): Result<NegotiatedStream> {
    const accepted = this.#session.accept(answer)
    if (!accepted.ok) return accepted
    this.holds.accepted(accepted.value.direction)
    this.#sendsTo = this.#offeredPlace
    this.#start(accepted.value)
    return accepted
  }

  startJob(command: JobCommand, listener: JobListener): JobId {
    const job = this.#host.nextId()
    this.#jobs.set(job, listener)
    this.#host.media({ ...command, leg: this.#leg, job })
    if (command.type === 'play') {
      this.#playing = job
      this.#listener.onPlaying(true)
    }
    this.soundListener?.onUse()
    return job
  }

  /** Lets a job that plays go on with another source; nothing happens when it has ended. */
  playNext(job: JobId, next: Omit<NextToPlay, 'type'>): void {
    if (this.#jobs.has(job)) this.#host.media({ ...next, type: 'playNext', leg: this.#leg, job })
  }

  stopJob(job: JobId): void {
    if (this.#jobs.has(job)) this.#host.media({ type: 'stopJob', leg: this.#leg, job })
  }

  pauseRecording(job: JobId, isCut: boolean): void {
    if (this.#jobs.has(job)) this.#host.media({ type: 'pauseRecording', leg: this.#leg, job, isCut })
  }

  resumeRecording(job: JobId): void {
    if (this.#jobs.has(job)) this.#host.media({ type: 'resumeRecording', leg: this.#leg, job })
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

  /** A digit that came by signalling (SIP INFO): the engine has not seen it, so barge-in is done here. */
  signalledDigit(digit: string): void {
    this.#pressesBySignalling = true
    if (!this.#isNewPress(digit, 'info')) return
    for (const [job, listener] of [...this.#jobs]) {
      if (!listener.bargeIn) continue
      this.stopJob(job)
      this.#finish(job, 'BARGEIN', {})
    }
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
      this.#host.media({ type: 'close', leg: this.#leg })
    } else if (this.#phase === 'new') this.#phase = 'closed'
  }

  #start(stream: NegotiatedStream): void {
    this.#stream = stream
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
    const mayBeSilent = this.holds.isHeld || this.#sendsTo !== undefined
    const rtpTimeoutMs = mayBeSilent ? 0 : this.#host.rtpTimeoutMs
    const { rtcp: _, ...withoutReports } = stream
    const inEngine: StreamParameters = this.#passesBy
      ? { ...withoutReports, direction: 'inactive', rtcpMux: false }
      : { ...stream, rtpTimeoutMs }
    this.#host.media({ type: 'start', leg: this.#leg, stream: inEngine })
  }

  #finish(job: JobId, cause: JobCause | 'HANGUP', outcome: { detail?: string; audioDetected?: boolean }): void {
    const listener = this.#jobs.get(job)
    if (listener === undefined) return
    this.#jobs.delete(job)
    if (this.#playing === job) {
      this.#playing = undefined
      this.#listener.onPlaying(false)
    }
    listener.onFinished(cause, outcome)
    this.soundListener?.onUse()
  }

  /** Takes what the media engine says of this leg. */
  onEvent(event: MediaEvent): void {
    switch (event.type) {
      case 'opened':
        if (this.#phase !== 'opening') return
        this.#phase = 'open'
        this.#placement.near = this.#leg
        this.#bound = event.address
        this.#local = {
          ...this.#local,
          address: this.#isInside ? this.#insideAddress : (this.#announced ?? event.address),
          port: event.port,
        }
        this.#listener.onOpened()
        return
      case 'failed': {
        const wasInUse = this.#phase === 'opening' || this.#phase === 'open'
        this.#closed('ERROR', event.reason)
        if (wasInUse) this.#listener.onFailed(event.reason)
        return
      }
      case 'digit':
        if (this.#phase === 'open' && this.#isNewPress(event.digit, 'event')) this.#listener.onDigit(event.digit, false)
        return
      case 'recorded':
        this.#jobs.get(event.job)?.onRecorded?.(event.samples)
        return
      case 'playingNext':
        this.#jobs.get(event.job)?.onPlayingNext?.()
        return
      case 'beeped':
        this.#jobs.get(event.job)?.onBeeped?.()
        return
      case 'tapped':
        this.#jobs.get(event.job)?.onTapped?.()
        return
      case 'reached':
        this.#jobs.get(event.job)?.onReached?.()
        return
      case 'heard':
        this.#jobs.get(event.job)?.onHeard?.(event)
        return
      case 'voice':
        this.#jobs.get(event.job)?.onVoice?.(event.state)
        return
      case 'finished':
        this.#finish(event.job, this.#phase === 'closing' && event.cause === 'ABORTED' ? 'HANGUP' : event.cause, {
          ...(event.detail !== undefined && { detail: event.detail }),
          ...(event.audioDetected !== undefined && { audioDetected: event.audioDetected }),
        })
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
    }
  }

  #closed(cause: 'HANGUP' | 'ERROR', detail?: string): void {
    this.#phase = 'closed'
    this.#host.onMediaLeg(this.#leg, undefined)
    this.#bridge?.resolve(false)
    this.#bridge = undefined
    for (const job of [...this.#jobs.keys()]) this.#finish(job, cause, detail === undefined ? {} : { detail })
    this.#listener.onClosed()
  }
}

/** Without Opus where the engine has none. An empty list would be no offer: G.711 is always there. */
function availableCodecs({ hasOpus }: CallHost, codecs: readonly CodecName[]): readonly CodecName[] {
  const available = hasOpus ? codecs : codecs.filter((name) => name !== 'OPUS')
  return available.length > 0 ? available : ['PCMU', 'PCMA']
}
