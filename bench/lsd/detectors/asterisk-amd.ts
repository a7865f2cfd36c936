import { type CallListener, type CallSignal, type Detector, Outbox, type Outcome } from './detector.ts'

/** Times in ms; of `AMD()` in Asterisk's documentation. */
export interface AmdSettings {
  readonly initialSilenceMs: number
  readonly greetingMs: number
  readonly afterGreetingSilenceMs: number
  readonly totalAnalysisMs: number
  readonly leastWordMs: number
  readonly betweenWordsSilenceMs: number
  readonly mostWords: number
  readonly longestWordMs: number
  /** Mean of the absolute sample values of a frame: less is silence. */
  readonly silenceThreshold: number
}

export const AMD_DEFAULT: AmdSettings = {
  initialSilenceMs: 2500,
  greetingMs: 1500,
  afterGreetingSilenceMs: 800,
  totalAnalysisMs: 5000,
  leastWordMs: 100,
  betweenWordsSilenceMs: 50,
  mostWords: 2,
  longestWordMs: 5000,
  silenceThreshold: 256,
}

/** As those who run call centres on it recommend. */
export const AMD_TUNED: AmdSettings = {
  ...AMD_DEFAULT,
  initialSilenceMs: 2000,
  greetingMs: 2000,
  afterGreetingSilenceMs: 1000,
  leastWordMs: 120,
  mostWords: 4,
}

/**
 * The published rules of Asterisk's `AMD()`, in our words: silence and voice by the mean amplitude of a frame, and counts
 * of how long each lasts. It begins with the answer, and what was lost is silence to it.
 */
export function asteriskAmd(name: string, title: string, settings: AmdSettings): Detector {
  return { name, title, listen: () => new AmdListener(settings) }
}

class AmdListener implements CallListener {
  readonly #settings: AmdSettings
  readonly #outbox = new Outbox()
  #isAnswered = false
  #totalMs = 0
  #silenceMs = 0
  /** Of the voice in progress, pauses up to `betweenWordsSilenceMs` included. */
  #wordMs = 0
  #voiceMs = 0
  #words = 0
  #isInGreeting = false
  #hasWordBeenCounted = false

  constructor(settings: AmdSettings) {
    this.#settings = settings
  }

  signal(signal: CallSignal): void {
    if (signal.type === 'answered') this.#isAnswered = true
  }

  hear(frame: Int16Array): void {
    let sum = 0
    for (let i = 0; i < frame.length; i++) sum += Math.abs(frame[i]!)
    this.#advance(frame.length / 8, sum / frame.length < this.#settings.silenceThreshold)
  }

  missing(durationMs: number): void {
    this.#advance(durationMs, true)
  }

  poll(): Outcome | undefined {
    return this.#outbox.poll()
  }

  #advance(ms: number, isSilent: boolean): void {
    if (!this.#isAnswered || this.#outbox.isDecided) return
    this.#totalMs += ms
    if (isSilent) this.#hearSilence(ms)
    else this.#hearVoice(ms)
    if (this.#totalMs >= this.#settings.totalAnalysisMs) this.#outbox.decide('unknown', 'TOOLONG')
  }

  #hearSilence(ms: number): void {
    const { initialSilenceMs, afterGreetingSilenceMs, betweenWordsSilenceMs } = this.#settings
    this.#silenceMs += ms
    if (this.#silenceMs >= betweenWordsSilenceMs) {
      this.#wordMs = 0
      this.#hasWordBeenCounted = false
    }
    if (!this.#isInGreeting && this.#silenceMs >= initialSilenceMs) this.#outbox.decide('machine', 'INITIALSILENCE')
    if (this.#isInGreeting && this.#silenceMs >= afterGreetingSilenceMs) this.#outbox.decide('person', 'HUMAN')
  }

  #hearVoice(ms: number): void {
    const { greetingMs, leastWordMs, longestWordMs, mostWords } = this.#settings
    this.#silenceMs = 0
    this.#wordMs += ms
    this.#voiceMs += ms
    if (this.#wordMs >= leastWordMs && !this.#hasWordBeenCounted) {
      this.#hasWordBeenCounted = true
      this.#isInGreeting = true
      this.#words++
    }
    if (this.#wordMs >= longestWordMs) this.#outbox.decide('machine', 'MAXWORDLENGTH')
    if (this.#words > mostWords) this.#outbox.decide('machine', 'MAXWORDS')
    if (this.#isInGreeting && this.#voiceMs >= greetingMs) this.#outbox.decide('machine', 'LONGGREETING')
  }
}
