import { describe, expect, it } from 'vitest'
import { LatenessHistogram } from './lateness.ts'

describe('LatenessHistogram', () => {
  it('knows percentiles to a fifth, and the largest exactly', () => {
    const histogram = new LatenessHistogram()
    for (let i = 1; i <= 10_000; i++) histogram.note(i / 1000)
    const { p50, p99, p999, max } = histogram.summary()
    for (const [measured, exact] of [
      [p50, 5],
      [p99, 9.9],
      [p999, 9.99],
    ]) {
      expect(measured).toBeGreaterThanOrEqual(exact)
      expect(measured).toBeLessThan(exact * 1.2)
    }
    expect(max).toBe(10)
  })

  it('is not upset by what is on time, early or endlessly late', () => {
    const histogram = new LatenessHistogram()
    expect(histogram.summary()).toEqual({ p50: 0, p99: 0, p999: 0, max: 0 })
    histogram.note(-1)
    histogram.note(0)
    expect(histogram.summary()).toEqual({ p50: 0, p99: 0, p999: 0, max: 0 })
    histogram.note(1e9)
    expect(histogram.summary().max).toBe(1e9)
    expect(histogram.summary().p50).toBe(0.01)
  })
})
