import { describe, expect, it } from 'vitest'
import {
  escapeUser,
  parseUri,
  printUri,
  type SipUri,
  type Uri,
  unescapeUri,
  uriEquals,
  uriHeaders,
  uriScheme,
} from './index.ts'

function uriOf(text: string): Uri {
  const uri = parseUri(text)
  if (!uri.ok) throw new Error(`${text}: ${uri.error}`)
  return uri.value
}

describe('parseUri', () => {
  it('reads every part of a SIP URI', () => {
    expect(uriOf('SIPS:al%20ice:pa:ss@Example.COM:5061;Transport=TCP;lr?Subject=x&Priority=urgent')).toEqual({
      scheme: 'sips',
      user: 'al%20ice',
      password: 'pa:ss',
      host: 'Example.COM',
      port: 5061,
      params: new Map([
        ['transport', 'TCP'],
        ['lr', ''],
      ]),
      headers: 'Subject=x&Priority=urgent',
    })
    expect(uriOf('sip:example.com')).toEqual({ scheme: 'sip', host: 'example.com', params: new Map() })
  })

  it('reads IPv6 references', () => {
    expect(uriOf('sip:bob@[2001:db8::1]:5070')).toMatchObject({ user: 'bob', host: '[2001:db8::1]', port: 5070 })
    expect(uriOf('sip:[::1];lr')).toMatchObject({ host: '[::1]' })
  })

  it('reads telephone numbers', () => {
    expect(uriOf('tel:+1-201-555-0123;ext=7')).toEqual({
      scheme: 'tel',
      number: '+1-201-555-0123',
      params: new Map([['ext', '7']]),
    })
    expect(uriOf('tel:*31#;phone-context=example.com')).toMatchObject({ number: '*31#' })
  })

  it.each([
    '',
    'sip:',
    'bob@example.com',
    ':x',
    'http://example.com',
    'sip:@example.com',
    'sip:bob@',
    'sip:bob@exa mple.com',
    'sip:bob@[2001:db8::1',
    'sip:bob@[]',
    'sip:bob@[zz]',
    'sip:bob@example.com:',
    'sip:bob@example.com:99999',
    'sip:bob@example.com:50x',
    'sip:bob@example.com,x',
    'sip:bob@example.com;=x',
    'sip:<bob>@example.com',
    'sip:"bob"@example.com',
    'tel:',
    'tel:+',
    'tel:x',
    'tel:+1;a b',
  ])('refuses %j', (text) => {
    expect(parseUri(text).ok).toBe(false)
  })

  it('takes hostile lengths in linear time', () => {
    const long = (piece: string): string => piece.repeat(60_000 / piece.length)
    const start = process.cpuUsage()
    for (const text of [`tel:+${long('1')}x`, `tel:${long('-')}`, `sip:${long('@')}`, `sip:a;${long(';')}`])
      parseUri(text)
    for (const text of [long('a'), long('%2'), long('%ff')]) unescapeUri(text)
    uriScheme(long('a'))
    const { user, system } = process.cpuUsage(start)
    expect(user + system).toBeLessThan(1_000_000)
  })
})

it('printUri prints what was read', () => {
  for (const text of [
    'sip:example.com',
    'sips:bob:secret@[2001:db8::1]:5061;transport=tls;lr?Subject=a%20b',
    'tel:+1-201-555-0123;ext=7',
  ]) {
    expect(printUri(uriOf(text))).toBe(text)
  }
})

describe('escapes', () => {
  it('are undone where they are UTF-8, and kept where they are not', () => {
    expect(unescapeUri('a%20b%C3%BC')).toBe('a bü')
    expect(unescapeUri('%ff%zz%')).toBe('%ff%zz%')
  })

  it('are put where the user part needs them', () => {
    expect(escapeUser('a b@ü#(1)')).toBe('a%20b%40%C3%BC%23(1)')
    expect(unescapeUri(escapeUser('a b@ü#😀'))).toBe('a b@ü#😀')
    expect(escapeUser('\ud800')).toBe('%EF%BF%BD')
  })

  it('are undone in the headers of a URI', () => {
    const uri = uriOf('sip:a@b?Replaces=1%3Bto-tag%3D2&&Subject') as SipUri
    expect(uriHeaders(uri)).toEqual([
      ['Replaces', '1;to-tag=2'],
      ['Subject', ''],
    ])
  })
})

describe('uriEquals, by the examples of RFC 3261 section 19.1.4', () => {
  it.each([
    ['sip:%61lice@atlanta.com;transport=TCP', 'sip:alice@AtLanTa.CoM;Transport=tcp'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com;newparam=5'],
    ['sip:carol@chicago.com;security=on', 'sip:carol@chicago.com;newparam=5'],
    [
      'sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com',
      'sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com',
    ],
    [
      'sip:alice@atlanta.com?subject=project%20x&priority=urgent',
      'sip:alice@atlanta.com?priority=urgent&subject=project%20x',
    ],
    ['tel:+1-201-555-0123', 'tel:+1(201)5550123'],
  ])('%s is %s', (a, b) => {
    expect(uriEquals(uriOf(a), uriOf(b))).toBe(true)
    expect(uriEquals(uriOf(b), uriOf(a))).toBe(true)
  })

  it.each([
    ['SIP:ALICE@AtLanTa.CoM;Transport=udp', 'sip:alice@AtLanTa.CoM;Transport=UDP'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:5060'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com;transport=udp'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:6000;transport=tcp'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com?Subject=next%20meeting'],
    ['sip:bob@phone21.boxesbybob.com', 'sip:bob@192.0.2.4'],
    ['sip:carol@chicago.com;security=on', 'sip:carol@chicago.com;security=off'],
    ['sip:a@b', 'sips:a@b'],
    ['sip:a%40x@b', 'sip:a%41x@b'],
    ['tel:+12015550123', 'tel:+12015550124'],
    ['tel:123;phone-context=+1', 'tel:123'],
    ['tel:+1', 'sip:1@b'],
  ])('%s is not %s', (a, b) => {
    expect(uriEquals(uriOf(a), uriOf(b))).toBe(false)
    expect(uriEquals(uriOf(b), uriOf(a))).toBe(false)
  })
})
