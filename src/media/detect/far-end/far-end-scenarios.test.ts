import { describe, expect, it } from 'vitest'
import { TONE_PRESETS } from '../../tone/presets.ts'
import { toneOn } from '../test/call-sounds.ts'
import { eventsIn, finalOf, joined, noisy, silence, sines, speech, verdictsOf } from '../test/far-end-sounds.ts'
import type { FarEndEvent } from './far-end.ts'
import { FarEndDetector } from './far-end-detector.ts'

const typesOf = (events: readonly FarEndEvent[]): string[] => events.map(({ type }) => type)
const beepsOf = (events: readonly FarEndEvent[]): FarEndEvent[] => events.filter(({ type }) => type === 'beepStarted')
const greeting = (): Int16Array => joined(speech(2600, 4), silence(400), speech(2000, 5), silence(300), speech(3000, 6))
const BEEP = (): Int16Array => sines(400, [1000])

// Calls that broke other systems: the first eight of them are a matter of what is heard.
describe('who has picked up, in calls that broke other systems', () => {
  it('1: 25 s of ringback in early media, then voicemail: no verdict before the answer, a machine after it', () => {
    const ringing = toneOn(TONE_PRESETS.RINGBACK, 25_000)
    const sound = joined(ringing, silence(500), greeting(), silence(300), BEEP(), silence(2000))
    const events = eventsIn(sound, [
      ['earlyMedia', 0],
      ['answered', 25_000],
    ])
    const final = finalOf(events)
    expect(final).toMatchObject({ kind: 'machine', fineKind: 'voicemail' })
    expect(final!.decidedAtMs).toBeGreaterThan(25_500)
    expect(beepsOf(events)).toHaveLength(1)
  })

  it('2: a greeting wholly before the answer: provisionally a machine, finally where that is wanted', () => {
    const sound = joined(silence(500), greeting(), silence(300), BEEP(), silence(500))
    expect(verdictsOf(eventsIn(sound, [['earlyMedia', 0]]))).toEqual(['provisional machine/voicemail'])
    expect(finalOf(eventsIn(sound, [['earlyMedia', 0]], { decidesEarly: true }))).toMatchObject({ kind: 'machine' })
  })

  it('3: 7.5 s of digital silence, then a word: no person before it, silence at the deadline', () => {
    const sound = joined(silence(7500), speech(600, 2), silence(1500))
    const events = eventsIn(sound, [['answered', 0]], { timeoutMs: 5000 })
    expect(finalOf(events)).toMatchObject({ kind: 'unknown', fineKind: 'silence', decidedAtMs: 5000 })
    const patient = finalOf(eventsIn(sound, [['answered', 0]], { timeoutMs: 10_000 }))
    expect(patient).toMatchObject({ kind: 'person', reason: 'listens' })
    expect(patient!.decidedAtMs).toBeGreaterThan(8100)
  })

  it('4: 2.33 s of speech, 0.53 s of pause, more of it: in the end a machine', () => {
    const sound = joined(
      silence(600),
      speech(2330, 4),
      silence(530),
      speech(3000, 5),
      silence(300),
      BEEP(),
      silence(500),
    )
    expect(finalOf(eventsIn(sound))).toMatchObject({ kind: 'machine' })
  })

  it('5: ringback after the answer is no beep, and the clock begins anew', () => {
    const sound = joined(toneOn(TONE_PRESETS.RINGBACK, 14_000), silence(500), speech(700, 3), silence(2000))
    const events = eventsIn(sound, [['answered', 0]], { start: 'TIMEOUT_FROM_ANSWER_DETECT', timeoutMs: 5000 })
    expect(beepsOf(events)).toEqual([])
    expect(typesOf(events)).toContain('ringingStopped')
    expect(finalOf(events)).toMatchObject({ kind: 'person' })
  })

  it('6: a beep 4 s after speech is reported, and shows a person to have been a machine', () => {
    const sound = joined(silence(300), speech(1200, 7), silence(4000), BEEP(), silence(1000))
    const events = eventsIn(sound)
    expect(beepsOf(events)).toHaveLength(1)
    expect(verdictsOf(events).at(-1)).toBe('revised machine/voicemail')
    expect(events.at(-1)).toMatchObject({ type: 'readyForMessage', by: 'beep' })
  })

  it('7: a beep while we play is reported', () => {
    const sound = joined(silence(300), greeting(), silence(600), BEEP(), silence(1000))
    const events = eventsIn(sound, [
      ['answered', 0],
      ['promptStarted', 8900],
    ])
    expect(beepsOf(events)).toMatchObject([{ startedAtMs: expect.closeTo(9200, -2) }])
  })

  it('8: a greeting under our own prompt is heard, an echo of the prompt is not', () => {
    const prompt = [
      ['answered', 0],
      ['promptStarted', 0],
    ] as const
    const sound = joined(silence(400), greeting(), silence(300), BEEP(), silence(500))
    expect(finalOf(eventsIn(sound, prompt))).toMatchObject({ kind: 'machine' })
    const echo = speech(4000, 9).map((value) => value / 16)
    expect(finalOf(eventsIn(joined(echo, silence(4000)), prompt))).toMatchObject({ fineKind: 'silence' })
  })
})

