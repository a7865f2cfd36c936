import { type Announcement, isMuted, type Party, type PartyId, type RoomSound, type RoomState } from './room-state.ts'

/** What a party hears and whether it is heard. */
export interface PartyEffects {
  /** What is said in the room, or what the party hears while it waits: its file in a loop, or its tone. */
  readonly hears: 'room' | 'waiting'
  readonly talks: boolean
  /** Who hears it, where not all do. */
  readonly audience: readonly PartyId[] | undefined
  readonly volumeDb: number
  /** It is to be bridged to the other talker where that can be. */
  readonly direct?: true
  /** How its room is mixed. */
  readonly sound: RoomSound | undefined
}

/** What the media of a room are to be: nothing else decides about them, so they cannot contradict its state. */
export interface RoomEffects {
  readonly parties: ReadonlyMap<PartyId, PartyEffects>
  /** What all hear beside what is said. */
  readonly announcing: Announcement | undefined
}

/**
 * Derives the media of a room from its state.
 * @param before leaves out the parties whose media in that state were the same: those for which nothing that they follow from has changed
 */
export function roomEffects(state: RoomState, before?: RoomState): RoomEffects {
  const parties = new Map<PartyId, PartyEffects>()
  const isSameRoom = before?.phase === state.phase && before.policy === state.policy
  for (const party of state.parties.values())
    if (!isSameRoom || before.parties.get(party.id) !== party) parties.set(party.id, partyEffects(state, party))
  return { parties, announcing: state.announcements[0] }
}

function partyEffects({ phase, policy: { sound } }: RoomState, party: Party): PartyEffects {
  const { audience, volumeDb } = party
  if (phase !== 'started' || party.isHeld) return { hears: 'waiting', talks: false, audience, volumeDb, sound }
  const isHeard = audience === undefined || audience.length > 0
  const talks = party.rules.mayTalk && !isMuted(party) && isHeard
  return { hears: 'room', talks, audience, volumeDb, sound, ...(party.rules.wantsPair === true && { direct: true }) }
}
