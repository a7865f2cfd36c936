import { cardinal, decimal } from './numbers.ts'

interface Currency {
  readonly unit: readonly [one: string, many: string]
  readonly cent?: readonly [one: string, many: string]
}

const DOLLAR: Currency = { unit: ['dollar', 'dollars'], cent: ['cent', 'cents'] }
const POUND: Currency = { unit: ['pound', 'pounds'], cent: ['penny', 'pence'] }
const EURO: Currency = { unit: ['euro', 'euros'], cent: ['cent', 'cents'] }
const YEN: Currency = { unit: ['yen', 'yen'] }

const CURRENCIES: ReadonlyMap<string, Currency> = new Map([
  ['$', DOLLAR],
  ['USD', DOLLAR],
  ['£', POUND],
  ['GBP', POUND],
  ['€', EURO],
  ['EUR', EURO],
  ['¥', YEN],
  ['JPY', YEN],
])

/** As a part of a regular expression. */
export const SIGNS = '[$£€¥]'
export const CODES = 'USD|GBP|EUR|JPY'

/**
 * `$`, `5.30` as `five dollars and thirty cents`; with a magnitude such as `million`, `five point three million dollars`.
 * @param amount digits, perhaps with commas between thousands and a decimal point
 */
export function moneyWords(sign: string, amount: string, magnitude?: string): string {
  const { unit, cent } = CURRENCIES.get(sign) ?? DOLLAR
  const [whole = '0', fraction = ''] = amount.replaceAll(',', '').split('.')
  if (magnitude !== undefined) return `${decimal(amount)} ${magnitude} ${unit[1]}`
  if (fraction !== '' && (cent === undefined || fraction.length !== 2)) return `${decimal(amount)} ${unit[1]}`
  const units = counted(whole, unit)
  if (cent === undefined || fraction === '' || fraction === '00') return units
  const cents = counted(String(Number(fraction)), cent)
  return Number(whole) === 0 ? cents : `${units} and ${cents}`
}

function counted(digits: string, [one, many]: readonly [string, string]): string {
  return `${cardinal(digits)} ${digits === '1' ? one : many}`
}
