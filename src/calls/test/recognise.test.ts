import { describe, expect, test } from 'vitest'
import { exchange, type Phone, ScriptedRecogniser, type TestExchangeOptions } from '../../testing/index.ts'
import { type Channel, inbound, type RecogniseOptions } from '../index.ts'

const PROMPT = 'Do you want to speak to somebody? Please say yes or no after this rather long announcement of ours.'

/** A call whose application does something, while its caller does something else. */
async function talk<Result>(
  app: (channel: Channel, now: () => number) => Promise<Result>,
  act: (alice: Phone, pass: (ms: number) => Promise<void>) => Promise<void>,
  options: Omit<TestExchangeOptions, 'apps'> = {},
) {
  let result: Result | undefined
  const answering = inbound(async (channel) => {
    await channel.answer()
    result = await app(channel, () => pbx.sim.now)
    await channel.hangUp()
  })
  const pbx = exchange({ files: { 'prompt.wav': PROMPT }, ...options, apps: { '*': answering } })
  const alice = pbx.phone('alice')
  await alice.call('1000')
  await act(alice, (ms) => pbx.sleep(ms)).catch((error: unknown) => {
    throw pbx.runs[0]?.error ?? error
  })
  await pbx.done()
  expect(pbx.runs[0]?.error).toBeUndefined()
  expect(pbx.exchange.alive).toBe(0)
  return { result: result as Result, pbx }
}

/** What the application learns from `recognise`. */
async function recognise(channel: Channel, options: RecogniseOptions = {}) {
  const { text, phrase, meaning, confidence } = await channel.speechDetector.recognise(options)
  return { cause: channel.speechDetector.cause(), text, phrase, meaning, confidence }
}

const story = (pbx: Awaited<ReturnType<typeof talk>>['pbx']) =>
  pbx.exchange.exchange.explain(pbx.exchange.exchange.recentCalls()[0]?.id ?? '')[0]?.events ?? []

const GRAMMAR = { yes: ['yes', 'yes please', 'sure'], no: ['no', 'no thanks'] }

describe('waiting for speech and for silence, without a recogniser', () => {
  const nothing = { recogniser: null }

  test('speech is waited for: NORMAL, TIMEOUT, HANGUP, ABORTED', async () => {
    const { result } = await talk(
      async (channel, now) => {
        const { speechDetector } = channel
        expect(speechDetector.cause()).toBe('NONE')
        const began = now()
        const outcomes: [boolean, string][] = [
          [await speechDetector.waitForSpeech({ timeoutMs: 1000 }), speechDetector.cause()],
        ]
        expect(Math.abs(now() - began - 1000)).toBeLessThan(60)
        outcomes.push([await speechDetector.waitForSpeech(), speechDetector.cause()])
        expect(speechDetector.state()).toBe('IDLE')
        const waiting = speechDetector.waitForSpeech()
        expect([speechDetector.state(), speechDetector.cause()]).toEqual(['RUNNING', 'NONE'])
        await expect(async () => speechDetector.waitForSilence()).rejects.toThrow('speechDetector is already running')
        expect(await speechDetector.stop()).toBe('ABORTED')
        outcomes.push([await waiting, speechDetector.cause()])
        await speechDetector.waitForSilence({ silenceMs: 500 })
        outcomes.push([await speechDetector.waitForSpeech(), speechDetector.cause()])
        return outcomes
      },
      async (alice, pass) => {
        await pass(2000)
        await alice.say('Hello?')
        await pass(2000)
        await alice.hangUp()
      },
      nothing,
    )
    expect(result).toEqual([
      [false, 'TIMEOUT'],
      [true, 'NORMAL'],
      [false, 'ABORTED'],
      [false, 'HANGUP'],
    ])
  })

  test('speech has to be as long as is asked for, and keys and tones are none', async () => {
    const { result } = await talk(
      async (channel, now) => {
        const began = now()
        const heard = await channel.speechDetector.waitForSpeech({ minSpeechMs: 700, timeoutMs: 20_000 })
        return { heard, afterMs: now() - began }
      },
      async (alice, pass) => {
        await pass(500)
        await alice.press('12')
        await alice.hum('BUSY')
        await alice.say('No.')
        await pass(3000)
        await alice.say('This is what I have to say about it.')
        await pass(1000)
      },
      nothing,
    )
    expect(result.heard).toBe(true)
    expect(result.afterMs).toBeGreaterThan(4700)
  })

  test('silence is waited for until somebody has ended', async () => {
    const { result } = await talk(
      async (channel, now) => {
        await channel.speechDetector.waitForSpeech()
        const spokeAt = now()
        const isQuiet = await channel.speechDetector.waitForSilence({ silenceMs: 700, timeoutMs: 10_000 })
        const tooShort = await channel.speechDetector.waitForSilence({ silenceMs: 5000, timeoutMs: 1000 })
        return { isQuiet, tookMs: now() - 1000 - spokeAt, tooShort, cause: channel.speechDetector.cause() }
      },
      async (alice, pass) => {
        await pass(300)
        await alice.say('Good morning, this is about the invoice of last week.')
        await pass(3000)
      },
      nothing,
    )
    expect(result).toMatchObject({ isQuiet: true, tooShort: false, cause: 'TIMEOUT' })
    expect(result.tookMs).toBeGreaterThan(3400)
    expect(result.tookMs).toBeLessThan(4700)
  })

  test('wrong options and a missing recogniser are refused by name', async () => {
    await talk(
      async ({ speechDetector }) => {
        await expect(async () => speechDetector.waitForSpeech({ timeoutMs: 0 })).rejects.toThrow(
          'timeoutMs must be above 0',
        )
        await expect(async () => speechDetector.waitForSpeech({ minSpeechMs: -1 })).rejects.toThrow(
          'minSpeechMs must be 0',
        )
        await expect(async () => speechDetector.waitForSilence({ silenceMs: 5 })).rejects.toThrow(
          'silenceMs must be 100',
        )
        expect(() => speechDetector.startRecognise({ language: 'english!' })).toThrow('such as en or en-GB')
        expect(() => speechDetector.startRecognise({ phrases: ['...'] })).toThrow(
          'with a letter or a digit in it, not "..."',
        )
        expect(() => speechDetector.startRecognise({ endSilenceMs: 1e9 })).toThrow('endSilenceMs must be 100 to 60000')
        expect(() => speechDetector.startRecognise()).toThrow('no speech recogniser: configure one')
      },
      async (_alice, pass) => pass(100),
      nothing,
    )
  })
})

