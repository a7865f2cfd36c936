import { parseMaxForwards, parseUri, type SipRequest, unescapeUri } from '../../sip/index.ts'

/** Whom a Request-URI means: a user at a host, or a number at none. */
export function dialledAddress(requestUri: string): { user: string; host: string } {
  const uri = parseUri(requestUri)
  if (!uri.ok) return { user: '', host: '' }
  if (uri.value.scheme === 'tel') return { user: uri.value.number, host: '' }
  return { user: unescapeUri(uri.value.user ?? ''), host: uri.value.host }
}

/** Max-Forwards of what carries a call on (RFC 7332 section 3), so that calls which go in circles end. */
export function hopsLeft(request: SipRequest): number | undefined {
  const hops = parseMaxForwards(request.headers.get('max-forwards') ?? '')
  return hops.ok ? Math.max(0, hops.value - 1) : undefined
}
