import { describe, expect, it } from 'vitest'
import { expectNothingLeft } from './nothing-left.ts'
import { Agent, answerAtOnce, call, connected, EMPTY_SIZES, OFFER, Phone, pair, Wire } from './wire.ts'

describe('a call', () => {
  it('rings, is answered, acknowledged and released', () => {
    const both = pair()
    const { wire, alice, bob } = both
    call(both)
    wire.run(50)
    bob.do({ type: 'respond', session: 1, status: 180 })
    wire.run(50)
    bob.do({ type: 'respond', session: 1, status: 200, body: OFFER })
    wire.run(50)
    alice.do({ type: 'bye', session: 1 })
    wire.run(50)
    expect(wire.ladder).toEqual([
      '0 alice INVITE bob',
      '50 bob 180 INVITE alice',
      '100 bob 200 INVITE alice',
      '110 alice ACK bob',
      '150 alice BYE bob',
      '160 bob 200 BYE alice',
    ])
    expect(alice.heard).toEqual(['progress 180', 'answered 200', 'ended local'])
    expect(bob.heard).toEqual(['incoming', 'confirmed', 'ended remote'])
    expect(bob.event('incoming').request.body).toEqual(OFFER)
    expectNothingLeft(both)
  })

  it('carries what the commands say and nothing that is not theirs to say', () => {
    const both = pair({ alice: { userAgent: 'Test/1' } })
    const { wire, bob } = both
    const headers = [
      ['X-Account', '42'],
      ['Call-ID', 'mine'],
      ['Subject', 'a\r\nVia: b'],
    ] as const
    call(both, { from: '"Alice A." <sip:1000@example.com>;tag=forged', headers, maxForwards: 7 })
    wire.run(50)
    const { request } = bob.event('incoming')
    expect(request.uri).toBe(bob.uri)
    expect(request.headers.get('x-account')).toBe('42')
    expect(request.headers.get('subject')).toBe('a Via: b')
    expect(request.headers.all('call-id')).toHaveLength(1)
    expect(request.headers.get('call-id')).not.toBe('mine')
    expect(request.headers.get('from')).toMatch(/^"Alice A." <sip:1000@example.com>;tag=[0-9a-v]{13}$/)
    expect(request.headers.get('max-forwards')).toBe('7')
    expect(request.headers.get('user-agent')).toBe('Test/1')
    expect(request.headers.get('content-type')).toBe('application/sdp')
    expect(request.headers.get('supported')).toBe('100rel')
    expect(request.headers.get('contact')).toBe(`<sip:alice@${both.alice.peer.address}:5060>`)
  })

  it('gets 100 Trying when nobody answers at once', () => {
    const both = pair()
    call(both)
    both.wire.run(500)
    expect(both.wire.ladder).toEqual(['0 alice INVITE bob', '210 bob 100 INVITE alice'])
    expect(both.alice.heard).toEqual([])
  })

  it('rings on: a provisional is repeated each minute', () => {
    const both = pair()
    call(both)
    both.wire.run(20)
    both.bob.do({ type: 'respond', session: 1, status: 180 })
    both.wire.run(125_000)
    expect(both.wire.ladder.slice(1)).toEqual([
      '20 bob 180 INVITE alice',
      '60020 bob 180 INVITE alice',
      '120020 bob 180 INVITE alice',
    ])
  })

  it('is refused with the status and headers of the application', () => {
    const both = pair()
    const { wire, alice, bob } = both
    call(both)
    wire.run(50)
    bob.do({ type: 'respond', session: 1, status: 486, headers: [['Reason', 'Q.850;cause=17']] })
    wire.run(50)
    expect(wire.arrows()).toEqual(['alice INVITE bob', 'bob 486 INVITE alice', 'alice ACK bob'])
    expect(alice.heard).toEqual(['failed response 486'])
    expect(alice.event('failed').response?.headers.get('reason')).toBe('Q.850;cause=17')
    expect(bob.heard).toEqual(['incoming', 'rejected'])
    expectNothingLeft(both)
  })

  it('that nobody answers from above is refused in the end', () => {
    const both = pair({ bob: { limits: { unansweredInviteMs: 5000 } } })
    call(both)
    both.wire.run(6000)
    expect(both.alice.heard).toEqual(['failed response 480'])
    expect(both.bob.heard).toEqual(['incoming', 'rejected'])
    expectNothingLeft(both)
  })

  it('to nowhere fails at once, saying why', () => {
    const alice = new Agent(new Wire(), 'alice')
    alice.do({ type: 'invite', session: 1, to: 'sips:bob@example.com;transport=udp' })
    alice.do({ type: 'invite', session: 2, to: 'bob' })
    alice.do({ type: 'invite', session: 3, to: 'sip:bob@example.com', from: '"' })
    expect(alice.heard).toEqual(['failed transport', 'failed transport', 'failed transport'])
    expect(alice.event('failed').detail).toBe('quoted display name that never ends')
    expect(alice.endpoint.sizes()).toEqual(EMPTY_SIZES)
  })

  it('to nobody times out after 64*T1', () => {
    const wire = new Wire()
    const alice = new Agent(wire, 'alice')
    alice.do({ type: 'invite', session: 1, to: 'sip:bob@192.0.2.1' })
    wire.run(31_999)
    expect(alice.heard).toEqual([])
    wire.run(1)
    expect(alice.heard).toEqual(['failed timeout'])
    expect(alice.endpoint.sizes()).toEqual(EMPTY_SIZES)
  })

  describe('that is given up when nothing comes for a while', () => {
    const impatient = () => {
      const wire = new Wire()
      const alice = new Agent(wire, 'alice')
      const phone = new Phone(wire, 'phone')
      alice.do({ type: 'invite', session: 1, to: phone.uri, body: OFFER, firstResponseMs: 3000 })
      wire.run(2900)
      return { wire, alice, phone }
    }
    const contact = (phone: Phone) => [`Contact: <${phone.uri}>`]

    it('fails then; what still comes is cancelled', () => {
      const { wire, alice, phone } = impatient()
      expect(alice.heard).toEqual([])
      wire.run(200)
      expect(alice.event('failed').detail).toBe('no response within 3000 ms')
      phone.respond(phone.request('INVITE'), alice.peer, 180, 'p', contact(phone))
      wire.run(100)
      phone.respond(phone.request('CANCEL'), alice.peer, 200, 'p')
      phone.respond(phone.request('INVITE'), alice.peer, 487, 'p')
      wire.run(70_000)
      expect(alice.heard).toHaveLength(1)
      expect(alice.endpoint.sizes()).toEqual(EMPTY_SIZES)
    })

    it('fails then; who still answers is released', () => {
      const { wire, alice, phone } = impatient()
      wire.run(200)
      phone.respond(phone.request('INVITE'), alice.peer, 200, 'p', contact(phone))
      wire.run(100)
      expect(phone.received.slice(-2).map((message) => message.kind === 'request' && message.method)).toEqual([
        'ACK',
        'BYE',
      ])
      phone.respond(phone.request('BYE'), alice.peer, 200, 'p')
      wire.run(70_000)
      expect(alice.heard).toHaveLength(1)
      expect(alice.endpoint.sizes()).toEqual(EMPTY_SIZES)
    })

    it('goes on when 100 has come', () => {
      const { wire, alice, phone } = impatient()
      phone.respond(phone.request('INVITE'), alice.peer, 100, '')
      wire.run(20_000)
      expect(alice.heard).toEqual([])
      phone.respond(phone.request('INVITE'), alice.peer, 486, 'p')
      wire.run(70_000)
      expect(alice.heard).toEqual(['failed response 486'])
      expect(alice.endpoint.sizes()).toEqual(EMPTY_SIZES)
    })
  })

  it('that cannot be sent fails with the reason of the transport', () => {
    const both = pair()
    both.wire.lose = () => true
    call(both)
    both.alice.do({ type: 'sendFailed', to: both.bob.peer, reason: 'no route' })
    expect(both.alice.heard).toEqual(['failed transport'])
    expect(both.alice.event('failed').detail).toBe('no route')
    expectNothingLeft(both)
  })

  it('takes a session id once', () => {
    const both = pair()
    call(both)
    expect(() => both.alice.endpoint.handle({ type: 'invite', session: 1, to: both.bob.uri }, 0)).toThrow(/session 1/)
  })

  it('beyond the limit of sessions is refused on either side', () => {
    const both = pair({ bob: { limits: { maxSessions: 1 } } })
    const { wire, alice, bob } = both
    answerAtOnce(bob)
    call(both)
    alice.do({ type: 'invite', session: 2, to: bob.uri })
    wire.run(100)
    expect(alice.heard).toEqual(['answered 200', 'failed response 503'])
    expect(alice.event('failed').response?.headers.get('retry-after')).toBe('5')
    bob.do({ type: 'invite', session: 7, to: alice.uri })
    expect(bob.heard.at(-1)).toBe('failed transport')
  })
})

