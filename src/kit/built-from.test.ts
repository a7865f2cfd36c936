import { expect, it } from 'vitest'
import { builtFrom } from './built-from.ts'

it.each([
  ['file:///app/dist/server/pool.js', 'file:///app/dist/server/pool.js'],
  ['file:///app/src/server/pool.ts', 'file:///app/dist/server/pool.ts'],
  ['file:///home/src/app/src/server/pool.ts', 'file:///home/src/app/dist/server/pool.ts'],
])('%s stands in the build at %s', (url, built) => {
  expect(builtFrom(url)).toBe(built)
})
