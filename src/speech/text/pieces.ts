import { UsageError } from '../../kit/index.ts'
import { spokenEnglish } from './english/english.ts'
import { englishAs, foreignAs } from './say-as.ts'
import { partsOf, sentencesOf } from './sentences.ts'
import { type Span, spansOf } from './ssml.ts'

/** A part of a text: a sentence at a pace (1 is that of the whole text), or a pause. */
export type TextPiece = { readonly text: string; readonly rate: number } | { readonly silenceMs: number }

/**
 * Takes a text apart, plain or, when it begins with `<`, SSML. English is written out as it is said, so that it is the same
 * with every engine.
 *
 * @param language of the voice (BCP 47)
 * @throws UsageError when it is none, too long, or has a pipe in it; SpeechError for SSML that is malformed
 */
export function piecesOf(
  text: string,
  { language, mostLength }: { readonly language: string; readonly mostLength: number },
): TextPiece[] {
  if (typeof text !== 'string') throw new UsageError(`a text is spoken, not ${JSON.stringify(text)}`)
  if (text.includes('|')) throw new UsageError('a text that is spoken may not hold the pipe character |')
  if (text.length > mostLength)
    throw new UsageError(`a text of ${text.length} characters is too long to be spoken: ${mostLength} is the most`)
  const isEnglish = /^en\b/i.test(language)
  const spans: readonly Span[] = text.trimStart().startsWith('<') ? spansOf(text) : [{ text, rate: 1 }]
  return joined(spans, isEnglish).flatMap((piece): TextPiece[] =>
    'silenceMs' in piece
      ? piece.silenceMs > 0
        ? [piece]
        : []
      : sentencesOf(piece.text)
          .flatMap((sentence) => (isEnglish ? partsOf(spokenEnglish(sentence)) : [sentence]))
          .map((sentence) => ({ text: sentence, rate: piece.rate })),
  )
}

/** Texts that follow each other at one pace are one. */
function joined(spans: readonly Span[], isEnglish: boolean): TextPiece[] {
  const pieces: TextPiece[] = []
  for (const span of spans) {
    const last = pieces.at(-1)
    if ('silenceMs' in span) pieces.push(span)
    else {
      const words = span.sayAs ? ` ${(isEnglish ? englishAs : foreignAs)(span.text, span.sayAs)} ` : span.text
      if (last !== undefined && 'text' in last && last.rate === span.rate)
        pieces[pieces.length - 1] = { text: last.text + words, rate: span.rate }
      else pieces.push({ text: words, rate: span.rate })
    }
  }
  return pieces
}
