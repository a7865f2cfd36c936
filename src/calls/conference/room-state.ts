/** Who is in a room: chosen by whoever brings the party, unique for the life of the exchange. */
export type PartyId = number

/** How a party was configured, as far as the course of the room depends on it. */
export interface PartyRules {
  /** The room may start when this party is in. */
  readonly startsRoom: boolean
  /** The room is destroyed when this party leaves. */
  readonly endsRoom: boolean
  /** It is a talker; otherwise it only listens. */
  readonly mayTalk: boolean
  readonly startsMuted: boolean
  /** It wants to be bridged to the other talker, as long as there are two and both want that. */
  readonly wantsPair?: boolean
  /** Digits `0-9 * #` that mean something. The same one to mute and to unmute toggles. */
  readonly exitDigit?: string | undefined
  readonly muteDigit?: string | undefined
  readonly unmuteDigit?: string | undefined
  /** What the room is told of its coming and going. */
  readonly beeps: boolean
  readonly announcesEntry: boolean
  readonly announcesExit: boolean
}

/** Who has muted a party: it is heard again when none of them mutes it any more. */
export interface MuteOwners {
  /** The party, by its digit, or because it came in muted. */
  readonly self: boolean
  readonly moderator: boolean
  /** The room is locked. */
  readonly lock: boolean
}

export interface Party {
  readonly id: PartyId
  readonly rules: PartyRules
  readonly mutedBy: MuteOwners
  /** A moderator lets it wait outside of what is said. */
  readonly isHeld: boolean
  /** Who hears it, where that is not everybody: one whom nobody hears only listens. */
  readonly audience?: readonly PartyId[] | undefined
  /** How much louder or softer than it is the others hear it, in dB. */
  readonly volumeDb: number
}

/** Why a party is in a room no more. */
export type LeaveReason = 'hangUp' | 'exitDigit' | 'retrieved' | 'moved' | 'ejected' | 'destroyed' | 'failed'

/** What all in a room hear once, whole. */
export interface Announcement {
  /** The number of the event that made it, and its place among those of that event. */
  readonly id: string
  /** `message`: what an application lets the room hear. */
  readonly kind: 'beep' | 'entry' | 'exit' | 'message'
  /** Whom it is about; absent for a message. */
  readonly party?: PartyId
}

/** What holds for all parties of a room. */
export interface RoomPolicy {
  /** How many may be in it. */
  readonly mostParties: number
  /** With more parties than this, nobody's coming and going is announced. */
  readonly quietAfterParties: number
  /** Whether a party may unmute itself whom a moderator has muted. */
  readonly partiesMayUnmute: boolean
  /** How it is mixed. */
  readonly sound?: RoomSound
}

/** How a room is mixed. */
export interface RoomSound {
  /** How many are heard who talk at once: the loudest. */
  readonly mostTalkers: number
  /** Whether noise is heard while nobody talks. */
  readonly comfortNoise: boolean
  /** Whether who talks softly or loudly is brought nearer to the others. */
  readonly automaticLevel: boolean
}

export interface RoomState {
  readonly phase: 'stopped' | 'started' | 'destroyed'
  readonly policy: RoomPolicy
  /** The number of the last event that changed anything. */
  readonly sequence: number
  readonly isLocked: boolean
  /** Its time has not come: it does not start. */
  readonly isHolding: boolean
  /** A party that ends the room has left, and the rest still hear so: when they have, it is destroyed. */
  readonly isEnding: boolean
  /** In the order in which they came. */
  readonly parties: ReadonlyMap<PartyId, Party>
  /** In the order in which they are heard; the first of them is being heard. */
  readonly announcements: readonly Announcement[]
}

export type RoomEvent =
  | { readonly type: 'joined'; readonly party: PartyId; readonly rules: PartyRules }
  | { readonly type: 'left'; readonly party: PartyId; readonly why: Exclude<LeaveReason, 'exitDigit' | 'destroyed'> }
  | { readonly type: 'digit'; readonly party: PartyId; readonly digit: string }
  /** By a moderator, as the next four. */
  | { readonly type: 'muted' | 'unmuted'; readonly party: PartyId }
  | { readonly type: 'held' | 'retrieved'; readonly party: PartyId }
  /** Only these are to hear it; without an audience all are. */
  | { readonly type: 'addressed'; readonly party: PartyId; readonly audience?: readonly PartyId[] }
  | { readonly type: 'volume'; readonly party: PartyId; readonly volumeDb: number }
  | { readonly type: 'locked' | 'unlocked' }
  /** Its time has come: it may start. */
  | { readonly type: 'opened' }
  /** It is to be like this from now on; whoever is in it stays. */
  | { readonly type: 'governed'; readonly policy: RoomPolicy }
  | { readonly type: 'destroyed' }
  /** Something is to be heard by all. */
  | { readonly type: 'message'; readonly id: string }
  /** An announcement has been heard, or could not be. */
  | { readonly type: 'announced'; readonly id: string }

export const EMPTY_ROOM: Omit<RoomState, 'policy'> = {
  phase: 'stopped',
  sequence: 0,
  isLocked: false,
  isHolding: false,
  isEnding: false,
  parties: new Map(),
  announcements: [],
}

export function isMuted({ mutedBy }: Party): boolean {
  return mutedBy.self || mutedBy.moderator || mutedBy.lock
}

/** Whether another party may come in. */
export function hasPlace({ phase, isEnding, policy, parties }: RoomState): boolean {
  return phase !== 'destroyed' && !isEnding && parties.size < policy.mostParties
}

/** What a digit of a party means to its room, if anything. */
export function meaningOf(digit: string, party: Party): 'exit' | 'mute' | 'unmute' | undefined {
  const { exitDigit, muteDigit, unmuteDigit } = party.rules
  if (digit === exitDigit) return 'exit'
  if (digit === muteDigit && digit === unmuteDigit) return isMuted(party) ? 'unmute' : 'mute'
  if (digit === muteDigit) return 'mute'
  return digit === unmuteDigit ? 'unmute' : undefined
}
