import { describe, expect, it } from 'vitest'
import { utf8Decode } from '../../kit/index.ts'
import { Agent, call, EMPTY_SIZES, OFFER, type Pair, Phone, pair, Wire } from './wire.ts'

/** Alice calls, bob has said a reliable 183. */
function progressed(both: Pair = pair()): Pair {
  call(both)
  both.wire.run(20)
  both.bob.do({ type: 'respond', session: 1, status: 183, body: OFFER, reliable: true })
  return both
}

describe('a reliable provisional response (RFC 3262)', () => {
  it('is acknowledged with PRACK', () => {
    const both = progressed()
    both.wire.run(100)
    expect(both.wire.arrows()).toEqual([
      'alice INVITE bob',
      'bob 183 INVITE alice',
      'alice PRACK bob',
      'bob 200 PRACK alice',
    ])
    expect(both.alice.heard).toEqual(['progress 183'])
    const { response } = both.alice.event('progress')
    expect(response.headers.all('require')).toEqual(['100rel'])
    expect(Number(response.headers.get('rseq'))).toBeGreaterThan(0)
  })

  it('is sent again until its PRACK comes, and heard once', () => {
    const both = pair()
    let pracks = 0
    both.wire.lose = (line) => line.includes('PRACK bob') && ++pracks < 4
    progressed(both)
    both.wire.run(5000)
    expect(both.wire.ladder.filter((line) => line.includes('183'))).toEqual(
      [20, 520, 1520, 3520].map((at) => `${at} bob 183 INVITE alice`),
    )
    expect(both.alice.heard).toEqual(['progress 183'])
  })

  it('that is never acknowledged fails the INVITE with 504', () => {
    const both = pair()
    both.wire.lose = (line) => line.includes('PRACK')
    progressed(both)
    both.wire.run(33_000)
    expect(both.alice.heard).toEqual(['progress 183', 'failed response 504'])
    expect(both.bob.heard).toEqual(['incoming', 'rejected'])
    both.wire.run(70_000)
    expect(both.bob.endpoint.sizes()).toEqual(EMPTY_SIZES)
  })

  it('with a description holds the 200 back until its PRACK came', () => {
    const both = pair()
    let pracks = 0
    both.wire.lose = (line) => line.includes('PRACK bob') && ++pracks < 2
    progressed(both)
    both.wire.run(20)
    both.bob.do({ type: 'respond', session: 1, status: 200, body: OFFER })
    both.wire.run(1000)
    expect(both.wire.arrows().slice(-4)).toEqual([
      'alice PRACK bob',
      'bob 200 PRACK alice',
      'bob 200 INVITE alice',
      'alice ACK bob',
    ])
    expect(both.alice.heard).toEqual(['progress 183', 'answered 200'])
    expect(both.bob.heard).toEqual(['incoming', 'confirmed'])
  })

  it('without one does not', () => {
    const both = pair()
    both.wire.lose = (line) => line.includes('PRACK')
    call(both)
    both.wire.run(20)
    both.bob.do({ type: 'respond', session: 1, status: 180, reliable: true })
    both.bob.do({ type: 'respond', session: 1, status: 200, body: OFFER })
    both.wire.run(1000)
    expect(both.alice.heard).toContain('answered 200')
    expect(both.wire.ladder.filter((line) => line.includes('180'))).toHaveLength(1)
  })

  it('waits for the one before it', () => {
    const both = progressed()
    both.bob.do({ type: 'respond', session: 1, status: 180, reliable: true })
    both.wire.run(100)
    expect(both.wire.arrows(1)).toEqual([
      'bob 183 INVITE alice',
      'alice PRACK bob',
      'bob 200 PRACK alice',
      'bob 180 INVITE alice',
      'alice PRACK bob',
      'bob 200 PRACK alice',
    ])
    expect(both.alice.heard).toEqual(['progress 183', 'progress 180'])
  })

  it('is an ordinary one for a caller who cannot acknowledge it', () => {
    const wire = new Wire()
    const bob = new Agent(wire, 'bob')
    const phone = new Phone(wire, 'phone')
    bob.on = (event) => {
      if (event.type === 'incoming') bob.do({ type: 'respond', session: event.session, status: 183, reliable: true })
    }
    phone.send(bob.peer, invite(phone, bob))
    wire.run(1500)
    expect(wire.arrows(1)).toEqual(['bob 183 INVITE phone'])
    expect(phone.response('INVITE').headers.has('rseq')).toBe(false)
  })

  it('is what a caller gets who insists', () => {
    const wire = new Wire()
    const bob = new Agent(wire, 'bob')
    const phone = new Phone(wire, 'phone')
    bob.on = (event) => {
      if (event.type === 'incoming') bob.do({ type: 'respond', session: event.session, status: 180 })
    }
    phone.send(bob.peer, invite(phone, bob, ['Require: 100rel']))
    wire.run(100)
    expect(phone.response('INVITE').headers.has('rseq')).toBe(true)
    phone.send(bob.peer, [
      ...invite(phone, bob, [], 'PRACK', 2).filter((line) => !line.startsWith('To:')),
      `To: ${phone.response('INVITE').headers.get('to')}`,
      'RAck: 1 1 INVITE',
    ])
    wire.run(100)
    expect(phone.response('PRACK').status).toBe(481)
  })

  it('out of order is not acknowledged', () => {
    const wire = new Wire()
    const alice = new Agent(wire, 'alice')
    const phone = new Phone(wire, 'phone')
    alice.do({ type: 'invite', session: 1, to: phone.uri })
    wire.run(20)
    const ring = (rseq: string) =>
      phone.respond(phone.request('INVITE'), alice.peer, 180, 'p', ['Require: 100rel', rseq, `Contact: <${phone.uri}>`])
    for (const rseq of ['RSeq: 5', 'RSeq: 7', 'RSeq: 5', 'RSeq: 6', 'RSeq: x']) ring(rseq)
    wire.run(20)
    const pracks = phone.received.filter((message) => message.kind === 'request' && message.method === 'PRACK')
    expect(pracks.map((prack) => [prack.headers.get('cseq'), prack.headers.get('rack')])).toEqual([
      ['2 PRACK', '5 1 INVITE'],
      ['3 PRACK', '6 1 INVITE'],
    ])
    expect(alice.heard).toEqual(['progress 180', 'progress 180'])
  })
})

