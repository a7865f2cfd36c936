import { Hangup, UsageError } from '../kit/index.ts'
import type { RejectCause } from './cause-map.ts'
import type { ChannelCore } from './channel-core.ts'
import type { ChannelEventOf, ChannelEventType } from './channel-events.ts'
import { ChannelObjects } from './channel-objects.ts'
import {
  type AnswerOptions,
  type CallOptions,
  type ConnectOptions,
  checkCodecs,
  checkReject,
  checkRing,
  checkTimeout,
  type HoldOptions,
  type RejectOptions,
  type RingOptions,
} from './channel-options.ts'
import { headersOf } from './channel-sip.ts'
import { callRoom, visitRoom } from './conference/channel-rooms.ts'
import {
  ConferenceLifetimeControl,
  type ConferenceOptions,
  ConferencePartyMediaSettings,
} from './conference/party-settings.ts'
import type { LeaveReason } from './conference/room-state.ts'
import { type CallDetails, publicDetails } from './details.ts'
import { DtmfDetector } from './dtmf-detector.ts'
import { CallFarEndType, Cause, LiveSpeakerDetectionSettings, State, TransferCause } from './enums.ts'
import {
  type AnswerMachineOptions,
  type LeaveMessageOptions,
  leaveMessage,
  waitForAnswerMachine,
} from './far-end/channel-far-end.ts'
import type { MessageReport } from './far-end/leaving-message.ts'
import { type AudioStreamOptions, LiveAudioStream } from './live/live-audio-stream.ts'
import type { LiveSamples } from './live/live-format.ts'
import { MediaOrTonePlayer } from './media-or-tone.ts'
import type { OutgoingLeg } from './outgoing-leg.ts'
import { placeCall } from './place-call.ts'
import { type MediaToPlay, PlayableMedia } from './playable-media.ts'
import { transferAttended, transferBlindly } from './refer/channel-refers.ts'
import type { AttendedTransferOptions, BlindTransferOptions } from './refer/refer-options.ts'
import { takeBack, transferForGood, transferOnLoan } from './transfer/channel-transfers.ts'
import type {
  ManagedTransferOptions,
  RetrievableTransferOptions,
  TransferOptions,
} from './transfer/transfer-options.ts'

/**
 * A telephone line in the hands of an application: one call at a time, and the media objects to speak, listen and
 * record on it. Calls are awaited; outcomes such as BUSY are values, read from `state()` and `cause()`.
 *
 * @throws Hangup from functions that need a connected call when it has gone
 * @throws UsageError from functions that the present state does not allow
 */
export class Channel extends ChannelObjects {
  static readonly State = State
  static readonly Cause = Cause
  static readonly TransferCause = TransferCause
  static readonly CallFarEndType = CallFarEndType
  static readonly LiveSpeakerDetectionSettings = LiveSpeakerDetectionSettings
  readonly State = State
  readonly Cause = Cause
  readonly TransferCause = TransferCause
  readonly CallFarEndType = CallFarEndType
  readonly LiveSpeakerDetectionSettings = LiveSpeakerDetectionSettings
  static readonly ConferenceLifetimeControl = ConferenceLifetimeControl
  static readonly ConferencePartyMediaSettings = ConferencePartyMediaSettings
  static readonly PlayableMedia = PlayableMedia
  readonly ConferenceLifetimeControl = ConferenceLifetimeControl
  readonly ConferencePartyMediaSettings = ConferencePartyMediaSettings
  readonly PlayableMedia = PlayableMedia

  /** It keeps the keys that are pressed before anybody asks for them. */
  readonly dtmfDetector: DtmfDetector
  readonly #core: ChannelCore
  /** What the far end hears while it waits. */
  #waitingSoundPlayer: MediaOrTonePlayer | undefined
  #hasHoldMusic = false

  /** @internal Channels are made by the exchange. */
  constructor(core: ChannelCore) {
    super(core)
    this.#core = core
    core.hasApplication = true
    this.dtmfDetector = new DtmfDetector(core)
  }

