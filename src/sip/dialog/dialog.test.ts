import { describe, expect, it } from 'vitest'
import type { Result } from '../../kit/index.ts'
import { createRequest, createResponse, MAX_CSEQ, type SipRequest, type SipResponse } from '../message/index.ts'
import { Dialog } from './dialog.ts'

const PEER = { transport: 'udp', address: '192.0.2.1', port: 5060 } as const

function invite(headers: Readonly<Record<string, string>> = {}): SipRequest {
  const request = createRequest('INVITE', 'sip:bob@example.com')
  const all = {
    via: 'SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1',
    from: '"A" <sip:alice@example.com>;tag=a',
    to: '<sip:bob@example.com>',
    'call-id': 'c',
    cseq: '5 INVITE',
    contact: '<sip:alice@192.0.2.1:5070>',
    ...headers,
  }
  for (const [name, value] of Object.entries(all)) request.headers.add(name, value)
  return request
}

function response(status: number, headers: Readonly<Record<string, string>> = {}): SipResponse {
  const made = createResponse(invite(), status)
  made.headers.set('to', '<sip:bob@example.com>;tag=b')
  for (const [name, value] of Object.entries({ contact: '<sip:bob@192.0.2.2>', ...headers }))
    made.headers.add(name, value)
  return made
}

function made(dialog: Result<Dialog>): Dialog {
  if (!dialog.ok) throw new Error(dialog.error)
  return dialog.value
}

const withCSeq = (cseq: string): SipRequest => invite({ cseq })

describe('the dialog of a caller', () => {
  it('takes its parts from the INVITE and the response', () => {
    const dialog = made(Dialog.ofCaller(invite(), response(180)))
    expect(dialog.state).toBe('early')
    expect([dialog.callId, dialog.localTag, dialog.remoteTag]).toEqual(['c', 'a', 'b'])
    expect(dialog.remoteTarget).toBe('sip:bob@192.0.2.2')
    expect(dialog.peer).toEqual({ transport: 'udp', address: '192.0.2.2', port: 5060 })
    dialog.confirm()
    expect(dialog.state).toBe('confirmed')
    expect(made(Dialog.ofCaller(invite(), response(200))).state).toBe('confirmed')
  })

  it('numbers its requests on from the INVITE, and an ACK like it', () => {
    const dialog = made(Dialog.ofCaller(invite(), response(200)))
    const info = dialog.createRequest('INFO')
    expect([...info.headers.entries()]).toEqual([
      ['max-forwards', '70'],
      ['from', '"A" <sip:alice@example.com>;tag=a'],
      ['to', '<sip:bob@example.com>;tag=b'],
      ['call-id', 'c'],
      ['cseq', '6 INFO'],
    ])
    expect(dialog.createRequest('BYE').headers.get('cseq')).toBe('7 BYE')
    expect(dialog.createAck(5).headers.get('cseq')).toBe('5 ACK')
  })

  it('starts its numbers anew at the end of their range', () => {
    const request = invite({ cseq: `${MAX_CSEQ} INVITE` })
    expect(
      made(Dialog.ofCaller(request, response(200)))
        .createRequest('BYE')
        .headers.get('cseq'),
    ).toBe('1 BYE')
  })

  it('accepts whatever number the far end starts with, and none below after that', () => {
    const dialog = made(Dialog.ofCaller(invite(), response(200)))
    expect(dialog.acceptCSeq(withCSeq('100 BYE'))).toBe(true)
    expect(dialog.acceptCSeq(withCSeq('99 BYE'))).toBe(false)
    expect(dialog.acceptCSeq(withCSeq('101 BYE'))).toBe(true)
    expect(dialog.acceptCSeq(withCSeq('x'))).toBe(false)
  })

  it('sends to the first hop of its route, over TCP when that says so', () => {
    const route = '<sip:far.example.com;lr>, <sip:[2001:db8::1]:5080;transport=TCP;lr>'
    const dialog = made(Dialog.ofCaller(invite(), response(200, { 'record-route': route })))
    expect(dialog.peer).toEqual({ transport: 'tcp', address: '2001:db8::1', port: 5080 })
  })

  it('uses the Request-URI where the Contact is missing or leads nowhere', () => {
    for (const contact of ['<tel:123>', '<']) {
      const dialog = made(Dialog.ofCaller(invite(), response(200, { contact })))
      expect(dialog.remoteTarget).toBe('sip:bob@example.com')
    }
  })

  it.each(['<sips:p;transport=udp;lr>', '<', '<sip:p;transport=sctp;lr>', Array(33).fill('<sip:p;lr>').join(',')])(
    'is none over the route %s',
    (route) => {
      expect(Dialog.ofCaller(invite(), response(200, { 'record-route': route })).ok).toBe(false)
    },
  )
})

