import { describe, expect, it } from 'vitest'
import { type Caller, type CallerIdPolicy, presentCaller } from './caller-id.ts'
import type { Trunk } from './trunk.ts'

const US = 'sip:ringdown@192.0.2.1'
const plan = { countryCode: '44' }
const from = '"Acme" <sip:+441632960000@acme.example>'

function trunk(callerId?: CallerIdPolicy): Trunk {
  return { name: 'carrier', uri: 'sip:gw.example.com', from, ...(callerId && { callerId }) }
}

function shown(caller: Caller, through?: Trunk): string {
  return presentCaller(caller, through, plan, US).from
}

describe('From', () => {
  it('is what the application says, or else the trunk, or else the exchange', () => {
    expect(shown({})).toBe(US)
    expect(shown({}, trunk())).toBe(from)
    expect(shown({ from: '"Al" <sip:al@example.com>' }, trunk())).toBe('"Al" <sip:al@example.com>')
  })

  it('of a number has the host of the trunk, or ours', () => {
    expect(shown({ from: '01632 960001' })).toBe('<sip:+441632960001@192.0.2.1>')
    expect(shown({ from: '01632 960001' }, trunk())).toBe('<sip:+441632960001@acme.example>')
  })

  it('is only what is allowed', () => {
    const through = trunk({ allowed: ['+4416329600*', '+15550100'] })
    expect(shown({ from: '01632960012' }, through)).toBe('<sip:+441632960012@acme.example>')
    expect(shown({ from: '"Sales" <sip:0015550100@elsewhere.example>' }, through)).toBe(
      '"Sales" <sip:+15550100@acme.example>',
    )
    for (const stranger of ['01632970000', 'sip:alice@example.com', '"Bank" <tel:+15550199>', undefined])
      expect(shown({ ...(stranger !== undefined && { from: stranger }) }, through)).toBe(
        '"Acme" <sip:+441632960000@acme.example>',
      )
  })

  it('is written as the trunk wants it', () => {
    expect(shown({ from: '+441632960012' }, trunk({ format: 'national' }))).toBe('<sip:01632960012@acme.example>')
    expect(shown({ from: '+15550100123' }, trunk({ format: 'national' }))).toBe('<sip:0015550100123@acme.example>')
    expect(shown({ from: 'sip:alice@example.com' }, trunk({ format: 'digits' }))).toBe('sip:alice@example.com')
    expect(shown({}, trunk({ format: 'digits' }))).toBe('"Acme" <sip:441632960000@acme.example>')
  })
})

describe('a caller who hides', () => {
  it('is anonymous, and asks for privacy', () => {
    expect(presentCaller({ isAnonymous: true }, undefined, plan, US)).toEqual({
      from: '"Anonymous" <sip:anonymous@anonymous.invalid>',
      headers: [['Privacy', 'id']],
    })
  })

  it('is told to a trunk that knows whom not to tell', () => {
    const through = { ...trunk({ identity: 'asserted' }), isTrusted: true }
    expect(presentCaller({ from: '+441632960012', isAnonymous: true }, through, plan, US)).toEqual({
      from: '"Anonymous" <sip:anonymous@anonymous.invalid>',
      headers: [
        ['P-Asserted-Identity', '<sip:+441632960012@acme.example>'],
        ['Privacy', 'id'],
      ],
    })
  })
})

it('the identity stands beside From, asserted or preferred', () => {
  const through = (identity: 'asserted' | 'preferred') =>
    presentCaller({ from: '01632960012' }, { ...trunk({ identity }), isTrusted: true }, plan, US).headers
  expect(through('asserted')).toEqual([['P-Asserted-Identity', '<sip:+441632960012@acme.example>']])
  expect(through('preferred')).toEqual([['P-Preferred-Identity', '<sip:+441632960012@acme.example>']])
  expect(presentCaller({}, trunk({ identity: 'preferred' }), plan, US).headers).toEqual([
    ['P-Preferred-Identity', '"Acme" <sip:+441632960000@acme.example>'],
  ])
  // RFC 3325 section 5: nobody outside of the trust domain is told.
  expect(presentCaller({}, trunk({ identity: 'asserted' }), plan, US).headers).toEqual([])
})
