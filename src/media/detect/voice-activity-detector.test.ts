import { describe, expect, it } from 'vitest'
import { seededRandom, uniform } from '../../kit/index.ts'
import { sinePeak } from '../dsp/level.ts'
import { digitTones } from '../dtmf/digits.ts'
import { recordedVoices } from '../test/recorded-voices.ts'
import { SyntheticBand, SyntheticSpeaker } from '../test/synthetic-sound.ts'
import { TONE_PRESETS } from '../tone/presets.ts'
import { addNoise, overG711, toneOn } from './test/call-sounds.ts'
import { joined } from './test/far-end-sounds.ts'
import { VoiceActivityDetector, type VoiceActivityOptions } from './voice-activity-detector.ts'

interface Speech {
  /** When it was said. */
  readonly saidAtMs: number
  readonly beganAtMs: number
  readonly endedAtMs: number
}

interface Setting extends VoiceActivityOptions {
  /** Which frames are lost. */
  readonly isLost?: (frame: number) => boolean
  readonly isGuarded?: boolean
}

/** All speech that a detector finds in a sound; an end that does not come is `Infinity`. */
function speechIn(samples: Int16Array, { isLost, isGuarded = false, ...options }: Setting = {}): Speech[] {
  const detector = new VoiceActivityDetector(options)
  detector.isGuarded = isGuarded
  const found: Speech[] = []
  for (let at = 0; at + 160 <= samples.length; at += 160) {
    const edge = detector.hear(samples.subarray(at, at + 160), isLost?.(at / 160) !== true)
    if (edge === 'begins')
      found.push({ saidAtMs: detector.nowMs, beganAtMs: detector.beganAtMs, endedAtMs: Number.POSITIVE_INFINITY })
    if (edge === 'ends') found.push({ ...(found.pop() as Speech), endedAtMs: detector.endedAtMs })
  }
  return found
}

function silence(ms: number, noiseDbm0?: number, seed = 1): Int16Array {
  const samples = new Int16Array(ms * 8)
  if (noiseDbm0 !== undefined) addNoise(samples, noiseDbm0, seededRandom(seed))
  return samples
}

/** Noise whose power falls with the frequency, as that of rooms and roads does. */
function pinkNoise(ms: number, levelDbm0: number): Int16Array {
  const random = seededRandom(3)
  const out = new Float64Array(ms * 8)
  const states = [0, 0, 0]
  for (let i = 0; i < out.length; i++) {
    const white = uniform(random) - 0.5
    for (const [k, pole] of [0.99765, 0.963, 0.57].entries())
      states[k] = pole * states[k] + white * [0.099, 0.2965, 1.0527][k]
    out[i] = states[0] + states[1] + states[2] + white * 0.1848
  }
  const power = out.reduce((sum, value) => sum + value * value, 0) / out.length
  const gain = sinePeak(levelDbm0) / Math.sqrt(2 * power)
  return Int16Array.from(out, (value) => value * gain)
}

function louder(samples: Int16Array, db: number): Int16Array {
  return samples.map((value) => Math.max(-32_768, Math.min(32_767, value * 10 ** (db / 20))))
}

function over(sound: Int16Array, noise: Int16Array): Int16Array {
  return sound.map((value, i) => Math.max(-32_768, Math.min(32_767, value + noise[i]!)))
}

function synthetic(ms: number, seed = 1): Int16Array {
  const speaker = new SyntheticSpeaker(seededRandom(seed))
  const samples = new Int16Array(ms * 8)
  for (let at = 0; at < samples.length; at += 160) speaker.speakInto(samples.subarray(at, at + 160))
  return samples
}

describe('what is speech', () => {
  for (const [n, voice] of recordedVoices().entries())
    for (const [line, through] of Object.entries<(sound: Int16Array) => Int16Array>({
      'as it is': (sound) => sound,
      '12 dB softer': (sound) => louder(sound, -12),
      'over noise of -45 dBm0': (sound) => over(sound, silence(sound.length / 8, -45)),
      'over the noise of a room': (sound) => over(sound, pinkNoise(sound.length / 8, -42)),
    }))
      it(`is voice ${n + 1}, ${line}, within 120 ms and to within 100 ms of where it is`, () => {
        const found = speechIn(overG711(through(joined(silence(1000), voice.samples, silence(1000)))))
        expect(found).toHaveLength(1)
        const { saidAtMs, beganAtMs, endedAtMs } = found[0] as Speech
        expect(saidAtMs - 1000 - voice.beginsAtMs).toBeLessThanOrEqual(120)
        expect(Math.abs(beganAtMs - 1000 - voice.beginsAtMs)).toBeLessThanOrEqual(60)
        expect(Math.abs(endedAtMs - 1000 - voice.endsAtMs)).toBeLessThanOrEqual(200)
      })

  it('is what a synthetic speaker says, for all of its 20 s', () => {
    for (let seed = 1; seed <= 5; seed++) {
      const found = speechIn(overG711(joined(silence(500), synthetic(20_000, seed))))
      const spoken = found.reduce((sum, { beganAtMs, endedAtMs }) => sum + Math.min(endedAtMs, 20_500) - beganAtMs, 0)
      expect(spoken / 20_000, `seed ${seed}`).toBeGreaterThan(0.93)
    }
  })

  it('is not changed by a twentieth of the packets being lost', () => {
    const random = seededRandom(5)
    for (const voice of recordedVoices()) {
      const sound = joined(silence(1000), voice.samples, silence(1000))
      expect(speechIn(sound, { isLost: () => uniform(random) < 0.05 })).toHaveLength(1)
    }
  })
})

