import type { Fifo, Instant } from '../../kit/index.ts'
import { unsendableDigit } from '../dtmf/digits.ts'
import type { MixerParty } from '../node/mixer-party.ts'
import { SilenceSender } from '../node/silence-sender.ts'
import { type Quality, rateCall } from '../rtcp/quality.ts'
import { type HeardSource, SourceLatch, type SourceLatchState } from '../rtp/source-latch.ts'
import { Bridge } from './bridge.ts'
import type { JobCause, LegId, LegStatistics, MediaEvent, RoomId, StreamParameters } from './control.ts'
import { Inbound, type InboundState } from './inbound.ts'
import { type JobCommand, Jobs, type SurrenderedJobs } from './jobs.ts'
import { Outbound, type OutboundState, packetMsOf } from './outbound.ts'
import { Protection, type ProtectionState } from './protection.ts'
import { Relay } from './relay.ts'
import { Reporting, type ReportingState } from './reporting.ts'
import { endOfRest } from './rest.ts'
import type { Room } from './room.ts'
import { TICK_MS } from './schedule.ts'
import { Seat } from './seat.ts'
import { Tape, type TapeState } from './tape.ts'
import type { Workshop } from './workshop.ts'

/** All that another engine has to know of a leg to go on with it: plain data, and what stands on shared memory. */
export interface LegState {
  readonly port: number
  readonly stream: StreamParameters
  readonly latch: SourceLatchState
  readonly protection: ProtectionState
  readonly inbound: InboundState
  readonly outbound: OutboundState
  readonly reporting: ReportingState
  readonly tape: TapeState | undefined
  readonly jobs: SurrenderedJobs
}

/**
 * One RTP stream each way and the jobs on it: at most one that transmits or a bridge, any number that record. In a
 * room, the leg is sent the room while no job transmits.
 *
 *     opening --bound--> open --start--> active        (start may come while the port is being bound)
 */
export class Leg {
  readonly id: LegId
  readonly #workshop: Workshop
  readonly #inbound: Inbound
  readonly #outbound: Outbound
  /** Until then the reports need no visit. */
  #reportingAtMs = 0
  /** Until when a call on hold lets visits pass, 0 while it makes use of each. */
  #restsUntilMs = 0
  #isAsleep = false
  #isOnHold = false
  #tape: Tape | undefined
  /** Our port, 0 before it is bound. */
  port = 0
  readonly #latch = new SourceLatch()
  readonly #protection: Protection
  readonly #reporting: Reporting
  #stream: StreamParameters | undefined
  readonly #jobs: Jobs
  #bridge: Bridge | undefined
  #room: Room | undefined
  #seat: Seat | undefined

