/**
 * What makes speech of text. Built-in engines run in a thread of their own ({@link ThreadEngine}); a program may bring
 * one along that does what it likes, as long as it does not block.
 */
export interface SpeechEngine {
  /** Stands in messages, and in the key of what is kept. */
  readonly name: string
  /** Whatever changes how it sounds: a part of the key of what is kept. */
  readonly version: string
  /** The voices there are. Empty: only the engine knows, and any name is passed on. */
  readonly voices: readonly SpeechVoice[]
  /** The voice of those who name none. */
  readonly defaultVoice: string
  /** What voices speak that are not listed: a language tag (BCP 47) such as `en-US`. */
  readonly language: string
  readonly capabilities: SpeechCapabilities
  /**
   * Speaks one sentence of plain text, block by block as it comes. Numbers and dates are written out as words where
   * the voice is English.
   *
   * @param signal aborted when nobody waits for it any more: the engine stops and ends, or throws
   * @throws Error, also while it is read, saying why it cannot be spoken
   */
  speak(sentence: SpokenSentence, signal: AbortSignal): AsyncIterable<SpeechBlock>
  /** Gives everything back. */
  close(): Promise<void>
}

/** One of the voices of an engine. */
export interface SpeechVoice {
  readonly name: string
  /** A language tag (BCP 47) such as `en-US`. */
  readonly language: string
  readonly gender?: 'female' | 'male'
}

/** What an engine can do. */
export interface SpeechCapabilities {
  /** How many sentences it speaks at a time. */
  readonly parallel: number
  /** A sentence comes in pieces, the first of them before the last is made. */
  readonly isStreaming: boolean
}

/** A sentence as an engine gets it. */
export interface SpokenSentence {
  readonly text: string
  readonly voice: string
  /** 1 is the voice's own pace, 2 twice as fast; 0.25 to 4. */
  readonly rate: number
  /** What is wanted. An engine may give another: it is converted. */
  readonly sampleRateHz: 8000 | 16_000
}

/** A piece of speech: mono, 16-bit. */
export interface SpeechBlock {
  readonly samples: Int16Array
  /** 8,000 to 192,000; the same in all blocks of a sentence. */
  readonly sampleRateHz: number
}
