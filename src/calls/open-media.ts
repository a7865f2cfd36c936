import { UsageError } from '../kit/index.ts'
import type { CallHost } from './host.ts'
import type { Playable, ReadOptions } from './media-store.ts'
import { checkedMedia, type FileToPlay, type MediaToPlay, type TextToSay } from './playable-media.ts'
import type { SpokenAs } from './text-to-speech.ts'

/**
 * What is to be played.
 * @throws UsageError when it cannot be played on this exchange
 */
export function checkPlayable(host: Pick<CallHost, 'speech'>, media: MediaToPlay): FileToPlay | TextToSay {
  const checked = checkedMedia(media)
  if (checked === undefined) throw new UsageError('this PlayableMedia was given neither a file nor a text')
  if ('textToSay' in checked && host.speech === undefined)
    throw new UsageError('this exchange has no text-to-speech: texts cannot be said, only files played')
  return checked
}

/** How a file or a text is opened; {@link SpokenAs.isWanted} is asked of a text. */
export interface OpenOptions extends ReadOptions, Pick<SpokenAs, 'isWanted'> {}

/**
 * Opens a file or a text for playing.
 * @throws MediaFileError, SpeechError when it cannot be played
 */
export async function openMedia(
  { files, speech }: Pick<CallHost, 'files' | 'speech'>,
  media: FileToPlay | TextToSay,
  { isWanted, ...how }: OpenOptions,
): Promise<Playable> {
  if ('fileToPlay' in media) return files.read(media.fileToPlay, how)
  if (speech === undefined) throw new UsageError('this exchange has no text-to-speech')
  const { textToSay, ...voice } = media
  const { loop, mostHz } = how
  return speech.say(textToSay, {
    loop,
    ...(mostHz !== undefined && { mostHz }),
    ...voice,
    ...(isWanted !== undefined && { isWanted }),
  })
}

/**
 * Renders a text before its moment, unless it is a secret: an error is told when it is played.
 * @param mostHz what those who will hear it can make use of
 */
export async function prepareMedia(
  { speech }: Pick<CallHost, 'speech'>,
  media: FileToPlay | TextToSay,
  mostHz: 8000 | 16_000,
): Promise<void> {
  if (!('textToSay' in media) || media.private === true || speech === undefined) return
  const { textToSay, voice, rate } = media
  const how = { mostHz, ...(voice !== undefined && { voice }), ...(rate !== undefined && { rate }) }
  try {
    await speech.prepare(textToSay, how)
  } catch {}
}
