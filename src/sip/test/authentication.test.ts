import { describe, expect, it } from 'vitest'
import { Counters, seededRandom, silentLogger } from '../../kit/index.ts'
import {
  DigestServer,
  type EndpointAuthentication,
  type EndpointCounter,
  type EndpointOptions,
  LockOut,
} from '../index.ts'
import { Agent, answerAtOnce, call, OFFER, type Pair, Phone, pair, Wire } from './wire.ts'

/** Options of an endpoint that knows the user alice, and asks everybody who is not said to be trusted. */
function asking(
  counters = new Counters<EndpointCounter>(),
  isProxy = false,
  lockOut?: LockOut,
): Partial<EndpointOptions> {
  const server = new DigestServer({
    realm: 'example.com',
    lookup: (username) => (username === 'alice' ? { password: 'secret' } : undefined),
    random: seededRandom(7),
    isProxy,
    ...(lockOut && { lockOut }),
  })
  const requires = (request: { uri: string }) => !request.uri.includes('open')
  return { counters, authentication: { requires, server } }
}

const credentials = { username: 'alice', password: 'secret' }

function askingPair(isProxy = false): Pair & { counters: Counters<EndpointCounter> } {
  const counters = new Counters<EndpointCounter>()
  const both = pair({ bob: asking(counters, isProxy) })
  answerAtOnce(both.bob)
  return { ...both, counters }
}

describe('authentication', () => {
  it.each([
    [false, 401],
    [true, 407],
  ])('(as a proxy: %s) asks for credentials with %i and takes them from the second INVITE', (isProxy, status) => {
    const both = askingPair(isProxy)
    call(both, { credentials })
    both.wire.run(100)
    expect(both.wire.arrows()).toEqual([
      'alice INVITE bob',
      `bob ${status} INVITE alice`,
      'alice ACK bob',
      'alice INVITE bob',
      'bob 200 INVITE alice',
      'alice ACK bob',
    ])
    expect(both.alice.heard).toEqual(['answered 200'])
    expect(both.bob.heard).toEqual(['incoming', 'confirmed'])
    expect(both.bob.event('incoming').user).toBe('alice')
    const { request } = both.bob.event('incoming')
    expect(request.headers.get('cseq')).toBe('2 INVITE')
    const name = isProxy ? 'proxy-authorization' : 'authorization'
    expect(both.bob.event('confirmed').ack.headers.get(name)).toBe(request.headers.get(name))
    expect(both.counters.get('challengedRequests')).toBe(1)
  })

  it('fails the call of a caller without credentials', () => {
    const both = askingPair()
    call(both)
    both.wire.run(100)
    expect(both.alice.heard).toEqual(['failed response 401'])
    expect(both.bob.heard).toEqual([])
  })

  it('fails the call of a caller with the wrong ones, after one more try', () => {
    const both = askingPair()
    call(both, { credentials: { ...credentials, password: 'guess' } })
    both.wire.run(100)
    expect(both.alice.heard).toEqual(['failed response 401'])
    expect(both.wire.arrows().filter((line) => line === 'alice INVITE bob')).toHaveLength(2)
    expect(both.counters.get('failedAuthentications')).toBe(1)
    expect(both.bob.heard).toEqual([])
  })

  it('asks nobody who need not say who he is', () => {
    const both = askingPair()
    both.alice.do({ type: 'invite', session: 1, to: `sip:open@${both.bob.peer.address}`, body: OFFER })
    both.wire.run(100)
    expect(both.alice.heard).toEqual(['answered 200'])
    expect(both.bob.event('incoming').user).toBeUndefined()
  })

  it('locks out who guesses: 403 without a challenge, also for the right password, and only there', () => {
    const counters = new Counters<EndpointCounter>()
    const lines: unknown[] = []
    const log = (details: object, message: string) => void lines.push(details, message)
    const logger = { ...silentLogger, warn: log }
    const options = asking(counters, false, new LockOut({ failures: 2, forMs: 60_000 }))
    const both = pair({ bob: { ...options, logger } })
    answerAtOnce(both.bob)
    const attempt = (session: number, password: string, withinMs = 100) => {
      const before = both.alice.heard.length
      both.alice.do({
        type: 'invite',
        session,
        to: both.bob.uri,
        body: OFFER,
        credentials: { ...credentials, password },
      })
      both.wire.run(withinMs)
      return both.alice.heard.slice(before)
    }
    expect(attempt(1, 'guess')).toEqual(['failed response 401'])
    expect(lines).toEqual([])
    expect(attempt(2, 'guess')).toEqual(['failed response 401'])
    expect(lines).toEqual([
      { username: 'alice', address: both.alice.peer.address },
      'too many wrong passwords: locked out for a while',
    ])
    expect(attempt(3, 'secret')).toEqual(['failed response 403'])
    expect(both.bob.heard).toEqual([])
    expect(counters.snapshot()).toMatchObject({ failedAuthentications: 2, lockOuts: 1, lockedOutRequests: 1 })
    both.wire.run(60_000)
    expect(attempt(4, 'secret')).toEqual(['answered 200'])
    expect(counters.get('lockOuts')).toBe(1)
  })

  it('asks nobody for whom his address vouches, and says who that is', () => {
    const counters = new Counters<EndpointCounter>()
    const options = asking(counters)
    const both = pair({
      bob: {
        ...options,
        authentication: {
          ...(options.authentication as EndpointAuthentication),
          vouchedUser: (_request, { address }) => (address === both.alice.peer.address ? 'door' : undefined),
        },
      },
    })
    answerAtOnce(both.bob)
    call(both)
    both.wire.run(100)
    expect(both.alice.heard).toEqual(['answered 200'])
    expect(both.bob.event('incoming').user).toBe('door')
    expect(counters.get('vouchedRequests')).toBe(1)
    expect(counters.get('challengedRequests')).toBe(0)
  })

  it('is not asked for again within the dialog', () => {
    const both = askingPair()
    call(both, { credentials })
    both.wire.run(100)
    const before = both.wire.ladder.length
    both.alice.do({ type: 'bye', session: 1 })
    both.wire.run(100)
    expect(both.wire.arrows(before)).toEqual(['alice BYE bob', 'bob 200 BYE alice'])
  })
})

