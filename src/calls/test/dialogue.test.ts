import { describe, expect, test } from 'vitest'
import { exchange, type Phone, SyntheticSpeech } from '../../testing/index.ts'
import { type Channel, collect, confirm, getNumber, inbound, menu } from '../index.ts'

const say = (textToSay: string) => ({ textToSay })

/** Asks a caller who does as the script says; tells what came of it. */
async function answers<Answer>(
  ask: (channel: Channel) => Promise<Answer>,
  script: (caller: Phone) => Promise<void>,
): Promise<{
  answer: Answer | Error | undefined
  caller: Phone
  played: (string | undefined)[]
  keys: (string | undefined)[]
}> {
  let answer: Answer | Error | undefined
  const app = inbound(async (channel) => {
    await channel.answer()
    answer = await ask(channel).catch((error: Error) => error)
    if (channel.state() === 'ANSWERED') await channel.filePlayer.say('Goodbye.')
  })
  const pbx = exchange({ apps: { '*': app }, speech: new SyntheticSpeech({ voices: ['rms'] }) })
  const caller = pbx.phone('alice')
  await caller.call('1000')
  await script(caller)
  await pbx.done()
  expect(pbx.runs[0]?.error).toBeUndefined()
  expect(pbx.exchange.alive).toBe(0)
  const { exchange: core } = pbx.exchange
  const [story] = core.explain(core.recentCalls()[0]?.id ?? '')
  const played = (story?.events ?? []).flatMap((event) => (event.type === 'started' ? [event.what] : []))
  const keys = (story?.events ?? []).flatMap((event) => (event.type === 'digit' ? [event.digit] : []))
  return { answer, caller, played, keys }
}

