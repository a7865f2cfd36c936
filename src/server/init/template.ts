/** The files of a new project, by their path in it: an application, its configuration, and a test that passes. */
export function projectFiles(name: string, version: string): Readonly<Record<string, string>> {
  return {
    'package.json': `${JSON.stringify(packageJson(name, version), undefined, 2)}\n`,
    'app.ts': APP,
    'prompts.ts': PROMPTS,
    'app.test.ts': TEST,
    'ringdown.config.ts': CONFIG,
    '.gitignore': 'node_modules/\nspeech-cache/\n',
  }
}

function packageJson(name: string, version: string): object {
  return {
    name,
    version: '0.1.0',
    private: true,
    type: 'module',
    scripts: { start: 'ringdown serve ringdown.config.ts', test: 'vitest run' },
    dependencies: { ringdown: `^${version}` },
    devDependencies: { vitest: '^4.1.12' },
  }
}

const APP = `import { inbound } from 'ringdown'

/** Greets the caller, asks for a digit, and says which way it goes. */
export default inbound(async (channel) => {
  await channel.answer()
  await channel.filePlayer.play('welcome.wav', { bargeIn: true })
  const digit = await channel.dtmfDetector.getDigits({ count: 1, predigitsTimeoutMs: 5000 })
  await channel.filePlayer.play(digit === '1' ? 'sales.wav' : 'goodbye.wav')
  await channel.hangUp()
})
`

const PROMPTS = `/** What is said in each file of media/. Tests hear these words; record your own voice into the files. */
export const prompts = {
  'welcome.wav': 'Welcome to Acme. For sales, press 1.',
  'sales.wav': 'You have reached sales.',
  'goodbye.wav': 'Goodbye.',
}
`

const TEST = `import { exchange, fuzzCalls } from 'ringdown/testing'
import 'ringdown/testing/vitest'
import { expect, test } from 'vitest'
import app from './app.ts'
import { prompts } from './prompts.ts'

test('a caller who presses 1 reaches sales', async () => {
  const pbx = exchange({ apps: { '*': app }, files: prompts })
  const alice = pbx.phone('alice')
  await alice.call('1000')
  await alice.expectSpeech(/welcome to acme/i)
  await alice.expectSpeech(/for sales, press 1/i)
  await alice.press('1')
  await alice.expectSpeech(/reached sales/i)
  await alice.expectHangUp()
  await pbx.done()
  expect(alice).not.toHaveHeard(/goodbye/i)
})

test('a caller who presses nothing hears goodbye', async () => {
  const pbx = exchange({ apps: { '*': app }, files: prompts })
  const alice = pbx.phone('alice')
  await alice.call('1000')
  await alice.expectSpeech(/goodbye/i)
  await alice.expectHangUp()
})

test('whatever callers do, the application copes', async () => {
  await fuzzCalls(app, { files: prompts, runs: 50 })
})
`

const CONFIG = `import { defineConfig } from 'ringdown'

export default defineConfig({
  sip: { listen: [{ transport: 'udp', address: '127.0.0.1', port: 5060 }] },
  // Whoever can reach the address may call: right for 127.0.0.1, not for the internet.
  authentication: { strangers: 'allow' },
  files: { directory: './media' },
  services: [{ name: 'acme', match: '1000', app: './app.ts' }],
})
`
