import { describe, expect, test } from 'vitest'
import { exchange, type Phone, type TestExchange } from '../../testing/index.ts'
import { type BargeIn, type Channel, inbound } from '../index.ts'

const PROMPT =
  'Welcome to Acme. If you know the extension of the person that you want to speak to, enter it at any time.'

/** An application plays something to a caller, who does something after 1.5 s. Returns how that ended, and when. */
async function played(
  play: (channel: Channel) => Promise<string>,
  act: (alice: Phone) => Promise<void>,
): Promise<{ cause: string; endedAfterMs: number; quietAfterMs: number }> {
  let cause = ''
  let endedAt = 0
  const app = inbound(async (channel) => {
    await channel.answer()
    cause = await play(channel)
    endedAt = pbx.sim.now
    await channel.waitForIdle()
  })
  const pbx = exchange({ apps: { '*': app }, files: { 'prompt.wav': PROMPT } })
  const alice = pbx.phone('alice')
  await alice.call('1000')
  await pbx.sleep(1500)
  const actedAt = pbx.sim.now
  await act(alice)
  await alice.hears.silence(1000)
  const quietSince = alice.ears.lastSoundAt
  await alice.hangUp()
  await pbx.done()
  expect(pbx.runs[0]?.error).toBeUndefined()
  return { cause, endedAfterMs: endedAt - actedAt, quietAfterMs: quietSince - endedAt }
}

const speak = (alice: Phone) => alice.say('Reception please.')
const press = (alice: Phone) => alice.press('5')

describe('what cuts short what is played', () => {
  test.each<[BargeIn | undefined, byDigit: boolean, bySpeech: boolean]>([
    [undefined, false, false],
    [false, false, false],
    [true, true, false],
    ['digit', true, false],
    ['speech', false, true],
    ['both', true, true],
  ])('bargeIn: %s', async (bargeIn, byDigit, bySpeech) => {
    const options = bargeIn === undefined ? {} : { bargeIn }
    for (const [act, interrupts] of [
      [press, byDigit],
      [speak, bySpeech],
    ] as const) {
      const { cause, endedAfterMs, quietAfterMs } = await played(
        (channel) => channel.filePlayer.play('prompt.wav', options),
        act,
      )
      expect(cause).toBe(interrupts ? 'BARGEIN' : 'NORMAL')
      if (interrupts) expect(endedAfterMs).toBeLessThan(400)
      // What is on the wire when it ends, and no more.
      expect(quietAfterMs).toBeLessThanOrEqual(40)
    }
  })

  test('texts, lists and tones are interrupted alike', async () => {
    for (const play of [
      (channel: Channel) => channel.filePlayer.say(PROMPT, { bargeIn: 'speech' }),
      (channel: Channel) => channel.filePlayer.playList(['prompt.wav', { textToSay: PROMPT }], { bargeIn: 'speech' }),
      (channel: Channel) => channel.tonePlayer.play('DIAL', { bargeIn: 'speech', loop: true }),
    ])
      expect((await played(play, speak)).cause).toBe('BARGEIN')
  })

  test('anything else is refused by name', async () => {
    await expect(
      played(async (channel) => {
        expect(() => channel.filePlayer.start('prompt.wav', { bargeIn: 'voice' as BargeIn })).toThrow(
          "bargeIn must be true, false, 'digit', 'speech' or 'both', not voice",
        )
        expect(() => channel.tonePlayer.start('DIAL', { bargeIn: 1 as unknown as BargeIn })).toThrow('not 1')
        return 'refused'
      }, press),
    ).resolves.toMatchObject({ cause: 'refused' })
  })
})

/** Whatever the media engine is told from now on reaches it so much later, as when its thread or ours has to wait. */
function delayCommands({ exchange: { engine }, sim: { clock } }: TestExchange, ms: number): void {
  const handle = engine.handle.bind(engine)
  engine.handle = (command) => {
    clock.after(ms, () => handle(command, clock.now))
  }
}

describe('a key that the media engine hears before it is told of what can be interrupted', () => {
  const jobs: Record<string, (channel: Channel) => Promise<string>> = {
    playing: (channel) => channel.filePlayer.play('prompt.wav', { bargeIn: true }),
    recording: (channel) => channel.fileRecorder.record('message.wav', { bargeIn: true, timeoutMs: 3000 }),
    recognising: async (channel) => {
      await channel.speechDetector.recognise({ bargeIn: true, timeoutMs: 3000 })
      return channel.speechDetector.cause()
    },
  }
  test.each(Object.keys(jobs))('interrupts %s all the same', async (job) => {
    let cause = ''
    let keysBefore = -1
    const app = inbound(async (channel) => {
      await channel.answer()
      await pbx.sleep(1000)
      keysBefore = channel.dtmfDetector.digitsWaiting()
      delayCommands(pbx, 100)
      cause = await jobs[job]!(channel)
    })
    const pbx = exchange({ apps: { '*': app }, files: { 'prompt.wav': PROMPT } })
    const alice = pbx.phone('alice')
    await alice.call('1000')
    await pbx.sleep(1020)
    await press(alice)
    await alice.expectHangUp()
    await pbx.done()
    expect(pbx.runs[0]?.error).toBeUndefined()
    expect([cause, keysBefore]).toEqual(['BARGEIN', 0])
  })
})

test('a recording that a key by INFO ends is told to hold sound', async () => {
  let told: unknown
  const app = inbound(async (channel) => {
    await channel.answer()
    const cause = await channel.fileRecorder.record('message.wav', { bargeIn: true })
    told = [cause, channel.fileRecorder.audioDetectedInRecording()]
  })
  const pbx = exchange({ apps: { '*': app } })
  const alice = pbx.phone('alice', { set: { dtmf: { by: 'info' } } })
  await alice.call('1000')
  await alice.say('It is raining.')
  await press(alice)
  await alice.expectHangUp()
  await pbx.done()
  expect(told).toEqual(['BARGEIN', true])
  expect(pbx.recording('message.wav').said).toEqual(['It is raining.'])
})
