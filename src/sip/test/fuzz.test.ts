import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chance, integerBelow, seededRandom, utf8Decode, utf8Encode } from '../../kit/index.ts'
import { type EndpointEvent, fromTag, printReplaces, toTag } from '../index.ts'
import { Agent, answerAtOnce, call, EMPTY_SIZES, OFFER, type Pair, pair, Wire } from './wire.ts'

const TRANSFERS = { acceptsRefer: true, acceptsReplaces: true }
const STRANGER = { transport: 'udp', address: '203.0.113.1', port: 5060 } as const

/** Texts of real messages, requests and responses, from calls with everything in them. */
function specimens(): string[] {
  const texts: string[] = []
  const both = pair({ bob: TRANSFERS })
  const { wire, alice, bob } = both
  const send = wire.send.bind(wire)
  wire.send = (bytes, from, to) => {
    texts.push(utf8Decode(bytes))
    send(bytes, from, to)
  }
  bob.on = (event) => {
    if (event.type === 'incoming') {
      bob.do({ type: 'respond', session: 1, status: 183, body: OFFER, reliable: true })
      bob.do({ type: 'respond', session: 1, status: 200, body: OFFER })
    }
    if (event.type === 'reinvited') bob.do({ type: 'respond', session: 1, status: 200, body: OFFER })
    if (event.type === 'request' && event.request.method === 'UPDATE')
      bob.do({ type: 'respondRequest', session: 1, request: event.request, status: 200, body: OFFER })
    if (event.type === 'referred') bob.do({ type: 'respondRefer', refer: event.refer, status: 202 })
  }
  call(both)
  wire.run(100)
  alice.do({ type: 'reinvite', session: 1, body: OFFER })
  wire.run(100)
  alice.do({ type: 'update', session: 1, body: OFFER })
  wire.run(100)
  alice.do({ type: 'request', session: 1, method: 'INFO' })
  alice.do({ type: 'request', session: 1, method: 'OPTIONS' })
  alice.do({ type: 'refer', session: 1, refer: 100, to: 'sip:carol@example.com', replaces: 1 })
  wire.run(100)
  alice.do({ type: 'request', session: 1, method: 'SUBSCRIBE', headers: [['Event', 'refer']] })
  alice.do({ type: 'referOutside', refer: 101, uri: bob.uri, to: 'sip:carol@example.com', noReports: true })
  const { callId, localTag, remoteTag } = dialogOf(alice)
  const replaces = printReplaces({ callId, toTag: remoteTag, fromTag: localTag, earlyOnly: false })
  alice.do({ type: 'invite', session: 3, to: bob.uri, headers: [['Replaces', replaces]] })
  wire.run(20_000)
  bob.do({ type: 'bye', session: 1 })
  wire.run(100)
  alice.do({ type: 'invite', session: 2, to: bob.uri })
  wire.run(50)
  alice.do({ type: 'cancel', session: 2 })
  wire.run(50)
  return texts
}

function dialogOf(alice: Agent): { callId: string; localTag: string; remoteTag: string } {
  const { response } = alice.event('answered')
  return {
    callId: response.headers.get('call-id') ?? '',
    localTag: fromTag(response) ?? '',
    remoteTag: toTag(response) ?? '',
  }
}

const SPECIMENS = specimens()
const LINES = SPECIMENS.flatMap((text) => text.split('\r\n')).filter((line) => line !== '')

/** A message with some lines swapped for others, dropped, doubled, or broken inside. */
function mutate(text: string, seed: number): Uint8Array {
  const random = seededRandom(seed)
  const pick = <T>(from: readonly T[]): T => from[integerBelow(random, from.length)] as T
  let lines = text.split('\r\n')
  for (let i = integerBelow(random, 4); i >= 0; i--) {
    const at = integerBelow(random, lines.length)
    const line = lines[at] as string
    const cut = integerBelow(random, line.length + 1)
    const changed = pick([
      [],
      [pick(LINES)],
      [line, line],
      [line, pick(LINES)],
      [line.slice(0, cut)],
      [
        line.slice(0, cut) +
          pick(['\0', '"', '<', '>', ';', ',', ' ', ':', '%', '\u00ff', '4294967296']) +
          line.slice(cut),
      ],
    ])
    lines = [...lines.slice(0, at), ...changed, ...lines.slice(at + 1)]
  }
  const bytes = utf8Encode(lines.join('\r\n'))
  return chance(random, 0.1) ? bytes.slice(0, integerBelow(random, bytes.length + 1)) : bytes
}

