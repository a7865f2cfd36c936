import { cardinal, spelledDigits } from './numbers.ts'

/** A telephone number: digit by digit, with a pause where it has anything between them. */
export function telephoneWords(text: string): string {
  return text
    .replaceAll('+', ' plus ')
    .split(/([^\d\sA-Za-z*#]+|\s+)/)
    .map((part) => (/^\d+$/.test(part) ? spelledDigits(part) : keyWords(part)))
    .filter((part) => part !== '')
    .join(', ')
    .replace('plus, ', 'plus ')
}

function keyWords(part: string): string {
  if (part === 'plus') return part
  return [...part]
    .flatMap((key) => KEYS[key] ?? (/\d/.test(key) ? cardinal(key) : /[A-Za-z]/.test(key) ? key : []))
    .join(' ')
}

/** Character by character: digits by name, letters as they are, signs by the name of their key. */
export function spelledCharacters(text: string): string {
  return [...text]
    .flatMap((letter) => {
      if (/\d/.test(letter)) return cardinal(letter)
      return CHARACTERS[letter] ?? (/[\p{L}]/u.test(letter) ? letter.toUpperCase() : [])
    })
    .join(', ')
}

const KEYS: Readonly<Record<string, string>> = { '*': 'star', '#': 'hash' }
const CHARACTERS: Readonly<Record<string, string>> = {
  ...KEYS,
  '.': 'dot',
  '-': 'dash',
  _: 'underscore',
  '@': 'at',
  '/': 'slash',
  '+': 'plus',
  '&': 'and',
}
