import { describe, expect, it } from 'vitest'
import {
  parseAuthParams,
  parseContacts,
  parseContentType,
  parseCSeq,
  parseDeltaSeconds,
  parseMaxForwards,
  parseNameAddr,
  parseRAck,
  parseReason,
  parseRSeq,
  parseSessionExpires,
  parseVia,
  printChallenge,
  printContentType,
  printCredentials,
  printCSeq,
  printNameAddr,
  printRAck,
  printReason,
  printSessionExpires,
  printVia,
  reasonOf,
  SipHeaders,
  uniqueBranch,
  withParam,
} from './index.ts'

describe('addresses', () => {
  it.each([
    ['<sip:a@b>', { uri: 'sip:a@b' }],
    ['sip:a@b;tag=1', { uri: 'sip:a@b', params: new Map([['tag', '1']]) }],
    ['sip:a@b ;\ttag = 1', { uri: 'sip:a@b', params: new Map([['tag', '1']]) }],
    ['"A \\"B\\" <C>" <sip:a@b;lr>;Q=0.5', { displayName: 'A "B" <C>', uri: 'sip:a@b;lr' }],
    ['Alice Example<sip:a@b>', { displayName: 'Alice Example', uri: 'sip:a@b' }],
    ['Élise (home) <sip:a@b>', { displayName: 'Élise (home)' }],
    ['"" <sip:a@b>', { uri: 'sip:a@b' }],
    [
      '<sip:a@b>;x="a;b\\"c";tag=2;',
      {
        params: new Map([
          ['x', 'a;b"c'],
          ['tag', '2'],
        ]),
      },
    ],
  ])('reads %s', (text, address) => {
    expect(parseNameAddr(text)).toMatchObject({ ok: true, value: address })
  })

  it.each([
    '',
    '<>',
    '"A <sip:a@b>',
    '<sip:a@b',
    '<sip:a@b> x',
    '<sip:a@b>;x="1',
    '<sip:a@b>;=1',
    'sip:a@b?x=1',
    'A B',
  ])('refuses %j', (text) => {
    expect(parseNameAddr(text).ok).toBe(false)
  })

  it('are printed with brackets and quotes', () => {
    const params = new Map([
      ['tag', 'x'],
      ['lr', ''],
      ['text', 'a "b"'],
      ['received', '[::1]'],
    ])
    expect(printNameAddr({ displayName: 'A "B"', uri: 'sip:a@b', params })).toBe(
      '"A \\"B\\"" <sip:a@b>;tag=x;lr;text="a \\"b\\"";received=[::1]',
    )
    expect(printNameAddr({ uri: 'sip:a@b', params: withParam(params, 'TAG', undefined) })).not.toContain('tag')
  })

  it('of Contact may be a star', () => {
    const headers = new SipHeaders()
    expect(parseContacts(headers)).toEqual({ ok: true, value: [] })
    headers.add('Contact', '*')
    expect(parseContacts(headers)).toEqual({ ok: true, value: '*' })
    headers.add('Contact', '<sip:a>, sip:b;expires=0')
    headers.shift('contact')
    expect(parseContacts(headers)).toMatchObject({ ok: true, value: [{ uri: 'sip:a' }, { uri: 'sip:b' }] })
  })
})

describe('Via', () => {
  it('is read and printed with all its parts', () => {
    const text = 'SIP/2.0/TLS [2001:db8::1]:5061;branch=z9hG4bKx;rport=4;received=2001:db8::2'
    const via = parseVia(text)
    expect(via).toEqual({
      ok: true,
      value: {
        transport: 'TLS',
        host: '[2001:db8::1]',
        port: 5061,
        params: new Map([
          ['branch', 'z9hG4bKx'],
          ['rport', '4'],
          ['received', '2001:db8::2'],
        ]),
      },
    })
    expect(via.ok && printVia(via.value)).toBe(text)
  })

  it('takes white space and any case, and keeps another protocol', () => {
    expect(parseVia(' sip / 2.0 / udp \t host_1.example.com : 5060 ; rport ; branch = 1')).toMatchObject({
      ok: true,
      value: { transport: 'UDP', host: 'host_1.example.com', port: 5060 },
    })
    const other = parseVia('SIP/7.0/UDP a')
    expect(other.ok && printVia(other.value)).toBe('SIP/7.0/UDP a')
  })

  it.each(['', 'SIP/2.0', 'SIP/2.0/UDP', 'SIP/2.0/ host', 'SIP//UDP host', 'SIP/2.0/UDP ;branch=1', 'SIP/2.0/UDP a:x'])(
    'refuses %j',
    (text) => {
      expect(parseVia(text).ok).toBe(false)
    },
  )

  it('has a unique branch only with more than the cookie', () => {
    const branch = (value: string): string | undefined => {
      const via = parseVia(`SIP/2.0/UDP a;branch=${value}`)
      return via.ok ? uniqueBranch(via.value) : undefined
    }
    expect(['z9hG4bK1', 'z9hG4bK', '1'].map(branch)).toEqual(['z9hG4bK1', undefined, undefined])
  })
})

