import { describe, expect, it } from 'vitest'
import { utf8Decode, utf8Encode } from '../../kit/index.ts'
import { type Agent, call, connected, EMPTY_SIZES, OFFER, type Pair, Phone, pair } from './wire.ts'

/** Answers every UPDATE with `status`. */
function answerUpdates(agent: Agent, status = 200): void {
  const { on } = agent
  agent.on = (event) => {
    on(event)
    if (event.type === 'request') {
      const { session, request } = event
      agent.do({ type: 'respondRequest', session, request, status, ...(status === 200 && { body: OFFER }) })
    }
  }
}

function expectNothingLeft({ wire, alice, bob }: Pair): void {
  alice.do({ type: 'bye', session: 1 })
  wire.run(70_000)
  expect(alice.endpoint.sizes()).toEqual(EMPTY_SIZES)
  expect(bob.endpoint.sizes()).toEqual(EMPTY_SIZES)
}

/** Alice calls; bob has said a reliable 183 with the answer, which was acknowledged. */
function progressed(both: Pair = pair()): Pair {
  call(both)
  both.wire.run(20)
  both.bob.do({ type: 'respond', session: 1, status: 183, body: OFFER, reliable: true })
  both.wire.run(100)
  return both
}

describe('UPDATE (RFC 3311)', () => {
  it.each(['alice', 'bob'] as const)('of %s with an offer is answered from above', (name) => {
    const both = connected()
    const [one, other] = name === 'alice' ? [both.alice, both.bob] : [both.bob, both.alice]
    answerUpdates(other)
    one.do({ type: 'update', session: 1, body: OFFER })
    both.wire.run(100)
    expect(both.wire.arrows(3)).toEqual([`${one.name} UPDATE ${other.name}`, `${other.name} 200 UPDATE ${one.name}`])
    const { request } = other.event('request')
    expect(request.body).toEqual(OFFER)
    expect(request.headers.get('contact')).toBe(`<${one.uri}>`)
    const { response } = one.event('requestDone')
    expect(response?.body).toEqual(OFFER)
    expect(response?.headers.get('contact')).toBe(`<${other.uri}>`)
    expect(response?.headers.all('allow')).toContain('UPDATE')
    expectNothingLeft(both)
  })

  it('without an offer is answered at once, and nobody above hears of it', () => {
    const both = connected()
    both.alice.do({ type: 'update', session: 1 })
    both.wire.run(100)
    expect(both.alice.heard).toEqual(['answered 200', 'requestDone 200'])
    expect(both.bob.heard).toEqual(['incoming', 'confirmed'])
    expectNothingLeft(both)
  })

  it('that is refused leaves the session as it was', () => {
    const both = connected()
    answerUpdates(both.bob, 488)
    both.alice.do({ type: 'update', session: 1, body: OFFER })
    both.wire.run(100)
    expect(both.alice.heard.at(-1)).toBe('requestDone 488')
    expectNothingLeft(both)
  })

  it('that nobody answers from above gets 500, with which others are possible again', () => {
    const both = connected()
    both.alice.do({ type: 'update', session: 1, body: OFFER })
    both.wire.run(17_000)
    expect(both.alice.heard.at(-1)).toBe('requestDone 500')
    answerUpdates(both.alice)
    both.bob.do({ type: 'update', session: 1, body: OFFER })
    both.wire.run(100)
    expect(both.bob.heard.at(-1)).toBe('requestDone 200')
    expectNothingLeft(both)
  })

  it('with offers from both ends at once gets 491 from both and is tried again, the callee first', () => {
    const both = connected()
    answerUpdates(both.alice)
    answerUpdates(both.bob)
    both.alice.do({ type: 'update', session: 1, body: OFFER })
    both.bob.do({ type: 'update', session: 1, body: OFFER })
    both.wire.run(50)
    const glare = both.wire.arrows(3).filter((line) => line.includes('491'))
    expect(glare.sort()).toEqual(['alice 491 UPDATE bob', 'bob 491 UPDATE alice'])
    both.wire.run(2050)
    expect(both.bob.heard.at(-1)).toBe('requestDone 200')
    expect(both.alice.heard).not.toContain('requestDone 200')
    both.wire.run(2500)
    expect(both.alice.heard.at(-1)).toBe('requestDone 200')
    expectNothingLeft(both)
  })

  it('and re-INVITE that meet are refused with 491 by both ends and tried again', () => {
    const both = connected()
    answerUpdates(both.alice)
    both.bob.on = (event) => {
      if (event.type === 'reinvited') both.bob.do({ type: 'respond', session: 1, status: 200, body: OFFER })
    }
    both.alice.do({ type: 'reinvite', session: 1, body: OFFER })
    both.bob.do({ type: 'update', session: 1, body: OFFER })
    both.wire.run(50)
    const glare = both.wire.arrows(3).filter((line) => line.includes('491'))
    expect(glare.sort()).toEqual(['alice 491 UPDATE bob', 'bob 491 INVITE alice'])
    both.wire.run(5000)
    expect(both.bob.heard).toContain('requestDone 200')
    expect(both.alice.heard).toContain('reinviteAnswered 200')
    expectNothingLeft(both)
  })

  it('is not sent while an offer of either end is open', () => {
    const both = connected()
    both.alice.do({ type: 'update', session: 1, body: OFFER })
    both.wire.run(50)
    both.bob.do({ type: 'update', session: 1, body: OFFER })
    both.alice.do({ type: 'update', session: 1, body: OFFER })
    both.bob.do({ type: 'reinvite', session: 1, body: OFFER })
    expect(both.bob.heard.slice(-2)).toEqual(['requestDone none', 'reinviteFailed none'])
    expect(both.alice.heard.at(-1)).toBe('requestDone none')
  })

  it('that comes before the last one is answered gets 500 with Retry-After, and its sender tries again', () => {
    const both = connected()
    both.alice.do({ type: 'update', session: 1, body: OFFER })
    both.wire.run(50)
    const { request } = both.bob.event('request')
    const copy = `UPDATE ${request.uri} SIP/2.0\r\nVia: SIP/2.0/UDP ${both.alice.peer.address};branch=z9hG4bKcopy\r\n`
    const rest = ['from', 'to', 'call-id', 'contact', 'content-type'].map(
      (name) => `${name}: ${request.headers.get(name)}\r\n`,
    )
    const body = utf8Decode(OFFER)
    const text = `${copy}${rest.join('')}CSeq: 9 UPDATE\r\nContent-Length: ${body.length}\r\n\r\n${body}`
    both.wire.send(utf8Encode(text), both.alice, both.bob.peer)
    const before = both.wire.ladder.length
    both.wire.run(15)
    expect(both.wire.arrows(before)).toEqual(['bob 500 UPDATE alice'])
    expect(both.bob.heard.filter((event) => event === 'request UPDATE')).toHaveLength(1)
  })

  it('that gets 481 ends the session, and one that gets nothing ends it with BYE', () => {
    const both = connected()
    both.wire.lose = (line) => line.includes('UPDATE')
    both.alice.do({ type: 'update', session: 1 })
    both.wire.run(33_000)
    expect(both.alice.heard.slice(-2)).toEqual(['requestDone none', 'ended network: UPDATE: timeout'])
    expect(both.bob.heard.at(-1)).toBe('ended remote')
  })

  it('moves the target to the Contact of either end', () => {
    const both = connected()
    both.wire.change = (bytes) => {
      const text = utf8Decode(bytes)
      return utf8Encode(text.replace('Contact: <sip:bob@', 'Contact: <sip:desk@'))
    }
    both.alice.do({ type: 'update', session: 1 })
    both.wire.run(100)
    both.alice.do({ type: 'request', session: 1, method: 'INFO' })
    both.wire.run(100)
    expect(both.bob.event('request').request.uri).toMatch(/^sip:desk@/)
  })

  it('outside of a dialog gets 481', () => {
    const both = pair()
    const phone = new Phone(both.wire, 'phone')
    phone.send(both.bob.peer, [
      `UPDATE ${both.bob.uri} SIP/2.0`,
      `Via: SIP/2.0/UDP ${phone.peer.address};branch=z9hG4bK1`,
      'From: <sip:phone@example.com>;tag=p',
      `To: <${both.bob.uri}>`,
      'Call-ID: 1',
      'CSeq: 1 UPDATE',
      'Max-Forwards: 70',
    ])
    both.wire.run(50)
    expect(phone.response('UPDATE').status).toBe(481)
  })
})

