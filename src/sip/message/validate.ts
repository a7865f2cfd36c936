import { cseqOf } from './accessors.ts'
import type { SipRequest } from './message.ts'
import { parseNameAddr } from './name-addr.ts'
import { parseUri, uriScheme } from './uri.ts'
import { parseVia } from './via.ts'
import { parseMaxForwards } from './words.ts'

/** Why a request cannot be processed, and the status that says so. */
export interface RequestFault {
  /** 400, or 416 for a Request-URI of a scheme that is not ours. */
  readonly status: number
  /** The reason phrase: short words on what is wrong. */
  readonly phrase: string
}

/** Headers of which a message has one value (RFC 3261 section 7.3.1); Content-Length is seen to by the parser. */
const SINGLE = ['from', 'to', 'call-id', 'cseq', 'max-forwards'] as const
const ADDRESSES = ['from', 'to'] as const

/**
 * Whether a request has what every request must have (RFC 3261 sections 8.1.1 and 8.2, RFC 4475): the mandatory
 * headers once each and readable, a CSeq of the request's method, Max-Forwards of 0..255 where there is one (RFC
 * 2543 elements send none), and a Request-URI of a scheme that we serve, without headers of its own. `undefined`
 * when nothing is wrong. A request whose topmost Via cannot be read can be answered only to where it came from.
 */
export function validateRequest(request: SipRequest): RequestFault | undefined {
  const { headers, method, uri } = request
  const isViaFine =
    headers.read('via', parseVia)?.ok === true &&
    (headers.count('via') === 1 || headers.all('via').every((via) => parseVia(via).ok))
  if (!isViaFine) return bad('Missing or Malformed Via')
  for (const name of SINGLE) {
    const count = headers.count(name)
    if (count > 1) return bad(`More Than One ${PRINTED[name]}`)
    if (count === 0 && name !== 'max-forwards') return bad(`Missing ${PRINTED[name]}`)
  }
  if (headers.get('call-id') === '') return bad('Empty Call-ID')
  for (const name of ADDRESSES) {
    const address = headers.read(name, parseNameAddr)
    if (!address?.ok || uriScheme(address.value.uri) === undefined) return bad(`Malformed ${PRINTED[name]}`)
  }
  const cseq = cseqOf(request)
  if (cseq === undefined) return bad('Malformed CSeq')
  if (cseq.method !== method) return bad('CSeq Method Does Not Match')
  const hops = headers.get('max-forwards')
  if (hops !== undefined && !parseMaxForwards(hops).ok) return bad('Malformed Max-Forwards')
  return faultOfUri(uri)
}

const PRINTED = { from: 'From', to: 'To', 'call-id': 'Call-ID', cseq: 'CSeq', 'max-forwards': 'Max-Forwards' } as const

function faultOfUri(text: string): RequestFault | undefined {
  const scheme = uriScheme(text)
  if (scheme !== undefined && scheme !== 'sip' && scheme !== 'sips' && scheme !== 'tel') {
    return { status: 416, phrase: 'Unsupported URI Scheme' }
  }
  const uri = parseUri(text)
  if (!uri.ok) return bad('Malformed Request-URI')
  if (uri.value.scheme !== 'tel' && uri.value.headers !== undefined) return bad('Headers in the Request-URI')
  return undefined
}

function bad(phrase: string): RequestFault {
  return { status: 400, phrase }
}
