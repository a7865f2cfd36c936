import { describe, expect, it } from 'vitest'
import { integerBelow, NEVER, seededRandom } from '../../kit/index.ts'
import type { Peer } from '../endpoint/control.ts'
import { createRequest } from '../message/index.ts'
import { Registrar, type RegistrarOptions, type RegistrarOutput } from './registrar.ts'

const PHONE: Peer = { transport: 'udp', address: '198.51.100.7', port: 5060 }
const DESK = '<sip:desk@198.51.100.7:5060>'

interface Wanted {
  /** To, and who has proven to send it; default alice for both. */
  readonly to?: string
  readonly user?: string | null
  readonly contacts?: readonly string[]
  readonly headers?: readonly (readonly [string, string])[]
  readonly cseq?: number
  readonly callId?: string
  readonly from?: Peer
  readonly vias?: number
}

/** A registrar for alice and bob, driven by hand. */
class Bench {
  now = 0
  readonly registrar: Registrar
  readonly news: string[] = []
  #cseq = 0

  constructor(options: Partial<RegistrarOptions> = {}) {
    this.registrar = new Registrar({ hasUser: (name) => name === 'alice' || name === 'bob', ...options })
  }

  register(wanted: Wanted = {}) {
    const { to = 'alice', user = to, contacts = [DESK], headers = [], from = PHONE, vias = 1 } = wanted
    const request = createRequest('REGISTER', 'sip:example.com')
    for (let i = 0; i < vias; i++) request.headers.add('via', `SIP/2.0/UDP 10.0.0.${i};branch=z9hG4bK${i}`)
    request.headers.add('to', `<sip:${to}@example.com>`)
    request.headers.add('call-id', wanted.callId ?? 'boot-1')
    request.headers.add('cseq', `${wanted.cseq ?? ++this.#cseq} REGISTER`)
    for (const contact of contacts) request.headers.add('contact', contact)
    for (const [name, value] of headers) request.headers.add(name, value)
    this.registrar.handle({ type: 'register', id: 5, request, from, ...(user !== null && { user }) }, this.now)
    return this.#drain() as Extract<RegistrarOutput, { type: 'respond' }>
  }

  pass(ms: number): void {
    this.now += ms
    this.registrar.expire(this.now)
    this.#drain()
  }

  contactsOf(user = 'alice'): string[] {
    return this.registrar.bindingsOf(user).map(({ contact }) => contact)
  }

  #drain(): RegistrarOutput | undefined {
    let answer: RegistrarOutput | undefined
    for (let output = this.registrar.poll(); output !== undefined; output = this.registrar.poll()) {
      if (output.type === 'respond') answer = output
      else this.news.push(`${output.type} ${output.binding.contact}${'reason' in output ? ` ${output.reason}` : ''}`)
    }
    return answer
  }
}

function named(answer: { headers: readonly (readonly [string, string])[] }, name: string): string[] {
  return answer.headers.filter(([each]) => each === name).map(([, value]) => value)
}

