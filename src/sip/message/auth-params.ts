import { err, ok, type Result } from '../../kit/index.ts'
import { COMMA, EQUALS, isToken, QUOTE, quote, quotedEnd, skipSpace, tokenEnd, trimmed, unquote } from './scan.ts'

/**
 * A challenge (WWW-Authenticate, Proxy-Authenticate) or credentials (Authorization, Proxy-Authorization): a scheme
 * and its parameters (RFC 3261 section 25.1, RFC 8760). Names are in lower case, values without their quotes. Of a
 * name given twice the first counts.
 */
export interface AuthParams {
  /** As written, usually `Digest`; compare without regard to case. */
  readonly scheme: string
  readonly params: ReadonlyMap<string, string>
  /** What stands behind a scheme that has no parameters, such as `Basic`. */
  readonly token68?: string
}

export function parseAuthParams(text: string): Result<AuthParams> {
  const schemeAt = skipSpace(text, 0)
  const schemeEnd = tokenEnd(text, schemeAt)
  if (schemeEnd === schemeAt) return err('no authentication scheme')
  const scheme = text.slice(schemeAt, schemeEnd)
  const params = new Map<string, string>()
  const start = skipSpace(text, schemeEnd)
  if (start < text.length && start === schemeEnd) return err('strange authentication scheme')
  for (let at = start; at < text.length; ) {
    if (text.charCodeAt(at) === COMMA) {
      at = skipSpace(text, at + 1)
      continue
    }
    const nameEnd = tokenEnd(text, at)
    const name = text.slice(at, nameEnd).toLowerCase()
    const equals = skipSpace(text, nameEnd)
    const valueAt = skipSpace(text, equals + 1)
    const isParam = nameEnd > at && text.charCodeAt(equals) === EQUALS && text.charCodeAt(valueAt) !== EQUALS
    const valueEnd = isParam ? endOfValue(text, valueAt) : -1
    if (valueEnd < 0 || (valueEnd === valueAt && params.size === 0)) {
      const token68 = trimmed(text, start)
      if (params.size === 0 && /^[\w.~+/-]+=*$/.test(token68)) return ok({ scheme, params, token68 })
      return err('strange authentication parameter')
    }
    if (!params.has(name)) params.set(name, unquote(text.slice(valueAt, valueEnd)))
    at = skipSpace(text, valueEnd)
    if (at < text.length && text.charCodeAt(at) !== COMMA) return err('no comma between authentication parameters')
  }
  return ok({ scheme, params })
}

/** A challenge as header text: everything quoted but `algorithm` and `stale` (RFC 8760 section 2.4). */
export function printChallenge(challenge: AuthParams): string {
  return printAuthParams(challenge, CHALLENGE_TOKENS)
}

/** Credentials as header text: everything quoted but `algorithm`, `qop` and `nc`. */
export function printCredentials(credentials: AuthParams): string {
  return printAuthParams(credentials, CREDENTIALS_TOKENS)
}

const CHALLENGE_TOKENS: ReadonlySet<string> = new Set(['algorithm', 'stale'])
const CREDENTIALS_TOKENS: ReadonlySet<string> = new Set(['algorithm', 'qop', 'nc'])

function printAuthParams({ scheme, params, token68 }: AuthParams, tokens: ReadonlySet<string>): string {
  if (token68 !== undefined) return `${scheme} ${token68}`
  const printed = [...params].map(
    ([name, value]) => `${name}=${tokens.has(name) && isToken(value) ? value : quote(value)}`,
  )
  return `${scheme} ${printed.join(', ')}`
}

/** The end of a quoted string or of anything up to a comma or white space; -1 for a quote that never ends. */
function endOfValue(text: string, at: number): number {
  if (text.charCodeAt(at) === QUOTE) return quotedEnd(text, at)
  while (at < text.length && text.charCodeAt(at) > 0x20 && text.charCodeAt(at) !== COMMA) at++
  return at
}
