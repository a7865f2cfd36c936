import { token } from '../kit/index.ts'
import type { EndpointEvent, SessionId, SipResponse } from '../sip/index.ts'
import { causeOfRelease, causeOfResponse, type ReleaseReason, releaseReason } from './cause-map.ts'
import type { ChannelCore } from './channel-core.ts'
import type { ChannelEvent } from './channel-events.ts'
import { type EndedBy, type MutableCallDetails, publicDetails } from './details.ts'
import { Cause, State } from './enums.ts'
import type { FarEndSettings } from './far-end/far-end-options.ts'
import { FarEndWatch } from './far-end/far-end-watch.ts'
import type { CallHost, CallTimer } from './host.ts'
import { LegDialog, type Replacement } from './leg-dialog.ts'
import { LegMedia, type Placement } from './leg-media.ts'
import { LegWaiters } from './leg-waiters.ts'
import type { CallRecord } from './record/call-record.ts'
import type { Renegotiation } from './renegotiation.ts'
import type { Trunk } from './routing/trunk.ts'
import { uriOf } from './uri-text.ts'

/** What a leg tells the channel that carries it. */
export interface LegListener {
  readonly placement: Placement
  /** What the parts of its channel share. */
  readonly core: ChannelCore
  onState(state: State): void
  /** Something else has happened that the application may listen to. */
  emit(event: ChannelEvent): void
  /** @param isSignalled it came by SIP INFO, and is in no stream */
  onDigit(digit: string, isSignalled: boolean): void
  onUnbridged(): void
}

/** What is known of an end beside its cause. */
interface EndDetail {
  readonly rawCause?: number
  readonly reason?: ReleaseReason
}

/** A connected call that is not with its application. */
type Away = 'TRANSFERRING' | 'TRANSFERRED' | 'RECONNECTING'

const CONNECTED: ReadonlySet<State> = new Set([
  State.ANSWERED,
  State.ON_HOLD,
  State.HOLDING,
  State.TRANSFERRING,
  State.TRANSFERRED,
  State.RECONNECTING,
])

/** How long a CANCEL or BYE may go unanswered before the call counts as over for its application. */
export const RELEASE_WAIT_MS = 4_000

/**
 * One call on a channel, from its INVITE to its end: what outgoing and incoming legs share. Subclasses drive the
 * way to ANSWERED; from there on, and for every way down, this class does.
 *
 *     (outgoing-leg.ts)  CALL_OUTGOING -> RING_OUTGOING -+
 *                                                        +-> ANSWERED -> releasing -> IDLE
 *     (incoming-leg.ts)  CALL_INCOMING -> RING_INCOMING -> ANSWERING -+
 *
 * Every step that there is stands in `leg-diagram.ts`. A connected call is TRANSFERRING, TRANSFERRED or RECONNECTING while it
 * is not with its application, else HOLDING while we hold the far end, else ON_HOLD while the far end holds us, else ANSWERED.
 *
 * "Releasing" (our CANCEL or BYE is on its way) is not a state of its own to the application: the state stays what
 * it was, jobs have ended, and nothing new can be started.
 */
export abstract class Leg {
  readonly details: MutableCallDetails
  readonly media: LegMedia
  /** What it says to its far end within their dialog. */
  readonly dialog: LegDialog
  /** Who finds out what is at the far end, once somebody wants to know. */
  farEnd: FarEndWatch | undefined
  /** What is kept of the call for whoever asks later. */
  record: CallRecord | undefined
  protected readonly host: CallHost
  readonly #listener: LegListener
  readonly #releaseTimer: CallTimer
  readonly #waiters = new LegWaiters()
  #state: State
  /** As the application was told last. */
  #isHeld = false
  #away: Away | undefined
  /** Who has taken the place of the far end. */
  #replacement: Pick<Replacement, 'user' | 'trunk'> | undefined
  #releasing: ({ readonly cause: Cause; readonly endedBy: EndedBy } & EndDetail) | undefined

  constructor(
    host: CallHost,
    session: SessionId,
    state: State,
    call: Pick<MutableCallDetails, 'direction' | 'from' | 'to' | 'target'>,
    listener: LegListener,
  ) {
    this.host = host
    this.#listener = listener
    this.#state = state
    this.details = {
      callId: token(host.random, 20),
      ...call,
      earlyMediaPossible: false,
      wasAnswered: false,
      hasEnded: false,
      times: { [state]: host.wallTimeMs() },
    }
    this.media = new LegMedia(host, this, listener.placement, {
      onOpened: () => this.onMediaOpened(),
      onFailed: (reason) => this.onMediaFailed(reason),
      onStream: () => this.#onStream(),
      onDigit: (digit, isSignalled) => this.#listener.onDigit(digit, isSignalled),
      onPlaying: (isPlaying) => this.farEnd?.note(isPlaying ? 'promptStarted' : 'promptEnded'),
      onUnbridged: () => this.#listener.onUnbridged(),
      onRtpTimeout: () => this.#onRtpTimeout(),
      onClosed: () => this.#onMediaClosed(),
    })
    this.#releaseTimer = host.timer(() => this.end(Cause.NORMAL, 'local'))
    this.dialog = new LegDialog(host, this, session)
    host.callStarted(this)
  }

