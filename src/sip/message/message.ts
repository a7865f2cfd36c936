import { SipHeaders } from './headers.ts'

/** A SIP request (RFC 3261 section 7.1). `uri` is the Request-URI as received; parse it with `parseUri`. */
export interface SipRequest {
  readonly kind: 'request'
  method: string
  uri: string
  readonly headers: SipHeaders
  body: Uint8Array
}

/** A SIP response (RFC 3261 section 7.2). */
export interface SipResponse {
  readonly kind: 'response'
  /** 100..699 */
  status: number
  phrase: string
  readonly headers: SipHeaders
  body: Uint8Array
}

export type SipMessage = SipRequest | SipResponse

export const EMPTY_BODY: Uint8Array = new Uint8Array(0)

export function createRequest(method: string, uri: string): SipRequest {
  return { kind: 'request', method, uri, headers: new SipHeaders(), body: EMPTY_BODY }
}
