import { expect, test } from 'vitest'
import { parseReplaces, printReplaces } from '../../../sip/index.ts'
import { exchange, type Phone, phones, type TestExchange } from '../../../testing/index.ts'
import { type Channel, inbound } from '../../index.ts'
import { ANYBODY } from './switchboard.ts'

/** What an INVITE says that is to take the place of a phone's call. */
function replacesOf({ sip: { latestCall: call } }: Phone, more = ''): readonly [string, string] {
  const value = printReplaces({ callId: call.callId, toTag: call.remoteTag, fromTag: call.localTag, earlyOnly: false })
  expect(parseReplaces(value).ok).toBe(true)
  return ['Replaces', `${value}${more}`]
}

/** An application that says its words until nobody listens. */
function talks(settings: object, seen: string[] = []): { pbx: TestExchange; alice: Phone; carol: Phone } {
  const app = inbound(async (channel) => {
    await channel.answer()
    channel.on('replaced', ({ by }) => seen.push(by))
    channel.on('state', ({ state }) => seen.push(state))
    for (let i = 0; i < 4; i++) await channel.filePlayer.say('You are with the desk.')
    await channel.hangUp()
  })
  const pbx = exchange({ exchange: settings, apps: { desk: app } })
  return { pbx, alice: pbx.phone('alice'), carol: pbx.phone('carol') }
}

test('whoever takes the place of a far end has the application, which speaks on', async () => {
  const seen: string[] = []
  const { pbx, alice, carol } = talks(ANYBODY, seen)
  await alice.call('desk')
  await alice.expectSpeech(/with the desk/i)
  expect(await carol.call('desk', { headers: [replacesOf(alice)] })).toBe(200)
  await alice.expectHangUp({ withinMs: 1000 })
  await carol.expectSpeech(/with the desk/i)
  await carol.expectHangUp()
  await pbx.done()
  expect(seen).toEqual(
    [carol.uri.replace(':5060', ''), 'IDLE'].map((line) => expect.stringContaining(line.split(';')[0] as string)),
  )
  expect(pbx.runs).toMatchObject([{ returnCode: 0 }])
  expect(pbx.calls).toHaveLength(1)
  expect(pbx.exchange.alive).toBe(0)
  expect(pbx.exchange.exchange.counters.get('callsReplaced')).toBe(1)
})

test.each([
  ['a stranger', {}, '', 403],
  ['one who wants only a call that rings', ANYBODY, ';early-only', 486],
  ['one who knows but half of it', ANYBODY, 'x', 481],
] as const)('%s does not get it', async (_, settings, more, status) => {
  const { pbx, alice, carol } = talks(settings)
  await alice.call('desk')
  expect(await carol.call('desk', { headers: [replacesOf(alice, more)] })).toBe(status)
  await alice.expectSpeech(/with the desk/i)
  await alice.hangUp()
  await pbx.done()
  expect(pbx.exchange.alive).toBe(0)
})

test('an offer that cannot be taken changes nothing', async () => {
  const { pbx, alice } = talks(ANYBODY)
  await alice.call('desk')
  const lines = ['v=0', 'o=- 1 1 IN IP4 192.0.2.7', 's=-', 'c=IN IP4 192.0.2.7', 't=0 0', 'm=video 4000 RTP/AVP 96', '']
  const call = pbx.sim.peer('192.0.2.7', { retransmits: true }).invite('sip:desk@192.0.2.1', {
    headers: [replacesOf(alice)],
    body: lines.join('\r\n'),
    contentType: 'application/sdp',
  })
  await pbx.sim.clock.pull('the refusal', call.expectResponse(488))
  await alice.expectSpeech(/with the desk/i)
  await alice.hangUp()
  await pbx.done()
  expect(pbx.exchange.alive).toBe(0)
})

test('phones: one is referred to another in the place of the application, and the three of them know what to do', async () => {
  const app = inbound(async (channel, { extraChannels }) => {
    const other = extraChannels[0] as Channel
    await channel.answer()
    await other.call('sip:bob@bob')
    expect(await channel.attendedTransfer(other)).toBe(true)
    expect([channel.state(), other.state()]).toEqual(['IDLE', 'IDLE'])
  })
  const pbx = exchange({ apps: { desk: app } })
  const [alice, bob] = [pbx.phone('alice'), pbx.phone('bob')]
  alice.dial('desk')
  await bob.expectCall()
  await bob.answer()
  const asked = await alice.expectRefer()
  expect(asked).toMatchObject({ method: 'INVITE', replaces: { toTag: bob.sip.latestCall.localTag } })
  alice.answerRefer()
  await alice.say('Alice without anybody between.')
  await bob.expectSpeech(/without anybody between/i)
  await bob.hangUp()
  await alice.expectHangUp()
  await pbx.done()
  expect(pbx.runs).toMatchObject([{ returnCode: 0 }])
  expect(pbx.exchange.alive).toBe(0)
})

test.each([
  ['answers', phones.person({ says: 'Bob speaking.' }), true, 'IDLE'],
  ['is busy', phones.busy(), false, 'ANSWERED'],
] as const)('phones: a blind transfer to one who %s', async (_, kind, isThere, state) => {
  const outcome: unknown[] = []
  const app = inbound(async (channel) => {
    await channel.answer()
    outcome.push(await channel.blindTransfer('sip:bob@bob'), channel.state())
    if (!isThere) await channel.filePlayer.say('Nobody is there.')
  })
  const pbx = exchange({ apps: { desk: app } })
  const [alice] = [pbx.phone('alice'), pbx.phone('bob', kind)]
  await alice.call('desk')
  await alice.expectRefer()
  alice.answerRefer()
  if (isThere) {
    await alice.expectSpeech(/bob speaking/i)
    await alice.hangUp()
  } else await alice.expectSpeech(/nobody is there/i)
  await pbx.done()
  expect(outcome).toEqual([isThere, state])
  expect(pbx.exchange.alive).toBe(0)
})

test('phones: one that is told what to report does not call', async () => {
  const seen: number[] = []
  const app = inbound(async (channel) => {
    await channel.answer()
    channel.on('transferProgress', ({ status }) => seen.push(status))
    expect(await channel.blindTransfer('sip:bob@bob')).toBe(false)
  })
  const pbx = exchange({ apps: { desk: app } })
  const [alice, bob] = [pbx.phone('alice'), pbx.phone('bob')]
  await alice.call('desk')
  await alice.expectRefer()
  alice.answerRefer(202, { reports: [100, 180, 404] })
  await alice.expectHangUp()
  await pbx.done()
  expect(seen).toEqual([100, 180, 404])
  expect(bob.callCount).toBe(0)
})
