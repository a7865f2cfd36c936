import { describe, expect, it } from 'vitest'
import { createRequest, type SipRequest, type SipResponse, toTag } from '../message/index.ts'
import { EMPTY, HOME_VIA, idOf, sentMessage, setUp } from './test/layer-under-test.ts'
import { answer, phoneRequest, run, TCP, UDP, words } from './test/support.ts'

describe('client transactions', () => {
  it('get a Via with a branch of their own', () => {
    const { send } = setUp()
    const [first, second] = [send('OPTIONS'), send('OPTIONS')].map(({ request }) => request.headers.get('via') ?? '')
    expect(first).toMatch(/^SIP\/2\.0\/UDP 127\.0\.0\.1:5060;rport;branch=z9hG4bK[0-9a-v]{13}$/)
    expect(second).not.toBe(first)
  })

  it('name the transport in the Via', () => {
    const { send } = setUp()
    expect(send('OPTIONS', undefined, TCP).request.headers.get('via')).toMatch(/^SIP\/2\.0\/TCP /)
  })

  it('match a response by branch and method (17.1.3)', () => {
    const { receive, send } = setUp()
    const { id, request } = send('BYE')
    const ok = answer(request, 200)
    expect(receive(ok)).toEqual([{ type: 'response', id, response: ok }])
  })

  it.each([
    ['another branch', (response: SipResponse) => response.headers.set('via', HOME_VIA)],
    ['another method', (response: SipResponse) => response.headers.set('cseq', '1 OPTIONS')],
    ['the method CANCEL', (response: SipResponse) => response.headers.set('cseq', '1 CANCEL')],
  ])('do not match %s', (_, change) => {
    const { receive, send, counters } = setUp()
    const response = answer(send('BYE').request, 200)
    change(response)
    expect(receive(response)).toEqual([])
    expect(counters.get('strayResponses')).toBe(1)
  })

  it.each([
    ['no Via', (response: SipResponse) => response.headers.delete('via')],
    ['two Vias', (response: SipResponse) => response.headers.add('via', HOME_VIA)],
    ['an unreadable Via', (response: SipResponse) => response.headers.set('via', 'SIP/2.0')],
    ['an unreadable CSeq', (response: SipResponse) => response.headers.set('cseq', 'BYE')],
  ])('drop a response with %s (8.1.3.3)', (_, change) => {
    const { receive, send, counters } = setUp()
    const response = answer(send('BYE').request, 200)
    change(response)
    expect(receive(response)).toEqual([])
    expect(counters.get('foreignResponses')).toBe(1)
  })

  it('pass every 2xx to an INVITE, then hand later ones up as stray', () => {
    const { layer, receive, send } = setUp()
    const { request } = send('INVITE')
    expect(receive(answer(request, 200), 10).map(words)).toEqual(['response 200'])
    expect(receive(answer(request, 200), 20).map(words)).toEqual(['response 200'])
    expect(receive(answer(request, 200, 'fork'), 30).map(words)).toEqual(['response 200'])
    expect(run(layer, 40_000).map(([at, output]) => [at, words(output)])).toEqual([[32_010, 'terminated']])
    expect(receive(answer(request, 200), 40_000).map(words)).toEqual(['strayResponse 200'])
    expect(receive(answer(request, 486), 40_000)).toEqual([])
    expect(layer.sizes).toEqual(EMPTY)
  })

  it('acknowledge a failure with the branch of the INVITE', () => {
    const { receive, send } = setUp()
    const { request } = send('INVITE')
    const [ack] = receive(answer(request, 486))
    const message = sentMessage(ack)
    expect(message.headers.all('via')).toEqual(request.headers.all('via'))
    expect(toTag(message)).toBe('bob1')
  })

  it('refuse a used id and requests that start no transaction', () => {
    const { layer, send } = setUp()
    const { id, request } = send('OPTIONS')
    expect(() => layer.handle({ type: 'request', id, request, to: UDP }, 0)).toThrow(/exists already/)
    const ack = createRequest('ACK', 'sip:bob@192.0.2.1')
    expect(() => layer.handle({ type: 'request', id: 99, request: ack, to: UDP }, 0)).toThrow(/input 'ack'/)
  })
})

