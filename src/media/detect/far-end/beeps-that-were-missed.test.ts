import { describe, expect, it } from 'vitest'
import { seededRandom, uniform } from '../../../kit/index.ts'
import { sinePeak } from '../../dsp/level.ts'
import { addNoise } from '../test/call-sounds.ts'
import { eventsIn, joined, noisy, silence, sines, speech } from '../test/far-end-sounds.ts'
import { BeepFinder } from './beep-finder.ts'
import type { FarEndEvent } from './far-end.ts'
import { HOP, ToneLook } from './tone-look.ts'
import { ToneTrack } from './tone-track.ts'

const beepsOf = (events: readonly FarEndEvent[]): FarEndEvent[] => events.filter(({ type }) => type === 'beepStarted')
const greeting = joined(silence(300), speech(1500), silence(400))

function beepsIn(sound: Int16Array): number {
  const [look, track, finder] = [new ToneLook(), new ToneTrack(), new BeepFinder()]
  let beeps = 0
  for (let at = 0; at + HOP <= sound.length; at += HOP) {
    const nowMs = (at + HOP) / 8
    look.hear(sound, at)
    if (finder.hear(track, track.hear(look, nowMs), nowMs, 0, false) === 'begins') beeps++
  }
  return beeps
}

function chirp(ms: number, fromHz: number, toHz: number): Int16Array {
  const sound = new Int16Array(8 * ms)
  for (let i = 0, phase = 0; i < sound.length; i++) {
    phase += (2 * Math.PI * (fromHz + ((toHz - fromHz) * i) / sound.length)) / 8000
    sound[i] = sinePeak(-12) * Math.sin(phase)
  }
  return sound
}

/** As codecs begin: softer by `byDb`, and less so from sample to sample. */
function swelling(sound: Int16Array, swellMs: number, byDb: number): Int16Array {
  return sound.map((value, i) => value * 10 ** ((-byDb / 20) * Math.max(0, 1 - i / (8 * swellMs))))
}

/** A sound as long as a word, without a voice in it. */
function breath(ms: number): Int16Array {
  const sound = new Int16Array(8 * ms)
  const random = seededRandom(9)
  for (let i = 0; i < sound.length; i++) sound[i] = 3000 * (2 * uniform(random) - 1)
  return sound
}

describe('a beep', () => {
  it('of two notes, the second of which is lower than any beep', () => {
    expect(beepsIn(joined(silence(500), sines(120, [395]), sines(120, [316]), silence(400)))).toBe(1)
  })

  it.each([
    [400, 310],
    [420, 330],
    [480, 600],
  ])('of %i and %i Hz, wherever looks lie that see both notes', (firstHz, secondHz) => {
    for (let beforeMs = 500; beforeMs < 510; beforeMs++)
      for (const noteMs of [115, 120, 126, 160]) {
        const beep = joined(sines(noteMs, [firstHz]), sines(noteMs, [secondHz]))
        const sound = noisy(joined(silence(beforeMs), beep, silence(400)), -60, beforeMs)
        expect(beepsIn(sound), `${beforeMs} ms, ${noteMs} ms`).toBe(1)
      }
  })

  it('of 80 ms that swells for most of it, wherever looks lie', () => {
    for (let beforeMs = 500; beforeMs < 510; beforeMs++) {
      const beep = swelling(sines(80, [1000], -20), 60, 3)
      const sound = noisy(joined(silence(beforeMs), beep, silence(400)), -65, beforeMs)
      expect(beepsIn(sound), `${beforeMs} ms`).toBe(1)
    }
  })

  it('of a frequency of networks after what may have been a word', () => {
    const sound = joined(silence(900), breath(400), silence(400), sines(500, [440]), silence(600))
    expect(beepsOf(eventsIn(noisy(sound, -60)))).toHaveLength(1)
  })

  it('that glides past 1,100 Hz before anybody was heard', () => {
    const sound = joined(silence(900), chirp(180, 1050, 1250), silence(600))
    expect(beepsOf(eventsIn(noisy(sound, -60)))).toHaveLength(1)
  })

  it('of 2,000 Hz with the noise of a codec beside it', () => {
    const beep = sines(200, [2000], -24)
    addNoise(beep, -33.5, seededRandom(3))
    expect(beepsIn(noisy(joined(silence(500), beep, silence(400)), -50))).toBe(1)
  })

  it('that is softer by 7 dB than what ended shortly before it', () => {
    const sound = joined(silence(500), sines(50, [900], -16), silence(100), sines(300, [1500], -23), silence(400))
    expect(beepsIn(noisy(sound, -50))).toBe(1)
  })

  it('of 480 and 636 Hz, which no network sends', () => {
    const sound = joined(greeting, sines(330, [480, 636]), silence(600))
    expect(beepsOf(eventsIn(noisy(sound, -50)))).toHaveLength(1)
    const busy = joined(greeting, sines(330, [480, 622]), silence(600))
    expect(beepsOf(eventsIn(noisy(busy, -50)))).toEqual([])
  })
})

describe('no beep', () => {
  it('are 1,100 Hz after what may have been a word', () => {
    const sound = joined(silence(900), breath(400), silence(400), sines(500, [1100]), silence(600))
    expect(beepsOf(eventsIn(noisy(sound, -60)))).toEqual([])
  })

  it('is a low tone that was there before what passes for speech in its pause', () => {
    const pulse = sines(240, [425])
    const sound = joined(silence(900), pulse, speech(320, 4), pulse, silence(600))
    expect(beepsOf(eventsIn(noisy(sound, -55)))).toEqual([])
  })

  it('are the third and fourth overtone of a voice', () => {
    const vowel = joined(...[0, 1].map(() => sines(85, [733, 977.5], -20)))
    addNoise(vowel, -33, seededRandom(5))
    expect(beepsIn(noisy(joined(silence(500), vowel, silence(400)), -50))).toBe(0)
  })
})
