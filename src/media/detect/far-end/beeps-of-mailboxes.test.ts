import { describe, expect, it } from 'vitest'
import { integerBelow, type Random, seededRandom, uniform } from '../../../kit/index.ts'
import { sinePeak } from '../../dsp/level.ts'
import { SyntheticSpeaker } from '../../test/synthetic-sound.ts'
import { NATIONAL_TONES, type ToneCountry } from '../../tone/national-tones.ts'
import { TONE_PRESETS } from '../../tone/presets.ts'
import { toneOn } from '../test/call-sounds.ts'
import { eventsIn, joined, noisy, silence, sines, speech } from '../test/far-end-sounds.ts'
import type { FarEndEvent } from './far-end.ts'

const NOISE_DBM0 = -48
const BEEPS = 60

const between = (random: Random, low: number, high: number): number => low + (high - low) * uniform(random)

/** What a mailbox may send: of how many ms and dBm0. */
type Form = (random: Random, ms: number, levelDbm0: number) => Int16Array

const hzOf = (random: Random, most = 2700): number => between(random, 380, most)

const FORMS: Readonly<Record<string, Form>> = {
  'one frequency': (random, ms, level) => sines(ms, [hzOf(random)], level),
  'two notes': (random, ms, level) => {
    const hz = hzOf(random, 1800)
    const second = hz * [1.25, 1.5, 0.9][integerBelow(random, 3)]!
    return joined(sines(Math.max(100, ms / 2), [hz], level), sines(Math.max(100, ms / 2), [second], level))
  },
  'two frequencies': (random, ms, level) => {
    // Higher ones may be keys.
    const hz = hzOf(random, 650)
    return sines(Math.max(100, ms), [hz, hz * between(random, 1.2, 1.8)], level)
  },
  'a glide': (random, ms, level) => {
    const hz = hzOf(random, 1900)
    return glide(Math.max(120, ms), hz, hz * between(random, 1.1, 1.4), level)
  },
  'a square': (random, ms, level) => square(Math.max(100, ms), hzOf(random, 1000), level),
}

function glide(ms: number, fromHz: number, toHz: number, levelDbm0: number): Int16Array {
  const sound = new Int16Array(Math.round(8 * ms))
  for (let i = 0, phase = 0; i < sound.length; i++) {
    phase += (2 * Math.PI * (fromHz + ((toHz - fromHz) * i) / sound.length)) / 8000
    sound[i] = sinePeak(levelDbm0) * Math.sin(phase)
  }
  return sound
}

/** Its odd overtones as far as the band reaches. */
function square(ms: number, hz: number, levelDbm0: number): Int16Array {
  const sound = sines(ms, [hz], levelDbm0)
  for (let overtone = 3; overtone * hz < 3400; overtone += 2) {
    const soft = sines(ms, [overtone * hz], levelDbm0 - 20 * Math.log10(overtone))
    for (let i = 0; i < sound.length; i++) sound[i] += soft[i]!
  }
  return sound
}

const beepsOf = (events: readonly FarEndEvent[]) => events.filter((event) => event.type === 'beepStarted')
const greeting = joined(silence(200), speech(1200), silence(300))
const greetingMs = greeting.length / 8

describe('beeps of 80 ms to 1.5 s, 380 to 2,700 Hz, 10 to 35 dB above noise', () => {
  it.each(Object.entries(FORMS))('of %s are heard, and soon', (_, form) => {
    const random = seededRandom(11)
    const latencies: number[] = []
    for (let n = 0; n < BEEPS; n++) {
      const ms = chanceOfShort(random)
      const beep = form(random, ms, NOISE_DBM0 + between(random, 10, 35))
      const events = eventsIn(noisy(joined(greeting, beep, silence(500)), NOISE_DBM0, n))
      const [first] = beepsOf(events)
      if (first !== undefined) latencies.push(first.atMs - greetingMs)
    }
    expect(latencies.length).toBeGreaterThanOrEqual(0.95 * BEEPS)
    latencies.sort((a, b) => a - b)
    expect(latencies[latencies.length >> 1]).toBeLessThanOrEqual(160)
  })
})

function chanceOfShort(random: Random): number {
  return uniform(random) < 0.8 ? between(random, 80, 600) : between(random, 600, 1500)
}

const KEYS = [697, 770, 852, 941].flatMap((low) => [1209, 1336, 1477, 1633].map((high) => [low, high] as const))

describe('no beeps are heard', () => {
  it('in keys, also after somebody has spoken, 1.5 % off', () => {
    for (const off of [0.985, 1, 1.015])
      for (const ms of [70, 150, 400]) {
        const keys = KEYS.flatMap(([low, high]) => [sines(ms, [low * off, high * off], -14), silence(120)])
        expect(beepsOf(eventsIn(noisy(joined(greeting, ...keys, silence(500)), -50))), `${ms} ms, ${off}`).toEqual([])
      }
  })

  it.each(Object.keys(NATIONAL_TONES) as ToneCountry[])(
    'in tones of %s, loud and soft, and over noise that hides their pauses nearly',
    (country) => {
      for (const name of ['ringback', 'busy', 'congestion'] as const)
        for (const [amplitude, noiseDbm0] of [
          [8, -60],
          [28, -42],
        ] as const) {
          const tone = toneOn(NATIONAL_TONES[country][name], 7000, { amplitude, offHz: 4 })
          expect(beepsOf(eventsIn(noisy(joined(silence(200), tone), noiseDbm0))), name).toEqual([])
        }
    },
  )

  it('in special information, before speech and after it', () => {
    for (const before of [silence(300), greeting])
      for (const noiseDbm0 of [-60, -42]) {
        const sound = joined(before, toneOn(TONE_PRESETS.SIT, 1150), silence(400), speech(900, 5), silence(300))
        expect(beepsOf(eventsIn(noisy(sound, noiseDbm0)))).toEqual([])
      }
  })

  it('in 90 s of six synthetic voices, a beep expected all the time', () => {
    for (const seed of [21, 22, 23, 24, 25, 26]) {
      const sound = new Int16Array(8000 * 15)
      new SyntheticSpeaker(seededRandom(seed)).speakInto(sound)
      expect(beepsOf(eventsIn(noisy(sound, -50, seed))), `seed ${seed}`).toEqual([])
    }
  })
})
