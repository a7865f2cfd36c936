import { describe, expect, it } from 'vitest'
import type { HeardOutcome } from '../listen.ts'
import type { Truth } from '../render/truth.ts'
import { PLAIN_CHANNEL } from '../test/synthetic-material.ts'
import { isRight, scoreCall } from './call-score.ts'
import { calibrate, machinePrecision, summarise, summariseBeeps } from './summary.ts'

const MACHINE: Truth = {
  id: 'm',
  stratum: 'M1',
  class: 'machine',
  subclass: 'beep-single',
  split: 'dev',
  source: 'somebody',
  words: 12,
  wordsAreKnown: true,
  answeredAtMs: 1000,
  pickedUpAtMs: 1000,
  speech: [{ startMs: 2000, endMs: 6000, by: 'machine' }],
  tones: [],
  greetingEndMs: 6000,
  beep: { startMs: 7000, endMs: 7400, levelDbm0: -20 },
  endMs: 12_000,
  channel: PLAIN_CHANNEL,
}
const PERSON: Truth = { ...person(), id: 'p' }

function person(): Truth {
  const { greetingEndMs: _, beep: __, ...rest } = MACHINE
  return { ...rest, stratum: 'H1', class: 'person', speech: [{ startMs: 2000, endMs: 2500, by: 'person' }] }
}

function verdict(
  kind: 'person' | 'machine' | 'unknown',
  atMs: number,
  stage: 'provisional' | 'final' | 'revised' = 'final',
): HeardOutcome {
  return { type: 'verdict', stage, kind, atMs, confidence: 0.9 }
}

function scoreOf(truth: Truth, ...outcomes: HeardOutcome[]) {
  return scoreCall(truth, { outcomes, audioMs: truth.endMs, cpuMs: 1 })
}

describe('scoreCall', () => {
  it('takes the first final verdict, and counts from when it could be known', () => {
    const score = scoreOf(
      PERSON,
      verdict('machine', 2300, 'provisional'),
      verdict('person', 3000),
      verdict('machine', 9000, 'revised'),
    )
    expect(score).toMatchObject({
      verdict: 'person',
      within5s: 'person',
      last: 'machine',
      latencyMs: 500,
      sinceAnswerMs: 2000,
    })
    expect(isRight(score, score.verdict)).toBe(true)
    expect(scoreOf(MACHINE, verdict('machine', 4100)).latencyMs).toBe(2100)
  })

  it('counts revisions up to 5 s after somebody has picked up', () => {
    expect(scoreOf(MACHINE, verdict('person', 3000), verdict('machine', 6000, 'revised')).within5s).toBe('machine')
    expect(scoreOf(MACHINE, verdict('person', 3000), verdict('machine', 6001, 'revised')).within5s).toBe('person')
  })

  it('takes no verdict for unknown, which is right only where nobody is', () => {
    const score = scoreOf(PERSON)
    expect(score.verdict).toBe('unknown')
    expect(score.latencyMs).toBeUndefined()
    expect(isRight(score, 'unknown')).toBe(false)
    expect(isRight({ class: 'none', isGuess: false }, 'unknown')).toBe(true)
  })

  it('takes no guess for right: a verdict before anything was heard of who picked up', () => {
    const guess = scoreOf(PERSON, verdict('person', 1900))
    expect(isRight(guess, guess.verdict)).toBe(false)
    const ringing: Truth = { ...PERSON, pickedUpAtMs: 1500, tones: [{ name: 'ringback', startMs: 1000, endMs: 1500 }] }
    expect(scoreOf(ringing, verdict('person', 1400)).isGuess).toBe(true)
    expect(scoreOf(ringing, verdict('person', 2100)).isGuess).toBe(false)
  })

  it('notices a verdict before the answer', () => {
    expect(scoreOf(MACHINE, verdict('machine', 900)).isBeforeAnswer).toBe(true)
    expect(scoreOf(MACHINE, verdict('machine', 3000)).isBeforeAnswer).toBe(false)
  })

  it('finds beeps from their onset until shortly after their end; all others are false', () => {
    const beepAt = (atMs: number): HeardOutcome => ({ type: 'beepStarted', atMs })
    expect(scoreOf(MACHINE, beepAt(7140))).toMatchObject({ beep: { isHeard: true, latencyMs: 140 }, falseBeeps: 0 })
    expect(scoreOf(MACHINE, beepAt(6980), beepAt(7901))).toMatchObject({ beep: { isHeard: false }, falseBeeps: 2 })
    expect(scoreOf(PERSON, beepAt(2100))).toMatchObject({ falseBeeps: 1 })
  })

  it('asks for no beep that is hidden in the noise', () => {
    const loud = { ...PLAIN_CHANNEL, noiseDbm0: -29 }
    expect(scoreOf({ ...MACHINE, channel: loud }).beep!.isLoudEnough).toBe(false)
    expect(scoreOf({ ...MACHINE, channel: { ...loud, noiseDbm0: -30 } }).beep!.isLoudEnough).toBe(true)
  })

  it('holds tones against those that sound after the answer, by any of their names', () => {
    const truth: Truth = {
      ...PERSON,
      class: 'signal',
      tones: [
        { name: 'ringback', startMs: 0, endMs: 900 },
        { name: 'busy', startMs: 1200, endMs: 1700 },
      ],
    }
    const heard: HeardOutcome[] = [
      { type: 'tone', name: 'ringback', atMs: 500 },
      { type: 'tone', name: 'congestion', atMs: 2500 },
      { type: 'tone', name: 'ced', atMs: 2600 },
    ]
    expect(scoreOf(truth, ...heard)).toMatchObject({ tones: [{ name: 'busy', latencyMs: 1300 }], falseTones: ['ced'] })
  })
})

