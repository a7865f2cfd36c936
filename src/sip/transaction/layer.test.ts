import { describe, expect, it } from 'vitest'
import { Counters, NEVER, Sequence, seededRandom } from '../../kit/index.ts'
import { createRequest, type SipMessage, type SipRequest, type SipResponse, topVia, toTag } from '../message/index.ts'
import { TransactionLayer } from './layer.ts'
import type { LayerCounter, LayerOptions } from './layer-options.ts'
import type { LayerInput, LayerOutput } from './port.ts'
import { answer, drain, phoneRequest, run, TCP, UDP, words } from './test/support.ts'

function setUp(options: Partial<LayerOptions> = {}) {
  const ids = new Sequence()
  const counters = new Counters<LayerCounter>()
  const sentBy = () => '127.0.0.1:5060'
  const layer = new TransactionLayer({ ids, random: seededRandom(1), sentBy, counters, ...options })
  const handle = (input: LayerInput, now = 0): LayerOutput[] => {
    layer.handle(input, now)
    return drain(layer)
  }
  const receive = (message: SipMessage, now = 0, from = UDP) => handle({ type: 'received', message, from }, now)
  /** Starts a client transaction and returns the request as it went out. */
  const send = (method: string, id = ids.next(), to = UDP): { id: number; request: SipRequest } => {
    const request = createRequest(method, 'sip:bob@192.0.2.1')
    request.headers.set('from', '<sip:exchange@127.0.0.1>;tag=us')
    request.headers.set('to', '<sip:bob@192.0.2.1>')
    request.headers.set('call-id', 'ours')
    request.headers.set('cseq', `1 ${method}`)
    expect(handle({ type: 'request', id, request, to }).map(words)).toEqual([`send ${method}`])
    return { id, request }
  }
  return { layer, counters, handle, receive, send, ids }
}

const EMPTY = { clientTransactions: 0, serverTransactions: 0, indexEntries: 0, deadlines: 0 }

function idOf(outputs: readonly LayerOutput[]): number {
  const output = outputs.find(({ type }) => type === 'request')
  if (output?.type !== 'request') throw new Error(`no request among ${outputs.map(words)}`)
  return output.id
}

function sentMessage(output: LayerOutput | undefined): SipMessage {
  if (output?.type !== 'send') throw new Error(`no send but ${output?.type}`)
  return output.message
}

const HOME_VIA = 'SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKphone1;rport'

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

