import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RateConverter } from './rate-converter.ts'
import { resample } from './resample.ts'

const noise = (length: number): Int16Array =>
  Int16Array.from({ length }, (_, i) => ((i * 7919 + ((i * i) % 613) * 31) % 40_000) - 20_000)

describe('RateConverter', () => {
  it.each([
    [44_100, 8000],
    [48_000, 8000],
    [11_025, 8000],
    [8001, 8000],
    [8000, 16_000],
    [8000, 8000],
  ])('gives the same from %i to %i Hz, however the recording is cut', (fromHz, toHz) => {
    const whole = noise(5000)
    const expected = resample(whole, fromHz, toHz)
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 20 }), (cuts) => {
        const converter = new RateConverter(fromHz, toHz)
        const made: number[] = []
        let at = 0
        for (const length of [...cuts, whole.length]) {
          made.push(...converter.push(whole.subarray(at, at + length)))
          at = Math.min(at + length, whole.length)
        }
        made.push(...converter.finish())
        expect(Int16Array.from(made)).toEqual(expected)
      }),
      { numRuns: 30 },
    )
  })

  it('holds no more of the recording than the filter is long', () => {
    const converter = new RateConverter(48_000, 8000)
    let made = 0
    for (let block = 0; block < 100; block++) made += converter.push(noise(4800)).length
    // What has not come out yet is half the filter: 32 samples.
    expect(100 * 800 - made).toBeLessThanOrEqual(33)
    expect(made + converter.finish().length).toBe(80_000)
  })
})
