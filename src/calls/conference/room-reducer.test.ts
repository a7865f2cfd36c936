import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { roomEffects } from './room-effects.ts'
import { happenings, type RoomHappening } from './room-happenings.ts'
import { reduceRoom } from './room-reducer.ts'
import { EMPTY_ROOM, isMuted, type PartyRules, type RoomEvent, type RoomPolicy, type RoomState } from './room-state.ts'
import { ReferenceRoom } from './test/reference-room.ts'

const POLICY: RoomPolicy = { mostParties: 1000, quietAfterParties: 1000, partiesMayUnmute: false }
const TALKER: PartyRules = {
  startsRoom: true,
  endsRoom: false,
  mayTalk: true,
  startsMuted: false,
  muteDigit: '0',
  unmuteDigit: '1',
  exitDigit: '#',
  beeps: false,
  announcesEntry: false,
  announcesExit: false,
}
const LISTENER: PartyRules = { ...TALKER, mayTalk: false, startsRoom: false }

/** What events bring about, and where they lead. */
function run(events: readonly RoomEvent[], policy = POLICY): { state: RoomState; happened: RoomHappening[] } {
  let state: RoomState = { ...EMPTY_ROOM, policy }
  const happened: RoomHappening[] = []
  for (const event of events) {
    const after = reduceRoom(state, event)
    happened.push(...happenings(state, event, after))
    state = after
  }
  return { state, happened }
}

const join = (party: number, rules: Partial<PartyRules> = {}): RoomEvent => ({
  type: 'joined',
  party,
  rules: { ...TALKER, ...rules },
})
const press = (party: number, digit: string): RoomEvent => ({ type: 'digit', party, digit })
const leave = (party: number): RoomEvent => ({ type: 'left', party, why: 'hangUp' })
const hears = (state: RoomState) => [...roomEffects(state).parties.values()].map(({ hears }) => hears)
const talkers = (state: RoomState) =>
  [...roomEffects(state).parties].filter(([, { talks }]) => talks).map(([party]) => party)
const phases = (happened: readonly RoomHappening[]) =>
  happened.map(({ type }) => type).filter((type) => /started|stopped|destroyed/.test(type))

describe('a room', () => {
  test('two who start it and a listener at once: exactly one start, and nobody hears the music any more', () => {
    for (const order of [
      [0, 1, 2],
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
    ]) {
      const rules = [TALKER, TALKER, LISTENER]
      const { state, happened } = run(order.map((party) => join(party, rules[party])))
      expect([phases(happened), hears(state)]).toEqual([['started'], ['room', 'room', 'room']])
    }
  })

  test('waits for one who starts it, for another party, and for one who talks', () => {
    expect(run([join(1)]).state.phase).toBe('stopped')
    expect(run([join(1, { startsRoom: false }), join(2, { startsRoom: false })]).state.phase).toBe('stopped')
    expect(run([join(1, { mayTalk: false }), join(2, LISTENER)]).state.phase).toBe('stopped')
    expect(run([join(1, { mayTalk: false }), join(2, { startsRoom: false })]).state.phase).toBe('started')
  })

  test('the starter leaves and returns: the music starts and stops again', () => {
    const { state, happened } = run([join(1), join(2, LISTENER), join(3, LISTENER), leave(1), join(4)])
    expect(phases(happened)).toEqual(['started', 'stopped', 'started'])
    expect(hears(state)).toEqual(['room', 'room', 'room'])
    expect(hears(run([join(1), join(2, LISTENER), join(3, LISTENER), leave(1)]).state)).toEqual(['waiting', 'waiting'])
  })

  test('waits until its time has come', () => {
    const holding: RoomState = { ...EMPTY_ROOM, policy: POLICY, isHolding: true }
    const two = reduceRoom(reduceRoom(holding, join(1)), join(2))
    expect(hears(two)).toEqual(['waiting', 'waiting'])
    const open = reduceRoom(two, { type: 'opened' })
    expect([hears(open), reduceRoom(open, { type: 'opened' })]).toEqual([['room', 'room'], open])
  })

  test('ends with its last party, or with one that ends it: the rest are put out', () => {
    expect(run([join(1), leave(1)]).state.phase).toBe('destroyed')
    const { state, happened } = run([join(1, { endsRoom: true }), join(2), join(3), press(1, '#')])
    expect(state.parties.size).toBe(0)
    expect(happened.slice(-4)).toEqual([
      { type: 'left', party: 1, why: 'exitDigit' },
      { type: 'left', party: 2, why: 'destroyed' },
      { type: 'left', party: 3, why: 'destroyed' },
      { type: 'destroyed' },
    ])
  })

  test('one party more than it may have changes nothing', () => {
    const full = run([join(1), join(2)], { ...POLICY, mostParties: 2 }).state
    expect(reduceRoom(full, join(3))).toBe(full)
  })
})

