import { describe, expect, it } from 'vitest'
import { sinePeak } from '../../dsp/level.ts'
import { NATIONAL_TONES, type ToneCountry } from '../../tone/national-tones.ts'
import { toneOn } from '../test/call-sounds.ts'
import { eventsIn, joined, noisy, silence, sines, speech } from '../test/far-end-sounds.ts'
import type { FarEndEvent } from './far-end.ts'

const tonesOf = (events: readonly FarEndEvent[]): string[] =>
  events.flatMap((event) => (event.type === 'tone' ? [event.tone] : []))
const beepsOf = (events: readonly FarEndEvent[]): FarEndEvent[] => events.filter(({ type }) => type === 'beepStarted')

describe('tones of networks', () => {
  it.each(Object.keys(NATIONAL_TONES) as ToneCountry[])('of %s are heard, and are no beeps', (country) => {
    for (const name of ['ringback', 'busy', 'congestion'] as const) {
      const steps = NATIONAL_TONES[country][name]
      const sound = noisy(joined(silence(300), toneOn(steps, name === 'ringback' ? 7500 : 5000)), -50)
      const events = eventsIn(sound, [['answered', 0]], { country })
      // One cadence may be both, where no country is alone with it.
      const expected = name === 'ringback' ? ['ringback'] : ['busy', 'congestion']
      expect(expected, name).toContain(tonesOf(events)[0])
      expect(beepsOf(events), name).toEqual([])
    }
  })

  const LOW_HZ = [913.8, 985.2]
  const MIDDLE_HZ = [1370.6, 1428.5]
  it.each(LOW_HZ.flatMap((low) => MIDDLE_HZ.map((middle) => [low, middle] as const)))(
    'special information of %d, %d and 1776.7 Hz, short and long',
    (low, middle) => {
      for (const first of [276, 380])
        for (const second of [276, 380]) {
          const sit = joined(sines(first, [low]), sines(second, [middle]), sines(380, [1776.7]))
          const events = eventsIn(noisy(joined(silence(400), sit, silence(600)), -50))
          expect([tonesOf(events), beepsOf(events)], `${first} ${second}`).toEqual([['specialInformation'], []])
        }
    },
  )
})

describe('tones of fax machines', () => {
  it('2,100 Hz that sounds already at the answer is heard after it', () => {
    for (const answeredAtMs of [0, 900]) {
      const events = eventsIn(noisy(sines(3000, [2100]), -50), [['answered', answeredAtMs]])
      const afterMs = events.flatMap((event) =>
        event.type === 'tone' && event.tone === 'ced' && event.atMs >= answeredAtMs ? [event.atMs - answeredAtMs] : [],
      )
      expect(afterMs).toEqual([expect.toSatisfy((ms: number) => ms <= 700)])
    }
  })

  it('2,100 Hz under an echo of our prompt that is as loud, and as soft as -47 dBm0', () => {
    const tone = sines(2600, [2100], -30)
    const prompt = speech(2600, 3)
    const both = tone.map((value, i) => value + prompt[i]! / 16)
    for (const signal of [both, sines(2600, [2100], -47)]) {
      const events = eventsIn(joined(silence(800), signal, silence(500)))
      expect(tonesOf(events)).toEqual(['ced'])
    }
  })

  it.each([0.85, 1, 1.15])('1,100 Hz whose cadence is %d times what it should be', (factor) => {
    const cng = joined(sines(500 * factor, [1100]), silence(3000 * factor))
    expect(tonesOf(eventsIn(noisy(joined(silence(600), cng, cng), -50)))).toEqual(['cng'])
  })

  it('flags under as much noise as they are loud', () => {
    const sound = new Int16Array(8 * 1000)
    for (let i = 0, phase = 0; i < sound.length; i++) {
      const bit = '01111110'[Math.floor((i * 300) / 8000) % 8]
      phase += (2 * Math.PI * (bit === '1' ? 1650 : 1850)) / 8000
      sound[i] = sinePeak(-40) * Math.sin(phase)
    }
    const events = eventsIn(noisy(joined(silence(800), sound, silence(800)), -43))
    expect(tonesOf(events)).toEqual(['v21'])
  })
})
