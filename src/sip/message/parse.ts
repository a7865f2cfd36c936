import { err, ok, type Result, utf8Decode } from '../../kit/index.ts'
import { SipHeaders } from './headers.ts'
import { EMPTY_BODY, type SipMessage, type SipRequest, type SipResponse } from './message.ts'
import { CR, isDigit, isSpace, isToken, LF, parseInteger, SPACE, skipSpace, TAB, trimEnd, trimmed } from './scan.ts'

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

/** Why bytes could not be parsed. */
export interface SipParseError {
  readonly code: SipParseErrorCode
  /** In words, for the log and a Warning header. */
  readonly detail: string
  /** The status that answers `request`: 400, 505 (version) or 513 (too large). */
  readonly status: number
  /**
   * As much of the request as was read, when that suffices to answer it with `createResponse`: Via, From, To,
   * Call-ID and CSeq are there, and it is no ACK.
   */
  readonly request?: SipRequest
}

/**
 * Reads one message: a whole datagram, or a message cut from a stream by {@link SipStreamFramer}. Only the framing
 * is read; the values of headers stay text until one of the parsers of this folder is asked for them.
 *
 * Tolerated (RFC 3261 section 7, RFC 4475): line breaks before the start line, bare LF, folded lines, white space
 * around colons and between the parts of the start line, compact names, any case. Bytes beyond Content-Length are
 * cut off; a body shorter than Content-Length is an error. Never throws; time is linear in the length.
 * The message keeps no reference to `bytes`.
 */
