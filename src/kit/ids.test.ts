import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Sequence, token } from './ids.ts'
import { seededRandom } from './random.ts'

test('token has the length asked for, in letters that are safe in every SIP token', () => {
  fc.assert(
    fc.property(fc.integer(), fc.nat(60), (seed, length) => {
      expect(token(seededRandom(seed), length)).toMatch(new RegExp(`^[0-9a-v]{${length}}$`))
    }),
  )
})

test('tokens do not repeat', () => {
  const random = seededRandom(1)
  const tokens = new Set(Array.from({ length: 10_000 }, () => token(random)))
  expect(tokens.size).toBe(10_000)
})

test('every letter of the alphabet is used at every place', () => {
  const random = seededRandom(2)
  const seen = Array.from({ length: 13 }, () => new Set<string>())
  for (let i = 0; i < 2000; i++) for (const [at, letter] of [...token(random)].entries()) seen[at].add(letter)
  for (const letters of seen) expect(letters.size).toBe(32)
})

test('Sequence counts from one', () => {
  const sequence = new Sequence()
  expect([sequence.next(), sequence.next(), sequence.next()]).toEqual([1, 2, 3])
})
