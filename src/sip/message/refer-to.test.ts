import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseMessage } from './parse.ts'
import { parseReferTo, printReferTo, referToOf } from './refer-to.ts'
import { parseReplaces, printReplaces } from './replaces.ts'
import { printSipfrag, sipfragStatusOf } from './sipfrag.ts'
import { parseEvent, parseSubscriptionState } from './subscription.ts'

const read = <T>(result: { ok: boolean; value?: T }): T | undefined => (result.ok ? result.value : undefined)

function message(lines: string, body = '') {
  const head = 'NOTIFY sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1\r\n'
  const parsed = parseMessage(new TextEncoder().encode(`${head}${lines}Content-Length: ${body.length}\r\n\r\n${body}`))
  if (!parsed.ok) throw new Error(parsed.error.detail)
  return parsed.value
}

describe('Replaces', () => {
  it('is read and printed', () => {
    const replaces = { callId: '98732@sip.example.com', toTag: 'r33th4x0r', fromTag: 'ff87ff', earlyOnly: false }
    expect(read(parseReplaces('98732@sip.example.com ;from-tag=ff87ff ; to-tag=r33th4x0r'))).toEqual(replaces)
    expect(read(parseReplaces(printReplaces({ ...replaces, earlyOnly: true })))).toEqual({
      ...replaces,
      earlyOnly: true,
    })
  })

  it.each([
    '',
    ';to-tag=1;from-tag=2',
    'a;to-tag=1',
    'a;from-tag=1',
    'a;to-tag=;from-tag=2',
    'a b;to-tag=1;from-tag=2',
    'a;to-tag="1',
  ])('"%s" is none', (value) => {
    expect(parseReplaces(value).ok).toBe(false)
  })
})

describe('Refer-To', () => {
  it('may ask for another method and name a dialog to replace', () => {
    expect(
      read(
        parseReferTo(
          '<sip:dave@denver.example.org?Replaces=12345%40192.168.118.3%3Bto-tag%3D12345%3Bfrom-tag%3D5FFE-3994&Subject=x>',
        ),
      ),
    ).toEqual({
      uri: 'sip:dave@denver.example.org',
      method: 'INVITE',
      replaces: { callId: '12345@192.168.118.3', toTag: '12345', fromTag: '5FFE-3994', earlyOnly: false },
      headers: [['Subject', 'x']],
    })
    expect(read(parseReferTo('sip:conf44@example.com;isfocus'))).toMatchObject({ uri: 'sip:conf44@example.com' })
    expect(read(parseReferTo('"Carol" <sip:carol@cleveland.example.org;method=SUBSCRIBE>'))).toMatchObject({
      uri: 'sip:carol@cleveland.example.org',
      method: 'SUBSCRIBE',
    })
    expect(read(parseReferTo('<tel:+1-201-555-0123>'))).toMatchObject({ uri: 'tel:+1-201-555-0123' })
  })

  it('comes back as it was printed', () => {
    const replaces = { callId: 'a;b=c&d@e', toTag: 't', fromTag: 'f', earlyOnly: false }
    // A semicolon would end the Call-ID; our own never have one.
    const sane = { ...replaces, callId: 'a=c&d@e' }
    expect(read(parseReferTo(printReferTo('sip:x@y;user=phone', sane)))).toEqual({
      uri: 'sip:x@y;user=phone',
      method: 'INVITE',
      replaces: sane,
      headers: [],
    })
    expect(printReferTo('sip:x@y')).toBe('<sip:x@y>')
  })

  it.each(['', '<>', '<mailto:a@b>', '<sip:a@b?Replaces=nothing>'])('"%s" is none', (value) => {
    expect(parseReferTo(value).ok).toBe(false)
  })

  it('is there once', () => {
    expect(referToOf(message('').headers).ok).toBe(false)
    expect(referToOf(message('r: <sip:a@b>\r\n').headers)).toMatchObject({ ok: true })
    expect(referToOf(message('Refer-To: <sip:a@b>\r\nRefer-To: <sip:c@d>\r\n').headers).ok).toBe(false)
  })
})

describe('the body of a report', () => {
  it('begins with a status line', () => {
    const type = 'Content-Type: message/sipfrag;version=2.0\r\n'
    expect(sipfragStatusOf(message(type, 'SIP/2.0 603 Declined\r\n'))).toEqual({ status: 603, phrase: 'Declined' })
    expect(sipfragStatusOf(message(type, 'SIP/2.0 200 OK\r\nContact: <sip:x@y>\r\n\r\n'))).toEqual({
      status: 200,
      phrase: 'OK',
    })
    expect(sipfragStatusOf(message('Content-Type: Message/SipFrag\r\n', 'SIP/2.0 180'))).toEqual({
      status: 180,
      phrase: '',
    })
    expect(sipfragStatusOf(message(type, 'HTTP/1.1 200 OK'))).toBeUndefined()
    expect(sipfragStatusOf(message('Content-Type: text/plain\r\n', 'SIP/2.0 200 OK'))).toBeUndefined()
    expect(sipfragStatusOf(message('', ''))).toBeUndefined()
    expect(new TextDecoder().decode(printSipfrag({ status: 486, phrase: 'Busy\r\nHere' }))).toBe(
      'SIP/2.0 486 Busy  Here\r\n',
    )
  })
})

describe('Event and Subscription-State', () => {
  it('are read', () => {
    expect(read(parseEvent(' Refer ; id=93809824'))).toEqual({ name: 'refer', id: '93809824' })
    expect(read(parseEvent('refer'))).toEqual({ name: 'refer' })
    expect(parseEvent('').ok).toBe(false)
    expect(read(parseSubscriptionState('active;expires=60'))).toEqual({ state: 'active', expiresS: 60 })
    expect(read(parseSubscriptionState('Terminated;reason=NoResource'))).toEqual({
      state: 'terminated',
      reason: 'noresource',
    })
    expect(parseSubscriptionState(';expires=1').ok).toBe(false)
  })

  it('never throw', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        for (const parse of [parseEvent, parseSubscriptionState, parseReplaces, parseReferTo]) parse(text)
      }),
    )
  })
})