describe('a registrar', () => {
  it('binds a contact, lists it, and forgets it when it runs out', () => {
    const bench = new Bench()
    const answer = bench.register({ headers: [['Expires', '120']] })
    expect(answer).toMatchObject({ id: 5, status: 200, headers: [['Contact', `${DESK};expires=120`]] })
    expect(bench.registrar.bindingsOf('alice')).toMatchObject([
      { user: 'alice', contact: 'sip:desk@198.51.100.7:5060', q: 1, expiresAt: 120_000, isFlow: false },
    ])
    bench.pass(119_999)
    expect(bench.contactsOf()).toHaveLength(1)
    bench.pass(1)
    expect(bench.contactsOf()).toEqual([])
    expect(bench.registrar.size).toBe(0)
    expect(bench.registrar.deadline()).toBe(NEVER)
    expect(bench.news).toEqual(['bound sip:desk@198.51.100.7:5060', 'unbound sip:desk@198.51.100.7:5060 expired'])
    expect(bench.registrar.counters.get('bindingsExpired')).toBe(1)
  })

  it('refreshes a binding: the same contact in other letters, no news', () => {
    const bench = new Bench()
    bench.register()
    bench.pass(30_000)
    bench.register({ contacts: ['<sip:d%65sk@198.51.100.7:5060;ob>'], headers: [['Expires', '60']] })
    expect(bench.registrar.bindings).toMatchObject([{ expiresAt: 90_000, refreshedAt: 30_000 }])
    expect(bench.news).toHaveLength(1)
    expect(bench.registrar.counters.get('bindingsRefreshed')).toBe(1)
  })

  it('prefers by q, then by who was there last; a contact says its own q and expires', () => {
    const bench = new Bench()
    bench.register({ contacts: ['<sip:a@192.0.2.1>;q=0.5;expires=100', '<sip:b@192.0.2.1>;q=0.9;expires=200'] })
    bench.pass(1000)
    bench.register({ contacts: ['<sip:c@192.0.2.1>;q=0.5'] })
    const listed = named(bench.register({ contacts: [] }), 'Contact')
    expect(listed).toEqual([
      '<sip:b@192.0.2.1>;expires=199;q=0.9',
      '<sip:c@192.0.2.1>;expires=3600;q=0.5',
      '<sip:a@192.0.2.1>;expires=99;q=0.5',
    ])
  })

  it('gives no more time than its most, and its most to who asks for none or cannot be read', () => {
    const bench = new Bench({ maxExpiresS: 600 })
    for (const contact of ['<sip:a@192.0.2.1>;expires=100000', '<sip:b@192.0.2.1>', '<sip:c@192.0.2.1>;expires=soon'])
      bench.register({ contacts: [contact] })
    expect(bench.registrar.bindings.map(({ expiresAt }) => expiresAt)).toEqual([600_000, 600_000, 600_000])
  })

  it('says 423 to who asks for too little, and changes nothing', () => {
    const bench = new Bench({ minExpiresS: 60 })
    const answer = bench.register({ contacts: ['<sip:a@192.0.2.1>', '<sip:b@192.0.2.1>;expires=59'] })
    expect(answer).toMatchObject({ status: 423, headers: [['Min-Expires', '60']] })
    expect(bench.registrar.size).toBe(0)
  })

  it('takes one binding back with expires=0, and all with *', () => {
    const bench = new Bench()
    bench.register({ contacts: ['<sip:a@192.0.2.1>', '<sip:b@192.0.2.1>', '<sip:c@192.0.2.1>'] })
    bench.register({ contacts: ['<sip:a@192.0.2.1>;expires=0', '<sip:nobody@192.0.2.1>;expires=0'] })
    expect(bench.contactsOf()).toEqual(['sip:b@192.0.2.1', 'sip:c@192.0.2.1'])
    const answer = bench.register({ contacts: ['*'], headers: [['Expires', '0']] })
    expect(answer).toMatchObject({ status: 200, headers: [] })
    expect(bench.registrar.size).toBe(0)
    expect(bench.registrar.counters.get('bindingsRemoved')).toBe(3)
  })

  it.each([
    ['* without Expires 0', { contacts: ['*'] }],
    ['* among others', { contacts: ['*', DESK], headers: [['Expires', '0']] }],
    ['a contact that is no SIP URI', { contacts: ['<tel:+15550100>'] }],
    ['a contact with headers', { contacts: ['<sip:a@192.0.2.1?Subject=x>'] }],
    ['a contact that cannot be read', { contacts: ['<sip:'] }],
    ['a contact of a novel', { contacts: [`<sip:${'a'.repeat(600)}@192.0.2.1>`] }],
    ['a q above one', { contacts: [`${DESK};q=7`] }],
    ['more contacts than a user may have', { contacts: Array.from({ length: 9 }, (_, i) => `<sip:${i}@192.0.2.1>`) }],
    ['a path that cannot be read', { headers: [['Path', '<sip:edge']] }],
    ['a path of too many hops', { headers: Array.from({ length: 9 }, () => ['Path', '<sip:edge;lr>'] as const) }],
  ] as readonly (readonly [string, Wanted])[])('refuses %s with 400', (_, wanted) => {
    const bench = new Bench()
    expect(bench.register(wanted).status).toBe(400)
    expect(bench.registrar.size).toBe(0)
    expect(bench.registrar.counters.get('registersRefused')).toBe(1)
  })

  it('refuses who registers another, nobody, or a user that there is not', () => {
    const bench = new Bench()
    expect(bench.register({ to: 'alice', user: 'bob' }).status).toBe(403)
    expect(bench.register({ to: 'alice', user: null }).status).toBe(403)
    expect(bench.register({ to: 'carrier', user: 'carrier' }).status).toBe(403)
    expect(bench.registrar.size).toBe(0)
  })

  it('refuses a request that was overtaken, as a whole', () => {
    const bench = new Bench()
    bench.register({ cseq: 10 })
    expect(bench.register({ cseq: 9, contacts: [`${DESK};expires=0`] }).status).toBe(500)
    expect(bench.register({ cseq: 9, contacts: ['*'], headers: [['Expires', '0']] }).status).toBe(500)
    expect(bench.register({ cseq: 10, contacts: [DESK, '<sip:new@192.0.2.1>'] }).status).toBe(500)
    expect(bench.contactsOf()).toHaveLength(1)
    expect(bench.register({ cseq: 1, callId: 'boot-2' }).status).toBe(200)
  })

  it('keeps so many bindings of a user: one more takes the place of the oldest', () => {
    const bench = new Bench({ maxBindingsPerUser: 3 })
    for (let i = 0; i < 5; i++) {
      bench.register({ contacts: [`<sip:desk@198.51.100.7:${6000 + i}>`] })
      bench.pass(1000)
    }
    bench.register({ to: 'bob' })
    expect(bench.contactsOf()).toEqual([
      'sip:desk@198.51.100.7:6004',
      'sip:desk@198.51.100.7:6003',
      'sip:desk@198.51.100.7:6002',
    ])
    expect(bench.registrar.counters.get('bindingsReplaced')).toBe(2)
    expect(bench.registrar.size).toBe(4)
  })

  it('knows a device by its instance: where it was before it is no more', () => {
    const bench = new Bench()
    const instance = ';+sip.instance="<urn:uuid:00000000-0000-1000-8000-000a95a0e128>"'
    bench.register({ contacts: [`<sip:desk@192.0.2.1:6000>${instance}`] })
    bench.register({ contacts: [`<sip:desk@192.0.2.1:6001>${instance}`], callId: 'boot-2', cseq: 1 })
    expect(bench.contactsOf()).toEqual(['sip:desk@192.0.2.1:6001'])
    bench.register({ contacts: [`<sip:desk@192.0.2.1:6002>${instance};reg-id=2`], callId: 'boot-2', cseq: 2 })
    expect(bench.contactsOf()).toHaveLength(2)
    expect(bench.news.at(1)).toBe('bound sip:desk@192.0.2.1:6001')
    expect(bench.news.at(2)).toBe('unbound sip:desk@192.0.2.1:6000 replaced')
  })

  it('keeps the Path, and gives it back to who knows it', () => {
    const bench = new Bench()
    const hops = [['Path', '<sip:edge.example;lr>, <sip:core.example;lr>']] as const
    expect(named(bench.register({ headers: [...hops], vias: 2 }), 'Path')).toEqual([])
    const answer = bench.register({ headers: [...hops, ['Supported', 'path, gruu']], vias: 2 })
    expect(named(answer, 'Path')).toEqual(['<sip:edge.example;lr>', '<sip:core.example;lr>'])
    expect(bench.registrar.bindings).toMatchObject([{ path: ['<sip:edge.example;lr>', '<sip:core.example;lr>'] }])
  })
})

