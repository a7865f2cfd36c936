import { describe, expect, it } from 'vitest'
import { wilson } from '../../../src/server/lsd/evaluate/wilson.ts'
import { mixed } from './mixed.ts'

describe('mixed', () => {
  it('weighs strata by their shares, not by how many calls were rendered of each', () => {
    const mix = mixed([
      { weight: 0.75, part: 10, count: 10 },
      { weight: 0.25, part: 0, count: 1000 },
    ])
    expect(mix.share).toBeCloseTo(0.75, 10)
  })

  it('is the plain share where strata are as large as their weights', () => {
    const mix = mixed([
      { weight: 0.5, part: 30, count: 100 },
      { weight: 0.5, part: 50, count: 100 },
    ])
    const plain = wilson(80, 200)
    expect(mix.count).toBeCloseTo(200, 9)
    expect(mix.low).toBeCloseTo(plain.low, 9)
    expect(mix.high).toBeCloseTo(plain.high, 9)
  })

  it('is less sure where the stratum that weighs most is small', () => {
    const lopsided = mixed([
      { weight: 0.9, part: 9, count: 10 },
      { weight: 0.1, part: 900, count: 1000 },
    ])
    expect(lopsided.count).toBeLessThan(13)
  })

  it('leaves out strata of which there are no calls', () => {
    expect(
      mixed([
        { weight: 0.5, part: 3, count: 4 },
        { weight: 0.5, part: 0, count: 0 },
      ]).share,
    ).toBe(0.75)
  })
})
