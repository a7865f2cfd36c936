import { describe, expect, test } from 'vitest'
import { roomEffects } from './room-effects.ts'
import { checkRoomPolicy, RoomPolicies } from './room-policy.ts'
import { reduceRoom } from './room-reducer.ts'
import { EMPTY_ROOM, type PartyRules, type RoomState } from './room-state.ts'

const RULES: PartyRules = {
  startsRoom: true,
  endsRoom: false,
  mayTalk: true,
  startsMuted: false,
  beeps: false,
  announcesEntry: true,
  announcesExit: false,
}

describe('the policy of a room', () => {
  const policies = new RoomPolicies({ mostParties: 20, comfortNoise: false }, [
    { match: ['team-boss', /^big\d+$/g], mostParties: 5000 },
    { match: 'team-*', partiesMayUnmute: true, comfortNoise: true, mostTalkers: 2 },
  ])

  test('is what the first match of its name says, over what the exchange says, over the defaults', () => {
    expect(policies.of('board')).toEqual({
      mostParties: 20,
      quietAfterParties: Number.POSITIVE_INFINITY,
      partiesMayUnmute: false,
      sound: { mostTalkers: 8, comfortNoise: false, automaticLevel: true },
    })
    expect(policies.of('team-a')).toMatchObject({
      mostParties: 20,
      partiesMayUnmute: true,
      sound: { mostTalkers: 2, comfortNoise: true },
    })
    for (const name of ['team-boss', 'big1', 'big1', 'big22'])
      expect(policies.of(name)).toMatchObject({ mostParties: 5000, partiesMayUnmute: false })
  })

  test('a reservation comes before all of these, in what it says', () => {
    expect(policies.of('team-a', { mostParties: 3, comfortNoise: false })).toMatchObject({
      mostParties: 3,
      partiesMayUnmute: true,
      sound: { mostTalkers: 2, comfortNoise: false },
    })
  })

  test.each([
    [{ mostParties: 1 }, 'reserve: policy.mostParties must be a whole number from 2 to 100000, not 1'],
    [{ mostTalkers: 2.5 }, 'reserve: policy.mostTalkers must be a whole number from 1 to 100, not 2.5'],
    [{ quietAfterParties: Number.POSITIVE_INFINITY }, 'must be a whole number from 0 to 100000, not Infinity'],
    [{ comfortNoise: 'no' as never }, 'reserve: policy.comfortNoise must be true or false, not "no"'],
    [{ mostRooms: 3 } as object, 'reserve: policy has no mostRooms: there are mostParties, quietAfterParties'],
  ])('%j is none', (policy, message) => {
    expect(() => checkRoomPolicy('reserve: policy', policy)).toThrow(message)
  })

  test('changes in a room that is there: the media of all follow, and nobody is put out', () => {
    let room: RoomState = { ...EMPTY_ROOM, policy: policies.of('board') }
    for (const party of [1, 2, 3]) room = reduceRoom(room, { type: 'joined', party, rules: RULES })
    const policy = policies.of('team-a', { mostParties: 2, quietAfterParties: 0 })
    expect(reduceRoom(room, { type: 'governed', policy: structuredClone(room.policy) })).toBe(room)
    const after = reduceRoom(room, { type: 'governed', policy })
    expect([after.phase, after.parties, after.policy]).toEqual(['started', room.parties, policy])
    expect([...roomEffects(after, room).parties].map(([id, { sound }]) => [id, sound])).toEqual(
      [1, 2, 3].map((id) => [id, policy.sound]),
    )
    expect(reduceRoom(after, { type: 'joined', party: 4, rules: RULES })).toBe(after)
    const two = reduceRoom(after, { type: 'left', party: 3, why: 'hangUp' })
    expect(reduceRoom(two, { type: 'joined', party: 4, rules: RULES })).toBe(two)
    const one = reduceRoom(two, { type: 'left', party: 2, why: 'hangUp' })
    const again = reduceRoom(one, { type: 'joined', party: 4, rules: RULES })
    expect([again.phase, again.announcements]).toEqual(['started', []])
  })
})
