import { describe, expect, it } from 'vitest'
import { Agent, EMPTY_SIZES, OFFER, Phone, Wire } from './wire.ts'

/** Alice has called a phone that will answer in the name of several (a forking proxy behind it, say). */
function called(options: { to?: (phone: Phone) => string } = {}): { wire: Wire; alice: Agent; phone: Phone } {
  const wire = new Wire()
  const alice = new Agent(wire, 'alice')
  const phone = new Phone(wire, 'phone')
  alice.do({ type: 'invite', session: 1, to: options.to?.(phone) ?? phone.uri, body: OFFER })
  wire.run(20)
  return { wire, alice, phone }
}

const contact = (phone: Phone, user = 'phone') => `Contact: <sip:${user}@${phone.peer.address}:5060>`

/** The phone says 200 to whatever is no INVITE or ACK. */
function obey(phone: Phone, alice: Agent): void {
  phone.onMessage = (message) => {
    if (message.kind === 'request' && message.method !== 'ACK' && message.method !== 'INVITE') {
      phone.respond(message, alice.peer, 200, '')
    }
  }
}

describe('a forked INVITE', () => {
  it('is won by the first 2xx; the others are acknowledged and released with BYE', () => {
    const { wire, alice, phone } = called()
    obey(phone, alice)
    const invite = phone.request('INVITE')
    for (const tag of ['a', 'b']) phone.respond(invite, alice.peer, 180, tag, [contact(phone, tag)])
    for (const tag of ['b', 'a', 'c']) phone.respond(invite, alice.peer, 200, tag, [contact(phone, tag)])
    wire.run(100)
    expect(alice.heard).toEqual(['progress 180', 'progress 180', 'answered 200'])
    const sent = phone.received.filter((message) => message.kind === 'request').slice(1)
    expect(sent.map((message) => `${message.method} ${message.uri.slice(4, 5)}`)).toEqual([
      'ACK b',
      'ACK a',
      'BYE a',
      'ACK c',
      'BYE c',
    ])
    alice.do({ type: 'bye', session: 1 })
    wire.run(100)
    expect(phone.request('BYE').uri).toMatch(/^sip:b@/)
    expect(phone.request('BYE').headers.get('to')).toMatch(/;tag=b$/)
    expect(phone.request('BYE').headers.get('cseq')).toBe('2 BYE')
    expect(alice.heard.at(-1)).toBe('ended local')
    wire.run(70_000)
    expect(alice.endpoint.sizes()).toEqual(EMPTY_SIZES)
  })

  it('acknowledges the repeated 2xx of each fork, and no more forks than it keeps', () => {
    const { wire, alice, phone } = called()
    obey(phone, alice)
    const invite = phone.request('INVITE')
    for (let i = 0; i < 40; i++) phone.respond(invite, alice.peer, 200, `t${i}`, [contact(phone)])
    wire.run(100)
    const acks = () => phone.received.filter((message) => message.kind === 'request' && message.method === 'ACK')
    expect(acks()).toHaveLength(16)
    phone.respond(invite, alice.peer, 200, 't3', [contact(phone)])
    wire.run(100)
    expect(acks()).toHaveLength(17)
    expect(acks().at(-1)?.headers.get('to')).toMatch(/;tag=t3$/)
    expect(alice.heard).toEqual(['answered 200'])
  })

  it('keeps no more early dialogs than forks', () => {
    const { wire, alice, phone } = called()
    const invite = phone.request('INVITE')
    const before = alice.endpoint.sizes()
    for (let i = 0; i < 1000; i++) phone.respond(invite, alice.peer, 180, `t${i}`, [contact(phone)])
    wire.run(100)
    expect(alice.heard).toHaveLength(1000)
    expect(alice.endpoint.sizes()).toEqual({ ...before, timers: before.timers - 1 })
  })
})

