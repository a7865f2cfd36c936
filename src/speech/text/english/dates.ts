import { cardinal, ordinal, year } from './numbers.ts'

export const MONTHS: readonly string[] =
  'January February March April May June July August September October November December'.split(' ')

/** `November twenty-sixth, twenty twenty-six`; `undefined` when there is no such day. */
export function dateWords(yearDigits: string | undefined, month: number, day: number): string | undefined {
  const name = MONTHS[month - 1]
  if (name === undefined || day < 1 || day > DAYS[month - 1]!) return undefined
  return `${name} ${ordinal(String(day))}${yearDigits === undefined ? '' : `, ${year(fullYear(yearDigits))}`}`
}

const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const

/** Of two digits, those up to 68 are of this century (as POSIX has it). */
function fullYear(digits: string): string {
  return digits.length === 2 ? (Number(digits) < 69 ? '20' : '19') + digits : digits
}

/** The number of a month that is named, in full or by its first letters; 0 when it is none. */
export function monthNamed(name: string): number {
  const begin = name.replace('.', '').toLowerCase()
  return begin.length < 3 ? 0 : MONTHS.findIndex((month) => month.toLowerCase().startsWith(begin)) + 1
}

/**
 * Three numbers as a date. `order` is some of `mdy`, `dmy`, `ymd`: where it is not given, four digits first are a year,
 * and otherwise the month comes first, if it can.
 */
export function numericDate(parts: readonly string[], order?: string): string | undefined {
  const [first = '', second = '', third = ''] = parts
  const given = order ?? (first.length === 4 ? 'ymd' : Number(first) > 12 ? 'dmy' : 'mdy')
  const at = (letter: string): string | undefined => [first, second, third][given.indexOf(letter)]
  return dateWords(given.includes('y') ? at('y') : undefined, Number(at('m')), Number(at('d')))
}

/**
 * `half` is `a` or `p`, if it is the clock of twelve hours. `undefined` when there is no such time.
 */
export function timeWords(hour: string, minute: string | undefined, half: string | undefined): string | undefined {
  const [hours, minutes] = [Number(hour), Number(minute ?? 0)]
  if (minutes > 59 || hours > 23 || (half !== undefined && (hours < 1 || hours > 12))) return undefined
  const said = cardinal(String(hours))
  const ending = half === undefined ? '' : ` ${half.toUpperCase()} M`
  if (minutes > 0) return `${said} ${minutes < 10 ? 'oh ' : ''}${cardinal(String(minutes))}${ending}`
  if (half !== undefined) return said + ending
  return hours > 12 || hours === 0 ? `${said} hundred hours` : `${said} o'clock`
}
