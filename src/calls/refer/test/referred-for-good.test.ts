import { expect, test } from 'vitest'
import { exchange, type Phone, phones } from '../../../testing/index.ts'
import { type Channel, inbound } from '../../index.ts'
import { ANYBODY, switchboard } from './switchboard.ts'

const CAROL = 'sip:carol@carol'

/** Alice, whom an application has transferred to bob; it has ended. */
async function together(
  kind = {},
): Promise<{ alice: Phone; bob: Phone; carol: Phone; expectClean: () => Promise<void> }> {
  const app = inbound(async (channel) => {
    await channel.answer()
    await channel.managedTransfer('sip:bob@bob')
  })
  const pbx = exchange({ exchange: ANYBODY, apps: { desk: app } })
  const [alice, bob, carol] = [pbx.phone('alice'), pbx.phone('bob'), pbx.phone('carol', kind)]
  alice.dial('desk')
  await bob.expectCall()
  await bob.answer()
  await alice.sleep(500)
  const expectClean = async () => {
    await pbx.done()
    expect(pbx.runs.map(({ error }) => error).filter((error) => error !== undefined)).toEqual([])
    expect(pbx.exchange.alive).toBe(0)
    expect(pbx.exchange.exchange.counters.get('brokenInvariants')).toBe(0)
  }
  return { alice, bob, carol, expectClean }
}

async function expectTalk(one: Phone, other: Phone): Promise<void> {
  await one.say(`${one.name} here.`)
  await other.expectSpeech(`${one.name} here`, { withinMs: 3000 })
  await other.say(`${other.name} here.`)
  await one.expectSpeech(`${other.name} here`, { withinMs: 3000 })
}

test.each(['alice', 'bob'] as const)(
  'of two who have each other for good %s has the other transferred',
  async (who) => {
    const { alice, bob, carol, expectClean } = await together()
    const [one, other] = who === 'alice' ? [alice, bob] : [bob, alice]
    await expectTalk(alice, bob)
    expect(await one.refer(CAROL)).toBe(202)
    await carol.expectCall()
    await carol.answer()
    await one.expectReport(200)
    await one.expectHangUp()
    await expectTalk(other, carol)
    await other.hangUp()
    await carol.expectHangUp()
    await expectClean()
  },
)

test.each(['alice', 'bob'] as const)('a target that is busy changes nothing when %s has asked for it', async (who) => {
  const { alice, bob, expectClean } = await together(phones.busy())
  const one = who === 'alice' ? alice : bob
  expect(await one.refer(CAROL)).toBe(202)
  await one.expectReport(486)
  await expectTalk(alice, bob)
  await alice.hangUp()
  await bob.expectHangUp()
  await expectClean()
})

test('whoever is left alone by both is hung up on', async () => {
  const { alice, bob, carol, expectClean } = await together()
  await alice.refer(CAROL)
  await carol.expectCall()
  carol.ring()
  await alice.hangUp()
  await bob.hears.tone('ringback')
  carol.reject(486)
  await bob.expectHangUp({ withinMs: 2000 })
  await expectClean()
})

test('attended, both calls here: those with whom the far end speaks get each other, and its two calls end', async () => {
  const second = inbound(async (channel, { extraChannels }) => {
    const other = extraChannels[0] as Channel
    await channel.answer()
    await other.call(CAROL)
    await channel.connect(other)
    await channel.waitForIdle()
    await other.waitForIdle()
  })
  const {
    pbx,
    alice,
    bob,
    carol,
    expectTalk: expectBoth,
    expectClean,
  } = await switchboard({ apps: { consult: second } })
  const line2 = pbx.phone('alice2')
  line2.dial('consult')
  await carol.expectCall()
  await carol.answer()
  await expectBoth(line2, carol)
  expect(await alice.refer(line2)).toBe(202)
  await alice.expectReport(200)
  await line2.expectHangUp()
  await expectBoth(bob, carol)
  await alice.hangUp()
  await expectBoth(carol, bob)
  await carol.hangUp()
  await bob.expectHangUp()
  await expectClean()
})
