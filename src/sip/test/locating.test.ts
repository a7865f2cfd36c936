import { describe, expect, it } from 'vitest'
import { Agent, answerAtOnce, EMPTY_SIZES, OFFER, Phone, Wire } from './wire.ts'

const srv = (target: string, priority: number) => ({ target, priority, weight: 0, port: 5060 })

/** Alice, whose DNS knows two servers of example.net. */
function twoServers() {
  const wire = new Wire()
  const alice = new Agent(wire, 'alice')
  const first = new Phone(wire, 'first')
  const second = new Agent(wire, 'second')
  Object.assign(alice.zone, {
    'SRV _sip._udp.example.net': [srv('first.example.net', 1), srv('second.example.net', 2)],
    'ADDRESS first.example.net': [first.peer.address],
    'ADDRESS second.example.net': [second.peer.address],
  })
  answerAtOnce(second)
  const dial = (session = 1) => alice.do({ type: 'invite', session, to: 'sip:bob@example.net', body: OFFER })
  return { wire, alice, first, second, dial }
}

function expectNothingLeft({ wire, alice, second }: ReturnType<typeof twoServers>): void {
  wire.run(200_000)
  expect(alice.endpoint.sizes()).toEqual(EMPTY_SIZES)
  expect(second.endpoint.sizes()).toEqual(EMPTY_SIZES)
}

