import { describe, expect, test } from 'vitest'
import { SipHeaders, type SipResponse } from '../sip/index.ts'
import { diversionOf, forwardingOf } from './diversion.ts'

function headers(...lines: [name: string, value: string][]): SipHeaders {
  const result = new SipHeaders()
  for (const [name, value] of lines) result.add(name, value)
  return result
}

describe('who diverted a call last', () => {
  test('nobody, where no header says so', () => {
    expect(diversionOf(headers(['X-Other', 'yes']))).toBeUndefined()
  })

  test('the first Diversion, whatever History-Info says (RFC 5806 section 4)', () => {
    const both = headers(
      ['Diversion', '"Desk" <sip:desk@example.com>;reason=no-answer, <tel:+15551234>;reason=unconditional'],
      ['History-Info', '<sip:old@example.com>;index=1, <sip:us@example.com;cause=302>;index=1.1;mp=1'],
    )
    expect(diversionOf(both)).toBe('sip:desk@example.com')
    expect(diversionOf(headers(['Diversion', '<tel:+15551234>;reason=unconditional']))).toBe('tel:+15551234')
  })

  test('the entry that mp names (RFC 7044 section 5)', () => {
    const list = '<sip:bob@example.com>;index=1, <sip:carol@example.com>;index=1.1;mp=1'
    expect(diversionOf(headers(['History-Info', `${list}, <sip:carol@192.0.2.4>;index=1.1.1;rc=1.1`]))).toBe(
      'sip:bob@example.com',
    )
  })

  test('the entry before one with a cause (RFC 4458)', () => {
    const list = '<sip:bob@example.com>;index=1, <sip:vm@example.com;cause=408>;index=1.1'
    expect(diversionOf(headers(['History-Info', list]))).toBe('sip:bob@example.com')
  })

  test('the last entry that was left for a Reason (RFC 4244), without that Reason', () => {
    const list =
      '<sip:bob@example.com?Reason=SIP%3Bcause%3D302>;index=1, <sip:eve@example.com?Reason=SIP%3Bcause%3D486>;index=1.1, <sip:us@example.com>;index=1.2'
    expect(diversionOf(headers(['History-Info', list]))).toBe('sip:eve@example.com')
  })

  test('nobody, where History-Info tells of routing only, names what is not there, or cannot be read', () => {
    expect(diversionOf(headers(['History-Info', '<sip:us@example.com>;index=1']))).toBeUndefined()
    const routed = '<sip:us@example.com>;index=1, <sip:us@192.0.2.1>;index=1.1;rc=1'
    expect(diversionOf(headers(['History-Info', routed]))).toBeUndefined()
    expect(diversionOf(headers(['History-Info', '<sip:us@example.com>;index=1.1;mp=7']))).toBeUndefined()
    expect(diversionOf(headers(['History-Info', '<<<, "']))).toBeUndefined()
    expect(diversionOf(headers(['Diversion', '']))).toBeUndefined()
  })
})

describe('whether a response says that our call was forwarded', () => {
  const response = (status: number, ...lines: [name: string, value: string][]) =>
    ({ status, headers: headers(...lines) }) as SipResponse
  const history = (last: string): [string, string] => [
    'History-Info',
    `<sip:bob@example.com>;index=1, <${last}>;index=1.1;mp=1`,
  ]

  test.each([
    [response(180), undefined],
    [response(200, ['History-Info', '<sip:bob@example.com>;index=1']), undefined],
    [response(181), 'forwarded'],
    [response(183, ['Diversion', '<sip:bob@example.com>;reason=no-answer']), 'forwarded'],
    [response(180, history('sip:carol@example.com;cause=408')), 'forwarded'],
    [response(200, history('sip:8000@example.com;target=bob;cause=408')), 'forwardedToMailbox'],
    [response(200, history('sip:voicemail-7@example.com')), 'forwardedToMailbox'],
    [response(200, history('tel:+15551234')), 'forwarded'],
    [response(200, ['History-Info', '<sip:mailbox@example.com>;index=1']), undefined],
  ])('%#', (said, expected) => {
    expect(forwardingOf(said)).toBe(expected)
  })
})
