import { type Random, seededRandom, uniform } from '../../kit/index.ts'
import type { AudioClip } from '../../media/index.ts'

/** How long a letter takes: some 15 letters a second, 170 words a minute. */
const MS_PER_LETTER = 65
const PITCH_HZ = 120

/**
 * Words as sound: nobody would understand them, but levels, pauses and spectrum are those of speech, and the same words
 * always give the same sound. What they say travels as truth beside it.
 */
export function voiceOf(text: string, rate = 1): AudioClip {
  const random = seededRandom([...text].reduce((hash, letter) => Math.imul(hash, 31) + letter.charCodeAt(0), 7))
  const perLetter = Math.round((MS_PER_LETTER * 8) / rate)
  const data = new Int16Array(Math.max(text.length, 1) * perLetter)
  const voice = new Voice(random)
  let at = 0
  for (const letter of text || ' ') {
    voice.speak(data.subarray(at, at + perLetter), /[\s.,;:!?-]/.test(letter))
    at += perLetter
  }
  return { encoding: 'pcm16', sampleRateHz: 8000, data }
}

/** Glottal pulses through two resonances that move from letter to letter, with breath. */
class Voice {
  readonly #random: Random
  #phase = 0
  #loudness = 0
  readonly #mouth = [new Resonance(), new Resonance()]

  constructor(random: Random) {
    this.#random = random
  }

  speak(into: Int16Array, isPause: boolean): void {
    const pitch = PITCH_HZ * (0.85 + 0.4 * uniform(this.#random))
    this.#mouth[0]?.tune(300 + 500 * uniform(this.#random))
    this.#mouth[1]?.tune(900 + 1400 * uniform(this.#random))
    for (let i = 0; i < into.length; i++) {
      this.#loudness += ((isPause ? 0 : 1) - this.#loudness) / 160
      this.#phase += pitch / 8000
      const pulse = this.#phase >= 1 ? 1 : 0
      this.#phase -= pulse
      const source = pulse + 0.02 * (uniform(this.#random) - 0.5)
      const sound = this.#mouth.reduce((sum, each) => sum + each.filter(source), 0)
      into[i] = Math.max(-30_000, Math.min(30_000, sound * this.#loudness * 9000))
    }
  }
}

/** A two-pole resonator, 100 Hz wide. */
class Resonance {
  #a = 0
  #last = 0
  #before = 0

  tune(hz: number): void {
    this.#a = 2 * RADIUS * Math.cos((2 * Math.PI * hz) / 8000)
  }

  filter(source: number): number {
    const out = source + this.#a * this.#last - RADIUS * RADIUS * this.#before
    this.#before = this.#last
    this.#last = out
    return out
  }
}

const RADIUS = Math.exp((-Math.PI * 100) / 8000)
