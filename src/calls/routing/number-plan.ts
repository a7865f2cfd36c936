/** How numbers are dialled where the exchange stands (ITU-T E.164, E.123). */
export interface NumberPlan {
  /** The country code without `+`: `44`. */
  readonly countryCode: string
  /** What is dialled before a national number. Default `0`; `''` where there is no such prefix. */
  readonly nationalPrefix?: string
  /** What is dialled before a country code. Default `00`. */
  readonly internationalPrefix?: string
  /** Lengths of national numbers that are dialled without a prefix: [10] in the United States, [9] in Spain. Default none. */
  readonly nationalLengths?: readonly number[]
  /** Lengths of what stays as it is dialled, whatever it begins with: extensions. Default none. */
  readonly extensionLengths?: readonly number[]
}

/** How a number is written for a far end: `+441632960001`, `441632960001`, or as it is dialled in its own country: `01632960001`. */
export type NumberFormat = 'e164' | 'digits' | 'national'

/** E.164 section 6.2.1: the most digits of an international number. */
const MOST_DIGITS = 15
/** What is shorter behind a prefix is a code (an operator, an emergency number), not a subscriber. */
const FEWEST_DIGITS = 5

/** Visual separators (RFC 3966 section 5.1.1), and the space and slash that people write. */
const SEPARATORS = /[-.() /]/g
const NUMBER = /^\+?[0-9*#]{1,32}$/

/** The number in `text` without its visual separators; `undefined` when it is none: `+`, digits, `*` and `#`. */
export function numberIn(text: string): string | undefined {
  const number = text.replace(SEPARATORS, '')
  return NUMBER.test(number) ? number : undefined
}

/**
 * A number as it is dialled here, as an international number with `+`; extensions, short codes and codes with `*` or `#`
 * stay as they are. Without a plan everything does.
 *
 * @param number as {@link numberIn} gives it
 */
export function normaliseNumber(number: string, plan: NumberPlan | undefined): string {
  return plan === undefined || /^\+|[*#]/.test(number) ? number : inPlan(number, plan)
}

/** Whether a normalised number has no more digits than an international number can have. */
export function isPossible(number: string): boolean {
  return !number.startsWith('+') || number.length <= 1 + MOST_DIGITS
}

/** Writes a normalised number for a far end; what is no international number stays as it is. */
export function formatNumber(number: string, format: NumberFormat, plan: NumberPlan | undefined): string {
  if (format === 'e164' || !number.startsWith('+')) return number
  if (format === 'digits' || plan === undefined) return number.slice(1)
  const { countryCode, nationalPrefix = '0', internationalPrefix = '00' } = plan
  return number.startsWith(countryCode, 1)
    ? nationalPrefix + number.slice(1 + countryCode.length)
    : internationalPrefix + number.slice(1)
}

function inPlan(number: string, plan: NumberPlan): string {
  const { countryCode, nationalPrefix = '0', internationalPrefix = '00' } = plan
  const isAmong = (lengths: readonly number[] | undefined) => lengths?.includes(number.length) === true
  if (isAmong(plan.extensionLengths)) return number
  if (hasPrefix(number, internationalPrefix)) return `+${number.slice(internationalPrefix.length)}`
  if (isAmong(plan.nationalLengths)) return `+${countryCode}${number}`
  if (hasPrefix(number, nationalPrefix)) return `+${countryCode}${number.slice(nationalPrefix.length)}`
  return number
}

function hasPrefix(number: string, prefix: string): boolean {
  return prefix !== '' && number.startsWith(prefix) && number.length >= prefix.length + FEWEST_DIGITS
}
