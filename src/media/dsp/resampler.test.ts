import { describe, expect, it } from 'vitest'
import { createKernels } from '../wasm/kernels.ts'
import { levelDbm0, sinePeak } from './level.ts'
import { Resampler } from './resampler.ts'

const kernels = createKernels()

function sine(frequencyHz: number, rateHz: number, seconds = 1): Int16Array {
  const omega = (2 * Math.PI * frequencyHz) / rateHz
  return Int16Array.from({ length: rateHz * seconds }, (_, i) => Math.round(sinePeak(-10) * Math.sin(omega * i)))
}

/** A whole stream, in blocks of 20 ms. */
function stream(samples: Int16Array, fromHz: number, toHz: number): Int16Array {
  const block = fromHz / 50
  const resampler = new Resampler(kernels, fromHz, toHz, block)
  const past = new Int16Array(resampler.past)
  const into = new Int16Array((samples.length * toHz) / fromHz)
  let at = 0
  for (let from = 0; from < samples.length; from += block) at += resampler.process(past, samples, from, block, into, at)
  expect(at).toBe(into.length)
  return into
}

const ratios = [
  [8000, 16_000],
  [16_000, 8000],
  [16_000, 48_000],
  [48_000, 16_000],
  [8000, 48_000],
  [48_000, 8000],
] as const

describe('Resampler', () => {
  it.each(ratios)('from %i to %i Hz: passes 83 %% of the narrower band within 0.2 dB', (fromHz, toHz) => {
    const narrower = Math.min(fromHz, toHz)
    for (const part of [0.05, 0.25, 0.5, 0.7, 0.83]) {
      const result = stream(sine((narrower / 2) * part, fromHz), fromHz, toHz)
      expect(Math.abs(levelDbm0(result.subarray(1000)) + 10)).toBeLessThan(0.2)
    }
  })

  it.each(ratios.filter(([from, to]) => to < from))('from %i to %i Hz: keeps folded sound 55 dB down', (from, to) => {
    for (const part of [1.17, 1.4, 1.9]) {
      const result = stream(sine((to / 2) * part, from), from, to)
      expect(levelDbm0(result.subarray(1000))).toBeLessThan(-65)
    }
  })

  it.each(ratios.filter(([from, to]) => to > from))('from %i to %i Hz: makes no images', (from, to) => {
    // What comes back after a way up and down is what went in, 24 samples of the slower rate later.
    const tone = sine(from * 0.2, from)
    const back = stream(stream(tone, from, to), to, from)
    let error = 0
    for (let i = 1000; i < 4000; i++) error = Math.max(error, Math.abs(back[i] - tone[i - 24]))
    expect(error).toBeLessThan(sinePeak(-10) * 0.01)
  })

  it('has a gain of 1 for a constant, without a ripple from phase to phase', () => {
    const result = stream(new Int16Array(800).fill(1000), 8000, 48_000)
    expect(new Set(result.subarray(200))).toEqual(new Set([1000]))
  })

  it('refuses ratios that are not whole', () => {
    expect(() => new Resampler(kernels, 44_100, 8000, 882)).toThrow(RangeError)
  })
})
