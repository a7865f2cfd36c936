import type { LegId, RoomId, TalkerChange } from '../../media/index.ts'
import type { CallHost } from '../host.ts'
import type { Leg } from '../leg.ts'
import { type EventOf, NumberedEvents } from '../numbered-events.ts'
import { checkPlayable } from '../open-media.ts'
import type { FileToPlay, MediaToPlay, TextToSay } from '../playable-media.ts'
import { Announcer, type Pieces } from './announcer.ts'
import type { PartySettings } from './party-settings.ts'
import type { RecordedParty, RecordedRoom } from './recorded-room.ts'
import { roomEffects } from './room-effects.ts'
import { happenings, type RoomHappening, type RoomTalk } from './room-happenings.ts'
import { RoomParty } from './room-party.ts'
import { RoomRecorder } from './room-recorder.ts'
import { reduceRoom } from './room-reducer.ts'
import {
  type Announcement,
  EMPTY_ROOM,
  type LeaveReason,
  meaningOf,
  type PartyId,
  type RoomEvent,
  type RoomPolicy,
  type RoomState,
} from './room-state.ts'
import { Talkers } from './talkers.ts'

/** Who comes into a room, and what it wants to hear of its stay. */
export interface Guest {
  readonly leg: Leg
  readonly settings: PartySettings
  /** The media engine has let it in. */
  onIn(): void
  onLeft(why: LeaveReason): void
  /** It is in another room, as another party. */
  onMoved(room: Room, party: PartyId): void
  /** @param isSelf it has happened to this party */
  onHappening(happening: RoomHappening, room: Room, isSelf: boolean): void
}

/**
 * A conference room: its state, and the media and parties that follow it. Everything that happens is an event for the
 * reducer; what media are to be is derived from the state that follows, whatever the event was.
 */
export class Room implements RecordedRoom {
  readonly name: string
  readonly id: RoomId
  readonly host: CallHost
  readonly recorder: RoomRecorder
  readonly #events: NumberedEvents<RoomHappening | RoomTalk>
  readonly #talkers: Talkers
  readonly #parties = new Map<PartyId, RoomParty>()
  readonly #announcer: Announcer
  /** What is still to be announced, also of parties that have left. */
  readonly #pieces = new Map<string, Pieces>()
  /** Whose legs are in it, or have just left. */
  readonly #legs = new Map<LegId, RecordedParty>()
  readonly #onDestroyed: Set<() => void>
  #state: RoomState
  /** What waits for the media engine to have the room; `undefined` when it does. */
  #whenMixed: (() => void)[] | undefined = []

