import { describe, expect, it } from 'vitest'
import { eventsIn, joined, noisy, silence, sines, speech } from '../test/far-end-sounds.ts'
import type { FarEndEvent } from './far-end.ts'

const callsOf = (events: readonly FarEndEvent[]): number[] =>
  events.flatMap((event) => (event.type === 'tone' && event.tone === 'cng' ? [event.startedAtMs] : []))

describe('the calling tone of fax machines', () => {
  it.each([-60, -45, -40])('is known within a second over noise of %i dBm0, also where it is soft', (noiseDbm0) => {
    for (const seed of [1, 2, 3]) {
      const sound = noisy(joined(silence(1500), sines(500, [1100], -28), silence(1500)), noiseDbm0, seed)
      const [startedAtMs, ...more] = callsOf(eventsIn(sound))
      expect(Math.abs(startedAtMs! - 1500)).toBeLessThanOrEqual(30)
      expect(more).toEqual([])
    }
  })

  it.each([
    ['another frequency', sines(500, [1180])],
    ['shorter', sines(350, [1100])],
    ['longer', sines(700, [1100])],
    ['two frequencies', sines(500, [1100, 1500])],
    ['gone on with', joined(sines(500, [1100]), sines(700, [1300]))],
  ])('is none of %s', (_, tone) => {
    expect(callsOf(eventsIn(noisy(joined(silence(1500), tone, silence(1500)), -50)))).toEqual([])
  })

  it('may be a beep after speech, but not when it comes again after three seconds', () => {
    const greeting = joined(silence(300), speech(2500), silence(300))
    const tone = sines(500, [1100])
    expect(callsOf(eventsIn(joined(greeting, tone, silence(3500))))).toEqual([])
    const twice = eventsIn(joined(greeting, tone, silence(3000), tone, silence(1000)))
    expect(callsOf(twice)).toHaveLength(1)
    expect(twice.filter(({ type }) => type === 'beepStarted')).toHaveLength(1)
  })
})