describe('a 2xx and its ACK', () => {
  it('is sent again at T1, doubling up to T2, until the ACK comes', () => {
    const both = pair()
    answerAtOnce(both.bob)
    both.wire.lose = (line) => line.includes('ACK') && Number.parseInt(line, 10) < 7000
    call(both)
    both.wire.run(20_000)
    expect(both.wire.ladder.filter((line) => line.includes('200 INVITE'))).toEqual(
      [10, 510, 1510, 3510, 7510].map((at) => `${at} bob 200 INVITE alice`),
    )
    expect(both.wire.ladder.filter((line) => line.includes('ACK'))).toHaveLength(5)
    expect(both.alice.heard).toEqual(['answered 200'])
    expect(both.bob.heard).toEqual(['incoming', 'confirmed'])
  })

  it('that never comes ends the call with BYE after 64*T1', () => {
    const both = pair()
    answerAtOnce(both.bob)
    both.wire.lose = (line) => line.includes('ACK')
    call(both)
    both.wire.run(33_000)
    expect(both.bob.heard).toEqual(['incoming', 'ended network: no ACK'])
    expect(both.alice.heard).toEqual(['answered 200', 'ended remote'])
    expect(both.wire.ladder).toContain('32010 bob BYE alice')
    expectNothingLeft(both)
  })

  it('crosses a repeated 2xx without a second event', () => {
    const both = pair()
    answerAtOnce(both.bob)
    both.wire.lose = (line) => line.startsWith('20 ')
    call(both)
    both.wire.run(1000)
    expect(both.wire.arrows()).toEqual([
      'alice INVITE bob',
      'bob 200 INVITE alice',
      'alice ACK bob (lost)',
      'bob 200 INVITE alice',
      'alice ACK bob',
    ])
    expect(both.alice.heard).toEqual(['answered 200'])
  })
})

