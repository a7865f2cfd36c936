import { describe, expect, it } from 'vitest'
import {
  identitiesOf,
  parseDiversion,
  parseHistoryEntry,
  printDiversion,
  printHistoryEntry,
  privacyOf,
  SipHeaders,
} from './index.ts'

function headers(...lines: [name: string, value: string][]): SipHeaders {
  const result = new SipHeaders()
  for (const [name, value] of lines) result.add(name, value)
  return result
}

describe('P-Asserted-Identity', () => {
  it('names a SIP URI, a tel URI, or one of each (RFC 3325 section 10.1)', () => {
    const both = headers(
      ['P-Asserted-Identity', '"Cullen Jennings" <sip:fluffy@cisco.com>'],
      ['P-Asserted-Identity', 'tel:+14085264000'],
    )
    expect(identitiesOf(both).map(({ displayName, uri }) => [displayName, uri])).toEqual([
      ['Cullen Jennings', 'sip:fluffy@cisco.com'],
      [undefined, 'tel:+14085264000'],
    ])
    expect(identitiesOf(both, 'P-Preferred-Identity')).toEqual([])
    expect(identitiesOf(headers(['P-Asserted-Identity', '<tel:+1>, <sip:a@b>'])).map(({ uri }) => uri)).toEqual([
      'tel:+1',
      'sip:a@b',
    ])
  })

  it('says nothing more than that, and nothing that cannot be read', () => {
    const odd = headers(['P-Asserted-Identity', '<sip:a@b>, <sips:c@d>, <mailto:e@f>, <sip:, "x'])
    expect(identitiesOf(odd).map(({ uri }) => uri)).toEqual(['sip:a@b'])
  })
})

it('Privacy is a list of what is to be hidden', () => {
  expect(privacyOf(headers(['Privacy', 'ID; critical ;history']))).toEqual(['id', 'critical', 'history'])
  expect(privacyOf(headers(['Privacy', 'header,user'], ['Privacy', 'session;header;x y;;']))).toEqual([
    'header',
    'user',
    'session',
  ])
  expect(privacyOf(headers(['Privacy', 'none']))).toEqual(['none'])
  expect(privacyOf(headers(['Privacy', 'constructor']))).toEqual([])
  expect(privacyOf(headers())).toEqual([])
})

describe('Diversion', () => {
  it('says who has diverted, why and how often (RFC 5806)', () => {
    expect(parseDiversion('"Bob" <sip:bob@example.com>;reason=User-Busy;counter=2;privacy=full')).toEqual({
      ok: true,
      value: { uri: 'sip:bob@example.com', displayName: 'Bob', reason: 'user-busy', counter: 2, isPrivate: true },
    })
    expect(parseDiversion('<tel:+1>;privacy=off;reason="odd one"')).toEqual({
      ok: true,
      value: { uri: 'tel:+1', reason: 'unknown', counter: 1, isPrivate: false },
    })
  })

  it.each(['', '<sip:a@b', '<sip:a@b>;counter=0', '<sip:a@b>;counter=101', '<sip:a@b>;counter=x'])(
    'refuses %j',
    (text) => {
      expect(parseDiversion(text).ok).toBe(false)
    },
  )

  it('is printed', () => {
    const diversion = { uri: 'sip:b@c', reason: 'no-answer', counter: 3, isPrivate: true } as const
    expect(printDiversion(diversion)).toBe('<sip:b@c>;reason=no-answer;counter=3;privacy=full')
  })
})

describe('History-Info', () => {
  it('says what the targets were and why they were left (RFC 7044 section 5.1)', () => {
    expect(
      parseHistoryEntry('<sip:bob@192.0.2.3?Reason=SIP%3Bcause%3D302&Privacy=history>;index=1.1;rc=1'),
    ).toMatchObject({
      ok: true,
      value: {
        uri: 'sip:bob@192.0.2.3',
        index: '1.1',
        reason: { protocol: 'SIP', cause: 302 },
        isPrivate: true,
        params: new Map([['rc', '1']]),
      },
    })
    expect(parseHistoryEntry('<sip:vm@example.com;target=sip:bob%40b;cause=486>;index=1.2;mp=1')).toMatchObject({
      ok: true,
      value: { uri: 'sip:vm@example.com;target=sip:bob%40b;cause=486', cause: 486, mappedFrom: '1' },
    })
    expect(parseHistoryEntry('<tel:+1>;index=1')).toMatchObject({ ok: true, value: { uri: 'tel:+1', index: '1' } })
  })

  it.each(['', '<sip:a@b>', '<sip:a@b>;index=', '<sip:a@b>;index=1.', '<sip:a@b>;index=1..2', '<sip:a@b>;index=a'])(
    'refuses %j',
    (text) => {
      expect(parseHistoryEntry(text).ok).toBe(false)
    },
  )

  it('is printed as it was read', () => {
    for (const text of [
      '<sip:bob@192.0.2.3?Reason=SIP%3Bcause%3D302&Privacy=history>;index=1.1;rc=1',
      '<sip:vm@example.com;cause=486>;index=1.2;mp=1',
    ]) {
      const entry = parseHistoryEntry(text)
      expect(entry.ok && printHistoryEntry(entry.value)).toBe(text)
    }
  })
})
