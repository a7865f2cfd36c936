import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../kit/index.ts'
import { SyntheticBand, SyntheticSpeaker } from '../../test/synthetic-sound.ts'
import { joined, noisy, silence, sines } from '../test/far-end-sounds.ts'
import { BeepFinder } from './beep-finder.ts'
import { HOP, ToneLook } from './tone-look.ts'
import { ToneTrack } from './tone-track.ts'

/** When beeps were said to begin, and when they did, ms. */
function beepsIn(sound: Int16Array, quietAfter = 0): { readonly atMs: number; readonly startedAtMs: number }[] {
  const look = new ToneLook()
  const track = new ToneTrack()
  const finder = new BeepFinder()
  const beeps: { atMs: number; startedAtMs: number }[] = []
  for (let at = 0; at + HOP <= sound.length; at += HOP) {
    const nowMs = (at + HOP) / 8
    look.hear(sound, at)
    const edge = track.hear(look, nowMs)
    if (finder.hear(track, edge, nowMs, quietAfter, false) === 'begins')
      beeps.push({ atMs: nowMs, startedAtMs: finder.startedAtMs })
  }
  return beeps
}

const around = (beep: Int16Array): Int16Array => joined(silence(500), beep, silence(400))
const FREQUENCIES_HZ = [390, 440, 500, 700, 1000, 1400, 2000, 2650]

describe('BeepFinder', () => {
  it.each(FREQUENCIES_HZ)('finds beeps of %i Hz, short and long, 11 dB above noise', (hz) => {
    for (const ms of [90, 150, 300, 1000])
      for (const seed of [1, 2, 3]) {
        const beeps = beepsIn(noisy(around(sines(ms, [hz], -24)), -35, seed))
        expect(beeps, `${ms} ms`).toHaveLength(1)
        expect(Math.abs(beeps[0]!.startedAtMs - 500)).toBeLessThanOrEqual(20)
        expect(beeps[0]!.atMs - 500).toBeLessThanOrEqual(ms < 140 ? 230 : 170)
      }
  })

  it('finds beeps of two notes, of two frequencies, and those that glide', () => {
    const glide = new Int16Array(8 * 400)
    for (let i = 0; i < glide.length; i++)
      glide[i] = 4000 * Math.sin((2 * Math.PI * (800 + (i / 8000) * 700) * i) / 8000)
    for (const beep of [joined(sines(120, [800]), sines(150, [1100])), sines(300, [700, 1000]), glide])
      expect(beepsIn(noisy(around(beep), -45))).toHaveLength(1)
  })

  it('finds none where the tone goes on', () => {
    expect(beepsIn(noisy(around(sines(2500, [1000])), -45), 15)).toEqual([])
  })

  it('finds none in speech', () => {
    for (const seed of [1, 2, 3, 4]) {
      const sound = new Int16Array(8000 * 15)
      new SyntheticSpeaker(seededRandom(seed)).speakInto(sound)
      expect(beepsIn(noisy(sound, -50, seed))).toEqual([])
    }
  })

  it('finds none in music while nobody has spoken', () => {
    const band = new SyntheticBand(seededRandom(7))
    const sound = new Int16Array(8000 * 30)
    for (let at = 0; at < sound.length; at += 160) band.playInto(sound.subarray(at, at + 160))
    expect(beepsIn(sound, 15)).toEqual([])
  })
})