describe('a far end that asks for credentials', () => {
  function challenged(): {
    wire: Wire
    alice: Agent
    phone: Phone
    challenge: (nonce: string, more?: string) => string[]
  } {
    const wire = new Wire()
    const alice = new Agent(wire, 'alice')
    const phone = new Phone(wire, 'phone')
    alice.do({ type: 'invite', session: 1, to: phone.uri, credentials })
    wire.run(20)
    const challenge = (nonce: string, more = '') => [
      `WWW-Authenticate: Digest realm="pbx", nonce="${nonce}", algorithm=MD5, qop="auth"${more}`,
    ]
    return { wire, alice, phone, challenge }
  }

  it('is answered again when it calls the nonce stale', () => {
    const { wire, alice, phone, challenge } = challenged()
    phone.respond(phone.request('INVITE'), alice.peer, 401, 'p', challenge('n1'))
    wire.run(20)
    phone.respond(phone.request('INVITE'), alice.peer, 401, 'p', challenge('n2', ', stale=true'))
    wire.run(20)
    expect(phone.request('INVITE').headers.get('authorization')).toContain('nonce="n2"')
    expect(phone.request('INVITE').headers.get('cseq')).toBe('3 INVITE')
    phone.respond(phone.request('INVITE'), alice.peer, 401, 'p', challenge('n3'))
    wire.run(20)
    expect(alice.heard).toEqual(['failed response 401'])
  })

  it('is not answered for ever', () => {
    const { wire, alice, phone } = challenged()
    for (let i = 0; i < 20; i++) {
      phone.respond(phone.request('INVITE'), alice.peer, 401, 'p', [
        `WWW-Authenticate: Digest realm="realm${i}", nonce="n", algorithm=MD5, qop="auth"`,
      ])
      wire.run(20)
    }
    expect(alice.heard).toEqual(['failed response 401'])
    expect(phone.received.filter((message) => message.kind === 'request' && message.method === 'INVITE')).toHaveLength(
      5,
    )
  })

  it('is not answered after a cancel', () => {
    const { wire, alice, phone, challenge } = challenged()
    alice.do({ type: 'cancel', session: 1 })
    phone.respond(phone.request('INVITE'), alice.peer, 401, 'p', challenge('n1'))
    wire.run(20)
    expect(alice.heard).toEqual(['failed cancelled 401'])
  })

  it('gets them with every request of the dialog, and again when it asks for BYE', () => {
    const { wire, alice, phone, challenge } = challenged()
    phone.respond(phone.request('INVITE'), alice.peer, 401, 'p', challenge('n1'))
    wire.run(20)
    phone.respond(phone.request('INVITE'), alice.peer, 200, 'p', [`Contact: <${phone.uri}>`])
    wire.run(20)
    alice.do({ type: 'bye', session: 1 })
    wire.run(20)
    expect(phone.request('BYE').headers.get('authorization')).toContain('nc=00000002')
    phone.respond(phone.request('BYE'), alice.peer, 401, 'p', challenge('n2'))
    wire.run(20)
    expect(phone.request('BYE').headers.get('authorization')).toContain('nonce="n2"')
    expect(phone.request('BYE').headers.get('cseq')).toBe('4 BYE')
    phone.respond(phone.request('BYE'), alice.peer, 200, 'p')
    wire.run(20)
    expect(alice.heard).toEqual(['answered 200', 'ended local'])
  })
})
