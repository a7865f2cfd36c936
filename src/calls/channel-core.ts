import { Hangup, UsageError } from '../kit/index.ts'
import type { CallAway } from './away.ts'
import { type ChannelEvent, ChannelEvents } from './channel-events.ts'
import { Cause, State, TransferCause } from './enums.ts'
import type { CallHost } from './host.ts'
import type { IncomingLeg } from './incoming-leg.ts'
import type { Leg, LegListener } from './leg.ts'
import type { Placement } from './leg-media.ts'
import { MediaRelease } from './media-release/media-release.ts'
import type { DigitNote } from './record/call-record.ts'
import { VoiceEvents } from './voice-events.ts'

/**
 * What the parts of a channel share: its present leg, who transmits, who waits for digits, and its events.
 * {@link Channel} is the public face over it.
 */
export class ChannelCore implements LegListener {
  readonly host: CallHost
  readonly placement: Placement
  readonly events: ChannelEvents
  readonly voiceEvents: VoiceEvents = new VoiceEvents(this)
  readonly headersToSend: [name: string, value: string][] = []
  /** Takes every digit of the call, with what the record says of it; set by the DTMF detector. */
  digitSink: (digit: string, note: DigitNote | undefined) => void = () => {}
  readonly callIds: string[] = []
  /** There is an application that has this channel in its hands. */
  hasApplication = false
  /** While the call is not with its application. */
  away: CallAway | undefined
  /** How its last transfer went. */
  transferCause: TransferCause = TransferCause.NONE
  /** A call was asked for and has not begun yet. */
  isPlacing = false
  /** The service that answers its call. */
  service: string | undefined
  /** Max-Forwards of the calls to be placed, where they carry one on that came to us. */
  maxForwards: number | undefined
  #leg: Leg | undefined
  #transmitter: string | undefined
  #isClosed = false
  #connectedTo: ChannelCore | undefined
  /** Of the connection that there is, or of the last: it sees to it that the sound comes back. */
  #mediaRelease: MediaRelease | undefined

  /** @param placement shared by the channels of one application instance */
  constructor(host: CallHost, placement: Placement = { near: undefined }) {
    this.host = host
    this.events = new ChannelEvents(() => host.wallTimeMs())
    this.placement = placement
  }

  /** Itself, as who listens to its leg. */
  get core(): this {
    return this
  }

  get leg(): Leg | undefined {
    return this.#leg
  }

  get state(): State {
    return this.#leg?.state ?? State.IDLE
  }

