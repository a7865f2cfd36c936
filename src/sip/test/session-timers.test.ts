import { describe, expect, it } from 'vitest'
import { Counters, utf8Decode, utf8Encode } from '../../kit/index.ts'
import type { EndpointCounter, EndpointOptions } from '../index.ts'
import { Agent, answerAtOnce, call, connected, EMPTY_SIZES, OFFER, type Pair, Phone, pair, Wire } from './wire.ts'

const MINUTE = 60_000
const TIMERS = { expiresSeconds: 90, minSeconds: 90 } as const

type Timers = NonNullable<EndpointOptions['sessionTimers']>

function timed(alice: Timers = TIMERS, bob: Timers = TIMERS): Parameters<typeof pair>[0] {
  return { alice: { sessionTimers: alice }, bob: { sessionTimers: bob } }
}

/** What each end said in its refreshes: `alice UPDATE 45000`. */
function refreshes({ wire }: Pair, from = 3): string[] {
  return wire.ladder.slice(from).flatMap((line) => {
    const [at, who, what] = line.split(' ')
    return what === 'UPDATE' || what === 'INVITE' ? [`${who} ${what} ${at}`] : []
  })
}

/** An application that lets itself be reminded, and takes every re-INVITE. */
function obliging(agent: Agent): void {
  const { on } = agent
  agent.on = (event) => {
    on(event)
    if (event.type === 'refreshDue') agent.do({ type: 'reinvite', session: event.session, body: OFFER })
    if (event.type === 'reinvited') agent.do({ type: 'respond', session: event.session, status: 200, body: OFFER })
  }
}

/** Keeps from the other end that `agent` takes UPDATE. */
function hideUpdate(wire: Wire, agent: Agent): void {
  wire.change = (bytes) => {
    const text = utf8Decode(bytes)
    if (!text.includes(`Contact: <${agent.uri}>`)) return bytes
    return utf8Encode(text.replace(', UPDATE', ''))
  }
}

/** Makes of each 200 to an UPDATE, at most `most` times, something else. */
function refuseUpdates(wire: Wire, status: string, most = Number.POSITIVE_INFINITY): void {
  wire.change = (bytes) => {
    const text = utf8Decode(bytes)
    if (!text.startsWith('SIP/2.0 200') || !text.includes('UPDATE\r\n') || most-- <= 0) return bytes
    return utf8Encode(text.replace('200 OK', status).replace(/Session-Expires: [^\r]*\r\n/, ''))
  }
}

