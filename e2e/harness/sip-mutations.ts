import { readdirSync, readFileSync } from 'node:fs'
import { seeded } from './audio.ts'

/** A message that went through the mill, and how to know the answers to it. */
export interface HostileMessage {
  readonly bytes: Buffer
  /** Whether it still begins as an INVITE, whose answers are more than one and are repeated by right. */
  readonly isInvite: boolean
}

/**
 * The number of a message stands in its branch and in its Call-ID, with a check number: a wound must not make it the
 * number of another.
 */
const MARK = /m(\d+)c(\d+)m/

const FIXTURES = new URL('../../src/sip/message/test/rfc4475/', import.meta.url)

/**
 * An endless supply of damaged SIP: valid messages and those of RFC 4475, each with one to four wounds. The same seed
 * gives the same messages.
 */
export class SipMutations {
  readonly #random: () => number
  readonly #templates: readonly Buffer[]
  #number = 0

  /** @param callee a SIP address of the exchange, @param sender where answers shall go, both `address:port` */
  constructor(seed: number, callee: string, sender: string) {
    this.#random = seeded(seed)
    const fixtures = readdirSync(FIXTURES).map((name) => readFileSync(new URL(name, FIXTURES)))
    const valid = templates(callee, sender).map((text) => Buffer.from(text, 'latin1'))
    // The valid ones three times over: a message that is damaged twice mostly does not get past the first check.
    this.#templates = [...fixtures, ...valid, ...valid, ...valid]
  }

  next(): HostileMessage {
    this.#number += 1
    let bytes = this.#numbered(this.#pick(this.#templates))
    for (let wounds = 1 + this.#below(4); wounds > 0; wounds -= 1) bytes = this.#wound(bytes)
    return { bytes: bytes.subarray(0, 60_000), isInvite: /^\s*INVITE\s/.test(bytes.toString('latin1', 0, 40)) }
  }

  #numbered(template: Buffer): Buffer {
    const mark = `m${this.#number}c${checkOf(this.#number)}m`
    const text = template.toString('latin1')
    return Buffer.from(
      text.replaceAll('branch=z9hG4bK', `branch=z9hG4bK${mark}`).replace(/^(Call-ID|i)[ \t]*:[ \t]*/im, `$&${mark}`),
      'latin1',
    )
  }

