import { describe, expect, it } from 'vitest'
import { chance, integerBelow, type Random, seededRandom } from '../../kit/index.ts'
import type { EndpointEvent } from '../index.ts'
import { expectNothingLeft } from './nothing-left.ts'
import { type Agent, call, connected, EMPTY_SIZES, OFFER, type Pair, pair } from './wire.ts'

describe('a CANCEL that crosses the 200', () => {
  it('comes too late for the callee: the call is up, and the caller releases it', () => {
    const both = pair()
    const { wire, alice, bob } = both
    call(both)
    wire.run(20)
    bob.do({ type: 'respond', session: 1, status: 180 })
    wire.run(20)
    alice.do({ type: 'cancel', session: 1 })
    bob.do({ type: 'respond', session: 1, status: 200, body: OFFER })
    wire.run(100)
    expect(wire.arrows(2).sort()).toEqual(
      [
        'alice CANCEL bob',
        'bob 200 INVITE alice',
        'bob 200 CANCEL alice',
        'alice ACK bob',
        'alice BYE bob',
        'bob 200 BYE alice',
      ].sort(),
    )
    expect(alice.heard).toEqual(['progress 180', 'failed cancelled 200'])
    expect(bob.heard).toEqual(['incoming', 'confirmed', 'ended remote'])
    expectNothingLeft(both)
  })

  it('whose ACK and BYE are lost at first is released all the same', () => {
    const both = pair()
    const { wire, alice, bob } = both
    call(both)
    wire.run(20)
    bob.do({ type: 'respond', session: 1, status: 180 })
    wire.run(20)
    wire.lose = (line) => wire.now < 3000 && /alice (ACK|BYE|CANCEL)/.test(line)
    alice.do({ type: 'cancel', session: 1 })
    bob.do({ type: 'respond', session: 1, status: 200, body: OFFER })
    wire.run(10_000)
    expect(alice.heard.at(-1)).toBe('failed cancelled 200')
    expect(bob.heard.at(-1)).toBe('ended remote')
    expectNothingLeft(both)
  })

  it('and a reliable provisional that still waits for its PRACK leaves no call behind', () => {
    const both = pair()
    const { wire, alice, bob } = both
    call(both)
    wire.run(20)
    wire.lose = (line) => line.includes('PRACK') && wire.now < 700
    bob.do({ type: 'respond', session: 1, status: 183, body: OFFER, reliable: true })
    bob.do({ type: 'respond', session: 1, status: 200, body: OFFER })
    wire.run(100)
    alice.do({ type: 'cancel', session: 1 })
    wire.run(5000)
    expect(alice.heard).toEqual(['progress 183', 'failed cancelled 487'])
    expect(bob.heard).toEqual(['incoming', 'cancelled'])
    expectNothingLeft(both)
  })
})

describe('a BYE that crosses', () => {
  it.each([
    ['alice', 'alice'],
    ['alice', 'bob'],
    ['bob', 'alice'],
    ['bob', 'bob'],
  ] as const)('a re-INVITE of %s, from %s: one end each, and every request is answered', (changer, leaver) => {
    const both = connected()
    for (const agent of [both.alice, both.bob])
      agent.on = (event) => {
        if (event.type === 'reinvited') agent.do({ type: 'respond', session: 1, status: 200, body: OFFER })
      }
    both[changer].do({ type: 'reinvite', session: 1, body: OFFER })
    both[leaver].do({ type: 'bye', session: 1 })
    both.wire.run(40_000)
    const ends = (agent: Agent) => agent.heard.filter((event) => event.startsWith('ended'))
    const stayer = leaver === 'alice' ? both.bob : both.alice
    expect(ends(both[leaver])).toEqual(['ended local'])
    expect(ends(stayer)).toEqual(['ended remote'])
    expectNothingLeft(both)
  })

  it.each([
    ['alice', 'bob'],
    ['bob', 'alice'],
  ] as const)('an UPDATE of %s, from %s: one end each', (changer, leaver) => {
    const both = connected()
    both[changer].do({ type: 'update', session: 1, body: OFFER })
    both[leaver].do({ type: 'bye', session: 1 })
    both.wire.run(40_000)
    expect(both[leaver].heard.at(-1)).toBe('ended local')
    expect(both[changer].heard.at(-1)).toBe('ended remote')
    expectNothingLeft(both)
  })

  it('the 200 to a re-INVITE: the 200 is acknowledged, and nothing is repeated for ever', () => {
    const both = connected()
    both.bob.on = (event) => {
      if (event.type !== 'reinvited') return
      both.bob.do({ type: 'respond', session: 1, status: 200, body: OFFER })
    }
    both.alice.do({ type: 'reinvite', session: 1, body: OFFER })
    both.wire.run(15)
    both.alice.do({ type: 'bye', session: 1 })
    both.wire.run(100)
    expect(both.wire.arrows(3)).toEqual([
      'alice INVITE bob',
      'bob 200 INVITE alice',
      'alice BYE bob',
      'alice ACK bob',
      'bob 200 BYE alice',
    ])
    expectNothingLeft(both)
  })

  it('the refresh of a session timer ends the session once', () => {
    const timers = { sessionTimers: { expiresSeconds: 90, minSeconds: 90 } }
    for (const leaver of ['alice', 'bob'] as const) {
      const both = connected({ alice: timers, bob: timers })
      // Bob refreshes when half of the interval is over.
      both.wire.run(45_000 - 100 + 10 + (leaver === 'alice' ? 5 : 0))
      const before = both.wire.ladder.length
      both[leaver].do({ type: 'bye', session: 1 })
      both.wire.run(1000)
      expect(both.wire.arrows(before)).toContain(`${leaver} BYE ${leaver === 'alice' ? 'bob' : 'alice'}`)
      expect(both[leaver].heard.at(-1)).toBe('ended local')
      expectNothingLeft(both)
    }
  })
})

