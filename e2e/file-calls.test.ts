import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { parseWav, samplesOfWav, wavHeader } from '../src/media/index.ts'
import { bestMatch, speechLike } from '../src/media/test/signals.ts'
import { voice } from '../src/server/files/audio/test/voice.ts'
import { firstWordsIn } from './harness/correlate.ts'
import { TestExchange } from './harness/exchange.ts'
import { LoopbackNetwork } from './harness/loopback.ts'
import { waitFor } from './harness/wait.ts'

const SOUNDS = fileURLToPath(new URL('../src/server/files/audio/test/sounds', import.meta.url))
const network = new LoopbackNetwork()

function wavFile(samples: Int16Array): Uint8Array {
  return Buffer.concat([wavHeader('pcm16', samples.length * 2), new Uint8Array(samples.buffer)])
}

function samplesIn(path: string): Int16Array {
  const wav = parseWav(readFileSync(path))
  if (!wav.ok) throw new Error(`${path}: ${wav.error}`)
  return samplesOfWav(wav.value)
}

describe('a call', () => {
  const exchanges: TestExchange[] = []
  afterEach(async () => {
    for (const exchange of exchanges.splice(0)) await exchange.stop()
  })

  it('hears files of every kind, read while they play', async () => {
    const listen = { app: 'listen', parameters: { record: 'heard.wav' } }
    const callee = await TestExchange.start({ address: network.next(), services: { listen } })
    exchanges.push(callee)
    // Everything but the half second of FLAC is longer than this.
    const caller = await TestExchange.start({
      address: network.next(),
      files: { directory: SOUNDS, streamLongerThanMs: 1000 },
    })
    exchanges.push(caller)
    for (const name of readdirSync(SOUNDS).filter((file) => !file.endsWith('.md'))) {
      const seconds = name.endsWith('flac') ? 0.5 : 1.5
      const { found } = await caller.dial({ to: `sip:listen@${callee.address}`, play: name, talkMs: 300 })
      expect([name, found.played]).toEqual([name, 'NORMAL'])
      await callee.report('listen')
      // A part that no jitter buffer stretches, on however busy a machine.
      const part = voice(8000, seconds).subarray(1200, 3200)
      const { correlation } = bestMatch(samplesIn(callee.file('heard.wav')), part)
      expect(correlation, name).toBeGreaterThan(0.9)
    }
    const failed = await caller.dial({ to: `sip:listen@${callee.address}`, play: 'README.md', talkMs: 100 })
    expect(failed.found.played).toBe('ERROR')
    expect(caller.log).toMatch(/README\.md cannot be played: its format is not known/)
    expect((await caller.counters()).filesRefused).toBe(1)
  })

  it('that is being recorded when the process is killed leaves a playable file, marked as cut', async () => {
    const record = { app: 'listen', parameters: { record: 'calls/a.wav' } }
    const callee = await TestExchange.start({ address: network.next(), services: { record } })
    const caller = await TestExchange.start({ address: network.next() })
    exchanges.push(callee, caller)
    const speech = speechLike(70_000)
    writeFileSync(caller.file('long.wav'), wavFile(speech))
    const call = caller.dial(
      { to: `sip:record@${callee.address}`, play: 'long.wav', timeoutMs: 5000, talkMs: 10 },
      90_000,
    )
    call.catch(() => {})
    const staged = callee.file('calls/a.wav.part')
    await waitFor('five seconds are on disk', () => existsSync(staged) && statSync(staged).size > 80_000)
    process.kill(callee.pid, 'SIGKILL')
    await waitFor('it has gone', () => !callee.isRunning)
    // Playable as it is, up to the last second.
    expect(samplesIn(staged).length).toBeGreaterThan(24_000)

    const next = await TestExchange.start({ address: network.next(), files: { directory: callee.file('') } })
    exchanges.push(next)
    const cut = callee.file('calls/a.cut.wav')
    await waitFor('the recording is completed', async () => (await next.counters()).recordingsRecovered === 1, 30_000)
    expect(readdirSync(callee.file('calls'))).toEqual(['a.cut.wav'])
    expect(next.log).toMatch(/a recording that a crash has left was completed and marked as cut/)
    const kept = samplesIn(cut)
    expect(kept.length).toBeGreaterThan(24_000)
    expect(firstWordsIn(kept, speech)).toBeGreaterThanOrEqual(3)
  })
})