describe('UPDATE before the answer', () => {
  it.each(['alice', 'bob'] as const)('of %s is possible once the first offer was answered reliably', (name) => {
    const both = progressed()
    const [one, other] = name === 'alice' ? [both.alice, both.bob] : [both.bob, both.alice]
    answerUpdates(other)
    one.do({ type: 'update', session: 1, body: OFFER })
    both.wire.run(100)
    expect(one.heard.at(-1)).toBe('requestDone 200')
    expect(other.heard.at(-1)).toBe('request UPDATE')
    both.bob.do({ type: 'respond', session: 1, status: 200 })
    both.wire.run(100)
    expect(both.alice.heard.at(-1)).toBe('answered 200')
    expectNothingLeft(both)
  })

  it.each(['alice', 'bob'] as const)('of %s is not before that', (name) => {
    const both = pair()
    call(both)
    both.wire.run(20)
    both.bob.do({ type: 'respond', session: 1, status: 183, body: OFFER })
    both.wire.run(100)
    both[name].do({ type: 'update', session: 1, body: OFFER })
    expect(both[name].heard.at(-1)).toBe('requestDone none')
  })

  it('with an offer before we have answered the first one gets 500 with Retry-After', () => {
    const { phone, bob, wire, update } = early([], OFFER)
    update(true)
    wire.run(50)
    expect(phone.response('UPDATE').status).toBe(500)
    expect(Number(phone.response('UPDATE').headers.get('retry-after'))).toBeLessThanOrEqual(10)
    expect(bob.heard).toEqual(['incoming'])
  })

  it('with an offer of its own before ours is answered gets 491', () => {
    const { phone, wire, update } = early(['Supported: 100rel'])
    update(true)
    wire.run(50)
    expect(phone.response('UPDATE').status).toBe(491)
  })

  it('without an offer is answered at once', () => {
    const { phone, wire, update } = early([], OFFER)
    update(false)
    wire.run(50)
    expect(phone.response('UPDATE').status).toBe(200)
    expect(phone.response('UPDATE').headers.has('session-expires')).toBe(false)
  })

  it('of the callee that meets our open offer gets 491', () => {
    const both = pair()
    const phone = new Phone(both.wire, 'phone')
    both.alice.do({ type: 'invite', session: 1, to: phone.uri, body: OFFER })
    both.wire.run(20)
    const request = phone.request('INVITE')
    phone.respond(request, both.alice.peer, 180, 'p', [`Contact: <${phone.uri}>`])
    both.wire.run(20)
    phone.send(
      both.alice.peer,
      [
        `UPDATE ${both.alice.uri} SIP/2.0`,
        `Via: SIP/2.0/UDP ${phone.peer.address};branch=z9hG4bK1`,
        `From: ${request.headers.get('to')};tag=p`,
        `To: ${request.headers.get('from')}`,
        `Call-ID: ${request.headers.get('call-id')}`,
        'CSeq: 1 UPDATE',
        `Contact: <${phone.uri}>`,
        'Content-Type: application/sdp',
      ],
      utf8Decode(OFFER),
    )
    both.wire.run(20)
    expect(phone.response('UPDATE').status).toBe(491)
  })

  it('that is under way when the call is given up is left to itself', () => {
    const both = progressed()
    both.alice.do({ type: 'update', session: 1, body: OFFER })
    both.wire.run(50)
    both.alice.do({ type: 'cancel', session: 1 })
    both.wire.run(100)
    expect(both.wire.arrows(4)).toContain('bob 487 UPDATE alice')
    expect(both.alice.heard).toEqual(['progress 183', 'failed cancelled 487'])
    expectNothingLeft(both)
  })
})

