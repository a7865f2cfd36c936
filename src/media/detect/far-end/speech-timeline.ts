import type { Instant } from '../../../kit/index.ts'
import { UtteranceEnd } from './utterance-end.ts'

/**
 * Who spoke when, as utterances with pauses between them. What is shorter than a breath within speech is no pause. One
 * begins anew when somebody else may be there: at the answer, or when ringing after it stops.
 */
export class SpeechTimeline {
  /** When the first utterance began; `undefined` as long as nothing was said. */
  beganAtMs: Instant | undefined
  /** Utterances so far, the one in progress among them. */
  utterances = 0
  /** How long the first of them was. */
  firstMs = 0
  /** By how much the voice fell most at the end of one of them that was followed by another and no mere word, dB. */
  deepestFallDb = 0
  isSpeaking = false
  /** The last utterance. */
  #startedAtMs: Instant = 0
  #endedAtMs: Instant = 0
  /** Of those before it. */
  #spokenBeforeMs = 0
  /** Of the quiet since then, what was lost; and of that, what was lost in a row. */
  #lostMs = 0
  #lostInARowMs = 0
  readonly #end = new UtteranceEnd()

  begin(startedAtMs: Instant): void {
    this.isSpeaking = true
    const pauseMs = startedAtMs - this.#endedAtMs
    if (this.utterances > 0 && pauseMs < BREATH_MS) return
    if (this.utterances === 0) this.beganAtMs = startedAtMs
    else {
      const lastMs = this.#endedAtMs - this.#startedAtMs
      this.#spokenBeforeMs += lastMs
      if (this.utterances === 1) this.firstMs = lastMs
      if (lastMs >= WORD_MS) this.deepestFallDb = Math.min(this.deepestFallDb, this.#end.fallDb)
    }
    this.#end.begin()
    this.utterances++
    this.#startedAtMs = startedAtMs
  }

  end(endedAtMs: Instant): void {
    if (!this.isSpeaking) return
    this.isSpeaking = false
    if (this.utterances === 1 && endedAtMs - this.#startedAtMs < LEAST_MS) {
      this.restart(endedAtMs)
      return
    }
    this.#endedAtMs = endedAtMs
    this.#lostMs = 0
  }

  /**
   * A frame was lost, or came: what is lost is no silence, but whoever sends nothing for long says nothing.
   * @param power of the frame, per sample
   */
  hear(isWhole: boolean, frameMs: number, power: number): void {
    if (this.isSpeaking && isWhole) this.#end.hear(power)
    this.#lostInARowMs = isWhole ? 0 : this.#lostInARowMs + frameMs
    if (!isWhole && this.#lostInARowMs <= MOST_LOST_MS) this.#lostMs += frameMs
  }

  /** Forgets what was said; speech in progress begins at `now`. */
  restart(now: Instant): void {
    const { isSpeaking } = this
    this.beganAtMs = undefined
    this.utterances = 0
    this.firstMs = 0
    this.deepestFallDb = 0
    this.#spokenBeforeMs = 0
    this.isSpeaking = false
    if (isSpeaking) this.begin(now)
  }

  /** How long nothing has been said since somebody spoke; 0 while somebody speaks, or before. */
  quietMs(now: Instant): number {
    return this.isSpeaking || this.utterances === 0 ? 0 : now - this.#endedAtMs - this.#lostMs
  }

  /** From the first word until now or, in a pause, until the last one. */
  sinceFirstWordMs(now: Instant): number {
    return this.beganAtMs === undefined ? 0 : (this.isSpeaking ? now : this.#endedAtMs) - this.beganAtMs
  }

  /** How long all utterances together were. */
  spokenMs(now: Instant): number {
    return this.#spokenBeforeMs + this.lastMs(now)
  }

  /** How long the last utterance was, or is so far. */
  lastMs(now: Instant): number {
    return this.utterances === 0 ? 0 : (this.isSpeaking ? now : this.#endedAtMs) - this.#startedAtMs
  }
}

/** What is shorter at the beginning is the end of what was said before it. */
const LEAST_MS = 60
/** Shorter ones are words, which are said in many ways. */
const WORD_MS = 700
/** Pauses within words and between those that belong together are shorter. */
const BREATH_MS = 200
const MOST_LOST_MS = 200