/** An endpoint in the middle of two calls of its own, whose application takes everything it can. */
function busy(): { wire: Wire; agent: Agent } {
  const wire = new Wire()
  const agent = new Agent(wire, 'bob', {
    ...TRANSFERS,
    limits: { maxSessions: 50, maxTransactions: 200, unansweredInviteMs: 5000 },
  })
  agent.on = (event) => react(agent, event)
  return { wire, agent }
}

describe('strangers', () => {
  it('never make an endpoint throw, answer twice, or grow beyond its limits', () => {
    const { wire, agent } = busy()
    const property = fc.property(fc.nat(SPECIMENS.length - 1), fc.integer(), fc.nat(300), (which, seed, wait) => {
      const bytes = mutate(SPECIMENS[which] as string, seed)
      const before = wire.ladder.length
      agent.receive(bytes, STRANGER)
      const answered = wire.arrows(before).flatMap((line) => /^bob [2-6]\d\d (\S+)/.exec(line)?.[1] ?? [])
      expect(new Set(answered).size, `final answers to ${answered}`).toBe(answered.length)
      wire.run(wait)
      const sizes = agent.endpoint.sizes()
      expect(sizes.sessions).toBeLessThanOrEqual(50)
      expect(sizes.serverTransactions).toBeLessThanOrEqual(200)
      expect(sizes.timers).toBeLessThanOrEqual(2000)
    })
    fc.assert(property, { numRuns: 5000, seed: 1 })
    agent.on = () => {}
    for (let session = 1; session < 10_000; session++) agent.endpoint.handle({ type: 'bye', session }, wire.now)
    wire.run(200_000)
    expect(agent.endpoint.sizes()).toEqual(EMPTY_SIZES)
  })

  it('who repeat one response do not make an endpoint grow', () => {
    const both = pair()
    const sent: Uint8Array[] = []
    both.wire.change = (bytes) => {
      sent.push(bytes)
      return bytes
    }
    answerAtOnce(both.bob)
    call(both)
    both.wire.run(100)
    const before = both.alice.endpoint.sizes()
    const lines = both.wire.ladder.length
    for (let i = 0; i < 1000; i++) both.alice.receive(sent[1] as Uint8Array, both.bob.peer)
    expect(both.wire.arrows(lines)).toEqual(Array(1000).fill('alice ACK bob'))
    expect(both.alice.endpoint.sizes()).toEqual(before)
    expect(both.alice.heard).toEqual(['answered 200'])
  })

  it('between two endpoints who garble every third message leave nothing behind', () => {
    const heard = new Set<string>()
    for (let seed = 1; seed <= 100; seed++) {
      const both = pair()
      const { wire, alice, bob } = both
      const random = seededRandom(seed)
      wire.change = (bytes) => (chance(random, 0.33) ? mutate(utf8Decode(bytes), random.uint32()) : bytes)
      for (const agent of [alice, bob]) agent.on = (event) => react(agent, event)
      for (let session = 1; session <= 5; session++) {
        alice.do({ type: 'invite', session, to: bob.uri, body: OFFER, credentials: { username: 'a', password: 'b' } })
        wire.run(300)
        alice.do({ type: 'reinvite', session, body: OFFER })
        bob.do({ type: 'request', session, method: 'INFO' })
        wire.run(300)
      }
      for (let session = 1; session <= 5; session++) alice.do({ type: 'bye', session })
      wire.run(200_000)
      for (const agent of [alice, bob]) for (const text of agent.heard) heard.add(text)
      wire.change = (bytes) => bytes
      for (const agent of [alice, bob])
        for (let session = 0; session < 50; session++) agent.do({ type: 'bye', session })
      wire.run(200_000)
      expect(alice.endpoint.sizes(), `seed ${seed}`).toEqual(EMPTY_SIZES)
      expect(bob.endpoint.sizes(), `seed ${seed}`).toEqual(EMPTY_SIZES)
    }
    // It got as far as calls do.
    for (const text of ['answered 200', 'confirmed', 'reinviteAnswered 200', 'requestDone 200', 'ended remote']) {
      expect(heard).toContain(text)
    }
  })
})