describe('the release', () => {
  it('by the callee takes the way of the dialog too', () => {
    const both = connected()
    both.bob.do({ type: 'bye', session: 1, reason: 'Q.850;cause=16' })
    both.wire.run(100)
    expect(both.wire.arrows(3)).toEqual(['bob BYE alice', 'alice 200 BYE bob'])
    expect(both.alice.heard).toEqual(['answered 200', 'ended remote'])
    expect(both.alice.event('ended').request?.headers.get('reason')).toBe('Q.850;cause=16')
    expect(both.bob.heard).toEqual(['incoming', 'confirmed', 'ended local'])
    expectNothingLeft(both)
  })

  it('from both ends at once is answered by both', () => {
    const both = connected()
    both.alice.do({ type: 'bye', session: 1 })
    both.bob.do({ type: 'bye', session: 1 })
    both.wire.run(100)
    expect(both.wire.arrows(3).sort()).toEqual([
      'alice 200 BYE bob',
      'alice BYE bob',
      'bob 200 BYE alice',
      'bob BYE alice',
    ])
    expect(both.alice.heard.at(-1)).toBe('ended local')
    expect(both.bob.heard.at(-1)).toBe('ended local')
    expectNothingLeft(both)
  })

  it('by the callee waits for the ACK', () => {
    const both = pair()
    answerAtOnce(both.bob)
    both.wire.lose = (line) => line.startsWith('20 ')
    call(both)
    both.wire.run(100)
    both.bob.do({ type: 'bye', session: 1 })
    both.wire.run(1000)
    expect(both.wire.arrows(2)).toEqual([
      'alice ACK bob (lost)',
      'bob 200 INVITE alice',
      'alice ACK bob',
      'bob BYE alice',
      'alice 200 BYE bob',
    ])
    expect(both.bob.heard).toEqual(['incoming', 'confirmed', 'ended local'])
    expectNothingLeft(both)
  })

  it('by the callee does not wait for an ACK that never comes', () => {
    const both = pair()
    answerAtOnce(both.bob)
    both.wire.lose = (line) => line.includes('ACK')
    call(both)
    both.wire.run(100)
    both.bob.do({ type: 'bye', session: 1 })
    both.wire.run(33_000)
    expect(both.bob.heard).toEqual(['incoming', 'ended local'])
    expectNothingLeft(both)
  })

  it('by the caller may come before its own ACK', () => {
    const both = pair()
    answerAtOnce(both.bob)
    both.wire.lose = (line) => line.includes('ACK')
    call(both)
    both.wire.run(20)
    both.alice.do({ type: 'bye', session: 1 })
    both.wire.run(100)
    expect(both.bob.heard).toEqual(['incoming', 'ended remote'])
    both.wire.run(33_000)
    expect(both.wire.ladder.filter((line) => line.includes('200 INVITE'))).toHaveLength(1)
    expectNothingLeft(both)
  })

  it('ends here even when the far end is gone', () => {
    const both = connected()
    both.wire.lose = () => true
    both.alice.do({ type: 'bye', session: 1 })
    both.wire.run(33_000)
    expect(both.alice.heard.at(-1)).toBe('ended local')
    both.wire.lose = () => false
    both.bob.do({ type: 'bye', session: 1 })
    both.wire.run(100)
    expect(both.wire.arrows().at(-1)).toBe('alice 481 BYE bob')
    expectNothingLeft(both)
  })

  it('ignores commands for what is over', () => {
    const both = connected()
    both.alice.do({ type: 'bye', session: 1 })
    both.wire.run(100)
    const lines = both.wire.ladder.length
    both.alice.do({ type: 'bye', session: 1 })
    both.alice.do({ type: 'respond', session: 1, status: 200 })
    both.bob.do({ type: 'reinvite', session: 1, body: OFFER })
    both.wire.run(100)
    expect(both.wire.ladder).toHaveLength(lines)
  })
})

