import { describe, expect, it } from 'vitest'
import { seededRandom, UsageError } from '../../kit/index.ts'
import { DigestServer, type EndpointCommand, type EndpointOptions, fromTag, type SipRequest } from '../index.ts'
import { answerAtOnce, call, EMPTY_SIZES, OFFER, type Pair, Phone, pair } from './wire.ts'

const SERIES = 7

/** A registrar that asks for a password and says 200 to everything. */
function registrar(options: Partial<EndpointOptions> = {}): Pair {
  const server = new DigestServer({
    realm: 'example.com',
    lookup: (username) => (username === 'alice' ? { password: 'secret' } : undefined),
    random: seededRandom(7),
    nonceLifetimeMs: 60_000,
  })
  const authentication = { requires: ({ method }: SipRequest) => method === 'REGISTER', server }
  const both = pair({ bob: { authentication, outsideMethods: ['REGISTER'], ...options } })
  both.bob.on = (event) => {
    if (event.type === 'outside')
      both.bob.do({ type: 'respondOutside', id: event.id, status: 200, headers: [['X-User', event.user ?? 'nobody']] })
  }
  return both
}

function register(
  { alice, bob }: Pair,
  more: Partial<Extract<EndpointCommand, { type: 'requestOutside' }>> = {},
): void {
  alice.do({
    type: 'requestOutside',
    series: SERIES,
    method: 'REGISTER',
    uri: `sip:${bob.peer.address}`,
    to: '<sip:alice@example.com>',
    from: '<sip:alice@example.com>',
    contact: { user: 'desk', params: ';expires=300' },
    credentials: { username: 'alice', password: 'secret' },
    ...more,
  })
}