describe('recognising what is said', () => {
  test('the words that a phone says, what they mean, and how sure it is', async () => {
    const recogniser = new ScriptedRecogniser()
    const { result, pbx } = await talk(
      async (channel) => [
        await recognise(channel, { grammar: GRAMMAR, language: 'en-GB' }),
        await recognise(channel, { phrases: ['Sales', 'Customer service'] }),
        await recognise(channel),
      ],
      async (alice, pass) => {
        await pass(400)
        await alice.say('yes please')
        await pass(2500)
        await alice.say('I want customer service.')
        await pass(2500)
        await alice.say('That is all.')
        await pass(2500)
      },
      { recogniser },
    )
    expect(result).toEqual([
      { cause: 'NORMAL', text: 'yes please', phrase: 'yes please', meaning: 'yes', confidence: 0.95 },
      { cause: 'NORMAL', text: 'I want customer service.', phrase: 'Customer service', confidence: 0.95 },
      { cause: 'NORMAL', text: 'That is all.', confidence: 0.95 },
    ])
    expect(recogniser.asked).toMatchObject([
      { sampleRateHz: 8000, language: 'en-GB', phrases: ['yes', 'yes please', 'sure', 'no', 'no thanks'] },
      { phrases: ['Sales', 'Customer service'] },
      { sampleRateHz: 8000 },
    ])
    expect(story(pbx)).toMatchObject(
      expect.arrayContaining([
        expect.objectContaining({ type: 'started', job: 'speechDetector', what: 'recognise' }),
        expect.objectContaining({ type: 'recognised', text: 'yes please', confidence: 0.95 }),
      ]),
    )
  })

  test('what is private is not in the record of the call', async () => {
    const { result, pbx } = await talk(
      (channel) => recognise(channel, { private: true }),
      async (alice, pass) => {
        await pass(400)
        await alice.say('My card is four one two')
        await pass(2500)
      },
    )
    expect(result.text).toBe('My card is four one two')
    expect(JSON.stringify(story(pbx))).not.toContain('four')
    expect(story(pbx).find(({ type }) => type === 'recognised')).toMatchObject({ text: undefined })
  })

  test('TIMEOUT when nobody speaks, which costs nothing, and when somebody does not end', async () => {
    const recogniser = new ScriptedRecogniser()
    const { result } = await talk(
      async (channel, now) => {
        const began = now()
        const nobody = await recognise(channel, { initialSilenceMs: 1500 })
        const tookMs = now() - began
        const asked = recogniser.asked.length
        return { nobody, tookMs, asked, endless: await recognise(channel, { timeoutMs: 2000 }) }
      },
      async (alice, pass) => {
        await pass(1700)
        await alice.say('one two three four five six seven eight nine ten eleven twelve thirteen fourteen')
        await pass(1000)
      },
      { recogniser },
    )
    expect(result.nobody).toMatchObject({ cause: 'TIMEOUT', text: '' })
    expect(Math.abs(result.tookMs - 1500)).toBeLessThan(80)
    expect(result.asked).toBe(0)
    expect(result.endless.cause).toBe('TIMEOUT')
    expect(result.endless.text).toMatch(/^one two three four/)
    expect(result.endless.text).not.toContain('ten')
  })

  test('a caller who listens to the prompt has time, one who speaks over it is heard', async () => {
    const { result } = await talk(
      async (channel) => {
        channel.filePlayer.start('prompt.wav', { bargeIn: 'speech' })
        const first = await recognise(channel, { initialSilenceMs: 1000 })
        const heardAll = channel.filePlayer.cause()
        channel.filePlayer.start('prompt.wav', { bargeIn: 'speech' })
        const second = await recognise(channel, { initialSilenceMs: 1000 })
        return { first, heardAll, second, interrupted: channel.filePlayer.cause() }
      },
      async (alice, pass) => {
        await alice.hears.silence(600)
        await pass(2000)
        await alice.say('sure I do')
        await pass(3000)
      },
    )
    expect(result).toMatchObject({
      first: { cause: 'TIMEOUT' },
      heardAll: 'NORMAL',
      second: { cause: 'NORMAL', text: 'sure I do' },
      interrupted: 'BARGEIN',
    })
  })

  test('BARGEIN by a digit, ABORTED by the application, HANGUP by the caller: in the middle of a word', async () => {
    const recogniser = new ScriptedRecogniser()
    const { result } = await talk(
      async (channel) => {
        const causes: string[] = []
        causes.push((await recognise(channel, { bargeIn: true })).cause)
        channel.speechDetector.startRecognise()
        await channel.dtmfDetector.getDigits({ clear: true, count: 1 })
        causes.push(await channel.speechDetector.stop())
        causes.push((await recognise(channel)).cause)
        return causes
      },
      async (alice, pass) => {
        await pass(400)
        await alice.press('1')
        await pass(200)
        void alice.say('I would like to know something about it')
        await pass(1000)
        alice.silence()
        await alice.press('2')
        await pass(500)
        void alice.say('I would like to know something about it')
        await pass(1000)
        await alice.hangUp()
      },
      { recogniser },
    )
    expect(result).toEqual(['BARGEIN', 'ABORTED', 'HANGUP'])
    expect(recogniser.abandoned).toBe(2)
  })

  test('whatever the recogniser does, the cause is right and the call goes on', async () => {
    const recogniser = new ScriptedRecogniser()
    recogniser.answer(
      { trouble: 'refuses' },
      { trouble: 'dies' },
      { trouble: 'hangs' },
      { trouble: 'hangs' },
      { text: '', confidence: 0 },
      { text: 'know', confidence: 0.2, delayMs: 3000 },
    )
    const patient = { initialSilenceMs: 20_000 }
    const { result } = await talk(
      async (channel, now) => {
        const all: unknown[] = []
        for (let i = 0; i < 2; i++) {
          const { cause } = await recognise(channel, patient)
          all.push([cause, channel.speechDetector.error()?.message])
        }
        const began = now()
        all.push((await recognise(channel, { ...patient, answerTimeoutMs: 1000 })).cause)
        expect(channel.speechDetector.error()).toMatchObject({
          code: 'RINGDOWN_SPEECH',
          message: 'the recogniser has not answered within 1000 ms',
        })
        expect(now() - began).toBeLessThan(8000)
        channel.speechDetector.startRecognise(patient)
        await channel.dtmfDetector.getDigits({ count: 1 })
        all.push(await channel.speechDetector.stop())
        all.push(await recognise(channel, patient), await recognise(channel, { ...patient, phrases: ['no'] }))
        return all
      },
      async (alice, pass) => {
        for (let i = 0; i < 6; i++) {
          await pass(400)
          await alice.say('no')
          await pass(4500)
          if (i === 3) await alice.press('1')
        }
      },
      { recogniser },
    )
    expect(result).toEqual([
      ['ERROR', 'the recogniser has refused the utterance'],
      ['ERROR', 'the recogniser has died'],
      'ERROR',
      'ABORTED',
      expect.objectContaining({ cause: 'NORMAL', text: '', confidence: 0 }),
      expect.objectContaining({ cause: 'NORMAL', text: 'know', confidence: 0.2, phrase: undefined }),
    ])
    expect(recogniser.abandoned).toBe(3)
  })

  test('a hang-up while the recogniser thinks is a hang-up', async () => {
    const recogniser = new ScriptedRecogniser({ delayMs: 5000 })
    const { result } = await talk(
      (channel) => recognise(channel),
      async (alice, pass) => {
        await pass(400)
        await alice.say('hello')
        await pass(2000)
        await alice.hangUp()
      },
      { recogniser },
    )
    expect(result).toMatchObject({ cause: 'HANGUP', text: '' })
    expect(recogniser.abandoned).toBe(1)
  })
})
