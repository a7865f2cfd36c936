import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

test('the test kit works in node:test, from the built package', () => {
  const file = fileURLToPath(new URL('runners/call.node-test.mjs', import.meta.url))
  // Without the variable by which node tells its own test files that they are run by another one.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const output = execFileSync(process.execPath, ['--test', '--test-reporter=tap', file], { encoding: 'utf8', env })
  expect(output).toMatch(/^# pass 2$/m)
  expect(output).toMatch(/^# fail 0$/m)
})