describe('the answer to an INVITE', () => {
  it('sets the route of the dialog, from a list of loose routers', () => {
    const { wire, alice, phone } = called()
    phone.respond(phone.request('INVITE'), alice.peer, 200, 'p', [
      'Contact: <sip:desk@192.0.2.9:5070>',
      `Record-Route: <sip:inner.example.com;lr>, <sip:${phone.peer.address};lr>`,
    ])
    wire.run(50)
    const ack = phone.request('ACK')
    expect(ack.uri).toBe('sip:desk@192.0.2.9:5070')
    expect(ack.headers.all('route')).toEqual([`<sip:${phone.peer.address};lr>`, '<sip:inner.example.com;lr>'])
  })

  it('sets the route of the dialog, over a strict router', () => {
    const { wire, alice, phone } = called()
    phone.respond(phone.request('INVITE'), alice.peer, 200, 'p', [
      'Contact: <sip:desk@192.0.2.9:5070>',
      'Record-Route: <sip:inner.example.com;lr>',
      `Record-Route: <sip:${phone.peer.address}>`,
    ])
    wire.run(50)
    const ack = phone.request('ACK')
    expect(ack.uri).toBe(`sip:${phone.peer.address}`)
    expect(ack.headers.all('route')).toEqual(['<sip:inner.example.com;lr>', '<sip:desk@192.0.2.9:5070>'])
  })

  it('replaces the route of the early dialog', () => {
    const { wire, alice, phone } = called()
    const invite = phone.request('INVITE')
    phone.respond(invite, alice.peer, 180, 'p', ['Record-Route: <sip:gone.example.com;lr>', contact(phone)])
    phone.respond(invite, alice.peer, 200, 'p', [contact(phone)])
    wire.run(50)
    expect(phone.request('ACK').headers.has('route')).toBe(false)
  })

  it('without tag and Contact is that of an RFC 2543 phone, and good enough', () => {
    const { wire, alice, phone } = called()
    obey(phone, alice)
    phone.respond(phone.request('INVITE'), alice.peer, 200, '')
    wire.run(50)
    expect(alice.heard).toEqual(['answered 200'])
    expect(phone.request('ACK').uri).toBe(phone.uri)
    alice.do({ type: 'bye', session: 1 })
    wire.run(50)
    expect(phone.request('BYE').headers.get('to')).toBe(`<${phone.uri}>`)
    expect(alice.heard.at(-1)).toBe('ended local')
  })

  it('that leads nowhere is none: the call fails when its transaction ends', () => {
    const { wire, alice, phone } = called()
    phone.respond(phone.request('INVITE'), alice.peer, 200, 'p', [
      'Record-Route: <sips:inner.example.com;transport=udp;lr>',
    ])
    wire.run(33_000)
    expect(alice.heard).toEqual(['failed timeout'])
    expect(alice.endpoint.sizes()).toEqual(EMPTY_SIZES)
  })

  it('that redirects is not followed', () => {
    const { wire, alice, phone } = called()
    phone.respond(phone.request('INVITE'), alice.peer, 302, 'p', ['Contact: <sip:elsewhere@example.com>'])
    wire.run(50)
    expect(alice.heard).toEqual(['failed response 302'])
    expect(alice.event('failed').response?.headers.get('contact')).toBe('<sip:elsewhere@example.com>')
  })

  it('goes to the peer that the command names, whatever the URI says', () => {
    const wire = new Wire()
    const alice = new Agent(wire, 'alice')
    const phone = new Phone(wire, 'phone')
    alice.do({ type: 'invite', session: 1, to: 'tel:+441632960000', via: phone.peer })
    wire.run(50)
    expect(phone.request('INVITE').uri).toBe('tel:+441632960000')
    expect(phone.request('INVITE').headers.get('to')).toBe('<tel:+441632960000>')
  })

  it('is asked for without what belongs to a URI only when it is clicked on', () => {
    const { phone } = called({ to: (phone) => `${phone.uri};method=BYE;user=phone?Subject=hello` })
    expect(phone.request('INVITE').uri).toBe(`${phone.uri};user=phone`)
  })
})

