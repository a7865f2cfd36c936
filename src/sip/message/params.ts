import {
  COMMA,
  EQUALS,
  isToken,
  LESS,
  QUOTE,
  quote,
  quotedEnd,
  SEMICOLON,
  skipSpace,
  trimEnd,
  unquote,
} from './scan.ts'

/**
 * The parameters behind a header value or in a URI, in order: lower-case name, and value without its quotes. A
 * parameter without a value (`lr`, `rport`) has the value `''`. Of a name given twice the first counts.
 */
export type Params = ReadonlyMap<string, string>

export const NO_PARAMS: Params = new Map()

/**
 * Reads `;name=value;name` from `at` to the end of `text`, with white space anywhere between (RFC 3261 section
 * 25.1, generic-param). `undefined` when something stands there that is no parameter.
 */
export function parseParams(text: string, at = 0): Params | undefined {
  at = skipSpace(text, at)
  if (at === text.length) return NO_PARAMS
  const params = new Map<string, string>()
  while (at < text.length) {
    if (text.charCodeAt(at) !== SEMICOLON) return undefined
    at = skipSpace(text, at + 1)
    // `;;` and a `;` at the very end are common slips that mean nothing.
    if (at === text.length || text.charCodeAt(at) === SEMICOLON) continue
    const nameEnd = partEnd(text, at)
    if (nameEnd === at) return undefined
    const name = text.slice(at, nameEnd).toLowerCase()
    at = skipSpace(text, nameEnd)
    let value = ''
    if (text.charCodeAt(at) === EQUALS) {
      at = skipSpace(text, at + 1)
      const valueEnd = text.charCodeAt(at) === QUOTE ? quotedEnd(text, at) : partEnd(text, at)
      if (valueEnd < 0) return undefined
      value = unquote(text.slice(at, valueEnd))
      at = skipSpace(text, valueEnd)
    }
    if (!params.has(name)) params.set(name, value)
  }
  return params
}

/** `;name=value;name`, quoting the values that are neither tokens nor addresses. */
export function printParams(params: Params): string {
  let text = ''
  for (const [name, value] of params) text += printParam(name, value)
  return text
}

/** One of them. */
export function printParam(name: string, value: string): string {
  return value === '' ? `;${name}` : `;${name}=${printValue(value)}`
}

/** The parameters with one set to a value (`''`: present without one), or taken away with `undefined`. */
export function withParam(params: Params, name: string, value: string | undefined): Params {
  const changed = new Map(params)
  if (value === undefined) changed.delete(name.toLowerCase())
  else changed.set(name.toLowerCase(), value)
  return changed
}

/** A token or a host (`[2001:db8::1]`, `192.0.2.1`, and URI text in general) as it is, anything else quoted. */
function printValue(value: string): string {
  return isToken(value) || /^[\w.:[\]%-]+$/.test(value) ? value : quote(value)
}

/** The end of a name or an unquoted value: tolerant, so anything up to white space or a separator. */
function partEnd(text: string, at: number): number {
  const start = at
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === SEMICOLON || code === EQUALS || code === COMMA || code === QUOTE || code === LESS) break
    if (code <= 0x20) break
  }
  return trimEnd(text, start, at)
}
