import { expect, expectTypeOf, test } from 'vitest'
import { err, ok, type Result } from './result.ts'

test('a result is told apart by ok', () => {
  const parse = (text: string): Result<number> => (/^\d+$/.test(text) ? ok(Number(text)) : err(`no number: ${text}`))
  const good = parse('42')
  const bad = parse('x')
  expect(good).toEqual({ ok: true, value: 42 })
  expect(bad).toEqual({ ok: false, error: 'no number: x' })
  if (good.ok) expectTypeOf(good.value).toEqualTypeOf<number>()
  if (!bad.ok) expectTypeOf(bad.error).toEqualTypeOf<string>()
})
