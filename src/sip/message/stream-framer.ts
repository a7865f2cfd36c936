import { utf8Decode } from '../../kit/index.ts'
import { contentLength, type Fault, headEnd, readHeaders, SIP_LIMITS } from './head.ts'
import { SipHeaders } from './headers.ts'
import { EMPTY_BODY } from './message.ts'
import { parseHead, refusal, type SipParseError } from './parse.ts'
import { CR, LF, SPACE, TAB } from './scan.ts'

export type FramerOutput =
  /** One whole message; the bytes are the reader's own. */
  | { readonly type: 'message'; readonly bytes: Uint8Array }
  /** The peer's keep-alive, CRLFCRLF between messages: answer it with {@link PONG} (RFC 5626 section 4.4.1). */
  | { readonly type: 'ping' }
  /** The answer to a ping of ours: the CRLF that {@link SipStreamFramer.expectPong} has announced. */
  | { readonly type: 'pong' }
  /** The stream cannot be read any further: answer `error.request` if there is one, and close. Comes once, as the last. */
  | { readonly type: 'broken'; readonly error: SipParseError }

/** The answer to a ping. */
export const PONG: Uint8Array = new Uint8Array([CR, LF])

/**
 * Cuts a byte stream (TCP, TLS) into SIP messages by their Content-Length, which a stream cannot do without (RFC
 * 3261 section 18.3). Give it what arrives with `handle`, then take outputs with `poll` until it returns
 * `undefined`. How the bytes were cut on their way makes no difference, and time is linear in them.
 *
 *     between messages --first byte that is no line break--> head --empty line--> body --Content-Length bytes--> between
 *     anywhere --no or bad Content-Length, message longer than the limit--> broken
 */
export class SipStreamFramer {
  readonly #limit: number
  #buffer: Uint8Array = EMPTY_BODY
  #start = 0
  #end = 0
  /** Up to here the buffer is known to hold no end of the head. */
  #searched = 0
  /** The length of the message at `#start` once its head is there; 0 before. */
  #messageLength = 0
  /** Whether an odd number of CRLFs has come since the last message or ping. */
  #isHalfPing = false
  #isPongExpected = false
  #isBroken = false

  /** @param messageBytes The longest message that is let through, in bytes. */
  constructor(messageBytes: number = SIP_LIMITS.messageBytes) {
    this.#limit = messageBytes
  }

  /** Takes what arrived; keeps no reference to it. After `broken` everything is ignored. */
  handle(bytes: Uint8Array): void {
    if (this.#isBroken) return
    this.#reserve(bytes.length)
    this.#buffer.set(bytes, this.#end)
    this.#end += bytes.length
  }

  /** A ping has been sent: the next CRLF between messages is its answer, if it comes at all. */
  expectPong(): void {
    this.#isPongExpected = true
  }

  /** The next output, or `undefined` when more bytes are needed. */
  poll(): FramerOutput | undefined {
    if (this.#isBroken) return undefined
    if (this.#messageLength === 0) {
      const signal = this.#skipLineBreaks()
      if (signal !== undefined) return { type: signal }
      const fault = this.#readHead()
      if (fault !== undefined) return this.#break(fault)
      if (this.#messageLength === 0) return undefined
    }
    const end = this.#start + this.#messageLength
    if (end > this.#end) return undefined
    const bytes = this.#buffer.slice(this.#start, end)
    this.#start = end
    this.#messageLength = 0
    this.#isHalfPing = false
    if (this.#start === this.#end) this.#release()
    return { type: 'message', bytes }
  }

  /** Skips the line breaks between two messages, up to what they mean. */
  #skipLineBreaks(): 'ping' | 'pong' | undefined {
    while (this.#start < this.#end) {
      const byte = this.#buffer[this.#start]
      if (byte === LF) {
        this.#start++
      } else if (byte === CR && this.#start + 1 < this.#end) {
        this.#start++
        if (this.#buffer[this.#start] !== LF) continue
        this.#start++
        if (this.#isPongExpected) {
          this.#isPongExpected = false
          return 'pong'
        }
        this.#isHalfPing = !this.#isHalfPing
        if (!this.#isHalfPing) return 'ping'
      } else {
        break
      }
    }
    if (this.#start === this.#end) this.#release()
    return undefined
  }

  /** Looks for the end of the head at `#start` and sets `#messageLength` when it is there. */
  #readHead(): Fault | undefined {
    const available = this.#buffer.subarray(this.#start, this.#end)
    const bodyStart = headEnd(available, this.#searched)
    if (bodyStart < 0) {
      // The last three bytes may be the beginning of the empty line.
      this.#searched = Math.max(available.length - 3, 0)
      return available.length > this.#limit ? ['tooLarge', `${available.length} bytes without an end`] : undefined
    }
    this.#searched = 0
    const length = contentLength(lengthHeaders(available.subarray(0, bodyStart)))
    if (typeof length === 'string') return ['contentLength', length]
    if (length < 0) return ['contentLength', 'no Content-Length on a stream']
    if (bodyStart + length > this.#limit) return ['tooLarge', `${bodyStart + length} bytes announced`]
    this.#messageLength = bodyStart + length
    return undefined
  }

  #break(fault: Fault): FramerOutput {
    const end = Math.min(this.#end, this.#start + this.#limit)
    const head = parseHead(this.#buffer.subarray(this.#start, end))
    this.#isBroken = true
    this.#release()
    return { type: 'broken', error: refusal(fault, head.ok ? head.value.message : undefined) }
  }

  /** Makes room for `length` more bytes; doubles, so that a message in single bytes is still copied only linearly. */
  #reserve(length: number): void {
    if (this.#end + length <= this.#buffer.length) return
    const kept = this.#end - this.#start
    const isRoomy = kept + length <= this.#buffer.length / 2
    const target = isRoomy ? this.#buffer : new Uint8Array(Math.max(kept + length, kept * 2))
    target.set(this.#buffer.subarray(this.#start, this.#end))
    this.#buffer = target
    this.#start = 0
    this.#end = kept
  }

  /** Forgets the empty buffer: an idle connection holds no memory. */
  #release(): void {
    this.#buffer = EMPTY_BODY
    this.#start = 0
    this.#end = 0
    this.#searched = 0
  }
}

/** Only the lines of a head that may be Content-Length (or its compact form), read as `parseMessage` reads them. */
function lengthHeaders(head: Uint8Array): SipHeaders {
  const headers = new SipHeaders()
  for (let at = nextLine(head, 0); at < head.length; ) {
    let end = nextLine(head, at)
    while (head[end] === SPACE || head[end] === TAB) end = nextLine(head, end)
    const initial = (head[at] as number) | 0x20
    if (initial === 0x63 || initial === 0x6c) readHeaders(utf8Decode(head.subarray(at, end)), 0, headers)
    at = end
  }
  return headers
}

function nextLine(bytes: Uint8Array, at: number): number {
  const lineEnd = bytes.indexOf(LF, at)
  return lineEnd < 0 ? bytes.length : lineEnd + 1
}
