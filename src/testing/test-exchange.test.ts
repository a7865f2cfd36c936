import { expect, test } from 'vitest'
import { type AppFunction, inbound, outbound } from '../calls/index.ts'
import { ExpectationError, exchange, phones } from './index.ts'

const FILES = {
  'welcome.wav': 'Welcome to Acme. Please enter your PIN.',
  'thanks.wav': 'Thank you. Goodbye.',
  'wrong.wav': 'That is not right.',
}

/** Asks for a PIN of four digits, three times. */
const pin = inbound(async (channel) => {
  await channel.answer()
  await channel.filePlayer.play('welcome.wav', { bargeIn: true })
  for (let tries = 0; tries < 3; tries++) {
    const digits = await channel.dtmfDetector.getDigits({ end: '#', predigitsTimeoutMs: 5000 })
    if (digits === '1234') {
      await channel.filePlayer.play('thanks.wav')
      await channel.hangUp()
      return
    }
    await channel.filePlayer.play('wrong.wav', { bargeIn: true })
  }
})

test('a caller hears the prompts, presses keys, and is hung up on', async () => {
  const pbx = exchange({ apps: { '*': pin }, files: FILES })
  const alice = pbx.phone('alice')
  expect(await alice.call('1000')).toBe(200)
  await alice.expectSpeech(/welcome to acme/i)
  await alice.expectSpeech(/pin/i)
  await alice.press('99#')
  await alice.expectSpeech('wrong.wav')
  await alice.press('1234#')
  await alice.expectSpeech(/goodbye/i)
  await alice.expectHangUp()
  await pbx.done()
  expect(pbx.calls[0]).toMatchObject({ cause: 'NORMAL', endedBy: 'local' })
  expect(pbx.transcript()).toContain('alice hears welcome.wav “Welcome to Acme. Please enter your PIN.” (2.5 s)')
})

test('words are heard as they are spoken: barge-in cuts them off', async () => {
  const pbx = exchange({ apps: { '*': pin }, files: FILES })
  const alice = pbx.phone('alice')
  await alice.call('1000')
  await alice.expectSpeech(/welcome/i)
  await alice.press('1234#')
  await alice.expectSpeech(/goodbye/i)
  expect(alice.hasHeard(/welcome/i)).toBe(true)
  expect(alice.hasHeard(/enter your pin/i)).toBe(false)
  expect(alice.hasHeard('welcome.wav')).toBe(true)
})

test('what was not said fails with what was heard instead, the call, and the ladder', async () => {
  const pbx = exchange({ apps: { '*': pin }, files: FILES })
  const alice = pbx.phone('alice')
  await alice.call('1000')
  const error = await alice.expectSpeech(/your balance/i, { withinMs: 4000 }).catch((thrown: Error) => thrown)
  expect(error).toBeInstanceOf(ExpectationError)
  const { message, stack } = error as Error
  expect(message).toMatch(
    /^alice expected to hear \/your balance\/i: nothing within 4 s; heard instead:\n {2}welcome\.wav “/,
  )
  expect(message).toContain('0.00 s  alice calls 1000')
  expect(message).toContain('RINGDOWN_SEED=1')
  expect(message).toContain('--- INVITE 1000@192.0.2.1')
  expect(stack).toContain('test-exchange.test.ts')
})

test('an outbound application meets phones of every kind', async () => {
  const causes: Record<string, string> = {}
  const dialler = outbound(async (channel, app) => {
    const to = app.outboundParameters.to as string
    await channel.call(to, { timeoutMs: 20_000 })
    causes[to] = `${channel.state()} ${channel.cause()}`
  })
  const pbx = exchange({})
  const kinds = {
    '+15550101': phones.busy(),
    '+15550102': phones.noAnswer(),
    '+15550103': phones.rejects(),
    '+15550104': phones.unobtainable(),
    '+15550105': phones.person({ rings: 2 }),
    '+15550106': phones.silent(),
    '+15550107': phones.rejects(503),
    '+15550108': phones.noAnswer({ givesUpAfterMs: 5000 }),
  }
  for (const [number, kind] of Object.entries(kinds)) pbx.phone(number, kind)
  for (const to of [...Object.keys(kinds), '+15559999'])
    expect(await pbx.start(dialler, { to })).toMatchObject({ returnCode: 0 })
  await pbx.done()
  expect(causes).toEqual({
    '+15550101': 'IDLE BUSY',
    '+15550102': 'IDLE TIMEOUT',
    '+15550103': 'IDLE REJECTED',
    '+15550104': 'IDLE UNOBTAINABLE',
    '+15550105': 'ANSWERED NORMAL',
    '+15550106': 'ANSWERED NORMAL',
    '+15550107': 'IDLE CONGESTION',
    '+15550108': 'IDLE NOANSWER',
    '+15559999': 'IDLE UNOBTAINABLE',
  })
  expect(pbx.exchange.alive).toBe(0)
})

