import { describe, expect, it } from 'vitest'
import { levelDbm0 } from '../dsp/level.ts'
import { ComfortNoise } from './comfort-noise.ts'

/** 1 s of noise, after half a second in which its level settles. */
function noiseOf(...payload: number[]): Int16Array {
  const noise = new ComfortNoise()
  noise.describe(Uint8Array.from([9, 9, ...payload]), 2, payload.length)
  const samples = new Int16Array(12_000)
  for (let at = 0; at < samples.length; at += 160) noise.fill(samples, at, 160)
  return samples.subarray(4000)
}

/** A sine at full scale is 3.01 dB below 0 dBov, and 3.14 dB above 0 dBm0. */
const levelDbov = (samples: Int16Array): number => levelDbm0(samples) - 3.14 - 3.01

/** How alike neighbouring samples are: above 0 for low noise, below 0 for high noise. */
function tilt(samples: Int16Array): number {
  let [product, energy] = [0, 0]
  for (let i = 1; i < samples.length; i++) {
    product += samples[i] * samples[i - 1]
    energy += samples[i] * samples[i]
  }
  return product / energy
}

describe('ComfortNoise', () => {
  it.each([30, 45, 60])('has the level of -%i dBov that was described', (level) => {
    expect(levelDbov(noiseOf(level))).toBeCloseTo(-level, 0)
    expect(levelDbov(noiseOf(level, 60, 140, 127))).toBeCloseTo(-level, 0)
  })

  it('has the spectrum that was described: a first coefficient k tilts it by -k', () => {
    expect(tilt(noiseOf(40))).toBeCloseTo(0, 1)
    for (const k of [-0.5, 0.25, 0.8]) expect(tilt(noiseOf(40, 127 + 128 * k))).toBeCloseTo(-k, 1)
  })

  it('stays within its level whatever the payload says', () => {
    for (const octet of [0, 255]) expect(levelDbov(noiseOf(30, ...new Array<number>(40).fill(octet)))).toBeLessThan(-20)
    expect(levelDbov(noiseOf(...[]))).toBe(-Infinity)
  })

  it('fades in', () => {
    const noise = new ComfortNoise()
    noise.describe(Uint8Array.of(30), 0, 1)
    const samples = new Int16Array(800)
    noise.fill(samples, 0, 800)
    expect(levelDbov(samples.subarray(0, 16))).toBeLessThan(-40)
    expect(levelDbov(samples.subarray(400))).toBeGreaterThan(-32)
  })
})
