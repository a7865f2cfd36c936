import { err, ok, type Result } from '../../kit/index.ts'
import type { SipHeaders } from './headers.ts'
import { parseNameAddr } from './name-addr.ts'
import { withParam } from './params.ts'
import { parseReplaces, printReplaces, type Replaces } from './replaces.ts'
import { escapeUriHeader, parseUri, printUri, uriHeaders } from './uri.ts'

/** Whom a REFER refers to (RFC 3515 section 2.1), taken apart. */
export interface ReferTo {
  /** Without its headers and its method: what a request may be sent to. */
  readonly uri: string
  /** In upper case; INVITE where it does not say. */
  readonly method: string
  /** The dialog that the new call is to take the place of: an attended transfer. */
  readonly replaces?: Replaces
  /** Further headers that the request is asked to have. Whoever sends it decides which to take. */
  readonly headers: readonly (readonly [name: string, value: string])[]
}

/** The one Refer-To of a REFER; none, or several, is an error (RFC 3515 section 2.4.2: answer 400). */
export function referToOf(headers: SipHeaders): Result<ReferTo> {
  const values = headers.all('refer-to')
  const [value] = values
  if (value === undefined || values.length > 1) return err('expected exactly one Refer-To')
  return parseReferTo(value)
}

export function parseReferTo(value: string): Result<ReferTo> {
  const address = parseNameAddr(value)
  if (!address.ok) return address
  const uri = parseUri(address.value.uri)
  if (!uri.ok) return uri
  if (uri.value.scheme === 'tel') return ok({ uri: printUri(uri.value), method: 'INVITE', headers: [] })
  const { headers: _, ...plain } = uri.value
  const method = plain.params.get('method')
  const target = { ...plain, params: withParam(plain.params, 'method', undefined) }
  const all = uriHeaders(uri.value)
  const wanted = all.find(([name]) => name.toLowerCase() === 'replaces')
  const replaces = wanted && parseReplaces(wanted[1])
  if (replaces?.ok === false) return replaces
  return ok({
    uri: printUri(target),
    method: (method || 'INVITE').toUpperCase(),
    ...(replaces && { replaces: replaces.value }),
    headers: all.filter((header) => header !== wanted),
  })
}

/** A Refer-To value for this URI, which has no headers of its own, and the dialog that the call is to take the place of. */
export function printReferTo(uri: string, replaces?: Replaces): string {
  return replaces === undefined ? `<${uri}>` : `<${uri}?Replaces=${escapeUriHeader(printReplaces(replaces))}>`
}