describe('what is no speech', () => {
  const cases: [string, () => Int16Array][] = [
    ...Object.entries(TONE_PRESETS).map(([name, steps]): [string, () => Int16Array] => [
      name,
      () => toneOn(steps, 20_000),
    ]),
    ...Object.entries(TONE_PRESETS).map(([name, steps]): [string, () => Int16Array] => [
      `${name} over noise`,
      () => toneOn(steps, 20_000, { noiseDbm0: -45, offHz: 7 }),
    ]),
    ...[...'0123456789*#ABCD'].map((digit): [string, () => Int16Array] => [
      `the key ${digit}`,
      () => toneOn(digitTones(digit), 10_000),
    ]),
    ['a number that is dialled', () => toneOn(digitTones('0123456789*#'), 10_000)],
    ['the tone of a fax machine', () => toneOn([tone(2100, 3000)], 6000)],
    [
      'the tone of a calling fax machine',
      () => toneOn([tone(1100, 500), { durationMs: 3000, add: 'summation' }], 14_000),
    ],
    ...[-60, -45, -30].flatMap((level): [string, () => Int16Array][] => [
      [`white noise of ${level} dBm0`, () => overG711(silence(10_000, level))],
      [`pink noise of ${level} dBm0`, () => overG711(pinkNoise(10_000, level))],
      [
        `noise of ${level} dBm0 that comes and goes`,
        () => overG711(joined(...[1, 2, 3, 4].flatMap((seed) => [silence(1500), silence(2000, level, seed)]))),
      ],
    ]),
    [
      'clicks',
      () => {
        const samples = new Int16Array(80_000)
        for (let at = 4000; at < samples.length; at += 4000)
          for (let i = 0; i < 40; i++) samples[at + i] = 25_000 * (i % 2 === 0 ? 1 : -1) * Math.exp(-i / 8)
        return samples
      },
    ],
    ['silence', () => silence(10_000)],
  ]
  it.each(cases)('%s', (_name, sound) => {
    expect(speechIn(sound())).toEqual([])
  })

  it('is most music: less than a tenth of what a band plays', () => {
    let spokenMs = 0
    for (let seed = 1; seed <= 4; seed++) {
      const band = new SyntheticBand(seededRandom(seed))
      const samples = new Int16Array(30_000 * 8)
      for (let at = 0; at < samples.length; at += 160) band.playInto(samples.subarray(at, at + 160))
      for (const { beganAtMs, endedAtMs } of speechIn(overG711(samples)))
        spokenMs += Math.min(endedAtMs, 30_000) - beganAtMs
    }
    expect(spokenMs / 120_000).toBeLessThan(0.1)
  })
})

describe('when speech is over', () => {
  const [amelia] = recordedVoices() as [ReturnType<typeof recordedVoices>[number]]
  const twice = (pauseMs: number) =>
    joined(silence(500), amelia.samples, silence(pauseMs), amelia.samples, silence(3000))

  it('a pause shorter than the hangover is within it, a longer one is not', () => {
    // The recording has 420 ms of silence of its own around the word.
    expect(speechIn(twice(200), { hangoverMs: 300 })).toHaveLength(2)
    expect(speechIn(twice(200), { hangoverMs: 800 })).toHaveLength(1)
    expect(speechIn(twice(600), { hangoverMs: 800 })).toHaveLength(2)
  })

  it('is said when the hangover has passed, and for when it was', () => {
    const detector = new VoiceActivityDetector({ hangoverMs: 700 })
    const sound = joined(silence(500), amelia.samples, silence(2000))
    for (let at = 0; at + 160 <= sound.length; at += 160)
      if (detector.hear(sound.subarray(at, at + 160)) === 'ends') break
    expect(detector.isSpeaking).toBe(false)
    expect(detector.nowMs - detector.endedAtMs).toBe(700)
  })

  it('a noise that follows does not hold it up', () => {
    const [first] = speechIn(joined(silence(500), amelia.samples, silence(4000, -32)))
    expect(first?.endedAtMs).toBeLessThan(500 + amelia.endsAtMs + 600)
  })

  it('what is lost is no pause, for a fifth of a second', () => {
    const sound = joined(silence(500), amelia.samples, silence(500))
    const during = (500 + 400) / 20
    const [first, ...more] = speechIn(sound, {
      hangoverMs: 100,
      isLost: (frame) => frame >= during && frame < during + 8,
    })
    expect(more).toEqual([])
    expect(first?.endedAtMs).toBeGreaterThan(500 + 400 + 160)
    const [cut] = speechIn(joined(sound.subarray(0, 900 * 8), silence(2000)), { isLost: (frame) => frame >= during })
    expect(cut?.endedAtMs).toBeLessThan(900 + 300)
  })
})

describe('guarded, because we play something', () => {
  const [amelia] = recordedVoices() as [ReturnType<typeof recordedVoices>[number]]

  it('an echo of a voice is no speech, and somebody who speaks up is', () => {
    // The word is some -14 dBm0: an echo of it that lost 24 dB on its way.
    const echo = joined(silence(500), louder(synthetic(8000, 2), -28))
    expect(speechIn(echo).length).toBeGreaterThan(0)
    expect(speechIn(echo, { isGuarded: true })).toEqual([])
    const [heard] = speechIn(joined(silence(500), amelia.samples), { isGuarded: true })
    expect((heard?.saidAtMs ?? Number.POSITIVE_INFINITY) - 500 - amelia.beginsAtMs).toBeLessThanOrEqual(240)
  })
})

function tone(frequencyHz: number, durationMs: number) {
  return { tone1: { frequencyHz, amplitude: 12 }, durationMs, add: 'summation' } as const
}
