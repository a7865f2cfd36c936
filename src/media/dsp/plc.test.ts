import { describe, expect, it } from 'vitest'
import { levelDbm0 } from './level.ts'
import { findPitch, pitchMatch } from './pitch.ts'
import { LossConcealer } from './plc.ts'

/** A pulse train through a decaying resonance: a voice of this pitch. */
function voice(pitchHz: number, length: number): Int16Array {
  const samples = new Int16Array(length)
  const period = 8000 / pitchHz
  for (let i = 0; i < length; i++) {
    const since = i % period
    samples[i] = Math.round(8000 * Math.exp(-since / 25) * Math.cos((2 * Math.PI * 500 * since) / 8000))
  }
  return samples
}

describe('findPitch', () => {
  it.each([70, 100, 125, 160, 190])('finds a pitch of %i Hz', (pitchHz) => {
    const samples = voice(pitchHz, 800)
    const lag = findPitch(samples, 800, 160, 40, 120)
    expect(lag / Math.max(1, Math.round((lag * pitchHz) / 8000))).toBeCloseTo(8000 / pitchHz, -0.5)
    expect(pitchMatch(samples, 800, 160, lag, 1)).toBeGreaterThan(0.95)
  })

  it('finds nothing alike in silence', () => {
    expect(pitchMatch(new Int16Array(400), 400, 160, findPitch(new Int16Array(400), 400, 160, 40, 120), 1)).toBe(0)
  })
})

describe('LossConcealer', () => {
  it.each([80, 125, 200])('goes on with a voice of %i Hz for 10 ms as if nothing were lost', (pitchHz) => {
    const sound = voice(pitchHz, 1600)
    const heard = sound.slice()
    heard.fill(0, 800, 880)
    new LossConcealer().conceal(heard, 800, 80)
    const error = heard.subarray(800, 880).map((sample, i) => sample - sound[800 + i])
    expect(levelDbm0(error)).toBeLessThan(levelDbm0(sound.subarray(800, 880)) - 10)
  })

  it('is at full level for 10 ms, fades, and is silent after 60 ms', () => {
    const heard = voice(125, 1600)
    const level = levelDbm0(heard.subarray(0, 800))
    const concealer = new LossConcealer()
    for (let at = 800; at < 1440; at += 160) concealer.conceal(heard, at, 160)
    expect(levelDbm0(heard.subarray(800, 880))).toBeGreaterThan(level - 1)
    expect(levelDbm0(heard.subarray(960, 1040))).toBeLessThan(level - 1)
    expect(levelDbm0(heard.subarray(1200, 1264))).toBeLessThan(level - 10)
    expect([...heard.subarray(1280, 1440)].every((sample) => sample === 0)).toBe(true)
  })

  it('writes the same in one piece and in many', () => {
    const whole = voice(97, 1600)
    const parts = whole.slice()
    new LossConcealer().conceal(whole, 800, 400)
    const concealer = new LossConcealer()
    for (let at = 800; at < 1200; at += 8) concealer.conceal(parts, at, 8)
    expect(parts).toEqual(whole)
  })

  it('leaves what comes after the overlap as it is', () => {
    const sound = voice(125, 1600)
    const heard = sound.slice()
    const concealer = new LossConcealer()
    concealer.conceal(heard, 800, 160)
    concealer.resume(heard, 960, 160)
    expect(concealer.isConcealing).toBe(false)
    expect(heard.subarray(960 + 80)).toEqual(sound.subarray(960 + 80))
  })
})
