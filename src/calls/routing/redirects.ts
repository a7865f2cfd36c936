import { UsageError } from '../../kit/index.ts'
import { type NameAddr, parseContacts, parseUri, type SipResponse, type SipUri } from '../../sip/index.ts'

/**
 * What becomes of a call whose far end answers that it wants it elsewhere (3xx, RFC 3261 section 8.1.3.4).
 *
 * Nothing is followed by default: whoever follows pays for the call, so a stranger who is called could make us dial his
 * premium number. What may be dialled so is said here.
 */
export interface RedirectOptions {
  /** How many INVITEs in all may follow redirections, 0 to 20. Default 0: the redirection is how the call ends. */
  readonly follow?: number
  /**
   * Hosts that may be called so, beside the host that redirects: `gw.example.net`, `*.example.net`, or `*` for any.
   * Default none.
   */
  readonly hosts?: readonly string[]
  /**
   * Telephone numbers that may be called so, normalised: `+441632960001`, or `+44*` for all that begin so. They take the
   * routes of numbers. Default none.
   */
  readonly numbers?: readonly string[]
}

/** What has been checked of {@link RedirectOptions}. */
export type RedirectPolicy = Required<RedirectOptions>

const MOST_FOLLOWED = 20
/** Contacts of one response that are looked at. */
const MOST_CONTACTS = 16

/** @throws UsageError for a `follow` out of range, or a mask that is none */
export function redirectPolicy({ follow = 0, hosts = [], numbers = [] }: RedirectOptions): RedirectPolicy {
  if (!Number.isInteger(follow) || follow < 0 || follow > MOST_FOLLOWED)
    throw new UsageError(`redirects.follow must be a whole number from 0 to ${MOST_FOLLOWED}, not ${follow}`)
  const host = hosts.find((mask) => !/^(\*|(\*\.)?[\w[\]:.-]+)$/.test(mask))
  if (host !== undefined) throw new UsageError(`redirects.hosts: "${host}" is no host, no "*.domain" and no "*"`)
  const number = numbers.find((mask) => !/^\+?[0-9*#]{0,15}\*?$/.test(mask) || mask === '')
  if (number !== undefined)
    throw new UsageError(
      `redirects.numbers: "${number}" is no number such as +441632960001, and no prefix such as +44*`,
    )
  return { follow, hosts, numbers }
}

/**
 * Whether a response asks for the call to be placed elsewhere, so that it may be followed. 305 is not: the proxy that it
 * names would get the call past every check of where calls may go, and the routes of an exchange are its own to choose.
 * 380 names no place but another service, in a form that is not defined (RFC 3261 section 21.3.5).
 */
export function mayBeFollowed({ status }: SipResponse): boolean {
  return status === 300 || status === 301 || status === 302
}

/** Where a redirection points to: the URIs of its Contacts, the likeliest first (q, section 20.10). */
export function redirectTargets(response: SipResponse): string[] {
  return redirectGroups(response).flat()
}

/** The same, those that are equally likely together. */
export function redirectGroups(response: SipResponse): string[][] {
  const contacts = parseContacts(response.headers)
  if (!contacts.ok || contacts.value === '*') return []
  const groups = new Map<number, string[]>()
  for (const contact of contacts.value.slice(0, MOST_CONTACTS)) {
    const q = quality(contact)
    groups.set(q, [...(groups.get(q) ?? []), contact.uri])
  }
  return [...groups].toSorted(([a], [b]) => b - a).map(([, uris]) => uris)
}

function quality({ params }: NameAddr): number {
  const q = params.get('q')
  return q !== undefined && /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(q) ? Number(q) : 1
}

/** Whether a redirection from the host of `from` may lead to that of `to`. A `maddr` would lead past this, so none may. */
export function isHostAllowed(to: SipUri, from: string, policy: RedirectPolicy): boolean {
  if (to.params.has('maddr')) return false
  const host = to.host.toLowerCase()
  const uri = parseUri(from)
  if (uri.ok && uri.value.scheme !== 'tel' && uri.value.host.toLowerCase() === host) return true
  return policy.hosts.some((mask) => {
    const lower = mask.toLowerCase()
    return lower === '*' || lower === host || (lower.startsWith('*.') && host.endsWith(lower.slice(1)))
  })
}