describe('a failed send', () => {
  it('ends what waits for that peer and leaves the rest', () => {
    const { layer, handle, receive, send, counters } = setUp()
    const calling = send('INVITE').id
    const ringing = send('INVITE')
    const bye = send('BYE').id
    send('BYE', undefined, TCP)
    receive(answer(ringing.request, 180))
    const incoming = idOf(receive(phoneRequest('OPTIONS')))
    expect(handle({ type: 'sendFailed', to: { ...UDP }, reason: 'unreachable' }, 5)).toEqual([
      { type: 'failed', id: calling, cause: 'transport', detail: 'unreachable' },
      { type: 'terminated', id: calling },
      { type: 'failed', id: bye, cause: 'transport', detail: 'unreachable' },
      { type: 'terminated', id: bye },
      { type: 'failed', id: incoming, cause: 'transport', detail: 'unreachable' },
    ])
    expect(counters.get('transportErrors')).toBe(3)
    expect(layer.sizes.clientTransactions).toBe(2)
  })
})

describe('a connection that was lost', () => {
  const lost = { type: 'sendFailed', to: TCP, reason: 'reset', wasOpen: true } as const

  it('sends once more what nothing has come back for, and gives up when that is lost too', () => {
    const { handle, receive, send, counters } = setUp()
    const { id } = send('INVITE', undefined, TCP)
    const ringing = send('INVITE', undefined, TCP)
    receive(answer(ringing.request, 180), 0, TCP)
    expect(handle(lost, 5).map(words)).toEqual(['send INVITE'])
    expect(counters.get('retransmissionsSent')).toBe(0)
    expect(handle(lost, 6)).toEqual([
      { type: 'failed', id, cause: 'transport', detail: 'reset' },
      { type: 'terminated', id },
    ])
  })

  it('gives up at once where there was none to be had', () => {
    const { handle, send } = setUp()
    send('BYE', undefined, TCP)
    expect(handle({ ...lost, wasOpen: false }, 5).map(words)).toEqual(['failed transport', 'terminated'])
  })
})

describe('CANCEL of ours (9.1)', () => {
  it('goes out with the branch of the INVITE, unseen by the TU', () => {
    const { layer, handle, receive, send } = setUp()
    const { id, request } = send('INVITE')
    const headers = [['Reason', 'Q.850;cause=16']] as const
    expect(handle({ type: 'cancel', id, headers })).toEqual([])
    const [, sent] = receive(answer(request, 180), 100)
    const cancel = sentMessage(sent) as SipRequest
    expect(cancel).toMatchObject({ method: 'CANCEL', uri: request.uri })
    expect(cancel.headers.all('via')).toEqual(request.headers.all('via'))
    expect(cancel.headers.get('cseq')).toBe('1 CANCEL')
    expect(cancel.headers.get('reason')).toBe('Q.850;cause=16')
    expect(toTag(cancel)).toBeUndefined()
    expect(run(layer, 600).map(([at, output]) => [at, words(output)])).toEqual([[600, 'send CANCEL']])
    expect(receive(answer(cancel, 200), 700)).toEqual([])
    expect(receive(answer(request, 487), 710).map(words)).toEqual(['send ACK', 'response 487'])
    expect(run(layer, 100_000).map(([, output]) => words(output))).toEqual(['terminated'])
    expect(layer.sizes).toEqual(EMPTY)
  })

  it('ends the INVITE after 64*T1 when the far end has gone quiet', () => {
    const { layer, handle, receive, send } = setUp()
    const { id, request } = send('INVITE')
    receive(answer(request, 180))
    handle({ type: 'cancel', id }, 1000)
    const trace = run(layer, 100_000).filter(([, output]) => output.type !== 'send')
    expect(trace).toEqual([
      [33_000, { type: 'failed', id, cause: 'timeout' }],
      [33_000, { type: 'terminated', id }],
    ])
    expect(layer.sizes).toEqual(EMPTY)
  })

  it('of an ended or unknown transaction does nothing', () => {
    const { handle, receive, send } = setUp()
    const { id, request } = send('INVITE')
    receive(answer(request, 200))
    expect(handle({ type: 'cancel', id })).toEqual([])
    expect(handle({ type: 'cancel', id: 999 })).toEqual([])
  })
})