describe('a request too long for UDP (18.1.1)', () => {
  const long = (method: string) => {
    const request = createRequest(method, 'sip:bob@192.0.2.1')
    for (const [name, value] of Object.entries({
      from: '<sip:exchange@127.0.0.1>;tag=us',
      to: '<sip:bob@192.0.2.1>',
      'call-id': 'ours',
      cseq: `1 ${method}`,
    }))
      request.headers.set(name, value)
    request.body = new Uint8Array(1200)
    return request
  }
  const refused = { type: 'sendFailed', to: { ...UDP, transport: 'tcp' }, reason: 'ECONNREFUSED' } as const
  const viaOf = (output: LayerOutput | undefined) => topVia(sentMessage(output))

  it('goes over TCP, and its Via, ACK and CANCEL with it', () => {
    const { handle, receive, ids, counters } = setUp()
    const request = long('INVITE')
    const [sent] = handle({ type: 'request', id: ids.next(), request, to: UDP })
    expect(sent).toMatchObject({ to: { ...UDP, transport: 'tcp' } })
    expect(viaOf(sent)).toMatchObject({ transport: 'TCP' })
    expect(request.headers.all('via')).toHaveLength(1)
    expect(counters.get('requestsOverTcp')).toBe(1)
    const [ack] = receive(answer(request, 486), 0, TCP)
    expect(ack).toMatchObject({ to: { transport: 'tcp' } })
    expect(viaOf(ack)).toMatchObject({ transport: 'TCP' })
  })

  it('goes over UDP after all where no connection is to be had, and so do the next ones for ten minutes', () => {
    const { handle, receive, ids, counters, layer } = setUp()
    const request = long('INVITE')
    const id = ids.next()
    const [first] = handle({ type: 'request', id, request, to: UDP })
    const branch = viaOf(first)?.params.get('branch')
    handle({ type: 'cancel', id }, 5)
    const [again] = handle(refused, 10)
    expect(again).toMatchObject({ type: 'send', to: UDP })
    expect(viaOf(again)?.transport).toBe('UDP')
    expect(viaOf(again)?.params.get('branch')).toBe(branch)
    expect(run(layer, 600).map(([at, output]) => `${at} ${words(output)}`)).toEqual(['510 send INVITE'])
    // The CANCEL was held for a provisional response, and still is.
    expect(receive(answer(request, 100), 600).map(words)).toEqual(['response 100', 'send CANCEL'])
    receive(answer(request, 487), 700)
    expect(counters.get('requestsBackOverUdp')).toBe(1)
    expect(handle({ type: 'request', id: ids.next(), request: long('INVITE'), to: UDP }, 590_000)[0]).toMatchObject({
      to: UDP,
    })
    expect(handle({ type: 'request', id: ids.next(), request: long('INVITE'), to: UDP }, 700_000)[0]).toMatchObject({
      to: { transport: 'tcp' },
    })
  })

  it('is not sent over UDP when a connection has stood', () => {
    const { handle, ids } = setUp()
    handle({ type: 'request', id: ids.next(), request: long('OPTIONS'), to: UDP })
    expect(handle({ ...refused, wasOpen: true }, 5).map(words)).toEqual(['send OPTIONS'])
  })

  it('is as long as it may be said to be', () => {
    const { handle, ids } = setUp({ maxUdpRequestBytes: 65_535 })
    expect(handle({ type: 'request', id: ids.next(), request: long('INVITE'), to: UDP })[0]).toMatchObject({ to: UDP })
  })
})