  /** The SIP session of the call; an outgoing call has a new one for each attempt. */
  protected get session(): SessionId {
    return this.dialog.session
  }

  /** What the parts of its channel share. */
  get core(): ChannelCore {
    return this.#listener.core
  }

  /** The user of ours at its far end, when that is known for sure. */
  get user(): string | undefined {
    return this.#replacement === undefined ? this.firstUser : this.#replacement.user
  }

  /** The trunk that its far end is behind. */
  get trunk(): Trunk | undefined {
    return this.#replacement === undefined ? this.firstTrunk : this.#replacement.trunk
  }

  /** The user that it was placed to, or came from. */
  protected get firstUser(): string | undefined {
    return this.details.user
  }

  /** The trunk that it came or goes by. */
  protected get firstTrunk(): Trunk | undefined {
    return undefined
  }

  get state(): State {
    return this.#state
  }

  /** NORMAL while there is a call. */
  get cause(): Cause {
    return this.#state === State.IDLE ? (this.details.cause ?? Cause.NORMAL) : Cause.NORMAL
  }

  /** The call is over or on its way there: nothing can be started on it. */
  get isEnding(): boolean {
    return this.#releasing !== undefined || this.#state === State.IDLE
  }

  /** The call ends, or has ended, because of an error and not because somebody wanted it. */
  get isBroken(): boolean {
    return this.endingCause === Cause.ERROR
  }

  /** Why the call ends or has ended, as soon as that is decided. */
  get endingCause(): Cause | undefined {
    return this.#releasing?.cause ?? this.details.cause
  }

  /** Who ends or has ended it, as soon as that is decided. */
  get endingBy(): EndedBy | undefined {
    return this.#releasing?.endedBy ?? this.details.endedBy
  }

  /**
   * Ends the call, whatever its state; `state` becomes IDLE when the far end knows, or after 4 s. Safe to call twice.
   * @param told what the far end is told of a connected call; default `cause`
   */
  abstract hangUp(endedBy: EndedBy, cause?: Cause, told?: Cause): void

  /** Resolves at the first moment at which `done` holds; checked now and after every change of state. */
  until(done: () => boolean): Promise<void> {
    return this.#waiters.until(done)
  }

  /** Calls `listener` once, as soon as the call {@link isEnding}; returns the function that takes it back. */
  onEnding(listener: () => void): () => void {
    if (this.isEnding) {
      listener()
      return () => {}
    }
    return this.#waiters.onEnding(listener)
  }

  protected enter(state: State): void {
    if (this.#state === state || this.#state === State.IDLE) return
    this.details.times[state] = this.host.wallTimeMs()
    this.record?.add(this.host.now, { type: 'state', state })
    this.#state = state
    this.#listener.onState(state)
    this.checkWaiting()
  }

  /** Lets those whom `until` keeps waiting look again. */
  checkWaiting(): void {
    if (this.isEnding) {
      this.dialog.end()
      this.#waiters.ending()
    }
    this.#waiters.check()
  }

  /** Our side has said CANCEL or BYE: jobs end now, IDLE comes with the far end's answer or after {@link RELEASE_WAIT_MS}. */
  protected release(cause: Cause, endedBy: EndedBy, waitMs = RELEASE_WAIT_MS, why: EndDetail = {}): void {
    if (this.isEnding) return
    this.#releasing = { cause, endedBy, ...why }
    this.media.close()
    this.#releaseTimer.setIn(waitMs)
    this.checkWaiting()
  }

  /** The call is over. What was decided when the release began stands against what the network says later. */
  protected end(cause: Cause, endedBy: EndedBy, why: EndDetail = {}): void {
    if (this.#state === State.IDLE) return
    this.dialog.forget()
    this.#releaseTimer.clear()
    this.media.close()
    this.details.cause = this.#releasing?.cause ?? cause
    this.details.endedBy = this.#releasing?.endedBy ?? endedBy
    this.details.endedIn = this.#state
    this.details.hasEnded = true
    const { rawCause = why.rawCause, reason = why.reason } = this.#releasing ?? {}
    if (rawCause !== undefined) this.details.rawCause = rawCause
    if (reason !== undefined && Object.keys(reason).length > 0) this.details.reason = reason
    this.enter(State.IDLE)
    if (this.media.isGone) this.#completed()
  }

  protected emit(event: ChannelEvent): void {
    this.#listener.emit(event)
  }

  #onStream(): void {
    const codec = this.media.stream?.codec
    if (codec !== undefined && codec !== this.details.codec) {
      this.details.codec = codec
      this.emit({ type: 'codec', codec })
    }
    this.farEnd?.noteStream()
    if (this.isConnected) this.#followHolds()
  }

  /**
   * Lets somebody find out what is at the far end.
   * @param settings of detection, where it was asked for; it has begun with the call then
   */
  watchFarEnd(settings?: FarEndSettings): FarEndWatch {
    if (this.farEnd !== undefined) return this.farEnd
    const leg = this
    const watch = new FarEndWatch(
      this.host,
      {
        details: this.details,
        media: this.media,
        get record() {
          return leg.record
        },
        emit: (event) => this.emit(event),
        checkWaiting: () => this.checkWaiting(),
      },
      settings,
    )
    this.farEnd = watch
    this.onEnding(() => watch.end())
    return watch
  }

  #followHolds(): void {
    const { isHolding, isHeld } = this.media.negotiation.holds
    this.enter(this.#away ?? (isHolding ? State.HOLDING : isHeld ? State.ON_HOLD : State.ANSWERED))
    if (isHeld === this.#isHeld) return
    this.#isHeld = isHeld
    this.emit({ type: isHeld ? 'farEndHold' : 'farEndRetrieve' })
  }

  /** Somebody whose packets have stopped is not there any more, whatever SIP believes. */
  #onRtpTimeout(): void {
    if (!this.isConnected || this.isEnding) return
    this.details.reason = { text: `no RTP for ${this.host.rtpTimeoutMs} ms` }
    this.hangUp('network', Cause.TIMEOUT)
  }

  /** The record of a call is complete only with what its media counted, which comes a moment after the end. */
  #onMediaClosed(): void {
    if (this.media.statistics !== undefined) this.details.media = this.media.statistics
    if (this.#state === State.IDLE) this.#completed()
  }

  #completed(): void {
    if (this.record !== undefined) this.host.records?.end(this.record)
    this.host.callEnded(this)
  }

