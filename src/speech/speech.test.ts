import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { SpeechError, UsageError } from '../kit/index.ts'
import { Speech, type SpeechServiceOptions } from './speech.ts'
import type { SpokenText } from './spoken-text.ts'
import { PromptEngine, ScriptedEngine } from './test/scripted-engine.ts'

function setUp(options: SpeechServiceOptions = {}, capabilities?: { parallel?: number; isStreaming?: boolean }) {
  const engine = new ScriptedEngine(capabilities)
  return { engine, speech: new Speech(engine, options) }
}

/** Values that stand for themselves, with how often each comes. */
async function heard(text: SpokenText): Promise<[value: number, count: number][]> {
  const runs: [number, number][] = []
  for (let block = await text.read(); block !== undefined; block = await text.read())
    for (const value of block) {
      const run = runs.at(-1)
      if (run?.[0] === value) run[1]++
      else runs.push([value, 1])
    }
  return runs
}

describe('a sentence', () => {
  it('is a clip when it is there, and at once when it is wanted again', async () => {
    const { engine, speech } = setUp()
    const text = speech.open('Hello.')
    const clip = text.clip()
    engine.asked[0]?.say(80, 7)
    engine.asked[0]?.say(20, 8)
    engine.asked[0]?.end()
    expect(await clip).toEqual({
      encoding: 'pcm16',
      sampleRateHz: 8000,
      data: Int16Array.from({ length: 100 }, (_, i) => (i < 80 ? 7 : 8)),
    })
    expect((await speech.open('  Hello. ').clip())?.data.length).toBe(100)
    expect(engine.texts).toEqual(['Hello.'])
    expect(speech.counters.snapshot()).toEqual({ sentencesKept: 1, sentencesSpoken: 1 })
    expect(speech.sizes()).toEqual({ sentences: 0, waiting: 0, keptBytes: 200 })
  })

  it('is spoken anew by another voice, at another pace, for another sample rate', async () => {
    const engine = new PromptEngine()
    const speech = new Speech(engine)
    for (const options of [{}, { rate: 2 }, { sampleRateHz: 16_000 as const }, { voice: 'x' }, {}])
      await speech.open('Hello.', options).clip()
    expect(engine.texts.length).toBe(4)
  })

  it('is spoken once for all who want it at the same time', async () => {
    const { engine, speech } = setUp()
    const clips = [1, 2, 3].map(() => speech.open('Hello.').clip())
    engine.asked[0]?.say(10)
    engine.asked[0]?.end()
    const [first, ...others] = await Promise.all(clips)
    expect(others).toEqual([first, first])
    expect(engine.asked.length).toBe(1)
  })

  it('is read while it is made where the engine gives it piece by piece', async () => {
    const { engine, speech } = setUp({}, { isStreaming: true })
    const text = speech.open('Hello.')
    expect(await text.clip()).toBeUndefined()
    const first = text.read()
    engine.asked[0]?.say(10, 5)
    expect(await first).toEqual(new Int16Array(10).fill(5))
    engine.asked[0]?.say(5, 6)
    engine.asked[0]?.end()
    expect(await heard(text)).toEqual([[6, 5]])
    // Kept as a whole.
    expect((await speech.open('Hello.').clip())?.data.length).toBe(15)
  })

  it('that the engine cannot speak says why, and is asked for again the next time', async () => {
    const { engine, speech } = setUp()
    const clip = speech.open('Hello.').clip()
    engine.asked[0]?.say(10)
    engine.asked[0]?.end(new Error('no breath'))
    await expect(clip).rejects.toThrow(new SpeechError('a sentence could not be spoken by scripted: no breath'))
    void speech.open('Hello.').clip()
    expect(engine.asked.length).toBe(2)
    expect(speech.counters.get('sentencesFailed')).toBe(1)
  })
})

describe('a text', () => {
  it('is spoken sentence by sentence, each when the one before was read', async () => {
    const { engine, speech } = setUp()
    const text = speech.open('One. Two.')
    expect(await text.clip()).toBeUndefined()
    const first = text.read()
    engine.asked[0]?.say(10, 1)
    engine.asked[0]?.end()
    expect(await first).toEqual(new Int16Array(10).fill(1))
    expect(engine.texts).toEqual(['One.'])
    const rest = heard(text)
    await turn()
    expect(engine.texts).toEqual(['One.', 'Two.'])
    engine.asked[1]?.say(20, 2)
    engine.asked[1]?.end()
    expect(await rest).toEqual([[2, 20]])
  })

  it('begins again when it is rewound', async () => {
    const speech = new Speech(new PromptEngine())
    const text = speech.open('Aa. Bb.')
    expect(await heard(text)).toEqual([
      [65, 30],
      [66, 30],
    ])
    text.rewind()
    expect((await heard(text)).length).toBe(2)
  })

  it('without a word in it is nothing', async () => {
    const { engine, speech } = setUp()
    for (const text of ['', '  ', '...', '—']) expect((await speech.open(text).clip())?.data.length, text).toBe(0)
    expect(engine.asked).toEqual([])
  })

  it.each<[string, unknown, RegExp]>([
    ['a pipe', 'one | two', /pipe/],
    ['a number', 5, /not 5/],
    ['a book', 'x '.repeat(600), /1200 characters is too long to be spoken: 1000 is the most/],
  ])('cannot be %s', (_, text, why) => {
    const { speech } = setUp({ textLength: 1000 })
    expect(() => speech.open(text as string)).toThrow(why)
    expect(() => speech.open(text as string)).toThrow(UsageError)
  })

  it('is spoken by a voice that exists', () => {
    const { engine, speech } = setUp()
    const why = new SpeechError('there is no voice "fred": scripted has anna (en-GB, female), karl (de-DE)')
    expect(() => speech.open('Hello.', { voice: 'fred' })).toThrow(why)
    expect(() => new Speech(engine, { voice: 'fred' })).toThrow(why)
  })

  it.each([0, 0.1, 5, Number.NaN])('is not spoken at a pace of %d', (rate) => {
    expect(() => setUp().speech.open('Hello.', { rate })).toThrow(/from 0.25 to 4/)
  })
})

