import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chance, integerBelow, type Random, seededRandom, uniform } from './random.ts'

const fixed = (...values: number[]): Random => ({ uint32: () => values.shift() as number })

describe('seededRandom', () => {
  test('the same seed gives the same numbers, another seed others', () => {
    const numbers = (seed: number) => {
      const random = seededRandom(seed)
      return Array.from({ length: 100 }, () => random.uint32())
    }
    expect(numbers(1)).toEqual(numbers(1))
    expect(numbers(1)).not.toEqual(numbers(2))
  })

  test('yields unsigned 32-bit integers whatever the seed', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = seededRandom(seed)
        for (let i = 0; i < 50; i++) {
          const number = random.uint32()
          expect(number).toBe(number >>> 0)
        }
      }),
    )
  })

  test('every bit is set about half of the time', () => {
    const random = seededRandom(42)
    const ones = new Array<number>(32).fill(0)
    const draws = 20_000
    for (let i = 0; i < draws; i++) {
      const number = random.uint32()
      for (let bit = 0; bit < 32; bit++) ones[bit] += (number >>> bit) & 1
    }
    // Six standard deviations.
    for (const count of ones) expect(Math.abs(count - draws / 2)).toBeLessThan(3 * Math.sqrt(draws))
  })
})

describe('uniform, integerBelow and chance', () => {
  test('uniform covers [0, 1)', () => {
    expect(uniform(fixed(0))).toBe(0)
    expect(uniform(fixed(0xffffffff))).toBeLessThan(1)
  })

  test('integerBelow stays below its bound, up to 2^32', () => {
    fc.assert(
      fc.property(fc.nat(0xffffffff), fc.integer({ min: 1, max: 2 ** 32 }), (drawn, bound) => {
        const integer = integerBelow(fixed(drawn), bound)
        expect(Number.isInteger(integer)).toBe(true)
        expect(integer).toBeGreaterThanOrEqual(0)
        expect(integer).toBeLessThan(bound)
      }),
    )
    expect(integerBelow(fixed(0xffffffff), 2 ** 32)).toBe(0xffffffff)
  })

  test('chance is never at 0 and always at 1', () => {
    expect(chance(fixed(0), 0)).toBe(false)
    expect(chance(fixed(0xffffffff), 1)).toBe(true)
    expect(chance(fixed(0x40000000), 0.25)).toBe(false)
    expect(chance(fixed(0x3fffffff), 0.25)).toBe(true)
  })
})