describe('summaries', () => {
  it('mix strata, and tell what people are taken for', () => {
    const scores = [
      scoreOf(PERSON, verdict('person', 3000)),
      scoreOf(PERSON, verdict('machine', 3500)),
      scoreOf(MACHINE, verdict('machine', 4000)),
    ]
    const people = summarise(scores.slice(0, 2))
    expect(people.recall.share).toBe(0.5)
    expect(people.toMachine.share).toBe(0.5)
    expect(people.latency.median).toBe(500)
    expect(machinePrecision(scores)).toBeCloseTo(1 / 1.5, 9)
    // 14 parts of H1 and 20 of M1.
    expect(summarise(scores).recall.share).toBeCloseTo((0.14 * 0.5 + 0.2) / 0.34, 9)
  })

  it('tell how soon one could have spoken, and how often too soon', () => {
    const ready = (atMs: number): HeardOutcome => ({ type: 'readyForMessage', atMs })
    const { readiness } = summariseBeeps([
      scoreOf(MACHINE, ready(7700)),
      scoreOf(MACHINE, ready(7000)),
      scoreOf(MACHINE),
    ])
    expect(readiness.heard).toMatchObject({ share: 2 / 3 })
    expect(readiness.early).toMatchObject({ share: 0.5, count: 2 })
    expect(readiness.error.p95).toBe(300)
  })

  it('hold confidence against how often it was right', () => {
    const { bins, brier } = calibrate([
      scoreOf(PERSON, verdict('person', 3000)),
      scoreOf(PERSON, verdict('machine', 3000)),
    ])
    expect(brier).toBeCloseTo((0.1 ** 2 + 0.9 ** 2) / 2, 9)
    expect(bins.find(({ to }) => to === 0.9)).toMatchObject({ right: { share: 0.5, count: 2 } })
  })

  it('mixes the strata in what confidence is worth, as in everything that is pooled', () => {
    const sentence = { ...PERSON, stratum: 'H3' } as const
    const right = scoreOf(PERSON, verdict('person', 3000))
    const wrong = scoreOf(sentence, verdict('machine', 3000))
    const { bins } = calibrate([right, right, wrong])
    const { share, count } = bins.find(({ to }) => to === 0.9)!.right
    expect(share).toBeCloseTo(0.14 / 0.24, 9)
    expect(count).toBeCloseTo(0.24 ** 2 / (2 * 0.07 ** 2 + 0.1 ** 2), 9)
  })
})
