import { describe, expect, it } from 'vitest'
import { type LoadSample, msPerCallOf, plateauOf, quantile } from './measure.ts'

/** One sample a second: how many calls stood, how many had been answered, CPU time so far. */
const samplesOf = (...rows: [up: number, answered: number, cpuMs: number][]): LoadSample[] =>
  rows.map(([up, answered, cpuMs], second) => ({ atMs: 5000 + 1000 * second, up, answered, cpuMs, residentBytes: 0 }))

describe('plateauOf', () => {
  it('counts only what was used while nine tenths of the most stood', () => {
    const samples = samplesOf(
      [0, 0, 0],
      [50, 50, 500],
      [100, 100, 800],
      [96, 100, 830],
      [100, 104, 856],
      [40, 104, 990],
    )
    const plateau = plateauOf(samples)!
    expect(plateau.seconds).toBe(2)
    expect(plateau.calls).toBeCloseTo(98)
    expect(plateau.cores).toBeCloseTo(0.028)
    expect(plateau.percentPer100Calls).toBeCloseTo(2.857, 3)
  })

  it('counts the ticks that were late meanwhile, where that is known', () => {
    const samples = samplesOf([50, 50, 0], [100, 100, 10], [100, 100, 20], [100, 100, 30], [10, 100, 40])
    const late = [7, 20, 21, 23, 90]
    const counted = samples.map((sample, i) => ({ ...sample, counters: { lateTicks: late[i]! } }))
    expect(plateauOf(counted)!.lateTicksPerSecond).toBe(1.5)
    expect(plateauOf(samples)).not.toHaveProperty('lateTicksPerSecond')
  })

  it('says nothing when no call lasted from one sample to the next', () => {
    expect(plateauOf(samplesOf([0, 0, 0], [10, 10, 9], [0, 10, 20]))).toBeUndefined()
    expect(plateauOf(samplesOf([0, 50, 10], [0, 90, 20]))).toBeUndefined()
    expect(plateauOf([])).toBeUndefined()
  })
})

describe('msPerCallOf', () => {
  it('is what the second half of the calls took', () => {
    expect(msPerCallOf(samplesOf([0, 10, 500], [0, 100, 700], [0, 150, 725], [0, 200, 750]))).toBeCloseTo(0.5)
  })

  it('says nothing when it was over too soon', () => {
    expect(msPerCallOf([])).toBeUndefined()
    expect(msPerCallOf(samplesOf([0, 10, 500]))).toBeUndefined()
    expect(msPerCallOf(samplesOf([0, 0, 500], [0, 0, 600]))).toBeUndefined()
  })
})

describe('quantile', () => {
  it('is a value that the share of all does not exceed', () => {
    const values = [4, 1, 3, 2]
    expect([0, 0.25, 0.5, 0.51, 1].map((share) => quantile(values, share))).toEqual([1, 1, 2, 3, 4])
    expect(quantile([], 0.5)).toBeNaN()
  })
})