/** Lets the caller talk to the one at that number. */
const forward =
  (to: string): AppFunction =>
  async (channel, app) => {
    await channel.ring({ earlyMedia: true, loopRingtone: true })
    const [other] = app.extraChannels
    if (other === undefined) return
    await other.call(to)
    if (other.state() !== 'ANSWERED') {
      await channel.reject('BUSY')
      return
    }
    await channel.answer()
    await channel.connect(other)
    await Promise.race([channel.waitForIdle(), other.waitForIdle()])
  }

test('a caller hears ringback by ear, then the one who answers, and is heard', async () => {
  const pbx = exchange(inbound(forward('sip:bob@bob')))
  const alice = pbx.phone('alice')
  const bob = pbx.phone('bob', phones.person({ rings: 2, says: 'Bob speaking.' }))
  alice.dial('1000')
  const ringback = await alice.hears.tone('ringback')
  expect(ringback.durationMs).toBeCloseTo(2000, -2)
  expect(ringback.frequencies).toEqual([440, 480])
  await alice.expectAnswer()
  await alice.expectSpeech(/bob speaking/i)
  await alice.say('Hi Bob, this is Alice.')
  await bob.hears.silence(300)
  expect(bob.hasHeard(/this is alice/i)).toBe(true)
  await alice.hangUp()
  await bob.expectHangUp()
  await pbx.done()
})

test("each country's ringback has its own name, and no other passes for it", async () => {
  const names = ['RINGBACK', 'RINGBACK_EU', 'RINGBACK_UK'] as const
  for (const played of names) {
    const pbx = exchange(
      inbound(async (channel) => {
        await channel.answer()
        await channel.tonePlayer.play(played, { loop: true })
      }),
    )
    const alice = pbx.phone('alice')
    await alice.call('1000')
    await alice.hears.tone(played.toLowerCase())
    for (const name of names) expect([played, name, alice.hears.hasTone(name)]).toEqual([played, name, name === played])
    for (const other of names.filter((name) => name !== played))
      await expect(alice.hears.tone(other, { withinMs: 7000 })).rejects.toThrow(
        new RegExp(`expected to hear the tone ${other}: nothing within 7 s; heard instead:\n +${played} \\(`),
      )
    await alice.hangUp()
    await pbx.done()
  }
})

test('a message is recorded, and its words are known', async () => {
  const pbx = exchange(
    inbound(async (channel) => {
      await channel.answer()
      await channel.fileRecorder.record('message.wav', { beepOnStart: true, maxSilenceMs: 2000 })
    }),
  )
  const alice = pbx.phone('alice')
  await alice.call('mailbox')
  expect((await alice.hears.beep()).frequencies).toEqual([1000])
  await alice.say('Please call me back.')
  await alice.expectHangUp()
  const message = pbx.recording('message.wav')
  expect(message.said).toEqual(['Please call me back.'])
  expect(message.durationMs).toBeGreaterThan(3000)
  expect(() => pbx.recording('other.wav')).toThrow('complete are: message.wav')
})

test('the same seed takes the same course', async () => {
  const run = async (seed: number) => {
    const pbx = exchange({ seed, apps: { '*': pin }, files: FILES, conditions: { jitterMs: 20, loss: 0.05 } })
    const alice = pbx.phone('alice')
    await alice.call('1000')
    await alice.expectSpeech(/welcome/i)
    await alice.press('1234#')
    await alice.expectHangUp()
    await pbx.done()
    return pbx.sim.traceHash
  }
  expect(await run(5)).toBe(await run(5))
  expect(await run(5)).not.toBe(await run(6))
})

test('a script that goes wrong fails the test, and says where it stands', async () => {
  const pbx = exchange({ apps: { '*': inbound(forward('sip:bob@bob')) } })
  pbx.phone(
    'bob',
    phones.scripted(async (phone) => {
      await phone.answer()
      await phone.expectSpeech(/a word that nobody says/, { withinMs: 3000 })
    }),
  )
  const alice = pbx.phone('alice')
  await alice.call('1000')
  // Whatever the test waits for fails at that moment, and so does its end.
  await expect(alice.sleep(5000)).rejects.toThrow('bob expected to hear /a word that nobody says/')
  await alice.hangUp()
  await expect(pbx.done()).rejects.toThrow('bob expected to hear /a word that nobody says/')
})
