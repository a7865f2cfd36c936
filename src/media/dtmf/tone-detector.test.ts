import { describe, expect, it } from 'vitest'
import { integerBelow, seededRandom } from '../../kit/index.ts'
import { speechLike } from '../test/signals.ts'
import { SyntheticBand, SyntheticSpeaker } from '../test/synthetic-sound.ts'
import { createKernels } from '../wasm/kernels.ts'
import { KEYPAD } from './digits.ts'
import { overG711, type Press, presses } from './test/presses.ts'
import { ToneBank } from './tone-bank.ts'
import { ToneDetector } from './tone-detector.ts'

const bank = new ToneBank(createKernels())

/** What a detector makes of samples, begun at any of the 160 places within a frame. */
function digitsIn(samples: Int16Array, shift = 0): string {
  let digits = ''
  const detector = new ToneDetector(bank, (digit) => {
    digits += digit
  })
  for (let at = shift; at + 160 <= samples.length; at += 160) detector.hear(samples.subarray(at, at + 160))
  return digits
}

/** The same for all sixteen keys, each with this wrong with it, at many places within the frame. */
function heard(wrong: Omit<Press, 'key'>): { all: boolean; none: boolean } {
  let [all, none] = [true, true]
  for (let shift = 0; shift < 160; shift += 9) {
    const digits = digitsIn(presses([...KEYPAD].map((key) => ({ key, ...wrong }))), shift)
    all &&= digits === KEYPAD
    none &&= digits === ''
  }
  return { all, none }
}

describe('ToneDetector on Q.24', () => {
  it.each<[string, Omit<Press, 'key'>]>([
    ['as they should be', {}],
    ['40 ms long, 40 ms apart', { durationMs: 40, pauseMs: 40 }],
    ['1.7 s long', { durationMs: 1700 }],
    ['at 0 dBm0', { lowDbm0: 0, highDbm0: 0 }],
    ['at -25 dBm0', { lowDbm0: -25, highDbm0: -25 }],
    ['with the high tone 4 dB louder', { lowDbm0: -14, highDbm0: -10 }],
    ['with the high tone 8 dB softer', { lowDbm0: -10, highDbm0: -18 }],
    ['1.5 % high', { lowOff: 0.015, highOff: 0.015 }],
    ['1.5 % low', { lowOff: -0.015, highOff: -0.015 }],
    ['1.5 % apart', { lowOff: -0.015, highOff: 0.015 }],
    ['1.5 % high, -25 dBm0, 40 ms', { lowOff: 0.015, highOff: 0.015, lowDbm0: -25, highDbm0: -25, durationMs: 40 }],
    ['1.5 % low with 8 dB twist', { lowOff: -0.015, highOff: -0.015, highDbm0: -18 }],
  ])('hears tones %s', (_, wrong) => {
    expect(heard(wrong).all).toBe(true)
  })

  it.each<[string, Omit<Press, 'key'>]>([
    ['of 23 ms', { durationMs: 23 }],
    ['whose low tone is 3.5 % high', { lowOff: 0.035 }],
    ['whose low tone is 3.5 % low', { lowOff: -0.035 }],
    ['whose high tone is 3.5 % high', { highOff: 0.035 }],
    ['whose high tone is 3.5 % low', { highOff: -0.035 }],
    ['whose high tone is 12 dB louder', { lowDbm0: -18, highDbm0: -6 }],
    ['whose high tone is 15 dB softer', { lowDbm0: -6, highDbm0: -21 }],
    ['at -40 dBm0', { lowDbm0: -40, highDbm0: -40 }],
  ])('does not hear tones %s', (_, wrong) => {
    expect(heard(wrong).none).toBe(true)
  })

  it('hears the same key twice after a pause of 40 ms, and once through one of 10 ms', () => {
    for (let shift = 0; shift < 160; shift += 7) {
      const twice = (pauseMs: number): Int16Array => presses([{ key: '5', pauseMs }, { key: '5' }])
      expect(digitsIn(twice(40), shift)).toBe('55')
      expect(digitsIn(twice(60), shift)).toBe('55')
      expect(digitsIn(twice(10), shift)).toBe('5')
    }
  })

  it('hears tones through noise 15 dB below them', () => {
    const random = seededRandom(1)
    const keys = Array.from({ length: 200 }, () => ({
      key: KEYPAD[integerBelow(random, 16)],
      durationMs: 50,
      pauseMs: 50,
    }))
    // Each of the two tones is at -10, together -7 dBm0.
    expect(digitsIn(presses(keys, -22, random))).toBe(keys.map(({ key }) => key).join(''))
  })

  it('hears one press through a packet that was lost, and none in what was made up', () => {
    for (let lost = 3; lost < 12; lost++) {
      const samples = presses([{ key: '8', durationMs: 200 }])
      let digits = ''
      const detector = new ToneDetector(bank, (digit) => {
        digits += digit
      })
      for (let frame = 0; (frame + 1) * 160 <= samples.length; frame++)
        if (frame === lost) detector.miss(160)
        else detector.hear(samples.subarray(frame * 160, frame * 160 + 160))
      expect(digits).toBe('8')
    }
  })

  it('hears a key of 80 ms once, whichever packet of it was lost', () => {
    for (let shift = 0; shift < 160; shift += 9)
      for (const key of KEYPAD) {
        const samples = presses([{ key, durationMs: 80 }])
        // From 60 ms on it sounds, in five packets, or in four.
        for (let lost = 3; lost < 8; lost++) {
          let digits = ''
          const detector = new ToneDetector(bank, (digit) => {
            digits += digit
          })
          for (let at = shift, packet = 0; at + 160 <= samples.length; at += 160, packet++)
            if (packet === lost) detector.miss(160)
            else detector.hear(samples.subarray(at, at + 160))
          expect([key, shift, lost, digits]).toEqual([key, shift, lost, key])
        }
      }
  })

  it('hears the same in pieces of any length, and windows that lost sound is part of say nothing', () => {
    const samples = presses([{ key: '8' }, { key: '8' }, { key: '1' }])
    for (const piece of [1, 7, 40, 80, 164, 240, 960]) {
      let digits = ''
      const detector = new ToneDetector(bank, (digit) => {
        digits += digit
      })
      for (let at = 0; at < samples.length; at += piece) detector.hear(samples.subarray(at, at + piece))
      expect(digits).toBe('881')
    }
    // 30 ms of a tone, then a hole of any length, again and again: no three windows in a row are whole.
    const tone = presses([{ key: '8', durationMs: 200 }]).subarray(400, 640)
    const detector = new ToneDetector(bank, () => expect.unreachable())
    for (const hole of [10, 80, 100, 160, 790])
      for (let i = 0; i < 20; i++) {
        detector.hear(tone)
        detector.miss(hole)
      }
  })

  it('knows a pause in which nothing was sent', () => {
    const tone = presses([{ key: '8', durationMs: 100 }])
    for (const [pause, expected] of [
      [80, '8'],
      [800, '88'],
    ] as const) {
      let digits = ''
      const detector = new ToneDetector(bank, (digit) => {
        digits += digit
      })
      for (let i = 0; i < 2; i++) {
        detector.hear(tone.subarray(tone.findIndex(Boolean), tone.findLastIndex(Boolean)))
        detector.rest(pause)
      }
      expect(digits).toBe(expected)
    }
  })
})