describe('a cancel', () => {
  it('ends a ringing call with 487', () => {
    const both = pair()
    const { wire, alice, bob } = both
    call(both)
    wire.run(50)
    bob.do({ type: 'respond', session: 1, status: 180 })
    wire.run(50)
    alice.do({ type: 'cancel', session: 1, reason: 'SIP;cause=200;text="Call completed elsewhere"' })
    wire.run(50)
    expect(wire.arrows(2)).toEqual([
      'alice CANCEL bob',
      'bob 200 CANCEL alice',
      'bob 487 INVITE alice',
      'alice ACK bob',
    ])
    expect(alice.heard).toEqual(['progress 180', 'failed cancelled 487'])
    expect(bob.heard).toEqual(['incoming', 'cancelled'])
    expect(bob.event('cancelled').request.headers.get('reason')).toMatch(/elsewhere/)
    expectNothingLeft(both)
  })

  it('waits for the first provisional response', () => {
    const both = pair()
    call(both)
    both.alice.do({ type: 'cancel', session: 1 })
    both.wire.run(400)
    expect(both.wire.ladder).toEqual([
      '0 alice INVITE bob',
      '210 bob 100 INVITE alice',
      '220 alice CANCEL bob',
      '230 bob 200 CANCEL alice',
      '230 bob 487 INVITE alice',
      '240 alice ACK bob',
    ])
  })

  it('that crosses the 200 releases the call with ACK and BYE', () => {
    const both = pair()
    const { wire, alice, bob } = both
    call(both)
    wire.run(20)
    bob.do({ type: 'respond', session: 1, status: 180 })
    wire.run(20)
    bob.do({ type: 'respond', session: 1, status: 200, body: OFFER })
    alice.do({ type: 'cancel', session: 1 })
    wire.run(100)
    expect(wire.arrows(2).sort()).toEqual(
      [
        'bob 200 INVITE alice',
        'alice CANCEL bob',
        'alice ACK bob',
        'alice BYE bob',
        'bob 200 CANCEL alice',
        'bob 200 BYE alice',
      ].sort(),
    )
    expect(alice.heard).toEqual(['progress 180', 'failed cancelled 200'])
    expect(bob.heard).toEqual(['incoming', 'confirmed', 'ended remote'])
    expectNothingLeft(both)
  })

  it('after the answer means bye', () => {
    const both = connected()
    both.alice.do({ type: 'cancel', session: 1 })
    both.wire.run(100)
    expect(both.wire.arrows(3)).toEqual(['alice BYE bob', 'bob 200 BYE alice'])
    expect(both.alice.heard).toEqual(['answered 200', 'ended local'])
  })

  it('that nobody answers fails after 64*T1', () => {
    const wire = new Wire()
    const alice = new Agent(wire, 'alice')
    const phone = new Phone(wire, 'phone')
    phone.onMessage = (message) => {
      if (message.kind === 'request' && message.method === 'INVITE') phone.respond(message, alice.peer, 180, 't')
    }
    alice.do({ type: 'invite', session: 1, to: phone.uri })
    wire.run(100)
    alice.do({ type: 'cancel', session: 1 })
    wire.run(40_000)
    expect(alice.heard).toEqual(['progress 180', 'failed cancelled'])
    expect(alice.endpoint.sizes()).toEqual(EMPTY_SIZES)
  })

  it('of a caller who says BYE instead counts the same', () => {
    const wire = new Wire()
    const bob = new Agent(wire, 'bob')
    const phone = new Phone(wire, 'phone')
    bob.on = (event) => {
      if (event.type === 'incoming') bob.do({ type: 'respond', session: event.session, status: 180 })
    }
    const common = (method: string, cseq: number, to: string): string[] => [
      `${method} ${bob.uri} SIP/2.0`,
      `Via: SIP/2.0/UDP ${phone.peer.address};branch=z9hG4bK${cseq}`,
      `From: <sip:phone@example.com>;tag=p`,
      `To: ${to}`,
      'Call-ID: early-bye',
      `CSeq: ${cseq} ${method}`,
      `Contact: <${phone.uri}>`,
    ]
    phone.send(bob.peer, common('INVITE', 1, `<${bob.uri}>`))
    wire.run(50)
    phone.send(bob.peer, common('BYE', 2, phone.response('INVITE').headers.get('to') as string))
    wire.run(50)
    expect(wire.arrows(2)).toEqual(['phone BYE bob', 'bob 200 BYE phone', 'bob 487 INVITE phone'])
    expect(bob.heard).toEqual(['incoming', 'cancelled'])
  })
})

describe('a redirection', () => {
  it('names the Contacts of the application, whereas an answer has ours', () => {
    const both = pair()
    call(both)
    both.wire.run(20)
    const headers = [['Contact', '<sip:elsewhere@example.com>']] as const
    both.bob.do({ type: 'respond', session: 1, status: 302, headers })
    both.wire.run(20)
    expect(both.alice.event('failed').response?.headers.all('contact')).toEqual(['<sip:elsewhere@example.com>'])
    both.alice.do({ type: 'invite', session: 2, to: both.bob.uri })
    both.wire.run(20)
    both.bob.do({ type: 'respond', session: 2, status: 200, headers })
    both.wire.run(20)
    expect(both.alice.event('answered').response.headers.all('contact')).toEqual([
      `<sip:bob@${both.bob.peer.address}:5060>`,
    ])
  })
})