  #wound(bytes: Buffer): Buffer {
    const at = this.#below(bytes.length + 1)
    const length = 1 + this.#below(this.#below(10) === 0 ? 400 : 12)
    const before = bytes.subarray(0, at)
    switch (this.#below(12)) {
      case 0: // One byte is another.
        return Buffer.concat([before, Buffer.of(this.#below(256)), bytes.subarray(at + 1)])
      case 1: // A bit flips.
        return Buffer.concat([before, Buffer.of((bytes[at] ?? 0) ^ (1 << this.#below(8))), bytes.subarray(at + 1)])
      case 2: // Something is missing.
        return Buffer.concat([before, bytes.subarray(at + length)])
      case 3: // Something stands twice.
        return Buffer.concat([before, bytes.subarray(at, at + length), bytes.subarray(at)])
      case 4: // Noise.
        return Buffer.concat([before, Buffer.from(Array.from({ length }, () => this.#below(256))), bytes.subarray(at)])
      case 5: // Cut off.
        return this.#below(3) === 0 ? Buffer.from(before) : bytes
      case 6: // A piece of SIP where it does not belong.
        return Buffer.concat([before, Buffer.from(this.#pick(PIECES), 'latin1'), bytes.subarray(at)])
      case 7: // A number becomes another.
        return this.#edit(bytes, /\d+/g, () => this.#pick(NUMBERS))
      case 8: // A line is missing, or stands twice, or is somebody else's.
        return this.#editLines(bytes)
      case 9: // A separator becomes another.
        return this.#edit(bytes, /[<>;,:"=@ ]/g, () => this.#pick([...'<>;,:"=@ \t\\%[]']))
      case 10: // A line ends otherwise.
        return this.#edit(bytes, /\r\n/g, () => this.#pick(['\n', '\r', '\r\n ', '\r\n\r\n', '\0', '\r\r\n']))
      default: // One character, very often.
        return Buffer.concat([before, Buffer.alloc(this.#below(4000), this.#below(256)), bytes.subarray(at)])
    }
  }

  #edit(bytes: Buffer, what: RegExp, replacement: () => string): Buffer {
    const text = bytes.toString('latin1')
    const places = [...text.matchAll(what)]
    if (places.length === 0) return bytes
    const place = this.#pick(places)
    return Buffer.from(text.slice(0, place.index) + replacement() + text.slice(place.index + place[0].length), 'latin1')
  }

  #editLines(bytes: Buffer): Buffer {
    const lines = bytes.toString('latin1').split('\r\n')
    const at = this.#below(lines.length)
    const other = lines[this.#below(lines.length)] ?? ''
    const inserted = [[], [lines[at] ?? '', lines[at] ?? ''], [other], [this.#pick(PIECES), lines[at] ?? '']]
    lines.splice(at, 1, ...this.#pick(inserted))
    return Buffer.from(lines.join('\r\n'), 'latin1')
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit)
  }

  #pick<Value>(values: readonly Value[]): Value {
    return values[this.#below(values.length)] as Value
  }
}

/** The number of the message that an answer belongs to; `undefined` when the wounds took it away. */
export function numberOf(answer: string): number | undefined {
  const [, digits, check] = MARK.exec(answer) ?? []
  return digits !== undefined && check === checkOf(Number(digits)) ? Number(digits) : undefined
}

function checkOf(number: number): string {
  return String((number * 7919 + 104_729) % 999_983)
}

const NUMBERS = [
  '0',
  '-1',
  '4294967296',
  '18446744073709551616',
  '99999999999999999999999',
  '1e9',
  '00000000000001',
  '',
]

// No branch with the magic cookie here: all messages with this piece would be one transaction, answered as such.
const PIECES = [
  'SIP/2.0',
  'Via: SIP/2.0/UDP 127.0.0.1:1;branch=1;rport;received=1.2.3.4',
  'Content-Length: 999999999',
  'Content-Length: -5',
  'Max-Forwards: 0',
  'Require: 100rel, timer, nothing',
  'Proxy-Require: nothing',
  'Route: <sip:127.0.0.1:9;lr>',
  'Record-Route: <sip:a;lr>,<sip:b;lr>',
  'Contact: *',
  '%00%0d%0a',
  '"unclosed',
  '<sip:a@[::1]:99999;transport=sctp>',
  '\\\\\\',
  '\0\0\0\0',
  '\r\n\r\n',
  'm=audio 70000 RTP/AVP 0 8 101',
  'a=rtpmap:0 PCMU/0',
]

function templates(callee: string, sender: string): string[] {
  const body = [
    'v=0',
    `o=- 1 1 IN IP4 ${sender.split(':')[0]}`,
    's=-',
    `c=IN IP4 ${sender.split(':')[0]}`,
    't=0 0',
    'm=audio 40000 RTP/AVP 0 8 101',
    'a=rtpmap:101 telephone-event/8000',
    '',
  ].join('\r\n')
  const message = (start: string, cseq: string, toTag: string, more: readonly string[] = [], content = '') =>
    [
      start,
      `Via: SIP/2.0/UDP ${sender};branch=z9hG4bKx;rport`,
      'Max-Forwards: 70',
      `From: "A. Caller" <sip:caller@${sender}>;tag=1928301774`,
      `To: <sip:answer@${callee}>${toTag}`,
      'Call-ID: a84b4c76e66710',
      `CSeq: 314159 ${cseq}`,
      `Contact: <sip:caller@${sender}>`,
      ...more,
      ...(content === '' ? [] : ['Content-Type: application/sdp']),
      `Content-Length: ${content.length}`,
      '',
      content,
    ].join('\r\n')
  const request = (method: string, toTag = '', more: readonly string[] = [], content = '') =>
    message(`${method} sip:answer@${callee} SIP/2.0`, method, toTag, more, content)
  const tag = ';tag=unknown'
  return [
    request('INVITE', '', ['Supported: timer, 100rel', 'Session-Expires: 1800;refresher=uac'], body),
    request('INVITE', tag, [], body),
    request('OPTIONS', '', ['Accept: application/sdp']),
    request('OPTIONS', tag),
    request('ACK', tag),
    request('BYE', tag, ['Reason: Q.850;cause=16;text="Normal call clearing"']),
    request('CANCEL'),
    request('REGISTER', '', [
      'Expires: 3600',
      'Authorization: Digest username="a", realm="b", nonce="c", uri="d", response="e"',
    ]),
    request('INFO', tag, ['Info-Package: dtmf'], 'Signal=5\r\nDuration=160\r\n'),
    request('MESSAGE', '', [], 'hello'),
    request('PRACK', tag, ['RAck: 1 314159 INVITE']),
    request('UPDATE', tag, [], body),
    request('SUBSCRIBE', '', ['Event: presence', 'Expires: 60']),
    request('NOTIFY', tag, ['Event: refer', 'Subscription-State: active']),
    request('REFER', tag, [`Refer-To: <sip:x@${sender}>`]),
    message('SIP/2.0 180 Ringing', 'INVITE', tag),
    message('SIP/2.0 200 OK', 'INVITE', tag, [], body),
    message('SIP/2.0 486 Busy Here', 'INVITE', tag),
    message('SIP/2.0 401 Unauthorized', 'REGISTER', tag, ['WWW-Authenticate: Digest realm="x", nonce="y"']),
  ]
}
