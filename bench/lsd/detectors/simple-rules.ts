import { type CallListener, type CallSignal, type Detector, Outbox, type Outcome, type Transcript } from './detector.ts'
import { SpeechGate } from './speech-gate.ts'

/** How the rules below see a call: since the answer, how much was said, and how long nothing has been. */
interface Heard {
  readonly sinceAnswerMs: number
  readonly speechMs: number
  readonly silenceMs: number
  readonly nowMs: number
}

/** Decides or says nothing. */
type Rule = (heard: Heard, outbox: Outbox, transcript: Transcript) => void

function byRule(name: string, title: string, rule: Rule): Detector {
  return { name, title, listen: ({ transcript }) => new RuleListener(rule, transcript) }
}

/** Twilio's published defaults: 2.4 s of speech is a machine, 1.2 s of silence after less of it a person. */
export const SPEECH_LENGTH_RULE = byRule('2.4s-1.2s', 'speech of 2.4 s / silence of 1.2 s', (heard, outbox) => {
  if (heard.speechMs >= 2400) outbox.decide('machine', 'speech')
  else if (heard.speechMs > 0 && heard.silenceMs >= 1200) outbox.decide('person', 'speech end')
  else if (heard.speechMs === 0 && heard.sinceAnswerMs >= 5000) outbox.decide('unknown', 'silence')
})

/**
 * jambonz counts the words of a recogniser: nine are a machine, fewer in its final transcript a person. Ours is given
 * perfect transcripts without any delay; they end after a second of silence. No speech in 5 s, no verdict.
 */
export const NINE_WORDS_RULE = byRule('nine-words', 'nine words, perfect transcripts', (heard, outbox, transcript) => {
  if (transcript(heard.nowMs) >= 9) outbox.decide('machine', 'words')
  else if (heard.speechMs > 0 && heard.silenceMs >= 1000) outbox.decide('person', 'few words')
  else if (heard.speechMs === 0 && heard.sinceAnswerMs >= 5000) outbox.decide('unknown', 'silence')
  else if (heard.sinceAnswerMs >= 15_000) outbox.decide('unknown', 'timeout')
})

/** What nobody should fall below. */
export const ALWAYS_MACHINE = byRule('always-machine', 'always a machine, after 1.5 s of speech', (heard, outbox) => {
  if (heard.speechMs >= 1500 || heard.sinceAnswerMs >= 5000) outbox.decide('machine', 'always')
})

class RuleListener implements CallListener {
  readonly #rule: Rule
  readonly #transcript: Transcript
  readonly #outbox = new Outbox()
  readonly #gate = new SpeechGate()
  #answeredAtMs = Number.POSITIVE_INFINITY
  #speechMs = 0
  #silenceMs = 0
  #burstMs = 0

  constructor(rule: Rule, transcript: Transcript) {
    this.#rule = rule
    this.#transcript = transcript
  }

  signal(signal: CallSignal): void {
    if (signal.type === 'answered') this.#answeredAtMs = signal.atMs
  }

  hear(frame: Int16Array, atMs: number): void {
    this.#advance(frame.length / 8, this.#gate.hear(frame), atMs)
  }

  missing(durationMs: number, atMs: number): void {
    this.#advance(durationMs, false, atMs)
  }

  poll(): Outcome | undefined {
    return this.#outbox.poll()
  }

  #advance(ms: number, isSound: boolean, atMs: number): void {
    if (atMs < this.#answeredAtMs || this.#outbox.isDecided) return
    if (isSound) {
      this.#burstMs += ms
      // Clicks are no speech; what was thought one counts once it is none.
      if (this.#burstMs >= LEAST_SPEECH_MS) {
        this.#speechMs += this.#burstMs === LEAST_SPEECH_MS ? LEAST_SPEECH_MS : ms
        this.#silenceMs = 0
      }
    } else {
      this.#burstMs = 0
      this.#silenceMs += ms
    }
    const nowMs = atMs + ms
    const { speechMs, silenceMs } = { speechMs: this.#speechMs, silenceMs: this.#silenceMs }
    this.#rule(
      { sinceAnswerMs: nowMs - this.#answeredAtMs, speechMs, silenceMs, nowMs },
      this.#outbox,
      this.#transcript,
    )
  }
}

const LEAST_SPEECH_MS = 60