/** A phone has called bob, who has said 183: a reliable one with an offer when the phone takes that, else an ordinary 180. */
function early(extra: readonly string[], body?: Uint8Array) {
  const both = pair()
  const { wire, bob } = both
  const phone = new Phone(wire, 'phone')
  const dialog = (method: string, cseq: number, to: string) => [
    `${method} ${bob.uri} SIP/2.0`,
    `Via: SIP/2.0/UDP ${phone.peer.address};branch=z9hG4bK${cseq}`,
    'From: <sip:phone@example.com>;tag=p',
    to,
    'Call-ID: 1',
    `CSeq: ${cseq} ${method}`,
    `Contact: <${phone.uri}>`,
  ]
  const text = body === undefined ? '' : utf8Decode(body)
  const typed = ['Content-Type: application/sdp']
  phone.send(bob.peer, [...dialog('INVITE', 1, `To: <${bob.uri}>`), ...extra, ...(text === '' ? [] : typed)], text)
  wire.run(20)
  if (extra.length > 0) bob.do({ type: 'respond', session: 1, status: 183, body: OFFER, reliable: true })
  else bob.do({ type: 'respond', session: 1, status: 180 })
  wire.run(20)
  const update = (offers: boolean) => {
    const to = `To: ${phone.response('INVITE').headers.get('to')}`
    const lines = dialog('UPDATE', 2, to)
    if (offers) phone.send(bob.peer, [...lines, ...typed], utf8Decode(OFFER))
    else phone.send(bob.peer, lines)
  }
  return { ...both, phone, update }
}
