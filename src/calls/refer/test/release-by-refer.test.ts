import { expect, test } from 'vitest'
import { exchange, type Phone } from '../../../testing/index.ts'
import { inbound } from '../../index.ts'

/** Alice is transferred to bob, and asked to call him by herself. */
async function released(answer: (alice: Phone) => unknown) {
  const outcome: unknown[] = []
  const app = inbound(async (channel) => {
    await channel.answer()
    channel.on('state', ({ state }) => outcome.push(state))
    outcome.push(await channel.managedTransfer('sip:bob@bob', { refer: true }), channel.transferCause())
    outcome.push(channel.details?.transfer?.target)
  })
  const pbx = exchange({ apps: { desk: app } })
  const [alice, bob] = [pbx.phone('alice'), pbx.phone('bob')]
  alice.dial('desk')
  await bob.expectCall()
  await bob.answer()
  expect((await alice.expectRefer()).replaces?.toTag).toBe(bob.sip.latestCall.localTag)
  await alice.say('One moment.')
  await bob.expectSpeech(/one moment/i)
  await answer(alice)
  const finish = async () => {
    await pbx.done()
    expect(pbx.runs.map(({ error }) => error)).toEqual([undefined])
    expect(pbx.exchange.alive).toBe(0)
    expect(pbx.exchange.exchange.counters.get('brokenInvariants')).toBe(0)
  }
  return { pbx, alice, bob, outcome, finish }
}

test('a far end that can calls the target by itself, and our lines are free', async () => {
  const { pbx, alice, bob, outcome, finish } = await released((alice) => alice.answerRefer())
  await pbx.sleep(500)
  expect(outcome).toEqual(['TRANSFERRING', 'TRANSFERRED', 'IDLE', true, 'NORMAL', 'sip:bob@bob'])
  expect(pbx.calls).toHaveLength(2)
  await alice.say('Just the two of us.')
  await bob.expectSpeech(/two of us/i)
  await bob.hangUp()
  await alice.expectHangUp()
  await finish()
})

test.each([
  ['refuses', 405, undefined],
  ['fails', 202, [100, 503]],
] as const)('with one that %s the two stay connected here', async (_, status, reports) => {
  const { pbx, alice, bob, outcome, finish } = await released((alice) =>
    alice.answerRefer(status, { ...(reports && { reports }) }),
  )
  await pbx.sleep(500)
  expect(outcome).toEqual(['TRANSFERRING', 'TRANSFERRED', true, 'NORMAL', 'sip:bob@bob'])
  await alice.say('Still here.')
  await bob.expectSpeech(/still here/i)
  await alice.hangUp()
  await bob.expectHangUp()
  await finish()
})

test('one that hangs up instead: the target is let go', async () => {
  const { bob, finish } = await released((alice) => alice.hangUp())
  await bob.expectHangUp()
  await finish()
})
