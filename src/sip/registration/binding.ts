import type { Instant } from '../../kit/index.ts'
import { isBehindNat, peerOf } from '../dialog/index.ts'
import type { Peer } from '../endpoint/control.ts'
import { parseUri, type SipRequest } from '../message/index.ts'

/** One place where a user is to be found (RFC 3261 section 10). */
export interface Binding {
  readonly user: string
  /** The URI of its Contact: the Request-URI of calls to it. */
  readonly contact: string
  /** How much it is preferred, 0 to 1. Default 1. */
  readonly q: number
  readonly expiresAt: Instant
  /** When it was registered or refreshed last. */
  readonly refreshedAt: Instant
  /** The hops that lead to it (RFC 3327), as Route headers. */
  readonly path: readonly string[]
  /** Where calls to it are sent, when that is not what the Contact says. */
  readonly via?: Peer
  /** `via` is the only way to it: it stands behind a NAT, and its Contact leads nowhere. */
  readonly isFlow: boolean
  /** Where its REGISTER came from. */
  readonly source: Peer
  readonly userAgent?: string
  readonly callId: string
  readonly cseq: number
  /** Of its Contact: which device it is and, with several ways to that, which way (RFC 5626 section 4.1). */
  readonly instance?: string
}

/** The bindings by preference: by their q, and of equals the one that was refreshed last. */
export function byPreference(a: Binding, b: Binding): number {
  return b.q - a.q || b.refreshedAt - a.refreshedAt
}

/**
 * The way to a phone that registered with this Contact. On a stream it is called on the connection that it came on
 * (RFC 5626 section 5.3), for it may take no other; behind a NAT where it came from. A proxy in between names itself in
 * Path, or else the Contact is believed.
 */
export function wayTo(
  request: SipRequest,
  contact: string,
  source: Peer,
  path: readonly string[],
): Pick<Binding, 'via' | 'isFlow'> {
  const isDirect = path.length === 0 && request.headers.all('via').length === 1
  const uri = parseUri(contact)
  if (!isDirect || !uri.ok || uri.value.scheme === 'tel') return { isFlow: false }
  if (isBehindNat(request, uri.value.host, source.address)) return { via: source, isFlow: true }
  if (source.connection === undefined) return { isFlow: false }
  const peer = peerOf(contact)
  const isSameTransport = peer.ok && peer.value.transport === source.transport
  // When the connection is gone, a new one is made to where the Contact says.
  return { via: isSameTransport ? { ...peer.value, connection: source.connection } : source, isFlow: false }
}
