import { afterEach, describe, expect, it } from 'vitest'
import { Speech, ThreadEngine, type ThreadEngineOptions } from '../dist/speech/index.js'

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