/** An application that takes whatever comes. */
function react(agent: Agent, event: EndpointEvent): void {
  if (event.type === 'referred') agent.do({ type: 'respondRefer', refer: event.refer, status: 202 })
  if (!('session' in event)) return
  const { session } = event
  switch (event.type) {
    case 'incoming':
      agent.do({ type: 'respond', session, status: 183, body: OFFER, reliable: true })
      agent.do({ type: 'respond', session, status: 200, body: OFFER })
      break
    case 'reinvited':
      agent.do({ type: 'respond', session, status: 200, body: OFFER })
      break
    case 'request':
      agent.do({ type: 'respondRequest', session, request: event.request, status: 200 })
      break
  }
}

/** One run of twenty calls over a line that loses a part of everything: what happened, line by line. */
function lossyRun(seed: number): { both: Pair; calls: number } {
  const random = seededRandom(seed)
  const both = pair({ alice: { random: seededRandom(seed + 1) }, bob: { random: seededRandom(seed + 2) } })
  const { wire, alice, bob } = both
  const calls = 20
  wire.lose = () => chance(random, 0.2)
  bob.on = (event) => {
    if (event.type !== 'incoming') return
    const { session } = event
    const kind = integerBelow(random, 4)
    if (kind > 0) bob.do({ type: 'respond', session, status: 183, body: OFFER, reliable: kind === 2 })
    if (kind < 3) bob.do({ type: 'respond', session, status: kind === 0 ? 486 : 200, body: OFFER })
  }
  alice.on = (event) => {
    if (event.type === 'answered') alice.do({ type: 'reinvite', session: event.session, body: OFFER })
    if (event.type === 'reinviteAnswered' || event.type === 'reinviteFailed')
      alice.do({ type: 'bye', session: event.session })
  }
  for (let session = 1; session <= calls; session++) {
    alice.do({ type: 'invite', session, to: bob.uri, body: OFFER })
    wire.run(200)
  }
  wire.run(30_000)
  for (let session = 1; session <= calls; session++) alice.do({ type: 'cancel', session })
  wire.run(200_000)
  return { both, calls }
}

describe('over a bad line', () => {
  it('every call ends in exactly one way on both sides, and nothing is left', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { both, calls } = lossyRun(seed)
      const endsOf = (agent: Agent, types: readonly string[]) => {
        const ends = agent.events.filter(({ type }) => types.includes(type))
        expect(new Set(ends.map((end) => 'session' in end && end.session)).size, `seed ${seed}, ${agent.name}`).toBe(
          ends.length,
        )
        return ends.length
      }
      expect(endsOf(both.alice, ['failed', 'ended']), `seed ${seed}`).toBe(calls)
      const offered = both.bob.events.filter(({ type }) => type === 'incoming').length
      expect(endsOf(both.bob, ['rejected', 'cancelled', 'ended']), `seed ${seed}`).toBe(offered)
      expect(both.alice.endpoint.sizes(), `seed ${seed}`).toEqual(EMPTY_SIZES)
      expect(both.bob.endpoint.sizes(), `seed ${seed}`).toEqual(EMPTY_SIZES)
    }
  })

  it('the same seed gives the same run', () => {
    const trace = () => lossyRun(5).both.wire.ladder
    expect(trace()).toEqual(trace())
  })
})
