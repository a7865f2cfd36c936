import { describe, expect, it } from 'vitest'
import { NEVER } from '../../kit/index.ts'
import { createRequest, topVia } from '../message/index.ts'
import { EMPTY, idOf, sentMessage, setUp } from './test/layer-under-test.ts'
import { answer, phoneRequest, run, UDP } from './test/support.ts'

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
