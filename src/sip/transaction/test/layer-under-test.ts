import { expect } from 'vitest'
import { Counters, Sequence, seededRandom } from '../../../kit/index.ts'
import { createRequest, type SipMessage, type SipRequest } from '../../message/index.ts'
import { TransactionLayer } from '../layer.ts'
import type { LayerCounter, LayerOptions } from '../layer-options.ts'
import type { LayerInput, LayerOutput } from '../port.ts'
import { drain, UDP, words } from './support.ts'

/** A layer by itself: what it is given, and what it says to that. */
export function setUp(options: Partial<LayerOptions> = {}) {
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

/** The sizes of a layer that holds nothing. */
export const EMPTY = { clientTransactions: 0, serverTransactions: 0, indexEntries: 0, deadlines: 0 }

/** The transaction of the request that was passed up. */
export function idOf(outputs: readonly LayerOutput[]): number {
  const output = outputs.find(({ type }) => type === 'request')
  if (output?.type !== 'request') throw new Error(`no request among ${outputs.map(words)}`)
  return output.id
}

/** The message of an output that sends one. */
export function sentMessage(output: LayerOutput | undefined): SipMessage {
  if (output?.type !== 'send') throw new Error(`no send but ${output?.type}`)
  return output.message
}

/** The Via of a phone's request. */
export const HOME_VIA = 'SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKphone1;rport'
