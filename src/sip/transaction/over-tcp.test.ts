import { describe, expect, it } from 'vitest'
import { createRequest, topVia } from '../message/index.ts'
import type { LayerOutput } from './port.ts'
import { sentMessage, setUp } from './test/layer-under-test.ts'
import { answer, run, TCP, UDP, words } from './test/support.ts'

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