describe('a request outside of dialogs', () => {
  it('answers a challenge, and gives its credentials beforehand to the next of its series', () => {
    const both = registrar()
    register(both, { isKept: true })
    both.wire.run(100)
    expect(both.wire.arrows()).toEqual([
      'alice REGISTER bob',
      'bob 401 REGISTER alice',
      'alice REGISTER bob',
      'bob 200 REGISTER alice',
    ])
    expect(both.alice.heard).toEqual(['outsideDone response 200'])
    const first = both.alice.event('outsideDone')
    expect(first.series).toBe(SERIES)
    expect(first.response?.headers.get('x-user')).toBe('alice')
    expect(first.request?.headers.get('contact')).toBe(`<sip:desk@${both.alice.peer.address}:5060>;expires=300`)

    register(both, { isKept: true })
    both.wire.run(100)
    expect(both.wire.arrows(4)).toEqual(['alice REGISTER bob', 'bob 200 REGISTER alice'])
    const second = both.alice.event('outsideDone')
    expect(second.request?.headers.get('cseq')).toBe('3 REGISTER')
    expect(second.request?.headers.get('call-id')).toBe(first.request?.headers.get('call-id'))
    expect(second.request && fromTag(second.request)).toBe(first.request && fromTag(first.request))

    both.alice.do({ type: 'forgetSeries', series: SERIES })
    both.wire.run(40_000)
    expect(both.alice.endpoint.sizes()).toEqual(EMPTY_SIZES)
    expect(both.bob.endpoint.sizes()).toEqual(EMPTY_SIZES)
  })

  it('is asked again, and answers, when its nonce has run out', () => {
    const both = registrar()
    register(both, { isKept: true })
    both.wire.run(100)
    both.wire.run(70_000)
    const from = both.wire.ladder.length
    register(both)
    both.wire.run(100)
    expect(both.wire.arrows(from)).toEqual([
      'alice REGISTER bob',
      'bob 401 REGISTER alice',
      'alice REGISTER bob',
      'bob 200 REGISTER alice',
    ])
    expect(both.alice.event('outsideDone').cause).toBe('response')
  })

  it('with a wrong password has 401 as its outcome, after one try', () => {
    const both = registrar()
    register(both, { credentials: { username: 'alice', password: 'wrong' } })
    both.wire.run(100)
    expect(both.wire.arrows().filter((arrow) => arrow.startsWith('alice'))).toHaveLength(2)
    expect(both.alice.heard).toEqual(['outsideDone response 401'])
  })

  it('is forgotten with its outcome: the next request of that number is a new series', () => {
    const both = registrar()
    register(both)
    both.wire.run(100)
    const first = both.alice.event('outsideDone').request
    register(both)
    both.wire.run(100)
    expect(both.alice.event('outsideDone').request?.headers.get('call-id')).not.toBe(first?.headers.get('call-id'))
  })

  it('without an answer times out after 64*T1, and nothing is left', () => {
    const both = registrar()
    both.wire.lose = () => true
    register(both)
    both.wire.run(31_999)
    expect(both.alice.heard).toEqual([])
    both.wire.run(100)
    expect(both.alice.heard).toEqual(['outsideDone timeout'])
    expect(both.alice.endpoint.sizes()).toEqual(EMPTY_SIZES)
  })

  it('has an outcome also when it cannot be put together or not be sent', () => {
    const both = registrar()
    register(both, { uri: 'tel:+15550100' })
    expect(both.alice.event('outsideDone')).toMatchObject({ cause: 'transport', detail: 'no way to send to a tel URI' })
    register(both, { from: '<' })
    expect(both.alice.heard).toEqual(['outsideDone transport', 'outsideDone transport'])
    register(both)
    both.alice.do({ type: 'sendFailed', to: { ...both.bob.peer }, reason: 'refused' })
    expect(both.alice.event('outsideDone')).toMatchObject({ cause: 'transport', detail: 'refused' })
    expect(both.alice.endpoint.sizes().entries).toBe(0)
  })

  it('whose series was forgotten has no outcome', () => {
    const both = registrar()
    register(both, { isKept: true })
    both.alice.do({ type: 'forgetSeries', series: SERIES })
    both.wire.run(40_000)
    expect(both.alice.heard).toEqual([])
    expect(both.alice.endpoint.sizes()).toEqual(EMPTY_SIZES)
  })

  it('waits for the one before it, and is none of those that belong to sessions', () => {
    const both = registrar()
    register(both, { isKept: true })
    expect(() => register(both)).toThrow(UsageError)
    expect(() => register(pair(), { method: 'INVITE' })).toThrow(UsageError)
  })

  it('goes to the first of its routes, or where it is told', () => {
    const both = registrar()
    const { address } = both.bob.peer
    register(both, { route: [`<sip:${address};lr>`], uri: 'sip:registrar.example' })
    both.wire.run(100)
    const { request } = both.bob.event('outside')
    expect(request.uri).toBe('sip:registrar.example')
    expect(request.headers.all('route')).toEqual([`<sip:${address};lr>`])
    register(both, { via: both.bob.peer, uri: 'sip:registrar.example' })
    both.wire.run(100)
    expect(both.bob.event('outside').request.headers.has('route')).toBe(false)
    expect(both.alice.heard).toEqual(['outsideDone response 200', 'outsideDone response 200'])
  })
})

describe('a request of others outside of dialogs', () => {
  it('is refused with 405 unless its method is asked for, and then stands in Allow', () => {
    const without = registrar({ outsideMethods: [] })
    register(without)
    without.wire.run(100)
    expect(without.alice.event('outsideDone').response?.status).toBe(405)

    const both = registrar()
    both.alice.do({ type: 'requestOutside', series: 1, method: 'OPTIONS', uri: both.bob.uri })
    both.wire.run(100)
    expect(both.alice.event('outsideDone').response?.headers.all('allow')).toContain('REGISTER')
  })

  it('that nobody answers is answered 500', () => {
    const both = registrar()
    both.bob.on = () => {}
    register(both)
    both.wire.run(17_000)
    expect(both.alice.heard).toEqual(['outsideDone response 500'])
    both.bob.do({ type: 'respondOutside', id: both.bob.event('outside').id, status: 200 })
    both.wire.run(40_000)
    expect(both.bob.endpoint.sizes()).toEqual(EMPTY_SIZES)
  })
})

