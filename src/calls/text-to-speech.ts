import type { Playable } from './media-store.ts'

/**
 * What speaks texts: a port. The server renders them with a speech engine and keeps what it rendered; the test kit makes
 * sound that its ears can read again.
 */
export interface TextToSpeech {
  /**
   * Opens a text for playing. Resolves as soon as its first sentence is there: the rest is rendered while that plays.
   * @throws SpeechError when it cannot be spoken; for a voice that does not exist it names those that do
   */
  say(text: string, options: SpokenAs): Promise<Playable>
  /**
   * Renders a text before it is needed, so that {@link TextToSpeech.say} has it at once. Resolves when it is rendered.
   * @throws SpeechError as `say`
   */
  prepare(text: string, options: Omit<SpokenAs, 'loop' | 'private'>): Promise<void>
}

/** How a text is spoken. */
export interface SpokenAs {
  /** One of the engine's voices. Default: the one of the configuration. */
  readonly voice?: string
  /** How fast: 1 is the voice's own pace, 0.5 half as fast, 2 twice. Default 1. */
  readonly rate?: number
  /** The text is a secret: what is rendered of it is kept nowhere. Default false. */
  readonly private?: boolean
  readonly loop: boolean
  /** As for files: the sample rate that the call can make use of. */
  readonly mostHz?: 8000 | 16_000
  /** Asked now and then while something is still to be rendered: false gives it up. Default: it is wanted until closed. */
  readonly isWanted?: () => boolean
}
