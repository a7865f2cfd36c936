import { describe, expect, it } from 'vitest'
import { codecNamed } from '../codec/codec.ts'
import { toneLevelDbm0 } from '../dsp/goertzel.ts'
import { levelDbm0 } from '../dsp/level.ts'
import type { ToneStep } from '../engine/play-source.ts'
import { ToneGenerator } from './generator.ts'
import { TONE_PRESETS } from './presets.ts'

function render(steps: readonly ToneStep[], durationMs: number, loop = true, chunk = 160): Int16Array {
  const generator = new ToneGenerator(steps, loop)
  const samples = new Int16Array(durationMs * 8)
  for (let at = 0; at < samples.length; at += chunk)
    generator.readInto(samples.subarray(at), Math.min(chunk, samples.length - at))
  return samples
}

const at = (samples: Int16Array, fromMs: number, durationMs = 100): Int16Array =>
  samples.subarray(fromMs * 8, (fromMs + durationMs) * 8)

describe('tone presets', () => {
  it('RINGBACK is 440 + 480 Hz, two seconds of six', () => {
    const samples = render(TONE_PRESETS.RINGBACK, 8000)
    for (const second of [0, 1.8, 6.1]) {
      expect(toneLevelDbm0(at(samples, second * 1000), 440)).toBeCloseTo(-19, 0)
      expect(toneLevelDbm0(at(samples, second * 1000), 480)).toBeCloseTo(-19, 0)
    }
    expect(levelDbm0(at(samples, 2000, 4000))).toBe(-Infinity)
  })

  it('RINGBACK_UK rings twice in three seconds', () => {
    const samples = render(TONE_PRESETS.RINGBACK_UK, 3000)
    expect(toneLevelDbm0(at(samples, 100), 450)).toBeCloseTo(-19, 0)
    expect(levelDbm0(at(samples, 400, 200))).toBe(-Infinity)
    expect(toneLevelDbm0(at(samples, 700), 400)).toBeCloseTo(-19, 0)
    expect(levelDbm0(at(samples, 1000, 2000))).toBe(-Infinity)
  })

  it('SIT climbs in three steps', () => {
    const samples = render(TONE_PRESETS.SIT, 1990)
    expect([950, 1400, 1800].map((f, i) => Math.round(toneLevelDbm0(at(samples, i * 330 + 100), f)))).toEqual([
      -24, -24, -24,
    ])
    expect(levelDbm0(at(samples, 990, 1000))).toBe(-Infinity)
  })

  it('every preset lasts, is heard, and stays within full scale', () => {
    for (const [name, steps] of Object.entries(TONE_PRESETS)) {
      const total = (steps as readonly ToneStep[]).reduce((sum, step) => sum + step.durationMs, 0)
      const samples = render(steps, total, false)
      expect(levelDbm0(samples), name).toBeGreaterThan(-40)
      expect(Math.max(...samples.subarray(0, 4000)), name).toBeLessThan(32_000)
    }
  })
})

describe('ToneGenerator', () => {
  const milliwatt: ToneStep = { tone1: { frequencyHz: 1000, amplitude: 0 }, durationMs: 1000, add: 'summation' }

  it('makes 0 dBm0 the digital milliwatt of G.711', () => {
    const octets = Uint8Array.of(0x34, 0x21, 0x21, 0x34, 0xb4, 0xa1, 0xa1, 0xb4)
    const reference = new Int16Array(8)
    codecNamed('PCMA').decodeInto(octets, 0, 8, reference, 0)
    expect(Math.abs(levelDbm0(render([milliwatt], 1000)) - levelDbm0(reference))).toBeLessThan(0.1)
  })

  it('keeps the phase across steps and chunks of any size', () => {
    const whole = render([{ ...milliwatt, durationMs: 100 }], 100, false)
    const steps = Array.from({ length: 10 }, () => ({ ...milliwatt, durationMs: 10 }))
    expect(render(steps, 100, false, 7)).toEqual(whole)
  })

  it('goes on after a pause where it was', () => {
    const whole = [...render([{ ...milliwatt, durationMs: 20 }], 20, false)]
    const part: ToneStep = { ...milliwatt, durationMs: 10 }
    const pauses: ToneStep[] = [
      { durationMs: 10, add: 'summation' },
      // 70 turns of what is above the line's 4 kHz.
      {
        tone1: { frequencyHz: 7000, amplitude: 0 },
        tone2: { frequencyHz: 400, amplitude: 6 },
        durationMs: 10,
        add: 'modulation',
      },
    ]
    for (const pause of pauses)
      expect([...render([part, pause, part], 30, false, 7)]).toEqual([
        ...whole.slice(0, 80),
        ...new Array(80).fill(0),
        ...whole.slice(80),
      ])
  })

  it('modulates the first component with the second', () => {
    const samples = render(
      [
        {
          tone1: { frequencyHz: 400, amplitude: 13 },
          tone2: { frequencyHz: 40, amplitude: 6 },
          durationMs: 1000,
          add: 'modulation',
        },
      ],
      1000,
    )
    // Half of the depth goes to each side band: m/2 with m = -6 dB is 12 dB below the carrier.
    expect(toneLevelDbm0(samples, 400)).toBeCloseTo(-13, 1)
    expect(toneLevelDbm0(samples, 360)).toBeCloseTo(-25, 1)
    expect(toneLevelDbm0(samples, 440)).toBeCloseTo(-25, 1)
    expect(toneLevelDbm0(samples, 40)).toBeLessThan(-60)
  })

  it('ends where its steps end', () => {
    const generator = new ToneGenerator([{ ...milliwatt, durationMs: 25 }], false)
    const into = new Int16Array(160).fill(1)
    expect(generator.readInto(into, 160)).toBe(160)
    expect(generator.readInto(into, 160)).toBe(40)
    expect([...into.subarray(40)].every((s) => s === 0)).toBe(true)
    expect(generator.readInto(into, 160)).toBe(0)
  })

  it('does not hang on a loop without duration, and lets nothing fold back from above 4 kHz', () => {
    expect(new ToneGenerator([{ durationMs: 0, add: 'summation' }], true).readInto(new Int16Array(160), 160)).toBe(0)
    expect(new ToneGenerator([], true).readInto(new Int16Array(160), 160)).toBe(0)
    const high: ToneStep = { tone1: { frequencyHz: 7000, amplitude: 0 }, durationMs: 100, add: 'summation' }
    expect(levelDbm0(render([high], 100))).toBe(-Infinity)
  })
})
