import {
  type NameAddr,
  parseContacts,
  parseDeltaSeconds,
  parseNameAddr,
  parseUri,
  type SipRequest,
  type SipResponse,
  uriEquals,
} from '../message/index.ts'

/** The most hops of a Service-Route that are kept. */
const MAX_SERVICE_ROUTE = 16

/**
 * For how long a 2xx to our REGISTER keeps our Contact, in seconds: what it says beside that Contact, else in Expires, else
 * what was asked for (RFC 3261 section 10.2.4). When none of its Contacts is ours but there is only one, that is ours as
 * a NAT, or a proxy that repairs what a NAT did, made it.
 */
export function grantedS(request: SipRequest | undefined, response: SipResponse, askedS: number): number {
  const listed = parseContacts(response.headers)
  const contacts = listed.ok && listed.value !== '*' ? listed.value : []
  const ours = request?.headers.get('contact')
  const own = ours === undefined ? undefined : parseNameAddr(ours)
  const found = own?.ok ? contacts.find((contact) => isSame(contact, own.value)) : undefined
  const contact = found ?? (contacts.length === 1 ? contacts[0] : undefined)
  return seconds(contact?.params.get('expires')) ?? seconds(response.headers.get('expires')) ?? askedS
}

/** What a 423 asks for at least, in seconds (section 20.23). */
export function minExpiresS(response: SipResponse): number | undefined {
  return seconds(response.headers.get('min-expires'))
}

/** How long a response asks to be left in peace, in ms; 0 when it does not (section 20.33). */
export function retryAfterMs(response: SipResponse): number {
  return 1000 * (seconds(response.headers.get('retry-after')) ?? 0)
}

/** The hops that calls through this registrar must take (RFC 3608), in order. */
export function serviceRouteOf(response: SipResponse): readonly string[] {
  if (!response.headers.has('service-route')) return []
  const hops = response.headers.all('service-route').slice(0, MAX_SERVICE_ROUTE)
  return hops.filter((hop) => parseNameAddr(hop).ok)
}

function seconds(text: string | undefined): number | undefined {
  const parsed = text === undefined ? undefined : parseDeltaSeconds(text)
  return parsed?.ok ? parsed.value : undefined
}

function isSame(a: NameAddr, b: NameAddr): boolean {
  if (a.uri === b.uri) return true
  const [one, other] = [parseUri(a.uri), parseUri(b.uri)]
  return one.ok && other.ok && uriEquals(one.value, other.value)
}
