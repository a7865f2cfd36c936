import { expect, test } from 'vitest'
import { toneLevelDbm0 } from '../../../media/index.ts'
import { phones } from '../../../testing/index.ts'
import { inbound } from '../../index.ts'
import { desk } from './desk.ts'

test('a caller on loan is taken back: the target is hung up on, and the application can speak', async () => {
  const seen: unknown[] = []
  const { pbx, alice, states, expectClean } = await desk(
    async (channel, other) => {
      seen.push(await channel.retrievableTransfer(other, { to: 'sip:bob@bob' }), other.state())
      await expect(channel.filePlayer.say('Not now.')).rejects.toThrow(/TRANSFERRED/)
      await expect(other.filePlayer.say('Not now.')).rejects.toThrow(/TRANSFERRED/)
      await pbx.sim.clock.sleep(5000)
      seen.push(await channel.retrieveTransfer(), channel.transferCause(), await other.waitForIdle())
      await channel.filePlayer.say('Welcome back.')
      await expect(channel.retrieveTransfer()).rejects.toThrow(/needs a channel in state TRANSFERRED/)
    },
    (pbx) => pbx.phone('bob', phones.person({ says: 'Bob speaking.' })),
  )
  await alice.expectSpeech(/bob speaking/i)
  await alice.expectSpeech(/welcome back/i)
  await expectClean()
  expect(seen).toEqual(['TRANSFERRED', 'TRANSFERRED', 'ANSWERED', 'NORMAL', 'IDLE'])
  expect(states).toEqual(['TRANSFERRING', 'TRANSFERRED', 'RECONNECTING', 'ANSWERED', 'IDLE'])
  expect(pbx.phones[0]?.hasHeard(/welcome back/i)).toBe(false)
})

test('a target that hangs up gives the caller back, who can be transferred again', async () => {
  const seen: unknown[] = []
  const { pbx, alice, expectClean } = await desk(
    async (channel, other) => {
      for (const to of ['sip:bob@bob', 'sip:busy@busy', 'sip:bob@bob']) {
        const back = new Promise<void>((resolve) => {
          channel.on('state', ({ state }) => state === 'ANSWERED' && resolve())
        })
        seen.push(await channel.retrievableTransfer(other, { to }), channel.transferCause())
        await back
        await other.waitForIdle()
        await channel.filePlayer.say('Back again.')
      }
    },
    (pbx) => {
      pbx.phone('bob', phones.person({ says: 'Bob speaking.', hangsUpAfterMs: 4000 }))
      pbx.phone('busy', phones.busy())
    },
  )
  for (let i = 0; i < 3; i++) await alice.expectSpeech(/back again/i)
  await expectClean()
  expect(seen).toEqual(['TRANSFERRED', 'NORMAL', 'ANSWERED', 'TARGETREJECT', 'TRANSFERRED', 'NORMAL'])
  expect(pbx.phones[0]?.state).toBe('IDLE')
})

test('whoever hangs up the channel that carries the target takes the caller back, at every moment', async () => {
  const seen: unknown[] = []
  const { pbx, alice, expectClean } = await desk(
    async (channel, other) => {
      const waiting = channel.retrievableTransfer(other, { to: 'sip:late@late' })
      await pbx.sim.clock.sleep(2000)
      await other.hangUp()
      seen.push(await waiting, channel.transferCause())
      seen.push(await channel.retrievableTransfer(other, { to: 'sip:bob@bob' }))
      await other.hangUp()
      await channel.filePlayer.say('Back again.')
      seen.push(channel.state(), channel.transferCause())
    },
    (pbx) => {
      pbx.phone('late', phones.noAnswer())
      pbx.phone('bob', phones.person())
    },
  )
  await alice.expectSpeech(/back again/i)
  await expectClean()
  expect(seen).toEqual(['ANSWERED', 'FAIL', 'TRANSFERRED', 'ANSWERED', 'NORMAL'])
})

test('a caller goes to a service of ours and comes back', async () => {
  const seen: unknown[] = []
  const weather = inbound(async (channel) => {
    await channel.answer()
    await channel.filePlayer.say('It will rain.')
  })
  const { alice, expectClean } = await desk(
    async (channel, other) => {
      seen.push(await channel.transferToInboundService(other, 'weather'))
      await other.waitForIdle()
      await channel.filePlayer.say('That was the weather.')
      seen.push(channel.state())
    },
    undefined,
    { apps: { weather } },
  )
  await alice.expectSpeech(/it will rain/i)
  await alice.expectSpeech(/that was the weather/i)
  await expectClean()
  expect(seen).toEqual(['TRANSFERRED', 'ANSWERED'])
})

