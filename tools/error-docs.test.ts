import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ERROR_CODES } from '../src/kit/index.ts'

test('docs/reference/errors.md lists every error code with its meaning, and no other', () => {
  const page = readFileSync(new URL('../docs/reference/errors.md', import.meta.url), 'utf8')
  const rows = [...page.matchAll(/^\| `(RINGDOWN_\w+)` \| (.+) \|$/gm)].map(([, code, meaning]) => [code, meaning])
  expect(Object.fromEntries(rows)).toEqual(ERROR_CODES)
})