describe('the dialog of a callee', () => {
  it('takes its parts from the INVITE', () => {
    const dialog = made(Dialog.ofCallee(invite({ 'record-route': '<sip:p1;lr>, <sip:p2;lr>' }), 'ours', PEER))
    expect([dialog.localTag, dialog.remoteTag, dialog.remoteTarget]).toEqual(['ours', 'a', 'sip:alice@192.0.2.1:5070'])
    const bye = dialog.createRequest('BYE')
    expect(bye.headers.get('from')).toBe('<sip:bob@example.com>;tag=ours')
    expect(bye.headers.get('to')).toBe('"A" <sip:alice@example.com>;tag=a')
    expect(bye.headers.all('route')).toEqual(['<sip:p1;lr>', '<sip:p2;lr>'])
    expect(bye.headers.get('cseq')).toBe('1 BYE')
    expect(dialog.acceptCSeq(withCSeq('4 BYE'))).toBe(false)
    expect(dialog.acceptCSeq(withCSeq('6 BYE'))).toBe(true)
  })

  it('goes back on the connection of the INVITE when it stays with its transport', () => {
    const from = { transport: 'tcp', address: '192.0.2.1', port: 33_000, connection: 4 } as const
    const tcp = invite({ contact: '<sip:alice@192.0.2.1;transport=tcp>' })
    expect(made(Dialog.ofCallee(tcp, 'ours', from)).peer).toEqual({ ...from, port: 5060 })
    expect(made(Dialog.ofCallee(invite(), 'ours', from)).peer.connection).toBeUndefined()
    const tls = invite({ contact: '<sip:alice@192.0.2.1;transport=tls>' })
    expect(made(Dialog.ofCallee(tls, 'ours', from)).peer).toEqual({
      transport: 'tls',
      address: '192.0.2.1',
      port: 5061,
    })
  })

  it('is secure when a SIPS URI asked for it over TLS', () => {
    const tls = { transport: 'tls', address: '192.0.2.1', port: 33_000, connection: 4 } as const
    const sips = { contact: '<sips:alice@192.0.2.1>' }
    expect(made(Dialog.ofCallee(invite(sips), 'ours', tls)).isSecure).toBe(true)
    expect(made(Dialog.ofCallee(invite(sips), 'ours', tls)).peer).toEqual({ ...tls, port: 5061 })
    expect(made(Dialog.ofCallee(invite(), 'ours', tls)).isSecure).toBe(false)
    const proxied = invite({ 'record-route': '<sips:p1;lr>' })
    expect(made(Dialog.ofCallee(proxied, 'ours', tls)).isSecure).toBe(true)
  })

  it('knows a far end without a tag (RFC 2543)', () => {
    const dialog = made(Dialog.ofCallee(invite({ from: '<sip:old@example.com>' }), 'ours', PEER))
    expect(dialog.matches('c', undefined)).toBe(true)
    expect(dialog.matches('c', 'a')).toBe(false)
    expect(dialog.createRequest('BYE').headers.get('to')).toBe('<sip:old@example.com>')
  })

  it('is none without a Contact', () => {
    const request = invite()
    request.headers.delete('contact')
    expect(Dialog.ofCallee(request, 'ours', PEER)).toEqual({ ok: false, error: 'Missing or Malformed Contact' })
  })
})

describe('a target refresh', () => {
  it('changes the target, and the peer when there is no route', () => {
    const dialog = made(Dialog.ofCallee(invite(), 'ours', PEER))
    dialog.refreshTarget(invite({ contact: '<sip:alice@192.0.2.77?Subject=x>' }))
    expect(dialog.remoteTarget).toBe('sip:alice@192.0.2.77')
    expect(dialog.peer.address).toBe('192.0.2.77')
    dialog.refreshTarget(invite({ contact: '<sips:alice@192.0.2.78;transport=udp>' }))
    expect(dialog.remoteTarget).toBe('sip:alice@192.0.2.77')
  })

  it('leaves the first hop as it is when there is one', () => {
    const dialog = made(Dialog.ofCallee(invite({ 'record-route': '<sip:p1;lr>' }), 'ours', PEER))
    dialog.refreshTarget(invite({ contact: '<sip:alice@192.0.2.77>' }))
    expect(dialog.remoteTarget).toBe('sip:alice@192.0.2.77')
    expect(dialog.peer.address).toBe('p1')
  })
})
