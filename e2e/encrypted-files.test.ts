import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseWav, samplesOfWav, wavHeader } from '../src/media/index.ts'
import { speechLike } from '../src/media/test/signals.ts'
import { FileTools } from '../src/server/files/file-tools.ts'
import { firstWordsIn } from './harness/correlate.ts'
import { TestExchange } from './harness/exchange.ts'
import { LoopbackNetwork } from './harness/loopback.ts'
import { waitFor } from './harness/wait.ts'

const network = new LoopbackNetwork()
const exchanges: TestExchange[] = []
let folder: string
let keyFile: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ringdown-e2e-encrypted-'))
  keyFile = join(folder, 'keys')
  writeFileSync(keyFile, `# one key\n${'5c'.repeat(32)}\n`)
})
afterEach(async () => {
  for (const exchange of exchanges.splice(0)) await exchange.stop()
  rmSync(folder, { recursive: true })
})

async function start(name: string, parameters: object = {}): Promise<TestExchange> {
  const exchange = await TestExchange.start({
    address: network.next(),
    services: { listen: { app: 'listen', parameters: { ...parameters } } },
    files: { directory: join(folder, name), streamLongerThanMs: 1000, encryption: { keyFile } },
  })
  exchanges.push(exchange)
  return exchange
}

const tools = (name: string) =>
  new FileTools({ directory: join(folder, name), encryption: { keyFile, acceptPlain: true } })

async function samplesIn(directory: string, name: string): Promise<Int16Array> {
  const pieces: Uint8Array[] = []
  for await (const piece of tools(directory).read(name)) pieces.push(piece)
  const wav = parseWav(new Uint8Array(Buffer.concat(pieces)))
  if (!wav.ok) throw new Error(wav.error)
  return samplesOfWav(wav.value)
}

describe('encrypted files', () => {
  it('are played by the file thread, recorded, and kept up to their last moment when the process is killed', async () => {
    const callee = await start('callee', { record: 'calls/a.wav' })
    const caller = await start('caller')
    const speech = speechLike(8000)
    writeFileSync(
      join(folder, 'caller/speech.wav'),
      Buffer.concat([wavHeader('pcm16', 2 * speech.length), new Uint8Array(speech.buffer)]),
    )
    expect(await tools('caller').encrypt('speech.wav')).toBe(true)
    expect(readFileSync(join(folder, 'caller/speech.wav')).subarray(0, 8).toString()).toBe('RDSEALED')

    const to = `sip:listen@${callee.address}`
    const whole = await caller.dial({ to, play: 'speech.wav', talkMs: 300 })
    expect(whole.found.played).toBe('NORMAL')
    await callee.report('listen')
    expect(readFileSync(join(folder, 'callee/calls/a.wav')).subarray(0, 8).toString()).toBe('RDSEALED')
    const heard = await samplesIn('callee', 'calls/a.wav')
    expect(heard.length).toBeGreaterThan(55_000)
    expect(firstWordsIn(heard, speech)).toBeGreaterThanOrEqual(3)

    const call = caller.dial({ to, play: 'speech.wav', talkMs: 10 }, 90_000)
    call.catch(() => {})
    const staged = join(folder, 'callee/calls/a.wav.part')
    await waitFor('five seconds are on disk', () => existsSync(staged) && statSync(staged).size > 80_000)
    process.kill(callee.pid, 'SIGKILL')
    await waitFor('it has gone', () => !callee.isRunning)
    copyFileSync(staged, join(folder, 'as-it-was'))
    const next = await start('callee')
    await waitFor('it is completed', async () => (await next.counters()).recordingsRecovered === 1, 30_000)
    expect(readdirSync(join(folder, 'callee/calls')).sort()).toEqual(['a.cut.wav', 'a.wav'])
    const kept = await samplesIn('callee', 'calls/a.cut.wav')
    expect(2 * kept.length).toBeGreaterThan(statSync(join(folder, 'as-it-was')).size - 2 * 4112)
    expect(firstWordsIn(kept, speech)).toBeGreaterThanOrEqual(3)
  })
})
