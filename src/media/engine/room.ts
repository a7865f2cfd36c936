import type { Instant } from '../../kit/index.ts'
import { MIXER_FRAME, Mixer } from '../node/mixer.ts'
import { MixerParty } from '../node/mixer-party.ts'
import type { Bridge } from './bridge.ts'
import type { JobCause, LegId, MediaCommand, RoomId } from './control.ts'
import type { Leg } from './leg.ts'
import { endOfRest } from './rest.ts'
import type { RoomVoice } from './room-voice.ts'
import { TICK_MS } from './schedule.ts'
import { Touch } from './touch.ts'
import type { Workshop } from './workshop.ts'

type MixCommand = Extract<MediaCommand, { type: 'mix' }>

/** Hears each round of a room, and knows who is in it. */
export interface RoomListener {
  /** Whether rounds are to go on also when all legs rest. */
  readonly needsRounds: boolean
  /** A leg is in the room, or has come in. */
  enter(leg: LegId, party: MixerParty): void
  leave(leg: LegId): void
  /** @returns why it is over with this round, `undefined` when it is not */
  hearRound(mixer: Mixer, mediaMs: number): JobCause | undefined
  end(cause: JobCause, detail?: string): void
}

/**
 * Legs that are mixed. They are visited together: first all are heard, then the round is mixed, then all are sent it, so
 * the room adds no delay of its own to that of the jitter buffers.
 */
export class Room {
  readonly id: RoomId
  /** Whether it is to be visited each 10 ms, for the packets of some legs. */
  hasHalfTicks = false
  readonly #workshop: Workshop
  readonly #mixer: Mixer
  /** Those who talk or listen. Who only waits hears something of its own, and is visited as if it were in no room. */
  readonly #legs: Leg[] = []
  /** What is heard beside what the legs say. */
  readonly #voices: RoomVoice[] = []
  readonly #listeners: RoomListener[] = []
  readonly #parties = new Map<Leg, MixerParty>()
  /** Who hears a leg, where not all do. */
  readonly #audiences = new Map<LegId, readonly LegId[]>()
  /** Those who want to be passed on as they come, and the two who are. */
  readonly #direct = new Set<Leg>()
  #pair: Bridge | undefined
  #paired: readonly Leg[] = []
  readonly #touch = new Touch()
  readonly #onBroken: (leg: Leg, error: unknown) => void
  #nextRoundMs = 0
  /** Until when it needs no visits because all its legs rest, in media time; 0 while it needs each. */
  #restsUntilMs = 0

  /** @param onBroken ends a leg for which something cannot be: the others never notice */
  constructor(id: RoomId, workshop: Workshop, onBroken: (leg: Leg, error: unknown) => void) {
    this.id = id
    this.#workshop = workshop
    this.#mixer = new Mixer(workshop.kernels, workshop.codecs)
    this.#onBroken = onBroken
  }

  /** Legs in it. */
  get size(): number {
    return this.#parties.size
  }

  /** Legs that it visits. */
  get load(): number {
    return this.#legs.length
  }

