import type { Params } from './params.ts'
import { type SipUri, type TelUri, type Uri, uriHeaders } from './uri.ts'

/**
 * Whether two URIs are equivalent: RFC 3261 section 19.1.4 for sip and sips (an absent port differs from 5060, an
 * absent transport from UDP, and escapes of unreserved characters do not count), RFC 3966 section 4 for tel.
 */
export function uriEquals(a: Uri, b: Uri): boolean {
  if (a.scheme === 'tel' || b.scheme === 'tel') return a.scheme === 'tel' && b.scheme === 'tel' && telEquals(a, b)
  return (
    a.scheme === b.scheme &&
    normal(a.user) === normal(b.user) &&
    normal(a.password) === normal(b.password) &&
    a.host.toLowerCase() === b.host.toLowerCase() &&
    a.port === b.port &&
    paramsEqual(a.params, b.params) &&
    headersEqual(a, b)
  )
}

/** Parameters that make a difference even when only one of the URIs has them. */
const DECISIVE = ['transport', 'user', 'ttl', 'method', 'maddr']

function paramsEqual(a: Params, b: Params): boolean {
  if (DECISIVE.some((name) => a.has(name) !== b.has(name))) return false
  for (const [name, value] of a) {
    const other = b.get(name)
    if (other !== undefined && normal(value)?.toLowerCase() !== normal(other)?.toLowerCase()) return false
  }
  return true
}

function headersEqual(a: SipUri, b: SipUri): boolean {
  if (a.headers === b.headers) return true
  const sorted = (uri: SipUri): string[] =>
    uriHeaders(uri)
      .map(([name, value]) => `${name.toLowerCase()}=${value}`)
      .sort()
  return sorted(a).join('&') === sorted(b).join('&')
}

/** Global numbers compare by their digits; a local one also by its context. Parameters must be the same in both. */
function telEquals(a: TelUri, b: TelUri): boolean {
  const digits = (uri: TelUri): string => uri.number.replace(/[.()-]/g, '').toLowerCase()
  if (digits(a) !== digits(b) || a.params.size !== b.params.size) return false
  for (const [name, value] of a.params) {
    if (b.params.get(name)?.toLowerCase() !== value.toLowerCase()) return false
  }
  return true
}

/** With the escapes of unreserved characters undone and the hexadecimal of the others in one case. */
function normal(text: string | undefined): string | undefined {
  if (text === undefined || !text.includes('%')) return text
  return text.replace(/%[0-9a-f]{2}/gi, (octet) => {
    const character = String.fromCharCode(Number.parseInt(octet.slice(1), 16))
    return /[\w.!~*'()-]/.test(character) ? character : octet.toUpperCase()
  })
}
