import { dateWords, monthNamed, numericDate, timeWords } from './dates.ts'
import { CODES, moneyWords, SIGNS } from './money.ts'
import { cardinal, decimal, ordinal, spelledDigits, year } from './numbers.ts'
import { telephoneWords } from './telephone.ts'

/**
 * Writes an English sentence as it is said: numbers, ordinals, dates, times, money, telephone numbers and the signs of the
 * keypad become words. What looks like nothing of that stays as it is.
 *
 * Numbers of seven digits and more without commas, and those that begin with a zero, are read digit by digit: they are
 * account numbers more often than amounts.
 */
export function spokenEnglish(sentence: string): string {
  let text = sentence
  for (const [pattern, words] of RULES)
    text = text.replaceAll(pattern, (match: string, ...parts: (string | undefined)[]) => words(match, parts) ?? match)
  return text
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/ +([,.!?;:])/g, '$1')
    .trim()
}

/** Returns `undefined` for what it only looks like. */
type Words = (match: string, parts: (string | undefined)[]) => string | undefined

const NUMBER = String.raw`\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?`
const MONTH =
  'Jan(?:uary|\\.)?|Feb(?:ruary|\\.)?|Mar(?:ch|\\.)?|Apr(?:il|\\.)?|May|June?|July?|Aug(?:ust|\\.)?|Sept?(?:ember|\\.)?|' +
  'Oct(?:ober|\\.)?|Nov(?:ember|\\.)?|Dec(?:ember|\\.)?'
const DAY = '(\\d{1,2})(?:st|nd|rd|th)?'

/** In this order: what is most special comes first. */
const RULES: readonly (readonly [pattern: RegExp, words: Words])[] = [
  [new RegExp(`(?<![\\w)])[-−](?=${SIGNS}?\\d)`, 'g'), () => 'minus '],
  [/(?<=\d)-(?=[A-Za-z])|(?<=[A-Za-z])-(?=\d)/g, () => ' '],
  [
    new RegExp(`(${SIGNS})\\s?(${NUMBER})(?:\\s(thousand|million|billion|trillion)\\b)?(?!\\d)`, 'g'),
    (_, [sign = '', amount = '', magnitude]) => moneyWords(sign, amount, magnitude),
  ],
  [
    new RegExp(`(?<![\\w.])(${NUMBER})\\s?(${SIGNS}|(?:${CODES})\\b)`, 'g'),
    (_, [amount = '', sign = '']) => moneyWords(sign, amount),
  ],
  [/\b(\d{4})-(\d{2})-(\d{2})\b/g, (_, parts) => numericDate(parts.slice(0, 3) as string[])],
  [/\b(\d{1,2})\/(\d{1,2})\/(\d{4}|\d{2})\b/g, (_, parts) => numericDate(parts.slice(0, 3) as string[])],
  [
    new RegExp(`\\b(${MONTH}) ${DAY}(?:,? (\\d{4}))?\\b(?![\\d:/,]\\d)`, 'g'),
    (_, [month = '', day, yearDigits]) => dateWords(yearDigits, monthNamed(month), Number(day)),
  ],
  [
    new RegExp(`\\b(the )?${DAY} (?:of )?(${MONTH})\\b(?:,? (\\d{4})\\b)?`, 'gi'),
    (_, [the, day = '', month = '', yearDigits]) => {
      if (dateWords(undefined, monthNamed(month), Number(day)) === undefined || !/^[A-Z]/.test(month)) return undefined
      const name = dateWords(undefined, monthNamed(month), 1)?.split(' ')[0]
      return `${the ?? 'the '}${ordinal(String(Number(day)))} of ${name}${yearDigits ? `, ${year(yearDigits)}` : ''}`
    },
  ],
  // The stop of p.m. is dropped, but for one that ends the sentence.
  [
    /\b(\d{1,2}):(\d{2})(?::\d{2})?(?:\s?([ap])\.?m\b(?:\.(?!\s*$))?)?(?!\d)/gi,
    (_, [hour = '', minute, half]) => timeWords(hour, minute, half),
  ],
  [/\b(\d{1,2})\s?([ap])\.?m\b(?:\.(?!\s*$))?/gi, (_, [hour = '', half]) => timeWords(hour, undefined, half)],
  [/\+\d[\d ().-]{5,20}\d/g, (match) => telephoneWords(match)],
  [/(?<![\d.-])(?:\d[-. ])?\(?\d{3}\)?[-. ]\d{3}[-. ]\d{4}(?![\d.-]*\d)/g, (match) => telephoneWords(match)],
  [/(?<![\d.-])\d{3}-\d{4}(?![\d.-]*\d)/g, (match) => telephoneWords(match)],
  [/\b(\d+(?:,\d{3})*)(?:st|nd|rd|th)\b/g, (_, [digits = '']) => ordinal(digits.replaceAll(',', ''))],
  [new RegExp(`(${NUMBER})\\s?%`, 'g'), (_, [number = '']) => `${decimal(number)} percent`],
  [/(?:#|\bNo\. ?)(?=\d)/g, () => 'number '],
  [
    /\b(in|since|until|year|during) ((?:1[5-9]|20)\d\d)\b(?![,.:]?\d|%)/gi,
    (_, [word, digits = '']) => `${word} ${year(digits)}`,
  ],
  [/(?<!\d[/.])\b([1-3])\/([234])\b(?![/.]?\d)/g, (match) => FRACTIONS[match]],
  [/[½¼¾⅓⅔]/g, (match) => ` ${FRACTIONS[match]}`],
  // 192.168.0.1, 1.2.3
  [/\d+(?:\.\d+){2,}/g, (match) => match.split('.').map(wholeNumber).join(' point ')],
  [/(?<=\d)\s?[-–—]\s?(?=\d)/g, () => ' to '],
  [/(?<=\d)\s?\/\s?(?=\d)/g, () => ' slash '],
  [/(?<=\d)\s?×\s?(?=\d)/g, () => ' times '],
  [new RegExp(NUMBER, 'g'), (match) => ` ${/[,.]/.test(match) ? decimal(match) : wholeNumber(match)} `],
  [/(?<=[A-Za-z\d])\.(?=[a-z]{2})/g, () => ' dot '],
  [/#/g, () => ' hash '],
  [/\*/g, () => ' star '],
  [/&/g, () => ' and '],
  [/@/g, () => ' at '],
  [/°(?:\s?C\b)?/g, () => ' degrees '],
  [/\+/g, () => ' plus '],
  [/=/g, () => ' equals '],
  [/%/g, () => ' percent '],
  [/€/g, () => ' euro '],
  [/£/g, () => ' pound '],
]

const FRACTIONS: Readonly<Record<string, string>> = {
  '1/2': 'one half',
  '1/3': 'one third',
  '2/3': 'two thirds',
  '1/4': 'one quarter',
  '3/4': 'three quarters',
  '½': 'one half',
  '⅓': 'one third',
  '⅔': 'two thirds',
  '¼': 'one quarter',
  '¾': 'three quarters',
}

function wholeNumber(digits: string): string {
  return digits.length >= SPELLED_FROM ? spelledDigits(digits) : cardinal(digits)
}

const SPELLED_FROM = 7