describe('who is muted', () => {
  const two = [join(1), join(2)]

  test('by its digits, or by one digit that toggles', () => {
    expect(talkers(run([...two, press(1, '0')]).state)).toEqual([2])
    expect(talkers(run([...two, press(1, '0'), press(1, '0'), press(1, '1')]).state)).toEqual([1, 2])
    const toggles = join(3, { muteDigit: '5', unmuteDigit: '5' })
    expect(talkers(run([...two, toggles, press(3, '5')]).state)).toEqual([1, 2])
    expect(talkers(run([...two, toggles, press(3, '5'), press(3, '5')]).state)).toEqual([1, 2, 3])
  })

  test('stays muted in a locked room, whatever it presses, and is not stuck when it is unlocked', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('0', '1', '5', '*')), (digits) => {
        const { state } = run([...two, { type: 'locked' }, ...digits.map((digit) => press(1, digit))])
        expect(talkers(state)).toEqual([])
        const free = reduceRoom(reduceRoom(state, { type: 'unlocked' }), press(1, '1'))
        expect(talkers(free)).toEqual([1, 2])
      }),
    )
  })

  test('by a moderator: its digit helps only where the policy says so, and the moderator always does', () => {
    const muted = [...two, { type: 'muted', party: 1 } as const, press(1, '1')]
    expect(talkers(run(muted).state)).toEqual([2])
    expect(talkers(run([...muted, { type: 'unmuted', party: 1 }]).state)).toEqual([1, 2])
    expect(talkers(run(muted, { ...POLICY, partiesMayUnmute: true }).state)).toEqual([1, 2])
  })

  test('a moderator opens nobody who muted himself and can unmute himself, but whoever has no key for it', () => {
    expect(talkers(run([...two, press(1, '0'), { type: 'unmuted', party: 1 }]).state)).toEqual([2])
    const mute = join(3, { startsMuted: true, muteDigit: undefined, unmuteDigit: undefined })
    expect(talkers(run([...two, mute]).state)).toEqual([1, 2])
    expect(talkers(run([...two, mute, { type: 'unmuted', party: 3 }]).state)).toEqual([1, 2, 3])
  })

  test('a moderator lets one speak in a locked room; who comes in is muted', () => {
    const { state } = run([...two, { type: 'locked' }, { type: 'unmuted', party: 2 }, join(3)])
    expect(talkers(state)).toEqual([2])
  })
})

describe('who hears a party', () => {
  const effects = (events: readonly RoomEvent[], party: number) => roomEffects(run(events).state).parties.get(party)

  test('all, those whom it is for, or nobody; and as loud as was asked for', () => {
    const inside = [join(1), join(2), join(3)]
    expect(effects(inside, 3)).toEqual({ hears: 'room', talks: true, volumeDb: 0 })
    const some: RoomEvent = { type: 'addressed', party: 3, audience: [1] }
    expect(effects([...inside, some], 3)).toMatchObject({ hears: 'room', talks: true, audience: [1] })
    expect(effects([...inside, { ...some, audience: [] }], 3)).toMatchObject({ hears: 'room', talks: false })
    expect(effects([...inside, some, { type: 'addressed', party: 3 }], 3)).toEqual({
      hears: 'room',
      talks: true,
      volumeDb: 0,
    })
    expect(effects([...inside, { type: 'volume', party: 2, volumeDb: -6 }], 2)?.volumeDb).toBe(-6)
  })

  test('two talkers who want it are to be bridged; the third is told of, once, also when one of the two is muted', () => {
    const pair = { wantsPair: true }
    const inside = [join(1, pair), join(2, pair), join(3, { ...LISTENER, wantsPair: true })]
    expect([1, 2].map((party) => effects(inside, party)?.direct)).toEqual([true, true])
    const mixed = (events: readonly RoomEvent[]) => run(events).happened.filter(({ type }) => type === 'mixed')
    expect(mixed(inside)).toEqual([])
    expect(mixed([...inside, press(1, '0'), join(4), join(5)])).toEqual([{ type: 'mixed', party: 4 }])
    expect(mixed([join(1, pair), join(2), join(4)])).toEqual([])
  })
})

