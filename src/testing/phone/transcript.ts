import type { Instant } from '../../kit/index.ts'
import { describeSpeech } from './ears.ts'
import { describeTone } from './hearing.ts'
import type { Phone } from './phone.ts'

/** What phones did and heard, in order. */
export class Transcript {
  readonly #phones: () => Iterable<Phone>
  readonly #events: { readonly at: Instant; readonly text: string }[] = []

  constructor(phones: () => Iterable<Phone>) {
    this.#phones = phones
  }

  /** Adds what somebody did. */
  note(at: Instant, text: string): void {
    this.#events.push({ at, text })
  }

  /** A line for each thing, with its time in seconds. */
  text(): string {
    const heard = [...this.#phones()].flatMap(({ name, ears }) => [
      ...ears.speech.map((piece) => ({ at: piece.startedAt, text: `${name} hears ${describeSpeech(piece)}` })),
      ...ears.tones.map((tone) => ({ at: tone.startedAt, text: `${name} hears ${describeTone(tone)}` })),
      ...ears.digits.map(({ digit, at }) => ({ at, text: `${name} hears the digit ${digit}` })),
    ])
    const lines = [...this.#events, ...heard].sort((a, b) => a.at - b.at)
    return lines.map(({ at, text }) => `${(at / 1000).toFixed(2).padStart(8)} s  ${text}`).join('\n')
  }
}