describe('in a dialog with us as the callee', () => {
  it('requests follow the Record-Route of the INVITE and the latest Contact', () => {
    const wire = new Wire()
    const bob = new Agent(wire, 'bob')
    const phone = new Phone(wire, 'phone')
    bob.on = (event) => {
      if (event.type === 'incoming' || event.type === 'reinvited')
        bob.do({ type: 'respond', session: event.session, status: 200, body: OFFER })
    }
    const request = (method: string, cseq: number, to: string, extra: string[] = []) =>
      phone.send(bob.peer, [
        `${method} ${bob.uri} SIP/2.0`,
        `Via: SIP/2.0/UDP ${phone.peer.address};branch=z9hG4bK${method}${cseq}`,
        'From: <sip:phone@example.com>;tag=p',
        `To: ${to}`,
        'Call-ID: routes',
        `CSeq: ${cseq} ${method}`,
        ...extra,
      ])
    const routes = `Record-Route: <sip:${phone.peer.address};lr>, <sip:far.example.com;lr>`
    request('INVITE', 1, `<${bob.uri}>`, ['Contact: <sip:old@192.0.2.1>', routes])
    wire.run(20)
    const to = phone.response('INVITE').headers.get('to') as string
    expect(phone.response('INVITE').headers.all('record-route')).toHaveLength(2)
    request('ACK', 1, to)
    request('INVITE', 2, to, ['Contact: <sip:new@192.0.2.2>', 'Record-Route: <sip:ignored.example.com;lr>'])
    wire.run(20)
    request('ACK', 2, to)
    wire.run(20)
    bob.do({ type: 'bye', session: 1 })
    wire.run(20)
    const bye = phone.request('BYE')
    expect(bye.uri).toBe('sip:new@192.0.2.2')
    expect(bye.headers.all('route')).toEqual([`<sip:${phone.peer.address};lr>`, '<sip:far.example.com;lr>'])
    expect(bye.headers.get('from')).toBe(to)
    expect(bye.headers.get('to')).toBe('<sip:phone@example.com>;tag=p')
  })
})

describe('a re-INVITE of ours', () => {
  it('moves the target to the Contact of its 2xx', () => {
    const { wire, alice, phone } = called()
    obey(phone, alice)
    phone.respond(phone.request('INVITE'), alice.peer, 200, 'p', [contact(phone, 'old')])
    wire.run(50)
    alice.do({ type: 'reinvite', session: 1, body: OFFER })
    wire.run(50)
    expect(phone.request('INVITE').uri).toMatch(/^sip:old@/)
    phone.respond(phone.request('INVITE'), alice.peer, 200, '', [contact(phone, 'new')])
    wire.run(50)
    expect(phone.request('ACK').uri).toMatch(/^sip:new@/)
    expect(phone.request('ACK').headers.get('cseq')).toBe('2 ACK')
  })
})

describe('over TCP', () => {
  it('our Contact says so, requests go there too, and a 2xx is repeated all the same', () => {
    const wire = new Wire()
    const bob = new Agent(wire, 'bob')
    const phone = new Phone(wire, 'phone')
    bob.on = (event) => {
      if (event.type === 'incoming') bob.do({ type: 'respond', session: event.session, status: 200, body: OFFER })
    }
    phone.send({ ...bob.peer, transport: 'tcp' }, [
      `INVITE ${bob.uri} SIP/2.0`,
      `Via: SIP/2.0/TCP ${phone.peer.address};branch=z9hG4bK1`,
      'From: <sip:phone@example.com>;tag=p',
      `To: <${bob.uri}>`,
      'Call-ID: tcp',
      'CSeq: 1 INVITE',
      `Contact: <${phone.uri};transport=tcp>`,
    ])
    wire.run(33_000)
    expect(wire.ladder.filter((line) => line.includes('200 INVITE'))).toHaveLength(11)
    expect(phone.response('INVITE').headers.get('contact')).toBe(`<sip:bob@${bob.peer.address}:5060;transport=tcp>`)
    expect(phone.request('BYE').headers.get('via')).toMatch(/^SIP\/2\.0\/TCP /)
    expect(bob.heard).toEqual(['incoming', 'ended network: no ACK'])
  })
})
