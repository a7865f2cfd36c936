import { describe, expect, it } from 'vitest'
import { Counters, type Instant, seededRandom } from '../../kit/index.ts'
import type { Peer } from '../endpoint/control.ts'
import type { DnsAnswer } from './dns.ts'
import { type LocatorCounter, type LocatorInput, ServerLocator } from './server-locator.ts'
import { isNumericHost, type ServerName } from './server-name.ts'

const srv = (target: string, priority = 1, port = 5060) => ({ target, priority, weight: 0, port })
const naptr = (service: string, replacement: string, order = 1, flags = 's') => ({
  order,
  preference: 1,
  flags,
  service,
  replacement,
})

/** A locator with a DNS that answers at once, unless the zone has `undefined` there. */
class World {
  now: Instant = 0
  readonly asked: string[] = []
  readonly counters = new Counters<LocatorCounter>()
  readonly locator: ServerLocator
  readonly said: string[] = []
  ttlMs = 60_000
  readonly #zone: Record<string, readonly unknown[] | string | undefined>

  constructor(
    zone: Record<string, readonly unknown[] | string | undefined>,
    transports: Peer['transport'][] = ['udp', 'tcp'],
  ) {
    this.#zone = zone
    this.locator = new ServerLocator({ random: seededRandom(1), transports, counters: this.counters })
  }

  do(input: LocatorInput): void {
    this.locator.handle(input, this.now)
    this.settle()
  }

  settle(): void {
    for (let output = this.locator.poll(); output !== undefined; output = this.locator.poll()) {
      if (output.type === 'target') {
        const { transport, address, port, name } = output.peer
        const words = [transport, address, port, name, output.isLast ? '(last)' : undefined]
        this.said.push(words.filter((word) => word !== undefined).join(' '))
      } else if (output.type === 'exhausted') this.said.push(`exhausted: ${output.reason}`)
      else {
        const { question } = output
        const key = `${question.type} ${question.name}`
        this.asked.push(key)
        const found = key in this.#zone ? this.#zone[key] : []
        if (typeof found === 'string') this.do({ type: 'answer', answer: { question, failure: found } })
        else if (found !== undefined)
          this.do({ type: 'answer', answer: { question, records: found, ttlMs: this.ttlMs } as DnsAnswer })
      }
    }
  }

  /** Every target in order, and how it ended. */
  all(server: ServerName): string[] {
    this.said.length = 0
    this.do({ type: 'locate', id: 1, server })
    while (this.said.length < 100 && this.said.at(-1)?.startsWith('exhausted') === false)
      this.do({ type: 'next', id: 1 })
    return [...this.said]
  }
}