describe('announcements', () => {
  const loud: Partial<PartyRules> = { beeps: true, announcesEntry: true, announcesExit: true }
  const kinds = (state: RoomState) => state.announcements.map(({ kind, party }) => `${kind} ${party ?? ''}`.trim())

  test('come in order, and never to a stopped room', () => {
    expect(kinds(run([join(1, loud)]).state)).toEqual([])
    const { state } = run([join(1, loud), join(2, loud), join(3, loud), leave(2), { type: 'message', id: 'm' }])
    expect(kinds(state)).toEqual(['beep 2', 'entry 2', 'beep 3', 'entry 3', 'exit 2', 'message'])
    expect(kinds(reduceRoom(state, leave(1)))).toEqual([])
  })

  test('of one who ends the room: it is destroyed when they were heard, and nobody comes in meanwhile', () => {
    const { state } = run([join(1, { ...loud, endsRoom: true }), join(2), join(3), leave(1)])
    expect([state.phase, kinds(state), hears(state)]).toEqual(['started', ['exit 1'], ['room', 'room']])
    expect(reduceRoom(state, join(4))).toBe(state)
    expect(reduceRoom(state, leave(2)).phase).toBe('started')
    expect(reduceRoom(reduceRoom(state, leave(2)), leave(3)).phase).toBe('destroyed')
    expect(reduceRoom(state, { type: 'announced', id: state.announcements[0]?.id ?? '' }).phase).toBe('destroyed')
    expect(run([join(1, { ...loud, endsRoom: true }), join(2, { mayTalk: false }), leave(1)]).state.phase).toBe(
      'started',
    )
  })

  test('the next one follows when one was heard, once', () => {
    const { state } = run([join(1), join(2, loud)])
    const [first] = state.announcements
    const after = reduceRoom(state, { type: 'announced', id: first?.id ?? '' })
    expect(kinds(after)).toEqual(['entry 2'])
    expect(reduceRoom(after, { type: 'announced', id: first?.id ?? '' })).toBe(after)
  })

  test('stop in a room that has become large, but for messages', () => {
    const quiet = { ...POLICY, quietAfterParties: 2 }
    expect(kinds(run([join(1), join(2, loud), join(3, loud), { type: 'message', id: 'm' }], quiet).state)).toEqual([
      'beep 2',
      'entry 2',
      'message',
    ])
  })
})

const digit = fc.constantFrom('0', '1', '#', '5', '*')
const key = fc.option(digit, { nil: undefined })
const rules: fc.Arbitrary<PartyRules> = fc
  .record({
    startsRoom: fc.boolean(),
    endsRoom: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
    mayTalk: fc.boolean(),
    startsMuted: fc.boolean(),
    wantsPair: fc.boolean(),
    exitDigit: key,
    muteDigit: key,
    unmuteDigit: key,
    beeps: fc.boolean(),
    announcesEntry: fc.boolean(),
    announcesExit: fc.boolean(),
  })
  // What the settings of a party allow: a key either leaves or mutes, and who can mute himself can unmute himself.
  .map((drawn) => ({
    ...drawn,
    unmuteDigit: drawn.muteDigit === undefined ? undefined : (drawn.unmuteDigit ?? drawn.muteDigit),
  }))
  .filter(
    ({ exitDigit, muteDigit, unmuteDigit }) =>
      exitDigit === undefined || (exitDigit !== muteDigit && exitDigit !== unmuteDigit),
  )
const REASONS = ['hangUp', 'ejected', 'moved', 'retrieved', 'failed'] as const
const party = fc.integer({ min: 1, max: 6 })
const event: fc.Arbitrary<RoomEvent> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('joined' as const), party, rules }) },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant('left' as const), party, why: fc.constantFrom(...REASONS) }),
  },
  { weight: 6, arbitrary: fc.record({ type: fc.constant('digit' as const), party, digit }) },
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constantFrom('muted', 'unmuted', 'held', 'retrieved'), party }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('addressed' as const),
      party,
      audience: fc.option(fc.array(party), { nil: undefined }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('volume' as const), party, volumeDb: fc.integer({ min: -30, max: 20 }) }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constantFrom('locked', 'unlocked') }) },
  { weight: 1, arbitrary: fc.constantFrom({ type: 'message', id: 'm' } as const, { type: 'opened' } as const) },
  { weight: 2, arbitrary: fc.constant({ type: 'announced', id: 'first' } as const) },
  // One in some hundred, so that many courses go on to their end.
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 9 }).map((n) => ({ type: n === 0 ? 'destroyed' : 'unlocked' })) },
) as fc.Arbitrary<RoomEvent>

