import { describe, expect, it } from 'vitest'
import { type DigitSource, PressLedger } from './press-ledger.ts'

/** Reports as `[at, way, digit]`; returns the digits that are new. */
function tell(...reports: readonly (readonly [number, DigitSource, string])[]): string {
  const ledger = new PressLedger()
  return reports
    .filter(([at, source, digit]) => ledger.isNew(digit, source, at))
    .map(([, , digit]) => digit)
    .join('')
}

describe('PressLedger', () => {
  it('lets each way tell of as many presses as it likes', () => {
    for (const way of ['event', 'tone', 'info'] as const)
      expect(tell([0, way, '5'], [60, way, '5'], [120, way, '5'], [121, way, '6'])).toBe('5556')
  })

  it('takes three reports of one press for one digit, in any order', () => {
    expect(tell([0, 'event', '5'], [90, 'tone', '5'], [300, 'info', '5'])).toBe('5')
    expect(tell([0, 'info', '5'], [20, 'tone', '5'], [50, 'event', '5'])).toBe('5')
  })

  it('pairs fast presses of one key one to one, however the ways mix', () => {
    expect(tell([0, 'event', '1'], [120, 'tone', '1'], [160, 'event', '1'], [280, 'tone', '1'])).toBe('11')
    expect(tell([0, 'event', '1'], [100, 'event', '1'], [180, 'tone', '1'], [280, 'tone', '1'])).toBe('11')
    expect(tell([0, 'event', '1'], [50, 'event', '2'], [180, 'tone', '1'], [230, 'tone', '2'])).toBe('12')
  })

  it('hears the press that one way has missed', () => {
    expect(tell([0, 'event', '1'], [100, 'tone', '1'], [300, 'tone', '2'], [500, 'event', '3'])).toBe('123')
    expect(tell([0, 'event', '1'], [2000, 'tone', '1'])).toBe('11')
  })

  it('remembers the last presses only', () => {
    const many = Array.from({ length: 100 }, (_, i) => [i * 50, 'event', '0123456789'[i % 10]] as const)
    expect(tell(...many)).toBe('0123456789'.repeat(10))
  })
})
