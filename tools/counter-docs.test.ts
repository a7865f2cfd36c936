import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const root = new URL('../', import.meta.url)

/** Name and meaning of each member of the unions `...Counter` in the sources: what `RunningServer.counters()` can hold. */
function countersInCode(): (readonly [name: string, meaning: string | undefined])[] {
  return (readdirSync(new URL('src', root), { recursive: true }) as string[])
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(new URL(`src/${file}`, root), 'utf8'))
    .flatMap((source) => [...source.matchAll(/^export type \w+Counter =\n((?: +(?:\||\/\*\*).*\n)+)/gm)])
    .flatMap(([, union]) => [...(union as string).matchAll(/(?: +\/\*\* (.+) \*\/\n)? +\| '(\w+)'\n/g)])
    .map(([, meaning, name]) => [name as string, meaning] as const)
}

test('docs/reference/counters.md lists every counter with its meaning, and no other', () => {
  const page = readFileSync(new URL('docs/reference/counters.md', root), 'utf8')
  const rows = [...page.matchAll(/^\| `(\w+)` \| (.+) \|$/gm)].map(([, name, meaning]) => [name, meaning])
  const counters = countersInCode()
  expect(counters.length).toBeGreaterThan(50)
  expect(new Set(rows.map(([name]) => name)).size).toBe(rows.length)
  expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(counters))
})
