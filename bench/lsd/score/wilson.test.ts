import { describe, expect, it } from 'vitest'
import { mixed, percentile, wilson } from './wilson.ts'

describe('wilson', () => {
  // Values of R: prop.test(x, n, correct = FALSE).
  it.each([
    [1, 10, 0.01788, 0.40415],
    [8, 1000, 0.00406, 0.0157],
    [45, 50, 0.7864, 0.95652],
  ])('of %i in %i', (part, count, low, high) => {
    const found = wilson(part, count)
    expect(found.share).toBe(part / count)
    expect(found.low).toBeCloseTo(low, 4)
    expect(found.high).toBeCloseTo(high, 4)
  })

  it('does not take none of 300 for never, nor all for always', () => {
    expect(wilson(0, 300)).toMatchObject({ share: 0, low: 0 })
    expect(wilson(0, 300).high).toBeCloseTo(0.01264, 4)
    expect(wilson(300, 300)).toMatchObject({ share: 1, high: 1 })
    expect(wilson(300, 300).low).toBeCloseTo(1 - 0.01264, 4)
  })

  it('knows nothing of nothing', () => {
    expect(wilson(0, 0)).toEqual({ share: Number.NaN, low: 0, high: 1, count: 0 })
  })
})

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

describe('percentile', () => {
  it('is a value that occurs', () => {
    expect(percentile([30, 10, 20], 0.5)).toBe(20)
    expect(percentile([1, 2, 3, 4], 0.95)).toBe(4)
    expect(percentile([], 0.5)).toBeNaN()
  })
})