  get #waitingSound(): MediaOrTonePlayer {
    this.#waitingSoundPlayer ??= new MediaOrTonePlayer(this.#core, this.filePlayer, this.tonePlayer)
    return this.#waitingSoundPlayer
  }

  state(): State {
    return this.#core.state
  }

  /** Why the last call ended; NORMAL while the state is not IDLE. */
  cause(): Cause {
    return this.#core.cause
  }

  /** How the last transfer of this channel went; NONE while one runs or none ever did. */
  transferCause(): TransferCause {
    return this.#core.transferCause
  }

  /** What is known of the present call, or of the last one after it ended; `undefined` before the first. */
  get details(): CallDetails | undefined {
    const { leg } = this.#core
    return leg && publicDetails(leg.details)
  }

  /** Listens to events, numbered 1, 2, 3, ... per channel. Returns the function that stops it. */
  on<Type extends ChannelEventType>(type: Type, listener: (event: ChannelEventOf<Type>) => void): () => void {
    const off = this.#core.events.on(type, listener)
    this.#core.voiceEvents.watch()
    return off
  }

  /**
   * Places a call and resolves when it was answered, timed out or refused; with `liveSpeakerDetect`, when it is known who
   * has picked up: `details.farEndType`.
   * @param to a `sip:` or `sips:` URI, a `tel:` URI, or the digits of a number (through the configured trunk)
   * @returns ANSWERED, or IDLE: then `cause()` tells why
   * @throws UsageError when the channel is not IDLE or the destination is malformed
   */
  async call(to: string, options: CallOptions = {}): Promise<State> {
    await this.#place(to, options)
    return this.waitForAnswer()
  }

  /** The same, resolving as soon as the call was placed; `waitForAnswer` or events tell the rest. */
  async startCall(to: string, options: CallOptions = {}): Promise<State> {
    return (await this.#place(to, options)).state
  }

  /**
   * Resolves with ANSWERED or IDLE when the call that `startCall` placed was answered or has ended; with `liveSpeakerDetect`
   * and without `lsdAsync`, when it is known who has picked up.
   */
  async waitForAnswer(): Promise<State> {
    const leg = this.#core.leg
    if (leg === undefined) return State.IDLE
    const { farEnd } = leg
    const isKnown = () => farEnd === undefined || farEnd.isAsync || farEnd.isDecided
    await leg.until(() => (leg.isConnected && isKnown()) || leg.state === State.IDLE)
    return leg.isConnected ? State.ANSWERED : leg.state
  }

  /**
   * Tells the caller that it rings: 180, or with `earlyMedia` 183 and a ringtone of ours, which plays on after `ring`
   * has resolved. A caller who offers no media yet cannot be played any, and hears the ringtone of its own network.
   * Called again, it changes the ringtone.
   * @returns RING_INCOMING, or IDLE when the caller gave up meanwhile
   * @throws UsageError when there is no incoming call that waits for an answer, or for a tone that is not known;
   *   Hangup when the caller has gone
   */
  async ring(options: RingOptions = {}): Promise<State> {
    const { ringTimeMs = 0, earlyMedia = false, loopRingtone = false, codecs } = options
    const ringtone = options.customRingtone ?? this.#core.host.tones.default
    checkRing(options)
    this.#waitingSound.check(ringtone)
    const headers = headersOf('ring', this.#core, options.headers)
    const leg = this.#core.requireRinging('ring')
    await this.#waitingSoundPlayer?.stop()
    await this.#core.do(() => leg.ring({ earlyMedia, headers, ...(codecs && { codecs }) }))
    if (earlyMedia && leg.details.earlyMediaPossible) {
      await leg.until(() => leg.hasEarlyMedia || leg.isEnding)
      if (leg.isEnding) return this.waitForIdle()
      this.#waitingSound.startOn(leg, ringtone, { loop: loopRingtone, meanwhile: this.#core.host.tones.default })
    }
    if (ringTimeMs === null) await this.#waitingSound.waitUntilFinished()
    else if (ringTimeMs > 0) await this.#core.waitAtMost(ringTimeMs, leg, () => leg.isEnding)
    return leg.state
  }

  /**
   * Answers the incoming call and resolves when the caller has acknowledged it.
   * @returns ANSWERED, or IDLE when the call has gone meanwhile
   * @throws UsageError when there is no incoming call that waits for an answer; Hangup when the caller has gone
   */
  async answer(options: AnswerOptions = {}): Promise<State> {
    checkTimeout('answer', options.timeoutMs)
    checkCodecs('answer', options.codecs)
    const headers = headersOf('answer', this.#core, options.headers)
    const leg = this.#core.requireRinging('answer')
    await this.#waitingSoundPlayer?.stop()
    await this.#core.do(() => leg.answer({ ...options, headers }))
    return this.waitForAnswer()
  }

  /**
   * Refuses the incoming call. A connected call is released with NORMAL, and its far end told the cause.
   * @param cause what the caller is told; default REJECTED
   * @param options.rawCause the SIP status to send instead of the cause's own, 400 to 699. A 3xx leads to state
   *   ERROR without telling the caller anything: redirection is not a refusal. The call can only be rejected again
   * @returns IDLE, or ERROR
   * @throws UsageError for a cause that cannot be sent, or without an incoming call; Hangup when the caller has gone
   */
  async reject(cause: RejectCause = 'REJECTED', options: RejectOptions = {}): Promise<State> {
    const { rawCause, phrase } = options
    checkReject(cause, options)
    const connected = this.#core.leg
    if (connected?.isConnected) {
      await this.#core.do(() => connected.hangUp('local', Cause.NORMAL, cause))
      return this.waitForIdle({ timeoutMs: 60_000 })
    }
    const headers = headersOf('reject', this.#core, options.headers)
    const leg = this.#core.requireRinging('reject', [State.CALL_INCOMING, State.RING_INCOMING, State.ERROR])
    if (rawCause !== undefined && rawCause < 400) {
      await this.#core.do(() => leg.spoil())
      return leg.state
    }
    const how = { ...(rawCause !== undefined && { status: rawCause }), ...(phrase !== undefined && { phrase }) }
    await this.#core.do(() => leg.reject(cause, { headers, ...how }))
    return this.waitForIdle()
  }

  /** Ends the call with NORMAL and resolves when it is IDLE. Safe when there is none. */
  async hangUp(): Promise<State> {
    // A call that was asked for a moment ago is there after what is queued now.
    if (this.#core.isPlacing) await this.#core.do(() => {})
    const leg = this.#core.leg
    if (leg === undefined || leg.state === State.IDLE) return State.IDLE
    await this.#core.do(() => leg.hangUp('local'))
    return this.waitForIdle({ timeoutMs: 60_000 })
  }

  /** Resolves when the call has ended, or after `timeoutMs`; the state tells which. */
  async waitForIdle(options: { timeoutMs?: number } = {}): Promise<State> {
    const leg = this.#core.leg
    if (leg === undefined) return State.IDLE
    const { timeoutMs } = options
    if (timeoutMs === undefined) {
      await leg.until(() => leg.state === State.IDLE)
      return leg.state
    }
    await this.#core.waitAtMost(timeoutMs, leg, () => leg.state === State.IDLE)
    return leg.state
  }

  /**
   * Waits until the greeting of an answering machine is over: a beep, and quiet after it; or a longer quiet without one.
   * @returns true then; false when the time is over, or the call has ended
   * @throws UsageError for wrong options or when the channel is not ANSWERED; Hangup when the call has gone
   */
  waitForAnswerMachine(options: AnswerMachineOptions = {}): Promise<boolean> {
    return waitForAnswerMachine(this.#core, options)
  }

  /**
   * Leaves a message on an answering machine: waits until its greeting is over, speaks, and begins anew when the greeting goes
   * on or a beep comes only now.
   * @param media a file of the media store, or a text
   * @returns what has become of it
   * @throws UsageError for what cannot be played or when the channel is not ANSWERED; Hangup when the call has gone
   */
  leaveMessage(media: MediaToPlay | string, options: LeaveMessageOptions = {}): Promise<MessageReport> {
    return leaveMessage(this.#core, this.filePlayer, media, options)
  }

  /**
   * Lets the far ends of two answered channels talk to each other. Recording and collecting digits go on; players
   * cannot start. It ends with `disconnect`, or when either end hangs up (event `disconnected`).
   * @returns false when it could not be done, for instance because one end hung up at that moment
   * @throws UsageError when either channel is not ANSWERED or is transmitting; Hangup when either call has gone
   */
  connect(other: Channel, options: ConnectOptions = {}): Promise<boolean> {
    return this.#core.connect(other.#core, options.mediaRelease === true)
  }

  /** Ends the connection of `connect`, from either side; nothing happens when there is none. */
  disconnect(): Promise<void> {
    return this.#core.disconnect()
  }

  /**
   * Opens the sound of the call, live: what the far end says as it says it, and a way to speak to it. Other receivers
   * and further streams may run beside it; the first that is written to takes the place of the transmitter.
   * @throws UsageError for wrong options or when the channel is not ANSWERED; Hangup when the call has gone
   */
  audioStream(options?: AudioStreamOptions & { encoding?: 'pcm16' }): LiveAudioStream<Int16Array>
  audioStream(options: AudioStreamOptions & { encoding: 'pcmu' | 'pcma' }): LiveAudioStream<Uint8Array>
  audioStream(options: AudioStreamOptions = {}): LiveAudioStream<LiveSamples> {
    return new LiveAudioStream(this.#core, options)
  }

  /**
   * Puts the far end on hold: it hears `media` in a loop (the default tone until a file or a text is ready), or nothing where it
   * cannot be played or none is given, and we do not hear it. What records or collects digits goes on, in silence; nothing can
   * be started until {@link retrieve}.
   * @returns HOLDING; or ANSWERED (ON_HOLD) when the far end refused, and the call goes on as it was; or IDLE
   * @throws UsageError when the channel is not ANSWERED (or ON_HOLD), is connected to another or plays something, or for
   *   a tone that is not known; Hangup when the call has gone
   */
  async hold({ media }: HoldOptions = {}): Promise<State> {
    if (media !== undefined) this.#waitingSound.check(media)
    const leg = this.#core.requireAnswered('hold')
    this.#core.claimTransmitter('hold')
    if (media !== undefined) this.#waitingSound.prepareOn(leg, media)
    await this.#core.renegotiate(leg, true)
    this.#core.releaseTransmitter()
    this.#hasHoldMusic = media !== undefined && leg.state === State.HOLDING
    if (media !== undefined && this.#hasHoldMusic)
      this.#waitingSound.startOn(leg, media, { loop: true, meanwhile: this.#core.host.tones.default })
    return leg.state
  }

  /**
   * Takes the far end back from {@link hold}; nothing happens when it is not held.
   * @returns ANSWERED, or ON_HOLD where the far end holds us; or HOLDING when it refused, and the hold goes on; or IDLE
   * @throws UsageError without a connected call; Hangup when the call has gone
   */
  async retrieve(): Promise<State> {
    const leg = this.#core.leg
    if (leg === undefined || leg.isEnding) throw new Hangup('retrieve: the call has ended')
    if (!leg.isConnected) throw new UsageError(`retrieve needs a connected call; this one is ${leg.state}`)
    await this.#core.renegotiate(leg, false)
    if (this.#hasHoldMusic && leg.state !== State.HOLDING) {
      this.#hasHoldMusic = false
      await this.#waitingSound.stop()
    }
    return leg.state
  }

  /**
   * Lets this idle channel be a party of a conference room: what it plays is heard there, and what is said there it hears.
   * @param name of the room, which is made when it is not there: 1 to 48 letters, digits and `- _ .`
   * @returns ANSWERED; or IDLE, with cause BUSY when there is no place in the room
   * @throws UsageError when the channel is not IDLE, or for settings that cannot be
   */
  async callConferenceRoom(name: string, options: ConferenceOptions = {}): Promise<State> {
    await this.#callRoom('callConferenceRoom', name, options)
    return this.waitForAnswer()
  }

  /** The same, resolving as soon as the call was placed. */
  async startCallConferenceRoom(name: string, options: ConferenceOptions = {}): Promise<State> {
    return (await this.#callRoom('startCallConferenceRoom', name, options)).state
  }

  #callRoom(what: string, name: string, options: ConferenceOptions): Promise<OutgoingLeg> {
    return callRoom(what, this.#core.host, name, options, (to, how) => this.#place(to, how))
  }

  /**
   * Takes the far end of this channel into a conference room, where it is until it leaves: by hanging up, by its exit digit,
   * by {@link retrieveTransfer}, or put out. Whoever leaves and has not hung up is with the application again, state
   * ANSWERED, and `other` is IDLE; a room that is destroyed, or a moderator that ejects, hangs up.
   * @param other an idle channel, such as one of `app.extraChannels`: it carries the call to the room, and is TRANSFERRED as
   *   long as the caller is there. Hanging it up takes him back
   * @param room its name: 1 to 48 letters, digits and `- _ .`. It is made when it is not there
   * @returns TRANSFERRED; or ANSWERED (ON_HOLD) when there was no place, with `transferCause()` TARGETREJECT and
   *   `other.cause()` BUSY; or IDLE when the far end has hung up
   * @throws UsageError when this channel is not ANSWERED or plays something, when `other` is not idle, or for settings that
   *   cannot be; Hangup when the call has gone
   */
  async transferToConferenceRoom(other: Channel, room: string, options: ConferenceOptions = {}): Promise<State> {
    await visitRoom('transferToConferenceRoom', this.#core, room, options, other.#core)
    return this.#whereItIs()
  }

  /**
   * The same without another channel, for applications that have nothing else to do meanwhile: resolves when the far end is
   * not in the room any more, and says why; `full` when there was no place.
   * @throws UsageError, Hangup as {@link transferToConferenceRoom}
   */
  async joinConferenceRoom(room: string, options: ConferenceOptions = {}): Promise<LeaveReason | 'full'> {
    const visit = await visitRoom('joinConferenceRoom', this.#core, room, options)
    const why = await visit?.over
    return why ?? (visit?.refusal === undefined ? 'hangUp' : 'full')
  }

  /**
   * Transfers the far end to somebody else, and lets it go: once the target has answered and the two hear each other, the
   * call lasts as long as both want, also when the application has ended. Until then the far end hears ringback, or
   * `media`; when nobody takes it, it is with the application again.
   * @param to whatever `call` takes; several are called by `strategy`
   * @returns whether it is with a target, state TRANSFERRED. If not, `transferCause()` tells why and `details.transfer`
   *   what the target has said; the state is ANSWERED (ON_HOLD), or IDLE when the far end has hung up
   * @throws UsageError when the channel is not ANSWERED or plays something, or for options that cannot be; Hangup when the
   *   call has gone
   */
  async managedTransfer(to: string | readonly string[], options: ManagedTransferOptions = {}): Promise<boolean> {
    const isThere = await transferForGood(this.#core, to, options)
    await this.#whereItIs()
    return isThere
  }

  /**
   * Transfers the far end to somebody else for a while: {@link retrieveTransfer} takes it back, and so does whatever ends the
   * target's call, which is on `other`.
   * @param other an idle channel, such as one of `app.extraChannels`
   * @returns TRANSFERRED; or ANSWERED (ON_HOLD) when the target did not take it, see `transferCause()`; or IDLE when the
   *   far end has hung up
   * @throws UsageError when this channel is not ANSWERED or plays something, when `other` is not idle, or for options that
   *   cannot be; Hangup when the call has gone
   */
  async retrievableTransfer(other: Channel, options: RetrievableTransferOptions): Promise<State> {
    await transferOnLoan('retrievableTransfer', this.#core, other.#core, options)
    return this.#whereItIs()
  }

  /**
   * The same to one of our own services, by its name.
   * @throws UsageError, Hangup as {@link retrievableTransfer}
   */
  async transferToInboundService(other: Channel, service: string, options: TransferOptions = {}): Promise<State> {
    const to = `service:${service}`
    await transferOnLoan('transferToInboundService', this.#core, other.#core, { ...options, to })
    return this.#whereItIs()
  }

  /**
   * Takes a far end back that was transferred: to a target, or to a conference room.
   * @returns ANSWERED; or ON_HOLD where the far end holds us; or IDLE when it has hung up
   * @throws UsageError when it was not transferred; Hangup when the call has gone
   */
  async retrieveTransfer(): Promise<State> {
    await takeBack('retrieveTransfer', this.#core)
    return this.#whereItIs()
  }

  /**
   * Asks the far end to call somebody by itself (REFER, RFC 3515), and hangs up once it is with him. That it accepts means
   * nothing yet: what it reports of its call decides (event `transferProgress`), and until then it is with us.
   * @param to a `sip:` URI; a number, by the trunk that the call is on; or `user:` and the name of a user of ours
   * @returns whether it is with the target, state IDLE; see {@link managedTransfer} for when it is not
   * @throws UsageError, Hangup as {@link managedTransfer}
   */
  async blindTransfer(to: string, options: BlindTransferOptions = {}): Promise<boolean> {
    const isThere = await transferBlindly(this.#core, to, options)
    await this.#whereItIs()
    return isThere
  }

  /**
   * Asks the far end to take our place in the call of `other`, an ANSWERED channel (REFER with Replaces, RFC 5589 section
   * 7), after which neither call is ours any more. When nothing comes of it, both are as they were.
   * @returns, throws as {@link blindTransfer}
   */
  async attendedTransfer(other: Channel, options: AttendedTransferOptions = {}): Promise<boolean> {
    const isThere = await transferAttended(this.#core, other.#core, options)
    await Promise.all([this.#whereItIs(), other.#whereItIs()])
    return isThere
  }

  /** @returns IDLE once it really is, of a call that is on its way there */
  async #whereItIs(): Promise<State> {
    const { leg } = this.#core
    return leg?.isEnding === true ? this.waitForIdle() : this.state()
  }

  /** Hangs up and gives the channel back: no further call can be placed on it. */
  async close(): Promise<void> {
    this.#core.close()
    await this.hangUp()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #place(to: string, options: CallOptions): Promise<OutgoingLeg> {
    const { diverts } = options
    return placeCall(this.#core, to, options, diverts === undefined ? undefined : diverts.#core.leg)
  }
}