describe('a session with timers (RFC 4028)', () => {
  it.each([
    ['us, who call', { ...TIMERS, refresher: 'local' }, TIMERS, 'alice'],
    ['the far end, which we ask to', { ...TIMERS, refresher: 'remote' }, TIMERS, 'bob'],
    ['the callee, when the caller leaves it to it', TIMERS, TIMERS, 'bob'],
    ['the caller, when the callee would rather not', TIMERS, { ...TIMERS, refresher: 'remote' }, 'alice'],
  ] as const)('is refreshed by %s, and lives as long as it is', (_, alice, bob, refresher) => {
    const both = connected(timed(alice, bob))
    const before = both.wire.ladder.length
    both.wire.run(30 * MINUTE)
    const seen = refreshes(both, before)
    expect(seen.length).toBeGreaterThanOrEqual(39)
    expect(seen.every((line) => line.startsWith(`${refresher} UPDATE`))).toBe(true)
    expect(both.alice.heard).toEqual(['answered 200'])
    expect(both.bob.heard).toEqual(['incoming', 'confirmed'])
    both.alice.do({ type: 'bye', session: 1 })
    both.wire.run(70_000)
    expect(both.alice.endpoint.sizes()).toEqual(EMPTY_SIZES)
    expect(both.bob.endpoint.sizes()).toEqual(EMPTY_SIZES)
  })

  it('says who refreshes, and requires that who has to knows', () => {
    const both = pair(timed())
    answerAtOnce(both.bob)
    call(both)
    both.wire.run(100)
    const { request } = both.bob.event('incoming')
    expect(request.headers.get('session-expires')).toBe('90')
    expect(request.headers.all('supported')).toEqual(['100rel', 'timer'])
    const { response } = both.alice.event('answered')
    expect(response.headers.get('session-expires')).toBe('90;refresher=uas')
    expect(response.headers.all('require')).toEqual(['timer'])
  })

  it('ends with BYE at two thirds of a short interval when the far end has stopped refreshing', () => {
    const counters = new Counters<EndpointCounter>()
    const both = connected({ ...timed(), alice: { sessionTimers: TIMERS, counters } })
    both.wire.run(10 * MINUTE)
    both.wire.lose = (line) => line.includes('UPDATE')
    const last = Number(refreshes(both).at(-1)?.split(' ')[2])
    both.wire.run(2 * MINUTE)
    expect(both.alice.event('ended')).toMatchObject({ by: 'network', isExpired: true, detail: 'session expired' })
    expect(both.wire.ladder.filter((line) => line.includes('alice BYE bob'))).toEqual([
      `${last + 10 + 60_000} alice BYE bob`,
    ])
    expect(both.bob.event('ended').request?.headers.get('reason')).toMatch(/^SIP;cause=408/)
    expect(counters.snapshot()).toMatchObject({ expiredSessions: 1 })
  })

  it('ends 32 s before a long interval is over', () => {
    const wire = new Wire()
    const alice = new Agent(wire, 'alice')
    const phone = new Phone(wire, 'phone')
    alice.do({ type: 'invite', session: 1, to: phone.uri, body: OFFER })
    wire.run(20)
    const headers = [`Contact: <${phone.uri}>`, 'Session-Expires: 1800;refresher=uas', 'Require: timer']
    phone.respond(phone.request('INVITE'), alice.peer, 200, 'p', headers)
    wire.run(40 * MINUTE)
    expect(wire.ladder.find((line) => line.includes('BYE'))).toBe('1768030 alice BYE phone')
    expect(alice.event('ended').isExpired).toBe(true)
  })

  it('with a refresh that is refused is refreshed again, and over only when all are', () => {
    const both = connected(timed({ ...TIMERS, refresher: 'local' }))
    refuseUpdates(both.wire, '503 Busy', 1)
    both.wire.run(10 * MINUTE)
    expect(both.alice.heard).toEqual(['answered 200'])
    expect(
      refreshes(both)
        .slice(0, 2)
        .map((line) => Math.round(Number(line.split(' ')[2]) / 1000)),
    ).toEqual([45, 55])
  })

  it.each(['alice', 'bob'] as const)('is refreshed by re-INVITE of %s where the other takes no UPDATE', (name) => {
    const both = pair(timed({ ...TIMERS, refresher: name === 'alice' ? 'local' : 'remote' }))
    const [one, other] = name === 'alice' ? [both.alice, both.bob] : [both.bob, both.alice]
    hideUpdate(both.wire, other)
    answerAtOnce(both.bob)
    obliging(one)
    obliging(other)
    call(both)
    both.wire.run(30 * MINUTE)
    const seen = refreshes(both)
    expect(seen.length).toBeGreaterThanOrEqual(39)
    expect(seen.every((line) => line.startsWith(`${name} INVITE`))).toBe(true)
    expect(one.heard.filter((event) => event === 'reinviteAnswered 200')).toHaveLength(seen.length)
    expect(one.heard.some((event) => event.startsWith('ended'))).toBe(false)
  })

  it('whose UPDATE gets 405 in spite of Allow is refreshed by re-INVITE at once', () => {
    const both = connected(timed({ ...TIMERS, refresher: 'local' }))
    obliging(both.alice)
    obliging(both.bob)
    refuseUpdates(both.wire, '405 No')
    both.wire.run(50_000)
    expect(refreshes(both).map((line) => line.split(' ')[1])).toEqual(['UPDATE', 'INVITE'])
    both.wire.run(10 * MINUTE)
    expect(both.alice.heard).not.toContain('ended network: session expired')
  })

  it('that nobody refreshes when it is due, because no re-INVITE comes from above, is over in time', () => {
    const both = pair(timed({ ...TIMERS, refresher: 'local' }))
    hideUpdate(both.wire, both.bob)
    answerAtOnce(both.bob)
    call(both)
    both.wire.run(2 * MINUTE)
    expect(both.alice.heard).toEqual(['answered 200', 'refreshDue', 'ended remote'])
    expect(both.bob.heard.at(-1)).toBe('ended network: session expired')
  })

  it('begins its interval anew with every re-INVITE and UPDATE, of either end', () => {
    for (const name of ['alice', 'bob'] as const)
      for (const type of ['reinvite', 'update'] as const) {
        const both = connected(timed())
        obliging(both.alice)
        obliging(both.bob)
        // Bob's refreshes are lost, and what else goes on keeps the session alive.
        both.wire.lose = (line) => line.includes('bob UPDATE') && type === 'reinvite'
        for (let i = 0; i < 12; i++) {
          both.wire.run(40_000)
          both[name].do({ type, session: 1, body: OFFER })
          if (type === 'reinvite') continue
          both.wire.run(20)
          const other = name === 'alice' ? both.bob : both.alice
          const { request } = other.event('request')
          other.do({ type: 'respondRequest', session: 1, request, status: 200, body: OFFER })
        }
        expect(both.alice.heard.some((event) => event.startsWith('ended'))).toBe(false)
        const own = type === 'update' ? `${name} UPDATE` : `${name} INVITE`
        expect(refreshes(both).every((line) => line.startsWith(own))).toBe(true)
      }
  })

  it('is tried again with the longer interval that a 422 asks for, and refused below our minimum', () => {
    const both = pair(timed(TIMERS, { expiresSeconds: 600, minSeconds: 300 }))
    answerAtOnce(both.bob)
    call(both)
    both.wire.run(100)
    expect(both.wire.arrows().filter((line) => !line.includes('ACK'))).toEqual([
      'alice INVITE bob',
      'bob 422 INVITE alice',
      'alice INVITE bob',
      'bob 200 INVITE alice',
    ])
    const { request } = both.bob.event('incoming')
    expect(request.headers.get('session-expires')).toBe('300')
    expect(request.headers.get('min-se')).toBe('300')
    expect(both.alice.event('answered').response.headers.get('session-expires')).toBe('300;refresher=uas')
    both.wire.run(30 * MINUTE)
    expect(both.alice.heard).toEqual(['answered 200'])
  })

  it('fails when the far end asks for ever more', () => {
    const both = pair(timed())
    const phone = new Phone(both.wire, 'phone')
    let minSeconds = 90
    phone.onMessage = (message) => {
      if (message.kind !== 'request' || message.method !== 'INVITE') return
      minSeconds += 100
      phone.respond(message, both.alice.peer, 422, 'p', [`Min-SE: ${minSeconds}`])
    }
    both.alice.do({ type: 'invite', session: 1, to: phone.uri, body: OFFER })
    both.wire.run(1000)
    expect(both.alice.heard).toEqual(['failed response 422'])
    expect(phone.received.filter((message) => message.kind === 'request' && message.method === 'INVITE')).toHaveLength(
      5,
    )
  })

  it.each([
    ['alice', timed(false, TIMERS)],
    ['bob', timed(TIMERS, false)],
  ] as const)('does not expire where %s knows no session timers, unless it is to be us who refreshes', (_, options) => {
    const both = connected(options)
    both.wire.run(30 * MINUTE)
    expect(refreshes(both)).toEqual([])
    expect(both.alice.heard).toEqual(['answered 200'])
  })

  it.each(['alice', 'bob'] as const)('is refreshed by us where %s knows none, when we are to', (name) => {
    const local = { ...TIMERS, refresher: 'local' } as const
    const both = pair(name === 'alice' ? timed(false, local) : timed(local, false))
    const us = name === 'alice' ? both.bob : both.alice
    answerAtOnce(both.bob)
    call(both)
    both.wire.run(30 * MINUTE)
    const seen = refreshes(both)
    expect(seen.length).toBeGreaterThanOrEqual(39)
    expect(seen.every((line) => line.startsWith(`${us.name} UPDATE`))).toBe(true)
    // A refusal is a sign of life; silence is the end.
    both.wire.lose = (line) => line.includes('UPDATE')
    both.wire.run(2 * MINUTE)
    expect(us.heard.at(-1)).toBe('ended network: UPDATE: timeout')
  })

  it('is not there when it is switched off', () => {
    const both = connected({ alice: { sessionTimers: false }, bob: { sessionTimers: false } })
    const { request } = both.bob.event('incoming')
    expect(request.headers.has('session-expires')).toBe(false)
    expect(request.headers.all('supported')).toEqual(['100rel'])
    both.alice.do({ type: 'request', session: 1, method: 'INFO', headers: [['Require', 'timer']] })
    both.wire.run(100)
    expect(both.alice.heard.at(-1)).toBe('requestDone 420')
  })
})

