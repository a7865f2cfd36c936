import { describe, expect, it } from 'vitest'
import { toneLevelDbm0 } from './goertzel.ts'
import { energy, energyAtLevel, levelDbm0, sinePeak } from './level.ts'
import { limit, limitInto, mixAdd, unmixInto } from './mix.ts'
import { resample } from './resample.ts'

function sine(frequencyHz: number, level: number, length: number, rate = 8000): Int16Array {
  const peak = sinePeak(level)
  return Int16Array.from({ length }, (_, i) => Math.round(peak * Math.sin((2 * Math.PI * frequencyHz * i) / rate)))
}

describe('levels', () => {
  it('measures a sine at the level it was made at', () => {
    expect(levelDbm0(sine(1000, 0, 800))).toBeCloseTo(0, 2)
    expect(levelDbm0(sine(440, -19, 8000))).toBeCloseTo(-19, 2)
    expect(levelDbm0(new Int16Array(160))).toBe(-Infinity)
    expect(energy(sine(1000, -10, 160))).toBeCloseTo(energyAtLevel(-10, 160), -6)
  })

  it('adds up only the samples asked for', () => {
    expect(energy(Int16Array.of(9, 3, -4, 9), 1, 2)).toBe(25)
  })
})

describe('Goertzel', () => {
  it('hears its own frequency and not its neighbours', () => {
    const samples = sine(440, -13, 800)
    expect(toneLevelDbm0(samples, 440)).toBeCloseTo(-13, 1)
    expect(toneLevelDbm0(samples, 480)).toBeLessThan(-60)
  })
})

describe('mixing', () => {
  it('adds without loss and takes each party out again', () => {
    const voices = [Int16Array.of(30_000, -30_000, 7), Int16Array.of(-30_000, 1, 0), Int16Array.of(0, 1, 5)]
    const sums = new Int32Array(3)
    for (const voice of voices) mixAdd(voice, sums)
    expect([...sums]).toEqual([0, -29_998, 12])
    const heard = new Int16Array(3)
    unmixInto(sums, voices[1], heard)
    expect([...heard]).toEqual([limit(30_000), limit(-29_999), 12])
    limitInto(sums, heard)
    expect([...heard]).toEqual([0, limit(-29_998), 12])
  })

  it('limits softly: one voice passes untouched, two at full scale do not fold over', () => {
    for (const value of [0, 1, -1, 24_576, -24_576]) expect(limit(value)).toBe(value)
    expect([limit(32_768), limit(-40_960)]).toEqual([28_672, -30_720])
    expect([limit(65_534), limit(-65_536), limit(2 ** 30)]).toEqual([32_767, -32_767, 32_767])
    for (let value = 0; value < 60_000; value++) expect(limit(value + 1) - limit(value)).toBeGreaterThanOrEqual(0)
  })
})

describe('resampling to 8 kHz', () => {
  const middle = (samples: Int16Array): Int16Array => samples.subarray(400, samples.length - 400)

  it.each([11_025, 16_000, 22_050, 32_000, 44_100, 48_000])('from %i Hz keeps the telephone band', (rate) => {
    for (const frequency of [300, 1000, 2000, 3400]) {
      const result = resample(sine(frequency, -10, rate, rate), rate, 8000)
      expect(result.length).toBe(8000)
      expect(Math.abs(toneLevelDbm0(middle(result), frequency) + 10)).toBeLessThan(0.1)
    }
  })

  it.each([16_000, 44_100, 48_000])('from %i Hz keeps folded sound 55 dB down', (rate) => {
    for (const frequency of [4700, 5500, 7000]) {
      const result = resample(sine(frequency, 0, rate, rate), rate, 8000)
      expect(levelDbm0(middle(result))).toBeLessThan(-55)
    }
  })

  it('has a gain of 1 for a constant, from the first sample to the last', () => {
    const result = resample(new Int16Array(4801).fill(1000), 48_000, 8000)
    expect(new Set(result)).toEqual(new Set([1000]))
  })

  it('returns the same samples when there is nothing to do', () => {
    const samples = sine(440, -10, 10)
    expect(resample(samples, 8000, 8000)).toBe(samples)
  })

  it('survives nothing at all', () => {
    expect(resample(new Int16Array(0), 48_000, 8000).length).toBe(0)
    expect(resample(Int16Array.of(5), 8001, 8000).length).toBe(0)
  })
})