describe('a PRACK with an offer (RFC 3262 section 5)', () => {
  /** A phone has called bob; it acknowledges his last provisional response with a PRACK that has a body. */
  function called(inviteBody: string, onIncoming: (bob: Agent, session: number) => void) {
    const wire = new Wire()
    const bob = new Agent(wire, 'bob')
    const phone = new Phone(wire, 'phone')
    bob.on = (event) => {
      if (event.type === 'incoming') onIncoming(bob, event.session)
    }
    const withBody = (lines: readonly string[], body: string) =>
      body === '' ? lines : [...lines, 'Content-Type: application/sdp', '', body]
    phone.send(bob.peer, withBody(invite(phone, bob, ['Require: 100rel']), inviteBody))
    wire.run(50)
    let cseq = 1
    const prack = (body: string) => {
      const { headers } = phone.response('INVITE')
      const head = invite(phone, bob, [`RAck: ${headers.get('rseq')} 1 INVITE`], 'PRACK', ++cseq)
      const to = `To: ${headers.get('to')}`
      phone.send(
        bob.peer,
        withBody(
          head.map((line) => (line.startsWith('To:') ? to : line)),
          body,
        ),
      )
      wire.run(50)
    }
    return { wire, bob, phone, prack }
  }
  const text = utf8Decode(OFFER)

  it('is passed up, and a 200 to the INVITE waits until it was answered', () => {
    const { wire, bob, phone, prack } = called(text, (bob, session) => {
      bob.do({ type: 'respond', session, status: 183, body: OFFER })
    })
    prack(text)
    expect(bob.heard).toEqual(['incoming', 'request PRACK'])
    bob.do({ type: 'respond', session: 1, status: 200 })
    wire.run(50)
    expect(phone.response('INVITE').status).toBe(183)
    bob.do({
      type: 'respondRequest',
      session: 1,
      request: bob.event('request').request,
      status: 200,
      body: OFFER,
      contentType: 'application/sdp',
    })
    wire.run(50)
    expect(phone.response('PRACK')).toMatchObject({ status: 200, body: OFFER })
    expect(phone.response('INVITE').status).toBe(200)
    expect(wire.arrows().slice(-2)).toEqual(['bob 200 PRACK phone', 'bob 200 INVITE phone'])
  })

  it('that nobody answers is answered 500, and holds nothing up for ever', () => {
    const { wire, bob, phone, prack } = called(text, (bob, session) => {
      bob.do({ type: 'respond', session, status: 183, body: OFFER })
    })
    prack(text)
    bob.do({ type: 'respond', session: 1, status: 200 })
    wire.run(17_000)
    expect(phone.response('PRACK').status).toBe(500)
    expect(phone.response('INVITE').status).toBe(200)
  })

  it('is refused while the first offer has no answer', () => {
    const { bob, phone, prack } = called(text, (bob, session) => {
      bob.do({ type: 'respond', session, status: 180 })
    })
    prack(text)
    expect(phone.response('PRACK').status).toBe(488)
    expect(bob.heard).toEqual(['incoming'])
  })

  it('that answers an offer of ours is told once, whatever is acknowledged after it', () => {
    const { wire, bob, phone, prack } = called('', (bob, session) => {
      bob.do({ type: 'respond', session, status: 183, body: OFFER })
      bob.do({ type: 'respond', session, status: 180 })
    })
    prack(text)
    wire.run(50)
    expect(phone.response('INVITE').status).toBe(180)
    prack('')
    expect(phone.response('PRACK').status).toBe(200)
    expect(bob.heard).toEqual(['incoming', 'pracked'])
  })
})

