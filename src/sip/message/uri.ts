import { err, ok, type Result, toHex, utf8Encode, type Writable } from '../../kit/index.ts'
import { NO_PARAMS, type Params } from './params.ts'
import { isDigit, parseInteger } from './scan.ts'

/**
 * A SIP or SIPS URI (RFC 3261 section 19.1). `user`, `password`, the parameters and `headers` are text as written,
 * with their escapes: see {@link unescapeUri}.
 */
export interface SipUri {
  readonly scheme: 'sip' | 'sips'
  readonly user?: string
  readonly password?: string
  /** A host name, an IPv4 address, or an IPv6 reference with its brackets: `[2001:db8::1]`. */
  readonly host: string
  /** 0..65535 */
  readonly port?: number
  readonly params: Params
  /** What follows `?`, for example `Replaces=abc%3Bto-tag%3D1&Subject=x`: see {@link uriHeaders}. */
  readonly headers?: string
}

/** A telephone number (RFC 3966): `number` as written, with its visual separators. */
export interface TelUri {
  readonly scheme: 'tel'
  readonly number: string
  readonly params: Params
}

export type Uri = SipUri | TelUri

/** The scheme of a URI in lower case, of any scheme at all; `undefined` when the text has none. */
export function uriScheme(text: string): string | undefined {
  if (text.startsWith('sip:')) return 'sip'
  const colon = text.indexOf(':')
  const scheme = text.slice(0, Math.max(colon, 0))
  return /^[a-z][a-z0-9+.-]*$/i.test(scheme) ? scheme.toLowerCase() : undefined
}

/** Reads a sip, sips or tel URI as it stands in a Request-URI or between angle brackets. */
export function parseUri(text: string): Result<Uri> {
  const scheme = uriScheme(text)
  if (scheme === 'sip' || scheme === 'sips') return parseSipUri(scheme, text)
  if (scheme === 'tel') return parseTelUri(text)
  return err(scheme === undefined ? 'URI without a scheme' : `URI of the unknown scheme ${scheme.slice(0, 20)}`)
}

/** The URI as text; what was parsed comes out as it was written, but for the case of scheme and parameter names. */
export function printUri(uri: Uri): string {
  if (uri.scheme === 'tel') return `tel:${uri.number}${printUriParams(uri.params)}`
  const password = uri.password === undefined ? '' : `:${uri.password}`
  const userinfo = uri.user === undefined ? '' : `${uri.user}${password}@`
  const port = uri.port === undefined ? '' : `:${uri.port}`
  const headers = uri.headers === undefined ? '' : `?${uri.headers}`
  return `${uri.scheme}:${userinfo}${uri.host}${port}${printUriParams(uri.params)}${headers}`
}

/** The headers of a URI, unescaped, in order. */
export function uriHeaders(uri: SipUri): (readonly [name: string, value: string])[] {
  if (uri.headers === undefined) return []
  return uri.headers
    .split('&')
    .filter((header) => header !== '')
    .map((header) => {
      const equals = header.indexOf('=')
      if (equals < 0) return [unescapeUri(header), ''] as const
      return [unescapeUri(header.slice(0, equals)), unescapeUri(header.slice(equals + 1))] as const
    })
}

/** `text` with its `%HH` escapes undone; escapes that are broken or no UTF-8 stay as they are. */
export function unescapeUri(text: string): string {
  if (!text.includes('%')) return text
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => {
    try {
      return decodeURIComponent(run)
    } catch {
      return run
    }
  })
}