describe('collect', () => {
  const pin = { prompt: say('Please enter your PIN.'), maxDigits: 4 }

  test('gives what was pressed after the prompt, during it, and ahead of it', async () => {
    const after = await answers(
      (channel) => collect(channel, pin),
      async (caller) => {
        await caller.expectSpeech(/your PIN\./)
        await caller.press('1234')
        await caller.expectHangUp()
      },
    )
    expect([after.answer, after.played]).toEqual(['1234', ['Please enter your PIN.', 'Goodbye.']])
    const during = await answers(
      (channel) => collect(channel, pin),
      async (caller) => {
        await caller.expectSpeech(/please/i)
        await caller.press('12#')
        await caller.expectHangUp()
      },
    )
    expect([during.answer, during.caller.hasHeard(/your PIN/)]).toEqual(['12', false])
    const ahead = await answers(
      async (channel) => {
        await channel.dtmfDetector.getDigits({ count: 1, timeoutMs: 2000 })
        await channel.filePlayer.say('One moment, please, until all keys are pressed.')
        return [await collect(channel, pin), await collect(channel, pin)]
      },
      async (caller) => {
        await caller.sleep(100)
        await caller.press('9')
        await caller.press('123')
        await caller.press('45678')
        await caller.expectHangUp()
      },
    )
    expect([ahead.answer, ahead.played]).toEqual([
      ['1234', '5678'],
      ['One moment, please, until all keys are pressed.', 'Goodbye.'],
    ])
  })

  test('asks again with other prompts, and says why: silence, and what is not right', async () => {
    const { answer, played } = await answers(
      (channel) =>
        collect(channel, {
          ...pin,
          retryPrompts: [say('Once more.'), say('One last time.')],
          silencePrompt: say('I heard nothing.'),
          invalidPrompt: say('That is not right.'),
          attempts: 4,
          predigitsTimeoutMs: 1000,
          valid: async (digits) => digits === '7777',
        }),
      async (caller) => {
        await caller.expectSpeech(/once more/i)
        await caller.press('1#')
        await caller.expectSpeech(/last time/i)
        await caller.press('12345678')
        await caller.expectSpeech(/last time/i)
        await caller.press('7777')
        await caller.expectHangUp()
      },
    )
    expect(answer).toBe('7777')
    expect(played).toEqual([
      'Please enter your PIN.',
      'I heard nothing., Once more.',
      'That is not right., One last time.',
      'That is not right., One last time.',
      'Goodbye.',
    ])
  })

  test('gives up after its attempts; the same prompt asks again where there is no other', async () => {
    const { answer, played } = await answers(
      (channel) =>
        collect(channel, { ...pin, predigitsTimeoutMs: 500, minDigits: 2, interdigitTimeoutMs: 500, valid: /\d+/g }),
      async (caller) => {
        await caller.expectSpeech(/your PIN\./)
        await caller.press('1')
        await caller.expectSpeech(/your PIN\./)
        await caller.press('1*')
        await caller.expectHangUp()
      },
    )
    expect(answer).toBeUndefined()
    expect(played).toEqual([...new Array(3).fill('Please enter your PIN.'), 'Goodbye.'])
  })

  test('helps whoever asks for it, ten times, and a help key later is a key', async () => {
    const helping = { ...pin, helpDigit: '*', helpPrompt: say('It is on your card.'), attempts: 1 }
    const { answer, played } = await answers(
      (channel) => collect(channel, helping),
      async (caller) => {
        await caller.expectSpeech(/your PIN/i)
        await caller.press('*')
        await caller.expectSpeech(/on your card/i)
        await caller.expectSpeech(/your PIN/i)
        await caller.press('1*#')
        await caller.expectHangUp()
      },
    )
    expect(answer).toBe('1*')
    expect(played.slice(0, 3)).toEqual(['Please enter your PIN.', 'It is on your card.', 'Please enter your PIN.'])
    const lost = await answers(
      (channel) => collect(channel, helping),
      async (caller) => {
        for (let i = 0; i < 11; i++) {
          await caller.expectSpeech(/your PIN/i)
          await caller.press('*')
        }
        await caller.expectHangUp()
      },
    )
    expect(lost.answer).toBeUndefined()
  })

  test('keeps secrets out of the record, also keys that were pressed ahead', async () => {
    const { answer, keys } = await answers(
      (channel) => collect(channel, { ...pin, private: true }),
      async (caller) => {
        await caller.sleep(100)
        await caller.press('12')
        await caller.expectSpeech(/goodbye/i, { withinMs: 20_000 }).catch(() => {})
        await caller.expectHangUp()
      },
    )
    expect(answer).toBe('12')
    expect(keys).toEqual([undefined, undefined])
  })

  test('can let nobody cut its prompt short, and takes nothing for an answer where nothing is one', async () => {
    const { answer, caller } = await answers(
      (channel) => collect(channel, { ...pin, bargeIn: false, minDigits: 0, predigitsTimeoutMs: 500 }),
      async (caller) => {
        await caller.expectSpeech(/your PIN\./)
        await caller.expectHangUp()
      },
    )
    expect([answer, caller.hasHeard(/enter your PIN\./)]).toEqual(['', true])
  })

  test('ends with Hangup when the caller goes: during the prompt, before the first key, between keys', async () => {
    for (const goes of [
      async (caller: Phone) => caller.sleep(300),
      async (caller: Phone) => caller.sleep(3000),
      async (caller: Phone) => {
        await caller.sleep(3000)
        await caller.press('1')
      },
    ]) {
      const { answer } = await answers(
        (channel) => collect(channel, pin),
        async (caller) => {
          await goes(caller)
          await caller.hangUp()
        },
      )
      expect(answer).toMatchObject({ code: 'RINGDOWN_HANGUP' })
    }
  })

  test('does not ask what cannot be played', async () => {
    for (const [prompt, code] of [
      ['none.wav', 'RINGDOWN_MEDIA_FILE'],
      [[say('Hello.'), 'none.wav'], 'RINGDOWN_MEDIA_FILE'],
      [{ textToSay: 'Hello', voice: 'elvis' }, 'RINGDOWN_SPEECH'],
      [say('a|b'), 'RINGDOWN_USAGE'],
    ] as const) {
      const { answer } = await answers(
        (channel) => collect(channel, { ...pin, prompt }),
        (caller) => caller.expectHangUp(),
      )
      expect(answer).toMatchObject({ code })
    }
  })

  test('refuses wrong options', async () => {
    for (const [options, message] of [
      [{ attempts: 0 }, /attempts must be a whole number from 1 to 100, not 0/],
      [{ maxDigits: 201 }, /maxDigits must be a whole number from 1 to 200, not 201/],
      [{ minDigits: 5 }, /minDigits must be a whole number from 0 to 4, not 5/],
      [{ helpDigit: '**' }, /helpDigit must be one of 0-9 A-D \* #, not "\*\*"/],
      [{ end: 'x' }, /end must be digits/],
    ] as const) {
      const { answer } = await answers(
        (channel) => collect(channel, { ...pin, ...options }),
        (caller) => caller.expectHangUp(),
      )
      expect((answer as unknown as Error).message).toMatch(message)
    }
  })
})

describe('menu', () => {
  const asking = { prompt: say('For sales, press 1. For support, press 2.'), invalidPrompt: say('Pardon?') }

  test('gives what a key stands for, and asks again for any other', async () => {
    const { answer, played } = await answers(
      (channel) => menu(channel, { ...asking, choices: { 1: 'sales', 2: 'support' } }),
      async (caller) => {
        await caller.expectSpeech(/for sales/i)
        await caller.press('789')
        await caller.expectSpeech(/pardon/i)
        await caller.press('2')
        await caller.expectHangUp()
      },
    )
    expect(answer).toBe('support')
    expect(played[1]).toBe('Pardon?, For sales, press 1. For support, press 2.')
  })

  test('has keys of several digits, and of any kind', async () => {
    for (const [keys, expected] of [
      ['1', 'one'],
      ['12', 'twelve'],
      ['#', 'hash'],
      ['*', 'star'],
    ] as const) {
      const { answer } = await answers(
        (channel) => menu(channel, { ...asking, choices: { 1: 'one', 12: 'twelve', '#': 'hash', '*': 'star' } }),
        async (caller) => {
          await caller.expectSpeech(/for sales/i)
          await caller.press(keys)
          await caller.expectHangUp()
        },
      )
      expect(answer).toBe(expected)
    }
  })

  test('gives undefined in the end, and refuses what is no menu', async () => {
    const { answer } = await answers(
      (channel) => menu(channel, { ...asking, choices: { 1: 'one' }, attempts: 1, predigitsTimeoutMs: 500 }),
      (caller) => caller.expectHangUp(),
    )
    expect(answer).toBeUndefined()
    for (const choices of [{}, { sales: 1 }]) {
      const wrong = await answers(
        (channel) => menu<unknown>(channel, { ...asking, choices }),
        (caller) => caller.expectHangUp(),
      )
      expect((wrong.answer as Error).message).toMatch(/choices must have keys of 1 to 8 of 0-9 A-D \* #/)
    }
  })
})

describe('getNumber', () => {
  const asking = { prompt: say('How many?'), invalidPrompt: say('From 5 to 120, please.'), min: 5, max: 120 }

  test.each([
    ['7#', 7],
    ['120', 120],
    ['007', 7],
    ['121', undefined],
    ['4#', undefined],
    ['1*#', undefined],
    ['#', undefined],
  ] as const)('of %s is %s', async (keys, expected) => {
    const { answer } = await answers(
      (channel) => getNumber(channel, { ...asking, attempts: 1 }),
      async (caller) => {
        await caller.expectSpeech(/how many/i)
        await caller.press(keys)
        await caller.expectHangUp()
      },
    )
    expect(answer).toBe(expected)
  })

  test('asks again, and refuses limits that are none', async () => {
    const { answer } = await answers(
      (channel) => getNumber(channel, asking),
      async (caller) => {
        await caller.expectSpeech(/how many/i)
        await caller.press('3#')
        await caller.expectSpeech(/from 5 to 120/i)
        await caller.press('8#')
        await caller.expectHangUp()
      },
    )
    expect(answer).toBe(8)
    for (const [limits, message] of [
      [{ max: 1.5 }, /max must be a whole number from 0 to \d+, not 1\.5/],
      [{ min: 121 }, /min must be a whole number from 0 to 120, not 121/],
    ] as const) {
      const wrong = await answers(
        (channel) => getNumber(channel, { ...asking, ...limits }),
        (caller) => caller.expectHangUp(),
      )
      expect((wrong.answer as unknown as Error).message).toMatch(message)
    }
  })
})

describe('confirm', () => {
  test.each([
    ['1', true],
    ['2', false],
    ['3', undefined],
  ] as const)('of %s is %s', async (keys, expected) => {
    const { answer } = await answers(
      (channel) => confirm(channel, { prompt: say('Are you sure?'), attempts: 1 }),
      async (caller) => {
        await caller.expectSpeech(/are you sure/i)
        await caller.press(keys)
        await caller.expectHangUp()
      },
    )
    expect(answer).toBe(expected)
  })

  test('has other keys, which differ', async () => {
    const { answer } = await answers(
      (channel) => confirm(channel, { prompt: say('Are you sure?'), yes: '#', no: '*' }),
      async (caller) => {
        await caller.expectSpeech(/are you sure/i)
        await caller.press('#')
        await caller.expectHangUp()
      },
    )
    expect(answer).toBe(true)
    const wrong = await answers(
      (channel) => confirm(channel, { prompt: say('Are you sure?'), yes: '2' }),
      (caller) => caller.expectHangUp(),
    )
    expect((wrong.answer as unknown as Error).message).toMatch(/yes and no cannot both be 2/)
  })
})
