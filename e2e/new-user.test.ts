import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isRegistryThere, NewUser } from './harness/new-user.ts'

const describeOnline = process.env.CI === 'true' || (await isRegistryThere()) ? describe : describe.skip
let user: NewUser
let ringdown: string
beforeAll(async () => {
  user = new NewUser()
  ringdown = await user.pack()
})
afterAll(() => user.leave())

/** Jest and the package, in a folder with applications that sleep in every way. */
const JEST_PROJECT = {
  private: true,
  type: 'module',
  scripts: { test: 'node --experimental-vm-modules node_modules/jest/bin/jest.js --runInBand' },
  dependencies: { jest: '30.5.2' },
  jest: { transform: {}, setupFiles: ['ringdown/testing/setup'] },
}

/** A test file for jest; the application in it sleeps for a minute by the expression `sleep`. */
function jestTest(imports: string, sleep: string): string {
  return `
import { expect, test } from '@jest/globals'
${imports}
import { inbound } from 'ringdown'
import { exchange, matchers } from 'ringdown/testing'
const sleep = ${sleep}
expect.extend(matchers)
const greet = inbound(async (channel) => {
  await channel.answer()
  await sleep(60_000)
  await channel.filePlayer.play('hello.wav')
  await channel.hangUp()
})
test('a caller is greeted after a minute', async () => {
  const pbx = exchange({ apps: { '*': greet }, files: { 'hello.wav': 'Hello and welcome.' } })
  const alice = pbx.phone('alice')
  await alice.call('1000')
  await alice.expectSpeech(/welcome/i, { withinMs: 70_000 })
  await alice.expectHangUp()
  await pbx.done()
  expect(pbx.sim.now).toBeGreaterThan(60_000)
  expect(alice).toHaveHeard(/hello/i)
})
test('a caller who expects something else is told what was said', async () => {
  const pbx = exchange({ apps: { '*': greet }, files: { 'hello.wav': 'Hello and welcome.' } })
  const alice = pbx.phone('alice')
  await alice.call('1000')
  await expect(alice.expectSpeech(/farewell/i, { withinMs: 70_000 })).rejects.toThrow(/hello\\.wav “Hello and welcome\\.”/)
})`
}

describeOnline('somebody who has just heard of ringdown', () => {
  it('makes a project, sees its test pass, changes a prompt and is told what was heard, in two minutes', async () => {
    user.write('tool/package.json', JSON.stringify({ private: true, dependencies: { ringdown } }))
    await user.install('tool')
    const init = await user.succeed('npx', ['--no-install', 'ringdown', 'init', '../my-app'], 'tool')
    expect(init).toContain('npm install; npm test; npm start')

    const description = join(user.folder, 'my-app/package.json')
    const project = JSON.parse(readFileSync(description, 'utf8')) as { dependencies: object }
    user.write(
      'my-app/package.json',
      JSON.stringify({ ...project, dependencies: { ...project.dependencies, ringdown } }),
    )
    await user.install('my-app')
    const before = await user.run('npm', ['test'], 'my-app')
    expect(before.output).toContain('3 passed')
    expect(before.code).toBe(0)

    const prompts = readFileSync(join(user.folder, 'my-app/prompts.ts'), 'utf8')
    user.write('my-app/prompts.ts', prompts.replace('press 1', 'press 7'))
    const after = await user.run('npm', ['test'], 'my-app')
    expect(after.code).toBe(1)
    expect(after.output).toContain('alice expected to hear /for sales, press 1/i')
    expect(after.output).toContain('welcome.wav “Welcome to Acme. For sales, press 7.”')
    expect(after.output).toMatch(/app\.test\.ts:\d+:\d+/)
    expect(after.output).toContain('1 failed | 2 passed')
  }, 120_000)
})

describeOnline('jest', () => {
  beforeAll(async () => {
    const dependencies = { ...JEST_PROJECT.dependencies, ringdown }
    user.write('jest/package.json', JSON.stringify({ ...JEST_PROJECT, dependencies }))
    user.write('jest/global.test.js', jestTest('', '(ms) => new Promise((resolve) => setTimeout(resolve, ms))'))
    user.write(
      'jest/module.test.js',
      jestTest(`import timers from 'node:timers'`, '(ms) => new Promise((resolve) => timers.setTimeout(resolve, ms))'),
    )
    user.write('jest/promises.test.js', jestTest(`import { setTimeout } from 'node:timers/promises'`, 'setTimeout'))
    await user.install('jest')
  }, 120_000)

  it('runs tests of applications that sleep in any way, one file after the other, and ends by itself', async () => {
    const { code, output } = await user.run('npm', ['test'], 'jest')
    expect(output).toMatch(/^Tests: +6 passed, 6 total$/m)
    expect(output).not.toContain('did not exit')
    expect(code).toBe(0)
  })

  it('is told of the setup file when its configuration lacks it, at once', async () => {
    const config = JSON.stringify({ ...JEST_PROJECT.jest, setupFiles: [] })
    const { code, output } = await user.run('npm', ['test', '--', '--config', config], 'jest')
    expect(code).toBe(1)
    expect(output).toMatch(/^Tests: +6 failed, 6 total$/m)
    expect(output).toContain('add "setupFiles": ["ringdown/testing/setup"] to its configuration')
    expect(output).not.toContain('did not exit')
  })
})
