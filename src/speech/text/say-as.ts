import { MONTHS, monthNamed, numericDate, timeWords } from './english/dates.ts'
import { spokenEnglish } from './english/english.ts'
import { moneyWords } from './english/money.ts'
import { cardinal, decimal, ordinal, spelledDigits } from './english/numbers.ts'
import { spelledCharacters, telephoneWords } from './english/telephone.ts'

/** What `<say-as>` says of its text. */
export interface SayAs {
  /** `interpret-as`. */
  readonly as: string
  readonly format: string | undefined
}

/**
 * A text as `<say-as interpret-as>` wants it read, in English. What cannot be read so (`date` of a text that is none) is
 * read as it would be without.
 */
export function englishAs(text: string, { as, format }: SayAs): string {
  const bare = text.trim()
  switch (as) {
    case 'digits':
      return spelledDigits(bare) || bare
    case 'characters':
    case 'spell-out':
    case 'verbatim':
      return spelledCharacters(bare)
    case 'cardinal':
    case 'number':
      return /^-?[\d,]+(\.\d+)?$/.test(bare) ? cardinalOf(bare) : spokenEnglish(bare)
    case 'ordinal':
      return /^\d+/.test(bare) ? ordinal(/^\d+/.exec(bare.replaceAll(',', ''))?.[0] ?? '') : bare
    case 'telephone':
      return telephoneWords(bare)
    case 'currency':
      return currencyOf(bare)
    case 'date':
      return dateOf(bare, format) ?? spokenEnglish(bare)
    case 'time':
      return timeOf(bare) ?? spokenEnglish(bare)
    default:
      return spokenEnglish(bare)
  }
}

/** In a language of which nothing is known but that digits have names. */
export function foreignAs(text: string, { as }: SayAs): string {
  const isSpelled = ['digits', 'characters', 'spell-out', 'verbatim', 'telephone'].includes(as)
  return isSpelled ? [...text.replaceAll(/\s/g, '')].join(', ') : text.trim()
}

function cardinalOf(text: string): string {
  const words = text.includes('.') ? decimal(text.replace('-', '')) : cardinal(text.replaceAll(/\D/g, ''))
  return text.startsWith('-') ? `minus ${words}` : words
}

function currencyOf(text: string): string {
  const [, before, amount, after] = /^(\D*?)\s*([\d,]+(?:\.\d+)?)\s*(\D*)$/.exec(text) ?? []
  if (amount === undefined) return spokenEnglish(text)
  return moneyWords((before || after || '$').trim().toUpperCase(), amount)
}

/** @param format as SSML has it: `mdy`, `dm`, `ymd` and the like */
function dateOf(text: string, format: string | undefined): string | undefined {
  const order = format !== undefined && /^[dmy]{1,3}$/.test(format) ? format : undefined
  if (/^\d{8}$/.test(text)) return numericDate([text.slice(0, 4), text.slice(4, 6), text.slice(6)], 'ymd')
  const parts = text.split(/[-/. ]+/)
  if (order === 'y') return undefined
  if (order === 'm') return MONTHS[(Number(text) || monthNamed(text)) - 1]
  return parts.every((part) => /^\d{1,4}$/.test(part)) && parts.length === (order?.length ?? 3)
    ? numericDate(parts, order)
    : undefined
}

function timeOf(text: string): string | undefined {
  const [, hour, minute, half] = /^(\d{1,2})(?:[:.h]?(\d{2}))?(?::\d{2})?\s*(?:([ap])\.?m\.?)?$/i.exec(text) ?? []
  return hour === undefined ? undefined : timeWords(hour, minute, half)
}
