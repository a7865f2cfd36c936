import { describe, expect, it } from 'vitest'
import { amplify, gainOf, UNITY_GAIN } from './amplify.ts'
import { limit } from './mix.ts'

describe('amplify', () => {
  it('multiplies, up to the limiter, and wraps nowhere', () => {
    for (const decibels of [-39, -6, 0, 6, 29]) {
      const factor = gainOf(decibels) / UNITY_GAIN
      const samples = Int16Array.of(0, 1000, -1000, 32_767, -32_768, 12_345)
      const expected = [...samples].map((sample) => limit(Math.floor(sample * factor)))
      amplify(samples, samples.length, gainOf(decibels), gainOf(decibels))
      expect([decibels, ...samples]).toEqual([decibels, ...expected])
    }
  })

  it('goes from one gain to another in a straight line', () => {
    const samples = new Int16Array(160).fill(1000)
    amplify(samples, 160, gainOf(0), gainOf(6))
    for (let i = 1; i < 160; i++) expect(samples[i] - samples[i - 1]).toBeLessThanOrEqual(8)
    expect([samples[0], samples[159]]).toEqual([1000, expect.closeTo(1990, -1)])
    expect(samples[80]).toBeCloseTo(1498, -1)
  })
})