describe('numbers', () => {
  it('CSeq', () => {
    expect(parseCSeq(' 0009 \t INVITE ')).toEqual({ ok: true, value: { number: 9, method: 'INVITE' } })
    expect(printCSeq({ number: 9, method: 'INVITE' })).toBe('9 INVITE')
    expect(parseCSeq('2147483647 BYE').ok).toBe(true)
    for (const text of ['', '1', 'BYE', '-1 BYE', '1.5 BYE', '2147483648 BYE', '1 B YE', '1BYE']) {
      expect(parseCSeq(text).ok, text).toBe(false)
    }
  })

  it('RAck and RSeq', () => {
    const rack = { rseq: 776656, cseq: { number: 1, method: 'INVITE' } }
    expect(parseRAck('776656 1 INVITE')).toEqual({ ok: true, value: rack })
    expect(printRAck(rack)).toBe('776656 1 INVITE')
    for (const text of ['', '1', '1 INVITE', '0 1 INVITE', '4294967296 1 INVITE'])
      expect(parseRAck(text).ok).toBe(false)
    expect([parseRSeq('4294967295').ok, parseRSeq('0').ok, parseRSeq('x').ok]).toEqual([true, false, false])
  })

  it('Max-Forwards and spans of seconds', () => {
    expect(parseMaxForwards(' 070 ')).toEqual({ ok: true, value: 70 })
    for (const text of ['256', '-1', '', '1x']) expect(parseMaxForwards(text).ok, text).toBe(false)
    expect(parseDeltaSeconds('120 (busy);duration=5')).toEqual({ ok: true, value: 120 })
    expect(parseDeltaSeconds('90;refresher=uac')).toEqual({ ok: true, value: 90 })
    for (const text of ['', 'x', '1x', '-5']) expect(parseDeltaSeconds(text).ok, text).toBe(false)
  })

  it('Session-Expires', () => {
    expect(parseSessionExpires(' 1800 ; refresher = UAC;x=1')).toEqual({
      ok: true,
      value: { seconds: 1800, refresher: 'uac' },
    })
    expect(parseSessionExpires('90;refresher=me')).toEqual({ ok: true, value: { seconds: 90 } })
    for (const text of ['', 'x', '-1', '90 seconds', '2147483648'])
      expect(parseSessionExpires(text).ok, text).toBe(false)
    expect(printSessionExpires({ seconds: 90, refresher: 'uas' })).toBe('90;refresher=uas')
    expect(printSessionExpires({ seconds: 90 })).toBe('90')
  })
})

describe('Reason', () => {
  it('is found by its protocol', () => {
    const headers = new SipHeaders()
    headers.add('Reason', 'SIP ;cause=200 ;text="Call completed elsewhere", q.850;cause=16')
    expect(reasonOf(headers, 'SIP')).toEqual({ protocol: 'SIP', cause: 200, text: 'Call completed elsewhere' })
    expect(reasonOf(headers, 'Q.850')).toEqual({ protocol: 'Q.850', cause: 16 })
    expect(reasonOf(new SipHeaders(), 'SIP')).toBeUndefined()
  })

  it('is printed', () => {
    expect(printReason({ protocol: 'Q.850', cause: 17, text: 'User "busy"' })).toBe(
      'Q.850;cause=17;text="User \\"busy\\""',
    )
    expect(parseReason(';cause=1').ok).toBe(false)
    expect(parseReason('SIP;cause=x')).toEqual({ ok: true, value: { protocol: 'SIP' } })
  })
})

it('Content-Type is read in lower case and printed', () => {
  const type = parseContentType(' Multipart / Mixed ; boundary="a b"')
  expect(type).toEqual({ ok: true, value: { type: 'multipart/mixed', params: new Map([['boundary', 'a b']]) } })
  expect(type.ok && printContentType(type.value)).toBe('multipart/mixed;boundary="a b"')
  for (const text of ['', 'text', 'text/', '/plain', 'text/plain x'])
    expect(parseContentType(text).ok, text).toBe(false)
})

describe('authentication parameters', () => {
  it('are read from a challenge and printed', () => {
    const text = 'Digest realm="a, \\"b\\"", nonce="n=", algorithm=SHA-256, qop="auth,auth-int", stale=TRUE'
    const challenge = parseAuthParams(text)
    expect(challenge).toEqual({
      ok: true,
      value: {
        scheme: 'Digest',
        params: new Map([
          ['realm', 'a, "b"'],
          ['nonce', 'n='],
          ['algorithm', 'SHA-256'],
          ['qop', 'auth,auth-int'],
          ['stale', 'TRUE'],
        ]),
      },
    })
    expect(challenge.ok && printChallenge(challenge.value)).toBe(text)
  })

  it('are read from credentials with odd white space and printed', () => {
    const credentials = parseAuthParams('Digest  username = "bob",,\turi="sip:a;x=1", QOP=auth ,nc=00000001,')
    expect(credentials.ok && printCredentials(credentials.value)).toBe(
      'Digest username="bob", uri="sip:a;x=1", qop=auth, nc=00000001',
    )
  })

  it('may be one token', () => {
    const basic = parseAuthParams('Basic QWxhZGRpbjpvcGVu==')
    expect(basic).toMatchObject({ ok: true, value: { scheme: 'Basic', token68: 'QWxhZGRpbjpvcGVu==' } })
    expect(basic.ok && printCredentials(basic.value)).toBe('Basic QWxhZGRpbjpvcGVu==')
    expect(parseAuthParams('Negotiate')).toMatchObject({ ok: true, value: { scheme: 'Negotiate' } })
  })

  it.each(['', '="x"', 'Digest realm="x', 'Digest a="1" b="2"', 'Digest a=1, b', 'Digest"x"'])('refuses %j', (text) => {
    expect(parseAuthParams(text).ok).toBe(false)
  })
})
