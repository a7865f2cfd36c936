import { describe, expect, it } from 'vitest'
import { CallToneDetector } from '../detect/call-tone-detector.ts'
import { tonePlanOf, UNMISTAKABLE_CONGESTION, USUAL_PLAN } from '../detect/tone-plan.ts'
import type { ToneStep } from '../engine/play-source.ts'
import { ToneGenerator } from './generator.ts'
import { NATIONAL_TONES, nationalTonesOf } from './national-tones.ts'
import { TONE_PRESETS, toneNamed } from './presets.ts'

/** What the detector says of 12 s of a tone in the network of a country. */
function heard(steps: readonly ToneStep[], country: string): string[] {
  const said: string[] = []
  const detector = new CallToneDetector((sound) => said.push(sound), country)
  const generator = new ToneGenerator(steps, true)
  const frame = new Int16Array(160)
  for (let i = 0; i < 600; i++) {
    generator.readInto(frame, 160)
    detector.hear(frame, true)
  }
  return said
}

const countries = Object.entries(NATIONAL_TONES)

describe('the tones of countries', () => {
  it.each(countries)('of %s are recognised as what they are, with its plan', (country, tones) => {
    expect(heard(tones.busy, country)).toEqual(['busy'])
    // Where both sound alike it is taken for busy.
    const isSame = JSON.stringify(tones.congestion) === JSON.stringify(tones.busy)
    expect(heard(tones.congestion, country)).toEqual([isSame ? 'busy' : 'congestion'])
    expect(heard(tones.ringback, country)).toEqual(['ringback'])
    expect(heard(tones.information, country)[0]).toBe('specialInformation')
  })

  it.each(countries)('of %s are 10 to 5,000 ms of a frequency from 300 to 2,000 Hz, and pauses', (_, tones) => {
    for (const steps of Object.values(tones) as (readonly ToneStep[])[]) {
      expect(steps[0]?.tone1).toBeDefined()
      for (const { tone1, tone2, durationMs } of steps) {
        expect(durationMs).toBeGreaterThanOrEqual(10)
        if (tone1 === undefined) continue
        expect(durationMs).toBeLessThanOrEqual(5000)
        expect(tone1.frequencyHz).toBeGreaterThanOrEqual(300)
        expect(Math.max(tone1.frequencyHz, tone2?.frequencyHz ?? 0)).toBeLessThanOrEqual(2000)
        expect(tone1.amplitude).toBeGreaterThanOrEqual(10)
        expect(tone1.amplitude).toBeLessThanOrEqual(24)
      }
    }
  })

  it('have names: a preset, or a tone and a country', () => {
    expect(toneNamed('BUSY')).toBe(NATIONAL_TONES.US.busy)
    expect(toneNamed('BUSY_DE')).toBe(NATIONAL_TONES.DE.busy)
    expect(toneNamed('CALL_WAITING_FR')).toBe(NATIONAL_TONES.FR.callWaiting)
    expect(toneNamed('SIT_BE')?.[0]?.tone1?.frequencyHz).toBe(900)
    expect(toneNamed('BEEP_JP')).toBe(TONE_PRESETS.BEEP)
    expect(toneNamed('RINGBACK_CA')).toBe(TONE_PRESETS.RINGBACK)
    expect(toneNamed('CONGESTION_UK')).toBe(NATIONAL_TONES.GB.congestion)
    for (const name of ['', 'BUSY_', 'BUSY_XX', 'BUSY_de', 'busy', 'HUM_DE', 'constructor', 'BEEP_XX', 'toString_DE'])
      expect(toneNamed(name), name).toBeUndefined()
    expect(nationalTonesOf('se')).toBe(NATIONAL_TONES.SE)
    expect(nationalTonesOf('')).toBeUndefined()
  })

  it('say which side of the line busy and congestion lie on, and who is different', () => {
    expect(USUAL_PLAN).toEqual({
      busyMs: [330, 350, 375, 400, 480, 500, 750],
      congestionMs: [165, 167, 175, 200, 240, 250],
    })
    const different = Object.keys(NATIONAL_TONES).filter((country) => tonePlanOf(country) !== USUAL_PLAN)
    expect(different).toEqual(['BR', 'CN', 'ES', 'FI', 'GB', 'GR', 'HU', 'MX', 'SE', 'TH'])
    expect(tonePlanOf('th')).toEqual({ busyMs: [500], congestionMs: [300] })
    expect(tonePlanOf('UK')).toEqual({ ...USUAL_PLAN, unobtainableHz: 400 })
    expect(tonePlanOf('MX')).toEqual({ busyMs: [250], congestionMs: [] })
    expect(tonePlanOf('XX')).toBe(USUAL_PLAN)
    expect(tonePlanOf(undefined)).toBe(USUAL_PLAN)
    expect(UNMISTAKABLE_CONGESTION).toEqual([
      [250, 250, 750, 250],
      [200, 200, 200, 200, 200, 600],
      [400, 350, 225, 525],
      [250, 750],
    ])
  })
})
