import { type BytePool, concatBytes, utf8Encode } from '../../kit/index.ts'
import type { SipMessage } from './message.ts'

/**
 * The bytes of a message, ready to be sent. Content-Length is filled in from the body (RFC 3261 section 20.14),
 * whatever the headers say; names are printed in their long form.
 *
 * @param pool where they are cut from. Default: an array of their own
 */
export function printMessage(message: SipMessage, pool?: BytePool): Uint8Array {
  const head = `${startLine(message)}\r\n${message.headers.toText()}Content-Length: ${message.body.length}\r\n\r\n`
  if (pool !== undefined) return pool.encode(head, message.body)
  return message.body.length === 0 ? utf8Encode(head) : concatBytes(utf8Encode(head), message.body)
}

/**
 * About how long the printed message is, in octets: the sum of its parts, where a letter beyond ASCII counts as one. Costs
 * next to nothing, as nothing is printed.
 */
export function printedLength(message: SipMessage): number {
  const first = message.kind === 'request' ? message.method.length + message.uri.length : message.phrase.length + 4
  return first + message.headers.textLength + message.body.length + FRAME_LENGTH
}

/** The rest of the first line, Content-Length, and the empty line. */
const FRAME_LENGTH = ' SIP/2.0 \r\nContent-Length: 1000\r\n\r\n'.length

/** The first line without its line break, for example `INVITE sip:bob@example.com SIP/2.0`; one line in any case. */
export function startLine(message: SipMessage): string {
  const line =
    message.kind === 'request'
      ? `${message.method} ${message.uri} SIP/2.0`
      : `SIP/2.0 ${message.status} ${message.phrase}`
  return line.includes('\n') || line.includes('\r') ? line.replace(/[\r\n]+/g, ' ') : line
}
