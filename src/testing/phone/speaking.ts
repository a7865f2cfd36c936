import type { ToneStep } from '../../media/index.ts'
import { voiceOf } from '../truth/voice.ts'
import type { PhoneAudio } from './audio.ts'
import type { PhoneClock } from './environment.ts'
import { Keypad } from './keypad.ts'
import type { Sayable } from './mouth.ts'
import type { Phone } from './phone.ts'
import { KNOWN_TONES } from './tone-ear.ts'

/** What a phone sends into its call, words, keys and tones, one after the other: as {@link Phone} describes it. */
export class Speaking {
  readonly #phone: Phone
  readonly #clock: PhoneClock
  readonly #audio: PhoneAudio
  readonly #keypad: Keypad

  constructor(phone: Phone, clock: PhoneClock, audio: PhoneAudio, keypad: Keypad) {
    this.#phone = phone
    this.#clock = clock
    this.#audio = audio
    this.#keypad = keypad
  }

  say(what: Sayable): Promise<void> {
    const clip = typeof what === 'string' ? voiceOf(what) : what
    const words = typeof what === 'string' ? { text: what } : {}
    this.#phone.note(
      typeof what === 'string' ? `says “${what}”` : `plays a clip of ${(clip.data.length / 8000).toFixed(1)} s`,
    )
    return this.#transmit('say', (done) =>
      this.#audio.mouth.say(
        clip,
        { speaker: this.#phone.name, ...words, lengthMs: Math.max(clip.data.length / 8, 20) },
        done,
      ),
    )
  }

  press(keys: string): Promise<void> {
    Keypad.check(keys)
    this.#phone.note(`presses ${keys}`)
    return this.#transmit('press', (done) => this.#keypad.press(keys, done))
  }

  hum(tone: string | readonly ToneStep[], loop: boolean): Promise<void> {
    const steps = typeof tone === 'string' ? stepsOf(tone) : tone
    this.#phone.note(`hums ${typeof tone === 'string' ? tone : 'a tone'}`)
    if (!loop) return this.#transmit('hum', (done) => this.#audio.mouth.hum(steps, false, done))
    this.#audio.mouth.hum(steps, true, () => {})
    return Promise.resolve()
  }

  silence(): void {
    this.#audio.mouth.silence()
  }

  #transmit(what: string, start: (done: () => void) => void): Promise<void> {
    if (this.#audio.remote === undefined)
      throw this.#phone.failure(`cannot ${what}: it has no call with sound (state ${this.#phone.state})`)
    const name = `${this.#phone.name} goes on to ${what}`
    const waiter = this.#clock.waiter<void>(name)
    start(() => waiter.resolve())
    return this.#clock.pull(name, waiter.promise)
  }
}

function stepsOf(tone: string): readonly ToneStep[] {
  const steps = KNOWN_TONES[tone.toUpperCase()]
  if (steps === undefined) throw new Error(`no tone is called "${tone}"; known: ${Object.keys(KNOWN_TONES).join(', ')}`)
  return steps
}
