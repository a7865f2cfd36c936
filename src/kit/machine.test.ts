import { expect, test } from 'vitest'
import { NEVER } from './machine.ts'

test('NEVER is later than any instant', () => {
  expect(NEVER).toBeGreaterThan(Number.MAX_VALUE)
  expect(Math.min(NEVER, 5)).toBe(5)
})
