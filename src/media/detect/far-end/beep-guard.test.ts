import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../kit/index.ts'
import { SyntheticBand } from '../../test/synthetic-sound.ts'
import { TONE_PRESETS } from '../../tone/presets.ts'
import { toneOn } from '../test/call-sounds.ts'
import { eventsIn, joined, noisy, silence, sines, speech } from '../test/far-end-sounds.ts'
import { BeepGuard } from './beep-guard.ts'
import type { FarEndEvent } from './far-end.ts'

const beepsOf = (events: readonly FarEndEvent[]): number[] =>
  events.flatMap((event) => (event.type === 'beepStarted' ? [event.startedAtMs] : []))
const tonesOf = (events: readonly FarEndEvent[]): string[] =>
  events.flatMap((event) => (event.type === 'tone' ? [event.tone] : []))

const greeting = joined(silence(300), speech(2000), silence(400))

describe('what is no beep', () => {
  it.each([
    ['ringback', TONE_PRESETS.RINGBACK_EU],
    ['busy', TONE_PRESETS.BUSY_EU],
    ['congestion', TONE_PRESETS.CONGESTION_EU],
    ['American ringback', TONE_PRESETS.RINGBACK],
    ['American busy', TONE_PRESETS.BUSY],
  ])('%s, in quiet and over noise that a voice activity detector may take for speech', (_, steps) => {
    for (const noiseDbm0 of [-70, -44, -40])
      expect(beepsOf(eventsIn(noisy(joined(silence(400), toneOn(steps, 12_000)), noiseDbm0)))).toEqual([])
  })

  it('a tone that comes again, until somebody speaks again', () => {
    const beep = sines(400, [850])
    const again = eventsIn(joined(greeting, beep, silence(600), beep, silence(600), beep, silence(600)))
    expect(beepsOf(again)).toHaveLength(1)
    const spoken = eventsIn(joined(greeting, beep, silence(600), speech(1500, 2), silence(400), beep, silence(600)))
    expect(beepsOf(spoken)).toHaveLength(2)
  })

  it('special information after an announcement', () => {
    const sound = joined(greeting, toneOn(TONE_PRESETS.SIT, 1200), silence(500))
    const events = eventsIn(noisy(sound, -50))
    expect([tonesOf(events), beepsOf(events)]).toEqual([['specialInformation'], []])
  })

  it('special information whose beginning was not heard', () => {
    const cut = toneOn(TONE_PRESETS.SIT, 1200).subarray(8 * 200)
    const events = eventsIn(noisy(joined(cut, silence(600)), -50))
    expect([tonesOf(events), beepsOf(events)]).toEqual([['specialInformation'], []])
  })
})

it('nobody has spoken since a restart whose voice was heard before it', () => {
  const [loud, tenFrames] = [1e6, 10]
  const heard = (restarts: boolean): boolean => {
    const guard = new BeepGuard()
    for (let i = 0; i < tenFrames; i++) guard.hear(loud, false, false)
    if (restarts) guard.restart()
    guard.beginSpeech(tenFrames)
    guard.hear(loud, false, true)
    return guard.hasSpoken
  }
  expect([heard(false), heard(true)]).toEqual([true, false])
})

it('a beep after a greeting is no ringback, though it is as long and quiet follows', () => {
  const events = eventsIn(noisy(joined(greeting, sines(1000, [425]), silence(4000)), -55))
  expect([tonesOf(events), beepsOf(events)]).toEqual([[], [expect.closeTo(2700, -2)]])
})

it('a beep that has just begun when one would speak after four seconds of quiet is waited for', () => {
  for (const pauseMs of [3800, 3860, 3920, 3960]) {
    const sound = joined(silence(300), speech(7000), silence(pauseMs), sines(400, [1000]), silence(800))
    const ready = eventsIn(noisy(sound, -60)).filter(({ type }) => type === 'readyForMessage')
    expect(ready, `${pauseMs} ms`).toMatchObject([{ by: 'beep' }])
  }
})

describe('one may speak', () => {
  const readyIn = (sound: Int16Array): string[] =>
    eventsIn(noisy(sound, -60)).flatMap((event) => (event.type === 'readyForMessage' ? [event.by] : []))

  it('again after four seconds of quiet, when a greeting without a beep has gone on', () => {
    const sound = joined(silence(300), speech(7000), silence(4500), speech(4000, 2), silence(4500))
    expect(readyIn(sound)).toEqual(['silence', 'silence'])
  })

  it('after the beep that ends the pause of a greeting, once', () => {
    const sound = joined(silence(300), speech(7000), silence(4500), sines(400, [1000]), silence(5000))
    expect(readyIn(sound)).toEqual(['silence', 'beep'])
  })

  it('after each of two beeps', () => {
    const beep = sines(300, [900])
    const sound = joined(silence(300), speech(7000), silence(300), beep, silence(1500), speech(1500, 2), silence(300))
    expect(readyIn(joined(sound, beep, silence(1000)))).toEqual(['beep', 'beep'])
  })

  it('never while music plays', () => {
    const band = new SyntheticBand(seededRandom(5))
    const music = new Int16Array(8000 * 20)
    for (let at = 0; at < music.length; at += 160) band.playInto(music.subarray(at, at + 160))
    expect(readyIn(joined(silence(300), speech(7000), music))).toEqual([])
  })
})