describe('the way to a phone', () => {
  const stream: Peer = { transport: 'tcp', address: '198.51.100.7', port: 40_000, connection: 3 }

  function wayOf(wanted: Wanted) {
    const bench = new Bench()
    expect(bench.register(wanted).status).toBe(200)
    const { via, isFlow } = bench.registrar.bindings[0] as NonNullable<(typeof bench.registrar.bindings)[0]>
    return { via, isFlow }
  }

  it('is what its Contact says', () => {
    expect(wayOf({})).toEqual({ via: undefined, isFlow: false })
  })

  it('behind a NAT is where it came from', () => {
    expect(wayOf({ contacts: ['<sip:desk@192.168.1.5:5060>'] })).toEqual({ via: PHONE, isFlow: true })
    const contacts = ['<sip:x@abc.invalid;transport=tcp>']
    expect(wayOf({ contacts, from: stream })).toEqual({ via: stream, isFlow: true })
  })

  it('behind a NAT over UDP is good for a minute, so that the phone keeps it open', () => {
    const bench = new Bench()
    const answer = bench.register({ contacts: ['<sip:desk@192.168.1.5:5060>'], headers: [['Expires', '3600']] })
    expect(named(answer, 'Contact')).toEqual(['<sip:desk@192.168.1.5:5060>;expires=60'])
    bench.register({ contacts: ['<sip:desk@192.168.1.6:5060;transport=tcp>'], from: stream })
    expect(bench.registrar.bindings.map(({ expiresAt }) => expiresAt)).toEqual([60_000, 3_600_000])
  })

  it('over TCP is its connection, and when that is gone where its Contact says', () => {
    expect(wayOf({ contacts: ['<sip:desk@198.51.100.7:5060;transport=tcp>'], from: stream })).toEqual({
      via: { transport: 'tcp', address: '198.51.100.7', port: 5060, connection: 3 },
      isFlow: false,
    })
    expect(wayOf({ contacts: [DESK], from: stream })).toEqual({ via: stream, isFlow: false })
  })

  it('behind a proxy is what Path says, or else its Contact', () => {
    const contacts = ['<sip:desk@192.168.1.5:5060>']
    expect(wayOf({ contacts, headers: [['Path', '<sip:edge;lr>']] })).toEqual({ via: undefined, isFlow: false })
    expect(wayOf({ contacts, vias: 2 })).toEqual({ via: undefined, isFlow: false })
  })
})