  get cause(): Cause {
    return this.#leg?.cause ?? Cause.NORMAL
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Gives the channel its (next) call. */
  attach(leg: Leg): void {
    this.#leg = leg
    this.callIds.push(leg.details.callId)
    this.onState(leg.state)
  }

  /** No further call can be placed. */
  close(): void {
    this.#isClosed = true
  }

  /**
   * The leg, for a function that needs a connected call. That the far end holds us does not matter: it may do so at any
   * moment, and what is played then runs on unheard.
   * @throws Hangup when the call has gone
   * @throws UsageError when the channel is in another state than ANSWERED or ON_HOLD
   */
  requireAnswered(what: string): Leg {
    const leg = this.#leg
    if (leg === undefined || leg.isEnding) throw new Hangup(`${what}: the call has ended`)
    if (leg.state !== State.ANSWERED && leg.state !== State.ON_HOLD)
      throw new UsageError(`${what} needs a channel in state ANSWERED; this one is ${leg.state}`)
    return leg
  }

  /**
   * The leg, for a function that only listens: it may also begin while the call is with somebody else.
   * @throws Hangup when the call has gone
   * @throws UsageError when it is not connected, or we hold its far end
   */
  requireConnected(what: string): Leg {
    const leg = this.#leg
    const isAway = leg !== undefined && !leg.isEnding && AWAY.has(leg.state)
    // The call to a room that a channel carries has no media of its own.
    return isAway && leg.media.isOpen ? leg : this.requireAnswered(what)
  }

  /**
   * The leg of an incoming call that is not answered yet.
   * @throws Hangup when the caller has gone
   * @throws UsageError when there is no incoming call or it was answered
   */
  requireRinging(what: string, states: readonly State[] = [State.CALL_INCOMING, State.RING_INCOMING]): IncomingLeg {
    const leg = this.#leg
    if (leg === undefined) throw new UsageError(`${what} needs an incoming call; this channel has none`)
    if (leg.details.direction !== 'inbound')
      throw new UsageError(`${what} needs an incoming call; this one is outgoing`)
    if (leg.isEnding) throw new Hangup(`${what}: the caller has gone`)
    if (!states.includes(leg.state))
      throw new UsageError(`${what} needs a call that is not answered yet; this one is ${leg.state}`)
    return leg as IncomingLeg
  }

  /** Lets the exchange do something, and resolves when it was done. */
  do(action: () => void): Promise<void> {
    return new Promise((resolve) => {
      this.host.post(() => {
        action()
        resolve()
      })
    })
  }

  /** Resolves when `done` holds or the time is over. */
  async waitAtMost(waitMs: number, leg: Leg, done: () => boolean): Promise<void> {
    let isOver = false
    const timer = this.host.timer(() => {
      isOver = true
      leg.checkWaiting()
    })
    timer.setIn(waitMs)
    await leg.until(() => isOver || done())
    timer.clear()
  }

  /** Resolves when the far end has taken a hold, or its end, or refused it, or when the call is over. */
  async renegotiate(leg: Leg, isHolding: boolean): Promise<void> {
    await new Promise<boolean>((resolve) => {
      this.host.post(() => leg.dialog.hold(isHolding, resolve))
    })
    if (leg.isEnding) await leg.until(() => leg.state === State.IDLE)
  }

  /**
   * Claims the one place of a transmitter.
   * @throws UsageError when another transmitter runs
   */
  claimTransmitter(name: string): void {
    if (this.#transmitter !== undefined)
      throw new UsageError(`${name} cannot start: ${this.#transmitter} is still playing to this channel; stop it first`)
    this.#transmitter = name
  }

  get mayTransmit(): boolean {
    return this.#transmitter === undefined
  }

  releaseTransmitter(): void {
    this.#transmitter = undefined
  }

  get connectedTo(): ChannelCore | undefined {
    return this.#connectedTo
  }

  /**
   * Bridges the calls of two channels; both then count as transmitting.
   * @param mayRelease their sound may go past us
   * @returns false when one of them has gone meanwhile, or the media plane could not do it
   * @throws Hangup, UsageError when either is not ANSWERED or transmits
   */
  async connect(other: ChannelCore, mayRelease = false): Promise<boolean> {
    const leg = this.requireAnswered('connect')
    const otherLeg = other.requireAnswered('connect')
    if (leg === otherLeg) throw new UsageError('connect: a channel cannot be connected to itself')
    this.claimTransmitter(CONNECTION)
    try {
      other.claimTransmitter(CONNECTION)
    } catch (error) {
      this.releaseTransmitter()
      throw error
    }
    return this.join(other, mayRelease)
  }

  /**
   * Lets the calls of two channels hear each other, whoever has claimed their transmitters.
   * @param mayRelease their sound may go past us
   * @returns false when one of them has gone meanwhile, or the media plane could not do it
   */
  async join(other: ChannelCore, mayRelease = false): Promise<boolean> {
    const leg = this.#leg
    const otherLeg = other.#leg
    if (leg === undefined || otherLeg === undefined) return false
    this.#connectedTo = other
    other.#connectedTo = this
    const isDone = await new Promise<boolean>((resolve) => {
      this.host.post(() => {
        if (leg.isEnding || otherLeg.isEnding) resolve(false)
        else void leg.media.bridge(otherLeg.media).then(resolve)
      })
    })
    // It was ended, or gave way to another one, while it was made.
    if (this.#connectedTo !== other) return false
    if (!isDone) this.#disconnected()
    else {
      this.#connected(otherLeg)
      other.#connected(leg)
      this.#mediaRelease = mayRelease ? new MediaRelease(this.host, leg, otherLeg) : undefined
      other.#mediaRelease = this.#mediaRelease
    }
    return isDone
  }

  #connected(to: Leg): void {
    const connectedId = to.details.callId
    if (this.#leg !== undefined) this.#leg.details.connectedId = connectedId
    this.#leg?.record?.add(this.host.now, { type: 'connected', callId: connectedId })
    this.emit({ type: 'connected', connectedId })
  }

  /**
   * Ends the bridge, if there is one; resolves when both channels can transmit again, and the far end sends its sound to us, or
   * has taken longer than a second to do so.
   */
  async disconnect(): Promise<void> {
    const leg = this.#leg
    if (leg === undefined) return
    if (this.#connectedTo !== undefined) await this.#unbridge(leg)
    const release = this.#mediaRelease
    if (release !== undefined) await this.waitAtMost(MEDIA_RETURN_MS, leg, () => leg.isEnding || release.isBack(leg))
  }

  #unbridge(leg: Leg): Promise<void> {
    return new Promise<void>((resolve) => {
      this.#onDisconnected = resolve
      this.host.post(() => {
        if (leg.isEnding) this.#disconnected()
        else leg.media.unbridge()
      })
    })
  }

  onUnbridged(): void {
    this.#disconnected()
  }

  #onDisconnected: () => void = () => {}

  /** Said by whichever of the two hears of it first. */
  #disconnected(): void {
    const other = this.#connectedTo
    if (other === undefined) return
    this.#connectedTo = undefined
    this.#mediaRelease?.end()
    const leg = this.#leg
    if (leg?.details.connectedId !== undefined) {
      delete leg.details.connectedId
      leg.record?.add(this.host.now, { type: 'disconnected' })
    }
    if (this.#transmitter === CONNECTION) this.releaseTransmitter()
    this.#onDisconnected()
    this.#onDisconnected = () => {}
    this.emit({ type: 'disconnected' })
    other.#disconnected()
  }

  onState(state: State): void {
    if (state === State.IDLE) this.#disconnected()
    this.emit({ type: 'state', state })
    this.voiceEvents.watch()
    const endedBy = this.#leg?.details.endedBy
    if (state === State.IDLE && endedBy !== undefined) this.emit({ type: 'ended', cause: this.cause, endedBy })
  }

  onDigit(digit: string, isSignalled: boolean): void {
    if (isSignalled) this.#passOn(digit)
    const note = this.#note(digit, isSignalled)
    // What means something where the call is, is nobody else's.
    if (this.away?.press(digit) !== true) this.digitSink(digit, note)
    this.emit({ type: 'digit', digit })
  }

  #note(digit: string, isSignalled: boolean): DigitNote | undefined {
    const record = this.#leg?.record
    if (record === undefined) return undefined
    const isKept = this.host.records?.keepsDigits === true
    const note: DigitNote = { type: 'digit', digit: isKept ? digit : undefined, by: isSignalled ? 'info' : 'media' }
    record.add(this.host.now, note)
    return note
  }

  /** A bridge carries keys that are in the stream; one that came by signalling goes the way that suits the other end. */
  #passOn(digit: string): void {
    const other = this.#connectedTo?.leg
    if (other === undefined || other.isEnding) return
    if (other.media.takesKeysByInfo) other.dialog.pressByInfo(digit)
    else this.#leg?.media.relayKey(digit)
  }

  emit(event: ChannelEvent): void {
    this.emitMade(event.type, () => event)
  }

  /** See {@link NumberedEvents.emitMade}. */
  emitMade(type: ChannelEvent['type'], make: () => ChannelEvent): void {
    this.events.emitMade(type, make, (error) => {
      this.host.logger.error({ err: error, callId: this.#leg?.details.callId }, 'a channel event listener threw')
    })
  }
}

/** A far end that is asked to send its sound to us again mostly does so within one round trip. */
const MEDIA_RETURN_MS = 1000
const CONNECTION = 'a connection to another channel'
const AWAY: ReadonlySet<State> = new Set([State.TRANSFERRING, State.TRANSFERRED, State.RECONNECTING])
