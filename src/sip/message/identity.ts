import type { SipHeaders } from './headers.ts'
import { type NameAddr, parseNameAddr } from './name-addr.ts'
import { isToken, trimmed } from './scan.ts'
import { uriScheme } from './uri.ts'

/**
 * Who a message is from, as its sender's network asserts or its sender prefers: one address, or a SIP URI and a tel URI
 * in either order (RFC 3325 sections 9.1 and 9.2). What cannot be read, or stands there beyond that, is passed over.
 * Whether it may be believed is not said by the header, but by who sent the message.
 */
export function identitiesOf(
  headers: SipHeaders,
  name: 'P-Asserted-Identity' | 'P-Preferred-Identity' = 'P-Asserted-Identity',
): NameAddr[] {
  if (!headers.has(name)) return []
  const found: NameAddr[] = []
  for (const value of headers.all(name)) {
    const address = parseNameAddr(value)
    if (!address.ok) continue
    const kind = kindOf(address.value.uri)
    if (kind !== undefined && found.every(({ uri }) => kindOf(uri) !== kind)) found.push(address.value)
  }
  return found
}

function kindOf(uri: string): 'sip' | 'tel' | undefined {
  const scheme = uriScheme(uri)
  return scheme === 'tel' ? 'tel' : scheme === 'sip' || scheme === 'sips' ? 'sip' : undefined
}

/**
 * What a caller asks to be hidden (RFC 3323 section 4.2, RFC 3325 section 9.3, RFC 7044 section 10.1): the `id` that the
 * network asserts, the `header`s that name him, what the `user` wrote himself, the `session`, the `history` of targets;
 * `none`: nothing, whatever is usual; `critical`: rather no call than a call that tells.
 */
export type PrivacyValue = 'id' | 'header' | 'user' | 'session' | 'history' | 'none' | 'critical'

const PRIVACY: ReadonlySet<string> = new Set(['id', 'header', 'user', 'session', 'history', 'none', 'critical'])

/** The values of Privacy, each once; unknown ones are passed over. Commas are taken for semicolons, for they are met. */
export function privacyOf(headers: SipHeaders): PrivacyValue[] {
  const found = new Set<PrivacyValue>()
  if (!headers.has('privacy')) return []
  for (const value of headers.all('privacy'))
    for (const part of value.split(/[;,]/)) {
      const word = trimmed(part).toLowerCase()
      if (isToken(word) && PRIVACY.has(word)) found.add(word as PrivacyValue)
    }
  return [...found]
}
