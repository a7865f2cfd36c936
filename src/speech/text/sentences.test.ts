import fc from 'fast-check'
import { expect, it } from 'vitest'
import { sentencesOf } from './sentences.ts'

it.each<[string, string[]]>([
  ['Hello.', ['Hello.']],
  ['Hello', ['Hello']],
  ['One. Two! Three? Four…', ['One.', 'Two!', 'Three?', 'Four…']],
  ['"Is it?" she said. Yes.', ['"Is it?"', 'she said.', 'Yes.']],
  ['It is (really.) Good.', ['It is (really.)', 'Good.']],
  ['Dr. Smith is in. Mr. Jones is not.', ['Dr. Smith is in.', 'Mr. Jones is not.']],
  ['J. R. Smith called at 3 p.m. Please call back.', ['J. R. Smith called at 3 p.m.', 'Please call back.']],
  ['It is 3 p.m. in London.', ['It is 3 p.m. in London.']],
  ['Press 1. Or press 2.', ['Press 1.', 'Or press 2.']],
  ['It costs 3.50 today.', ['It costs 3.50 today.']],
  ['See No. 5 there. The answer is no. 5 are left.', ['See No. 5 there.', 'The answer is no. 5 are left.']],
  ['Apples, pears, etc. They are fresh.', ['Apples, pears, etc.', 'They are fresh.']],
  ['Visit www.example.net. Thank you.', ['Visit www.example.net.', 'Thank you.']],
  ['a heading\n\nand a text\nof two lines', ['a heading', 'and a text of two lines']],
  ['Wait... what?! Well.', ['Wait...', 'what?!', 'Well.']],
  ['So am I. You too.', ['So am I.', 'You too.']],
  ['*', ['*']],
  ['!!! ... —', []],
])('%j', (text, sentences) => {
  expect(sentencesOf(text)).toEqual(sentences)
})

it('cuts what is very long at a comma, or else between words, or else anywhere', () => {
  const clause = `${'word '.repeat(30).trim()},`
  expect(sentencesOf(`${clause} ${clause} and so on.`)).toEqual([clause, `${clause} and so on.`])
  for (const part of sentencesOf('word '.repeat(200))) expect(part).toMatch(/^word( word)*$/)
  expect(sentencesOf('x'.repeat(600)).map((part) => part.length)).toEqual([240, 240, 120])
})

it('loses nothing but space and punctuation between sentences, and makes none too long', () => {
  const words = fc.stringMatching(/^[a-zA-Z0-9,.!? \n;:'"()-]{0,800}$/)
  fc.assert(
    fc.property(words, (text) => {
      const sentences = sentencesOf(text)
      const letters = (all: string): string => all.replaceAll(/[^a-zA-Z0-9]/g, '')
      expect(letters(sentences.join(''))).toBe(letters(text))
      for (const sentence of sentences) expect(sentence.length).toBeLessThanOrEqual(240)
    }),
  )
})
