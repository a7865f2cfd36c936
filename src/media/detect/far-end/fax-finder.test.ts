import { describe, expect, it } from 'vitest'
import { sinePeak } from '../../dsp/level.ts'
import { TONE_PRESETS } from '../../tone/presets.ts'
import { toneOn } from '../test/call-sounds.ts'
import { eventsIn, joined, noisy, silence, sines, speech, verdictsOf } from '../test/far-end-sounds.ts'
import type { FarEndEvent } from './far-end.ts'

const tonesOf = (events: readonly FarEndEvent[]): { tone: string; afterMs: number }[] =>
  events
    .filter((event) => event.type === 'tone')
    .map(({ tone, atMs, startedAtMs }) => ({ tone, afterMs: atMs - startedAtMs }))

/** 2,100 Hz as V.8 has it: the phase turns each 450 ms, the level sways with 15 Hz. */
function modulatedAnswer(ms: number, swing: number, turnsPhase: boolean): Int16Array {
  const sound = new Int16Array(8 * ms)
  for (let i = 0; i < sound.length; i++) {
    const sign = turnsPhase && Math.floor(i / 3600) % 2 === 1 ? -1 : 1
    const level = 1 + swing * Math.sin((2 * Math.PI * 15 * i) / 8000)
    sound[i] = sign * level * sinePeak(-16) * Math.sin((2 * Math.PI * 2100 * i) / 8000)
  }
  return sound
}

/** Flags of HDLC at 300 bit/s: 1,850 Hz is a 0, 1,650 Hz a 1. */
function flags(ms: number): Int16Array {
  const sound = new Int16Array(8 * ms)
  let phase = 0
  for (let i = 0; i < sound.length; i++) {
    const bit = '01111110'[Math.floor((i * 300) / 8000) % 8]
    phase += (2 * Math.PI * (bit === '1' ? 1650 : 1850)) / 8000
    sound[i] = sinePeak(-16) * Math.sin(phase)
  }
  return sound
}

const inCall = (signal: Int16Array): Int16Array => noisy(joined(silence(1500), signal, silence(1500)), -45)

describe('fax machines', () => {
  it.each([
    ['CED', sines(2600, [2100])],
    ['CED 15 Hz off', sines(2600, [2115])],
    ['ANSam', modulatedAnswer(3000, 0.2, false)],
    ['ANSam with turns of the phase', modulatedAnswer(3000, 0.2, true)],
    ['ANS with turns of the phase', modulatedAnswer(3000, 0, true)],
  ])('are known by %s within 0.7 s', (_, signal) => {
    const events = eventsIn(inCall(signal))
    expect(tonesOf(events)[0]).toMatchObject({ tone: 'ced' })
    expect(tonesOf(events)[0]!.afterMs).toBeLessThanOrEqual(700)
    expect(verdictsOf(events)).toEqual(['final fax/fax'])
  })

  it('are known by the flags before their first frame', () => {
    const events = eventsIn(inCall(flags(1000)))
    expect(tonesOf(events)).toMatchObject([{ tone: 'v21' }])
    expect(verdictsOf(events)).toEqual(['final fax/fax'])
  })

  it('are known when they call', () => {
    const events = eventsIn(inCall(joined(sines(500, [1100]), silence(3000))))
    expect(tonesOf(events)).toMatchObject([{ tone: 'cng' }])
    expect(verdictsOf(events)).toEqual(['final fax/callingFax'])
  })

  it('are not what a mailbox beeps with', () => {
    for (const hz of [1100, 2100]) {
      const events = eventsIn(joined(silence(300), speech(2500), silence(300), sines(500, [hz]), silence(1000)))
      expect(tonesOf(events)).toEqual([])
      expect(verdictsOf(events).at(-1)).toMatch('machine/voicemail')
    }
  })

  it('are not heard in what networks send, nor are beeps', () => {
    for (const steps of [
      TONE_PRESETS.SIT,
      TONE_PRESETS.RINGBACK,
      TONE_PRESETS.RINGBACK_EU,
      TONE_PRESETS.BUSY,
      TONE_PRESETS.DIAL_EU,
    ]) {
      const events = eventsIn(joined(toneOn(steps, 5000), silence(1000)))
      expect(tonesOf(events).filter(({ tone }) => ['ced', 'cng', 'v21'].includes(tone))).toEqual([])
      expect(events.filter(({ type }) => type === 'beepStarted')).toEqual([])
    }
  })
})

describe('keys', () => {
  it('are told apart, and are no beeps', () => {
    const keys: [string, number, number][] = [
      ['1', 697, 1209],
      ['5', 770, 1336],
      ['9', 852, 1477],
      ['#', 941, 1477],
    ]
    const sound = joined(...keys.flatMap(([, low, high]) => [sines(120, [low, high], -14), silence(200)]))
    const events = eventsIn(noisy(sound, -50))
    expect(events.flatMap((event) => (event.type === 'tone' ? [event.digit] : []))).toEqual(['1', '5', '9', '#'])
    expect(events.filter(({ type }) => type === 'beepStarted')).toEqual([])
  })
})