describe('an early dialog', () => {
  it('takes INFO and OPTIONS of the caller, and no second INVITE', () => {
    const wire = new Wire()
    const bob = new Agent(wire, 'bob')
    const phone = new Phone(wire, 'phone')
    bob.on = (event) => {
      if (event.type === 'incoming') bob.do({ type: 'respond', session: event.session, status: 180 })
      if (event.type === 'request')
        bob.do({ type: 'respondRequest', session: event.session, request: event.request, status: 200 })
    }
    phone.send(bob.peer, invite(phone, bob))
    wire.run(50)
    const to = `To: ${phone.response('INVITE').headers.get('to')}`
    const statusOf = (method: string, cseq: number): number => {
      phone.send(bob.peer, [...invite(phone, bob, [], method, cseq).filter((line) => !line.startsWith('To:')), to])
      wire.run(50)
      return phone.response(method).status
    }
    expect(statusOf('INFO', 2)).toBe(200)
    expect(statusOf('OPTIONS', 3)).toBe(200)
    expect(statusOf('INVITE', 4)).toBe(500)
    expect(phone.response('INVITE').headers.get('retry-after')).toMatch(/^([0-9]|10)$/)
    expect(statusOf('INFO', 1)).toBe(500)
    expect(bob.heard).toEqual(['incoming', 'request INFO'])
  })

  it('that ends leaves no request of the caller unanswered', () => {
    const wire = new Wire()
    const bob = new Agent(wire, 'bob')
    const phone = new Phone(wire, 'phone')
    bob.on = (event) => {
      if (event.type === 'incoming') bob.do({ type: 'respond', session: event.session, status: 180 })
    }
    phone.send(bob.peer, invite(phone, bob))
    wire.run(50)
    const to = `To: ${phone.response('INVITE').headers.get('to')}`
    phone.send(bob.peer, [...invite(phone, bob, [], 'INFO', 2).filter((line) => !line.startsWith('To:')), to])
    wire.run(50)
    phone.send(bob.peer, [...invite(phone, bob, [], 'BYE', 3).filter((line) => !line.startsWith('To:')), to])
    wire.run(50)
    expect(bob.heard).toEqual(['incoming', 'request INFO', 'cancelled'])
    expect(phone.response('INFO').status).toBe(487)
  })

  it('takes INFO of the callee, but no BYE', () => {
    const both = pair()
    const { wire, alice } = both
    const phone = new Phone(wire, 'phone')
    alice.on = (event) => {
      if (event.type === 'request')
        alice.do({ type: 'respondRequest', session: event.session, request: event.request, status: 200 })
    }
    alice.do({ type: 'invite', session: 1, to: phone.uri })
    wire.run(20)
    const request = phone.request('INVITE')
    phone.respond(request, alice.peer, 180, 'p')
    const statusOf = (method: string, cseq: number): number => {
      phone.send(alice.peer, [
        `${method} ${alice.uri} SIP/2.0`,
        `Via: SIP/2.0/UDP ${phone.peer.address};branch=z9hG4bK${cseq}`,
        `From: ${request.headers.get('to')};tag=p`,
        `To: ${request.headers.get('from')}`,
        `Call-ID: ${request.headers.get('call-id')}`,
        `CSeq: ${cseq} ${method}`,
      ])
      wire.run(50)
      return phone.response(method).status
    }
    expect(statusOf('INFO', 1)).toBe(200)
    expect(statusOf('BYE', 2)).toBe(481)
    expect(alice.heard).toEqual(['progress 180', 'request INFO'])
  })
})

function invite(phone: Phone, to: Agent, extra: readonly string[] = [], method = 'INVITE', cseq = 1): string[] {
  return [
    `${method} ${to.uri} SIP/2.0`,
    `Via: SIP/2.0/UDP ${phone.peer.address};branch=z9hG4bK${method}${cseq}`,
    'From: <sip:phone@example.com>;tag=p',
    `To: <${to.uri}>`,
    `Call-ID: ${phone.name}`,
    `CSeq: ${cseq} ${method}`,
    `Contact: <${phone.uri}>`,
    ...extra,
  ]
}