  constructor(id: LegId, workshop: Workshop, events: Fifo<MediaEvent>) {
    this.id = id
    this.#workshop = workshop
    this.#protection = new Protection(workshop.crypto)
    this.#outbound = new Outbound(workshop, id, this.#latch)
    this.#inbound = new Inbound(workshop, id, this.#latch, {
      onDigit: (digit) => {
        events.push({ type: 'digit', leg: id, digit })
        this.#jobs.interrupt()
      },
      onTimeout: () => events.push({ type: 'rtpTimeout', leg: id }),
      onResumed: () => events.push({ type: 'rtpResumed', leg: id }),
    })
    this.#jobs = new Jobs(id, workshop, events, this.#inbound, this.#outbound, this)
    this.#reporting = new Reporting(workshop, id, this.#inbound, this.#outbound, this.#latch, this.#protection)
  }

  /** Who is heard, if anybody is. */
  get source(): HeardSource | undefined {
    return this.#latch.source
  }

  /** The port is bound. A far end that still sends to a call that had the port before is not heard in this one. */
  bound(port: number, former: HeardSource | undefined): void {
    this.port = port
    this.#latch.beware(former)
    this.#reporting.bound()
  }

  get stream(): StreamParameters | undefined {
    return this.#stream
  }

  /** Why the leg cannot be bridged now, or `undefined`. */
  get bridgeObstacle(): string | undefined {
    return this.releaseObstacle ?? (this.#jobs.isTransmitting ? `leg ${this.id} is transmitting` : undefined)
  }

  /** Why the leg cannot be in this room now, or `undefined`. */
  mixObstacle(room: RoomId): string | undefined {
    if (this.#stream === undefined) return `leg ${this.id} has no stream yet`
    if (this.#bridge !== undefined) return `leg ${this.id} is bridged`
    if (this.#room === undefined || this.#room.id === room) return undefined
    return `leg ${this.id} is in room ${this.#room.id}`
  }

  /** Whether it is sent another leg. */
  get isBridged(): boolean {
    return this.#bridge !== undefined
  }

  /** Where it sits in a room. */
  get seat(): Seat | undefined {
    return this.#seat
  }

  /** Both directions on one clock, for whoever listens to it; it costs nothing while nobody does. */
  get tape(): Tape {
    this.#tape ??= new Tape(this.#workshop, this.#inbound, this.#outbound)
    return this.#tape
  }

  /** How long its sound waits before it is heard, in milliseconds. */
  get hearingDelayMs(): number {
    return this.#inbound.hearing.delayMs
  }

  /** The room that it is in. */
  get room(): Room | undefined {
    return this.#room
  }

  /** Whether its packets ask for a visit each 10 ms. */
  get needsHalfTicks(): boolean {
    return this.#stream !== undefined && packetMsOf(this.#stream) % TICK_MS !== 0
  }

  /**
   * Begins the stream, or replaces it. When nothing is being transmitted and the far end may not know yet where our
   * packets come from, a few packets of silence tell it (and open the NATs on the way); then the leg is quiet.
   */
  start(stream: StreamParameters, mediaMs: number, now: Instant): void {
    if (this.#stream === undefined) this.#inbound.drain()
    // What came meanwhile is not what the new stream may hear.
    else if (this.#restsUntilMs > 0) this.#inbound.visit(mediaMs, now)
    this.#rouse()
    if (this.#outbound.isOtherSource(stream)) {
      this.#reporting.endSource(mediaMs, now)
      this.#latch.expectOtherSource()
    }
    const couldSend = this.#outbound.maySend
    const hasMoved = isElsewhere(stream, this.#stream)
    this.#useStream(stream, mediaMs)
    const isNewPath = !couldSend || hasMoved
    if (isNewPath && this.#outbound.maySend && !this.#outbound.isBusy)
      this.#outbound.transmit(new SilenceSender(OPENING_PACKETS))
    this.#tape?.useStream(stream, mediaMs)
    this.#bridge?.useStreams(mediaMs)
    this.#seat?.useStream(stream, !this.#jobs.isTransmitting, mediaMs)
    this.#reporting.useStream(stream, now)
    this.#reportingAtMs = mediaMs
  }

  /** Why it cannot go to another engine now, or `undefined`. */
  get releaseObstacle(): string | undefined {
    if (this.#stream === undefined) return `leg ${this.id} has no stream yet`
    if (this.#bridge !== undefined) return `leg ${this.id} is bridged already`
    return this.#room === undefined ? undefined : `leg ${this.id} is in room ${this.#room.id}`
  }

  /** When what it transmits has its next packet, in media time. */
  get nextSlotMs(): number {
    return this.#outbound.nextSlotMs
  }

  /** Leaves everything to a leg of another engine. Nothing is heard or sent any more. */
  surrender(): LegState {
    const jobs = this.#jobs.surrender()
    const state = {
      port: this.port,
      stream: this.#stream!,
      latch: this.#latch.state,
      protection: this.#protection.state,
      inbound: this.#inbound.state,
      outbound: this.#outbound.state,
      reporting: this.#reporting.state,
      tape: this.#tape?.state,
      jobs,
    }
    this.#inbound.release()
    this.#outbound.release()
    return state
  }

  /** Goes on where a leg of another engine was. */
  resume(state: LegState, mediaMs: number, now: Instant): void {
    const { stream } = state
    this.port = state.port
    this.#latch.state = state.latch
    this.#protection.state = state.protection
    this.#reporting.resume(state.reporting, now)
    this.#reporting.bound()
    this.#useStream(stream, mediaMs)
    this.#reporting.useStream(stream, now)
    this.#jobs.resume(state.jobs, stream, mediaMs)
    this.#inbound.state = state.inbound
    this.#outbound.state = state.outbound
    if (state.tape !== undefined) this.tape.state = state.tape
  }

  #useStream(stream: StreamParameters, mediaMs: number): void {
    this.#stream = stream
    this.#latch.signal(stream.remoteAddress, stream.remotePort)
    this.#isOnHold = stream.direction === 'inactive'
    this.#protection.use(stream.srtp)
    const protection = stream.srtp === undefined ? undefined : this.#protection
    this.#inbound.useStream(stream, protection, mediaMs)
    this.#outbound.useStream(stream, protection)
  }

  /** Lets this leg and another hear each other. Neither may have a {@link bridgeObstacle}. */
  bridgeTo(other: Leg, mediaMs: number): void {
    const there = new Relay(this.#inbound, other.#outbound)
    const back = new Relay(other.#inbound, this.#outbound)
    this.#bridge = new Bridge(this, other, there, back)
    other.#bridge = this.#bridge
    this.#restsUntilMs = 0
    other.#restsUntilMs = 0
    this.#bridge.useStreams(mediaMs)
  }

  /** Its far end has pressed a key by signalling, which the leg that it is bridged to presses. */
  relayKey(digit: string, mediaMs: number): void {
    if (unsendableDigit(digit) === undefined) this.#bridge?.pressSignalled(this, digit, mediaMs)
  }

  /** Ends the bridge for both legs and returns the other one, if there was a bridge. */
  unbridge(): Leg | undefined {
    const bridge = this.#bridge
    if (bridge === undefined) return undefined
    const other = bridge.otherThan(this)
    bridge.end()
    this.#bridge = undefined
    other.#bridge = undefined
    return other
  }

  /** Lets this leg and another of its room hear each other as they come, but for keys, until the bridge is ended. */
  pairWith(other: Leg, mediaMs: number): Bridge {
    const there = new Relay(this.#inbound, other.#outbound, false)
    const back = new Relay(other.#inbound, this.#outbound, false)
    const pair = new Bridge(this, other, there, back)
    pair.useStreams(mediaMs)
    return pair
  }

  /** Whether a job transmits, so that it is not sent its room. */
  get isTransmitting(): boolean {
    return this.#jobs.isTransmitting
  }

  /** Takes a seat in a room, in which it only waits until it is told what it may do there. It may not have a {@link mixObstacle}. */
  enterRoom(room: Room, party: MixerParty): void {
    this.#room = room
    this.#seat = new Seat(party, this.#inbound, this.#outbound)
  }

  /** Whether its room visits it. */
  get takesPart(): boolean {
    return this.#seat?.takesPart === true
  }

  /** What it may do in the room that it is in. */
  useRoom(talk: boolean, listen: boolean, keys: string, mediaMs: number): void {
    this.#rouse()
    this.#seat!.allow(talk, listen, keys)
    this.#seat!.useStream(this.#stream!, !this.#jobs.isTransmitting, mediaMs)
  }

  leaveRoom(): void {
    this.#restsUntilMs = 0
    this.#seat?.leave(!this.#jobs.isTransmitting)
    this.#seat = undefined
    this.#room = undefined
  }

  /** Nobody transmits or listens, although nothing may be heard or sent. */
  get #isResting(): boolean {
    return !this.#outbound.isBusy && !this.#inbound.hearing.isListenedTo && this.#tape?.isListenedTo !== true
  }

  /** Reads a little of each object that the first half of a visit needs, see {@link Touch}: nothing of a leg that rests. */
  touchIn(): number {
    return this.#restsUntilMs > 0 ? 0 : this.#inbound.touch()
  }

  /** The same for the second half of a visit. */
  touchOut(): number {
    return this.#restsUntilMs > 0 ? 0 : this.#outbound.touch()
  }

  /** The same of what tells and knows where it sends to, where that was not touched by {@link touchIn} just before. */
  touchWay(): number {
    return this.#restsUntilMs > 0 ? 0 : this.#latch.touch() ^ (this.#workshop.io.touch?.(this.id) ?? 0)
  }

  /** The leg's part of a sub-tick: first in, then out. */
  visit(mediaMs: number, now: Instant): void {
    this.visitIn(mediaMs, now)
    this.visitOut(mediaMs, now)
  }

  /** The first half of a visit. While the leg rests, there is nothing to see to. */
  visitIn(mediaMs: number, now: Instant): void {
    this.#isAsleep = mediaMs < this.#restsUntilMs
    if (this.#isAsleep) return
    this.#restsUntilMs = 0
    this.#inbound.visit(mediaMs, now)
  }

  /** Until when it needs no visits, in media time; 0 while it needs each. */
  get restsUntilMs(): number {
    return this.#restsUntilMs
  }

  #rouse(): void {
    this.#restsUntilMs = 0
    this.#room?.rouse()
  }

  /** The second half. */
  visitOut(mediaMs: number, now: Instant): void {
    if (this.#isAsleep) return
    this.#outbound.visit(mediaMs)
    this.#tape?.visit(mediaMs)
    if (mediaMs >= this.#reportingAtMs) this.#reportingAtMs = mediaMs + this.#reporting.visit(mediaMs, now)
    if (this.#isOnHold && this.#isResting) this.#restsUntilMs = endOfRest(mediaMs)
  }

  /** Says goodbye to the far end. */
  leave(mediaMs: number, now: Instant): void {
    this.#reporting.leave(mediaMs, now)
  }

  /** Begins or stops a job. What cannot be done is `finished` with ERROR at once. */
  do(command: JobCommand, mediaMs: number): void {
    this.#rouse()
    this.#jobs.do(command, this.#stream, mediaMs)
  }

  /** Ends every job: nothing is heard or sent after it. */
  end(cause: JobCause, detail?: string): void {
    this.#jobs.end(cause, detail)
    this.#inbound.release()
    this.#outbound.release()
  }

  statistics(): LegStatistics {
    const { statistics, packetsRefused, undecodable, hearing } = this.#inbound
    const { session, refused } = this.#reporting
    return {
      packetsSent: this.#outbound.packetsSent,
      packetsReceived: statistics.received,
      packetsLost: statistics.lost,
      packetsRefused: packetsRefused + undecodable + refused,
      jitterMs: statistics.jitterMs,
      underruns: hearing.underruns,
      concealedMs: hearing.concealedMs,
      stretchedMs: hearing.stretchedMs,
      jitterBufferMs: hearing.delayMs,
      slotsSkipped: this.#outbound.slotsSkipped,
      playerUnderruns: this.#jobs.playerUnderruns,
      recordedTooLateMs: this.#tape?.tooLateMs ?? 0,
      reportsSent: session?.sent ?? 0,
      reportsReceived: session?.received ?? 0,
      ...(statistics.driftPpm !== undefined && { clockDriftPpm: statistics.driftPpm }),
      ...(session?.roundTripMs !== undefined && { roundTripMs: session.roundTripMs }),
      ...(session?.farEnd !== undefined && { farEnd: session.farEnd }),
      ...(statistics.received > 0 && { quality: this.#quality() }),
    }
  }

  /** The delay is that of the network, of a packet, and of the jitter buffer, ours or the one that would be needed. */
  #quality(): Quality {
    const { received, lost, jitterMs } = this.#inbound.statistics
    const packetMs = this.#stream === undefined ? TICK_MS : packetMsOf(this.#stream)
    return rateCall({
      delayMs:
        (this.#reporting.session?.roundTripMs ?? 0) / 2 +
        packetMs +
        Math.max(this.#inbound.hearing.delayMs, 2 * jitterMs),
      loss: lost / (received + lost),
    })
  }
}

/** 100 ms at 20 ms a packet: the far end latches on the first that comes through. */
export const OPENING_PACKETS = 5

/** The far end wants its packets at another address or port than before. */
function isElsewhere(stream: StreamParameters, before: StreamParameters | undefined): boolean {
  return stream.remoteAddress !== before?.remoteAddress || stream.remotePort !== before.remotePort
}
