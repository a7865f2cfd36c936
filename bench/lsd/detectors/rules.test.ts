import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../src/kit/index.ts'
import { mixInto, noiseOf, PER_MS, toneOf } from '../render/sound.ts'
import { AMD_DEFAULT, AMD_TUNED, asteriskAmd } from './asterisk-amd.ts'
import type { Detector, Outcome } from './detector.ts'
import { ENERGY_OPERATOR_BEEP } from './energy-operator-beep.ts'
import { ALWAYS_MACHINE, NINE_WORDS_RULE, SPEECH_LENGTH_RULE } from './simple-rules.ts'

const AMD = asteriskAmd('default', '', AMD_DEFAULT)
const TUNED = asteriskAmd('tuned', '', AMD_TUNED)
const ANSWERED_AT_MS = 1000

/** Speech in these spans of ms since the answer. */
function call(...spans: readonly (readonly [number, number])[]): Float32Array {
  const sound = new Float32Array((ANSWERED_AT_MS + 10_000) * PER_MS)
  for (const [fromMs, toMs] of spans)
    mixInto(sound, noiseOf('pink', (toMs - fromMs) * PER_MS, -20, seededRandom(1)), (ANSWERED_AT_MS + fromMs) * PER_MS)
  return sound
}

function heard(detector: Detector, sound: Float32Array, wordsPerSecond = 3): (Outcome & { sinceAnswerMs: number })[] {
  const transcript = (untilMs: number) => Math.max(0, Math.floor(((untilMs - ANSWERED_AT_MS) / 1000) * wordsPerSecond))
  const listener = detector.listen({ timeoutMs: 5000, transcript })
  const said: (Outcome & { sinceAnswerMs: number })[] = []
  for (let atMs = 0; atMs * PER_MS < sound.length; atMs += 20) {
    if (atMs === ANSWERED_AT_MS) listener.signal({ type: 'answered', atMs })
    listener.hear(Int16Array.from(sound.subarray(atMs * PER_MS, (atMs + 20) * PER_MS)), atMs)
    for (let each = listener.poll(); each !== undefined; each = listener.poll())
      said.push({ ...each, sinceAnswerMs: atMs + 20 - ANSWERED_AT_MS })
  }
  return said
}

const SHORT = call([400, 1000])
const SENTENCE = call([400, 3400])
const THREE_WORDS = call([400, 600], [700, 900], [1000, 1200])

describe('rules to compare with', () => {
  it.each([
    ['Asterisk: a short answer, then 800 ms of silence', AMD, SHORT, 'person', 1800],
    ['Asterisk: 1.5 s of voice', AMD, SENTENCE, 'machine', 1900],
    ['Asterisk: a third word', AMD, THREE_WORDS, 'machine', 1100],
    ['Asterisk: 2.5 s of silence', AMD, call(), 'machine', 2500],
    ['tuned: a short answer, then a second of silence', TUNED, SHORT, 'person', 2000],
    ['tuned: 2 s of voice', TUNED, SENTENCE, 'machine', 2400],
    ['tuned: three words are no machine', TUNED, THREE_WORDS, 'person', 2200],
    ['2.4 s: a sentence of 3 s', SPEECH_LENGTH_RULE, SENTENCE, 'machine', 2800],
    ['2.4 s: a short answer, then 1.2 s of silence', SPEECH_LENGTH_RULE, SHORT, 'person', 2200],
    ['2.4 s: nothing', SPEECH_LENGTH_RULE, call(), 'unknown', 5000],
    ['nine words', NINE_WORDS_RULE, SENTENCE, 'machine', 3000],
    ['few words, then a second of silence', NINE_WORDS_RULE, SHORT, 'person', 2000],
    ['always', ALWAYS_MACHINE, SENTENCE, 'machine', 1900],
    ['always, though nobody speaks', ALWAYS_MACHINE, call(), 'machine', 5000],
  ] as const)('%s', (_, detector, sound, kind, sinceAnswerMs) => {
    expect(heard(detector, sound)).toMatchObject([{ type: 'verdict', kind, sinceAnswerMs }])
  })

  it('do not hear what comes before the answer', () => {
    const early = call([-900, -200])
    expect(heard(SPEECH_LENGTH_RULE, early)).toMatchObject([{ kind: 'unknown' }])
    expect(heard(AMD, early)).toMatchObject([{ kind: 'machine', sinceAnswerMs: 2500 }])
  })
})

describe('the finder of beeps by an energy operator', () => {
  const beep = (hz: number, noiseDbm0: number) => {
    const sound = call()
    mixInto(sound, toneOf({ hz: [hz], durationMs: 500 }, -15), (ANSWERED_AT_MS + 2000) * PER_MS)
    mixInto(sound, noiseOf('white', sound.length, noiseDbm0, seededRandom(2)), 0)
    return heard(ENERGY_OPERATOR_BEEP, sound)
  }

  it('finds one on a clean line within 40 ms, once', () => {
    const said = beep(1000, -70)
    expect(said.map(({ type }) => type)).toEqual(['beepStarted', 'verdict'])
    expect(said[0]!.sinceAnswerMs).toBeLessThanOrEqual(2040)
  })

  it('finds none outside of its band, nor in noise 15 dB softer', () => {
    expect(beep(400, -70)).toEqual([])
    expect(beep(620, -30)).toEqual([])
  })
})