describe('FarEndDetector', () => {
  it.each([300, 700, 1200])('takes a word of %i ms for a person half a second after it', (ms) => {
    const sound = noisy(joined(silence(800), speech(ms, 11), silence(2500)), -50)
    const final = finalOf(eventsIn(sound))
    expect(final).toMatchObject({ kind: 'person', reason: 'listens' })
    expect(final!.decidedAtMs - 800 - ms).toBeLessThan(800)
  })

  it('does not take a person who asks twice for a machine', () => {
    const sound = joined(silence(500), speech(500, 2), silence(1500), speech(600, 2), silence(2000))
    expect(verdictsOf(eventsIn(sound))).toEqual(['provisional person/person', 'final person/person'])
  })

  it('hears special information before an announcement, and does not take the call for a mailbox', () => {
    const sound = joined(toneOn(TONE_PRESETS.SIT, 1100), silence(200), greeting(), silence(1000))
    expect(verdictsOf(eventsIn(sound))).toEqual(['final announcement/networkAnnouncement'])
  })

  it('hears busy, and no beep in it', () => {
    const events = eventsIn(toneOn(TONE_PRESETS.BUSY_EU, 6000))
    expect(verdictsOf(events)).toEqual(['final signal/busy'])
    expect(beepsOf(events)).toEqual([])
  })

  it('takes the last ring before the answer for no beep after it', () => {
    // Cut off by whoever answers.
    const ring = toneOn(TONE_PRESETS.RINGBACK_EU, 5400)
    const sound = joined(ring, silence(900), speech(900, 3), silence(2000))
    const events = eventsIn(sound, [['answered', 5480]])
    expect(beepsOf(events)).toEqual([])
    expect(finalOf(events)).toMatchObject({ kind: 'person' })
  })

  it('takes what is lost for neither speech nor silence', () => {
    const detector = new FarEndDetector()
    detector.signal('answered', 0)
    const sound = joined(silence(500), speech(700, 3), silence(300))
    detector.hear(sound, 0)
    detector.missing(160, 1500)
    const said: FarEndEvent[] = []
    for (let event = detector.poll(); event !== undefined; event = detector.poll()) said.push(event)
    expect(finalOf(said)).toBeUndefined()
  })

  it('finds more machines the more sensitive it is', () => {
    const sound = joined(silence(300), speech(1500, 4), silence(300), speech(1500, 5), silence(2500))
    expect(finalOf(eventsIn(sound, [['answered', 0]], { sensitivity: 0 }))).toMatchObject({ kind: 'person' })
    expect(finalOf(eventsIn(sound, [['answered', 0]], { sensitivity: 1 }))).toMatchObject({ kind: 'machine' })
  })

  it('takes a sentence for that of a person, pauses within it or not', () => {
    const sentence = joined(silence(900), speech(1500, 4), silence(260), speech(900, 5), silence(450), speech(1200, 6))
    expect(verdictsOf(eventsIn(joined(sentence, silence(3000)))).at(-1)).toBe('final person/person')
    expect(finalOf(eventsIn(joined(silence(900), speech(4600, 4), silence(3000))))).toMatchObject({ kind: 'person' })
  })

  it('takes somebody who still speaks at the deadline for a machine, where it has been long', () => {
    const from = (ms: number) => finalOf(eventsIn(joined(silence(ms), speech(9000, 4))))
    expect(from(2000)).toMatchObject({ kind: 'machine', reason: 'deadline', decidedAtMs: 7000 })
    expect(from(6200)).toMatchObject({ kind: 'person', reason: 'deadline' })
  })

  it('takes somebody who draws breath at the deadline for a machine, too', () => {
    const breathing = joined(silence(1800), speech(5000, 4), silence(350), speech(4000, 5))
    expect(finalOf(eventsIn(breathing))).toMatchObject({ kind: 'machine', reason: 'deadline', decidedAtMs: 7000 })
  })

  it('takes the last word before the answer for nobody who has picked up', () => {
    const announced = joined(silence(500), speech(1500, 4), silence(9000))
    const final = finalOf(eventsIn(announced, [['answered', 2060]]))
    expect(final).toMatchObject({ kind: 'unknown', reason: 'silence' })
  })

  it('names nobody at the deadline who may be a person in the midst of a sentence, and says later who it was', () => {
    const speaking = joined(silence(3500), speech(9000, 4))
    expect(verdictsOf(eventsIn(speaking)).slice(-2)).toEqual(['final unknown/undecided', 'revised machine/voicemail'])
    const breathing = joined(silence(3500), speech(3200, 4), silence(3000))
    expect(verdictsOf(eventsIn(breathing)).slice(-2)).toEqual(['final unknown/undecided', 'revised person/person'])
    const listening = joined(silence(3500), speech(2900, 4), silence(3000))
    expect(finalOf(eventsIn(listening))).toMatchObject({ kind: 'person', reason: 'deadline', decidedAtMs: 7000 })
  })

  it('hears a greeting where the voice falls at the end of a sentence and another follows', () => {
    const sentence = speech(2200, 4)
    for (let i = 8 * 1700; i < sentence.length; i++) sentence[i] = sentence[i]! * 0.4
    const fallen = joined(silence(600), sentence, silence(350), speech(5000, 5))
    const held = joined(silence(600), speech(2200, 4), silence(350), speech(5000, 5))
    const [early, late] = [fallen, held].map((sound) => finalOf(eventsIn(sound))!)
    expect([early, late]).toMatchObject([
      { kind: 'machine', reason: 'monologue' },
      { kind: 'machine', reason: 'monologue' },
    ])
    expect(early!.decidedAtMs).toBeLessThan(late!.decidedAtMs - 1500)
  })

  it('does not take a person who asks at length for a machine, nor one who answers what we play', () => {
    const sound = joined(silence(500), speech(700, 2), silence(1600), speech(2800, 3), silence(1500), speech(2500, 4))
    expect(verdictsOf(eventsIn(joined(sound, silence(2000)))).at(-1)).toBe('final person/person')
    const answer = joined(silence(500), speech(700, 2), silence(2000), speech(2700, 3), silence(150), speech(2900, 4))
    const prompt = [
      ['answered', 0],
      ['promptStarted', 2000],
      ['promptEnded', 2600],
    ] as const
    expect(verdictsOf(eventsIn(joined(answer, silence(2000)), prompt)).at(-1)).toBe('final person/person')
  })

  it('finds out that somebody who seemed to listen reads a greeting', () => {
    const sound = joined(silence(500), speech(1000, 4), silence(1100), speech(2900, 5), silence(300), speech(3000, 6))
    expect(verdictsOf(eventsIn(joined(sound, silence(500)))).at(-1)).toBe('revised machine/voicemail')
  })

  it('hears a person take the call from a machine that has asked and waits', () => {
    const asked = joined(silence(500), speech(3000, 4), silence(300), speech(3000, 5), silence(5000))
    const events = eventsIn(joined(asked, speech(700, 2), silence(2000)))
    expect(verdictsOf(events).slice(-3)).toEqual([
      'final machine/voicemail',
      'revised screening/screening',
      'revised person/person',
    ])
    expect(verdictsOf(eventsIn(joined(asked, greeting(), silence(2000)))).at(-1)).toBe('final machine/voicemail')
  })

  it('takes nobody for a person who speaks after a beep', () => {
    const sound = joined(silence(500), greeting(), silence(300), BEEP(), silence(5000), speech(700, 2), silence(2000))
    expect(verdictsOf(eventsIn(sound)).at(-1)).toBe('final machine/voicemail')
  })

  it('is ready for a message 4 s after a greeting without a beep', () => {
    const events = eventsIn(joined(silence(300), greeting(), silence(5000)))
    expect(events.find(({ type }) => type === 'readyForMessage')).toMatchObject({ by: 'silence' })
  })
})
