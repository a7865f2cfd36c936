import { UsageError } from '../kit/index.ts'
import { type Credentials, type Peer, parseUri, type SrtpPolicy } from '../sip/index.ts'

/** Where an outgoing call goes. */
export interface Route {
  /** The Request-URI. */
  readonly uri: string
  /** Send to this peer instead of the host of the URI (a trunk, an outbound proxy). */
  readonly via?: Peer
  readonly credentials?: Credentials
  /** The From to use when the application gives none. */
  readonly from?: string
  /** What this call thinks of SRTP, when it is not what the exchange thinks. */
  readonly srtp?: SrtpPolicy
}

/** A way to and from telephone numbers, as configured. */
export interface Trunk {
  readonly name: string
  /** `sip:` URI of the far end; numbers become its user part. */
  readonly uri: string
  readonly credentials?: Credentials
  readonly from?: string
  /** SRTP of calls through it, in both directions. Default: that of the exchange. */
  readonly srtp?: SrtpPolicy
  /** How calls that come from it are known. Default: not at all. */
  readonly inbound?: {
    /** IP addresses that its requests come from. */
    readonly addresses?: readonly string[]
    /** The name that it authenticates with. */
    readonly username?: string
  }
}

const NUMBER = /^\+?[0-9*#]{1,32}$/

/**
 * Resolves what an application dials: a `sip:` or `sips:` URI as it is; a `tel:` URI or plain digits through the
 * first trunk.
 *
 * @throws UsageError when the destination is malformed, of an unknown kind, or needs a trunk and none is configured
 */
export function resolveDestination(to: string, trunks: readonly Trunk[]): Route {
  if (/^sips?:/i.test(to)) {
    const uri = parseUri(to)
    if (!uri.ok) throw new UsageError(`"${to}" is not a valid SIP URI: ${uri.error}`)
    return { uri: to }
  }
  const number = /^tel:/i.test(to) ? (to.slice(4).split(';')[0] as string).replace(/[-.()]/g, '') : to
  if (NUMBER.test(number)) {
    const trunk = trunks[0]
    if (trunk === undefined)
      throw new UsageError(`"${to}" is a telephone number and no trunk is configured: add one, or dial a sip: URI`)
    const at = trunk.uri.indexOf(':') + 1
    return {
      uri: `${trunk.uri.slice(0, at)}${encodeURIComponent(number)}@${trunk.uri.slice(at)}`.replace('%2B', '+'),
      ...(trunk.credentials && { credentials: trunk.credentials }),
      ...(trunk.from !== undefined && { from: trunk.from }),
      ...(trunk.srtp !== undefined && { srtp: trunk.srtp }),
    }
  }
  throw new UsageError(`cannot call "${to}": expected a sip: or sips: URI, a tel: URI, or the digits of a number`)
}
