import { describe, expect, it } from 'vitest'
import { seededRandom, uniform } from '../../kit/index.ts'
import { energy } from '../dsp/level.ts'
import { digitTones } from '../dtmf/digits.ts'
import type { ToneStep } from '../engine/play-source.ts'
import { SyntheticBand, SyntheticSpeaker } from '../test/synthetic-sound.ts'
import { TONE_PRESETS } from '../tone/presets.ts'
import { CallToneDetector } from './call-tone-detector.ts'
import { heardIn, type Line, toneOn } from './test/call-sounds.ts'

type Steps = readonly ToneStep[]

function cadence(frequencies: readonly [number, number?], ...ms: number[]): Steps {
  const [first, second] = frequencies
  return ms.map((durationMs, i): ToneStep => {
    if (i % 2 === 1) return { durationMs, add: 'summation' }
    const tone1 = { frequencyHz: first, amplitude: 13 }
    if (second === undefined) return { tone1, durationMs, add: 'summation' }
    // A frequency below those of speech modulates the other.
    return {
      tone1,
      tone2: { frequencyHz: second, amplitude: second < 100 ? 1 : 13 },
      durationMs,
      add: second < 100 ? 'modulation' : 'summation',
    }
  })
}

/** ITU-T E.180 supplement 2, as the network of each country sends them. */
const TONES: readonly (readonly [
  name: string,
  steps: Steps,
  expected: 'ringback' | 'busy' | 'congestion' | 'unobtainable',
  country?: string,
])[] = [
  ['US ringback', TONE_PRESETS.RINGBACK, 'ringback'],
  ['European ringback', TONE_PRESETS.RINGBACK_EU, 'ringback'],
  ['UK ringback', TONE_PRESETS.RINGBACK_UK, 'ringback'],
  ['French ringback', cadence([440], 1500, 3500), 'ringback'],
  ['Japanese ringback', cadence([400, 16], 1000, 2000), 'ringback'],
  ['Indian ringback', cadence([400, 25], 400, 200, 400, 2000), 'ringback'],
  ['Australian ringback', cadence([413, 438], 400, 200, 400, 2000), 'ringback'],
  ['Swedish ringback', cadence([425], 1000, 5000), 'ringback'],
  ['US busy', TONE_PRESETS.BUSY, 'busy'],
  ['European busy', TONE_PRESETS.BUSY_EU, 'busy'],
  ['UK busy', TONE_PRESETS.BUSY_UK, 'busy'],
  ['German busy', cadence([425], 480, 480), 'busy'],
  ['French busy', cadence([440], 500, 500), 'busy'],
  ['Austrian busy', cadence([420], 400, 400), 'busy'],
  ['Russian busy', cadence([425], 350, 350), 'busy'],
  ['Finnish busy', cadence([425], 300, 300), 'busy', 'FI'],
  ['Indian busy', cadence([400], 750, 750), 'busy'],
  ['Chinese busy', cadence([450], 350, 350), 'busy', 'CN'],
  ['Swedish busy', cadence([425], 250, 250), 'busy', 'SE'],
  ['Spanish busy', cadence([425], 200, 200), 'busy', 'es'],
  ['Brazilian busy', cadence([425], 250, 250), 'busy', 'BR'],
  ['US congestion', TONE_PRESETS.CONGESTION, 'congestion'],
  ['European congestion', TONE_PRESETS.CONGESTION_EU, 'congestion'],
  ['German congestion', cadence([425], 240, 240), 'congestion'],
  ['Italian congestion', cadence([425], 200, 200), 'congestion'],
  ['Belgian congestion', cadence([425], 167, 167), 'congestion'],
  ['New Zealand congestion', cadence([400], 250, 250), 'congestion'],
  ['UK congestion', cadence([400], 400, 350, 225, 525), 'congestion', 'GB'],
  ['Spanish congestion', cadence([425], 200, 200, 200, 200, 200, 600), 'congestion', 'ES'],
  ['Brazilian congestion', cadence([425], 250, 250, 750, 250), 'congestion', 'BR'],
  ['Swedish congestion', cadence([425], 250, 750), 'congestion', 'SE'],
  ['Chinese congestion', cadence([450], 700, 700), 'congestion', 'CN'],
  ['UK number unobtainable', cadence([400], 9990), 'unobtainable', 'GB'],
]

function expectTone([name, steps, expected, country]: (typeof TONES)[number], durationMs: number, line: Line): void {
  expect(heardIn(toneOn(steps, durationMs, line), line, country), `${name} ${JSON.stringify(line)}`).toEqual([expected])
}