describe('a route that is given', () => {
  it('stands on INVITE and is where it goes; the requests in the dialog follow Record-Route', () => {
    const both = pair()
    answerAtOnce(both.bob)
    const { address } = both.bob.peer
    call(both, { to: 'sip:+15550100@carrier.example', route: [`<sip:${address};lr>`, '<sip:second.example;lr>'] })
    both.wire.run(100)
    const { request } = both.bob.event('incoming')
    expect(request.uri).toBe('sip:+15550100@carrier.example')
    expect(request.headers.all('route')).toEqual([`<sip:${address};lr>`, '<sip:second.example;lr>'])
    expect(both.alice.heard).toEqual(['answered 200'])
  })

  it('through a strict router has the target last', () => {
    const both = pair()
    const { address } = both.bob.peer
    call(both, { to: 'sip:+15550100@carrier.example', route: [`<sip:${address}>`] })
    both.wire.run(100)
    const { request } = both.bob.event('incoming')
    expect(request.uri).toBe(`sip:${address}`)
    expect(request.headers.all('route')).toEqual(['<sip:+15550100@carrier.example>'])
  })
})

describe('a far end behind a NAT', () => {
  it('that calls us is sent BYE where its INVITE came from, not where its Contact says', () => {
    const both = pair()
    const phone = new Phone(both.wire, 'phone')
    answerAtOnce(both.bob)
    phone.send(
      both.bob.peer,
      [
        `INVITE ${both.bob.uri} SIP/2.0`,
        'Via: SIP/2.0/UDP 192.168.1.20:5060;rport;branch=z9hG4bK1',
        'From: <sip:phone@example.com>;tag=1',
        `To: <${both.bob.uri}>`,
        'Call-ID: behind',
        'CSeq: 1 INVITE',
        'Contact: <sip:phone@192.168.1.20:5060>',
        'Content-Type: application/sdp',
      ],
      new TextDecoder().decode(OFFER),
    )
    both.wire.run(50)
    expect(phone.response('INVITE').status).toBe(200)
    const answer = phone.response('INVITE')
    phone.send(both.bob.peer, [
      `ACK ${both.bob.uri} SIP/2.0`,
      'Via: SIP/2.0/UDP 192.168.1.20:5060;rport;branch=z9hG4bK2',
      'From: <sip:phone@example.com>;tag=1',
      `To: ${answer.headers.get('to')}`,
      'Call-ID: behind',
      'CSeq: 1 ACK',
    ])
    both.wire.run(50)
    both.bob.do({ type: 'bye', session: both.bob.event('incoming').session })
    both.wire.run(50)
    expect(phone.request('BYE').uri).toBe('sip:phone@192.168.1.20:5060')
  })

  it('that we call through its flow gets ACK and BYE there, too', () => {
    const both = pair()
    const phone = new Phone(both.wire, 'phone')
    phone.onMessage = (message) => {
      if (message.kind === 'request')
        phone.respond(message, both.alice.peer, 200, 't', ['Contact: <sip:phone@192.168.1.20:5060>'])
    }
    call(both, { to: 'sip:phone@192.168.1.20:5060', via: phone.peer, isFlow: true })
    both.wire.run(50)
    expect(phone.request('INVITE').uri).toBe('sip:phone@192.168.1.20:5060')
    expect(phone.request('ACK').uri).toBe('sip:phone@192.168.1.20:5060')
    both.alice.do({ type: 'bye', session: 1 })
    both.wire.run(50)
    expect(phone.request('BYE').uri).toBe('sip:phone@192.168.1.20:5060')
  })
})
