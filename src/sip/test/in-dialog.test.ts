import { describe, expect, it } from 'vitest'
import { utf8Encode } from '../../kit/index.ts'
import { expectNothingLeft } from './nothing-left.ts'
import { type Agent, connected, EMPTY_SIZES, OFFER } from './wire.ts'

/** Answers every re-INVITE with `status`. */
function answerReinvites(agent: Agent, status = 200): void {
  agent.on = (event) => {
    if (event.type === 'reinvited') agent.do({ type: 'respond', session: 1, status, body: OFFER })
  }
}

function reinvite(agent: Agent): void {
  agent.do({ type: 'reinvite', session: 1, body: OFFER })
}

describe('a re-INVITE', () => {
  it.each(['alice', 'bob'] as const)('of %s is answered and acknowledged', (name) => {
    const both = connected()
    const [one, other] = name === 'alice' ? [both.alice, both.bob] : [both.bob, both.alice]
    answerReinvites(other)
    reinvite(one)
    both.wire.run(100)
    expect(both.wire.arrows(3)).toEqual([
      `${one.name} INVITE ${other.name}`,
      `${other.name} 200 INVITE ${one.name}`,
      `${one.name} ACK ${other.name}`,
    ])
    expect(one.heard.at(-1)).toBe('reinviteAnswered 200')
    expect(other.heard.slice(-2)).toEqual(['reinvited', 'confirmed'])
    one.do({ type: 'bye', session: 1 })
    expectNothingLeft(both)
  })

  it('that is refused leaves the session as it was', () => {
    const both = connected()
    answerReinvites(both.bob, 488)
    reinvite(both.alice)
    both.wire.run(100)
    expect(both.wire.arrows(3)).toEqual(['alice INVITE bob', 'bob 488 INVITE alice', 'alice ACK bob'])
    expect(both.alice.heard.at(-1)).toBe('reinviteFailed 488')
    both.bob.do({ type: 'bye', session: 1 })
    both.wire.run(100)
    expect(both.alice.heard.at(-1)).toBe('ended remote')
  })

  it('from both ends at once is refused with 491 by both and tried again, the callee first', () => {
    const both = connected()
    answerReinvites(both.alice)
    answerReinvites(both.bob)
    reinvite(both.alice)
    reinvite(both.bob)
    both.wire.run(50)
    expect(
      both.wire
        .arrows(3)
        .filter((line) => line.includes('491'))
        .sort(),
    ).toEqual(['alice 491 INVITE bob', 'bob 491 INVITE alice'])
    both.wire.run(2050)
    expect(both.bob.heard.at(-1)).toBe('reinviteAnswered 200')
    expect(both.alice.heard).not.toContain('reinviteAnswered 200')
    both.wire.run(2500)
    expect(both.alice.heard.at(-1)).toBe('reinviteAnswered 200')
    expect(both.alice.heard).not.toContain('reinviteFailed 491')
  })

  it('before the last one is answered gets 500 with Retry-After', () => {
    const both = connected()
    reinvite(both.alice)
    both.wire.run(50)
    // Alice would not do that, so her request is copied with the next CSeq.
    const { request } = both.bob.event('reinvited')
    const copy = `INVITE ${request.uri} SIP/2.0\r\nVia: SIP/2.0/UDP ${both.alice.peer.address};branch=z9hG4bKcopy\r\n`
    const rest = ['from', 'to', 'call-id', 'contact'].map((name) => `${name}: ${request.headers.get(name)}\r\n`)
    const bytes = utf8Encode(`${copy}${rest.join('')}CSeq: 9 INVITE\r\nContent-Length: 0\r\n\r\n`)
    both.wire.send(bytes, both.alice, both.bob.peer)
    const before = both.wire.ladder.length
    both.wire.run(15)
    expect(both.wire.arrows(before)).toEqual(['bob 500 INVITE alice'])
    expect(both.bob.heard.filter((event) => event === 'reinvited')).toHaveLength(1)
  })

  it('is not sent while one is under way', () => {
    const both = connected()
    reinvite(both.alice)
    both.wire.run(50)
    reinvite(both.bob)
    reinvite(both.alice)
    expect(both.bob.heard.at(-1)).toBe('reinviteFailed none')
    expect(both.alice.heard.at(-1)).toBe('reinviteFailed none')
  })

  it('that nobody answers from above is refused in time', () => {
    const both = connected()
    reinvite(both.alice)
    both.wire.run(17_000)
    expect(both.alice.heard.at(-1)).toBe('reinviteFailed 500')
    both.bob.do({ type: 'respond', session: 1, status: 200, body: OFFER })
    both.alice.do({ type: 'bye', session: 1 })
    expectNothingLeft(both)
  })

  it('that times out ends the session', () => {
    const both = connected()
    both.wire.lose = (line) => line.includes('alice INVITE')
    reinvite(both.alice)
    both.wire.run(33_000)
    expect(both.alice.heard.slice(-2)).toEqual(['reinviteFailed none', 'ended network: INVITE: timeout'])
    expect(both.bob.heard.at(-1)).toBe('ended remote')
    expectNothingLeft(both)
  })

  it('that gets a 100 and then nothing is CANCELled after 32 s, and at last ends the session', () => {
    const { wire, alice, bob } = connected()
    // Nobody above bob answers, and the line dies before bob's own 500 in time.
    wire.lose = (line) => line.includes('bob 500') || / bob (BYE|200)/.test(line) || line.includes('487')
    reinvite(alice)
    wire.run(31_000)
    expect(alice.heard).not.toContain('reinviteFailed none')
    expect(wire.arrows()).toContain('bob 100 INVITE alice')
    wire.run(1_100)
    expect(wire.arrows()).toContain('alice CANCEL bob')
    wire.run(33_000)
    expect(alice.heard.slice(-2)).toEqual(['reinviteFailed none', 'ended network: INVITE: timeout'])
    wire.lose = () => false
    bob.do({ type: 'bye', session: 1 })
    wire.run(100_000)
    expect(alice.endpoint.sizes()).toEqual(EMPTY_SIZES)
    expect(bob.endpoint.sizes()).toEqual(EMPTY_SIZES)
  })

  it('whose 200 is lost is answered again, and acknowledged again', () => {
    const both = connected()
    answerReinvites(both.bob)
    let acks = 0
    both.wire.lose = (line) => line.includes('ACK') && ++acks < 3
    reinvite(both.alice)
    both.wire.run(5000)
    expect(both.wire.arrows(3).filter((line) => line.includes('200 INVITE'))).toHaveLength(3)
    expect(both.bob.heard.slice(-2)).toEqual(['reinvited', 'confirmed'])
  })

  it('never acknowledged ends the session', () => {
    const both = connected()
    answerReinvites(both.bob)
    both.wire.lose = (line) => line.includes('ACK')
    reinvite(both.alice)
    both.wire.run(33_000)
    expect(both.bob.heard.at(-1)).toBe('ended network: no ACK')
    expect(both.alice.heard.at(-1)).toBe('ended remote')
    expectNothingLeft(both)
  })

  it('under way when the session ends is refused with 487', () => {
    const both = connected()
    reinvite(both.alice)
    both.wire.run(50)
    both.bob.do({ type: 'bye', session: 1 })
    both.wire.run(100)
    expect(both.wire.arrows(4).sort()).toEqual(
      ['bob 487 INVITE alice', 'bob BYE alice', 'alice ACK bob', 'alice 200 BYE bob'].sort(),
    )
    expectNothingLeft(both)
  })

  it('with content other than SDP gets 415', () => {
    const both = connected()
    both.alice.do({ type: 'reinvite', session: 1, body: utf8Encode('hello'), contentType: 'text/plain' })
    both.wire.run(100)
    expect(both.alice.heard.at(-1)).toBe('reinviteFailed 415')
  })
})