describe('server transactions', () => {
  it('pass a request up once and answer its retransmissions', () => {
    const { handle, receive, counters } = setUp()
    const id = idOf(receive(phoneRequest('OPTIONS')))
    expect(receive(phoneRequest('OPTIONS'))).toEqual([])
    const response = answer(phoneRequest('OPTIONS'), 200)
    const [sent] = handle({ type: 'respond', id, response })
    expect(receive(phoneRequest('OPTIONS'))[0]).toBe(sent)
    expect(counters.get('requestRetransmissionsReceived')).toBe(2)
  })

  it('give the TU a request that knows where it came from, and send the response there', () => {
    const { handle, receive } = setUp()
    const from = { transport: 'udp', address: '198.51.100.9', port: 1024 } as const
    const outputs = receive(phoneRequest('OPTIONS'), 0, from)
    const [output] = outputs
    if (output?.type !== 'request') throw new Error('no request')
    const via = 'SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKphone1;rport=1024;received=198.51.100.9'
    expect(output.request.headers.get('via')).toBe(via)
    const [sent] = handle({ type: 'respond', id: output.id, response: answer(output.request, 200) })
    expect(sent).toMatchObject({ type: 'send', to: from })
    expect(sentMessage(sent).headers.get('via')).toBe(via)
    // The next copy has to find the same transaction although its Via reads otherwise.
    expect(receive(phoneRequest('OPTIONS'), 0, from)[0]).toBe(sent)
  })

  it.each([
    ['branch', { via: 'SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKphone2;rport', cseq: '2 OPTIONS' }],
    ['sent-by host', { via: 'SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bKphone1;rport', cseq: '2 OPTIONS' }],
    ['sent-by port', { via: 'SIP/2.0/UDP 192.0.2.1:5062;branch=z9hG4bKphone1;rport', cseq: '2 OPTIONS' }],
  ])('differ by %s (17.2.3)', (_, headers) => {
    const { receive } = setUp()
    receive(phoneRequest('OPTIONS'))
    expect(receive(phoneRequest('OPTIONS', headers)).map(words)).toEqual(['request OPTIONS'])
  })

  it('differ by method', () => {
    const { receive } = setUp()
    receive(phoneRequest('OPTIONS'))
    expect(receive(phoneRequest('INFO')).map(words)).toEqual(['request INFO'])
  })

  it('keep the ACK of a failure and pass that of a 2xx', () => {
    const { handle, receive } = setUp()
    const id = idOf(receive(phoneRequest('INVITE')))
    handle({ type: 'respond', id, response: answer(phoneRequest('INVITE'), 486) })
    expect(receive(phoneRequest('ACK', { cseq: '1 ACK' })).map(words)).toEqual(['acknowledged'])
    expect(receive(phoneRequest('ACK', { cseq: '1 ACK' }))).toEqual([])
    const newBranch = { via: 'SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKack;rport', cseq: '1 ACK' }
    expect(receive(phoneRequest('ACK', newBranch)).map(words)).toEqual(['ack ACK'])
  })

  it('pass the ACK of a 2xx even when it comes with the branch of the INVITE', () => {
    const { handle, receive } = setUp()
    const id = idOf(receive(phoneRequest('INVITE')))
    handle({ type: 'respond', id, response: answer(phoneRequest('INVITE'), 200) })
    expect(receive(phoneRequest('ACK', { cseq: '1 ACK' })).map(words)).toEqual(['ack ACK'])
  })

  it('send 100 Trying after 200 ms', () => {
    const { layer, receive } = setUp()
    receive(phoneRequest('INVITE', { timestamp: '54' }), 1000)
    const trace = run(layer, 10_000)
    expect(trace.map(([at, output]) => [at, words(output)])).toEqual([[1200, 'send 100']])
    const trying = sentMessage(trace[0]?.[1])
    expect(trying.headers.get('timestamp')).toBe('54')
    expect(toTag(trying)).toBeUndefined()
  })

  it('count a response that comes too late', () => {
    const { layer, handle, receive, counters } = setUp()
    const id = idOf(receive(phoneRequest('OPTIONS')))
    handle({ type: 'respond', id, response: answer(phoneRequest('OPTIONS'), 200) })
    run(layer, 40_000)
    expect(handle({ type: 'respond', id, response: answer(phoneRequest('OPTIONS'), 500) }, 40_000)).toEqual([])
    expect(counters.get('lateResponses')).toBe(1)
  })

  it('drop a request that cannot be answered', () => {
    const { layer, receive, counters } = setUp()
    expect(receive(phoneRequest('OPTIONS', { via: 'nonsense' }))).toEqual([])
    expect(receive(phoneRequest('OPTIONS', { via: undefined }))).toEqual([])
    expect(counters.get('unanswerableRequests')).toBe(2)
    expect(layer.sizes).toEqual(EMPTY)
  })
})

describe('an RFC 2543 client, whose branches mean nothing', () => {
  const via = 'SIP/2.0/UDP 192.0.2.1:5060'

  it('is matched by the request itself', () => {
    const { receive } = setUp()
    expect(receive(phoneRequest('INVITE', { via })).map(words)).toEqual(['request INVITE'])
    expect(receive(phoneRequest('INVITE', { via }))).toEqual([])
  })

  it.each([
    ['Call-ID', { via, 'call-id': 'other' }],
    ['From tag', { via, from: '<sip:alice@192.0.2.1>;tag=other' }],
    ['To tag', { via, to: '<sip:100@exchange.example>;tag=t' }],
    ['CSeq', { via, cseq: '2 INVITE' }],
    ['Via', { via: `${via};branch=1` }],
  ])('has another transaction for another %s', (name, headers) => {
    const { receive } = setUp()
    receive(phoneRequest('INVITE', { via }))
    // Another Via with everything else equal is the mark of a merged request.
    const expected = name === 'Via' ? 'send 482' : 'request INVITE'
    expect(receive(phoneRequest('INVITE', headers)).map(words)).toEqual([expected])
  })

  it('has its ACK matched by the To tag of our response', () => {
    const { layer, handle, receive } = setUp()
    const id = idOf(receive(phoneRequest('INVITE', { via })))
    handle({ type: 'respond', id, response: answer(phoneRequest('INVITE', { via }), 486, 'ours') })
    const ack = (tag: string) =>
      phoneRequest('ACK', { via, cseq: '1 ACK', to: `<sip:100@exchange.example>;tag=${tag}` })
    expect(receive(ack('theirs')).map(words)).toEqual(['ack ACK'])
    expect(receive(ack('ours')).map(words)).toEqual(['acknowledged'])
    run(layer, 40_000)
    expect(layer.sizes).toEqual(EMPTY)
  })

  it('can CANCEL', () => {
    const { receive } = setUp()
    receive(phoneRequest('INVITE', { via }))
    const cancel = phoneRequest('CANCEL', { via, cseq: '1 CANCEL' })
    expect(receive(cancel).map(words)).toEqual(['send 200', 'cancelled CANCEL'])
  })
})

