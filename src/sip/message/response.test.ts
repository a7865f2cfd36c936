import { describe, expect, it } from 'vitest'
import {
  addToTag,
  createResponse,
  parseMessage,
  REASON_PHRASES,
  reasonPhrase,
  type SipRequest,
  validateRequest,
} from './index.ts'
import { CALL, sip } from './test/samples.ts'

function request(bytes: Uint8Array): SipRequest {
  const result = parseMessage(bytes)
  if (!result.ok || result.value.kind !== 'request') throw new Error('no request')
  return result.value
}

function edited(from: RegExp | string, to: string): SipRequest {
  return request(sip(new TextDecoder().decode(CALL.bye).replace(from, to)))
}

describe('createResponse', () => {
  it('copies what a response must have, Record-Route only where it makes a dialog', () => {
    const invite = request(CALL.invite)
    const ringing = createResponse(invite, 180)
    expect(ringing.phrase).toBe('Ringing')
    for (const name of ['via', 'record-route', 'from', 'to', 'call-id', 'cseq']) {
      expect(ringing.headers.all(name), name).toEqual(invite.headers.all(name))
    }
    expect(ringing.headers.has('contact')).toBe(false)
    expect(createResponse(invite, 100).headers.has('record-route')).toBe(false)
    expect(createResponse(invite, 486, 'Not Now')).toMatchObject({ status: 486, phrase: 'Not Now' })
  })

  it('copies Timestamp into 100 only', () => {
    const invite = request(CALL.invite)
    invite.headers.add('Timestamp', '54')
    expect(createResponse(invite, 100).headers.get('timestamp')).toBe('54')
    expect(createResponse(invite, 200).headers.has('timestamp')).toBe(false)
  })

  it('gets a tag once', () => {
    const response = createResponse(request(CALL.invite), 200)
    addToTag(response, 'x1')
    addToTag(response, 'x2')
    expect(response.headers.get('to')).toBe('<sip:1234@192.0.2.1;user=phone>;tag=x1')
  })
})

it('every phrase has a status of its own class, and an unknown status the phrase of its class', () => {
  for (const status of Object.keys(REASON_PHRASES)) expect(Number(status)).toBeGreaterThanOrEqual(100)
  expect([reasonPhrase(404), reasonPhrase(499), reasonPhrase(699)]).toEqual([
    'Not Found',
    'Client Error',
    'Global Failure',
  ])
})

describe('validateRequest', () => {
  it('accepts what is in order, also without Max-Forwards', () => {
    expect(validateRequest(request(CALL.invite))).toBeUndefined()
    expect(validateRequest(request(CALL.ack))).toBeUndefined()
    expect(validateRequest(edited(/Max-Forwards.*\r\n/, ''))).toBeUndefined()
    expect(validateRequest(edited('sip:192.0.2.1:5060', 'tel:+12015550123'))).toBeUndefined()
  })

  it.each([
    [/Via.*\r\nVia.*\r\n/, '', '400 Missing or Malformed Via'],
    [/Via: SIP/, 'Via: SAP', undefined],
    [/;rport\r\n/, ';=\r\n', '400 Missing or Malformed Via'],
    [/From.*\r\n/, '', '400 Missing From'],
    [/From: "Alice Example" <sip:/, 'From: <', '400 Malformed From'],
    [/To.*\r\n/, '', '400 Missing To'],
    [/Call-ID.*\r\n/, '', '400 Missing Call-ID'],
    [/Call-ID.*\r\n/, 'Call-ID:\r\n', '400 Empty Call-ID'],
    [/CSeq/, 'CSeq: 1 BYE\r\nCSeq', '400 More Than One CSeq'],
    [/CSeq.*\r\n/, 'CSeq: BYE\r\n', '400 Malformed CSeq'],
    [/CSeq.*\r\n/, 'CSeq: 1 INVITE\r\n', '400 CSeq Method Does Not Match'],
    [/Max-Forwards: 69/, 'Max-Forwards: 256', '400 Malformed Max-Forwards'],
    [/sip:192.0.2.1:5060/, 'mailto:a@b', '416 Unsupported URI Scheme'],
    [/sip:192.0.2.1:5060/, '192.0.2.1', '400 Malformed Request-URI'],
    [/sip:192.0.2.1:5060/, 'sip:a?Subject=x', '400 Headers in the Request-URI'],
  ])('with %s made %j answers %j', (from, to, answer) => {
    const fault = validateRequest(edited(from, to))
    expect(fault && `${fault.status} ${fault.phrase}`).toBe(answer)
  })
})
