/** Text to speech: `filePlayer.say`. Nothing is started before the first text is spoken. */
export interface SpeechConfig {
  /** The voice of those who name none. Default: the engine's, for Flite `rms`. */
  readonly voice?: string
  /** How many threads speak at a time, 1 to 16; each takes about 70 MB while it lives. Default 1. */
  readonly threads?: number
  readonly cache?: SpeechCacheConfig
  /** Memory for what was spoken, in bytes. Default 33,554,432 (32 MiB, 35 minutes of it). */
  readonly memoryBytes?: number
  /** Sentences that may wait to be spoken, 1 to 100,000: beyond that, `say` ends with ERROR. Default 1,000. */
  readonly waitingSentences?: number
}

/** What was spoken, kept on disk. Several servers may share it. */
export interface SpeechCacheConfig {
  /** Made when it is first needed; only its owner can read it. Default `./speech-cache`. */
  readonly directory?: string
  /**
   * How much is kept, in bytes: what was not used for longest goes first. 0 keeps nothing on disk. Default 268,435,456
   * (256 MiB, nearly five hours).
   */
  readonly bytes?: number
}
