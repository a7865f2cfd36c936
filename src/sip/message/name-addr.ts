import { err, ok, type Result } from '../../kit/index.ts'
import type { SipHeaders } from './headers.ts'
import { type Params, parseParams, printParams } from './params.ts'
import { isSpace, LESS, QUOTE, quote, quotedEnd, SEMICOLON, skipSpace, trimmed, unquote } from './scan.ts'

/**
 * What stands in From, To, Contact, Route, Record-Route, Refer-To and their like: an optional display name, a URI
 * and the header's parameters (RFC 3261 section 20.10). `uri` is text of any scheme: see `parseUri`.
 */
export interface NameAddr {
  readonly displayName?: string
  readonly uri: string
  readonly params: Params
}

/**
 * Reads `"Display" <uri>;params` or `uri;params`. Without angle brackets all parameters are the header's, and a URI
 * with `?` or a comma is an error. Tolerated: display names of any unquoted characters, white space inside the
 * brackets. A quote or bracket without its counterpart is an error.
 */
export function parseNameAddr(text: string): Result<NameAddr> {
  const start = skipSpace(text, 0)
  const open = openingBracket(text, start)
  if (open === -2) return err('quoted display name that never ends')
  const close = open < 0 ? -1 : text.indexOf('>', open)
  if (open >= 0 && close < 0) return err('angle bracket that never closes')

  const uriStart = open < 0 ? start : open + 1
  const uriEnd = open < 0 ? bareUriEnd(text, start) : close
  const uri = trimmed(text, uriStart, uriEnd)
  if (uri === '') return err('address without a URI')
  if (open < 0 && /[?,"<>]/.test(uri)) return err('URI that needs angle brackets')
  const params = parseParams(text, open < 0 ? uriEnd : close + 1)
  if (params === undefined) return err('strange text after the address')
  const displayName = open < 0 ? '' : unquote(trimmed(text, start, open))
  return ok(displayName === '' ? { uri, params } : { displayName, uri, params })
}

/** Always with angle brackets; the display name is quoted. */
export function printNameAddr(address: NameAddr): string {
  const name = address.displayName === undefined ? '' : `${quote(address.displayName)} `
  return `${name}<${address.uri}>${printParams(address.params)}`
}

/** The Contacts of a message: `'*'` (RFC 3261 section 10.2.2), or the addresses in order. */
export function parseContacts(headers: SipHeaders): Result<'*' | NameAddr[]> {
  const values = headers.all('contact')
  if (values.length === 1 && values[0] === '*') return ok('*')
  return parseNameAddrs(values)
}

/** The addresses of a list header such as Route or Record-Route; the first that cannot be read is the error. */
export function parseNameAddrs(values: readonly string[]): Result<NameAddr[]> {
  const addresses: NameAddr[] = []
  for (const value of values) {
    const address = parseNameAddr(value)
    if (!address.ok) return address
    addresses.push(address.value)
  }
  return ok(addresses)
}

/** The value of one parameter of an address, read without building the rest; `undefined` when it is not there. */
export function addressParam(text: string, name: string): string | undefined {
  const start = skipSpace(text, 0)
  const open = openingBracket(text, start)
  const end = open < 0 ? bareUriEnd(text, start) : text.indexOf('>', open) + 1
  if (open === -2 || end === 0) return undefined
  return parseParams(text, end)?.get(name)
}

/** The index of the `<` of a name-addr; -1 when there is none, -2 when a quote never ends. */
function openingBracket(text: string, at: number): number {
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code === LESS) return at
    if (code === QUOTE) {
      at = quotedEnd(text, at)
      if (at < 0) return -2
    } else {
      at++
    }
  }
  return -1
}

/** The end of a URI without angle brackets: white space, or the `;` where the header's parameters start. */
function bareUriEnd(text: string, at: number): number {
  while (at < text.length && !isSpace(text.charCodeAt(at)) && text.charCodeAt(at) !== SEMICOLON) at++
  return at
}
