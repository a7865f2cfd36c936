import { describe, expect, it } from 'vitest'
import { Counters, utf8Encode } from '../../kit/index.ts'
import type { EndpointCounter } from '../index.ts'
import { Agent, EMPTY_SIZES, Phone, Wire } from './wire.ts'

interface Asked {
  readonly status: number
  readonly headers: (name: string) => string[]
  readonly heard: string[]
  readonly counters: Counters<EndpointCounter>
  readonly bob: Agent
}

/** Sends one request to bob, who answers nothing from above, and gives back what came of it. */
function ask(lines: readonly string[], body = ''): Asked | undefined {
  const wire = new Wire()
  const counters = new Counters<EndpointCounter>()
  const bob = new Agent(wire, 'bob', { counters, limits: { unansweredInviteMs: 10 } })
  const phone = new Phone(wire, 'phone')
  phone.send(bob.peer, lines, body)
  wire.run(500)
  const answers = phone.received.filter((message) => message.kind === 'response')
  expect(phone.received.length).toBe(answers.length)
  expect(new Set(answers.map(({ status }) => status)).size).toBeLessThanOrEqual(1)
  const answer = answers[0]
  if (answer === undefined) return undefined
  return { status: answer.status, headers: (name) => answer.headers.all(name), heard: bob.heard, counters, bob }
}

function request(
  method: string,
  changes: Readonly<Record<string, string | undefined>> = {},
  uri = 'sip:bob@x',
): string[] {
  const headers: Record<string, string | undefined> = {
    Via: 'SIP/2.0/UDP phone;branch=z9hG4bK1;rport',
    'Max-Forwards': '70',
    From: '<sip:phone@example.com>;tag=p',
    To: '<sip:bob@example.com>',
    'Call-ID': '1',
    CSeq: `1 ${method}`,
    Contact: '<sip:phone@10.0.0.9>',
    ...changes,
  }
  const lines = Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]))
  return [`${method} ${uri} SIP/2.0`, ...lines]
}

const ALLOW = ['INVITE', 'ACK', 'CANCEL', 'BYE', 'OPTIONS', 'PRACK', 'UPDATE', 'INFO']

