import { describe, expect, it } from 'vitest'
import { NEVER, seededRandom } from '../../../kit/index.ts'
import { SyntheticSpeaker } from '../../test/synthetic-sound.ts'
import { TONE_PRESETS } from '../../tone/presets.ts'
import { toneOn } from '../test/call-sounds.ts'
import type { FarEndEvent } from './far-end.ts'
import { FarEndDetector } from './far-end-detector.ts'

const quiet = (ms: number): Int16Array => new Int16Array(8 * ms)

function eventsOf(detector: FarEndDetector): FarEndEvent[] {
  const events: FarEndEvent[] = []
  for (let event = detector.poll(); event !== undefined; event = detector.poll()) events.push(event)
  return events
}

describe('FarEndDetector', () => {
  it('says unknown at the deadline, once, though nothing was ever heard', () => {
    const detector = new FarEndDetector({ timeoutMs: 5000 })
    expect(detector.deadline()).toBe(NEVER)
    detector.signal('answered', 1000)
    expect(detector.deadline()).toBe(6000)
    detector.expire(5999)
    expect(eventsOf(detector)).toEqual([])
    detector.expire(6000)
    detector.expire(6001)
    expect(eventsOf(detector)).toMatchObject([
      { type: 'verdict', stage: 'final', kind: 'unknown', fineKind: 'silence', decidedAtMs: 6000 },
    ])
    expect(detector.deadline()).toBe(NEVER)
  })

  it('says so within what it hears as well, when nobody calls expire', () => {
    const detector = new FarEndDetector({ timeoutMs: 5000 })
    detector.signal('answered', 0)
    detector.hear(quiet(4980), 0)
    expect(eventsOf(detector)).toEqual([])
    detector.hear(quiet(20), 4980)
    expect(eventsOf(detector)).toMatchObject([{ kind: 'unknown', decidedAtMs: 5000 }])
  })

  it('says the same of the same sound in portions of any length', () => {
    const sound = quiet(5000)
    new SyntheticSpeaker(seededRandom(3)).speakInto(sound.subarray(8 * 500, 8 * 2500))
    const heardIn = (portion: number): FarEndEvent[] => {
      const detector = new FarEndDetector()
      detector.signal('answered', 100)
      for (let at = 0; at < sound.length; at += portion) detector.hear(sound.subarray(at, at + portion), 100 + at / 8)
      return eventsOf(detector)
    }
    const whole = heardIn(sound.length)
    expect(whole.filter(({ type }) => type === 'speechStarted')).not.toEqual([])
    for (const portion of [80, 160, 240, 480, 33]) expect(heardIn(portion)).toEqual(whole)
  })

  it('begins to count anew when it rings after the answer, if it is to wait for the real one', () => {
    const ringing = toneOn(TONE_PRESETS.RINGBACK_EU, 14_000)
    const detector = new FarEndDetector({ start: 'TIMEOUT_FROM_ANSWER_DETECT', timeoutMs: 5000 })
    detector.signal('answered', 0)
    for (let at = 0; at < ringing.length; at += 160) detector.hear(ringing.subarray(at, at + 160), at / 8)
    expect(eventsOf(detector)).toMatchObject([
      { type: 'tone', tone: 'ringback' },
      { stage: 'provisional', kind: 'signal', fineKind: 'ringback' },
    ])
    // The last ring began 10 s after the first, and a pause of 5.5 s is none of its cadence any more.
    detector.hear(quiet(12_000), 14_000)
    expect(eventsOf(detector)).toMatchObject([
      { type: 'ringingStopped', atMs: 16_540 },
      { kind: 'unknown', fineKind: 'silence', decidedAtMs: 21_520 },
    ])
  })
})
