import { describe, expect, test } from 'vitest'
import { printReplaces } from '../../../sip/index.ts'
import { exchange, type Phone, phones, type TestExchange } from '../../../testing/index.ts'
import { type Channel, inbound } from '../../index.ts'
import { ANYBODY } from './switchboard.ts'

/** What an INVITE says that is to take the call for which this phone rings. */
function pickUpOf({ sip: { latestCall: call } }: Phone, earlyOnly = false): readonly [string, string] {
  return ['Replaces', printReplaces({ callId: call.callId, toTag: call.remoteTag, fromTag: call.localTag, earlyOnly })]
}

interface Ringing {
  readonly pbx: TestExchange
  readonly alice: Phone
  readonly bob: Phone
  readonly carol: Phone
  readonly seen: unknown[]
}

/** Alice is with an application, which transfers her to bob, whose phone rings. */
async function ringing(settings: object = ANYBODY, to: string | string[] = 'sip:bob@bob'): Promise<Ringing> {
  const seen: unknown[] = []
  const app = inbound(async (channel) => {
    await channel.answer()
    const strategy = 'parallel'
    seen.push(await channel.managedTransfer(to, { strategy, timeoutMs: 20_000 }), channel.transferCause())
    if (channel.state() === channel.State.ANSWERED) await channel.filePlayer.say('Nobody is there.')
  })
  const pbx = exchange({ exchange: settings, apps: { desk: app } })
  const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((name) => pbx.phone(name)) as [Phone, Phone, Phone]
  if (Array.isArray(to)) pbx.phone('dave', phones.noAnswer())
  alice.dial('desk')
  await bob.expectCall()
  bob.ring()
  await alice.expectAnswer()
  await bob.sleep(500)
  return { pbx, alice, bob, carol, seen }
}

async function expectClean({ pbx }: Ringing): Promise<void> {
  await pbx.done()
  expect(pbx.runs.map(({ error }) => error)).toEqual([undefined])
  expect(pbx.exchange.alive).toBe(0)
  expect(pbx.exchange.exchange.counters.get('brokenInvariants')).toBe(0)
}

test.each([
  ['one phone that rings', 'sip:bob@bob', false],
  ['one of several', ['sip:bob@bob', 'sip:dave@dave'], false],
  ['one that rings, by a phone that wants no other', 'sip:bob@bob', true],
] as const)('a call is picked up for %s', async (_, to, earlyOnly) => {
  const call = await ringing(ANYBODY, typeof to === 'string' ? to : [...to])
  const { pbx, alice, bob, carol, seen } = call
  expect(await carol.call('bob', { headers: [pickUpOf(bob, earlyOnly)] })).toBe(200)
  await bob.expectHangUp({ withinMs: 1000 })
  expect(bob.ended?.by).toBe('far end')
  await carol.say('Carol has picked up.')
  await alice.expectSpeech(/carol has picked up/i)
  await alice.say('Hello Carol.')
  await carol.expectSpeech(/hello carol/i)
  await carol.hangUp()
  await alice.expectHangUp()
  await expectClean(call)
  expect(seen).toEqual([true, 'NORMAL'])
  expect(pbx.exchange.exchange.counters.get('callsPickedUp')).toBe(1)
})

test('the channel of a call that is picked up goes on with who has done so', async () => {
  const seen: unknown[] = []
  const app = inbound(async (channel, { extraChannels }) => {
    const other = extraChannels[0] as Channel
    await channel.answer()
    other.on('replaced', ({ by }) => seen.push(/sip:(\w+)@/.exec(by)?.[1]))
    seen.push(await other.call('sip:bob@bob'), /sip:(\w+)@/.exec(other.details?.to ?? '')?.[1])
    await other.filePlayer.say('You have picked up.')
    await other.hangUp()
  })
  const pbx = exchange({ exchange: ANYBODY, apps: { desk: app } })
  const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((name) => pbx.phone(name)) as [Phone, Phone, Phone]
  alice.dial('desk')
  await bob.expectCall()
  bob.earlyMedia()
  await bob.sleep(1000)
  carol.dial('bob', { headers: [pickUpOf(bob)] })
  await carol.expectSpeech(/you have picked up/i)
  await carol.expectHangUp()
  await pbx.done()
  expect(seen).toEqual(['carol', 'ANSWERED', 'carol'])
  expect(pbx.exchange.alive).toBe(0)
})

