import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { initProject } from './init.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const directory = mkdtempSync(join(tmpdir(), 'ringdown-init-'))
afterAll(() => rmSync(directory, { recursive: true }))

/** `npm test` in the project, with the packages of this one. */
function runTests(project: string): { status: number | null; output: string } {
  const { NODE_TEST_CONTEXT: _, VITEST: __, ...env } = process.env
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs')
  const run = spawnSync(process.execPath, [vitest, 'run', '--root', project], {
    encoding: 'utf8',
    cwd: project,
    env: { ...env, NO_COLOR: '1' },
  })
  return { status: run.status, output: run.stdout + run.stderr }
}

test('a new project has a test that passes, and one that tells what was heard when the prompt is changed', () => {
  const project = join(directory, 'My App')
  initProject(project, '0.1.0')
  mkdirSync(join(project, 'node_modules'))
  symlinkSync(ROOT, join(project, 'node_modules/ringdown'))
  symlinkSync(join(ROOT, 'node_modules/vitest'), join(project, 'node_modules/vitest'))
  expect(JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'))).toMatchObject({ name: 'my-app' })
  const before = runTests(project)
  expect(before.output).toContain('3 passed')
  expect(before.status).toBe(0)
  const prompts = join(project, 'prompts.ts')
  writeFileSync(prompts, readFileSync(prompts, 'utf8').replace('Welcome to Acme', 'Good morning'))
  const after = runTests(project)
  expect(after.status).toBe(1)
  expect(after.output).toContain('alice expected to hear /welcome to acme/i')
  expect(after.output).toContain('welcome.wav “Good morning. For sales, press 1.”')
  expect(after.output).toContain('app.test.ts')
}, 120_000)

test('files that are there are left alone', () => {
  const project = join(directory, 'taken')
  mkdirSync(project)
  writeFileSync(join(project, 'app.ts'), 'mine')
  expect(() => initProject(project, '0.1.0')).toThrow('has app.ts already')
  expect(readFileSync(join(project, 'app.ts'), 'utf8')).toBe('mine')
})
