import { UsageError } from '../kit/index.ts'
import { assertMediaName } from './media-store.ts'
import type { SpokenAs } from './text-to-speech.ts'

/** A file or a text, to be played when its moment has come: the later call of either function replaces the earlier. */
export class PlayableMedia {
  #chosen: FileToPlay | TextToSay | undefined

  /**
   * @param name of a file in the media store
   * @throws UsageError for what cannot be such a name
   */
  fileToPlay(name: string): this {
    this.#chosen = checkedMedia({ fileToPlay: name })
    return this
  }

  /**
   * @param text plain, or SSML
   * @throws UsageError for a text that cannot be said: see {@link TextToSay}
   */
  textToSay(text: string, options: VoiceOptions = {}): this {
    this.#chosen = checkedMedia({ ...options, textToSay: text })
    return this
  }

  /** @internal */
  get chosen(): FileToPlay | TextToSay | undefined {
    return this.#chosen
  }
}

/** What can be played: {@link PlayableMedia}, or a plain object in its place. */
export type MediaToPlay = PlayableMedia | FileToPlay | TextToSay

/** A file of the media store. */
export interface FileToPlay {
  /** Its name in the media store. */
  readonly fileToPlay: string
}

/** A text, and how it is spoken. */
export interface TextToSay extends VoiceOptions {
  /** Plain, or SSML: up to 10,000 characters, without the pipe character. */
  readonly textToSay: string
}

/** How a text is spoken. */
export interface VoiceOptions extends Pick<SpokenAs, 'voice' | 'rate'> {
  /**
   * The text is a secret: the record of the call tells how long it was and not what it said, and its speech is kept nowhere.
   * Default false.
   */
  readonly private?: boolean
}

/** Some eleven minutes of speech. */
const MOST_CHARACTERS = 10_000
const SLOWEST = 0.25
const FASTEST = 4

/**
 * Tells what is to be played.
 *
 * @returns `undefined` for a {@link PlayableMedia} that was given nothing
 * @throws UsageError for neither file nor text, or both; for what is no name of a file, and for what cannot be said
 */
export function checkedMedia(media: MediaToPlay): FileToPlay | TextToSay | undefined {
  if (media instanceof PlayableMedia) return media.chosen
  const { fileToPlay, textToSay, ...voice } = (media ?? {}) as Partial<FileToPlay & TextToSay>
  if ((fileToPlay === undefined) === (textToSay === undefined))
    throw new UsageError(`expected { fileToPlay } or { textToSay }, not ${JSON.stringify(media)}`)
  if (fileToPlay !== undefined) {
    assertMediaName(fileToPlay)
    return { fileToPlay }
  }
  return { textToSay: sayable(textToSay), ...checkedVoice(voice) }
}

function sayable(text: unknown): string {
  if (typeof text !== 'string' || text.trim() === '')
    throw new UsageError(`a text to say must be a string that is not empty, not ${JSON.stringify(text)}`)
  if (text.length > MOST_CHARACTERS)
    throw new UsageError(`a text to say has at most ${MOST_CHARACTERS} characters; this one has ${text.length}`)
  if (text.includes('|')) throw new UsageError(`a text to say must not contain "|": ${JSON.stringify(excerptOf(text))}`)
  return text
}

function checkedVoice({ voice, rate, private: isPrivate }: VoiceOptions): VoiceOptions {
  if (voice !== undefined && (typeof voice !== 'string' || voice === ''))
    throw new UsageError(`voice must be the name of a voice, not ${JSON.stringify(voice)}`)
  if (rate !== undefined && !(rate >= SLOWEST && rate <= FASTEST))
    throw new UsageError(`rate must be ${SLOWEST} to ${FASTEST}, not ${rate}`)
  if (isPrivate !== undefined && typeof isPrivate !== 'boolean')
    throw new UsageError(`private must be true or false, not ${JSON.stringify(isPrivate)}`)
  return {
    ...(voice !== undefined && { voice }),
    ...(rate !== undefined && { rate }),
    ...(isPrivate !== undefined && { private: isPrivate }),
  }
}

/** What the record of a call says of it. */
export function describeMedia(media: FileToPlay | TextToSay): string {
  if ('fileToPlay' in media) return media.fileToPlay
  return media.private ? `a private text of ${media.textToSay.length} characters` : excerptOf(media.textToSay)
}

/** So much of each text is kept for a call that is being explained. */
const MOST_KEPT = 200

/** So much of a text as the record of a call keeps. */
export function excerptOf(text: string): string {
  return text.length <= MOST_KEPT ? text : `${text.slice(0, MOST_KEPT - 1)}…`
}