/** `text` with everything escaped that may not stand in the user part of a SIP URI. */
export function escapeUser(text: string): string {
  return text.replace(/[^\w.!~*'()&=+$,;?/-]+/g, percentEncoded)
}

/** `text` with everything escaped that may not stand in the value of a header of a URI, `&`, `=` and `;` among it. */
export function escapeUriHeader(text: string): string {
  return text.replace(/[^\w.!~*'()-]+/g, percentEncoded)
}

function percentEncoded(run: string): string {
  return toHex(utf8Encode(run)).replace(/../g, '%$&').toUpperCase()
}

function parseSipUri(scheme: 'sip' | 'sips', text: string): Result<SipUri> {
  if (hasForbidden(text)) return err('URI with white space, a quote or an angle bracket in it')
  let at = scheme.length + 1
  let user: string | undefined
  let password: string | undefined
  const atSign = text.indexOf('@', at)
  if (atSign >= 0) {
    const colon = text.indexOf(':', at)
    const hasPassword = colon >= 0 && colon < atSign
    user = text.slice(at, hasPassword ? colon : atSign)
    if (hasPassword) password = text.slice(colon + 1, atSign)
    if (user === '') return err('URI with an empty user')
    at = atSign + 1
  }
  const hostEnd = endOfHost(text, at)
  if (hostEnd === at) return err('URI without a host')
  const host = text.slice(at, hostEnd)
  at = hostEnd
  let port: number | undefined
  if (text[at] === ':') {
    const portEnd = digitsEnd(text, at + 1)
    port = parseInteger(text.slice(at + 1, portEnd), 65_535)
    if (port < 0) return err('URI with a port that is none')
    at = portEnd
  }
  const question = text.indexOf('?', at)
  const params = parseUriParams(text, at, question < 0 ? text.length : question)
  if (params === undefined) return err('URI with something strange after its host')
  const uri: Writable<SipUri> = { scheme, host, params }
  if (user !== undefined) uri.user = user
  if (password !== undefined) uri.password = password
  if (port !== undefined) uri.port = port
  if (question >= 0) uri.headers = text.slice(question + 1)
  return ok(uri)
}

function parseTelUri(text: string): Result<TelUri> {
  const semicolon = text.indexOf(';')
  const number = text.slice(4, semicolon < 0 ? text.length : semicolon)
  const isNumber = /^(\+[0-9.()-]+|[0-9a-f*#.()-]+)$/i.test(number) && /[0-9a-f*#]/i.test(number)
  if (!isNumber) return err('tel URI without a number')
  const params = hasForbidden(text) ? undefined : parseUriParams(text, 4 + number.length, text.length)
  return params === undefined ? err('tel URI with strange parameters') : ok({ scheme: 'tel', number, params })
}

/**
 * The index after a host name, an IPv4 address or an IPv6 reference that starts at `at`; `at` when none does.
 * Underscores are tolerated in names, for such hosts exist.
 */
export function endOfHost(text: string, at: number): number {
  if (text[at] === '[') {
    for (let end = at + 1; end < text.length; end++) {
      if (text[end] === ']') return end > at + 2 ? end + 1 : at
      if (!/[0-9a-f:.]/i.test(text[end] as string)) return at
    }
    return at
  }
  let end = at
  for (; end < text.length; end++) {
    const code = text.charCodeAt(end)
    const isAlphanumeric = isDigit(code) || ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a)
    if (!isAlphanumeric && code !== 0x2d && code !== 0x2e && code !== 0x5f) break
  }
  return end
}

/** Reads `;name=value` from `at` to `end`; `undefined` when something else stands there. */
function parseUriParams(text: string, at: number, end: number): Params | undefined {
  if (at === end) return NO_PARAMS
  if (text[at] !== ';') return undefined
  const params = new Map<string, string>()
  for (const part of text.slice(at + 1, end).split(';')) {
    if (part === '') continue
    const equals = part.indexOf('=')
    const name = (equals < 0 ? part : part.slice(0, equals)).toLowerCase()
    if (name === '') return undefined
    if (!params.has(name)) params.set(name, equals < 0 ? '' : part.slice(equals + 1))
  }
  return params
}

function printUriParams(params: Params): string {
  let text = ''
  for (const [name, value] of params) text += value === '' ? `;${name}` : `;${name}=${value}`
  return text
}

/** Characters that would end the URI wherever it is put: controls, white space, quotes, angle brackets. */
function hasForbidden(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code <= 0x20 || code === 0x22 || code === 0x3c || code === 0x3e || code === 0x7f) return true
  }
  return false
}

function digitsEnd(text: string, at: number): number {
  while (isDigit(text.charCodeAt(at))) at++
  return at
}