describe('where a server is (RFC 3263 section 4)', () => {
  it('by NAPTR, SRV and addresses when the URI says no more than a domain', () => {
    const world = new World({
      'NAPTR example.net': [
        naptr('SIP+D2U', '_sip._udp.example.net', 2),
        naptr('SIP+D2T', '_sip._tcp.example.net', 1),
        naptr('SIPS+D2T', '_sips._tcp.example.net', 0),
        naptr('E2U+email', 'mail.example.net', 0),
        naptr('SIP+D2U', 'sip:somewhere@else', 0, 'u'),
      ],
      'SRV _sip._tcp.example.net': [srv('b.example.net', 20, 5070), srv('a.example.net', 10)],
      'SRV _sip._udp.example.net': [srv('a.example.net', 10, 5080)],
      'ADDRESS a.example.net': ['192.0.2.1', '2001:db8::1'],
      'ADDRESS b.example.net': ['192.0.2.2'],
    })
    expect(world.all({ host: 'example.net' })).toEqual([
      'tcp 192.0.2.1 5060',
      'tcp 2001:db8::1 5060',
      'tcp 192.0.2.2 5070',
      'udp 192.0.2.1 5080',
      'udp 2001:db8::1 5080 (last)',
      'exhausted: example.net names no server for a transport that we speak',
    ])
    expect(world.locator.sizes).toEqual({ searches: 0, questions: 0 })
  })

  it('over TLS where NAPTR prefers it and we speak it, with the name that the certificate must hold', () => {
    const zone = {
      'NAPTR example.net': [
        naptr('SIPS+D2T', '_sips._tcp.example.net', 1),
        naptr('SIP+D2U', '_sip._udp.example.net', 2),
      ],
      'SRV _sips._tcp.example.net': [srv('a.example.net', 1, 5061)],
      'SRV _sip._udp.example.net': [srv('a.example.net')],
      'ADDRESS a.example.net': ['192.0.2.1'],
    }
    const first = (transports: Peer['transport'][]) => new World(zone, transports).all({ host: 'example.net' })[0]
    expect(first(['udp', 'tcp', 'tls'])).toBe('tls 192.0.2.1 5061 example.net')
    expect(first(['udp', 'tcp'])).toBe('udp 192.0.2.1 5060 (last)')
  })

  it('asks for a later server only when an earlier one has failed', () => {
    const world = new World({
      'SRV _sip._udp.example.net': [srv('a.example.net', 10), srv('b.example.net', 20)],
      'ADDRESS a.example.net': ['192.0.2.1'],
      'ADDRESS b.example.net': ['192.0.2.2'],
    })
    world.do({ type: 'locate', id: 1, server: { host: 'example.net', transport: 'udp' } })
    expect(world.asked).toEqual(['SRV _sip._udp.example.net', 'ADDRESS a.example.net'])
    expect(world.said).toEqual(['udp 192.0.2.1 5060'])
    world.do({ type: 'next', id: 1 })
    expect(world.asked.at(-1)).toBe('ADDRESS b.example.net')
    expect(world.said.at(-1)).toBe('udp 192.0.2.2 5060 (last)')
  })

  it('by SRV of our transports without NAPTR, by the host itself without SRV', () => {
    const tcpOnly = new World({
      'SRV _sip._tcp.example.net': [srv('a.example.net')],
      'ADDRESS a.example.net': ['192.0.2.1'],
    })
    expect(tcpOnly.all({ host: 'example.net' })[0]).toBe('tcp 192.0.2.1 5060 (last)')
    const plain = new World({ 'ADDRESS example.net': ['192.0.2.1'] })
    expect(plain.all({ host: 'example.net' })[0]).toBe('udp 192.0.2.1 5060 (last)')
    expect(plain.asked).toEqual([
      'NAPTR example.net',
      'SRV _sip._udp.example.net',
      'SRV _sip._tcp.example.net',
      'ADDRESS example.net',
    ])
  })

  it('over TLS alone for a SIPS URI, with the name that the certificate must hold', () => {
    const world = new World({
      'NAPTR example.net': [naptr('SIP+D2U', '_sip._udp.example.net'), naptr('SIPS+D2T', '_sips._tcp.example.net', 2)],
      'SRV _sip._udp.example.net': [srv('a.example.net')],
      'SRV _sips._tcp.example.net': [srv('b.example.net', 1, 5071)],
      'ADDRESS b.example.net': ['192.0.2.2'],
      'ADDRESS plain.example': ['192.0.2.3'],
    })
    expect(world.all({ host: 'example.net', isSecure: true })[0]).toBe('tls 192.0.2.2 5071 example.net (last)')
    expect(world.all({ host: 'plain.example', isSecure: true })[0]).toBe('tls 192.0.2.3 5061 plain.example (last)')
    expect(world.all({ host: 'plain.example', port: 5070, isSecure: true })[0]).toMatch(/^tls 192.0.2.3 5070/)
    expect(world.asked).toContain('SRV _sips._tcp.plain.example')
  })

  it('does not ask for what the URI says: a port, a transport; nor for localhost', () => {
    const zone = { 'ADDRESS h': ['192.0.2.1'], 'ADDRESS localhost': ['127.0.0.1'] }
    const withPort = new World(zone)
    expect(withPort.all({ host: 'h', port: 5070 })[0]).toBe('udp 192.0.2.1 5070 (last)')
    expect(withPort.asked).toEqual(['ADDRESS h'])
    const withTransport = new World(zone)
    expect(withTransport.all({ host: 'h', transport: 'tcp' })[0]).toBe('tcp 192.0.2.1 5060 (last)')
    expect(withTransport.asked).toEqual(['SRV _sip._tcp.h', 'ADDRESS h'])
    const local = new World(zone)
    expect(local.all({ host: 'localhost' })[0]).toBe('udp 127.0.0.1 5060 (last)')
    expect(local.asked).toEqual(['ADDRESS localhost'])
  })

  it('says when a service is decidedly not offered (RFC 2782), or a name leads nowhere', () => {
    const refused = new World({ 'SRV _sip._udp.h': [srv('.')], 'ADDRESS h': ['192.0.2.1'] })
    expect(refused.all({ host: 'h', transport: 'udp' })).toEqual([
      'exhausted: h names no server for a transport that we speak',
    ])
    const unknown = new World({})
    expect(unknown.all({ host: 'h', port: 1 })).toEqual(['exhausted: h has no address that we can reach'])
    const failed = new World({ 'ADDRESS h': 'SERVFAIL' })
    expect(failed.all({ host: 'h', port: 1 })).toEqual(['exhausted: h has no address that we can reach (SERVFAIL)'])
    expect(failed.counters.get('dnsFailures')).toBe(1)
  })

  it('passes a server without an address by', () => {
    const world = new World({
      'SRV _sip._udp.h': [srv('gone', 1), srv('there', 2)],
      'ADDRESS there': ['192.0.2.2'],
    })
    expect(world.all({ host: 'h', transport: 'udp' })[0]).toBe('udp 192.0.2.2 5060 (last)')
  })
})

