import { describe, expect, it } from 'vitest'
import { formatNumber, isPossible, type NumberPlan, normaliseNumber, numberIn } from './number-plan.ts'

const BRITAIN: NumberPlan = { countryCode: '44', extensionLengths: [3, 4] }
const AMERICA: NumberPlan = {
  countryCode: '1',
  nationalPrefix: '1',
  internationalPrefix: '011',
  nationalLengths: [10],
}
const SPAIN: NumberPlan = { countryCode: '34', nationalPrefix: '', nationalLengths: [9] }

describe('what is dialled', () => {
  it.each([
    ['in Britain', BRITAIN, '01632960001', '+441632960001'],
    ['abroad', BRITAIN, '0015550100', '+15550100'],
    ['in full', BRITAIN, '+441632960001', '+441632960001'],
    ['as an extension', BRITAIN, '2001', '2001'],
    ['as an extension that begins like a number', BRITAIN, '0012', '0012'],
    ['for help', BRITAIN, '112', '112'],
    ['as a short code', BRITAIN, '116123', '116123'],
    ['as too little for a prefix', BRITAIN, '012345', '+4412345'],
    ['as less than that', { ...BRITAIN, extensionLengths: [] }, '01234', '01234'],
    ['as a code of the network', BRITAIN, '*21*01632960001#', '*21*01632960001#'],
    ['in America', AMERICA, '5550100123', '+15550100123'],
    ['in America with the prefix', AMERICA, '15550100123', '+15550100123'],
    ['in America, abroad', AMERICA, '011441632960001', '+441632960001'],
    ['in America, for help', AMERICA, '911', '911'],
    ['in Spain', SPAIN, '912345678', '+34912345678'],
    ['where nothing is known', undefined, '01632960001', '01632960001'],
  ])('%s', (_where, plan, dialled, number) => {
    expect(normaliseNumber(dialled, plan)).toBe(number)
    expect(normaliseNumber(number, plan)).toBe(number)
  })

  it('has no more than 15 digits', () => {
    expect(isPossible('+123456789012345')).toBe(true)
    expect(isPossible('+1234567890123456')).toBe(false)
    expect(isPossible(normaliseNumber('012345678901234', BRITAIN))).toBe(false)
    expect(isPossible('*21*01632960001#')).toBe(true)
  })
})

it('is found between visual separators', () => {
  expect(numberIn('+44 (1632) 960-001')).toBe('+441632960001')
  expect(numberIn('01632/960.001')).toBe('01632960001')
  expect(numberIn('*21#')).toBe('*21#')
  for (const text of ['', '+', '()', 'alice', '1+2', '12a', '1'.repeat(33)])
    expect(numberIn(text), text).toBeUndefined()
})

it('is written as the far end wants it', () => {
  expect(formatNumber('+441632960001', 'e164', BRITAIN)).toBe('+441632960001')
  expect(formatNumber('+441632960001', 'digits', BRITAIN)).toBe('441632960001')
  expect(formatNumber('+441632960001', 'national', BRITAIN)).toBe('01632960001')
  expect(formatNumber('+15550100123', 'national', BRITAIN)).toBe('0015550100123')
  expect(formatNumber('+15550100123', 'national', AMERICA)).toBe('15550100123')
  expect(formatNumber('2001', 'national', BRITAIN)).toBe('2001')
})
