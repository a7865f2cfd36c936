import { err, ok, type Result } from '../../kit/index.ts'
import { type Params, parseParams, printParams } from './params.ts'
import { isDigit, parseInteger, skipSpace, tokenEnd } from './scan.ts'
import { endOfHost } from './uri.ts'

/** One hop of the way back (RFC 3261 section 20.42). `branch`, `received` and `rport` (RFC 3581) are in `params`. */
export interface Via {
  /** Upper case: `UDP`, `TCP`, `TLS`, `WS`, or any other token. */
  readonly transport: string
  /** A host name, an IPv4 address, or an IPv6 reference with its brackets. */
  readonly host: string
  /** 0..65535 */
  readonly port?: number
  readonly params: Params
}

/** What every branch made by an RFC 3261 element starts with (section 8.1.1.7). */
export const BRANCH_COOKIE = 'z9hG4bK'

/** Reads `SIP/2.0/UDP host:port;branch=...`, with white space wherever the grammar allows it. */
export function parseVia(text: string): Result<Via> {
  let at = skipWord(text, skipSpace(text, 0), 'sip')
  at = skipWord(text, skipSlash(text, at), '2.0')
  const transportAt = skipSlash(text, at)
  if (transportAt < 0) return err('Via that does not start with SIP/2.0/')
  const transportEnd = tokenEnd(text, transportAt)
  const hostAt = skipSpace(text, transportEnd)
  if (transportEnd === transportAt || hostAt === transportEnd) return err('Via without a transport')
  const hostEnd = endOfHost(text, hostAt)
  if (hostEnd === hostAt) return err('Via without a host')

  at = skipSpace(text, hostEnd)
  let port: number | undefined
  if (text[at] === ':') {
    const portAt = skipSpace(text, at + 1)
    at = portAt
    while (isDigit(text.charCodeAt(at))) at++
    port = parseInteger(text.slice(portAt, at), 65_535)
    if (port < 0) return err('Via with a port that is none')
  }
  const params = parseParams(text, at)
  if (params === undefined) return err('Via with strange parameters')
  const transport = text.slice(transportAt, transportEnd).toUpperCase()
  const host = text.slice(hostAt, hostEnd)
  return ok(port === undefined ? { transport, host, params } : { transport, host, port, params })
}

export function printVia(via: Via): string {
  const port = via.port === undefined ? '' : `:${via.port}`
  return `SIP/2.0/${via.transport} ${via.host}${port}${printParams(via.params)}`
}

/** The index after `word` (lower case) at `at` in any case; -1 when it does not stand there, or `at` is -1 already. */
function skipWord(text: string, at: number, word: string): number {
  if (at < 0) return -1
  return text.slice(at, at + word.length).toLowerCase() === word ? at + word.length : -1
}

/** The index after a slash with white space around it; -1 when there is none, or `at` is -1 already. */
function skipSlash(text: string, at: number): number {
  if (at < 0) return -1
  const slash = skipSpace(text, at)
  return text[slash] === '/' ? skipSpace(text, slash + 1) : -1
}