describe('fail-over between the servers of a name (RFC 3263 section 4.3)', () => {
  it('to the next when the first answers 503, which is acknowledged and not told', () => {
    const world = twoServers()
    const { wire, alice, first, dial } = world
    first.onMessage = (message) => {
      if (message.kind === 'request' && message.method === 'INVITE')
        first.respond(message, alice.peer, 503, 'x', ['Retry-After: 60'])
    }
    dial()
    wire.run(200)
    expect(wire.arrows()).toEqual([
      'alice INVITE first',
      'first 503 INVITE alice',
      'alice ACK first',
      'alice INVITE second',
      'second 200 INVITE alice',
      'alice ACK second',
    ])
    expect(alice.heard).toEqual(['answered 200'])
    expect(alice.endpoint.sizes().sessions).toBe(1)
    // The next call does not try the first again for as long as it asked for.
    const before = wire.ladder.length
    dial(2)
    wire.run(100)
    expect(wire.arrows(before)[0]).toBe('alice INVITE second')
    alice.do({ type: 'bye', session: 1 })
    alice.do({ type: 'bye', session: 2 })
    expectNothingLeft(world)
  })

  it('each with a branch of its own, the same Call-ID, tag and CSeq', () => {
    const { wire, first, second, dial } = twoServers()
    dial()
    wire.run(4100)
    const [incoming] = second.events
    const invite = first.request('INVITE')
    if (incoming?.type !== 'incoming') throw new Error('the second server got no INVITE')
    for (const name of ['call-id', 'from', 'cseq', 'to', 'contact'])
      expect(incoming.request.headers.get(name)).toBe(invite.headers.get(name))
    expect(invite.headers.all('via')).toHaveLength(1)
    expect(incoming.request.headers.all('via')).toHaveLength(1)
    expect(incoming.request.headers.get('via')).not.toBe(invite.headers.get('via'))
  })

  it('when the first is silent for 4 s; should it wake up, it is sent a CANCEL', () => {
    const world = twoServers()
    const { wire, alice, first, dial } = world
    dial()
    wire.run(4100)
    expect(wire.arrows()).toEqual([
      ...Array(4).fill('alice INVITE first'),
      'alice INVITE second',
      'second 200 INVITE alice',
      'alice ACK second',
    ])
    const invite = first.request('INVITE')
    first.respond(invite, alice.peer, 180, 'x')
    wire.run(100)
    expect(wire.arrows().at(-1)).toBe('alice CANCEL first')
    first.respond(first.request('CANCEL'), alice.peer, 200, 'x')
    first.respond(invite, alice.peer, 487, 'x')
    wire.run(100)
    expect(alice.heard).toEqual(['answered 200'])
    alice.do({ type: 'bye', session: 1 })
    expectNothingLeft(world)
  })

  it('a 2xx of a server that was given up is the answer, and the one that rings is cancelled', () => {
    const world = twoServers()
    const { wire, alice, first, second, dial } = world
    second.on = (event) => {
      if (event.type === 'incoming') second.do({ type: 'respond', session: event.session, status: 180 })
    }
    dial()
    wire.run(4100)
    first.respond(first.request('INVITE'), alice.peer, 200, 'x', [`Contact: <${first.uri}>`])
    wire.run(100)
    expect(alice.heard).toEqual(['progress 180', 'answered 200'])
    expect(wire.arrows()).toContain('alice CANCEL second')
    expect(second.heard).toEqual(['incoming', 'cancelled'])
    alice.do({ type: 'bye', session: 1 })
    wire.run(10)
    first.respond(first.request('BYE'), alice.peer, 200, 'x')
    expectNothingLeft(world)
  })

  it('at once when the first cannot be reached, and with its reason when no other can', () => {
    const world = twoServers()
    const { wire, alice, first, second, dial } = world
    dial()
    alice.do({ type: 'sendFailed', to: first.peer, reason: 'port unreachable' })
    wire.run(100)
    expect(alice.heard).toEqual(['answered 200'])
    dial(2)
    alice.do({ type: 'sendFailed', to: second.peer, reason: 'refused' })
    alice.do({ type: 'sendFailed', to: first.peer, reason: 'port unreachable' })
    wire.run(100)
    expect(alice.heard).toEqual(['answered 200', 'failed transport'])
    expect(alice.events.at(-1)).toMatchObject({ detail: 'port unreachable' })
    alice.do({ type: 'bye', session: 1 })
    expectNothingLeft(world)
  })

  it('the 503 is told when there is no further server', () => {
    const world = twoServers()
    const { wire, alice, first, second, dial } = world
    second.on = (event) => {
      if (event.type === 'incoming') second.do({ type: 'respond', session: event.session, status: 503 })
    }
    first.onMessage = (message) => {
      if (message.kind === 'request' && message.method === 'INVITE') first.respond(message, alice.peer, 503, 'x')
    }
    dial()
    wire.run(200)
    expect(alice.heard).toEqual(['failed response 503'])
    expectNothingLeft(world)
  })

  it('no other server is tried once the call was cancelled, whether it was sent or not', () => {
    const world = twoServers()
    const { wire, alice, first, second, dial } = world
    dial()
    wire.run(100)
    alice.do({ type: 'cancel', session: 1 })
    wire.run(40_000)
    expect(alice.heard).toEqual(['failed cancelled'])
    expect(second.events).toEqual([])
    expect(first.received.every((message) => message.kind === 'request' && message.method === 'INVITE')).toBe(true)
    alice.isDnsSilent = true
    const before = wire.ladder.length
    alice.do({ type: 'invite', session: 2, to: 'sip:bob@slow.example', body: OFFER })
    alice.do({ type: 'cancel', session: 2 })
    expect(alice.heard).toEqual(['failed cancelled', 'failed cancelled'])
    expectNothingLeft(world)
    expect(wire.ladder.length).toBe(before)
  })

  it('a request within a dialog whose Contact is a name, and the ACK of its INVITE', () => {
    const world = twoServers()
    const { wire, alice, first, dial } = world
    first.onMessage = (message) => {
      if (message.kind === 'request' && message.method === 'INVITE')
        first.respond(message, alice.peer, 200, 'x', ['Contact: <sip:bob@first.example.net:5060>'])
      if (message.kind === 'request' && message.method === 'BYE') first.respond(message, alice.peer, 200, 'x')
    }
    dial()
    wire.run(100)
    alice.do({ type: 'bye', session: 1 })
    wire.run(100)
    expect(wire.arrows()).toEqual([
      'alice INVITE first',
      'first 200 INVITE alice',
      'alice ACK first',
      'alice BYE first',
      'first 200 BYE alice',
    ])
    expect(alice.heard).toEqual(['answered 200', 'ended local'])
    expectNothingLeft(world)
  })

  it('credentials go to the server that asked for them', () => {
    const world = twoServers()
    const { wire, alice, first } = world
    first.onMessage = (message) => {
      if (message.kind !== 'request' || message.method !== 'INVITE') return
      const challenge = 'WWW-Authenticate: Digest realm="r", nonce="n", algorithm=MD5'
      if (message.headers.has('authorization')) first.respond(message, alice.peer, 486, 'x')
      else first.respond(message, alice.peer, 401, 'x', [challenge])
    }
    const credentials = { username: 'u', password: 'p' }
    alice.do({ type: 'invite', session: 1, to: 'sip:bob@example.net', body: OFFER, credentials })
    wire.run(200)
    expect(alice.heard).toEqual(['failed response 486'])
    expectNothingLeft(world)
  })

  it('a name that leads nowhere fails the call at once; one that DNS is silent about within seconds', () => {
    const world = twoServers()
    const { wire, alice } = world
    alice.do({ type: 'invite', session: 1, to: 'sip:bob@nowhere.example', body: OFFER })
    expect(alice.heard).toEqual(['failed transport'])
    expect(alice.events[0]).toMatchObject({ detail: 'nowhere.example has no address that we can reach' })
    wire.run(100)
    expect(wire.ladder).toEqual([])
    alice.isDnsSilent = true
    alice.do({ type: 'invite', session: 2, to: 'sip:bob@slow.example', body: OFFER })
    wire.run(14_999)
    expect(alice.heard).toHaveLength(1)
    // NAPTR, SRV and the address, 5 s each.
    wire.run(1)
    expect(alice.heard).toEqual(['failed transport', 'failed transport'])
    expectNothingLeft(world)
  })

  it('nothing is asked for a numeric address', () => {
    const { wire, alice, second } = twoServers()
    alice.do({ type: 'invite', session: 1, to: second.uri, body: OFFER })
    wire.run(100)
    expect(alice.heard).toEqual(['answered 200'])
    expect(alice.questions).toEqual([])
  })
})