describe('CallToneDetector', () => {
  it.each(TONES.map((tone) => [tone[0], tone] as const))('hears %s as it is', (_, tone) => {
    for (const startMs of [0, 90, 333, 700]) expectTone(tone, 12_000, { startMs })
  })

  it.each([-5, -15, -25, -35])('hears every tone at %i dBm0, with noise 15 dB below it', (level) => {
    for (const tone of TONES)
      for (const seed of [1, 2])
        expectTone(tone, 12_000, { amplitude: -level, noiseDbm0: Math.max(level - 15, -60), startMs: seed * 130, seed })
  })

  it('hears every tone with frequency and cadence off by what E.180 allows', () => {
    for (const tone of TONES) {
      for (const offHz of [-15, 15])
        if (!tone[0].startsWith('Chinese') || offHz < 0) expectTone(tone, 12_000, { offHz })
      for (const slower of [0.9, 0.95, 1.05, 1.1]) expectTone(tone, 13_000, { slower, startMs: 40 })
    }
  })

  it('hears the same, and when, where it hears nothing for what is quiet for longer than a second', () => {
    let left = 0
    for (const [name, steps, , country] of TONES) {
      const [noisy, quiet]: string[][] = [[], []]
      const [before, after] = [noisy, quiet].map(
        (said) => new CallToneDetector((sound, agoMs) => said.push(`${sound} ${agoMs}`), country),
      ) as [CallToneDetector, CallToneDetector]
      const samples = toneOn(steps, 14_000, { noiseDbm0: -52 })
      let quietFrames = 0
      for (let at = 0; at + 160 <= samples.length; at += 160) {
        const frame = samples.subarray(at, at + 160)
        before.hear(frame, true)
        quietFrames = energy(frame) > after.quietEnergy ? 0 : quietFrames + 1
        if (quietFrames < 50) after.hear(frame, true)
        else after.hearNothing()
        if (quietFrames >= 50) left++
      }
      expect(quiet, name).toEqual(noisy)
      expect(quiet).not.toEqual([])
    }
    expect(left).toBeGreaterThan(1000)
  })

  it.each([10, 20, 30, 40, 60])('hears every tone in packets of %i ms of which a twentieth is lost', (ptimeMs) => {
    for (const tone of TONES)
      for (let seed = 1; seed <= 3; seed++) expectTone(tone, 20_000, { ptimeMs, loss: 0.05, seed, noiseDbm0: -55 })
  })

  it('says busy within two and a half seconds and congestion within two, and when it began', () => {
    const said: [string, number, number][] = []
    for (const steps of [TONE_PRESETS.BUSY, TONE_PRESETS.CONGESTION_EU]) {
      let frames = 0
      const detector = new CallToneDetector((sound, ago) => said.push([sound, frames * 20, ago]))
      const samples = toneOn(steps, 5000)
      for (; frames < 250; frames++) detector.hear(samples.subarray(frames * 160, frames * 160 + 160), true)
    }
    expect(said).toEqual([
      ['busy', expect.closeTo(2100, -2), expect.closeTo(2100, -2)],
      ['congestion', expect.closeTo(1600, -2), expect.closeTo(1600, -2)],
    ])
  })

  it('says that a number is unobtainable after three seconds, where that is what such a tone means', () => {
    const endless = cadence([400], 60_000)
    let saidAtMs = 0
    let frames = 0
    const detector = new CallToneDetector((sound, ago) => {
      saidAtMs = frames * 20
      expect(sound).toBe('unobtainable')
      expect(ago).toBeCloseTo(saidAtMs, -2)
    }, 'GB')
    const samples = toneOn(endless, 30_000)
    for (; frames < 1500; frames++) detector.hear(samples.subarray(frames * 160, frames * 160 + 160), true)
    expect(saidAtMs).toBeCloseTo(3000, -2)
    // Elsewhere it may be a dial tone, as it is at 425 Hz nearly everywhere, and at 350 and 440 Hz in Great Britain.
    expect(heardIn(samples)).toEqual([])
    for (const tone of [cadence([425], 60_000), cadence([440], 60_000), cadence([350, 440], 60_000)])
      expect(heardIn(toneOn(tone, 10_000), {}, 'GB')).toEqual([])
    // Nor is a single long ring.
    expect(heardIn(toneOn(cadence([400, 450], 2200, 4000), 12_000), {}, 'GB')).toEqual(['ringback'])
  })

  it('says each tone once, and again after another', () => {
    const parts = [TONE_PRESETS.RINGBACK_EU, TONE_PRESETS.BUSY_EU, TONE_PRESETS.RINGBACK_EU]
    const samples = parts.flatMap((steps) => [...toneOn(steps, 14_000), ...new Int16Array(16_000)])
    expect(heardIn(Int16Array.from(samples))).toEqual(['ringback', 'busy', 'ringback'])
  })
})

