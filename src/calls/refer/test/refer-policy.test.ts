import { describe, expect, test } from 'vitest'
import { exchange, type Phone } from '../../../testing/index.ts'
import { type Channel, inbound, type ReferRequest } from '../../index.ts'
import { ANYBODY, switchboard } from './switchboard.ts'

const CAROL = 'sip:carol@carol'

describe('what nobody decides is for the policy', () => {
  test.each([
    ['a stranger may not', {}, CAROL, 403],
    ['a stranger may not, whatever the target', { transfers: {} }, 'desk', 403],
    ['nobody may', { transfers: { from: 'nobody', hosts: ['*'] } }, CAROL, 403],
    ['who may is not let out of the house', { transfers: { from: 'everybody' } }, CAROL, 403],
    ['nor to a number', { transfers: { from: 'everybody' } }, 'tel:+441632960001', 403],
    ['nor past it', { transfers: { from: 'everybody', hosts: ['carol'] } }, 'sip:carol@carol;maddr=192.0.2.66', 403],
    [
      'nor to send anything but a call',
      { transfers: { from: 'everybody', hosts: ['*'] } },
      'sip:carol@carol;method=BYE',
      603,
    ],
  ] as const)('%s', async (_, settings, target, status) => {
    const { pbx, alice, bob, expectTalk, expectClean } = await switchboard({ exchange: settings })
    expect(await alice.refer(target)).toBe(status)
    await expectTalk(alice, bob)
    expect(pbx.exchange.exchange.counters.get('refersRefused')).toBe(1)
    await alice.hangUp()
    await bob.hangUp()
    await expectClean()
  })

  test('our own services, and what a mask allows', async () => {
    const greets = inbound(async (channel) => {
      await channel.answer()
      await channel.filePlayer.say('Welcome to sales.')
    })
    const { pbx, alice, bob, expectClean } = await switchboard({
      exchange: { transfers: { from: 'everybody', numbers: ['+44*'] } },
      apps: { sales: greets },
    })
    const dave = pbx.phone('dave', {}, { numbers: ['+441632960001'] })
    await alice.refer('tel:+441632960001')
    await dave.expectCall()
    dave.reject(486)
    await alice.expectReport(486)
    await alice.refer('sales')
    await alice.expectReport(200)
    await bob.expectSpeech(/welcome to sales/i)
    await alice.hangUp()
    await expectClean()
  })

  test('a phone that is known may: that of a user of ours who was called', async () => {
    const app = inbound(async (channel, { extraChannels }) => {
      const other = extraChannels[0] as Channel
      await channel.answer()
      await other.call('user:bob')
      await channel.connect(other)
      await channel.waitForIdle()
    })
    const pbx = exchange({ apps: { desk: app }, users: { bob: 'secret', carol: 'secret' } })
    const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((name) => pbx.phone(name)) as [Phone, Phone, Phone]
    await bob.register({ password: 'secret', expiresS: 120 })
    await carol.register({ password: 'secret', expiresS: 120 })
    alice.dial('desk')
    await bob.expectCall()
    await bob.answer()
    await alice.expectAnswer()
    expect(await alice.refer('carol')).toBe(403)
    expect(await bob.refer('carol')).toBe(202)
    await carol.expectCall()
    await carol.answer()
    await bob.expectReport(200)
    await alice.say('Hello, Carol.')
    await carol.expectSpeech(/hello, carol/i)
    await alice.hangUp()
    await carol.expectHangUp()
    await bob.hangUp()
    await pbx.done()
    expect(pbx.exchange.alive).toBe(0)
  })

  test('without anybody to be transferred there is nothing to do', async () => {
    const alone = inbound(async (channel) => {
      await channel.answer()
      await channel.waitForIdle()
    })
    const pbx = exchange({ exchange: ANYBODY, apps: { desk: alone } })
    const alice = pbx.phone('alice')
    await alice.call('desk')
    expect(await alice.refer(CAROL)).toBe(603)
    await alice.hangUp()
    const outside = alice.sip.request('REFER', 'sip:desk@192.0.2.1', { headers: [['Refer-To', `<${CAROL}>`]] })
    await pbx.done()
    expect(alice.sip.latestCall).toBe(outside)
    expect(pbx.exchange.exchange.counters.get('refersRefused')).toBe(2)
  })
})

describe('the application decides', () => {
  const listening = (decide: (refer: ReferRequest) => unknown) => (channel: Channel) =>
    void channel.on('referred', ({ refer }) => void decide(refer))

  test('refuses, with a cause', async () => {
    const { alice, bob, expectClean } = await switchboard({
      listen: listening((refer) => refer.reject('BUSY')),
    })
    expect(await alice.refer(CAROL)).toBe(486)
    await alice.hangUp()
    await bob.hangUp()
    await expectClean()
  })

  test('lets it be done, to another target and for somebody whom the policy would refuse', async () => {
    const asked: unknown[] = []
    const done: boolean[] = []
    const { alice, bob, carol, expectTalk, expectClean } = await switchboard({
      exchange: {},
      listen: listening(async (refer) => {
        asked.push(refer.to, refer.referredBy, refer.isAttended)
        done.push(await refer.perform({ to: CAROL }))
      }),
    })
    expect(await alice.refer('sales', { headers: [['Referred-By', '<sip:boss@example.net>']] })).toBe(202)
    await carol.expectCall()
    await carol.answer()
    await alice.expectReport(200)
    await alice.hangUp()
    await expectTalk(bob, carol)
    await bob.hangUp()
    await expectClean()
    expect(asked).toEqual(['sip:sales@192.0.2.1', 'sip:boss@example.net', false])
    expect(done).toEqual([true])
  })

  test('takes its time, and does it by itself', async () => {
    const { alice, bob, expectClean } = await switchboard({
      listen: (channel) =>
        channel.on('referred', ({ refer }) => {
          refer.wait()
          void (async () => {
            await channel.waitForIdle({ timeoutMs: 3000 })
            await refer.accept()
            refer.report(180)
            await channel.waitForIdle({ timeoutMs: 3000 })
            refer.report(486, 'Busy')
            expect(() => refer.report(42)).toThrow(/from 100 to 699, not 42/)
            await expect(refer.perform()).rejects.toThrow(/was decided before/)
          })()
        }),
    })
    expect(await alice.refer(CAROL)).toBe(202)
    await alice.expectReport(486)
    expect(alice.reports).toEqual([100, 180, 486])
    await alice.hangUp()
    await bob.hangUp()
    await expectClean()
  })

  test('one who waits for ever leaves it to the policy', async () => {
    const { pbx, alice, bob, expectClean } = await switchboard({
      exchange: {},
      listen: listening((refer) => refer.wait()),
    })
    const askedAt = pbx.sim.now
    expect(await alice.refer(CAROL, { withinMs: 20_000 })).toBe(403)
    expect(pbx.sim.now - askedAt).toBeGreaterThan(9000)
    await alice.hangUp()
    await bob.hangUp()
    await expectClean()
  })
})