describe('a request outside of a dialog', () => {
  it('OPTIONS is answered with what we can do, whatever goes on', () => {
    const asked = ask(request('OPTIONS', { 'Max-Forwards': '0', Contact: undefined }))
    expect(asked?.status).toBe(200)
    expect(asked?.headers('allow')).toEqual(ALLOW)
    expect(asked?.headers('accept')).toEqual(['application/sdp'])
    expect(asked?.headers('supported')).toEqual(['100rel', 'timer'])
    expect(asked?.headers('to')[0]).toMatch(/;tag=/)
  })

  it.each([
    ['REGISTER', 405],
    ['SUBSCRIBE', 405],
    ['MESSAGE', 405],
    ['REFER', 405],
    ['FROBNICATE', 501],
    ['invite', 501],
    ['BYE', 481],
    ['INFO', 481],
    ['PRACK', 481],
    ['CANCEL', 481],
  ])('%s gets %i', (method, status) => {
    const asked = ask(request(method))
    expect(asked?.status).toBe(status)
    if (status === 405) expect(asked?.headers('allow')).toEqual(ALLOW)
    expect(asked?.heard).toEqual([])
  })

  it('ACK gets nothing', () => {
    expect(ask(request('ACK'))).toBeUndefined()
    expect(ask(request('ACK', { From: undefined }))).toBeUndefined()
    expect(ask(request('ACK', { To: '<sip:bob@x>;tag=nobody' }))).toBeUndefined()
  })

  it('with a To tag that we never gave gets 481', () => {
    for (const method of ['INVITE', 'BYE', 'OPTIONS', 'INFO', 'UPDATE']) {
      expect(ask(request(method, { To: '<sip:bob@x>;tag=nobody' }))?.status).toBe(481)
    }
  })

  it.each<[string, Readonly<Record<string, string | undefined>>]>([
    ['From', { From: undefined }],
    ['To', { To: undefined }],
    ['Call-ID', { 'Call-ID': undefined }],
    ['CSeq', { CSeq: undefined }],
    ['a CSeq of its method', { CSeq: '1 BYE' }],
    ['a CSeq of 31 bits', { CSeq: '4294967296 INVITE' }],
    ['a readable From', { From: 'Bell, Alexander <sip:' }],
    ['a readable Max-Forwards', { 'Max-Forwards': 'many' }],
    ['a Contact, in an INVITE,', { Contact: undefined }],
    ['a Contact that leads somewhere', { Contact: '<mailto:phone@example.com>' }],
    ['a short route set', { 'Record-Route': Array.from({ length: 33 }, (_, i) => `<sip:p${i};lr>`).join(', ') }],
  ])('without %s gets 400', (_, changes) => {
    const asked = ask(request('INVITE', changes))
    expect(asked?.status).toBe(400)
    expect(asked?.heard).toEqual([])
  })

  it.each([
    ['http://example.com', 416],
    ['sips:bob@example.com', 416],
    ['nothing', 400],
    ['sip:bob@x?Subject=y', 400],
  ])('to %s gets %i', (uri, status) => {
    expect(ask(request('INVITE', {}, uri))?.status).toBe(status)
  })

  it('to a tel URI is a call', () => {
    expect(ask(request('INVITE', {}, 'tel:+441632960000'))?.heard[0]).toBe('incoming')
  })

  it('of another version gets 505', () => {
    const [line, ...rest] = request('INVITE')
    expect(ask([line?.replace('SIP/2.0', 'SIP/3.0') as string, ...rest])?.status).toBe(505)
  })

  it('that was forwarded too often gets 483 when it asks for a call', () => {
    expect(ask(request('INVITE', { 'Max-Forwards': '0' }))?.status).toBe(483)
  })

  it('that requires an extension gets 420', () => {
    const asked = ask(request('INVITE', { Require: 'nothing, 100rel, More' }))
    expect(asked?.status).toBe(420)
    expect(asked?.headers('unsupported')).toEqual(['nothing', 'more'])
  })

  it.each([
    [{ 'Content-Type': 'text/plain' }, 'accept', ['application/sdp']],
    [{ 'Content-Type': undefined }, 'accept', ['application/sdp']],
    [{ 'Content-Type': 'application/sdp', 'Content-Encoding': 'gzip' }, 'accept-encoding', ['identity']],
  ])('with content %j gets 415', (changes, name, accepted) => {
    const asked = ask(request('INVITE', changes), 'v=0')
    expect(asked?.status).toBe(415)
    expect(asked?.headers(name)).toEqual(accepted)
  })

  it('with optional content of another type is taken without it', () => {
    const changes = { 'Content-Type': 'text/plain', 'Content-Disposition': 'render;handling=optional' }
    const asked = ask(request('INVITE', changes), 'hello')
    expect(asked?.heard[0]).toBe('incoming')
    expect(asked?.bob.event('incoming').request.body).toHaveLength(0)
  })

  it('of a client that follows RFC 2543 is a call too', () => {
    const changes = { From: 'sip:old@example.com', Via: 'SIP/2.0/UDP phone;rport', 'Max-Forwards': undefined }
    expect(ask(request('INVITE', changes))?.heard[0]).toBe('incoming')
  })

  it('is answered once, however often it comes, and counted', () => {
    const asked = ask(request('FROBNICATE'))
    expect(asked?.counters.get('refusedRequests')).toBe(1)
    expect(ask(request('INVITE', { From: '<' }))?.counters.get('malformedRequests')).toBe(1)
  })
})

describe('what is no request', () => {
  it.each(['', '\r\n\r\n', 'hello', 'SIP/2.0 200 OK\r\n\r\n', 'SIP/2.0 999 What\r\nVia: x\r\n\r\n'])(
    '%j is dropped',
    (text) => {
      const wire = new Wire()
      const bob = new Agent(wire, 'bob')
      const phone = new Phone(wire, 'phone')
      bob.receive(utf8Encode(text), phone.peer)
      wire.run(40_000)
      expect(wire.ladder).toEqual([])
      expect(bob.endpoint.sizes()).toEqual(EMPTY_SIZES)
    },
  )
})