describe('another request in a dialog', () => {
  it('is passed up and answered from there', () => {
    const both = connected()
    both.bob.on = (event) => {
      if (event.type === 'request')
        both.bob.do({ type: 'respondRequest', session: 1, request: event.request, status: 200 })
    }
    const body = utf8Encode('Signal=5\r\n')
    both.alice.do({ type: 'request', session: 1, method: 'INFO', body, contentType: 'application/dtmf-relay' })
    both.wire.run(100)
    expect(both.wire.arrows(3)).toEqual(['alice INFO bob', 'bob 200 INFO alice'])
    expect(both.alice.heard.at(-1)).toBe('requestDone 200')
    expect(both.bob.event('request').request.body).toEqual(body)
    expect(both.bob.event('request').request.headers.get('content-type')).toBe('application/dtmf-relay')
  })

  it('that nobody answers from above gets 500 before its sender gives up', () => {
    const both = connected()
    both.alice.do({ type: 'request', session: 1, method: 'INFO' })
    both.wire.run(20_000)
    expect(both.alice.heard.at(-1)).toBe('requestDone 500')
    both.alice.do({ type: 'bye', session: 1 })
    expectNothingLeft(both)
  })

  it('that waits when the session ends gets 487', () => {
    const both = connected()
    both.alice.do({ type: 'request', session: 1, method: 'INFO' })
    both.wire.run(50)
    both.bob.do({ type: 'bye', session: 1 })
    both.wire.run(100)
    expect(both.wire.arrows(4)).toContain('bob 487 INFO alice')
    expect(both.alice.heard).toEqual(['answered 200', 'requestDone 487', 'ended remote'])
    expectNothingLeft(both)
  })

  it.each([
    ['OPTIONS', 200],
    ['REFER', 405],
    ['FROBNICATE', 501],
  ])('%s is answered %i by the endpoint itself', (method, status) => {
    const both = connected()
    both.alice.do({ type: 'request', session: 1, method })
    both.wire.run(100)
    expect(both.alice.heard.at(-1)).toBe(`requestDone ${status}`)
    const { response } = both.alice.event('requestDone')
    expect(response?.headers.all('allow')).toEqual([
      'INVITE',
      'ACK',
      'CANCEL',
      'BYE',
      'OPTIONS',
      'PRACK',
      'UPDATE',
      'INFO',
    ])
    expect(both.bob.heard).toEqual(['incoming', 'confirmed'])
  })

  it('that requires what we do not have gets 420', () => {
    const both = connected()
    both.alice.do({ type: 'request', session: 1, method: 'INFO', headers: [['Require', 'sec-agree, 100rel']] })
    both.wire.run(100)
    const { response } = both.alice.event('requestDone')
    expect(response?.status).toBe(420)
    expect(response?.headers.all('unsupported')).toEqual(['sec-agree'])
  })

  it('answered 481 ends the session, without BYE', () => {
    const both = connected()
    both.wire.lose = (line) => line.includes('BYE')
    both.bob.do({ type: 'bye', session: 1 })
    both.wire.run(33_000)
    both.wire.lose = () => false
    const before = both.wire.ladder.length
    both.alice.do({ type: 'request', session: 1, method: 'INFO' })
    both.wire.run(100)
    expect(both.wire.arrows(before)).toEqual(['alice INFO bob', 'bob 481 INFO alice'])
    expect(both.alice.heard.slice(-2)).toEqual(['requestDone 481', 'ended network: INFO: 481'])
  })

  it('that gets no answer ends the session, with BYE', () => {
    const both = connected()
    both.wire.lose = (line) => line.includes('INFO')
    both.alice.do({ type: 'request', session: 1, method: 'INFO' })
    both.wire.run(33_000)
    expect(both.alice.heard.slice(-2)).toEqual(['requestDone none', 'ended network: INFO: timeout'])
    expect(both.bob.heard.at(-1)).toBe('ended remote')
    expectNothingLeft(both)
  })

  it('that the transport refuses ends the session with its reason', () => {
    const both = connected()
    both.wire.lose = (line) => line.includes('INFO')
    both.alice.do({ type: 'request', session: 1, method: 'INFO' })
    both.alice.do({ type: 'sendFailed', to: both.bob.peer, reason: 'refused' })
    both.wire.run(100)
    expect(both.alice.heard.slice(-2)).toEqual(['requestDone none', 'ended network: INFO: refused'])
  })

  it('of a kind that has a command of its own is not sent', () => {
    const both = connected()
    const lines = both.wire.ladder.length
    both.alice.do({ type: 'request', session: 1, method: 'BYE' })
    expect(both.alice.heard.at(-1)).toBe('requestDone none')
    expect(both.wire.ladder).toHaveLength(lines)
  })
})
