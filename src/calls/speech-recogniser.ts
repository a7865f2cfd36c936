/**
 * What recognises speech: a port. The server has providers for it (`src/speech/recognition`); the test kit knows what its
 * phones say. Where speech begins and ends is not its business: it is given one utterance at a time.
 */
export interface SpeechRecogniser {
  /** Begins to recognise an utterance, at once: what has to be waited for is waited for by {@link RecognitionSession.finish}. */
  open(options: RecogniseAs): RecognitionSession
}

/** How an utterance is recognised. */
export interface RecogniseAs {
  /** Of the samples. */
  readonly sampleRateHz: 8000 | 16_000
  /** By its tag of BCP 47 such as `en-GB`. Default: the one of the configuration. */
  readonly language?: string
  /** What is expected; recognisers that can make use of it do. */
  readonly phrases?: readonly string[]
}

/** One utterance on its way to becoming words. After `finish` or `abort` nothing more is asked of it. */
export interface RecognitionSession {
  /**
   * Takes the next samples, mono, which are not written to afterwards.
   * @throws SpeechError when nothing will come of it any more; the caller then aborts it
   */
  write(samples: Int16Array): void
  /**
   * The utterance is over. Resolves with its words, none when none were understood.
   * @throws SpeechError when it could not be recognised
   */
  finish(): Promise<RecognisedWords>
  /** Nobody waits for it any more. */
  abort(): void
}

/** What a recogniser has understood. */
export interface RecognisedWords {
  readonly text: string
  /** How sure it is, 0..1, where it says so. */
  readonly confidence?: number
  /** Word by word, where it tells them apart. */
  readonly words?: readonly RecognisedWord[]
}

/** One word that a recogniser has understood. */
export interface RecognisedWord {
  readonly text: string
  /** 0..1, where it is known. */
  readonly confidence?: number
  /** From the beginning of the utterance, where it is known. */
  readonly startMs?: number
  readonly endMs?: number
}
