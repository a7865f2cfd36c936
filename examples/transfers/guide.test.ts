import { readdirSync, readFileSync } from 'node:fs'
import { TransferCause } from 'ringdown'
import { expect, test } from 'vitest'

const ROOT = new URL('../../', import.meta.url)
const guide = readFileSync(new URL('docs/guides/transfers.md', ROOT), 'utf8')

test('what the guide shows of an example stands in it', () => {
  const shown = [...guide.matchAll(/```ts\n\/\/ (\S+)\n([\s\S]*?)```/g)]
  expect(shown.length).toBeGreaterThan(3)
  for (const [, file = '', code = ''] of shown) expect(readFileSync(new URL(file, ROOT), 'utf8')).toContain(code)
})

test('the guide names every cause, and every example', () => {
  for (const cause of Object.keys(TransferCause)) expect(guide).toContain(`\`${cause}\``)
  const examples = readdirSync(new URL('examples/transfers/', ROOT)).filter((file) => !file.endsWith('.test.ts'))
  for (const file of examples) expect(guide).toContain(`(../../examples/transfers/${file})`)
})