describe('CANCEL of theirs (9.2)', () => {
  it('is answered each time and passed up once', () => {
    const { handle, receive } = setUp()
    const id = idOf(receive(phoneRequest('INVITE')))
    handle({ type: 'respond', id, response: answer(phoneRequest('INVITE'), 180, 'ours') })
    const [reply, cancelled] = receive(phoneRequest('CANCEL', { cseq: '1 CANCEL' }))
    expect(toTag(sentMessage(reply))).toBe('ours')
    expect(cancelled).toMatchObject({ type: 'cancelled', id })
    expect(receive(phoneRequest('CANCEL', { cseq: '1 CANCEL' })).map(words)).toEqual(['send 200'])
    expect(handle({ type: 'respond', id, response: answer(phoneRequest('INVITE'), 487, 'ours') }).map(words)).toEqual([
      'send 487',
    ])
  })

  it('has no effect after the final response', () => {
    const { handle, receive } = setUp()
    const id = idOf(receive(phoneRequest('INVITE')))
    handle({ type: 'respond', id, response: answer(phoneRequest('INVITE'), 200) })
    expect(receive(phoneRequest('CANCEL', { cseq: '1 CANCEL' })).map(words)).toEqual(['send 200'])
  })

  it('of nothing gets 481 and leaves nothing behind', () => {
    const { layer, receive, counters } = setUp()
    const [reply] = receive(phoneRequest('CANCEL', { cseq: '1 CANCEL' }))
    expect(sentMessage(reply)).toMatchObject({ status: 481 })
    expect(toTag(sentMessage(reply))).toBeDefined()
    expect(counters.get('unmatchedCancels')).toBe(1)
    expect(layer.sizes).toEqual(EMPTY)
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

describe('merged requests (8.2.2.2)', () => {
  const otherPath = { via: 'SIP/2.0/UDP proxy2.example;branch=z9hG4bKother;rport' }

  it('get 482', () => {
    const { layer, receive, counters } = setUp()
    receive(phoneRequest('INVITE'))
    expect(receive(phoneRequest('INVITE', otherPath)).map(words)).toEqual(['send 482'])
    expect(counters.get('mergedRequests')).toBe(1)
    expect(layer.sizes.serverTransactions).toBe(1)
  })

  it('are never requests within a dialog', () => {
    const { receive } = setUp()
    const to = '<sip:100@exchange.example>;tag=ours'
    receive(phoneRequest('INVITE', { to }))
    expect(receive(phoneRequest('INVITE', { to, ...otherPath })).map(words)).toEqual(['request INVITE'])
  })

  it('are possible again when the first is gone', () => {
    const { layer, handle, receive } = setUp()
    const id = idOf(receive(phoneRequest('OPTIONS')))
    handle({ type: 'respond', id, response: answer(phoneRequest('OPTIONS'), 200) })
    run(layer, 40_000)
    expect(receive(phoneRequest('OPTIONS', otherPath), 40_000).map(words)).toEqual(['request OPTIONS'])
  })
})

describe('the limit of server transactions', () => {
  const fresh = (n: number, headers = {}) =>
    phoneRequest('INVITE', {
      via: `SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK${n};rport`,
      'call-id': `call${n}`,
      ...headers,
    })

  it('keeps its last tenth for dialogs and answers the rest with 503', () => {
    const { layer, receive, counters } = setUp({ maxServerTransactions: 10, retryAfterS: 7 })
    for (let n = 0; n < 9; n++) expect(receive(fresh(n)).map(words)).toEqual(['request INVITE'])
    const [refusal] = receive(fresh(9))
    expect(sentMessage(refusal)).toMatchObject({ status: 503 })
    expect(sentMessage(refusal).headers.get('retry-after')).toBe('7')
    const to = '<sip:100@exchange.example>;tag=ours'
    expect(receive(fresh(10, { to })).map(words)).toEqual(['request INVITE'])
    expect(receive(fresh(11, { to })).map(words)).toEqual(['send 503'])
    expect(counters.get('overloadRefusals')).toBe(2)
    expect(layer.sizes.serverTransactions).toBe(10)
  })

  it('refuses each copy alike, with the same To tag', () => {
    const { receive } = setUp({ maxServerTransactions: 1 })
    receive(fresh(0))
    const tags = [receive(fresh(1)), receive(fresh(1))].map(([refusal]) => toTag(sentMessage(refusal)))
    expect(tags[0]).toBeDefined()
    expect(tags[1]).toBe(tags[0])
  })
})

describe('what belongs to no transaction', () => {
  it('the ACK of a 2xx gets one Via, however often it is sent', () => {
    const { handle } = setUp()
    const request = createRequest('ACK', 'sip:bob@192.0.2.1')
    handle({ type: 'ack', request, to: UDP })
    const via = request.headers.all('via')
    handle({ type: 'ack', request, to: UDP })
    expect(via).toHaveLength(1)
    expect(request.headers.all('via')).toEqual(via)
  })

  it('a refused request is answered where it came from', () => {
    const { layer, handle } = setUp()
    const from = { transport: 'udp', address: '198.51.100.9', port: 1024 } as const
    const refuse = { type: 'refuse', request: phoneRequest('INVITE'), from, status: 400, phrase: 'Bad Via' } as const
    const [sent] = handle(refuse)
    expect(sent).toMatchObject({ type: 'send', to: from, message: { status: 400, phrase: 'Bad Via' } })
    expect(topVia(sentMessage(sent))?.params.get('received')).toBe('198.51.100.9')
    expect(layer.sizes).toEqual(EMPTY)
  })
})

it('counts what is sent again, once the first copy has been printed', () => {
  const { layer, send, counters } = setUp()
  send('BYE')
  for (const [, output] of run(layer, 600)) if (output.type === 'send') output.bytes = new Uint8Array(1)
  run(layer, 4000)
  expect(counters.get('retransmissionsSent')).toBe(2)
})

it('holds nothing and waits for nothing when every call has ended', () => {
  const { layer, handle, receive, send } = setUp()
  let terminated = 0
  for (let n = 0; n < 200; n++) {
    const via = `SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK${n};rport`
    const headers = { via, 'call-id': `call${n}` }
    const invite = phoneRequest('INVITE', headers)
    const id = idOf(receive(invite, n))
    handle({ type: 'respond', id, response: answer(invite, n % 3 === 0 ? 486 : 200) }, n)
    if (n % 2 === 0) receive(phoneRequest('ACK', { ...headers, cseq: '1 ACK' }), n)
    const { request } = send(n % 4 === 0 ? 'INVITE' : 'BYE')
    if (n % 5 !== 0) receive(answer(request, n % 2 === 0 ? 200 : 500), n)
  }
  for (const [, output] of run(layer, 200_000)) if (output.type === 'terminated') terminated++
  expect(terminated).toBe(400)
  expect(layer.sizes).toEqual(EMPTY)
  expect(layer.deadline()).toBe(NEVER)
})
