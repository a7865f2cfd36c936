import { leftBecause } from './room-reducer.ts'
import { isMuted, type LeaveReason, type Party, type PartyId, type RoomEvent, type RoomState } from './room-state.ts'

/** What an event has brought about in a room, as applications hear of it. */
export type RoomHappening =
  | { readonly type: 'entered'; readonly party: PartyId }
  | { readonly type: 'left'; readonly party: PartyId; readonly why: LeaveReason }
  /** It may be heard no more, or again, whoever has muted it. */
  | { readonly type: 'muted' | 'unmuted'; readonly party: PartyId }
  | { readonly type: 'held' | 'retrieved'; readonly party: PartyId }
  | { readonly type: 'locked' | 'unlocked' }
  | { readonly type: 'started' | 'stopped' | 'destroyed' }
  /** A third talker has come: two who were bridged (`twoPartyOptimisation`) are mixed from now on. */
  | { readonly type: 'mixed'; readonly party: PartyId }

/**
 * Who talks in a room: said at most five times a second of each party, and only while somebody listens. Talk is what is
 * above -40 dBm0 for 60 ms and more; it goes on through pauses of half a second. Whoever leaves talks no more.
 */
export type RoomTalk =
  | { readonly type: 'talking'; readonly party: PartyId; readonly levelDbm0: number }
  /** It goes on, 3 dB or more louder or softer than was said. */
  | { readonly type: 'talkingLevel'; readonly party: PartyId; readonly levelDbm0: number }
  | { readonly type: 'silent'; readonly party: PartyId }

/** Everything that differs between a room before and after an event, who came and went first. */
export function happenings(before: RoomState, event: RoomEvent, after: RoomState): readonly RoomHappening[] {
  if (before === after) return []
  const happened: RoomHappening[] = []
  for (const party of after.parties.values()) {
    const earlier = before.parties.get(party.id)
    if (earlier === undefined) happened.push({ type: 'entered', party: party.id })
    if (earlier === party) continue
    if (isMuted(party) !== (earlier !== undefined && isMuted(earlier)))
      happened.push({ type: isMuted(party) ? 'muted' : 'unmuted', party: party.id })
    if (earlier !== undefined && party.isHeld !== earlier.isHeld)
      happened.push({ type: party.isHeld ? 'held' : 'retrieved', party: party.id })
  }
  for (const party of before.parties.keys())
    if (!after.parties.has(party)) happened.push({ type: 'left', party, why: leftBecause(event, party) })
  if (before.isLocked !== after.isLocked) happened.push({ type: after.isLocked ? 'locked' : 'unlocked' })
  if (before.phase !== after.phase) happened.push({ type: after.phase })
  if (event.type === 'joined' && isPair(before) && talkersOf(after).length === 3)
    happened.push({ type: 'mixed', party: event.party })
  return happened
}

function isPair(state: RoomState): boolean {
  const talkers = talkersOf(state)
  return state.phase === 'started' && talkers.length === 2 && talkers.every(({ rules }) => rules.wantsPair === true)
}

function talkersOf({ parties }: RoomState): Party[] {
  return [...parties.values()].filter(({ rules }) => rules.mayTalk)
}
