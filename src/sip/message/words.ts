import { err, ok, type Result } from '../../kit/index.ts'
import type { SipHeaders } from './headers.ts'
import { isToken, parseInteger, trimmed } from './scan.ts'

/**
 * The words of a list header such as Require, Supported, Unsupported, Proxy-Require, Allow or Allow-Events. Those
 * that are no tokens are left out. Option tags and event names are in lower case, methods as written.
 */
export function wordsOf(headers: SipHeaders, name: string): string[] {
  const isMethods = name.toLowerCase() === 'allow'
  return headers
    .all(name)
    .filter(isToken)
    .map((word) => (isMethods ? word : word.toLowerCase()))
}

/** Whether a list header names a word, for example `hasWord(headers, 'supported', '100rel')`. */
export function hasWord(headers: SipHeaders, name: string, word: string): boolean {
  return headers.has(name) && wordsOf(headers, name).includes(word)
}

/** Max-Forwards (RFC 3261 section 20.22): 0..255. */
export function parseMaxForwards(text: string): Result<number> {
  const hops = parseInteger(trimmed(text), 255)
  return hops < 0 ? err('Max-Forwards that is not 0..255') : ok(hops)
}

/**
 * A span of seconds, 0..2^32-1: Expires, Min-Expires, the `expires` of a Contact, Retry-After, Session-Expires.
 * What follows the digits (a comment, parameters) is ignored. Larger spans count as the largest (section 20.19).
 */
export function parseDeltaSeconds(text: string): Result<number> {
  const content = trimmed(text)
  const digits = /^[0-9]+/.exec(content)?.[0]
  if (digits === undefined || !/^[\s;(]|^$/.test(content.slice(digits.length))) return err('no number of seconds')
  return ok(Math.min(Number(digits), 0xffff_ffff))
}
