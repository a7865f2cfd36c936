import { expect, test } from 'vitest'
import { seededRandom, uniform } from '../../kit/index.ts'
import { TONE_PRESETS, ToneGenerator, type ToneStep } from '../../media/index.ts'
import { voiceOf } from '../truth/voice.ts'
import { type HeardTone, namesOf, ToneEar } from './tone-ear.ts'

/** Lets an ear hear `ms` of a sound that fills 20 ms at a time. */
function hear(fill: (into: Int16Array) => void, ms: number): readonly HeardTone[] {
  const ear = new ToneEar()
  const frame = new Int16Array(160)
  for (let now = 0; now < ms; now += 20) {
    fill(frame)
    ear.hear(frame, now)
  }
  return ear.tones
}

function looped(steps: readonly ToneStep[]): (into: Int16Array) => void {
  const generator = new ToneGenerator(steps, true)
  return (into) => void generator.readInto(into, into.length)
}

for (const name of Object.keys(TONE_PRESETS) as (keyof typeof TONE_PRESETS)[]) {
  test(`${name} is heard as what it is`, () => {
    const tones = hear(looped(TONE_PRESETS[name]), 12_000)
    const names = tones.flatMap((tone) => namesOf(tone))
    // A beep that is looped without a pause is one long tone.
    if (name === 'BEEP') expect(tones[0]?.frequencies).toEqual([1000])
    else expect(names).toContain(name)
    const others = names.filter((each) => each !== name)
    expect(new Set(others)).toEqual(new Set([]))
  })
}

test('beginnings and lengths are right to within a frame and a half', () => {
  const tones = hear(looped(TONE_PRESETS.RINGBACK_UK), 6000)
  const expected = [0, 600, 3000, 3600]
  expect(tones.map(({ startedAt }) => startedAt).slice(0, 4)).toHaveLength(4)
  for (const [i, at] of expected.entries()) {
    expect(Math.abs((tones[i]?.startedAt ?? 0) - at)).toBeLessThanOrEqual(30)
    expect(Math.abs((tones[i]?.durationMs ?? 0) - 400)).toBeLessThanOrEqual(30)
  }
})

test('a tone is heard through noise 20 dB below it', () => {
  const random = seededRandom(1)
  const tone = looped(TONE_PRESETS.BUSY_EU)
  const tones = hear((into) => {
    tone(into)
    for (let i = 0; i < into.length; i++) into[i] = (into[i] as number) + 600 * (uniform(random) - 0.5)
  }, 5000)
  expect(tones.filter((each) => namesOf(each).includes('BUSY_EU')).length).toBeGreaterThanOrEqual(4)
})

test('in two minutes of speech there is no tone of a network', () => {
  const { data } = voiceOf('The quick brown fox jumps over the lazy dog, and nobody minds. '.repeat(30)) as {
    data: Int16Array
  }
  let at = 0
  const tones = hear(
    (into) => {
      into.set(data.subarray(at, at + 160))
      at += 160
    },
    data.length / 8 - 20,
  )
  expect(data.length / 8).toBeGreaterThan(120_000)
  expect(tones.flatMap(namesOf)).toEqual([])
})