describe('CallToneDetector and special information', () => {
  const [low, high] = [
    [913.8, 1370.6],
    [985.2, 1428.5],
  ] as const
  const segments = (hz: readonly number[], ms: readonly number[], gapMs = 0): Steps =>
    hz.flatMap((frequencyHz, i): ToneStep[] => [
      { tone1: { frequencyHz, amplitude: 24 }, durationMs: ms[i], add: 'summation' },
      { durationMs: i === 2 ? 1500 : gapMs, add: 'summation' },
    ])
  const SIT = [
    ['unspecified', segments([950, 1400, 1800], [330, 330, 330])],
    ['unspecified', segments([950, 1400, 1800], [330, 330, 330], 30)],
    ['unspecified', segments([900, 1350, 1850], [260, 400, 330])],
    ['intercept', segments([low[0], low[1], 1776.7], [274, 274, 380])],
    ['vacantCode', segments([high[0], low[1], 1776.7], [380, 274, 380])],
    ['reorder', segments([low[0], high[1], 1776.7], [274, 380, 380])],
    ['reorder', segments([high[0], low[1], 1776.7], [274, 380, 380])],
    ['noCircuit', segments([high[0], high[1], 1776.7], [380, 380, 380])],
    ['noCircuit', segments([low[0], low[1], 1776.7], [380, 380, 380], 4)],
    ['ineffective', segments([low[0], high[1], 1776.7], [380, 274, 380])],
  ] as const

  it.each(SIT)('says %s by pitch and length of the segments', (meaning, steps) => {
    for (const silenceMs of [100, 207, 313])
      for (const amplitude of [5, 24, 35]) {
        const line = { amplitude, noiseDbm0: -amplitude - 18 }
        const steady = [{ durationMs: silenceMs, add: 'summation' } as const, ...steps]
        expect(heardIn(toneOn(steady, 3000, line)), JSON.stringify(line)).toEqual([`specialInformation:${meaning}`])
      }
  })

  it('knows a special information tone of which packets are lost, if not always what it says', () => {
    let heard = 0
    for (let seed = 1; seed <= 40; seed++)
      for (const [, steps] of SIT)
        if (heardIn(toneOn(steps, 6000), { seed, loss: 0.05 })[0]?.startsWith('specialInformation')) heard++
    expect(heard / (40 * SIT.length)).toBeGreaterThan(0.95)
  })
})

describe('CallToneDetector and what is no tone', () => {
  it('hears voices and music as audio, and as nothing else, for 18 minutes', () => {
    const MINUTES = 6
    const random = seededRandom(3)
    const speaker = new SyntheticSpeaker(random)
    const band = new SyntheticBand(random)
    const heard: string[][] = [[], [], []]
    const detectors = heard.map((list) => new CallToneDetector((sound) => list.push(sound)))
    const [speech, music, both] = [new Int16Array(160), new Int16Array(160), new Int16Array(160)]
    for (let frame = 0; frame < MINUTES * 3000; frame++) {
      speaker.speakInto(speech)
      band.playInto(music)
      for (let i = 0; i < 160; i++) both[i] = (speech[i] + music[i]) >> 1
      for (const [i, sound] of [speech, music, both].entries()) detectors[i].hear(sound, uniform(random) > 0.05)
    }
    expect(heard).toEqual([['audio'], ['audio'], ['audio']])
  })

  it('says nothing of keys, dial tones, modems, steady tones, noise and silence', () => {
    expect(heardIn(toneOn(digitTones('1234567890*#ABCD'), 20_000))).toEqual([])
    for (const steps of [TONE_PRESETS.DIAL, TONE_PRESETS.DIAL_EU, cadence([2100], 3000, 0), cadence([1100], 500, 3000)])
      expect(heardIn(toneOn(steps, 20_000, { noiseDbm0: -50 }))).toEqual([])
    expect(heardIn(toneOn(cadence([1000], 500, 500), 20_000))).toEqual([])
    expect(heardIn(toneOn([{ durationMs: 1000, add: 'summation' }], 20_000, { noiseDbm0: -45 }))).toEqual([])
    expect(heardIn(new Int16Array(160_000))).toEqual([])
  })

  it('says nothing of dial tones that have a cadence', () => {
    for (const ms of [
      [330, 330, 660, 660],
      [200, 300, 700, 800],
      [200, 200, 600, 1000],
    ])
      expect(heardIn(toneOn(cadence([425], ...ms), 20_000))).toEqual([])
  })

  it('hears a voice after ringback, and when it began', () => {
    const ringing = toneOn(TONE_PRESETS.RINGBACK, 6000)
    const speech = new Int16Array(16_000)
    const speaker = new SyntheticSpeaker(seededRandom(5))
    for (let at = 0; at < speech.length; at += 160) speaker.speakInto(speech.subarray(at, at + 160))
    const said: [string, number][] = []
    let frames = 0
    const detector = new CallToneDetector((sound, ago) => said.push([sound, frames * 20 + 20 - ago]))
    for (const samples of [ringing, speech])
      for (let at = 0; at < samples.length; at += 160, frames++) detector.hear(samples.subarray(at, at + 160), true)
    expect(said.map(([sound]) => sound)).toEqual(['ringback', 'audio'])
    expect(said[1][1]).toBeGreaterThan(5980)
    expect(said[1][1]).toBeLessThan(6700)
  })
})