  /** Two who talk are passed on to each other where both want that; mixed are they for those who only listen, or hear the room. */
  #seeToPair(mediaMs: number): void {
    if (this.#pair !== undefined || this.#direct.size < 2 || this.#voices.length > 0) return
    let [first, second]: (Leg | undefined)[] = []
    for (let i = 0; i < this.#legs.length; i++) {
      const leg = this.#legs[i]!
      if (leg.seat?.talks !== true) continue
      const wantsPair = this.#direct.has(leg) && leg.seat.listens && !leg.seat.keepsTones && !leg.isTransmitting
      if (!wantsPair || second !== undefined) return
      if (first === undefined) first = leg
      else second = leg
    }
    if (first === undefined || second === undefined) return
    this.#pair = first.pairWith(second, mediaMs)
    this.#paired = [first, second]
    const isOnlyPair = this.#legs.length === 2 && this.#listeners.length === 0
    for (const { seat } of this.#paired) seat?.spare(isOnlyPair, mediaMs)
  }

  #endPair(): void {
    if (this.#pair === undefined) return
    this.#pair.end()
    this.#pair = undefined
    for (const { seat } of this.#paired) {
      seat?.spare(false, this.#nextRoundMs - TICK_MS)
      seat?.resume()
    }
    this.#paired = []
  }

  add(leg: Leg): void {
    const party = new MixerParty(this.#mixer)
    this.#parties.set(leg, party)
    this.rouse()
    leg.enterRoom(this, party)
    for (const listener of this.#listeners) listener.enter(leg.id, party)
  }

  /** Visits a leg that is in it from now on. */
  takeIn(leg: Leg): void {
    this.#legs.push(leg)
  }

  /** Visits it no more. */
  letOut(leg: Leg): void {
    const index = this.#legs.indexOf(leg)
    if (index < 0) return
    const last = this.#legs.pop()!
    if (last !== leg) this.#legs[index] = last
  }

  /** Sees to how a leg that is in it is heard, by whom, and how all is mixed. */
  arrange(leg: Leg, { audience, volumeDb = 0, automaticLevel = false, direct = false, mixing }: MixCommand): void {
    if (direct && audience === undefined && volumeDb === 0) this.#direct.add(leg)
    else this.#direct.delete(leg)
    const party = this.#parties.get(leg)!
    party.useLevel(volumeDb, automaticLevel)
    if (mixing?.mostTalkers !== undefined) this.#mixer.mostTalkers = mixing.mostTalkers
    if (mixing?.comfortNoise !== undefined)
      this.#mixer.noise = mixing.comfortNoise ? this.#workshop.roomNoise : undefined
    if (audience === undefined && this.#audiences.size === 0) return
    party.isPrivate = audience !== undefined
    if (audience === undefined) this.#audiences.delete(leg.id)
    else this.#audiences.set(leg.id, audience)
    this.#whisper()
  }

  /** Those who speak to some only are heard by each of these beside the mix. */
  #whisper(): void {
    const whisperers = [...this.#parties].filter(([{ id }]) => this.#audiences.has(id))
    for (const [{ id }, party] of this.#parties)
      party.whispers = whisperers
        .filter(([whisperer]) => whisperer.id !== id && this.#audiences.get(whisperer.id)!.includes(id))
        .map(([, whisperer]) => whisperer)
  }

  /** Lets all hear something, which is told of its end. */
  hear(makeVoice: (party: MixerParty, isWide: boolean) => RoomVoice): RoomVoice {
    const voice = makeVoice(new MixerParty(this.#mixer), this.#mixer.gatheringLength !== MIXER_FRAME)
    this.#voices.push(voice)
    this.rouse()
    return voice
  }

  /** Ends what {@link hear} has begun. */
  silence(voice: RoomVoice, cause: JobCause, detail?: string): void {
    this.#voices.splice(this.#voices.indexOf(voice), 1)
    voice.end(cause, detail)
  }

  /** Lets somebody hear its rounds from now on. */
  attach(listener: RoomListener): void {
    this.#listeners.push(listener)
    for (const [leg, party] of this.#parties) listener.enter(leg.id, party)
    this.rouse()
  }

  /** Ends what {@link attach} has begun. */
  detach(listener: RoomListener, cause: JobCause, detail?: string): void {
    const index = this.#listeners.indexOf(listener)
    if (index < 0) return
    this.#listeners.splice(index, 1)
    listener.end(cause, detail)
  }

  /** How long the sound of its legs waits before it is mixed, at most, in milliseconds. */
  get delayMs(): number {
    return Math.max(0, ...this.#legs.map((leg) => leg.hearingDelayMs))
  }

  /** Takes out a leg that is in it. */
  remove(leg: Leg): void {
    this.#endPair()
    this.#direct.delete(leg)
    for (const listener of this.#listeners) listener.leave(leg.id)
    this.#parties.delete(leg)
    if (this.#audiences.delete(leg.id)) this.#whisper()
    leg.leaveRoom()
    this.letOut(leg)
  }

  /** Looks at the legs again: whether visits of another kind are needed than before. */
  needsOtherVisits(): boolean {
    const before = this.hasHalfTicks
    this.hasHalfTicks = this.#legs.some((leg) => leg.needsHalfTicks)
    return before !== this.hasHalfTicks
  }

  /** Something has changed for a leg of it. */
  rouse(): void {
    this.#endPair()
    if (this.#restsUntilMs === 0) return
    this.#restsUntilMs = 0
    for (const party of this.#parties.values()) party.forget()
  }

  /** The room's part of a sub-tick: a round each 20 ms, and only packets that are due in between. */
  visit(mediaMs: number, now: Instant): void {
    if (mediaMs < this.#restsUntilMs) return
    this.#restsUntilMs = 0
    const isRound = mediaMs >= this.#nextRoundMs
    if (isRound) this.#round(mediaMs, now)
    for (let i = this.#legs.length - 1; i >= 0; i--) {
      this.#touch.beforeOut(this.#legs, i)
      const leg = this.#legs[i]!
      if (!isRound && !leg.needsHalfTicks) continue
      try {
        leg.visitOut(mediaMs, now)
      } catch (error) {
        this.#onBroken(leg, error)
      }
    }
    if (isRound) this.#restWithAll(mediaMs)
  }

  #restWithAll(mediaMs: number): void {
    if (this.#voices.length > 0) return
    for (let i = 0; i < this.#listeners.length; i++) if (this.#listeners[i]!.needsRounds) return
    let untilMs = endOfRest(mediaMs)
    for (let i = 0; i < this.#legs.length; i++) untilMs = Math.min(untilMs, this.#legs[i]!.restsUntilMs)
    this.#restsUntilMs = untilMs
  }

  /** Nobody is in it any more. */
  end(): void {
    for (const voice of [...this.#voices]) this.silence(voice, 'ABORTED')
    for (const listener of [...this.#listeners]) this.detach(listener, 'ABORTED')
    this.#mixer.release()
  }

  /** Backwards, because a leg that fails is taken out and the last one takes its place. */
  #round(mediaMs: number, now: Instant): void {
    this.#nextRoundMs = mediaMs + TICK_MS
    if (this.#direct.size > 1) this.#seeToPair(mediaMs)
    for (let i = this.#legs.length - 1; i >= 0; i--) {
      this.#touch.beforeIn(this.#legs, i)
      const leg = this.#legs[i]!
      try {
        leg.visitIn(mediaMs, now)
      } catch (error) {
        this.#onBroken(leg, error)
      }
    }
    if (this.size === 0) return
    for (let i = this.#voices.length - 1; i >= 0; i--) this.#letSpeak(this.#voices[i]!)
    this.#mixer.mix()
    for (let i = this.#listeners.length - 1; i >= 0; i--) this.#letHear(this.#listeners[i]!, mediaMs)
  }

  #letHear(listener: RoomListener, mediaMs: number): void {
    try {
      const cause = listener.hearRound(this.#mixer, mediaMs)
      if (cause !== undefined) this.detach(listener, cause)
    } catch (error) {
      this.detach(listener, 'ERROR', error instanceof Error ? error.message : String(error))
    }
  }

  /** One that cannot go on ends by itself: the legs never notice. */
  #letSpeak(voice: RoomVoice): void {
    try {
      if (!voice.speak()) this.silence(voice, 'NORMAL')
    } catch (error) {
      this.silence(voice, 'ERROR', error instanceof Error ? error.message : String(error))
    }
  }
}
