/**
 * The few scanning steps that every header parser here is made of. All are single passes over the text: no input,
 * however hostile, makes them go back.
 */

export const TAB = 0x09
export const LF = 0x0a
export const CR = 0x0d
export const SPACE = 0x20
export const QUOTE = 0x22
export const COMMA = 0x2c
export const SEMICOLON = 0x3b
export const LESS = 0x3c
export const EQUALS = 0x3d
export const GREATER = 0x3e
export const BACKSLASH = 0x5c

/** 1 for each character of a token (RFC 3261 section 25.1: alphanum and -.!%*_+`'~). */
const TOKEN = new Uint8Array(128)
for (const character of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.!%*_+`'~") {
  TOKEN[character.charCodeAt(0)] = 1
}

/** Space, tab, or a line break that folding left behind. */
export function isSpace(code: number): boolean {
  return code === SPACE || code === TAB || code === CR || code === LF
}

export function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

export function isTokenCode(code: number): boolean {
  return code < 128 && TOKEN[code] === 1
}

/** Whether `text` is a token: not empty, and of token characters only. */
export function isToken(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (!isTokenCode(text.charCodeAt(i))) return false
  return text.length > 0
}

/** The index of the first character at or after `at` that is not white space. */
export function skipSpace(text: string, at: number): number {
  while (at < text.length && isSpace(text.charCodeAt(at))) at++
  return at
}

/** The index after the last character before `end` that is not white space, never below `start`. */
export function trimEnd(text: string, start: number, end: number): number {
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--
  return end
}

/** `text.slice(start, end)` without the white space at both ends. */
export function trimmed(text: string, start = 0, end = text.length): string {
  while (start < end && isSpace(text.charCodeAt(start))) start++
  return text.slice(start, trimEnd(text, start, end))
}

/** The index of the first character at or after `at` that cannot stand in a token. */
export function tokenEnd(text: string, at: number): number {
  while (at < text.length && isTokenCode(text.charCodeAt(at))) at++
  return at
}

/** With a quote at `at`: the index after the closing quote, or -1 when the quoted string never ends. */
export function quotedEnd(text: string, at: number): number {
  for (let i = at + 1; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === BACKSLASH) i++
    else if (code === QUOTE) return i + 1
  }
  return -1
}

/**
 * The elements of a comma-separated list, trimmed; empty ones are left out. Commas inside quoted strings and inside
 * angle brackets belong to their element. A quote or bracket that never closes takes the rest as one element.
 */
export function splitList(text: string): string[] {
  const elements: string[] = []
  let start = 0
  let at = 0
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code === COMMA) {
      pushElement(elements, text, start, at)
      start = at + 1
      at++
    } else if (code === QUOTE) {
      const end = quotedEnd(text, at)
      at = end < 0 ? text.length : end
    } else if (code === LESS) {
      const end = text.indexOf('>', at)
      at = end < 0 ? text.length : end + 1
    } else {
      at++
    }
  }
  pushElement(elements, text, start, text.length)
  return elements
}

function pushElement(elements: string[], text: string, start: number, end: number): void {
  const element = trimmed(text, start, end)
  if (element !== '') elements.push(element)
}

/** The content of a quoted string with its quotes taken off and its escapes undone; other text as it is. */
export function unquote(text: string): string {
  if (text.length < 2 || text.charCodeAt(0) !== QUOTE || text.charCodeAt(text.length - 1) !== QUOTE) return text
  const content = text.slice(1, -1)
  return content.includes('\\') ? content.replace(/\\(.)/gs, '$1') : content
}

/** `text` as a quoted string (RFC 3261 section 25.1). */
export function quote(text: string): string {
  return /["\\]/.test(text) ? `"${text.replace(/["\\]/g, '\\$&')}"` : `"${text}"`
}

/** A whole non-negative decimal number of at most `max`, or -1: digits only, leading zeros allowed. */
export function parseInteger(text: string, max: number): number {
  if (text.length === 0) return -1
  let value = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (!isDigit(code)) return -1
    value = value * 10 + (code - 0x30)
    if (value > max) return -1
  }
  return value
}