export function parseMessage(bytes: Uint8Array): Result<SipMessage, SipParseError> {
  let start = 0
  while (start < bytes.length && (bytes[start] === CR || bytes[start] === LF)) start++
  if (start === bytes.length) return fail('empty', 'nothing but line breaks')
  if (bytes.length > SIP_LIMITS.messageBytes) return fail('tooLarge', `${bytes.length} bytes`)

  const bodyStart = headEnd(bytes, start)
  const text = utf8Decode(bytes.subarray(start, bodyStart < 0 ? bytes.length : bodyStart))
  const lineEnd = indexOrEnd(text, '\n', 0)
  const opening = parseStartLine(trimmed(text, 0, lineEnd))
  if (!opening.ok) return opening
  const { message, fault } = opening.value

  const headerFault = readHeaders(text, lineEnd + 1, message.headers)
  const firstFault = fault ?? headerFault
  if (firstFault !== undefined) return refuse(firstFault, message)
  if (bodyStart < 0) return refuse(['unterminated', 'no empty line after the headers'], message)

  const length = bodyLength(message.headers, bytes.length - bodyStart)
  if (typeof length !== 'number') return refuse(length, message)
  if (length > 0) message.body = bytes.slice(bodyStart, bodyStart + length)
  return ok(message)
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

/** The index after the empty line that ends the headers, or -1 when it is missing. */
export function headEnd(bytes: Uint8Array, start: number): number {
  for (let at = bytes.indexOf(LF, start); at >= 0; at = bytes.indexOf(LF, at + 1)) {
    if (bytes[at + 1] === LF) return at + 2
    if (bytes[at + 1] === CR && bytes[at + 2] === LF) return at + 3
  }
  return -1
}

type Fault = readonly [code: SipParseErrorCode, detail: string]

function fail(code: SipParseErrorCode, detail: string): Result<never, SipParseError> {
  return refuse([code, detail])
}

function refuse([code, detail]: Fault, message?: SipMessage): Result<never, SipParseError> {
  const status = code === 'version' ? 505 : code === 'tooLarge' ? 513 : 400
  return err(
    message?.kind === 'request' && isAnswerable(message)
      ? { code, detail, status, request: message }
      : { code, detail, status },
  )
}

function isAnswerable(request: SipRequest): boolean {
  return request.method !== 'ACK' && ['via', 'from', 'to', 'call-id', 'cseq'].every((name) => request.headers.has(name))
}

/** The message that the start line opens; with a `fault` when it must be refused once its headers are read. */
function parseStartLine(line: string): Result<{ message: SipMessage; fault?: Fault }, SipParseError> {
  return isVersionLike(line, 0) ? parseStatusLine(line) : parseRequestLine(line)
}

function parseStatusLine(line: string): Result<{ message: SipResponse }, SipParseError> {
  const codeAt = skipSpace(line, spaceFrom(line, 0))
  const codeEnd = spaceFrom(line, codeAt)
  if (!isVersion(line.slice(0, spaceFrom(line, 0)))) return fail('version', `response of ${line.slice(0, 20)}`)
  const status = codeEnd - codeAt === 3 ? parseInteger(line.slice(codeAt, codeEnd), 699) : -1
  if (status < 100) return fail('startLine', `status ${line.slice(codeAt, Math.min(codeEnd, codeAt + 20))}`)
  const phrase = oneSpace(line.slice(skipSpace(line, codeEnd)))
  return ok({ message: { kind: 'response', status, phrase, headers: new SipHeaders(), body: EMPTY_BODY } })
}

function parseRequestLine(line: string): Result<{ message: SipRequest; fault?: Fault }, SipParseError> {
  const methodEnd = spaceFrom(line, 0)
  let versionAt = line.length
  while (versionAt > methodEnd && !isSpace(line.charCodeAt(versionAt - 1))) versionAt--
  const method = line.slice(0, methodEnd)
  const version = line.slice(versionAt)
  if (!isVersionLike(version, 0) || !isToken(method)) return fail('startLine', `not SIP: ${line.slice(0, 40)}`)

  const uri = trimmed(line, methodEnd, versionAt)
  const message: SipRequest = { kind: 'request', method, uri, headers: new SipHeaders(), body: EMPTY_BODY }
  if (!isVersion(version)) return ok({ message, fault: ['version', `version ${version.slice(0, 20)}`] })
  if (uri === '') return ok({ message, fault: ['startLine', 'no Request-URI'] })
  if (spaceFrom(uri, 0) < uri.length) return ok({ message, fault: ['startLine', 'white space in the Request-URI'] })
  return ok({ message })
}

/** Adds every header line from `at` on; returns the first fault, having read all lines that are well-formed. */
function readHeaders(text: string, start: number, headers: SipHeaders): Fault | undefined {
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

function indexOrEnd(text: string, wanted: string, at: number): number {
  const index = text.indexOf(wanted, at)
  return index < 0 ? text.length : index
}

function isFold(code: number): boolean {
  return code === SPACE || code === TAB
}

/** `text` with each line break and the white space around it made one space (RFC 3261 section 7.3.1). */
function oneSpace(text: string): string {
  if (!text.includes('\n') && !text.includes('\r')) return text
  return text
    .split(/[\r\n]/)
    .map((line) => trimmed(line))
    .filter((line) => line !== '')
    .join(' ')
}

/** How many of the `available` bytes are body, or why that cannot be told. */
function bodyLength(headers: SipHeaders, available: number): number | Fault {
  const length = contentLength(headers)
  if (typeof length === 'string') return ['contentLength', length]
  if (length > available) return ['truncated', `Content-Length is ${length}, the body has ${available} bytes`]
  return length < 0 ? available : length
}

function spaceFrom(text: string, at: number): number {
  while (at < text.length && !isSpace(text.charCodeAt(at))) at++
  return at
}

/** Whether `SIP/` and a digit stand at `at`, in any case: something that claims to be SIP. */
function isVersionLike(text: string, at: number): boolean {
  return /^sip\/$/i.test(text.slice(at, at + 4)) && isDigit(text.charCodeAt(at + 4))
}

function isVersion(text: string): boolean {
  return text === 'SIP/2.0' || text.toUpperCase() === 'SIP/2.0'
}
