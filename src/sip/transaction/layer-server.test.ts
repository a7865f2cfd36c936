import { describe, expect, it } from 'vitest'
import { toTag } from '../message/index.ts'
import { EMPTY, idOf, sentMessage, setUp } from './test/layer-under-test.ts'
import { answer, phoneRequest, run, words } from './test/support.ts'

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
