import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { NODE_FLAGS } from './node-flags.ts'

it('are those of the first line of the command', () => {
  const [first] = readFileSync(new URL('./main.ts', import.meta.url), 'utf8').split('\n')
  expect(first).toBe(`#!/usr/bin/env -S node ${NODE_FLAGS.join(' ')}`)
})
