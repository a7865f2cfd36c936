/**
 * Takes a text apart into what is spoken in one breath: sentences, and of a very long one the parts between its commas,
 * so that none takes long to speak. Nothing is lost but space.
 */
export function sentencesOf(text: string): string[] {
  const sentences: string[] = []
  let begin = 0
  for (const { index, 0: end } of text.matchAll(/[.!?…]+["'”’)\]]*(?=\s|$)|\n\s*\n/g)) {
    const until = index + end.length
    if (end.startsWith('.') && !endsSentence(text.slice(begin, index), text.slice(until))) continue
    sentences.push(text.slice(begin, until))
    begin = until
  }
  sentences.push(text.slice(begin))
  return sentences
    .map((sentence) => sentence.replaceAll(/\s+/g, ' ').trim())
    .filter((sentence) => /[\p{L}\p{N}#*@&%$£€+=]/u.test(sentence))
    .flatMap(partsOf)
}

/** Whether a full stop between these two ends a sentence: not behind an abbreviation or an initial. */
function endsSentence(before: string, after: string): boolean {
  const word = /\S*$/.exec(before)?.[0].replace(/^[("'“‘[]+/, '') ?? ''
  const next = /\S/.exec(after)?.[0]
  if (next === undefined) return true
  if (ABBREVIATIONS.has(word.toLowerCase())) return /^(etc|inc|ltd|co|jr|sr)$/i.test(word) && isCapital(next)
  if (/^no$/i.test(word)) return !/\d/.test(next)
  // One letter is an initial, several with stops between them are an abbreviation: U.S., p.m.
  if (/^\p{Lu}$/u.test(word) && word !== 'I') return false
  if (/^(\p{L}\.)+\p{L}$/u.test(word)) return isCapital(next)
  return true
}

function isCapital(letter: string): boolean {
  return /\p{Lu}/u.test(letter)
}

/** Behind these stands a full stop that ends nothing. */
const ABBREVIATIONS = new Set(
  (
    'mr mrs ms dr prof rev gen sen rep capt lt col sgt st ave blvd rd mt vs etc e.g i.e cf approx dept est ext fig inc ltd ' +
    'co jr sr jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun'
  ).split(' '),
)

/** Cuts a sentence that is very long at a comma, or else between words, or else anywhere. */
export function partsOf(sentence: string): string[] {
  const parts: string[] = []
  let rest = sentence
  while (rest.length > MOST_CHARACTERS) {
    const head = rest.slice(0, MOST_CHARACTERS)
    const clause = Math.max(
      ...[';', ':', ',', ' -', ' –', ' —'].map((mark) => head.lastIndexOf(`${mark} `) + mark.length),
    )
    const word = head.lastIndexOf(' ')
    const cut = clause > LEAST_CHARACTERS ? clause : word > 0 ? word : MOST_CHARACTERS
    parts.push(rest.slice(0, cut).trim())
    rest = rest.slice(cut).trim()
  }
  if (rest !== '') parts.push(rest)
  return parts
}

/** Some 15 s of speech. */
const MOST_CHARACTERS = 240
const LEAST_CHARACTERS = 80
