import { UsageError } from '../../kit/index.ts'
import { sentencesOf } from './sentences.ts'

/** A part of a text: a sentence at a pace (1 is that of the whole text), or a pause. */
export type TextPiece = { readonly text: string; readonly rate: number } | { readonly silenceMs: number }

/**
 * Takes a text apart, plain or SSML.
 * @param language of the voice (BCP 47)
 * @throws UsageError when it is none, too long, or has a pipe in it; SpeechError for SSML that is malformed
 */
export function piecesOf(
  text: string,
  { mostLength }: { readonly language: string; readonly mostLength: number },
): TextPiece[] {
  if (typeof text !== 'string') throw new UsageError(`a text is spoken, not ${JSON.stringify(text)}`)
  if (text.includes('|')) throw new UsageError('a text that is spoken may not hold the pipe character |')
  if (text.length > mostLength)
    throw new UsageError(`a text of ${text.length} characters is too long to be spoken: ${mostLength} is the most`)
  return sentencesOf(text).map((sentence) => ({ text: sentence, rate: 1 }))
}