describe('the memory of the locator', () => {
  const h = { host: 'h', port: 5060 }

  it('asks again when the time to live is over, whatever the case of the name', () => {
    const world = new World({ 'ADDRESS h': ['192.0.2.1'], 'ADDRESS H': ['192.0.2.1'] })
    world.all(h)
    world.all({ host: 'H', port: 5060 })
    expect(world.asked).toHaveLength(1)
    world.now = 59_999
    world.all(h)
    expect(world.asked).toHaveLength(1)
    world.now = 60_000
    world.all(h)
    expect(world.asked).toHaveLength(2)
  })

  it('uses an answer with a time to live of nothing for those who asked, and not again', () => {
    const world = new World({ 'ADDRESS h': ['192.0.2.1'] })
    world.ttlMs = 0
    expect(world.all(h)[0]).toBe('udp 192.0.2.1 5060 (last)')
    world.all(h)
    expect(world.asked).toHaveLength(2)
  })

  it('keeps that there is nothing for as long as it is told, and that nobody could say for 5 s', () => {
    const nothing = new World({})
    nothing.all(h)
    nothing.now = 59_999
    nothing.all(h)
    expect(nothing.asked).toHaveLength(1)
    const failed = new World({ 'ADDRESS h': 'SERVFAIL' })
    failed.all(h)
    failed.now = 4999
    failed.all(h)
    expect(failed.asked).toHaveLength(1)
    failed.now = 5000
    failed.all(h)
    expect(failed.asked).toHaveLength(2)
  })

  it('puts one question for many, and gives up on it after 5 s', () => {
    const world = new World({ 'ADDRESS h': undefined })
    world.do({ type: 'locate', id: 1, server: h })
    world.do({ type: 'locate', id: 2, server: h })
    expect(world.asked).toHaveLength(1)
    expect(world.locator.deadline()).toBe(5000)
    world.now = 5000
    world.locator.expire(5000)
    world.settle()
    expect(world.said).toEqual(Array(2).fill('exhausted: h has no address that we can reach (DNS did not answer)'))
    expect(world.locator.sizes).toEqual({ searches: 0, questions: 0 })
    // An answer that comes after all is of no use to anybody.
    world.do({ type: 'answer', answer: { question: { type: 'ADDRESS', name: 'h' }, records: ['192.0.2.1'], ttlMs: 9 } })
    expect(world.said).toHaveLength(2)
  })

  it('tries servers that have failed lately after all others', () => {
    const world = new World({ 'ADDRESS h': ['192.0.2.1', '192.0.2.2', '192.0.2.3'] })
    world.do({ type: 'avoid', peer: { transport: 'udp', address: '192.0.2.1', port: 5060 }, forMs: 30_000 })
    expect(world.all(h).slice(0, 3)).toEqual(['udp 192.0.2.2 5060', 'udp 192.0.2.3 5060', 'udp 192.0.2.1 5060 (last)'])
    world.now = 30_000
    expect(world.all(h)[0]).toBe('udp 192.0.2.1 5060')
    expect(world.all({ host: 'h', port: 5060, transport: 'tcp' })[0]).toBe('tcp 192.0.2.1 5060')
  })

  it('stays within its bounds whatever is asked', () => {
    const world = new World({})
    const zone = new World(Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`ADDRESS h${i}`, undefined])))
    for (let i = 0; i < 5000; i++) {
      world.do({ type: 'locate', id: i, server: { host: `h${i}`, port: 1 } })
      world.do({ type: 'avoid', peer: { transport: 'udp', address: `192.0.2.${i}`, port: i }, forMs: 1000 })
      zone.do({ type: 'locate', id: i, server: { host: `h${i}`, port: 1 } })
    }
    expect(world.locator.kept).toBeLessThanOrEqual(2000)
    expect(zone.locator.sizes).toEqual({ searches: 1000, questions: 1000 })
    expect(zone.said).toHaveLength(4000)
    for (let i = 0; i < 5000; i++) zone.do({ type: 'forget', id: i })
    zone.now = 5000
    zone.locator.expire(5000)
    expect(zone.locator.sizes).toEqual({ searches: 0, questions: 0 })
  })

  it('ends a search when it is abandoned', () => {
    const world = new World({ 'ADDRESS h': undefined })
    world.do({ type: 'locate', id: 1, server: h })
    world.do({ type: 'abandon', id: 1, reason: 'cancelled' })
    expect(world.said).toEqual(['exhausted: cancelled'])
    world.do({ type: 'abandon', id: 1, reason: 'cancelled' })
    expect(world.said).toHaveLength(1)
  })
})

describe('isNumericHost', () => {
  it.each(['192.0.2.1', '2001:db8::1', '[2001:db8::1]', '::'])('%s needs no DNS', (host) => {
    expect(isNumericHost(host)).toBe(true)
  })

  it.each(['example.net', '1.2.3.x', 'pbx1', ''])('%s does', (host) => {
    expect(isNumericHost(host)).toBe(false)
  })
})
