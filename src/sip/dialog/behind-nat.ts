import { parseVia, type SipRequest } from '../message/index.ts'

/**
 * Whether who sent a request names an address in it (its Contact) that we cannot reach, because a NAT stands between: one of a
 * private network, while the request came from elsewhere, without a proxy on its way that would know better. What
 * is meant for it then goes back where the request came from (RFC 5626 section 3.2 calls that the flow).
 *
 * @param host of the Contact, as in a URI
 * @param source the IP address that the request came from
 */
export function isBehindNat(request: SipRequest, host: string, source: string): boolean {
  if (host === source || !isOutOfReach(host, source)) return false
  const vias = request.headers.all('via')
  return vias.length === 1 && parseVia(vias[0] as string).ok
}

/** Networks that are not routed over the Internet: RFC 1918, RFC 6598, RFC 3927, RFC 4193, RFC 4291. */
const PRIVATE =
  /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|169\.254\.|\[?f[cd]|\[?fe[89ab])/i
const LOOPBACK = /^(127\.|\[?::1)/

function isOutOfReach(host: string, source: string): boolean {
  if (LOOPBACK.test(host)) return !LOOPBACK.test(source)
  // Names that lead nowhere on purpose (RFC 2606): browsers put them in Contacts.
  return isPrivateAddress(host) || host.toLowerCase().endsWith('.invalid')
}

/**
 * How far an IP address can be reached from: this machine, a private network, or anywhere.
 * @param address as it stands in a session description
 */
export function reachOf(address: string): 'machine' | 'network' | 'everywhere' {
  if (LOOPBACK.test(address)) return 'machine'
  return isPrivateAddress(address) ? 'network' : 'everywhere'
}

/** Names may begin like addresses: `10.example.net`, `fd.example.net`. */
function isPrivateAddress(host: string): boolean {
  return PRIVATE.test(host) && (/^[\d.]+$/.test(host) || host.includes(':'))
}
