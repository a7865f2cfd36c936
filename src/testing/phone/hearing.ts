import type { Instant } from '../../kit/index.ts'
import { wordsHeard } from '../truth/truth.ts'
import type { HeardSpeech } from './ears.ts'
import { describeSpeech } from './ears.ts'
import type { WithinOptions } from './expectations.ts'
import type { Phone } from './phone.ts'
import { type HeardTone, KNOWN_TONES, namesOf } from './tone-ear.ts'

/**
 * What a phone can wait for by ear. What was waited for is used up: the next expectation listens to what came after
 * it. Tones are recognised from the sound itself; words and voices from the truth beside it.
 */
export class Hearing {
  readonly #phone: Phone
  /** The piece of speech to listen to next, and from which letter of it. */
  #piece = 0
  #letter = 0
  #nameIsUsed = false
  #tone = 0
  #digit = 0

  constructor(phone: Phone) {
    this.#phone = phone
  }

  /** See {@link Phone.expectSpeech}. */
  async speech(pattern: RegExp | string, options?: WithinOptions): Promise<string> {
    this.requireWords(`hear ${describe(pattern)}`)
    let found: string | undefined
    await this.#phone.until(
      `expected to hear ${describe(pattern)}`,
      () => {
        found ??= this.#takeSpeech(pattern)
        return found !== undefined
      },
      { ...options, instead: () => this.#instead(this.#phone.ears.speech.map(describeSpeech), 'speech') },
    )
    return found as string
  }

  /**
   * Waits for a tone: a preset by the name by which an application plays it, `cng`, `ced`, or frequencies in Hz. Each
   * country's tone has a name of its own, and no other passes for it: `ringback` is that of the United States,
   * `ringback_eu` and `ringback_uk` are others. Case does not matter. A preset is recognised when its first step has
   * ended, a long one after 1.5 s of it.
   * @returns when it began and how long its first stretch lasted
   */
  async tone(tone: string | readonly number[], options?: WithinOptions): Promise<Readonly<HeardTone>> {
    const name = typeof tone === 'string' ? tone : `${tone.join(' + ')} Hz`
    return this.#toneThat(`expected to hear the tone ${name}`, matcherOf(tone), options)
  }

  /** Waits for a single short tone with silence after it. */
  async beep(options?: WithinOptions): Promise<Readonly<HeardTone>> {
    return this.#toneThat('expected to hear a beep', isBeep, options)
  }

  /** Waits for these keys, pressed by the far end. */
  async digits(keys: string, options?: WithinOptions): Promise<void> {
    const all = () => this.#phone.ears.digits.map(({ digit }) => digit).join('')
    await this.#phone.until(
      `expected the digits ${keys}`,
      () => {
        const at = all().indexOf(keys, this.#digit)
        if (at < 0) return false
        this.#digit = at + keys.length
        return true
      },
      { ...options, instead: () => `; the digits that came: ${all() || 'none'}` },
    )
  }

  /** Waits for the voice of another phone, through whatever connects the two. */
  async voice(of: Phone | string, options?: WithinOptions): Promise<void> {
    const name = typeof of === 'string' ? of : of.name
    this.requireWords(`tell the voice of ${name}`)
    const from = this.#now()
    await this.#phone.until(
      `expected to hear the voice of ${name}`,
      () => this.#phone.ears.speech.some((each) => each.utterance.speaker === name && each.endedAt > from),
      { ...options, instead: () => this.#instead(this.#phone.ears.speech.map(describeSpeech), 'speech') },
    )
  }