describe('many texts', () => {
  it('all get their first sentence before any gets a second that has time', async () => {
    let now = 0
    const { engine, speech } = setUp({ now: () => now })
    const texts = ['a', 'b', 'c'].map((name) => speech.open(`${name} one. ${name} two.`))
    const reading = texts.map((text) => text.read())
    for (let at = 0; at < 3; at++) {
      await turn()
      now += 100
      // A second of speech.
      engine.asked[at]?.say(8000)
      engine.asked[at]?.end()
      await turn()
      if (at === 0) {
        await reading[0]
        void texts[0]?.read()
      }
    }
    await turn()
    expect(engine.texts).toEqual(['a one.', 'b one.', 'c one.', 'a two.'])
  })

  it('do not let one that is heard already run dry', async () => {
    let now = 0
    const { engine, speech } = setUp({ now: () => now })
    const text = speech.open('a one. a two.')
    const first = text.read()
    engine.asked[0]?.say(800)
    engine.asked[0]?.end()
    await first
    // It will be silent at 100 ms.
    void speech.open('blocker.').clip()
    now = 150
    void speech.open('b one.').clip()
    void text.read()
    await turn()
    engine.asked[1]?.end()
    await turn()
    expect(engine.texts).toEqual(['a one.', 'blocker.', 'a two.'])
  })

  it('are refused beyond a number of sentences, and taken again when some are done', async () => {
    const { engine, speech } = setUp({ waitingSentences: 2 })
    const one = speech.open('One.').clip()
    void speech.open('Two.').clip()
    await expect(speech.open('Three.').clip()).rejects.toThrow('2 sentences wait to be spoken: no more are taken')
    expect(speech.counters.get('sentencesRefused')).toBe(1)
    engine.asked[0]?.end()
    await one
    void speech.open('Three.').clip()
    expect(speech.sizes().sentences).toBe(2)
  })

  it('that nobody waits for any more are given up: closed ones, and those whose call has gone', async () => {
    const { engine, speech } = setUp({ waitingSentences: 3 })
    let isThere = true
    const gone = speech.open('One.', { isWanted: () => isThere }).clip()
    const closed = speech.open('Two.')
    const second = closed.clip()
    const third = speech.open('Three.').clip()
    await closed.close()
    await expect(second).rejects.toThrow('nobody waits for it any more')
    expect(engine.texts).toEqual(['One.'])
    isThere = false
    // One in the middle of being spoken is stopped.
    await expect(gone).rejects.toThrow('nobody waits for it any more')
    expect(engine.asked[0]?.signal.aborted).toBe(true)
    await turn()
    engine.asked[1]?.end()
    await third
    expect(engine.texts).toEqual(['One.', 'Three.'])
    expect(speech.counters.get('sentencesGivenUp')).toBe(2)
  })

  it('a sentence that one does not want any more is spoken for the other', async () => {
    const { engine, speech } = setUp()
    const one = speech.open('Hello.')
    void one.clip()
    const other = speech.open('Hello.').clip()
    await one.close()
    engine.asked[0]?.say(10)
    engine.asked[0]?.end()
    expect((await other)?.data.length).toBe(10)
  })
})

describe('a text that is prepared', () => {
  it('comes after all that are waited for, and is there at once afterwards', async () => {
    const { engine, speech } = setUp()
    void speech.open('Now.').clip()
    const prepared = speech.prepare('Later. Much later.')
    void speech.open('Next.').clip()
    for (let at = 0; at < 4; at++) {
      engine.asked[at]?.say(10)
      engine.asked[at]?.end()
      await turn()
    }
    await prepared
    expect(engine.texts).toEqual(['Now.', 'Next.', 'Later.', 'Much later.'])
    expect((await speech.open('Much later.').clip())?.data.length).toBe(10)
  })

  it('says when it cannot be spoken', async () => {
    const { engine, speech } = setUp()
    const prepared = speech.prepare('Later.')
    engine.asked[0]?.end(new Error('no'))
    await expect(prepared).rejects.toThrow(SpeechError)
    await expect(speech.prepare('a | b')).rejects.toThrow(UsageError)
  })
})

it('closes its engine', async () => {
  const { engine, speech } = setUp()
  await speech.close()
  expect(engine.isClosed).toBe(true)
})
