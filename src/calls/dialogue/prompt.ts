import type { Channel } from '../channel.ts'
import type { MediaToPlay } from '../playable-media.ts'

/** What is played to ask for something: the name of a file, a file or a text, or several of them in order. */
export type Prompt = string | MediaToPlay | readonly (string | MediaToPlay)[]

/** Plays prompts one after the other. Keys that wait already are an answer: then nothing is played. */
export async function ask(channel: Channel, prompts: readonly Prompt[], bargeIn: boolean): Promise<void> {
  if (bargeIn && channel.dtmfDetector.digitsWaiting() > 0) return
  await tell(channel, prompts, bargeIn)
}

/**
 * Plays prompts one after the other, to their end or until a key is pressed.
 * @throws MediaFileError, SpeechError when one cannot be played: nobody can answer what was not asked
 */
export async function tell(channel: Channel, prompts: readonly Prompt[], bargeIn: boolean): Promise<void> {
  const items = prompts.flatMap((prompt) => (isList(prompt) ? prompt : [prompt]))
  if (items.length === 0) return
  const cause = await channel.filePlayer.playList(items, { bargeIn })
  const error = channel.filePlayer.error()
  if (cause === 'ERROR' && error !== undefined) throw error
}

function isList(prompt: Prompt): prompt is readonly (string | MediaToPlay)[] {
  return Array.isArray(prompt)
}
