import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { add16, add32, diff16, diff32 } from './serial.ts'

describe('16-bit serial numbers', () => {
  test('wrap', () => {
    expect(add16(0xffff, 1)).toBe(0)
    expect(add16(0, -1)).toBe(0xffff)
    expect(diff16(0, 0xffff)).toBe(1)
    expect(diff16(0xffff, 0)).toBe(-1)
    expect(diff16(0x8000, 0)).toBe(-32_768)
  })

  test('the distance is what was added, up to half of the circle', () => {
    fc.assert(
      fc.property(fc.nat(0xffff), fc.integer({ min: -0x8000, max: 0x7fff }), (start, step) => {
        expect(diff16(add16(start, step), start)).toBe(step)
      }),
    )
  })
})

describe('32-bit serial numbers', () => {
  test('wrap', () => {
    expect(add32(0xffffffff, 160)).toBe(159)
    expect(add32(0, -1)).toBe(0xffffffff)
    expect(diff32(10, 0xfffffff0)).toBe(26)
    expect(diff32(0xfffffff0, 10)).toBe(-26)
  })

  test('the distance is what was added, up to half of the circle', () => {
    fc.assert(
      fc.property(fc.nat(0xffffffff), fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), (start, step) => {
        expect(diff32(add32(start, step), start)).toBe(step)
      }),
    )
  })
})
