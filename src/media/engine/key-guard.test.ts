import { describe, expect, it } from 'vitest'
import { energyAtLevel, hasLessEnergy } from '../dsp/level.ts'
import { resample } from '../dsp/resample.ts'
import { DIGIT_MS, digitTones } from '../dtmf/digits.ts'
import { Gathering } from '../test/guests.ts'
import { recordedVoices } from '../test/recorded-voices.ts'
import { ToneGenerator } from '../tone/generator.ts'
import type { CodecName } from './control.ts'

/** What two hear of a third, who says these samples of 8 kHz as tones go in the sound, and whose keys are private. */
async function heardOf(sound: Int16Array, privateKeys: string, codec: CodecName = 'PCMU', phaseMs = 0) {
  const gathering = new Gathering()
  const listener = await gathering.welcome('L16')
  const speaker = await gathering.welcome(codec)
  gathering.start(speaker, { inBandDigits: true })
  gathering.mix(listener)
  gathering.media.send({ type: 'mix', leg: speaker.leg, room: 1, privateKeys })
  speaker.sound = speaker.rateHz === 8000 ? sound : resample(sound, 8000, speaker.rateHz)
  await gathering.pass(sound.length / 8 + 200, phaseMs)
  return listener.heard
}

/** The keys `digits` in silence, the first after 400 ms and `lateMs`. */
function keys(digits: string, lateMs = 0): Int16Array {
  const generator = new ToneGenerator([{ durationMs: 400 + lateMs, add: 'summation' }, ...digitTones(digits)], false)
  const sound = new Int16Array(8 * (700 + 150 * digits.length))
  generator.readInto(sound, sound.length)
  return sound
}

/** How much of it is above -40 dBm0, in milliseconds. */
function loudMs(heard: readonly number[]): number {
  const samples = Int16Array.from(heard)
  let loud = 0
  for (let at = 0; at + 8 <= samples.length; at += 8) if (!hasLessEnergy(samples, at, 8, energyAtLevel(-40, 8))) loud++
  return loud
}

describe('keys that mean something to a room', () => {
  it('are not heard in it, from their beginning to their end, wherever in a packet and a tick they begin', async () => {
    for (const codec of ['PCMU', 'G722'] as const)
      for (const phaseMs of [0, 5, 10, 15])
        for (const lateMs of codec === 'G722' ? [7] : [0, 7, 13]) {
          const heard = await heardOf(keys('1', lateMs), '01', codec, phaseMs)
          expect([codec, phaseMs, lateMs, loudMs(heard)]).toEqual([codec, phaseMs, lateMs, 0])
        }
  })

  it('are heard where they mean nothing, and so are others', async () => {
    expect(loudMs(await heardOf(keys('1'), ''))).toBeCloseTo(DIGIT_MS, -1)
    expect(loudMs(await heardOf(keys('5'), '01'))).toBeCloseTo(DIGIT_MS, -1)
    expect(loudMs(await heardOf(keys('151'), '01'))).toBeCloseTo(DIGIT_MS, -1)
  })

  it('cost speech nothing', async () => {
    for (const { samples } of recordedVoices())
      expect(await heardOf(samples, '0123456789*#')).toEqual(await heardOf(samples, ''))
  })

  it('come and go without a click', async () => {
    const tone = Int16Array.from({ length: 8 * 1500 }, (_, i) => 3000 * Math.sin((2 * Math.PI * 300 * i) / 8000))
    const key = keys('1')
    const heard = await heardOf(
      tone.map((sample, i) => (key[i] ? (key[i] ?? 0) : sample)),
      '1',
    )
    const steepest = heard.reduce((most, sample, i) => Math.max(most, Math.abs(sample - (heard[i - 1] ?? sample))), 0)
    expect(steepest).toBeLessThan(1.3 * 3000 * ((2 * Math.PI * 300) / 8000))
    expect(loudMs(heard)).toBeLessThan(1500 - DIGIT_MS)
  })
})
