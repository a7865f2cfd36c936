import {
  type Announcement,
  hasPlace,
  type LeaveReason,
  type MuteOwners,
  meaningOf,
  type Party,
  type PartyId,
  type PartyRules,
  type RoomEvent,
  type RoomPolicy,
  type RoomState,
} from './room-state.ts'

/**
 * A room after an event: a pure function, so that a room is what has happened in it and nothing else.
 *
 *                +------------ fewer than two left, or none who starts ------------+
 *                v                                                                 |
 *     joined -> stopped -- two or more, one who starts, one who may talk --> started
 *                |                                                                 |
 *                +------- the last one, or one who ends the room, has left --------+--> destroyed
 *
 * A room whose time has not come is stopped. When one who ends a started room wants his going announced, it is destroyed when that was heard.
 * What changes nothing (a party that is not there, a room that is destroyed or full) gives the same object again.
 */
export function reduceRoom(state: RoomState, event: RoomEvent): RoomState {
  if (state.phase === 'destroyed') return state
  switch (event.type) {
    case 'joined':
      return hasPlace(state) && !state.parties.has(event.party) ? join(state, event) : state
    case 'destroyed':
      return destroy(state)
    case 'locked':
    case 'unlocked':
      return lock(state, event.type === 'locked')
    case 'opened':
      return state.isHolding ? withParties({ ...state, isHolding: false }, state.parties) : state
    case 'governed':
      return isSame(event.policy, state.policy) ? state : next(state, { policy: event.policy })
    case 'message':
      return state.phase === 'started' && !state.isEnding
        ? announce(next(state), [{ id: event.id, kind: 'message' }])
        : state
    case 'announced':
      return state.announcements[0]?.id === event.id ? announced(state) : state
  }
  const party = state.parties.get(event.party)
  if (party === undefined) return state
  switch (event.type) {
    case 'left':
      return leave(state, party)
    case 'digit':
      return press(state, party, event.digit)
    case 'muted':
      return mute(state, party, { moderator: true })
    case 'unmuted':
      return mute(state, party, { moderator: false, lock: false, ...(!canUnmuteItself(party) && { self: false }) })
    case 'held':
    case 'retrieved':
      return replace(state, { ...party, isHeld: event.type === 'held' })
    case 'addressed':
      return replace(state, { ...party, audience: event.audience })
    case 'volume':
      return replace(state, { ...party, volumeDb: event.volumeDb })
  }
}

/** Why a party that was in a room before `event` is not there after it. */
export function leftBecause(event: RoomEvent, party: PartyId): LeaveReason {
  if (!('party' in event) || event.party !== party) return 'destroyed'
  return event.type === 'left' ? event.why : 'exitDigit'
}

function join(state: RoomState, { party: id, rules }: Extract<RoomEvent, { type: 'joined' }>): RoomState {
  const mutedBy = { self: rules.startsMuted, moderator: false, lock: state.isLocked }
  const joined = withParties(
    state,
    new Map([...state.parties, [id, { id, rules, mutedBy, isHeld: false, volumeDb: 0 }]]),
  )
  return announce(joined, [
    ...(rules.beeps ? [{ id: `${joined.sequence}b`, kind: 'beep', party: id } as const] : []),
    ...(rules.announcesEntry ? [{ id: `${joined.sequence}`, kind: 'entry', party: id } as const] : []),
  ])
}

function leave(state: RoomState, { id, rules }: Party): RoomState {
  if (state.parties.size === 1) return destroy(state)
  const parties = new Map(state.parties)
  parties.delete(id)
  if (rules.endsRoom || state.isEnding) return endWith(next(state, { parties }), id, rules)
  const left = withParties(state, parties)
  return announce(left, rules.announcesExit ? [{ id: `${left.sequence}`, kind: 'exit', party: id }] : [])
}

/** Whoever is left hears that the one has gone who ends the room, if he wanted them to, and then is put out. */
function endWith(state: RoomState, party: PartyId, { announcesExit }: PartyRules): RoomState {
  if (state.isEnding) return state
  const announcement = { id: `${state.sequence}`, kind: 'exit', party } as const
  const ending = announcesExit ? announce(state, [announcement]) : state
  return ending === state ? destroyed(state) : { ...ending, isEnding: true }
}

/** The first announcement has been heard. */
function announced(state: RoomState): RoomState {
  const after = next(state, { announcements: state.announcements.slice(1) })
  return after.isEnding && after.announcements.length === 0 ? destroyed(after) : after
}

function press(state: RoomState, party: Party, digit: string): RoomState {
  switch (meaningOf(digit, party)) {
    case 'exit':
      return leave(state, party)
    case 'mute':
      return mute(state, party, { self: true })
    case 'unmute':
      return mute(state, party, { self: false, ...(state.policy.partiesMayUnmute && { moderator: false }) })
    case undefined:
      return state
  }
}

/** Who has no key for it would be muted for ever when his moderator could not unmute him. */
function canUnmuteItself({ rules }: Party): boolean {
  return rules.unmuteDigit !== undefined
}

function mute(state: RoomState, party: Party, change: Partial<MuteOwners>): RoomState {
  return replace(state, { ...party, mutedBy: { ...party.mutedBy, ...change } })
}

function lock(state: RoomState, isLocked: boolean): RoomState {
  const relock = (party: Party): Party => ({ ...party, mutedBy: { ...party.mutedBy, lock: isLocked } })
  return next(state, { isLocked, parties: new Map([...state.parties].map(([id, party]) => [id, relock(party)])) })
}

function destroy(state: RoomState): RoomState {
  return destroyed(next(state))
}

function destroyed(state: RoomState): RoomState {
  return { ...state, phase: 'destroyed', parties: new Map(), announcements: [] }
}

function replace(state: RoomState, party: Party): RoomState {
  return next(state, { parties: new Map(state.parties).set(party.id, party) })
}

/** Others are there than before: the room may start or stop. What is announced is never heard in a stopped room. */
function withParties(state: RoomState, parties: ReadonlyMap<PartyId, Party>): RoomState {
  const all = [...parties.values()]
  const mayRun = !state.isHolding && all.length >= 2 && all.some(({ rules }) => rules.startsRoom)
  const runs = mayRun && (state.phase === 'started' || all.some(({ rules }) => rules.mayTalk))
  return next(state, { parties, phase: runs ? 'started' : 'stopped', ...(!runs && { announcements: [] }) })
}

function announce(state: RoomState, announcements: readonly Announcement[]): RoomState {
  const isTooLoud = state.parties.size > state.policy.quietAfterParties
  const heard = announcements.filter(({ kind }) => kind === 'message' || !isTooLoud)
  if (state.phase !== 'started' || state.isEnding || heard.length === 0) return state
  return { ...state, announcements: [...state.announcements, ...heard] }
}

function next(state: RoomState, change: Partial<RoomState> = {}): RoomState {
  return { ...state, ...change, sequence: state.sequence + 1 }
}

/** Both are made in one place of plain values, in the same order. */
function isSame(one: RoomPolicy, other: RoomPolicy): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
