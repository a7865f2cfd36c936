import { err, ok, type Result, utf8Decode } from '../../kit/index.ts'
import {
  contentLength,
  type Fault,
  headEnd,
  indexOrEnd,
  oneSpace,
  readHeaders,
  SIP_LIMITS,
  type SipParseErrorCode,
} from './head.ts'
import { SipHeaders } from './headers.ts'
import { EMPTY_BODY, type SipMessage, type SipRequest } from './message.ts'
import { CR, isDigit, isSpace, isToken, LF, parseInteger, skipSpace, trimmed } from './scan.ts'

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
  const head = parseHead(bytes.subarray(start, bodyStart < 0 ? bytes.length : bodyStart))
  if (!head.ok) return head
  const { message, fault } = head.value
  if (fault !== undefined) return err(refusal(fault, message))
  if (bodyStart < 0) return err(refusal(['unterminated', 'no empty line after the headers'], message))

  const length = bodyLength(message.headers, bytes.length - bodyStart)
  if (typeof length !== 'number') return err(refusal(length, message))
  if (length > 0) message.body = bytes.slice(bodyStart, bodyStart + length)
  return ok(message)
}

/** The message without its body; with the first `fault` when it must be refused, though its headers were read. */
export function parseHead(
  bytes: Uint8Array,
): Result<{ message: SipMessage; fault?: Fault | undefined }, SipParseError> {
  const text = utf8Decode(bytes)
  const lineEnd = indexOrEnd(text, '\n', 0)
  const line = oneSpace(trimmed(text, 0, lineEnd))
  const opening = isVersionLike(line) ? parseStatusLine(line) : parseRequestLine(line)
  if (!opening.ok) return opening
  const { message, fault } = opening.value
  const headerFault = readHeaders(text, lineEnd + 1, message.headers)
  return ok({ message, fault: fault ?? headerFault })
}

/** The error that a fault makes, with the request to answer when that can be done. */
export function refusal([code, detail]: Fault, message?: SipMessage): SipParseError {
  const status = code === 'version' ? 505 : code === 'tooLarge' ? 513 : 400
  const isAnswer = message?.kind === 'request' && isAnswerable(message)
  return isAnswer ? { code, detail, status, request: message } : { code, detail, status }
}

function fail(code: SipParseErrorCode, detail: string): Result<never, SipParseError> {
  return err(refusal([code, detail]))
}

function isAnswerable(request: SipRequest): boolean {
  return request.method !== 'ACK' && ['via', 'from', 'to', 'call-id', 'cseq'].every((name) => request.headers.has(name))
}

/** What a start line opens; with a `fault` when it must be refused once its headers are read. */
type Opening = Result<{ readonly message: SipMessage; readonly fault?: Fault }, SipParseError>

function parseStatusLine(line: string): Opening {
  const codeAt = skipSpace(line, spaceFrom(line, 0))
  const codeEnd = spaceFrom(line, codeAt)
  if (!isVersion(line.slice(0, spaceFrom(line, 0)))) return fail('version', `response of ${line.slice(0, 20)}`)
  const status = codeEnd - codeAt === 3 ? parseInteger(line.slice(codeAt, codeEnd), 699) : -1
  if (status < 100) return fail('startLine', `status ${line.slice(codeAt, Math.min(codeEnd, codeAt + 20))}`)
  const phrase = line.slice(skipSpace(line, codeEnd))
  return ok({ message: { kind: 'response', status, phrase, headers: new SipHeaders(), body: EMPTY_BODY } })
}

function parseRequestLine(line: string): Opening {
  const methodEnd = spaceFrom(line, 0)
  let versionAt = line.length
  while (versionAt > methodEnd && !isSpace(line.charCodeAt(versionAt - 1))) versionAt--
  const method = line.slice(0, methodEnd)
  const version = line.slice(versionAt)
  if (!isVersionLike(version) || !isToken(method)) return fail('startLine', `not SIP: ${line.slice(0, 40)}`)

  const uri = trimmed(line, methodEnd, versionAt)
  const message: SipRequest = { kind: 'request', method, uri, headers: new SipHeaders(), body: EMPTY_BODY }
  if (!isVersion(version)) return ok({ message, fault: ['version', `version ${version.slice(0, 20)}`] })
  if (uri === '') return ok({ message, fault: ['startLine', 'no Request-URI'] })
  if (spaceFrom(uri, 0) < uri.length) return ok({ message, fault: ['startLine', 'white space in the Request-URI'] })
  return ok({ message })
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

/** Whether `text` starts with `SIP/` and a digit, in any case: something that claims to be SIP. */
function isVersionLike(text: string): boolean {
  return text.slice(0, 4).toUpperCase() === 'SIP/' && isDigit(text.charCodeAt(4))
}

function isVersion(text: string): boolean {
  return text === 'SIP/2.0' || text.toUpperCase() === 'SIP/2.0'
}