describe('any course of events', () => {
  const policies = fc.record({
    mostParties: fc.integer({ min: 2, max: 6 }),
    quietAfterParties: fc.integer({ min: 0, max: 6 }),
    partiesMayUnmute: fc.boolean(),
  })

  test('leaves the room as the reference has it', () => {
    fc.assert(
      fc.property(
        policies,
        fc.boolean(),
        fc.array(event, { minLength: 20, maxLength: 80, size: 'max' }),
        (policy, isHolding, events) => {
          const reference = new ReferenceRoom(policy)
          reference.isHolding = isHolding
          let state: RoomState = { ...EMPTY_ROOM, policy, isHolding }
          let starts = 0
          for (const drawn of events) {
            const id = state.announcements[0]?.id ?? ''
            const each = drawn.type === 'announced' ? { ...drawn, id } : drawn
            const after = reduceRoom(state, each)
            starts += happenings(state, each, after).filter(({ type }) => type === 'started').length
            reference.take(each)
            expect(after.sequence - state.sequence).toBe(after === state ? 0 : 1)
            const [earlier, changed] = [roomEffects(state).parties, roomEffects(after, state).parties]
            for (const [party, effects] of roomEffects(after).parties)
              expect(changed.get(party) ?? earlier.get(party)).toEqual(effects)
            state = after
            expect(state.phase).toBe(reference.isDestroyed ? 'destroyed' : reference.isStarted ? 'started' : 'stopped')
            expect([...roomEffects(state).parties]).toEqual(
              reference.parties.map((p) => {
                const { audience, volumeDb } = p
                const direct = reference.wantsToBeBridged(p) && { direct: true }
                return [p.id, { hears: reference.hears(p), talks: reference.talks(p), audience, volumeDb, ...direct }]
              }),
            )
            expect(
              state.announcements.map(({ kind, party }) => (party === undefined ? kind : `${kind} ${party}`)),
            ).toEqual(reference.queue)
          }
          expect(starts).toBe(reference.starts)
        },
      ),
      { numRuns: 400 },
    )
  })

  test('ends for everybody at once when it is destroyed, and says of each why it left', () => {
    fc.assert(
      fc.property(policies, fc.array(event, { minLength: 20, maxLength: 80, size: 'max' }), (policy, events) => {
        let state: RoomState = { ...EMPTY_ROOM, policy }
        for (const each of events) {
          const after = reduceRoom(state, each)
          const left = happenings(state, each, after).flatMap((told) => (told.type === 'left' ? told : []))
          const gone = [...state.parties.keys()].filter((id) => !after.parties.has(id))
          const who = 'party' in each ? each.party : undefined
          const own = each.type === 'left' ? each.why : 'exitDigit'
          expect(left).toEqual(gone.map((party) => ({ type: 'left', party, why: party === who ? own : 'destroyed' })))
          if (each.type === 'destroyed') expect([after.phase, after.parties.size]).toEqual(['destroyed', 0])
          state = after
        }
      }),
      { numRuns: 200 },
    )
  })

  test('tells of each party that it came, and why it left, once and in turn', () => {
    fc.assert(
      fc.property(policies, fc.array(event, { minLength: 20, maxLength: 80, size: 'max' }), (policy, events) => {
        const { state, happened } = run(events, policy)
        const inside = new Set<number>()
        for (const each of happened) {
          if (each.type === 'entered') expect(inside.has(each.party)).toBe(false)
          if (each.type === 'entered') inside.add(each.party)
          if (each.type === 'left') expect(inside.delete(each.party)).toBe(true)
        }
        expect([...inside].sort()).toEqual([...state.parties.keys()].sort())
        const muted = [...state.parties.values()].filter(isMuted).map(({ id }) => id)
        const told = new Map<number, boolean>()
        for (const each of happened)
          if (each.type === 'entered') told.set(each.party, false)
          else if (each.type === 'muted' || each.type === 'unmuted') told.set(each.party, each.type === 'muted')
        for (const id of state.parties.keys()) expect([id, told.get(id)]).toEqual([id, muted.includes(id)])
      }),
      { numRuns: 200 },
    )
  })
})