  /** Waits for sound, whatever it is, that comes from now on. */
  async sound(options?: WithinOptions): Promise<void> {
    const from = this.#now()
    await this.#phone.until('expected to hear anything', () => this.#phone.ears.lastSoundAt > from, {
      ...options,
      instead: () => (this.#phone.ears.packets === 0 ? '; not one packet of sound came' : '; it was silent'),
    })
  }

  /** Waits until nothing was heard for so long. */
  async silence(ms: number, options?: WithinOptions): Promise<void> {
    const from = this.#now()
    await this.#phone.until(
      `expected ${ms} ms of silence`,
      () => this.#now() - Math.max(from, this.#phone.ears.lastSoundAt) >= ms,
      { ...options, lookEachMs: 20 },
    )
  }

  /** Whether speech that matches was heard, at any time. */
  has(pattern: RegExp | string): boolean {
    this.requireWords(`tell whether it has heard ${describe(pattern)}`)
    return this.#phone.ears.speech.some((piece) => {
      const { file = '' } = piece.utterance
      return (
        match(pattern, wordsHeard(piece.utterance, piece.reachedMs)) !== undefined || match(pattern, file) !== undefined
      )
    })
  }

  /** How many of the patterns were heard in this order, each after the one before it. */
  inOrder(patterns: readonly (RegExp | string)[]): number {
    this.requireWords(`tell whether it has heard ${patterns.map(describe).join(', then ')}`)
    const ear = new Hearing(this.#phone)
    const missing = patterns.findIndex((pattern) => ear.#takeSpeech(pattern) === undefined)
    return missing < 0 ? patterns.length : missing
  }

  /** Whether a tone was heard, at any time; by the names of {@link tone}. */
  hasTone(tone: string | readonly number[]): boolean {
    return this.#phone.ears.tones.some(matcherOf(tone))
  }

  /**
   * For whatever needs words: on real sockets there are none.
   * @throws ExpectationError when no words reach this phone, saying why and what can be waited for instead
   */
  requireWords(what: string): void {
    if (!this.#phone.hearsWords)
      throw this.#phone.failure(
        `cannot ${what}: on real sockets only sound comes, without the words that a simulation tells beside it. ` +
          'Wait for hears.sound(), .silence(ms), .tone(name), .beep() or .digits(keys), or ask phone.hearsWords first',
      )
  }

  async #toneThat(what: string, fits: (tone: HeardTone) => boolean, options?: WithinOptions): Promise<HeardTone> {
    let found: HeardTone | undefined
    await this.#phone.until(
      what,
      () => {
        const { tones } = this.#phone.ears
        const at = tones.findIndex((each, i) => i >= this.#tone && fits(each))
        if (at < 0) return false
        this.#tone = at + 1
        found = tones[at]
        return true
      },
      { ...options, instead: () => this.#instead(this.#phone.ears.tones.map(describeTone), 'tone') },
    )
    return found as HeardTone
  }

  #takeSpeech(pattern: RegExp | string): string | undefined {
    const { speech } = this.#phone.ears
    for (; this.#piece < speech.length; this.#nextPiece()) {
      const piece = speech[this.#piece] as HeardSpeech
      const words = wordsHeard(piece.utterance, piece.reachedMs).slice(this.#letter)
      const inWords = match(pattern, words)
      if (inWords !== undefined) {
        this.#letter += inWords.end
        return inWords.text
      }
      const { file } = piece.utterance
      if (file !== undefined && !this.#nameIsUsed && match(pattern, file) !== undefined) {
        this.#nameIsUsed = true
        return file
      }
      // More of the latest piece may come.
      if (this.#piece === speech.length - 1) return undefined
    }
    return undefined
  }

  #nextPiece(): void {
    this.#piece++
    this.#letter = 0
    this.#nameIsUsed = false
  }

  #instead(lines: readonly string[], what: string): string {
    if (this.#phone.ears.packets === 0) return '; not one packet of sound came'
    if (lines.length === 0) return `; no ${what} was heard`
    return `; heard instead:\n${lines
      .slice(-10)
      .map((line) => `  ${line}`)
      .join('\n')}`
  }

  #now(): Instant {
    return this.#phone.now
  }
}

function match(pattern: RegExp | string, text: string): { text: string; end: number } | undefined {
  if (typeof pattern === 'string') {
    const at = text.toLowerCase().indexOf(pattern.toLowerCase())
    return at < 0 || text === '' ? undefined : { text: pattern, end: at + pattern.length }
  }
  if (text === '') return undefined
  const found = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, '')).exec(text)
  return found === null ? undefined : { text: found[0], end: found.index + found[0].length }
}

function describe(pattern: RegExp | string): string {
  return typeof pattern === 'string' ? JSON.stringify(pattern) : String(pattern)
}

function matcherOf(tone: string | readonly number[]): (heard: HeardTone) => boolean {
  if (typeof tone !== 'string') {
    const wanted = [...tone].sort((a, b) => a - b).join()
    return ({ frequencies }) => frequencies.join() === wanted
  }
  const name = tone.toUpperCase()
  if (!Object.hasOwn(KNOWN_TONES, name))
    throw new Error(
      `no tone is called "${tone}"; known: ${Object.keys(KNOWN_TONES).join(', ')}, or give frequencies in Hz`,
    )
  return (heard) => namesOf(heard).includes(name)
}

function isBeep({ frequencies, durationMs, isOpen }: HeardTone): boolean {
  return !isOpen && frequencies.length === 1 && durationMs >= 80 && durationMs <= 1500
}

/** A tone with its names, for messages. */
export function describeTone(tone: HeardTone): string {
  const names = namesOf(tone)
  const hz = `${tone.frequencies.join(' + ')} Hz`
  return `${names.length > 0 ? `${names.join(' or ')} (${hz})` : hz} for ${(tone.durationMs / 1000).toFixed(2)} s`
}