describe('ToneDetector and what is no digit', () => {
  const MINUTES = 10

  it(`invents nothing in ${3 * MINUTES} minutes of something like speech and music`, () => {
    const random = seededRandom(1)
    const losses = seededRandom(2)
    const speaker = new SyntheticSpeaker(random)
    const band = new SyntheticBand(random)
    // The second three lose a twentieth of their packets.
    const digits = ['', '', '', '', '', '']
    const detectors = digits.map((_, i) => new ToneDetector(bank, (digit) => (digits[i] += digit)))
    const [speech, music, both] = [new Int16Array(160), new Int16Array(160), new Int16Array(160)]
    for (let frame = 0; frame < MINUTES * 3000; frame++) {
      speaker.speakInto(speech)
      band.playInto(music)
      for (let i = 0; i < 160; i++) both[i] = (speech[i] + music[i]) >> 1
      for (const [i, sound] of [speech, music, both].entries()) {
        detectors[i].hear(overG711(sound))
        if (integerBelow(losses, 20) === 0) detectors[i + 3].miss(160)
        else detectors[i + 3].hear(sound)
      }
    }
    expect(digits).toEqual(['', '', '', '', '', ''])
  })

  it('invents nothing in noise, single tones and the tones of the telephone network', () => {
    const sine = (...frequencies: number[]): Int16Array =>
      overG711(
        Int16Array.from({ length: 16_000 }, (_, i) =>
          frequencies.reduce((sum, hz) => sum + 6000 * Math.sin((2 * Math.PI * hz * i) / 8000), 0),
        ),
      )
    expect(digitsIn(speechLike(20_000))).toBe('')
    for (let hz = 300; hz < 3400; hz += 7) expect(digitsIn(sine(hz))).toBe('')
    for (const pair of [
      [350, 440],
      [440, 480],
      [480, 620],
      [425],
      [1400, 2060],
      [1100],
      [950, 1400],
      [700, 900],
      [1300, 1500],
    ])
      expect(digitsIn(sine(...pair))).toBe('')
  })
})