  /** @param isHolding its time has not come */
  constructor(host: CallHost, name: string, policy: RoomPolicy, isHolding: boolean, onDestroyed: () => void) {
    this.name = name
    this.id = host.nextId()
    this.host = host
    this.#onDestroyed = new Set([onDestroyed])
    this.#state = { ...EMPTY_ROOM, policy, isHolding }
    this.#events = new NumberedEvents(() => host.wallTimeMs())
    this.#talkers = new Talkers(host, this.id, (changes) => this.#tellTalkers(changes))
    this.#announcer = new Announcer(
      host,
      this.id,
      ({ id }) => this.#pieces.get(id) ?? [],
      (id) => this.handle({ type: 'announced', id }),
    )
    this.recorder = new RoomRecorder(this)
  }

  get state(): RoomState {
    return this.#state
  }

  get isDestroyed(): boolean {
    return this.#state.phase === 'destroyed'
  }

  onDestroyed(listener: () => void): () => void {
    this.#onDestroyed.add(listener)
    return () => this.#onDestroyed.delete(listener)
  }

  whenMixed(action: () => void): void {
    if (this.#whenMixed === undefined) action()
    else this.#whenMixed.push(action)
  }

  partyOf(leg: LegId): RecordedParty | undefined {
    return this.#legs.get(leg)
  }

  /** A leg that is in it: others that are opened beside that one can come in. */
  get near(): LegId | undefined {
    const [party] = this.#parties.values()
    return party?.leg.media.id
  }

  /** Listens to events. Returns the function that stops it. */
  on<Type extends (RoomHappening | RoomTalk)['type']>(
    type: Type,
    listener: (event: EventOf<RoomHappening | RoomTalk, Type>) => void,
  ): () => void {
    const forget = this.#events.on(type, listener)
    this.host.post(() => this.#watchTalkers())
    return () => {
      forget()
      this.host.post(() => this.#watchTalkers())
    }
  }

  party(id: PartyId): RoomParty | undefined {
    return this.#parties.get(id)
  }

  /** Lets a call in, for which there is a place. @returns its id in the room */
  enter(guest: Guest): PartyId {
    const id = this.host.nextId()
    const onMixed = (): void => this.#mixed()
    const party = new RoomParty(this.host, this.id, guest, onMixed, () => this.#fail(id))
    this.#parties.set(id, party)
    this.#remember(id, party)
    this.handle({ type: 'joined', party: id, rules: guest.settings.rules })
    return id
  }

  /** A party presses a key. @returns whether it means something here, so that it is nobody else's */
  press(id: PartyId, digit: string): boolean {
    const party = this.#state.parties.get(id)
    if (party === undefined || meaningOf(digit, party) === undefined) return false
    this.handle({ type: 'digit', party: id, digit })
    return true
  }

  /**
   * Lets all hear a file or a text, after what is announced already.
   * @returns false when the room is stopped: nobody would hear it
   */
  announce(media: MediaToPlay): boolean {
    if (this.#state.phase !== 'started') return false
    const id = `m${this.host.nextId()}`
    this.#pieces.set(id, [checkPlayable(this.host, media)])
    this.handle({ type: 'message', id })
    return true
  }

  handle(event: RoomEvent): void {
    const before = this.#state
    const after = reduceRoom(before, event)
    if (after === before) return
    this.#state = after
    const happened = happenings(before, event, after)
    this.#keepPieces(before, after)
    this.#follow(before)
    for (const each of happened) this.#tell(each)
    if (after.phase === 'destroyed') for (const listener of [...this.#onDestroyed]) listener()
  }

  /** Media become what the state says. */
  #follow(before: RoomState): void {
    const { parties, announcing } = roomEffects(this.#state, before)
    const legOf = (party: PartyId) => this.#parties.get(party)?.leg.media.id
    for (const [id, effects] of parties) this.#parties.get(id)?.follow(effects, legOf)
    this.#announcer.be(announcing, () => this.mostHz)
  }

  get mostHz(): 8000 | 16_000 {
    return [...this.#parties.values()].some(({ leg }) => leg.media.sampleRateHz === 16_000) ? 16_000 : 8000
  }

  #tell(happening: RoomHappening): void {
    if (happening.type === 'mixed')
      this.host.logger.warn(
        { room: this.name },
        'a third talker has come into a room of two: all are mixed from now on',
      )
    const about = 'party' in happening ? happening.party : undefined
    for (const [id, party] of this.#parties) {
      party.guest.onHappening(happening, this, id === about)
      if (id === about) confirm(happening, party)
    }
    this.#emit(happening)
    if (happening.type !== 'left') return
    const party = this.#parties.get(happening.party)
    this.#parties.delete(happening.party)
    party?.leave()
    party?.guest.onLeft(happening.why)
  }

  #emit(event: RoomHappening | RoomTalk): void {
    this.#events.emit(event, (error) =>
      this.host.logger.error({ err: error, room: this.name }, 'a listener to the events of a room threw'),
    )
  }

  #mixed(): void {
    const waiting = this.#whenMixed ?? []
    this.#whenMixed = undefined
    for (const action of waiting) action()
    this.#watchTalkers()
  }

  /** Of those who have left only the latest: what was recorded of them may still come. */
  #remember(party: PartyId, { leg, who }: RoomParty): void {
    this.#legs.set(leg.media.id, { party, callId: leg.details.callId, who })
    if (this.#legs.size <= this.#parties.size + MOST_WHO_LEFT) return
    for (const [id, { party }] of this.#legs) if (!this.#parties.has(party)) this.#legs.delete(id)
  }

  #watchTalkers(): void {
    const isWanted = TALK.some((type) => this.#events.isListenedTo(type))
    this.#talkers.watch(isWanted && this.#whenMixed === undefined && !this.isDestroyed)
  }

  #tellTalkers(changes: readonly TalkerChange[]): void {
    for (const { of, what, levelDbm0 } of changes) {
      const party = this.#legs.get(of)?.party
      if (party === undefined || !this.#parties.has(party)) continue
      this.#emit(what === 'ended' ? { type: TALK_OF[what], party } : { type: TALK_OF[what], party, levelDbm0 })
    }
  }

  /** What is new in the queue is remembered, and what is not there any more forgotten. */
  #keepPieces(before: RoomState, { announcements }: RoomState): void {
    for (const each of announcements)
      if (!before.announcements.includes(each) && each.party !== undefined)
        this.#pieces.set(each.id, piecesOf(each, this.#parties.get(each.party)?.guest.settings))
    for (const id of this.#pieces.keys()) if (!announcements.some((each) => each.id === id)) this.#pieces.delete(id)
  }

  #fail(id: PartyId): void {
    this.handle({ type: 'left', party: id, why: 'failed' })
  }
}

const TALK_OF = { began: 'talking', level: 'talkingLevel', ended: 'silent' } as const
const TALK = Object.values(TALK_OF)
const MOST_WHO_LEFT = 64

/** Tells a party that it has been muted or unmuted, where it was configured so. */
function confirm({ type }: RoomHappening, party: RoomParty): void {
  const { muted, unmuted } = party.guest.settings
  const media = type === 'muted' ? muted : type === 'unmuted' ? unmuted : undefined
  if (media !== undefined) party.tell(media)
}

function piecesOf({ kind }: Announcement, settings: PartySettings | undefined): Pieces {
  if (kind === 'beep') return ['beep']
  const { prefix, entry, exit } = settings ?? {}
  const pieces = kind === 'entry' ? [prefix, entry] : [exit, prefix]
  return pieces.filter((piece): piece is FileToPlay | TextToSay => piece !== undefined)
}
