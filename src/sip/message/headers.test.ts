import { describe, expect, it } from 'vitest'
import { canonicalName, SipHeaders } from './index.ts'

function headersOf(...lines: readonly (readonly [name: string, value: string])[]): SipHeaders {
  const headers = new SipHeaders()
  for (const [name, value] of lines) headers.add(name, value)
  return headers
}

describe('SipHeaders', () => {
  it('finds a header by its long name, its compact name and in any case', () => {
    const headers = headersOf(['i', 'abc'])
    for (const name of ['Call-ID', 'call-id', 'CALL-ID', 'cAlL-Id', 'i', 'I']) expect(headers.get(name)).toBe('abc')
    expect(headers.has('Call-ID')).toBe(true)
    expect(headers.get('cseq')).toBeUndefined()
  })

  it('tells the elements of lists apart, but not in quotes, in brackets or in headers that are no lists', () => {
    const headers = headersOf(
      ['Via', 'SIP/2.0/UDP a , SIP/2.0/UDP b'],
      ['Contact', '"Doe, John" <sip:a,b@x>;x="1,2",<sip:y>'],
      ['Subject', 'one, two'],
      ['Allow', 'INVITE,,ACK, '],
      ['v', 'SIP/2.0/UDP c'],
    )
    expect(headers.all('via')).toEqual(['SIP/2.0/UDP a', 'SIP/2.0/UDP b', 'SIP/2.0/UDP c'])
    expect(headers.get('via')).toBe('SIP/2.0/UDP a')
    expect(headers.all('contact')).toEqual(['"Doe, John" <sip:a,b@x>;x="1,2"', '<sip:y>'])
    expect(headers.all('subject')).toEqual(['one, two'])
    expect(headers.all('allow')).toEqual(['INVITE', 'ACK'])
  })

  it('keeps an element of a quote that never ends as it is', () => {
    expect(headersOf(['Contact', '<sip:a>, "b, <sip:c>']).all('contact')).toEqual(['<sip:a>', '"b, <sip:c>'])
  })

  it('iterates over single values, whether or not they were read before', () => {
    const headers = headersOf(['Supported', 'a, b'], ['To', '<sip:x>'])
    expect([...headers.entries()]).toEqual([
      ['supported', 'a'],
      ['supported', 'b'],
      ['to', '<sip:x>'],
    ])
  })

  it('prepends before its like, sets at the place of the first, shifts and deletes', () => {
    const headers = headersOf(['Via', 'a, b'], ['To', 't'], ['Route', 'r1'], ['Route', 'r2'])
    headers.prepend('Via', 'top')
    expect(headers.all('via')).toEqual(['top', 'a', 'b'])
    expect(headers.shift('via')).toBe('top')
    headers.set('v', ['x', 'y'])
    headers.set('To', 't2')
    headers.delete('Route')
    headers.add('Route', 'r3')
    expect(headers.toText()).toBe('Via: x\r\nVia: y\r\nTo: t2\r\nRoute: r3\r\n')
    expect(headers.shift('subject')).toBeUndefined()
  })

  it('reads a value once, and again when it is another', () => {
    const headers = headersOf(['CSeq', '1 INVITE'])
    const read: string[] = []
    const first = (value: string): string => {
      read.push(value)
      return value.slice(0, 1)
    }
    const last = (value: string): string => value.slice(-1)
    expect([headers.read('cseq', first), headers.read('CSeq', first), headers.read('cseq', last)]).toEqual([
      '1',
      '1',
      'E',
    ])
    headers.set('cseq', '2 BYE')
    expect([headers.read('cseq', first), headers.read('to', first)]).toEqual(['2', undefined])
    expect(read).toEqual(['1 INVITE', '2 BYE'])
  })

  it('counts and copies values, lists told apart, and puts one in the place of the first', () => {
    const headers = headersOf(['v', 'a, b'], ['To', 't1'], ['To', 't2'])
    expect([headers.count('Via'), headers.count('to'), headers.count('from')]).toEqual([2, 2, 0])
    const copy = new SipHeaders()
    copy.copyAll('via', headers)
    copy.copyFirst('t', headers)
    copy.copyFirst('from', headers)
    copy.replaceFirst('Via', 'x')
    copy.replaceFirst('From', 'nobody')
    expect([...copy.entries()]).toEqual([
      ['via', 'x'],
      ['via', 'b'],
      ['to', 't1'],
    ])
    expect(headers.all('via')).toEqual(['a', 'b'])
  })

  it('keeps values with commas apart whatever else is split', () => {
    const headers = headersOf(['Route', '<sip:a>'], ['Allow', 'INVITE, ACK'])
    headers.prepend('Route', '<sip:b>, <sip:c>')
    expect(headers.all('allow')).toEqual(['INVITE', 'ACK'])
    expect(headers.all('route')).toEqual(['<sip:b>', '<sip:c>', '<sip:a>'])
  })

  it('prints names in their usual form and word lists on one line, and leaves Content-Length to the printer', () => {
    const headers = headersOf(['l', '3'], ['cseq', '1 ACK'], ['x-account-id', '7'], ['k', 'a'], ['Supported', 'b'])
    expect(headers.toText()).toBe('CSeq: 1 ACK\r\nX-Account-Id: 7\r\nSupported: a, b\r\n')
  })

  it('lets no value and no name smuggle in another header', () => {
    const headers = headersOf(['X-A', 'one\r\nX-Evil: 1'], ['X-B\r\nX-Evil', '2'])
    headers.set('X-A', 'two\nX-Evil: 3')
    expect(headers.toText()).toBe('X-A: two X-Evil: 3\r\nX-Bx-Evil: 2\r\n')
  })
})

it('canonicalName knows every compact form', () => {
  expect([...'abcdefijklmnorstuvxy'].map(canonicalName)).toEqual([
    'accept-contact',
    'referred-by',
    'content-type',
    'request-disposition',
    'content-encoding',
    'from',
    'call-id',
    'reject-contact',
    'supported',
    'content-length',
    'contact',
    'identity-info',
    'event',
    'refer-to',
    'subject',
    'to',
    'allow-events',
    'via',
    'session-expires',
    'identity',
  ])
})