test('a channel that is not idle carries nobody', async () => {
  const { alice, expectClean } = await desk(
    async (channel, other) => {
      const to = 'sip:bob@bob'
      await expect(channel.retrievableTransfer(channel, { to })).rejects.toThrow(/on itself/)
      await other.call(to)
      await expect(channel.retrievableTransfer(other, { to })).rejects.toThrow(/needs an idle channel/)
      await other.close()
      await expect(channel.retrievableTransfer(other, { to })).rejects.toThrow(/was closed/)
      await channel.filePlayer.say('Still here.')
    },
    (pbx) => pbx.phone('bob', phones.person()),
  )
  await alice.expectSpeech(/still here/i)
  await expectClean()
})

test('a caller who was transferred for good can be taken back, and what records him goes on all the while', async () => {
  const seen: unknown[] = []
  const { alice, pbx, expectClean } = await desk(
    async (channel) => {
      channel.fileRecorder.start('alice.wav')
      seen.push(await channel.managedTransfer('sip:bob@bob'))
      await pbx.sim.clock.sleep(6000)
      seen.push(await channel.retrieveTransfer(), channel.transferCause(), await channel.fileRecorder.stop())
      await channel.filePlayer.say('Welcome back.')
    },
    (pbx) => pbx.phone('bob', phones.person({ says: 'Bob speaking.' })),
  )
  await alice.expectSpeech(/bob speaking/i)
  await alice.say('Alice speaking.')
  await alice.expectSpeech(/welcome back/i)
  await expectClean()
  expect(seen).toEqual([true, 'ANSWERED', 'NORMAL', 'ABORTED'])
  expect(pbx.recording('alice.wav').said).toContain('Alice speaking.')
  expect(pbx.phones[0]?.state).toBe('IDLE')
})

test('who is transferred can be listened to all the while: recordings, digits; but nothing can be played to him', async () => {
  const seen: unknown[] = []
  const { alice, pbx, expectClean } = await desk(
    async (channel, other) => {
      channel.wholeCallRecorder.start('all.wav')
      await channel.filePlayer.say('Please wait.')
      seen.push(await channel.retrievableTransfer(other, { to: 'sip:bob@bob' }))
      channel.fileRecorder.start('alice.wav')
      other.wholeCallRecorder.start('bob.wav')
      seen.push(await channel.dtmfDetector.getDigits({ count: 1 }))
      await expect(channel.filePlayer.say('Not now.')).rejects.toThrow(/needs a channel in state ANSWERED/)
      expect(() => channel.wholeCallRecorder.start('again.wav')).toThrow(/already running/)
      await pbx.sim.clock.sleep(4000)
      seen.push(await channel.retrieveTransfer(), await other.waitForIdle())
      await channel.filePlayer.say('Welcome back.')
      await channel.hangUp()
      seen.push(await channel.wholeCallRecorder.waitUntilFinished(), await other.wholeCallRecorder.waitUntilFinished())
    },
    (pbx) =>
      pbx.phone(
        'bob',
        phones.scripted(async (phone) => {
          await phone.answer()
          await phone.hum('BUSY', { loop: true })
        }),
      ),
  )
  await alice.hears.tone('busy')
  await alice.press('5')
  await alice.say('Alice speaking.')
  await expectClean()
  expect(seen).toEqual(['TRANSFERRED', '5', 'ANSWERED', 'IDLE', 'HANGUP', 'HANGUP'])
  const { samples, said } = pbx.recording('all.wav')
  expect(said).toEqual(['Alice speaking.'])
  // What bob says, and the caller hears.
  const heard = samples.subarray(24_000, 26_000)
  expect(toneLevelDbm0(heard, 620)).toBeGreaterThan(toneLevelDbm0(heard, 800) + 20)
  expect(pbx.recording('alice.wav').said).toEqual(['Alice speaking.'])
  expect(pbx.recording('bob.wav').durationMs).toBeGreaterThan(3000)
})
