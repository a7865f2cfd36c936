import { err, ok, type Result, type Writable } from '../../kit/index.ts'
import { type Params, parseParams, printParams } from './params.ts'
import { isDigit, parseInteger, skipSpace, tokenEnd } from './scan.ts'
import { endOfHost } from './uri.ts'

/** One hop of the way back (RFC 3261 section 20.42). `branch`, `received` and `rport` (RFC 3581) are in `params`. */
export interface Via {
  /** Absent: `SIP/2.0`, the only one in use. */
  readonly protocol?: string
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
  const nameAt = skipSpace(text, 0)
  const nameEnd = tokenEnd(text, nameAt)
  const versionAt = skipSlash(text, nameEnd)
  const versionEnd = versionAt < 0 ? -1 : tokenEnd(text, versionAt)
  const transportAt = versionEnd <= versionAt ? -1 : skipSlash(text, versionEnd)
  if (nameEnd === nameAt || transportAt < 0) return err('Via that does not start with SIP/2.0/')
  const transportEnd = tokenEnd(text, transportAt)
  const hostAt = skipSpace(text, transportEnd)
  if (transportEnd === transportAt || hostAt === transportEnd) return err('Via without a transport')
  const hostEnd = endOfHost(text, hostAt)
  if (hostEnd === hostAt) return err('Via without a host')

  let at = skipSpace(text, hostEnd)
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
  const transport = upperCase(text.slice(transportAt, transportEnd))
  const host = text.slice(hostAt, hostEnd)
  const via: Writable<Via> = { transport, host, params }
  if (port !== undefined) via.port = port
  if (!text.startsWith('SIP/2.0/', nameAt)) {
    const protocol = `${text.slice(nameAt, nameEnd)}/${text.slice(versionAt, versionEnd)}`.toUpperCase()
    if (protocol !== 'SIP/2.0') via.protocol = protocol
  }
  return ok(via)
}

/** The usual ones are upper case already. */
function upperCase(transport: string): string {
  return transport === 'UDP' || transport === 'TCP' || transport === 'TLS' ? transport : transport.toUpperCase()
}

/** @param params as they are printed, where they are to be others */
export function printVia(via: Via, params: string = printParams(via.params)): string {
  const port = via.port === undefined ? '' : `:${via.port}`
  return `${via.protocol ?? 'SIP/2.0'}/${via.transport} ${via.host}${port}${params}`
}

/**
 * The branch when it is unique to its transaction as RFC 3261 section 8.1.1.7 promises; `undefined` for those of RFC
 * 2543 elements, and for the bare cookie (RFC 4475 section 3.2.1), which need the older matching of section 17.2.3.
 */
export function uniqueBranch(via: Via): string | undefined {
  const branch = via.params.get('branch')
  return branch !== undefined && branch.length > BRANCH_COOKIE.length && branch.startsWith(BRANCH_COOKIE)
    ? branch
    : undefined
}

/** The index after a slash with white space around it; -1 when there is none. */
function skipSlash(text: string, at: number): number {
  const slash = skipSpace(text, at)
  return text[slash] === '/' ? skipSpace(text, slash + 1) : -1
}