describe('a session timer that runs out on both sides at once', () => {
  it('ends the session on both, and each BYE is answered', () => {
    const timers = { sessionTimers: { expiresSeconds: 90, minSeconds: 90 } }
    const both = connected({ alice: timers, bob: timers })
    both.wire.lose = (line) => line.includes('UPDATE')
    both.wire.run(120_000)
    for (const agent of [both.alice, both.bob])
      expect(agent.heard.filter((event) => event.startsWith('ended'))).toHaveLength(1)
    expectNothingLeft(both)
  })
})

/** What an application may do at any moment, whether it makes sense or not. */
function anything(random: Random, agent: Agent): void {
  const session = 1
  const body = OFFER
  const pick = integerBelow(random, 12)
  if (pick < 2)
    agent.do({ type: 'respond', session, status: 180 + 3 * integerBelow(random, 2), body, reliable: pick === 0 })
  else if (pick < 4) agent.do({ type: 'respond', session, status: chance(random, 0.8) ? 200 : 486, body })
  else if (pick < 6) agent.do({ type: 'reinvite', session, body })
  else if (pick < 8) agent.do({ type: 'update', session, ...(chance(random, 0.7) && { body }) })
  else if (pick === 8) agent.do({ type: 'request', session, method: 'INFO' })
  else if (pick === 9) agent.do({ type: 'cancel', session })
  else if (pick === 10) agent.do({ type: 'bye', session })
}

/** An application that takes most of what comes, late. */
function react(random: Random, agent: Agent, event: EndpointEvent): void {
  if (event.type === 'reinvited' && chance(random, 0.9))
    agent.do({ type: 'respond', session: 1, status: chance(random, 0.8) ? 200 : 488, body: OFFER })
  if (event.type === 'refreshDue') agent.do({ type: 'reinvite', session: 1, body: OFFER })
  if (event.type !== 'request' || chance(random, 0.1)) return
  const { request } = event
  agent.do({ type: 'respondRequest', session: 1, request, status: 200, body: OFFER })
}

function isUp({ alice, bob }: Pair): boolean {
  return [alice, bob].every((agent) => agent.endpoint.sizes().sessions === 1) && alice.heard.includes('answered 200')
}

/** No offer was left open: either end can make one. */
function expectBothCanChange(both: Pair, story: string): void {
  both.wire.lose = () => false
  for (const [one, other] of [
    [both.alice, both.bob],
    [both.bob, both.alice],
  ] as const) {
    other.on = (event) => {
      if (event.type === 'reinvited') other.do({ type: 'respond', session: 1, status: 200, body: OFFER })
      if (event.type !== 'request') return
      other.do({ type: 'respondRequest', session: 1, request: event.request, status: 200, body: OFFER })
    }
    one.do({ type: 'reinvite', session: 1, body: OFFER })
    both.wire.run(500)
    expect(one.heard.at(-1), story).toBe('reinviteAnswered 200')
    one.do({ type: 'update', session: 1, body: OFFER })
    both.wire.run(500)
    expect(one.heard.at(-1), story).toBe('requestDone 200')
  }
}

it('whatever two ends do at whatever moment, over a line that loses and delays: each call ends once, none is stuck, and nothing is left', () => {
  const outcomes = new Set<string>()
  let probes = 0
  for (let seed = 1; seed <= 500; seed++) {
    const random = seededRandom(seed)
    const timers = { sessionTimers: { expiresSeconds: 90, minSeconds: 90 } }
    const both = pair({
      alice: { random: seededRandom(seed + 5000), ...(chance(random, 0.5) && timers) },
      bob: { random: seededRandom(seed + 9000), ...(chance(random, 0.5) && timers) },
    })
    const { wire, alice, bob } = both
    for (const agent of [alice, bob]) agent.on = (event) => react(random, agent, event)
    const loss = chance(random, 0.5) ? 0 : 0.2
    wire.lose = () => chance(random, loss)
    call(both)
    wire.run(15)
    for (let i = integerBelow(random, 25); i > 0; i--) {
      anything(random, chance(random, 0.5) ? alice : bob)
      wire.run(
        chance(random, 0.5) ? integerBelow(random, 25) : integerBelow(random, chance(random, 0.2) ? 60_000 : 3000),
      )
    }
    wire.run(40_000)
    if (isUp(both)) {
      probes++
      expectBothCanChange(both, `seed ${seed}\n${wire.ladder.join('\n')}`)
    }
    for (const agent of [alice, bob]) agent.do({ type: 'bye', session: 1 })
    wire.run(200_000)
    const ends = (agent: Agent) => agent.heard.filter((event) => /^(failed|ended|rejected|cancelled)/.test(event))
    const story = () => `seed ${seed}\n${wire.ladder.join('\n')}\n${alice.heard.join(', ')}\n${bob.heard.join(', ')}`
    expect(ends(alice), story()).toHaveLength(1)
    expect(ends(bob).length, story()).toBe(bob.heard.includes('incoming') ? 1 : 0)
    for (const agent of [alice, bob]) {
      expect(agent.endpoint.sizes(), story()).toEqual(EMPTY_SIZES)
      for (const event of agent.heard) outcomes.add(event)
    }
  }
  expect(probes).toBeGreaterThan(20)
  // It got as far as calls do.
  for (const outcome of [
    'answered 200',
    'confirmed',
    'reinviteAnswered 200',
    'requestDone 200',
    'failed cancelled 487',
    'failed cancelled 200',
    'failed response 486',
    'ended remote',
    'ended local',
    'cancelled',
  ])
    expect(outcomes).toContain(outcome)
})
