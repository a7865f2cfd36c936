import { describe, expect, test } from 'vitest'
import { exchange, SyntheticSpeech, type TestExchangeOptions } from '../../testing/index.ts'
import { type Channel, inbound, type MediaToPlay, type Playable, PlayableMedia, type SpokenAs } from '../index.ts'
import { SlowSpeech } from './slow-speech.ts'

/** A caller of an application that has answered. */
async function answered(app: (channel: Channel) => Promise<void>, options: TestExchangeOptions = {}) {
  const answering = inbound(async (channel) => {
    await channel.answer()
    await app(channel)
  })
  const pbx = exchange({ files: { 'music.wav': 'La la la la la la la.' }, ...options, apps: { '*': answering } })
  const alice = pbx.phone('alice')
  expect(await alice.call('1000')).toBe(200)
  const over = async () => {
    await pbx.done()
    expect(pbx.runs[0]?.error).toBeUndefined()
    expect(pbx.exchange.alive).toBe(0)
  }
  return { pbx, alice, over }
}

/** Speech that never comes. */
class UnreadySpeech extends SyntheticSpeech {
  #waiting: { isWanted: (() => boolean) | undefined; reject: (error: Error) => void }[] = []

  override say(_text: string, { isWanted }: SpokenAs): Promise<Playable> {
    return new Promise((_, reject) => this.#waiting.push({ isWanted, reject }))
  }

  wanted(): (boolean | undefined)[] {
    return this.#waiting.map(({ isWanted }) => isWanted?.())
  }

  giveUp(): void {
    for (const { reject } of this.#waiting.splice(0)) reject(new Error('nobody waits for it any more'))
  }
}

/** What the record of the only call says was played. */
function played(pbx: Awaited<ReturnType<typeof answered>>['pbx']): (string | undefined)[] {
  const { exchange } = pbx.exchange
  const [story] = exchange.explain(exchange.recentCalls()[0]?.id ?? '')
  return (story?.events ?? []).flatMap((event) => (event.type === 'started' ? [event.what] : []))
}

describe('filePlayer.say', () => {
  test('says a text, whose words the caller hears', async () => {
    const { pbx, alice, over } = await answered(async (channel) => {
      expect(await channel.filePlayer.say('Please enter your PIN.')).toBe('NORMAL')
      expect(await channel.filePlayer.say('Thank you &amp; goodbye.', { voice: 'anybody' })).toBe('NORMAL')
      expect(
        await channel.filePlayer.say('<speak>Salt &amp; <emphasis>pepper</emphasis></speak>', { private: true }),
      ).toBe('NORMAL')
      await channel.hangUp()
    })
    await alice.expectSpeech(/enter your pin/i)
    await alice.expectSpeech('Thank you &amp; goodbye.')
    await alice.expectSpeech(/^Salt & pepper$/)
    await over()
    expect(played(pbx)).toEqual([
      'Please enter your PIN.',
      'Thank you &amp; goodbye.',
      'a private text of 53 characters',
    ])
    expect(pbx.transcript()).toContain('alice hears exchange says “Please enter your PIN.” (1.4 s)')
  })

  test('refuses SSML that is malformed, and the pipe, as a server does', async () => {
    const errors: (string | undefined)[] = []
    const { over } = await answered(async (channel) => {
      for (const ssml of [
        '<speak>Salt <break time="soon"/></speak>',
        '<speak>Salt',
        'Salt <b>and</b>',
        '<p>Salt</p>',
      ]) {
        errors.push(await channel.filePlayer.say(ssml), channel.filePlayer.error()?.message)
      }
      await channel.hangUp()
    })
    await over()
    expect(errors).toEqual([
      'ERROR',
      expect.stringMatching(/SSML is malformed at line 1, column 13 .*time="soon" is no pause/),
      'ERROR',
      expect.stringMatching(/SSML is malformed at line 1, column 12 .*<speak> is not closed/),
      'NORMAL',
      undefined,
      'ERROR',
      expect.stringMatching(/SSML is malformed at line 1, column 1 .*all of it stands in <speak>/),
    ])
  })

  test('is played as a file is: barge-in, stop, loop, hang-up, and one thing at a time', async () => {
    const { alice, over } = await answered(async (channel) => {
      const { filePlayer } = channel
      expect(await filePlayer.say('Press any key to go on with this.', { bargeIn: true })).toBe('BARGEIN')
      filePlayer.startSay('Over and over. ', { loop: true })
      expect(filePlayer.state()).toBe('RUNNING')
      await expect(filePlayer.play('music.wav')).rejects.toThrow(/filePlayer is already running/)
      await alice.sleep(3000)
      expect(await filePlayer.stop()).toBe('ABORTED')
      expect(await filePlayer.say('You will never hear the end of this.')).toBe('HANGUP')
    })
    await alice.expectSpeech(/press any key/i)
    await alice.press('1')
    await alice.expectSpeech(/over and over/i)
    await alice.expectSpeech(/you will never/i)
    await alice.hangUp()
    await over()
    expect(alice.hasHeard(/go on with this/)).toBe(false)
    expect(alice.hasHeard(/the end/)).toBe(false)
  })

  test('is faster or slower by its rate', async () => {
    const tookMs: number[] = []
    const { pbx, over } = await answered(async (channel) => {
      for (const rate of [1, 2, 0.5]) {
        const begun = pbx.sim.now
        await channel.filePlayer.say('0123456789', { rate })
        tookMs.push(pbx.sim.now - begun)
      }
    })
    await over()
    for (const [index, ms] of [650, 325, 1300].entries()) {
      expect(tookMs[index]).toBeGreaterThanOrEqual(ms)
      expect(tookMs[index]).toBeLessThan(ms + 45)
    }
  })

  test('a voice that does not exist gives ERROR and names those that do', async () => {
    const { over } = await answered(
      async (channel) => {
        expect(await channel.filePlayer.say('Hello', { voice: 'slt' })).toBe('NORMAL')
        expect(await channel.filePlayer.say('Hello', { voice: 'elvis' })).toBe('ERROR')
        expect(channel.filePlayer.error()).toMatchObject({
          code: 'RINGDOWN_SPEECH',
          message: 'there is no voice "elvis"; there are: rms, slt',
        })
      },
      { speech: new SyntheticSpeech({ voices: ['rms', 'slt'] }) },
    )
    await over()
  })

  test('asks for nothing any more when the call has gone before the first word, or it was stopped', async () => {
    const speech = new UnreadySpeech()
    const causes: string[] = []
    const { alice, over } = await answered(
      async ({ filePlayer }) => {
        filePlayer.startSay('Never mind.')
        causes.push(await filePlayer.stop())
        causes.push(await filePlayer.say('You will not hear this.'))
        expect(filePlayer.error()).toBeUndefined()
      },
      { speech },
    )
    await alice.sleep(100)
    expect(speech.wanted()).toEqual([false])
    speech.giveUp()
    await alice.sleep(100)
    expect(speech.wanted()).toEqual([true])
    await alice.hangUp()
    await alice.sleep(100)
    expect(speech.wanted()).toEqual([false])
    speech.giveUp()
    await over()
    expect(causes).toEqual(['ABORTED', 'HANGUP'])
  })

  test('refuses at once what cannot be said', async () => {
    const { over } = await answered(async ({ filePlayer }) => {
      for (const [text, options, message] of [
        ['left | right', {}, /must not contain "\|": "left \| right"/],
        [' ', {}, /a string that is not empty, not " "/],
        [7 as unknown as string, {}, /a string that is not empty, not 7/],
        ['a'.repeat(10_001), {}, /at most 10000 characters; this one has 10001/],
        ['hello', { rate: 5 }, /rate must be 0\.25 to 4, not 5/],
        ['hello', { rate: Number.NaN }, /rate must be 0\.25 to 4, not NaN/],
        ['hello', { voice: '' }, /voice must be the name of a voice, not ""/],
        ['hello', { private: 1 as unknown as boolean }, /private must be true or false, not 1/],
      ] as const) {
        expect(() => filePlayer.startSay(text, options)).toThrow(message)
        await expect(filePlayer.say(text, options)).rejects.toMatchObject({ code: 'RINGDOWN_USAGE' })
      }
      expect(filePlayer.cause()).toBe('NONE')
    })
    await over()
  })

  test('says so where there is no text-to-speech; files are played all the same', async () => {
    const { over } = await answered(
      async (channel) => {
        await expect(channel.filePlayer.say('Hello')).rejects.toThrow(/this exchange has no text-to-speech/)
        await expect(channel.hold({ media: { textToSay: 'Hello' } })).rejects.toThrow(/has no text-to-speech/)
        expect(await channel.filePlayer.play('music.wav')).toBe('NORMAL')
      },
      { speech: null },
    )
    await over()
  })

  test('of a long text, the record keeps the beginning', async () => {
    const { pbx, over } = await answered(async (channel) => {
      channel.filePlayer.startSay('blah '.repeat(100))
      await channel.filePlayer.stop()
    })
    await over()
    expect(played(pbx)[0]).toMatch(/^(blah ){39}blah…$/)
  })
})

describe('what callers hear while they wait', () => {
  test('can be a text: ringing, and on hold', async () => {
    const waiting = inbound(async (channel) => {
      const ringtone = new PlayableMedia().fileToPlay('nothing.wav').textToSay('We will be with you soon. ')
      await channel.ring({ earlyMedia: true, customRingtone: ringtone, loopRingtone: true, ringTimeMs: 3000 })
      await channel.answer()
      await channel.hold({ media: { textToSay: 'Please hold the line. ', voice: 'slow', rate: 0.8 } })
      await channel.waitForIdle()
    })
    const pbx = exchange({ apps: { '*': waiting } })
    const alice = pbx.phone('alice')
    await alice.call('1000')
    expect(alice.hasHeard(/with you soon/)).toBe(true)
    await alice.expectSpeech(/hold the line/)
    await alice.sleep(5000)
    await alice.hears.sound()
    await alice.hangUp()
    await pbx.done()
    expect(pbx.runs[0]?.error).toBeUndefined()
    expect(pbx.exchange.alive).toBe(0)
  })

  test.each([
    ['takes long to be rendered: the default tone until then', 1500, ['440,480']],
    ['is ready at once: no tone', 10, []],
  ])('as a ringtone that %s', async (_, takesMs, tones) => {
    const speech = new SlowSpeech(takesMs)
    const ringing = inbound(async (channel) => {
      const customRingtone = { textToSay: 'We will be with you soon.' }
      await channel.ring({ earlyMedia: true, customRingtone, loopRingtone: true, ringTimeMs: 6000 })
      await channel.reject()
    })
    const pbx = exchange({ apps: { '*': ringing }, speech })
    speech.pbx = pbx
    const alice = pbx.phone('alice')
    expect(await alice.call('1000')).toBe(603)
    expect(alice.ears.tones.map(({ frequencies }) => frequencies.join())).toEqual(tones)
    expect(alice.hasHeard(/with you soon/)).toBe(true)
    await pbx.done()
    expect(pbx.runs[0]?.error).toBeUndefined()
    expect(pbx.exchange.alive).toBe(0)
    expect(speech.closed).toBe(1)
  })

  test('must be something', async () => {
    const { over } = await answered(async (channel) => {
      for (const [media, message] of [
        [new PlayableMedia(), /was given neither a file nor a text/],
        [{}, /expected \{ fileToPlay \} or \{ textToSay \}, not \{\}/],
        [null, /expected \{ fileToPlay \} or \{ textToSay \}, not null/],
        [{ fileToPlay: 'a.wav', textToSay: 'a' }, /expected \{ fileToPlay \} or \{ textToSay \}, not \{"file/],
        [{ fileToPlay: '../a.wav' }, /"\.\.\/a\.wav" is not a media file name/],
        [{ textToSay: 'a|b' }, /must not contain "\|"/],
      ] as [MediaToPlay, RegExp][])
        await expect(channel.hold({ media })).rejects.toThrow(message)
      expect(channel.state()).toBe('ANSWERED')
    })
    await over()
  })
})

test('of the calls to a PlayableMedia the last one counts, and each is checked', () => {
  const media = new PlayableMedia()
  expect(media.chosen).toBeUndefined()
  media.textToSay('Hello', { voice: 'slt', rate: 2 })
  expect(media.chosen).toEqual({ textToSay: 'Hello', voice: 'slt', rate: 2 })
  expect(() => media.textToSay('a|b')).toThrow(/must not contain/)
  expect(() => media.fileToPlay('/etc/passwd')).toThrow(/is not a media file name/)
  expect(media.chosen).toEqual({ textToSay: 'Hello', voice: 'slt', rate: 2 })
  media.fileToPlay('a.wav')
  expect(media.chosen).toEqual({ fileToPlay: 'a.wav' })
})
