import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readWav } from './harness/audio.ts'
import type { Child } from './harness/child.ts'
import { commandFolder } from './harness/command.ts'
import { waitFor } from './harness/wait.ts'

const ADDRESS = '127.0.77.1'
const { folder, ringdown, exitOf, write } = commandFolder()

const CONFIG = `
import { defineConfig, inbound } from 'ringdown'
export default defineConfig({
  sip: { listen: [
    { transport: 'udp', address: '${ADDRESS}', port: 5060 },
    { transport: 'tcp', address: '${ADDRESS}', port: 5060 },
  ] },
  services: [
    { name: 'answer', app: './answer.ts' },
    { name: 'busy', app: inbound(async (channel) => { await channel.reject('BUSY') }) },
    { name: 'wild', app: inbound(async (channel) => {
      setTimeout(() => { throw new Error('in a timer') }, 10)
      void Promise.reject(new Error('not awaited'))
      await channel.reject('BARRED')
    }) },
  ],
  shutdown: { graceMs: 20_000 },
})`

const ANSWER = `
import { inbound } from 'ringdown'
export default inbound(async (channel) => {
  await channel.answer()
  await channel.tonePlayer.play('RINGBACK_EU', { loop: true })
})`

async function serve(): Promise<Child> {
  write('ringdown.config.ts', CONFIG)
  write('answer.ts', ANSWER)
  const server = ringdown('serve')
  await waitFor('the server is ready', () => server.output.split('\n').includes('ready'))
  return server
}

describe('ringdown serve and ringdown call', () => {
  it('answers calls from the shell over UDP and TCP, and records them', async () => {
    const server = await serve()
    const call = ringdown('call', `sip:answer@${ADDRESS}`, '--record', 'heard.wav', '--talk', '1', '--dtmf', '1')
    expect(await exitOf(call)).toBe(0)
    expect(call.output).toMatch(/\d+ ms {2}CALL_OUTGOING[\s\S]*ANSWERED +PCMU[\s\S]*IDLE +NORMAL, ended by local/)
    expect(call.output).toMatch(/^cause +NORMAL$/m)
    expect(readWav(join(folder, 'heard.wav')).length).toBeGreaterThan(8_000)
    expect(await exitOf(ringdown('call', `sip:answer@${ADDRESS};transport=tcp`))).toBe(0)
    await waitFor('the calls are logged', () => server.output.split('by remote').length === 3)
  })

  it('tells the cause by the exit code, and lives on when an application throws where nobody waits', async () => {
    const server = await serve()
    const busy = ringdown('call', `sip:busy@${ADDRESS}`)
    expect(await exitOf(busy)).toBe(10)
    expect(busy.output).toMatch(/^SIP +486 Busy Here$/m)
    expect(await exitOf(ringdown('call', `sip:nobody@${ADDRESS}`))).toBe(13)
    expect(await exitOf(ringdown('call', `sip:wild@${ADDRESS}`))).toBe(16)
    await waitFor('both errors are logged', () => /in a timer/.test(server.output) && /not awaited/.test(server.output))
    expect(await exitOf(ringdown('call', `sip:busy@${ADDRESS}`))).toBe(10)
  })

  it('serves new calls with a changed application', async () => {
    await serve()
    expect(await exitOf(ringdown('call', `sip:answer@${ADDRESS}`))).toBe(0)
    write('answer.ts', ANSWER.replace('await channel.answer()', `await channel.reject('CHANGED')\n  return`))
    await waitFor('the change is noticed', async () => (await exitOf(ringdown('call', `sip:answer@${ADDRESS}`))) === 14)
  })

  it('waits for calls at SIGTERM, hangs up at a second one, and ends with 0', async () => {
    const server = await serve()
    const call = ringdown('call', `sip:answer@${ADDRESS}`, '--talk', '60')
    await waitFor('the call stands', () => call.output.includes('ANSWERED'))
    server.process.kill('SIGTERM')
    await waitFor('the server drains', () => server.output.includes('taking no more calls'))
    expect(await exitOf(ringdown('call', `sip:answer@${ADDRESS}`))).toBe(18)
    server.process.kill('SIGTERM')
    expect(await exitOf(server)).toBe(0)
    expect(await exitOf(call)).toBe(0)
    expect(call.output).toMatch(/ended by remote/)
  })

  it('refuses a wrong configuration by name, and an address that is taken', async () => {
    write('wrong.config.ts', `export default { servces: [], limits: { maxCalls: 0 } }`)
    const wrong = ringdown('serve', 'wrong.config.ts')
    expect(await exitOf(wrong)).toBe(2)
    expect(wrong.output).toMatch(/has no key "servces"/)
    expect(wrong.output).toMatch(/limits\.maxCalls is 0/)
    expect(await exitOf(ringdown('serve', 'gone.config.ts'))).toBe(2)
    await serve()
    expect(await exitOf(ringdown('serve', '--check'))).toBe(0)
    const second = ringdown('serve')
    expect(await exitOf(second)).toBe(3)
    expect(second.output).toContain(`cannot listen on udp ${ADDRESS} port 5060`)
  })

  it('explains itself', async () => {
    const all = ringdown('--help')
    expect(await exitOf(all)).toBe(0)
    expect(all.output).toMatch(/Examples:[\s\S]*Exit codes:/)
    const listed = all.output.slice(all.output.indexOf('Commands:'), all.output.indexOf('Examples:'))
    const commands = [...listed.matchAll(/^ {2}([a-z]+)\b/gm)].map(([, name = '']) => name)
    expect(commands).toEqual(expect.arrayContaining(['serve', 'init', 'call', 'explain', 'phone', 'bench', 'demo']))
    const helps = commands.filter((name) => name !== 'help').map((command) => ringdown(command, '--help'))
    for (const help of helps) {
      expect(await exitOf(help)).toBe(0)
      expect(help.output).toMatch(/Examples:[\s\S]*Exit codes:/)
    }
    expect(await exitOf(ringdown('call'))).toBe(2)
    expect(await exitOf(ringdown('call', '123'))).toBe(2)
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
      version: string
    }
    const asked = ringdown('--version')
    expect(await exitOf(asked)).toBe(0)
    expect(asked.output.trim()).toBe(version)
  })
})

describe('ringdown demo', () => {
  it('makes its calls, says that all went as expected, and leaves a recording', async () => {
    const demo = ringdown('demo', '--once')
    expect(await exitOf(demo, 40_000)).toBe(0)
    expect(demo.output.match(/ ok$/gm)).toHaveLength(5)
    expect(demo.output).toMatch(/sip:hello@127\.0\.0\.1:\d+/)
    const recording = /recorded: (.*)/.exec(demo.output)?.[1] ?? ''
    expect(readWav(recording).some((sample) => Math.abs(sample) > 1_000)).toBe(true)
  })

  it('serves on until Ctrl-C', async () => {
    const demo = ringdown('demo')
    await waitFor('the demo serves', () => demo.output.includes('Serving until Ctrl-C.'), 40_000)
    const port = /sip:hello@127\.0\.0\.1:(\d+)/.exec(demo.output)?.[1]
    const call = ringdown('call', `sip:hello@127.0.0.1:${port}`, '--dtmf', '5', '--talk', '1')
    expect(await exitOf(call)).toBe(0)
    expect(call.output).toContain('the far end pressed 5')
    demo.process.kill('SIGINT')
    expect(await exitOf(demo)).toBe(0)
  })
})
