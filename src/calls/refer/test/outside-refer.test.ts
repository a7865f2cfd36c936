import { expect, test } from 'vitest'
import { utf8Decode } from '../../../kit/index.ts'
import { exchange, type Phone, type PhoneKind, phones, type TestExchange } from '../../../testing/index.ts'
import { type AppFunction, type OutsideRefers, outbound, type Trunk } from '../../index.ts'

interface Asked {
  readonly pbx: TestExchange
  readonly bob: Phone
  /** What was reported of the call. */
  readonly reports: readonly string[]
}

interface Wish {
  /** The final status that the REFER has to get. Default 202. */
  readonly status?: number
  readonly to?: string
  readonly from?: OutsideRefers['from']
  readonly bob?: PhoneKind
  readonly trunks?: readonly Trunk[]
  readonly headers?: readonly (readonly [string, string])[]
}

/** Somebody asks us, outside of any call, to call bob; `app` decides. */
async function asked(app: AppFunction | undefined, wish: Wish = {}): Promise<Asked> {
  const { status = 202, to = 'sip:bob@bob', from = 'everybody', bob: kind, headers = [], trunks = [] } = wish
  const outsideRefers: OutsideRefers | undefined = app && { from, app: () => outbound(app) }
  const pbx = exchange({ exchange: { trunks, ...(outsideRefers && { outsideRefers }) } })
  const bob = pbx.phone('bob', kind ?? phones.person({ says: 'Bob speaking.' }))
  const asker = pbx.sim.peer('192.0.2.7', { name: 'asker', retransmits: true })
  const call = asker.request('REFER', 'sip:desk@192.0.2.1', { headers: [['Refer-To', `<${to}>`], ...headers] })
  await pbx.sim.clock.pull('the answer', call.expectResponse(status))
  const reports: string[] = []
  const hear = async () => {
    for (let isOver = status >= 300; !isOver; ) {
      const notify = await call.expect('NOTIFY')
      call.respond(200, {}, notify)
      reports.push(utf8Decode(notify.body).split(' ')[1] ?? '')
      isOver = notify.headers.get('subscription-state')?.startsWith('terminated') === true
    }
  }
  await pbx.sim.clock.pull('the reports', hear())
  await pbx.done()
  expect(pbx.exchange.alive).toBe(0)
  expect(pbx.exchange.exchange.counters.get('brokenInvariants')).toBe(0)
  return { pbx, bob, reports }
}

test.each([
  ['where there is no application for it', undefined, {}, 403],
  ['from a stranger', () => {}, { from: 'known' }, 403],
  ['for anything but a call', () => {}, { to: 'sip:bob@bob;method=BYE' }, 603],
  ['that the application leaves open', () => {}, {}, 603],
  ['that the application refuses', (_, { refer }) => refer?.reject('BARRED'), {}, 403],
] satisfies [string, AppFunction | undefined, Wish, number][])(
  'a REFER %s is refused',
  async (_, app, wish, status) => {
    const { pbx, bob } = await asked(app, { ...wish, status })
    expect(bob.callCount).toBe(0)
    expect(pbx.exchange.exchange.counters.get('refersRefused')).toBe(1)
  },
)

test('the application lets the call be placed, and has it; who asked is told how it goes', async () => {
  const seen: unknown[] = []
  const { pbx, bob, reports } = await asked(async (channel, { refer }) => {
    seen.push(refer?.to, refer?.referredBy, refer?.isAttended)
    seen.push(await refer?.perform({ from: 'sip:desk@house' }), channel.state())
    await expect(refer?.perform()).rejects.toThrow(/decided before/)
    await channel.filePlayer.say('You wanted to be called.')
  })
  expect(seen).toEqual(['sip:bob@bob', expect.stringContaining('192.0.2.7'), false, true, 'ANSWERED'])
  expect(reports).toEqual(['100', '180', '200'])
  expect(bob.hasHeard(/you wanted to be called/i)).toBe(true)
  expect(pbx.exchange.exchange.counters.get('callsReferred')).toBe(1)
})

test.each([
  ['busy', { bob: phones.busy() }, '486'],
  ['not to be dialled', { to: 'tel:+441632960001' }, '404'],
] satisfies [string, Wish, string][])('a target that is %s', async (_, wish, last) => {
  const seen: unknown[] = []
  const { reports } = await asked(async (_, { refer }) => {
    seen.push(await refer?.perform({ timeoutMs: 20_000 }))
  }, wish)
  expect(seen).toEqual([false])
  expect(reports.at(-1)).toBe(last)
})

test('an application that takes it on and ends without a word of how it went says 487', async () => {
  const { reports } = await asked((_, { refer }) => refer?.accept())
  expect(reports).toEqual(['100', '487'])
})

test('a trusted trunk is known', async () => {
  const trunks = [{ name: 'pbx', uri: 'sip:192.0.2.7', isTrusted: true, inbound: { addresses: ['192.0.2.7'] } }]
  const { bob } = await asked(async (_, { refer }) => void (await refer?.perform()), { from: 'known', trunks })
  expect(bob.callCount).toBe(1)
})

test('without reports nothing is told (RFC 4488)', async () => {
  const app: AppFunction = async (_, { refer }) => {
    await refer?.perform()
  }
  const pbx = exchange({ exchange: { outsideRefers: { from: 'everybody', app: () => outbound(app) } } })
  const bob = pbx.phone('bob', phones.person({ says: 'Bob speaking.' }))
  const asker = pbx.sim.peer('192.0.2.7', { name: 'asker', retransmits: true })
  const headers = [
    ['Refer-To', '<sip:bob@bob>'],
    ['Refer-Sub', 'false'],
  ] as const
  const call = asker.request('REFER', 'sip:desk@192.0.2.1', { headers })
  await pbx.sim.clock.pull('the answer', call.expectResponse(202))
  await pbx.done()
  expect(bob.callCount).toBe(1)
  expect(pbx.sim.ladder).not.toContain('NOTIFY')
  expect(pbx.exchange.alive).toBe(0)
})

test('an application that cannot be loaded, or asks for what cannot be', async () => {
  const app = () => Promise.reject(new Error('no such file'))
  const pbx = exchange({ exchange: { outsideRefers: { from: 'everybody', app } } })
  const asker = pbx.sim.peer('192.0.2.7', { name: 'asker', retransmits: true })
  const call = asker.request('REFER', 'sip:desk@192.0.2.1', { headers: [['Refer-To', '<sip:bob@bob>']] })
  await pbx.sim.clock.pull('the answer', call.expectResponse(500))
  await pbx.done()
  const asks: AppFunction = async (_, { refer }) => {
    await expect(refer?.perform({ ringbackTone: 'RINGBACK' })).rejects.toThrow(/nobody waits/)
    await expect(refer?.perform({ to: 'user:nobody' })).rejects.toThrow(/nobody/)
  }
  await asked(asks, { status: 603 })
})
