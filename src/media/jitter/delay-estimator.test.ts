import { describe, expect, it } from 'vitest'
import { DelayEstimator } from './delay-estimator.ts'

const MS = 8

/** Notes `count` packets of 20 ms whose transit in milliseconds is `transitMs(i)`. */
function note(estimator: DelayEstimator, count: number, transitMs: (i: number) => number): DelayEstimator {
  for (let i = 0; i < count; i++) estimator.note(transitMs(i) * MS, 20 * MS)
  return estimator
}

describe('DelayEstimator', () => {
  it('finds what 99 of 100 packets need', () => {
    const everyHundredth = (ms: number) => (i: number) => (i % 100 === 50 ? ms : 0)
    expect(note(new DelayEstimator(8000), 1000, () => 0).spread).toBe(10 * MS)
    expect(note(new DelayEstimator(8000), 1000, (i) => (i % 10) * 10).spread).toBe(100 * MS)
    expect(note(new DelayEstimator(8000), 1000, (i) => (i % 20 === 5 ? 65 : 0)).spread).toBe(70 * MS)
    expect(note(new DelayEstimator(8000), 500, everyHundredth(200)).spread).toBe(10 * MS)
  })

  it('knows something after a second of sound', () => {
    const estimator = note(new DelayEstimator(8000), 49, () => 0)
    expect(estimator.hasLearnt).toBe(false)
    expect(note(estimator, 1, () => 0).hasLearnt).toBe(true)
  })

  it('takes its histogram along when the path becomes longer or shorter', () => {
    const wave = (ms: number) => (i: number) => ms + (i % 4) * 10
    const estimator = note(new DelayEstimator(8000), 1000, wave(0))
    expect([estimator.leastTransit, estimator.spread]).toEqual([0, 40 * MS])
    note(estimator, 250, wave(300))
    expect([estimator.leastTransit, estimator.spread]).toEqual([300 * MS, 40 * MS])
    note(estimator, 1, () => -100)
    expect([estimator.leastTransit, estimator.spread]).toEqual([-100 * MS, 400 * MS])
  })

  it('forgets a bad time within some 20 seconds, and at once where its origin is only', () => {
    const estimator = note(new DelayEstimator(8000), 1000, (i) => (i % 13) * 10)
    expect(estimator.spread).toBe(130 * MS)
    note(estimator, 1000, () => 0)
    expect(estimator.spread).toBe(10 * MS)
    note(estimator, 1000, (i) => 5000 + (i % 4) * 10)
    estimator.rebase()
    note(estimator, 4, (i) => i * 10)
    expect([estimator.leastTransit, estimator.spread]).toEqual([0, 40 * MS])
  })
})