describe('a connection that is lost', () => {
  it('takes those with it who registered on it, and nobody else', () => {
    const bench = new Bench()
    const from = (connection: number): Peer => ({ transport: 'tcp', address: '198.51.100.7', port: 40_000, connection })
    bench.register({ contacts: ['<sip:a@192.168.1.5;transport=tcp>'], from: from(3) })
    bench.register({ contacts: ['<sip:b@198.51.100.7;transport=tcp>'], from: from(3) })
    bench.register({ contacts: ['<sip:c@198.51.100.7;transport=tcp>'], from: { ...from(4), port: 40_001 } })
    bench.register({ contacts: [DESK] })
    bench.registrar.handle({ type: 'unreachable', peer: PHONE }, bench.now)
    expect(bench.registrar.size).toBe(4)
    bench.registrar.handle({ type: 'unreachable', peer: from(3) }, bench.now)
    expect(bench.contactsOf().sort()).toEqual(['sip:c@198.51.100.7;transport=tcp', 'sip:desk@198.51.100.7:5060'])
    expect(bench.registrar.counters.get('bindingsUnreachable')).toBe(2)
    expect(bench.registrar.size).toBe(2)
  })
})

describe('whatever is sent to a registrar', () => {
  it('it never throws, answers each REGISTER once, and keeps to its limits', () => {
    const random = seededRandom(5)
    const pick = <Value>(values: readonly Value[]): Value => values[integerBelow(random, values.length)] as Value
    const bench = new Bench({ maxBindingsPerUser: 3 })
    const contacts = [
      '*',
      '<sip:',
      '<sip:a@10.0.0.1>',
      '<sip:b@192.0.2.1;transport=tcp>;q=0.3',
      'sip:c@[::1]',
      '<sips:d@x>',
      '"<sip:e@x>',
    ]
    const params = [
      '',
      ';expires=0',
      ';expires=60',
      ';expires=99999999999',
      ';expires=-1',
      ';q=2',
      ';+sip.instance="<urn:x>"',
      ';reg-id=1',
      ';=',
    ]
    const stream: Peer = { transport: 'tcp', address: '10.0.0.9', port: 9 }
    let answers = 0
    for (let i = 0; i < 5000; i++) {
      const answer = bench.register({
        to: pick(['alice', 'bob']),
        user: pick(['alice', 'bob', 'carol', null]),
        contacts: Array.from({ length: integerBelow(random, 5) }, () => pick(contacts) + pick(params)),
        headers: pick([[], [['Expires', '0']], [['Expires', 'x']], [['Path', '<sip:p;lr>']], [['Path', '<']]]),
        cseq: integerBelow(random, 50),
        callId: pick(['one', 'two']),
        from: pick([PHONE, { ...stream, connection: integerBelow(random, 3) }]),
        vias: 1 + integerBelow(random, 2),
      })
      if (answer !== undefined) answers++
      if (integerBelow(random, 10) === 0) bench.pass(integerBelow(random, 100_000))
      if (integerBelow(random, 50) === 0)
        bench.registrar.handle(
          { type: 'unreachable', peer: { ...stream, connection: integerBelow(random, 3) } },
          bench.now,
        )
      for (const user of ['alice', 'bob']) expect(bench.contactsOf(user).length).toBeLessThanOrEqual(3)
      expect(bench.registrar.size).toBe(bench.registrar.bindings.length)
    }
    expect(answers).toBe(5000)
    expect(bench.registrar.counters.get('bindingsMade')).toBeGreaterThan(50)
    bench.pass(4_000_000)
    expect(bench.registrar.size).toBe(0)
  })
})
