import { describe, expect, it } from 'vitest'
import { integerBelow, seededRandom } from '../../../kit/index.ts'
import { wavHeader } from '../../file/wav-writer.ts'
import { createTapRing, TapWriter } from '../../live/tap-ring.ts'
import { SyntheticSpeaker } from '../../test/synthetic-sound.ts'
import { TONE_PRESETS } from '../../tone/presets.ts'
import { toneOn } from '../test/call-sounds.ts'
import type { FarEndEvent, FarEndOptions, FarEndSignal } from './far-end.ts'
import { FarEndTap } from './far-end-tap.ts'
import { FarEndTapeRecorder, MOST_TAPE_MS, replayTape, tapeOfCall, tapeOfWav, wavOfTape } from './far-end-tape.ts'

/** Ringback before the answer, and speech after it. */
const CALL = (() => {
  const samples = new Int16Array(8 * 14_000)
  samples.set(toneOn(TONE_PRESETS.RINGBACK, 6000))
  new SyntheticSpeaker(seededRandom(5)).speakInto(samples.subarray(8 * 7000, 8 * 9000))
  new SyntheticSpeaker(seededRandom(6)).speakInto(samples.subarray(8 * 10_000, 8 * 13_000))
  return samples
})()
const OPTIONS: FarEndOptions = { timeoutMs: 6000, decidesEarly: false }

/** A call as a tap hears it, read at irregular moments, with losses on the way and blocks that were read too late. */
function live(seed: number) {
  const random = seededRandom(seed)
  const ring = createTapRing()
  const writer = new TapWriter(ring)
  const recorder = new FarEndTapeRecorder(OPTIONS)
  const tap = new FarEndTap(ring, OPTIONS, recorder)
  const events: FarEndEvent[] = []
  tap.signal('ringing', 1234)
  tap.signal('earlyMedia')
  const signals: Record<number, FarEndSignal> = { 300: 'answered', 450: 'promptStarted', 500: 'promptEnded' }
  for (let block = 0; block < CALL.length / 160; block++) {
    const signal = signals[block]
    if (signal !== undefined) tap.signal(signal)
    writer.write(CALL.subarray(160 * block, 160 * (block + 1)), integerBelow(random, 20) > 0)
    const isReaderLate = block > 520 && block < 600
    if (isReaderLate || integerBelow(random, 4) > 0) continue
    tap.hear()
    for (let event = tap.poll(); event !== undefined; event = tap.poll()) events.push(event)
  }
  tap.hear()
  for (let event = tap.poll(); event !== undefined; event = tap.poll()) events.push(event)
  return { events, tape: recorder.tape() }
}

describe('the tape of a detection', () => {
  it('says the same when it is played again, bit for bit, also from its WAV file', () => {
    for (const seed of [1, 2, 3]) {
      const { events, tape } = live(seed)
      expect(events.map(({ type }) => type)).toEqual(expect.arrayContaining(['tone', 'speechStarted', 'verdict']))
      expect(tape.missing.length).toBeGreaterThan(10)
      expect(Math.max(...tape.missing.map(({ durationMs }) => durationMs))).toBeGreaterThan(200)
      expect(replayTape(tape)).toEqual(events)
      const read = tapeOfWav(wavOfTape(tape))
      const { samples, ...rest } = (read.ok && read.value.tape) || tape
      expect(read.ok && samples !== tape.samples && samples.every((sample, i) => sample === tape.samples[i])).toBe(true)
      expect({ ...rest, samples: tape.samples }).toEqual(tape)
      expect(tape.verdicts).toEqual(events.filter(({ type }) => type === 'verdict'))
    }
  })

  it('would say otherwise if anything of it were forgotten', () => {
    const { events, tape } = live(1)
    expect(replayTape({ ...tape, missing: [] })).not.toEqual(events)
    expect(replayTape({ ...tape, signals: tape.signals.filter(({ signal }) => signal !== 'answered') })).not.toEqual(
      events,
    )
  })

  it('is two minutes long at most', () => {
    const recorder = new FarEndTapeRecorder({})
    for (let ms = 0; ms < MOST_TAPE_MS + 5000; ms += 1000) recorder.hear(new Int16Array(8000))
    recorder.missing(1000)
    recorder.signal('answered', MOST_TAPE_MS)
    const { samples, missing, signals } = recorder.tape()
    expect([samples.length, missing, signals]).toEqual([8 * MOST_TAPE_MS, [], []])
  })

  it('can be made of the sound of a call and the moment of its answer', () => {
    const tape = tapeOfCall(CALL, 6000, OPTIONS)
    expect(tape.signals).toEqual([
      { signal: 'earlyMedia', atMs: 0 },
      { signal: 'answered', atMs: 6000 },
    ])
    expect(tapeOfCall(CALL, 0, OPTIONS).signals).toEqual([{ signal: 'answered', atMs: 0 }])
    expect(replayTape(tape).map(({ type }) => type)).toContain('verdict')
  })

  it('a WAV file without it is sound; one that is damaged says so', () => {
    const data = new Uint8Array(3200).fill(7)
    const file = Uint8Array.of(...wavHeader('pcm16', data.length, 16_000), ...data)
    const read = tapeOfWav(file)
    expect(read.ok && [read.value.samples.length, read.value.tape]).toEqual([800, undefined])
    const taped = wavOfTape(tapeOfCall(CALL, 0, {}))
    taped[taped.length - 5] = 0
    expect(tapeOfWav(taped)).toEqual({ ok: false, error: 'its chunk of detection is damaged' })
    expect(tapeOfWav(Uint8Array.of(1, 2, 3)).ok).toBe(false)
  })
})
