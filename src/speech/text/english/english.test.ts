import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { spokenEnglish } from './english.ts'
import { cardinal, ordinal, year } from './numbers.ts'

const TABLE: Readonly<Record<string, readonly [written: string, said: string][]>> = {
  numbers: [
    ['I have 2 new messages and 11 old ones.', 'I have two new messages and eleven old ones.'],
    ['1,234.5 litres', 'one thousand two hundred thirty-four point five litres'],
    ['1,000,000 or 1000000', 'one million or one zero zero zero zero zero zero'],
    ['Your account is 00423', 'Your account is zero zero four two three'],
    ['Ticket #5, room No. 12', 'Ticket number five, room number twelve'],
    ['-5 degrees, 20°C, 3°', 'minus five degrees, twenty degrees, three degrees'],
    ['100% and 99.5 %', 'one hundred percent and ninety-nine point five percent'],
    ['9-5, pages 10–20', 'nine to five, pages ten to twenty'],
    ['1/2 cup, ¾ full, 3/5', 'one half cup, three quarters full, three slash five'],
    ['A4, 4G, x86, a 2-for-1 offer', 'A four, four G, x eighty-six, a two for one offer'],
    ['192.168.0.1', 'one hundred ninety-two point one hundred sixty-eight point zero point one'],
    ['5 + 3 = 8', 'five plus three equals eight'],
  ],
  ordinals: [
    ['the 1st, 2nd, 3rd and 4th', 'the first, second, third and fourth'],
    ['the 21st, 112th, 1,000th', 'the twenty-first, one hundred twelfth, one thousandth'],
  ],
  dates: [
    ['on 2026-11-26.', 'on November twenty-sixth, twenty twenty-six.'],
    ['3/4/2020 or 31/12/99', 'March fourth, twenty twenty or December thirty-first, nineteen ninety-nine'],
    ['May 5 and Jan. 2, 2007', 'May fifth and January second, two thousand seven'],
    ['the 5th of May 2026', 'the fifth of May, twenty twenty-six'],
    ['26 Nov 2026', 'the twenty-sixth of November, twenty twenty-six'],
    ['in 1905, since 1900, until 2019', 'in nineteen oh five, since nineteen hundred, until twenty nineteen'],
    ['13/13/2020 is none', 'thirteen slash thirteen slash two thousand twenty is none'],
    ['you may 5 times', 'you may five times'],
  ],
  times: [
    ['at 10:30.', 'at ten thirty.'],
    ['at 10:00, 10:05 pm or 3 a.m.', "at ten o'clock, ten oh five P M or three A M."],
    ['at 3 p.m. in London', 'at three P M in London'],
    ['00:15 or 14:00', 'zero fifteen or fourteen hundred hours'],
    ['25:99', 'twenty-five: ninety-nine'],
  ],
  money: [
    ['$5.30, $1 and $0.50', 'five dollars and thirty cents, one dollar and fifty cents'],
    ['£2.01 or £1.10', 'two pounds and one penny or one pound and ten pence'],
    ['$5.3 million', 'five point three million dollars'],
    ['20 EUR, 5 €, ¥300', 'twenty euros, five euros, three hundred yen'],
    ['-$1,250.00', 'minus one thousand two hundred fifty dollars'],
  ],
  'telephone numbers': [
    ['+44 1632 960001', 'plus four four, one six three two, nine six zero zero zero one'],
    ['(555) 123-4567.', 'five five five, one two three, four five six seven.'],
    ['1-800-555-0199', 'one, eight zero zero, five five five, zero one nine nine'],
    ['555-1234', 'five five five, one two three four'],
  ],
  signs: [
    ['Press # or *.', 'Press hash or star.'],
    ['Smith & Sons', 'Smith and Sons'],
    ['anna@example.net', 'anna at example dot net'],
  ],
  'what is no number': [
    ['Dr. Smith is in.', 'Dr. Smith is in.'],
    ['Well-known, e.g. here', 'Well-known, e.g. here'],
  ],
}

describe.each(Object.entries(TABLE))('English %s', (_, rows) => {
  it.each(rows)('%s', (written, said) => expect(spokenEnglish(written)).toBe(said))
})

it('leaves no digit', () => {
  const anything = fc.string({ unit: fc.constantFrom(...'0123456789.,:/-+$€% aApPmM#nthMay()'), maxLength: 30 })
  fc.assert(
    fc.property(anything, (text) => {
      expect(spokenEnglish(text)).not.toMatch(/\d/)
    }),
    { numRuns: 5000 },
  )
})

it('takes no long time over anything', () => {
  for (const text of [
    '1'.repeat(240),
    '1,'.repeat(120),
    '1-'.repeat(120),
    '1 '.repeat(120),
    '+1 '.repeat(80),
    '.1'.repeat(120),
  ])
    expect(spokenEnglish(text).length).toBeGreaterThan(200)
})

it('counts', () => {
  expect(['0', '10', '21', '100', '1001', '999999', '1000000000000'].map(cardinal)).toEqual([
    'zero',
    'ten',
    'twenty-one',
    'one hundred',
    'one thousand one',
    'nine hundred ninety-nine thousand nine hundred ninety-nine',
    'one trillion',
  ])
  expect(['5', '8', '9', '12', '20', '33', '100'].map(ordinal)).toEqual([
    'fifth',
    'eighth',
    'ninth',
    'twelfth',
    'twentieth',
    'thirty-third',
    'one hundredth',
  ])
  expect(['1066', '1900', '2000', '2010'].map(year)).toEqual([
    'ten sixty-six',
    'nineteen hundred',
    'two thousand',
    'twenty ten',
  ])
})
