/** What a recogniser is told of an utterance. Calls know the same by the name of `RecogniseAs`. */
export interface UtteranceOptions {
  readonly sampleRateHz: 8000 | 16_000
  /** BCP 47. Default: the one of the settings. */
  readonly language?: string
  /** What is expected. */
  readonly phrases?: readonly string[]
}

/** What was understood. */
export interface UtteranceWords {
  readonly text: string
  /** 0..1, where the recogniser says so. */
  readonly confidence?: number
}

/** One utterance: samples in, words out. After `finish` or `abort` nothing more is asked of it. */
export interface Utterance {
  /** @throws SpeechError when nothing will come of it any more */
  write(samples: Int16Array): void
  /** @throws SpeechError when it could not be recognised */
  finish(): Promise<UtteranceWords>
  abort(): void
}

/** Recognises utterances; where speech begins and ends is told by our own detector. */
export interface Recogniser {
  open(options: UtteranceOptions): Utterance
}
