import { headEnd } from './head.ts'

/**
 * A copy of a message without its secrets, of the same length: each octet of them is an `x`. Content-Length and the
 * size of the packet stay true, so that the copy can be shown, and written to a capture, in place of the message.
 *
 * Hidden are: every body that is no plain session description; the keys in one (`a=crypto`, `k=`, `a=key-mgmt`,
 * `a=ice-pwd`); of credentials all but who gives them and for what realm; passwords in URIs. What cannot be understood
 * is hidden.
 */
export function redactMessage(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice()
  const text = latin1(bytes)
  const hide = (from: number, to: number) => copy.fill(LETTER_X, from, Math.min(to, copy.length))
  let start = 0
  while (text[start] === '\r' || text[start] === '\n') start++
  const found = headEnd(bytes, start)
  const bodyStart = found < 0 ? text.length : found
  const head = text.slice(0, bodyStart)

  let hasPlainSdp = false
  let isOther = false
  let bodyEnd = text.length
  for (const { name, value, at } of headersOf(head)) {
    if (CREDENTIALS.test(name)) hideCredentials(value, at, hide)
    else if (/^(content-type|c)$/i.test(name)) {
      if (/^\s*application\s*\/\s*sdp\s*(;|$)/i.test(value)) hasPlainSdp = true
      else isOther = true
    } else if (/^(content-encoding|e)$/i.test(name)) isOther ||= !/^\s*identity\s*$/i.test(value)
    else if (/^(content-length|l)$/i.test(name))
      bodyEnd = Math.min(bodyEnd, bodyStart + (Number.parseInt(value, 10) || 0))
  }
  for (const [from, to] of secretsOfUris(head)) hide(from, to)

  if (!hasPlainSdp || isOther) bodyEnd = bodyStart
  for (const { index, 0: line } of text.slice(bodyStart, bodyEnd).matchAll(/[^\r\n]+/g)) {
    const shown = shownOfSdpLine(line)
    hide(bodyStart + index + shown, bodyStart + index + line.length)
  }
  hide(bodyEnd, text.length)
  return copy
}

/** The text with an `x` for each character of a password in a URI. */
export function redactUris(text: string): string {
  let shown = text
  for (const [from, to] of secretsOfUris(text)) shown = shown.slice(0, from) + 'x'.repeat(to - from) + shown.slice(to)
  return shown
}

/** From where to where the URIs in a text tell a password: `sip:user:password@`, or credentials among their headers. */
function* secretsOfUris(text: string): IterableIterator<readonly [from: number, to: number]> {
  for (const { index, 0: run } of text.matchAll(/[^@\s<>"]+@?/g)) {
    const before = run.endsWith('@') ? /sips?:[^:]*:/i.exec(run) : null
    if (before !== null) yield [index + before.index + before[0].length, index + run.length - 1]
    for (const { index: at, 0: found } of run.matchAll(URI_CREDENTIALS)) yield [index + at, index + at + found.length]
  }
}

const LETTER_X = 0x78
const CREDENTIALS = /^(proxy-)?auth(orization|entication-info)$/i
/** Headers that a URI asks to be sent (RFC 3261 section 19.1.1). */
const URI_CREDENTIALS = /[?&](proxy-)?authorization=[^&]*/gi

interface Header {
  readonly name: string
  readonly value: string
  /** Where the value begins. */
  readonly at: number
}

/** The header lines, folded ones whole. */
function* headersOf(head: string): IterableIterator<Header> {
  for (const { index, 0: line } of head.matchAll(/[^\r\n][^\n]*(?:\n[ \t][^\n]*)*/g)) {
    const colon = line.indexOf(':')
    if (colon >= 0) yield { name: line.slice(0, colon).trim(), value: line.slice(colon + 1), at: index + colon + 1 }
  }
}

/** Everything after the scheme goes, but the parameters that say who, where and how. */
function hideCredentials(value: string, at: number, hide: (from: number, to: number) => void): void {
  const scheme = /^\s*(?:digest|basic|bearer)(?=\s)/i.exec(value)?.[0] ?? ''
  let from = scheme.length
  const isDigest = /^\s*digest$/i.test(scheme)
  for (const { index, 0: found } of isDigest ? value.matchAll(SHOWN_CREDENTIALS) : []) {
    if (index < from) continue
    hide(at + from, at + index)
    from = index + found.length
  }
  const lineEnd = value.search(/\r?\n?$/)
  hide(at + from, at + Math.max(from, lineEnd < 0 ? value.length : lineEnd))
}

/** Parameters of digest, and the commas and spaces about them. */
const SHOWN_CREDENTIALS =
  /(?:^|[\s,])(?:(?:username|realm|uri)\s*=\s*"(?:[^"\\\r\n]|\\[^\r\n])*"|(?:algorithm|qop|nc)\s*=\s*[\w-]+)(?:,|(?=\s|$))/gi

/** How much of a line of a session description may be shown. */
function shownOfSdpLine(line: string): number {
  const key = /inline:/i.exec(line)?.index ?? line.length
  const known =
    /^(k=|a=crypto:\s*\d+\s+[\w-]+\s|a=crypto:|a=key-mgmt:|a=ice-pwd:)/i.exec(line)?.[0].length ?? line.length
  return Math.min(key, known)
}

function latin1(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 4096) text += String.fromCharCode(...bytes.subarray(at, at + 4096))
  return text
}