  /** Begins to keep what happens, under the call's SIP Call-ID. */
  protected beginRecord(sipCallId: string): void {
    const { host } = this
    this.details.sipCallId = sipCallId
    this.record = host.records?.claim(sipCallId, publicDetails(this.details), host.now)
    this.record?.add(host.now, { type: 'state', state: this.#state })
  }

  /** The call goes on under another SIP Call-ID. */
  protected continueRecord(sipCallId: string): void {
    this.details.sipCallId = sipCallId
    if (this.record !== undefined) this.host.records?.carryOn(this.record, sipCallId)
  }

  protected endByResponse(response: SipResponse): void {
    const reason = releaseReason(response.headers.all('reason'), response)
    const cause = causeOfResponse(response.status, reason.q850)
    this.end(cause, 'remote', { rawCause: response.status, reason })
  }

  /** Media is lost. An established call says BYE; subclasses decide before that. */
  protected abstract onMediaFailed(reason: string): void
  protected abstract onMediaOpened(): void

  /** @param renegotiation its later offers and answers, where they have begun already */
  protected established(renegotiation?: Renegotiation): void {
    this.details.wasAnswered = true
    this.dialog.established(renegotiation)
    this.enter(State.ANSWERED)
    this.#followHolds()
  }

  /** Answered and acknowledged, whoever holds whom. */
  get isConnected(): boolean {
    return CONNECTED.has(this.#state)
  }

  /** The far end of a connected call is with somebody else than the application: on its way there or back, or there. */
  goAway(to: Away): void {
    if (!this.isConnected || this.isEnding) return
    this.#away = to
    this.#followHolds()
  }

  /** It is with the application again. */
  comeBack(): void {
    this.#away = undefined
    if (this.isConnected && !this.isEnding) this.#followHolds()
  }

  /** Takes what happens to the SIP session of this call. */
  onSipEvent(event: EndpointEvent): void {
    if (event.type === 'ended') this.#onEnded(event)
    else this.dialog.onEvent(event)
  }

  #onEnded({ by, request, isExpired, detail }: Extract<EndpointEvent, { type: 'ended' }>): void {
    const reason = releaseReason(request?.headers.all('reason') ?? [])
    if (by === 'network') {
      const cause = isExpired ? Cause.TIMEOUT : Cause.ERROR
      this.end(cause, 'network', { reason: { ...reason, ...(detail && { text: detail }) } })
    } else this.end(by === 'remote' ? causeOfRelease(reason.q850) : Cause.NORMAL, by, { reason })
  }

  /**
   * Goes on with another dialog in the place of the present one, which is ended (RFC 3891): the sound of the call stays what
   * it is, and only who hears it is another.
   * @param replacement what came, which is answered
   * @returns false when its offer cannot be taken; then all is as it was
   */
  replaceDialog(replacement: Replacement): boolean {
    if (!this.dialog.replaceBy(replacement)) return false
    this.goOnWith(replacement)
    return true
  }

  /** Whoever sent this INVITE is the far end from now on. */
  protected goOnWith({ session, request, user, trunk }: Replacement): void {
    const { details } = this
    this.dialog.moveTo(session)
    this.#replacement = { user, trunk }
    for (const key of ['user', 'trunk', 'assertedIdentity'] as const) delete details[key]
    if (user !== undefined) details.user = user
    if (trunk !== undefined) details.trunk = trunk.name
    const uri = uriOf(request, 'from')
    if (details.direction === 'inbound') details.from = uri
    else details.to = uri
    this.continueRecord(request.headers.get('call-id') ?? '')
    this.emit({ type: 'replaced', by: uri })
  }
}
