import type { Instant } from '../../../kit/index.ts'
import { listensAfterMs, monologueWeight } from './costs.ts'
import type { SpeechTimeline } from './speech-timeline.ts'

/**
 * Follows what is said after a verdict, for what shows it to have been wrong, or that somebody else is there now. Its
 * questions are asked after each frame.
 */
export class AfterVerdict {
  #decidedAtMs: Instant = 0
  /** When whoever had fallen silent went on. */
  #resumedAtMs: Instant | undefined
  /** What is played to somebody he may answer at any length. */
  #hasHeardUs = false
  #hasBeeped = false
  #mayBeTaken = false

  decide(now: Instant): void {
    this.#decidedAtMs = now
    this.#resumedAtMs = undefined
    this.#mayBeTaken = false
  }

  play(): void {
    this.#hasHeardUs = true
  }

  beep(): void {
    this.#hasBeeped = true
  }

  /** Whether somebody who was taken for a person, as he seemed to listen, speaks on and on though nobody has answered him. */
  goesOn(speech: SpeechTimeline, now: Instant, machineWeight: number): boolean {
    if (!speech.isSpeaking) {
      if (speech.quietMs(now) >= LISTENS_MS) this.#resumedAtMs = undefined
      return false
    }
    this.#resumedAtMs ??= now
    if (speech.lastMs(now) >= LONG_MONOLOGUE_MS) return true
    const isSoon = this.#resumedAtMs - this.#decidedAtMs < REVISABLE_MS
    return isSoon && !this.#hasHeardUs && monologueWeight(now - this.#resumedAtMs) >= machineWeight
  }

  /**
   * Whether somebody takes the call from a machine: it has waited in silence and without a beep, as those do that screen
   * calls, and now a few words are said by somebody who then listens.
   */
  isTaken(speech: SpeechTimeline, now: Instant): boolean {
    if (this.#hasBeeped) return false
    const quietMs = speech.quietMs(now)
    if (!this.#mayBeTaken) this.#mayBeTaken = quietMs >= WAITS_MS
    const wordsMs = speech.lastMs(now)
    if (!this.#mayBeTaken || speech.isSpeaking || quietMs >= WAITS_MS) return false
    if (wordsMs > FEW_WORDS_MS) this.#mayBeTaken = false
    return this.#mayBeTaken && wordsMs >= A_WORD_MS && quietMs >= listensAfterMs(wordsMs)
  }
}

/** How soon after the verdict one goes on who has not listened. */
const REVISABLE_MS = 3000
/** Nobody who has picked up speaks for so long without a pause. */
const LONG_MONOLOGUE_MS = 6000
const LISTENS_MS = 950
/** Longer than the pauses within greetings, and than most before a beep. */
const WAITS_MS = 3000
const A_WORD_MS = 200
const FEW_WORDS_MS = 2500
