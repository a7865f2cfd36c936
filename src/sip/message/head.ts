import type { SipHeaders } from './headers.ts'
import { CR, isToken, LF, parseInteger, SPACE, TAB, trimEnd, trimmed } from './scan.ts'

/** What a stranger can make grow: the size of one message and the number of its header lines. */
export const SIP_LIMITS = { messageBytes: 65_535, headerLines: 256 } as const

/**
 * Why bytes are no SIP message. `empty` is a keep-alive of nothing but line breaks (RFC 5626 section 3.5.1), to be
 * ignored; everything else is worth counting.
 */
export type SipParseErrorCode =
  | 'empty'
  | 'tooLarge'
  | 'startLine'
  | 'version'
  | 'header'
  | 'tooManyHeaders'
  | 'unterminated'
  | 'contentLength'
  | 'truncated'

/** A code and the words to it. */
export type Fault = readonly [code: SipParseErrorCode, detail: string]

/** The index after the empty line that ends the headers, or -1 when it is missing. */
export function headEnd(bytes: Uint8Array, start: number): number {
  for (let at = bytes.indexOf(LF, start); at >= 0; at = bytes.indexOf(LF, at + 1)) {
    if (bytes[at + 1] === LF) return at + 2
    if (bytes[at + 1] === CR && bytes[at + 2] === LF) return at + 3
  }
  return -1
}

/** Adds every header line from `at` on; returns the first fault, having read all lines that are well-formed. */
export function readHeaders(text: string, start: number, headers: SipHeaders): Fault | undefined {
  let fault: Fault | undefined
  let colon = -1
  let cr = -1
  let lines = 0
  for (let at = start; at < text.length; ) {
    let end = indexOrEnd(text, '\n', at)
    let isFolded = false
    while (isFold(text.charCodeAt(end + 1))) {
      isFolded = true
      end = indexOrEnd(text, '\n', end + 1)
    }
    if (trimEnd(text, at, end) === at) {
      at = end + 1
      continue
    }
    // Searched for again only when passed: lines without a colon or a CR stay linear.
    if (colon < at) colon = indexOrEnd(text, ':', at)
    if (cr < at) cr = indexOrEnd(text, '\r', at)
    if (++lines > SIP_LIMITS.headerLines) return ['tooManyHeaders', `more than ${SIP_LIMITS.headerLines} header lines`]

    const hasBareCr = cr < end - 1
    const name = colon < end ? text.slice(at, trimEnd(text, at, colon)) : ''
    if (isToken(name)) {
      const value = trimmed(text, colon + 1, end)
      headers.add(name, isFolded || hasBareCr ? oneSpace(value) : value)
    } else {
      fault ??= ['header', `header line ${text.slice(at, Math.min(end, at + 40))}`]
    }
    at = end + 1
  }
  return fault
}

/** The value of Content-Length: -1 when there is none, or why it cannot be believed. */
export function contentLength(headers: SipHeaders): number | string {
  const first = headers.get('content-length')
  if (first === undefined) return -1
  for (const value of headers.all('content-length')) {
    const length = parseInteger(value, Number.MAX_SAFE_INTEGER)
    if (length < 0) return `Content-Length is no number: ${value.slice(0, 40)}`
    if (value !== first) return 'Content-Length is given twice and differs'
  }
  return parseInteger(first, Number.MAX_SAFE_INTEGER)
}

/** Like `indexOf`, but the length of the text when there is none. */
export function indexOrEnd(text: string, wanted: string, at: number): number {
  const index = text.indexOf(wanted, at)
  return index < 0 ? text.length : index
}

function isFold(code: number): boolean {
  return code === SPACE || code === TAB
}

/** `text` with each line break and the white space around it made one space (RFC 3261 section 7.3.1). */
export function oneSpace(text: string): string {
  if (!text.includes('\n') && !text.includes('\r')) return text
  return text
    .split(/[\r\n]/)
    .map((line) => trimmed(line))
    .filter((line) => line !== '')
    .join(' ')
}
