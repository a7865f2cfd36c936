/** Numbers as words, the American way: 105 is `one hundred five`. */

const SMALL = (
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen ' +
  'eighteen nineteen'
).split(' ')
const TENS = '- - twenty thirty forty fifty sixty seventy eighty ninety'.split(' ')
const THOUSANDS = ['', ' thousand', ' million', ' billion', ' trillion']

/**
 * `1204` as `one thousand two hundred four`. What is beyond trillions, or begins with a zero, is read digit by digit.
 * @param digits nothing but digits
 */
export function cardinal(digits: string): string {
  if (digits.length > 15 || /^0\d/.test(digits)) return spelledDigits(digits)
  const groups: string[] = []
  for (let end = digits.length, power = 0; end > 0; end -= 3, power++) {
    const value = Number(digits.slice(Math.max(0, end - 3), end))
    if (value > 0) groups.unshift(belowThousand(value) + THOUSANDS[power])
  }
  return groups.join(' ') || 'zero'
}

function belowThousand(value: number): string {
  if (value >= 100) {
    const rest = value % 100
    return `${SMALL[Math.floor(value / 100)]} hundred${rest === 0 ? '' : ` ${belowThousand(rest)}`}`
  }
  if (value < 20) return SMALL[value] as string
  const one = value % 10
  return `${TENS[Math.floor(value / 10)]}${one === 0 ? '' : `-${SMALL[one]}`}`
}

/** `3.05` as `three point zero five`; commas between thousands are passed over. */
export function decimal(number: string): string {
  const [whole = '', fraction] = number.replaceAll(',', '').split('.')
  return cardinal(whole || '0') + (fraction === undefined ? '' : ` point ${spelledDigits(fraction)}`)
}

/** `21` as `twenty-first`. */
export function ordinal(digits: string): string {
  const words = cardinal(digits)
  const last = /[a-z]+$/.exec(words)?.[0] ?? ''
  return words.slice(0, words.length - last.length) + (IRREGULAR[last] ?? last.replace(/y$/, 'ie').concat('th'))
}

const IRREGULAR: Readonly<Record<string, string>> = {
  one: 'first',
  two: 'second',
  three: 'third',
  five: 'fifth',
  eight: 'eighth',
  nine: 'ninth',
  twelve: 'twelfth',
}

/** Digit by digit; anything else is passed over. */
export function spelledDigits(text: string): string {
  return [...text].flatMap((digit) => SMALL[Number(digit)] ?? []).join(' ')
}

/** `1984` as `nineteen eighty-four`, `2007` as `two thousand seven`. Four digits. */
export function year(digits: string): string {
  const [century, rest] = [digits.slice(0, 2), digits.slice(2)]
  if (digits[1] === '0' && rest[0] === '0') return cardinal(digits)
  if (rest === '00') return `${cardinal(century)} hundred`
  return `${cardinal(century)} ${rest[0] === '0' ? `oh ${cardinal(rest[1] as string)}` : cardinal(rest)}`
}
