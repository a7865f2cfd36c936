import type { SpeechRecogniser } from '../../calls/index.ts'
import type {
  AzureSettings,
  FliteSettings,
  GoogleSettings,
  OpenAiRecogniserSettings,
  OpenAiSettings,
  PollySettings,
  ProcessSettings,
  SherpaRecogniserSettings,
  SherpaSettings,
  SpeechEngine,
} from '../../speech/index.ts'

/** What speaks: one of those that are built in, or an engine that the program brings along. */
export type SpeechEngineConfig =
  | FliteSettings
  | Omit<ProcessSettings, 'voice'>
  | Omit<OpenAiSettings, 'voice'>
  | Omit<SherpaSettings, 'voice'>
  | Omit<GoogleSettings, 'voice'>
  | Omit<AzureSettings, 'voice'>
  | Omit<PollySettings, 'voice'>
  | SpeechEngine

/** What recognises speech: one of those that are built in, or one that the program brings along. */
export type SpeechRecognitionConfig = OpenAiRecogniserSettings | SherpaRecogniserSettings | SpeechRecogniser

/** Text to speech, `filePlayer.say`, and its reverse. Nothing is started before it is first needed. */
export interface SpeechConfig {
  /**
   * What recognises speech for `speechDetector.recognise`. Default: nothing; waiting for speech and for silence, and barge-in
   * on speech, need none.
   */
  readonly recognition?: SpeechRecognitionConfig
  /** Default: Flite, which speaks English and needs nothing else. */
  readonly engine?: SpeechEngineConfig
  /** The voice of those who name none. Default: the engine's, for Flite `rms`; services have none. */
  readonly voice?: string
  /**
   * How many threads an engine may have, 1 to 16: each of Flite's speaks one sentence at a time and takes about 70 MB once it
   * was needed. Default: for Flite half the cores, at most 4; 1 for an engine that is named.
   */
  readonly threads?: number
  /**
   * A thread that has had nothing to say for so long ends, and gives its memory back; the next text starts it again, in
   * milliseconds, 1,000 to 86,400,000. Default 300,000 (five minutes).
   */
  readonly threadIdleMs?: number
  readonly cache?: SpeechCacheConfig
  /** Memory for what was spoken, in bytes. Default 33,554,432 (32 MiB, 35 minutes of it). */
  readonly memoryBytes?: number
  /** Sentences that may wait to be spoken, 1 to 100,000: beyond that, `say` ends with ERROR. Default 1,000. */
  readonly waitingSentences?: number
}

/** What was spoken, kept on disk, encrypted with `files.encryption` if that is given. Several servers may share it. */
export interface SpeechCacheConfig {
  /** Made when it is first needed; only its owner can read it. Default `./speech-cache`. */
  readonly directory?: string
  /**
   * How much is kept, in bytes: what was not used for longest goes first. 0 keeps nothing on disk. Default 268,435,456
   * (256 MiB, nearly five hours).
   */
  readonly bytes?: number
}
