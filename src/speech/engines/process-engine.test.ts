import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { SpokenSentence } from '../speech-engine.ts'
import { ProcessEngine, type ProcessSettings } from './process-engine.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ringdown-program-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** A program of a few lines, which gets its arguments in `args`. */
function program(code: string, settings: Partial<ProcessSettings> = {}): ProcessEngine {
  const file = join(folder, 'program.mjs')
  writeFileSync(
    file,
    `import { spawn } from 'node:child_process'\nimport { readFileSync, writeFileSync } from 'node:fs'\n` +
      `const args = process.argv.slice(2)\n${code}`,
  )
  return new ProcessEngine({
    type: 'process',
    command: process.execPath,
    voice: 'anna',
    output: { sampleRateHz: 16_000 },
    ...settings,
    arguments: [file, ...(settings.arguments ?? [])],
  })
}

async function spoken(
  engine: ProcessEngine,
  sentence: Partial<SpokenSentence> = {},
  signal = new AbortController().signal,
) {
  const samples: number[] = []
  const asked = { text: 'Hi', voice: 'anna', rate: 1, sampleRateHz: 8000 as const, ...sentence }
  for await (const block of engine.speak(asked, signal)) samples.push(...block.samples)
  return samples
}

/** Its output is the octets of what it says here. */
const say = (expression: string): string => `process.stdout.write(Buffer.from(${expression}, 'latin1'))`
const textOf = (samples: number[]): string =>
  Buffer.from(new Uint8Array(Int16Array.from(samples).buffer))
    .toString('latin1')
    .trim()

describe('a program', () => {
  it('is given the text on its standard input, and what it writes is heard', async () => {
    const engine = program(say("readFileSync(0, 'latin1').trim().padEnd(40)"))
    expect(textOf(await spoken(engine, { text: 'Good morning; rm -rf "$HOME"' }))).toBe('Good morning; rm -rf "$HOME"')
  })

  it('is given text, voice and pace as arguments, and no shell reads them', async () => {
    const engine = program(say("args.join('/').padEnd(80)"), {
      arguments: ['-v{voice}', '{rate}', '{stretch}', '{wpm}', '{else}', '{text}'],
    })
    expect(textOf(await spoken(engine, { text: '$(id) `id` {voice}', voice: 'x y', rate: 2 }))).toBe(
      '-vx y/2/0.5/350/{else}/$(id) `id` {voice}',
    )
    expect(textOf(await spoken(engine, { text: '--help' }))).toMatch(/\/ --help$/)
  })

  it.each<[string, string, Partial<ProcessSettings>, RegExp]>([
    ['that fails', "console.error('no such voice'); process.exit(3)", {}, /it ended with code 3: no such voice/],
    ['that says nothing', '', {}, /^nothing came$/],
    ['that says something else', say("'I am not audio.'"), { output: 'wav' }, /not a WAV file.*I am not audio/],
    ['that hangs', 'setInterval(() => {}, 1000)', { timeoutMs: 400 }, /it took more than 400 ms and was killed/],
    [
      'that never ends',
      'setInterval(() => process.stdout.write(Buffer.alloc(2 ** 20)), 1)',
      {},
      /more than 67108864 octets/,
    ],
    ['that is not there', '', { command: '/nowhere/espeak-ng' }, /it cannot be started: .*ENOENT/],
  ])('%s is an error', async (_, code, settings, why) => {
    await expect(spoken(program(code, settings))).rejects.toThrow(why)
  })

  it('that does not read its input is heard all the same', async () => {
    expect((await spoken(program(say("'abcd'")), { text: 'x'.repeat(200_000) })).length).toBe(2)
  })

  it('is killed with all that it has started when nobody waits any more', async () => {
    const pids = join(folder, 'pids')
    const engine = program(
      `const child = spawn('sleep', ['100'], { stdio: 'inherit' })
      writeFileSync(${JSON.stringify(pids)}, process.pid + ' ' + child.pid)
      setInterval(() => {}, 1000)`,
    )
    const gone = new AbortController()
    const speaking = spoken(engine, {}, gone.signal)
    speaking.catch(() => {})
    await vi.waitUntil(() => existsSync(pids) && readFileSync(pids, 'utf8').includes(' '), { timeout: 20_000 })
    gone.abort()
    await expect(speaking).rejects.toThrow('nobody waits for it any more')
    for (const pid of readFileSync(pids, 'utf8').split(' '))
      await vi.waitUntil(() => isGone(Number(pid)), { timeout: 5000 })
  })

  it('is killed when whoever reads stops in the middle, and when the engine is closed', async () => {
    const endless = 'console.error(process.pid); setInterval(() => process.stdout.write(Buffer.alloc(100)), 10)'
    const engine = program(endless)
    const asked = { text: 'Hi', voice: 'anna', rate: 1, sampleRateHz: 8000 as const }
    for await (const _ of engine.speak(asked, new AbortController().signal)) break
    const speaking = spoken(engine)
    speaking.catch(() => {})
    await new Promise((resolve) => setTimeout(resolve, 100))
    await engine.close()
    await expect(speaking).rejects.toThrow('the speech engine is closed')
  })

  it('is another engine when it is another command, and the same with another voice', () => {
    const [one, same, other] = [{}, { voice: 'x', timeoutMs: 5 }, { arguments: ['-q'] }].map((settings) =>
      program('', settings),
    )
    expect(one!.version).toBe(same!.version)
    expect(one!.version).not.toBe(other!.version)
    expect(one!.voices).toEqual([])
    expect(program('', { voices: ['b'] }).voices.map(({ name }) => name)).toEqual(['anna', 'b'])
  })
})

/** Also a zombie that nobody has waited for is gone. */
function isGone(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.[0] === 'Z'
  } catch {
    return true
  }
}