describe('what a caller says of session timers', () => {
  const invite = (extra: readonly string[]) => {
    const both = pair(timed(TIMERS, { expiresSeconds: 1800, minSeconds: 120 }))
    const phone = new Phone(both.wire, 'phone')
    const { bob } = both
    bob.on = (event) => {
      if (event.type === 'incoming') bob.do({ type: 'respond', session: event.session, status: 200, body: OFFER })
    }
    phone.send(bob.peer, [
      `INVITE ${bob.uri} SIP/2.0`,
      `Via: SIP/2.0/UDP ${phone.peer.address};branch=z9hG4bK1`,
      'From: <sip:phone@example.com>;tag=p',
      `To: <${bob.uri}>`,
      'Call-ID: 1',
      'CSeq: 1 INVITE',
      `Contact: <${phone.uri}>`,
      ...extra,
    ])
    both.wire.run(50)
    const { status, headers } = phone.response('INVITE')
    return [status, headers.get('session-expires') ?? headers.get('min-se'), headers.get('require')]
  }

  // Table 2 of section 9, and the bounds around it.
  it.each([
    [[], [200, undefined, undefined]],
    [['Supported: timer'], [200, '1800;refresher=uas', 'timer']],
    [
      ['Supported: timer', 'Session-Expires: 600'],
      [200, '600;refresher=uas', 'timer'],
    ],
    [
      ['Supported: timer', 'Session-Expires: 600;refresher=uac'],
      [200, '600;refresher=uac', 'timer'],
    ],
    [
      ['k: timer', 'x: 600 ; Refresher=UAS'],
      [200, '600;refresher=uas', 'timer'],
    ],
    [
      ['Supported: timer', 'Session-Expires: 7200'],
      [200, '1800;refresher=uas', 'timer'],
    ],
    [
      ['Supported: timer', 'Session-Expires: 7200', 'Min-SE: 3600'],
      [200, '3600;refresher=uas', 'timer'],
    ],
    [
      ['Supported: timer', 'Session-Expires: 100'],
      [422, '120', undefined],
    ],
    [['Session-Expires: 100'], [200, '100;refresher=uas', undefined]],
    [['Session-Expires: 10'], [200, undefined, undefined]],
    [['Session-Expires: 600;refresher=uac'], [200, '600;refresher=uas', undefined]],
    [
      ['Supported: timer', 'Session-Expires: soon'],
      [200, '1800;refresher=uas', 'timer'],
    ],
  ] as const)('%j', (extra, expected) => {
    expect(invite(extra)).toEqual(expected)
  })
})
