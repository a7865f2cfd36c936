import { UsageError } from '../kit/index.ts'

/** What somebody may say, by what it means: `{ yes: ['yes', 'yes please', 'sure'], no: ['no', 'nope'] }`. */
export type Grammar = Readonly<Record<string, readonly string[]>>

/** The phrases that are expected, and what they mean. */
export class ExpectedPhrases {
  readonly phrases: readonly string[]
  readonly #known: readonly { readonly plain: string; readonly phrase: string; readonly meaning?: string }[]

  /** @throws UsageError naming what is wrong */
  constructor(phrases: readonly string[] = [], grammar: Grammar = {}) {
    const meant = Object.entries(grammar).flatMap(([meaning, list]) => {
      if (!Array.isArray(list))
        throw new UsageError(`recognise: the grammar must give a list of phrases for "${meaning}"`)
      return list.map((phrase) => ({ phrase, meaning }))
    })
    if (!Array.isArray(phrases)) throw new UsageError('recognise: phrases must be a list of texts')
    const all: { phrase: string; meaning?: string }[] = [...phrases.map((phrase: string) => ({ phrase })), ...meant]
    if (all.length > MOST_PHRASES) throw new UsageError(`recognise: at most ${MOST_PHRASES} phrases, not ${all.length}`)
    for (const { phrase } of all)
      if (typeof phrase !== 'string' || plainOf(phrase) === '' || phrase.length > MOST_LETTERS)
        throw new UsageError(
          `recognise: a phrase must be a text of 1 to ${MOST_LETTERS} characters with a letter or a digit in it, not ${JSON.stringify(phrase)}`,
        )
    this.phrases = all.map(({ phrase }) => phrase)
    this.#known = all
      .map((each) => ({ ...each, plain: plainOf(each.phrase) }))
      .sort((a, b) => b.plain.length - a.plain.length)
  }

  /** The phrase that was said: all of the text, or else the longest that is part of it; and what it means. */
  find(text: string): { readonly phrase?: string; readonly meaning?: string } {
    const said = plainOf(text)
    const found =
      this.#known.find(({ plain }) => plain === said) ??
      this.#known.find(({ plain }) => ` ${said} `.includes(` ${plain} `))
    if (found === undefined) return {}
    return { phrase: found.phrase, ...(found.meaning !== undefined && { meaning: found.meaning }) }
  }
}

/** Case, punctuation and how a letter is written make no difference. */
function plainOf(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/['’]/g, '')
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, ' ')
    .trim()
}

const MOST_PHRASES = 1000
const MOST_LETTERS = 200