test.each([
  ['a stranger', {}, 403],
  ['whoever knows but half of it', ANYBODY, 481],
] as const)('%s does not get it', async (_, settings, status) => {
  const call = await ringing(settings)
  const { alice, bob, carol } = call
  const [name, value] = pickUpOf(bob)
  expect(await carol.call('bob', { headers: [[name, status === 481 ? `${value}x` : value]] })).toBe(status)
  await bob.answer()
  await bob.say('Bob speaking.')
  await alice.expectSpeech(/bob speaking/i)
  await alice.hangUp()
  await expectClean(call)
})

test('an offer that cannot be taken lets it ring on', async () => {
  const call = await ringing()
  const { pbx, alice, bob } = call
  const lines = ['v=0', 'o=- 1 1 IN IP4 192.0.2.7', 's=-', 'c=IN IP4 192.0.2.7', 't=0 0', 'm=video 4000 RTP/AVP 96', '']
  const invite = pbx.sim.peer('192.0.2.7', { retransmits: true }).invite('sip:bob@192.0.2.1', {
    headers: [pickUpOf(bob)],
    body: lines.join('\r\n'),
    contentType: 'application/sdp',
  })
  await pbx.sim.clock.pull('the refusal', invite.expectResponse(488))
  await bob.answer()
  await bob.say('Bob speaking.')
  await alice.expectSpeech(/bob speaking/i)
  await bob.hangUp()
  await alice.expectHangUp()
  await expectClean(call)
})

test('an incoming call that rings here is nobody’s to pick up: we have not begun it', async () => {
  const app = inbound(async (channel) => {
    await channel.ring({ ringTimeMs: 3000 })
    await channel.answer()
    await channel.filePlayer.say('You are with the desk.')
  })
  const pbx = exchange({ exchange: ANYBODY, apps: { desk: app } })
  const [alice, carol] = [pbx.phone('alice'), pbx.phone('carol')]
  alice.dial('desk')
  await alice.expectRinging()
  expect(await carol.call('desk', { headers: [pickUpOf(alice)] })).toBe(481)
  await alice.expectSpeech(/with the desk/i)
  await pbx.done()
  expect(pbx.exchange.alive).toBe(0)
})

test('whoever picks up at the moment at which it is answered comes too late, or the phone does', async () => {
  for (const earlyMs of [-3, -2, -1, 0, 1, 2, 3]) {
    const call = await ringing()
    const { alice, bob, carol } = call
    const headers = [pickUpOf(bob)]
    if (earlyMs > 0) {
      carol.dial('bob', { headers })
      await carol.sleep(earlyMs)
      if (bob.state === 'CALLED') await bob.answer().catch(() => {})
    } else {
      const answered = bob.answer().catch(() => {})
      await bob.sleep(-earlyMs)
      carol.dial('bob', { headers })
      await answered
    }
    await alice.sleep(2000)
    const there = [bob, carol].filter(({ state }) => state === 'ANSWERED')
    expect(there, `${earlyMs} ms`).toHaveLength(1)
    await there[0]?.say('It is me.')
    await alice.expectSpeech(/it is me/i)
    await alice.hangUp()
    await expectClean(call)
  }
})

describe('a user with several phones, which ring at once', () => {
  async function ringingHouse(): Promise<Ringing & { readonly cell: Phone }> {
    const seen: unknown[] = []
    const app = inbound(async (channel, { extraChannels }) => {
      const other = extraChannels[0] as Channel
      await channel.answer()
      seen.push(await other.call('user:bob'))
      await channel.connect(other)
      await Promise.all([channel.waitForIdle(), other.waitForIdle()])
    })
    const pbx = exchange({
      exchange: { transfers: { hosts: ['carol'] } },
      users: { bob: 'secret', carol: 'safe' },
      apps: { desk: app },
    })
    const [alice, bob, cell, carol] = ['alice', 'bob', 'cell', 'carol'].map((name) => pbx.phone(name)) as [
      Phone,
      Phone,
      Phone,
      Phone,
    ]
    for (const phone of [bob, cell]) await phone.register({ username: 'bob', password: 'secret' })
    alice.dial('desk')
    await Promise.all([bob.expectCall(), cell.expectCall()])
    for (const phone of [bob, cell]) phone.ring()
    await alice.expectAnswer()
    return { pbx, alice, bob, cell, carol, seen }
  }

  test('the one that has answered may have the call transferred', async () => {
    const call = await ringingHouse()
    const { alice, cell, carol } = call
    await cell.answer()
    expect(await cell.refer('sip:carol@carol')).toBe(202)
    await carol.expectCall()
    await carol.answer()
    await carol.say('Carol speaking.')
    await alice.expectSpeech(/carol speaking/i)
    await cell.hangUp()
    await alice.hangUp()
    await expectClean(call)
    expect(call.seen).toEqual(['ANSWERED'])
  })
})
