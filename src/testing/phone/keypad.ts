import type { ToneStep } from '../../media/index.ts'
import type { PhoneAudio } from './audio.ts'
import type { DtmfHabits } from './dtmf-habits.ts'
import type { PhoneLine } from './phone-line.ts'

/** Half a second of silence, for the comma among keys. */
const PAUSE: ToneStep = { durationMs: 500, add: 'summation' }

/** The keys of a phone: each is sent as its habits are, by telephone-event, as a tone in the sound, or by SIP INFO. */
export class Keypad {
  readonly #habits: DtmfHabits
  readonly #audio: PhoneAudio
  readonly #line: Pick<PhoneLine, 'info'>

  constructor(habits: DtmfHabits, audio: PhoneAudio, line: Pick<PhoneLine, 'info'>) {
    this.#habits = habits
    this.#audio = audio
    this.#line = line
  }

  /** @throws Error naming the first of `keys` that is none */
  static check(keys: string): void {
    const wrong = [...keys].find((key) => !KEYS.includes(key) && key !== ',')
    if (wrong !== undefined) throw new Error(`press: "${wrong}" is no key; use 0-9 A-D * # and the comma`)
  }

  /** Presses keys that were checked, one after the other; `done` is called at the end of the last. */
  press(keys: string, done: () => void): void {
    for (const [i, key] of [...keys].entries()) this.#pressOne(key, i === keys.length - 1 ? done : () => {})
    if (keys === '') done()
  }

  #pressOne(key: string, done: () => void): void {
    const { mouth, remote } = this.#audio
    const { by, keyMs, gapMs } = this.#habits
    if (key === ',') mouth.hum([PAUSE], false, done)
    else if (by === 'info') {
      this.#line.info(key, keyMs)
      mouth.hum([{ durationMs: keyMs + gapMs, add: 'summation' }], false, done)
    } else if (by === 'event' && remote?.telephoneEvent !== undefined)
      mouth.press(KEYS.indexOf(key), this.#habits, done)
    else mouth.hum(keyTones(key, keyMs, gapMs), false, done)
  }
}

/** In the order of their event codes (RFC 4733 section 3.2). */
const KEYS = '0123456789*#ABCD'
const KEYPAD = '123A456B789C*0#D'
const LOW_HZ = [697, 770, 852, 941]
const HIGH_HZ = [1209, 1336, 1477, 1633]

function keyTones(key: string, durationMs: number, gapMs: number): ToneStep[] {
  const at = KEYPAD.indexOf(key)
  const component = (frequencyHz: number | undefined) => ({ frequencyHz: frequencyHz ?? 0, amplitude: 9 })
  return [
    { tone1: component(LOW_HZ[at >> 2]), tone2: component(HIGH_HZ[at & 3]), durationMs, add: 'summation' },
    { durationMs: gapMs, add: 'summation' },
  ]
}
