import { describe, expect, it } from 'vitest'
import { percentile, wilson } from './wilson.ts'

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

describe('percentile', () => {
  it('is a value that occurs', () => {
    expect(percentile([30, 10, 20], 0.5)).toBe(20)
    expect(percentile([1, 2, 3, 4], 0.95)).toBe(4)
    expect(percentile([], 0.5)).toBeNaN()
  })
})
