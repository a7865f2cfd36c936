import { createRequest, type SipRequest, type SipResponse } from '../message/index.ts'

/**
 * The ACK for a 300-699 response to `invite` (RFC 3261 section 17.1.1.3): same Request-URI, Via, Route, Call-ID and
 * From, the To of the response, CSeq with the same number.
 */
export function createAck(invite: SipRequest, response: SipResponse): SipRequest {
  return derive('ACK', invite, response.headers.get('to') ?? invite.headers.get('to') ?? '')
}

/**
 * The CANCEL of `invite` (RFC 3261 section 9.1): as the ACK, but with the To of the request. `headers` are added,
 * such as Reason (RFC 3326).
 */
export function createCancel(
  invite: SipRequest,
  headers: readonly (readonly [name: string, value: string])[] = [],
): SipRequest {
  const cancel = derive('CANCEL', invite, invite.headers.get('to') ?? '')
  for (const [name, value] of headers) cancel.headers.add(name, value)
  return cancel
}

function derive(method: string, invite: SipRequest, to: string): SipRequest {
  const request = createRequest(method, invite.uri)
  const { headers } = request
  headers.add('via', invite.headers.get('via') ?? '')
  headers.add('max-forwards', '70')
  headers.add('from', invite.headers.get('from') ?? '')
  headers.add('to', to)
  headers.add('call-id', invite.headers.get('call-id') ?? '')
  headers.add('cseq', `${Number.parseInt(invite.headers.get('cseq') ?? '', 10)} ${method}`)
  for (const route of invite.headers.all('route')) headers.add('route', route)
  return request
}
