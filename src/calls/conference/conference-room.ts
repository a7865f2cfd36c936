import { UsageError } from '../../kit/index.ts'
import type { Channel } from '../channel.ts'
import { checkTimeout } from '../channel-options.ts'
import type { CallHost } from '../host.ts'
import type { EventOf } from '../numbered-events.ts'
import { checkPlayable } from '../open-media.ts'
import type { MediaToPlay } from '../playable-media.ts'
import { type ConferenceOptions, prepareTexts, takeSettings } from './party-settings.ts'
import type { Reservation, ReservationOptions } from './reservations.ts'
import type { Room } from './room.ts'
import type { RoomHappening, RoomTalk } from './room-happenings.ts'
import type { RoomRecorder } from './room-recorder.ts'
import { isMuted, type MuteOwners, type PartyId, type RoomEvent } from './room-state.ts'
import { assertRoomName } from './rooms.ts'

/** The conference rooms of the exchange, as applications see and moderate them: `app.rooms`. */
export class ConferenceRooms {
  readonly #host: CallHost

  /** @internal */
  constructor(host: CallHost) {
    this.#host = host
  }

  /** A room that somebody is in; `undefined` when nobody is. */
  get(name: string): ConferenceRoom | undefined {
    const room = this.#host.rooms.get(name)
    return room && new ConferenceRoom(this.#host, room)
  }

  /** All rooms that somebody is in. */
  list(): readonly ConferenceRoom[] {
    return this.#host.rooms.all().map((room) => new ConferenceRoom(this.#host, room))
  }

  /**
   * Reserves a room for a time: who comes before it waits as in a stopped room, and when it is over whoever is left is hung
   * up. A room that somebody is in already goes on, and is over with the reservation.
   * @throws UsageError for a name or a time that cannot be, or when the room is reserved already
   */
  reserve(name: string, options: ReservationOptions): Reservation {
    return this.#host.rooms.reserve(name, options)
  }

  /** The reservations that are not over. */
  reservations(): readonly Reservation[] {
    return this.#host.rooms.reservations
  }

  /**
   * Keeps a place in a room for the call of a channel, until it is in a room or has ended: who is answered then comes in.
   * @returns why there is none, such as that the room is full; `undefined` when the place is kept
   * @throws UsageError for what cannot be the name of a room, or a channel without a call
   */
  claim(name: string, channel: Channel): string | undefined {
    assertRoomName('claim', name)
    const { details } = channel
    if (details === undefined || details.hasEnded)
      throw new UsageError(`claim: a place in conference room ${name} is kept for calls, and the channel has none`)
    return this.#host.rooms.claim(name, details.callId)?.text
  }

  /**
   * Has the texts of a party rendered before it is in a room, such as while its call still rings: then none is late.
   * @param options as for `joinConferenceRoom`
   * @param limit.timeoutMs how long to wait for them, 0 not at all; without, as long as it takes. They go on being rendered
   * @returns whether they are there; one that cannot be rendered is not waited for, and the room goes without it
   * @throws UsageError naming what cannot be
   */
  async prepare(options: ConferenceOptions, { timeoutMs }: { readonly timeoutMs?: number } = {}): Promise<boolean> {
    if (timeoutMs !== 0) checkTimeout('prepare', timeoutMs)
    const rendering = prepareTexts(this.#host, takeSettings('prepare', this.#host, options))?.then(() => true)
    if (rendering === undefined || timeoutMs === undefined) return rendering ?? true
    if (timeoutMs === 0) return false
    const patience = new Promise<boolean>((resolve) => {
      const timer = this.#host.timer(() => resolve(false))
      this.#host.post(() => timer.setIn(timeoutMs))
      void rendering.then(() => this.#host.post(() => timer.clear()))
    })
    return Promise.race([rendering, patience])
  }

  /** Why nobody can come into that room now, such as that it is full; `undefined` when somebody can. */
  refusal(name: string): string | undefined {
    return this.#host.rooms.refusal(name)?.text
  }
}

/** A party of a room, as it is at the moment. */
export interface ConferenceParty {
  /** Unique for the life of the exchange; another one when it moves to another room. */
  readonly id: PartyId
  /** `details.callId` of its call. */
  readonly callId: string
  /** The URI of who calls, or of whom we called. */
  readonly who: string
  /** It may talk; otherwise it only listens. */
  readonly isTalker: boolean
  readonly isMuted: boolean
  readonly mutedBy: MuteOwners
  readonly isHeld: boolean
  /** Only these parties hear it, if any; absent when all do. */
  readonly audience?: readonly PartyId[]
  /** As {@link ConferenceRoom.setVolume} has it. */
  readonly volumeDb: number
  /** Wall time, in milliseconds since 1970. */
  readonly enteredAt: number
}

/**
 * A conference room in the hands of a moderator. What it is asked for is done at once in the order of asking; each function
 * resolves with whether there was something to be done: false for a party that has left, or a room that is destroyed.
 */
export class ConferenceRoom {
  readonly name: string
  readonly #host: CallHost
  readonly #room: Room

  /** @internal */
  constructor(host: CallHost, room: Room) {
    this.name = room.name
    this.#host = host
    this.#room = room
  }

  /** `stopped`: nobody hears anybody; `started`; `destroyed`: nobody is there any more. */
  state(): 'stopped' | 'started' | 'destroyed' {
    return this.#room.state.phase
  }

  get isLocked(): boolean {
    return this.#room.state.isLocked
  }

  /** In the order in which they came. */
  get parties(): readonly ConferenceParty[] {
    return [...this.#room.state.parties.values()].flatMap((party) => {
      const { id, rules, mutedBy, isHeld, volumeDb, audience } = party
      const present = this.#room.party(id)
      if (present === undefined) return []
      const { enteredAt, who, leg } = present
      const { callId } = leg.details
      const hearing = {
        isMuted: isMuted(party),
        mutedBy,
        isHeld,
        volumeDb,
        ...(audience !== undefined && { audience }),
      }
      return [{ id, callId, who, isTalker: rules.mayTalk, ...hearing, enteredAt }]
    })
  }

  /** Records what is said and played in the room. */
  get recorder(): RoomRecorder {
    return this.#room.recorder
  }

  /** Listens to events, numbered 1, 2, 3, ... per room. Returns the function that stops it. */
  on<Type extends (RoomHappening | RoomTalk)['type']>(
    type: Type,
    listener: (event: EventOf<RoomHappening | RoomTalk, Type>) => void,
  ): () => void {
    return this.#room.on(type, listener)
  }

  /** The party is not heard until a moderator unmutes it. */
  mute(party: PartyId): Promise<boolean> {
    return this.#do({ type: 'muted', party })
  }

  /** Takes back {@link mute} and {@link lock} for the party. Who muted himself and has a key to unmute himself stays muted. */
  unmute(party: PartyId): Promise<boolean> {
    return this.#do({ type: 'unmuted', party })
  }

  /**
   * How much louder or softer the others hear the party, beside what the room does by itself.
   * @param volumeDb -30..20, 0 as it is
   * @throws UsageError for any other
   */
  async setVolume(party: PartyId, volumeDb: number): Promise<boolean> {
    if (!(volumeDb >= -30 && volumeDb <= 20))
      throw new UsageError(`setVolume: ${volumeDb} dB cannot be: choose from -30 to 20, 0 is as loud as the party is`)
    return this.#do({ type: 'volume', party, volumeDb })
  }

  /** The party hears all, and only the one whom it coaches hears it, until {@link converse}. */
  coach(party: PartyId, coached: PartyId): Promise<boolean> {
    return this.whisper(party, [coached])
  }

  /** Only these hear the party, until {@link converse}; it goes on hearing all. Those who have left hear nothing. */
  async whisper(party: PartyId, to: readonly PartyId[]): Promise<boolean> {
    if (to.includes(party)) throw new UsageError(`whisper: party ${party} cannot whisper to itself`)
    return this.#post(() => {
      if (to.some((id) => this.#room.party(id) === undefined)) return false
      return this.#change({ type: 'addressed', party, audience: [...to] })
    })
  }

  /** The party hears all and nobody hears it, until {@link converse}. */
  monitor(party: PartyId): Promise<boolean> {
    return this.#do({ type: 'addressed', party, audience: [] })
  }

  /** All hear the party again: takes back {@link coach}, {@link whisper} and {@link monitor}. */
  converse(party: PartyId): Promise<boolean> {
    return this.#do({ type: 'addressed', party })
  }

  /** The party neither hears nor is heard, and is played what it hears in a stopped room. */
  hold(party: PartyId): Promise<boolean> {
    return this.#do({ type: 'held', party })
  }

  /** Takes back {@link hold}. */
  retrieve(party: PartyId): Promise<boolean> {
    return this.#do({ type: 'retrieved', party })
  }

  /** Puts the party out of the room and hangs it up. */
  eject(party: PartyId): Promise<boolean> {
    return this.#do({ type: 'left', party, why: 'ejected' })
  }

  /**
   * Takes the party to another room, which is made when it is not there.
   * @returns also false when that room is full
   * @throws UsageError for what cannot be the name of another room
   */
  async move(party: PartyId, to: string): Promise<boolean> {
    assertRoomName('move', to)
    if (to === this.name) throw new UsageError(`move: the party is in room ${to} already`)
    return this.#post(() => {
      if (this.#room.party(party) === undefined) return false
      return this.#host.rooms.move(this.#room, party, to) === undefined
    })
  }

  /** Mutes everybody, also those who come later, whatever digit they press, until {@link unlock}. */
  lock(): Promise<boolean> {
    return this.#do({ type: 'locked' })
  }

  /** Takes back {@link lock}; who was muted otherwise stays so. */
  unlock(): Promise<boolean> {
    return this.#do({ type: 'unlocked' })
  }

  /** Lets all in the room hear a file or a text, after what is announced already; false in a room that is not started. */
  async announce(media: MediaToPlay): Promise<boolean> {
    checkPlayable(this.#host, media)
    return this.#post(() => this.#room.announce(media))
  }

  /**
   * Lets only one party hear a file or a text, instead of the room, which goes on hearing the party.
   * @returns whether it was heard to its end, once it has ended
   */
  async tell(party: PartyId, media: MediaToPlay): Promise<boolean> {
    const checked = checkPlayable(this.#host, media)
    return new Promise((resolve) => {
      this.#host.post(() => {
        const present = this.#room.party(party)
        if (present === undefined) resolve(false)
        else present.tell(checked, resolve)
      })
    })
  }

  /** Hangs everybody up. */
  destroy(): Promise<boolean> {
    return this.#do({ type: 'destroyed' })
  }

  #do(event: RoomEvent): Promise<boolean> {
    return this.#post(() => this.#change(event))
  }

  #change(event: RoomEvent): boolean {
    const before = this.#room.state
    this.#room.handle(event)
    return this.#room.state !== before
  }

  #post(action: () => boolean): Promise<boolean> {
    return new Promise((resolve) => {
      this.#host.post(() => resolve(action()))
    })
  }
}
