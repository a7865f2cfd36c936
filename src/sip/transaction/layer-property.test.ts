import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Sequence, seededRandom } from '../../kit/index.ts'
import { createRequest, createResponse, type SipMessage, type SipRequest } from '../message/index.ts'
import { TransactionLayer } from './layer.ts'
import type { LayerInput, LayerOutput } from './port.ts'
import { answer, drain, phoneRequest, run, TCP, UDP } from './test/support.ts'

/** One thing that happens: something of the far end's or of the TU's, and how long after the one before. */
const STEP = fc.record({
  what: fc.constantFrom('theirs', 'theirs', 'respond', 'respond', 'ours', 'answer', 'answer', 'cancel', 'fail'),
  method: fc.constantFrom('INVITE', 'INVITE', 'ACK', 'CANCEL', 'BYE', 'OPTIONS', 'NOTHING'),
  status: fc.constantFrom(100, 180, 200, 200, 302, 401, 486, 487, 503, 699),
  pick: fc.nat(5),
  peer: fc.constantFrom(UDP, TCP),
  branch: fc.constantFrom(';branch=z9hG4bK1', ';branch=z9hG4bK2;rport', ';branch=old', '', ';branch="', ';maddr=::1'),
  waitMs: fc.constantFrom(0, 1, 150, 600, 5000, 40_000),
})

it('whatever happens, each transaction ends once and nothing is left', () => {
  fc.assert(
    fc.property(fc.array(STEP, { maxLength: 40 }), (steps) => {
      const ids = new Sequence()
      const sentBy = () => 'us.example'
      const layer = new TransactionLayer({ ids, random: seededRandom(1), sentBy, maxServerTransactions: 8 })
      const started: number[] = []
      const ended: number[] = []
      const served: { id: number; request: SipRequest }[] = []
      const asked: { id: number; request: SipRequest }[] = []
      let now = 0

      const note = (output: LayerOutput): void => {
        if (output.type === 'terminated') ended.push(output.id)
        if (output.type !== 'request') return
        started.push(output.id)
        served.push(output)
      }
      const handle = (input: LayerInput): void => {
        layer.handle(input, now)
        drain(layer).forEach(note)
      }
      const receive = (message: SipMessage, from = UDP): void => handle({ type: 'received', message, from })

      for (const { what, method, status, pick, peer, branch, waitMs } of steps) {
        now += waitMs
        for (const [, output] of run(layer, now)) note(output)
        const incoming = served[pick % (served.length || 1)]
        const outgoing = asked[pick % (asked.length || 1)]
        if (what === 'theirs') {
          receive(phoneRequest(method, { via: `SIP/2.0/UDP 192.0.2.1${branch}`, cseq: `${pick} ${method}` }), peer)
        } else if (what === 'respond' && incoming !== undefined) {
          handle({ type: 'respond', id: incoming.id, response: createResponse(incoming.request, status) })
        } else if (what === 'ours' && method !== 'ACK' && method !== 'CANCEL') {
          const request = createRequest(method, 'sip:bob@192.0.2.1')
          request.headers.set('cseq', `1 ${method}`)
          const id = ids.next()
          started.push(id)
          asked.push({ id, request })
          handle({ type: 'request', id, request, to: peer })
        } else if (what === 'answer' && outgoing !== undefined) {
          receive(answer(outgoing.request, status))
        } else if (what === 'cancel' && outgoing !== undefined) {
          handle({ type: 'cancel', id: outgoing.id })
        } else if (what === 'fail') {
          handle({ type: 'sendFailed', to: peer, reason: 'down' })
        }
        expect(layer.sizes.serverTransactions).toBeLessThanOrEqual(8)
      }

      // The TU owes every request a final response, and a ringing INVITE of ours its end.
      for (const { id, request } of served) handle({ type: 'respond', id, response: createResponse(request, 500) })
      for (const { id } of asked) handle({ type: 'cancel', id })
      for (const [, output] of run(layer, now + 200_000)) note(output)

      expect(ended.sort((a, b) => a - b)).toEqual(started.sort((a, b) => a - b))
      expect(layer.sizes).toEqual({ clientTransactions: 0, serverTransactions: 0, indexEntries: 0, deadlines: 0 })
    }),
    { numRuns: 500 },
  )
})
