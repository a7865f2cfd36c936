import { existsSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import { Speech, ThreadEngine, type ThreadEngineOptions } from '../dist/speech/index.js'
import type { SpeechConfig } from '../src/index.ts'
import { parseWav, samplesOfWav } from '../src/media/index.ts'
import { bestMatch } from '../src/media/test/signals.ts'
import { TestExchange, type TestService } from './harness/exchange.ts'
import { LoopbackNetwork } from './harness/loopback.ts'
import { TranscriptionService } from './harness/transcription-service.ts'
import { waitFor } from './harness/wait.ts'

const network = new LoopbackNetwork()

// Sound is real time: a busy machine gets three attempts at a quiet moment.
describe('a call', { retry: 2 }, () => {
  const exchanges: TestExchange[] = []
  afterEach(async () => {
    for (const exchange of exchanges.splice(0)) await exchange.stop()
  })

  async function start(
    services: Readonly<Record<string, TestService>> = {},
    speech: SpeechConfig = {},
  ): Promise<TestExchange> {
    const exchange = await TestExchange.start({ address: network.next(), services, speech })
    exchanges.push(exchange)
    return exchange
  }

  const heardBy = (exchange: TestExchange): Int16Array => {
    const wav = parseWav(readFileSync(exchange.file('heard.wav')))
    if (!wav.ok) throw new Error(wav.error)
    return samplesOfWav(wav.value)
  }

  it('hears a text, sentence by sentence, and the same again from what was kept', async () => {
    const callee = await start({ listen: { app: 'listen', parameters: { record: 'heard.wav' } } })
    const caller = await start()
    const sentences = ['Good morning.', 'You have three new messages.', 'Please hold the line.']
    const engine = new ThreadEngine({ type: 'flite' })
    const spoken = await Promise.all(sentences.map((text) => new Speech(engine).open(text).clip()))
    for (const times of [1, 2]) {
      const to = `sip:listen@${callee.address}`
      const { found } = await caller.dial({ to, say: sentences.join(' '), talkMs: 300 })
      expect(found.said).toBe('NORMAL')
      await callee.report('listen')
      const heard = heardBy(callee)
      for (const clip of spoken) {
        // From the loud middle of each: jitter buffers stretch the silence around it.
        const part = (clip!.data as Int16Array).subarray(2400, 4800)
        expect(bestMatch(heard, part).correlation).toBeGreaterThan(0.9)
      }
      const { sentencesSpoken, sentencesKept = 0 } = await caller.counters()
      expect([sentencesSpoken, sentencesKept]).toEqual([3, 3 * (times - 1)])
    }
    await engine.close()
    const failed = await caller.dial({ to: `sip:listen@${callee.address}`, say: 'Hello.', voice: 'hal', talkMs: 100 })
    expect(failed.found.said).toBe('ERROR')
    expect(caller.log).toMatch(/there is no voice ..?hal..?: flite has rms \(en-US, male\), slt/)
    await waitFor('nothing is spoken any more', async () => (await caller.sizes()).sentences === 0)
  })

  it('is understood by a recogniser, which gets what the caller said; one that fails ends it with ERROR', async () => {
    const recogniser = await TranscriptionService.start(network.next(), 'Support, please.')
    onTestFinished(() => recogniser.stop())
    const callee = await start(
      { recognises: { app: 'recognises' } },
      { recognition: { type: 'openai', url: recogniser.url, model: 'whisper-1' } },
    )
    const caller = await start()
    const text = 'I would like to speak to support.'
    const engine = new ThreadEngine({ type: 'flite' })
    const spoken = (await new Speech(engine).open(text).clip())!.data as Int16Array
    await engine.close()
    const call = async () => {
      await caller.dial({ to: `sip:recognises@${callee.address}`, say: text })
      return (await callee.report('recognises')).found
    }
    expect(await call()).toMatchObject({ cause: 'NORMAL', said: { text: 'Support, please.', phrase: 'support' } })
    const [{ fields, samples, sampleRateHz }] = recogniser.asked
    expect([sampleRateHz, fields.model, fields.language, fields.prompt]).toEqual([
      8000,
      'whisper-1',
      'en',
      'sales, support',
    ])
    expect(samples.length).toBeGreaterThan(spoken.length - 4000)
    expect(samples.length).toBeLessThan(spoken.length + 16_000)
    for (const at of [4000, 8000, 12_000])
      expect(bestMatch(samples, spoken.subarray(at, at + 2000)).correlation, `from sample ${at} on`).toBeGreaterThan(
        0.9,
      )
    recogniser.status = 503
    const failed = await call()
    expect([failed.cause, failed.said]).toEqual(['ERROR', { text: '', words: [] }])
    expect(failed.error).toMatch(/the recogniser has failed: it answered 503/)
  })

  it('that hangs up before the first word ends the program that was to speak it', async () => {
    // It tells who it is, and says nothing.
    const program = `require('fs').writeFileSync('%', String(process.pid)); setInterval(() => {}, 1000)`
    const pidFile = join(tmpdir(), `ringdown-speaker-${process.pid}`)
    const callee = await start(
      { listen: { app: 'listen', parameters: { say: 'You will never hear this.' } } },
      { engine: { type: 'process', command: process.execPath, arguments: ['-e', program.replace('%', pidFile)] } },
    )
    const caller = await start()
    const call = caller.dial({ to: `sip:listen@${callee.address}`, talkMs: 4000 })
    await waitFor('the program runs', () => existsSync(pidFile) && readFileSync(pidFile, 'utf8') !== '')
    const pid = Number(readFileSync(pidFile, 'utf8'))
    rmSync(pidFile)
    expect(existsSync(`/proc/${pid}`)).toBe(true)
    await call
    expect((await callee.report('listen')).found.said).toBe('HANGUP')
    await waitFor('it has been ended', () => !existsSync(`/proc/${pid}`))
    expect((await callee.counters()).sentencesGivenUp).toBe(1)
    await waitFor('nothing is spoken any more', async () => (await callee.sizes()).sentences === 0)
  })
})

describe('the speech thread', () => {
  let engine: ThreadEngine
  const died: string[] = []
  afterEach(async () => {
    await engine.close()
    died.length = 0
  })

  function start(options: ThreadEngineOptions = {}): Speech {
    const script = new URL('./harness/mortal-speech-thread.mjs', import.meta.url)
    engine = new ThreadEngine({ type: 'flite' }, { script, onDied: (reason) => died.push(reason), ...options })
    return new Speech(engine)
  }

  const loudest = (samples: Int16Array): number => samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0)

  it('is started by the first sentence, speaks at either rate, and is there until it is closed', async () => {
    const speech = start()
    expect(engine.threads).toBe(0)
    const text = 'Please hold the line.'
    const narrow = await speech.open(text).clip()
    const wide = await speech.open(text, { sampleRateHz: 16_000 }).clip()
    expect(engine.threads).toBe(1)
    expect([narrow?.sampleRateHz, wide?.sampleRateHz]).toEqual([8000, 16_000])
    expect(wide!.data.length / narrow!.data.length).toBeCloseTo(2, 2)
    expect(narrow!.data.length).toBeGreaterThan(6000)
    expect(loudest(narrow!.data as Int16Array)).toBeGreaterThan(5000)
    await speech.close()
    expect([engine.threads, died]).toEqual([0, []])
    await expect(speech.open('More.').clip()).rejects.toThrow('the speech engine is closed')
  })

  it('that dies ends what it was speaking with an error, and is replaced', async () => {
    const speech = start()
    await speech.open('Hello.').clip()
    await expect(speech.open('die').clip()).rejects.toThrow(
      'a sentence could not be spoken by flite: the speech thread has died: as it was told',
    )
    expect(died).toEqual(['the speech thread has died: as it was told'])
    expect((await speech.open('I am back.').clip())?.data.length).toBeGreaterThan(4000)
  })

  it('that has nothing to say for long ends, and comes back', async () => {
    const speech = start({ idleMs: 200 })
    await speech.open('Hello.').clip()
    expect(engine.threads).toBe(1)
    await waitFor('the thread has ended', () => engine.threads === 0)
    expect((await speech.open('I am back.').clip())?.data.length).toBeGreaterThan(4000)
    expect([engine.threads, died]).toEqual([1, []])
  })

  it('that hangs is ended', async () => {
    const speech = start({ silentForMs: 1500 })
    await speech.open('Hello.').clip()
    const next = speech.open('And then?').clip()
    await next
    await expect(speech.open('hang').clip()).rejects.toThrow('has said nothing for 1500 ms and was ended')
    expect((await speech.open('I am back.').clip())?.data.length).toBeGreaterThan(4000)
  })

  it('has company when one is not enough', async () => {
    const speech = start({ threads: 2 })
    const clips = ['One.', 'Two.', 'Three.'].map((text) => speech.open(text).clip())
    expect(engine.threads).toBe(2)
    for (const clip of await Promise.all(clips)) expect(clip?.data.length).toBeGreaterThan(3000)
  })
})
