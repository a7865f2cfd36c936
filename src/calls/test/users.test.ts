import { describe, expect, test } from 'vitest'
import { exchange, type Phone, phones, type TestExchange } from '../../testing/index.ts'
import { type Cause, inbound, outbound, type State } from '../index.ts'

const users = { alice: 'wonder', bob: 'builder' }

/** An application that calls once, says hello to whoever answers, and hangs up. */
function caller(to: string, timeoutMs = 60_000) {
  const seen: { state?: State; cause?: Cause } = {}
  const app = outbound(async (channel) => {
    seen.state = await channel.call(to, { timeoutMs })
    if (seen.state === channel.State.ANSWERED) {
      await channel.filePlayer.play('hello.wav')
      await channel.hangUp()
    }
    seen.cause = channel.cause()
  })
  return { seen, app }
}

function world(
  more: Parameters<typeof exchange>[0] extends infer _ ? Record<string, unknown> : never = {},
): TestExchange {
  return exchange({ users, files: { 'hello.wav': 'Hello there.' }, ...more })
}

async function takeCall(phone: Phone): Promise<void> {
  await phone.expectCall()
  phone.ring()
  await phone.answer()
  await phone.expectSpeech(/hello there/i)
  await phone.expectHangUp()
}

describe('a user who has registered a phone', () => {
  test.each(['user:alice', 'sip:alice@192.0.2.1', 'SIP:%61lice@192.0.2.1:5060'])('is called as %s', async (to) => {
    const pbx = world()
    const alice = pbx.phone('alice')
    await alice.register({ password: 'wonder' })
    const { seen, app } = caller(to)
    const run = pbx.start(app)
    await takeCall(alice)
    await run
    expect(seen).toEqual({ state: 'ANSWERED', cause: 'NORMAL' })
    await pbx.done()
  })

  test.each([
    ['UDP', 'udp', 'port-restricted-cone'],
    ['UDP', 'udp', 'symmetric'],
    ['TCP', 'tcp', 'port-restricted-cone'],
  ] as const)('over %s (%s) behind a %s NAT is called where the registration came from', async (_, transport, nat) => {
    const pbx = world()
    const alice = pbx.phone('alice', { set: { transport }, line: { nat } })
    await alice.register({ password: 'wonder' })
    const [phone] = pbx.exchange.exchange.phones
    expect(phone?.contact).toMatch(/^sip:alice@10\./)
    expect(phone?.source).toMatch(new RegExp(`^${transport} 198\\.18\\.`))
    const { seen, app } = caller('user:alice')
    const run = pbx.start(app)
    await takeCall(alice)
    await run
    expect(seen).toEqual({ state: 'ANSWERED', cause: 'NORMAL' })
    await pbx.done()
    expect(pbx.exchange.alive).toBe(0)
  })

  test('over TCP is called on the connection that the registration came on', async () => {
    const pbx = world()
    const alice = pbx.phone('alice', { set: { transport: 'tcp' } })
    await alice.register({ password: 'wonder' })
    const run = pbx.start(caller('user:alice').app)
    await takeCall(alice)
    await run
    expect(alice.sip.transport.connections).toBe(1)
    await pbx.done()
  })

  test('over TCP is forgotten when its connection breaks and no other can be made', async () => {
    const pbx = world()
    const alice = pbx.phone('alice', { set: { transport: 'tcp' } })
    await alice.register({ password: 'wonder' })
    alice.sip.transport.close()
    await pbx.sleep(1000)
    expect(pbx.exchange.exchange.phones).toHaveLength(1)
    const { seen, app } = caller('user:alice')
    await pbx.start(app)
    expect(seen).toEqual({ state: 'IDLE', cause: 'OUTOFORDER' })
    expect(pbx.exchange.exchange.phones).toHaveLength(0)
    expect(pbx.exchange.phoneChanges.at(-1)).toMatchObject({ isRegistered: false, reason: 'unreachable' })
    await pbx.done()
  })

  test('behind a NAT calls a service, and is hung up on', async () => {
    const pbx = world({
      apps: {
        hello: inbound(async (channel) => {
          await channel.answer()
          await channel.filePlayer.play('hello.wav')
        }),
      },
    })
    const alice = pbx.phone('alice', { line: { nat: 'port-restricted-cone' } })
    expect(await alice.call('hello')).toBe(200)
    await alice.expectSpeech(/hello there/i)
    await alice.expectHangUp()
    await pbx.done()
    expect(pbx.calls).toMatchObject([{ endedBy: 'local', cause: 'NORMAL' }])
  })

  test('is called by another user, through a service', async () => {
    const pbx = world({
      apps: {
        '*': inbound(async (channel, app) => {
          const [other] = app.extraChannels
          if (other === undefined) return
          if ((await other.call('user:bob')) !== other.State.ANSWERED) return
          await channel.answer()
          await channel.connect(other)
          await channel.waitForIdle()
        }),
      },
    })
    const [alice, bob] = [pbx.phone('alice'), pbx.phone('bob')]
    await alice.register({ password: 'wonder' })
    await bob.register({ password: 'builder' })
    alice.dial('bob')
    await bob.expectCall()
    await bob.answer()
    await alice.expectAnswer()
    const heard = bob.expectSpeech(/tea at five/i)
    await alice.say('Tea at five')
    await heard
    await alice.hangUp()
    await pbx.done()
  })

  test('is there until the registration runs out or is taken back', async () => {
    const pbx = world()
    const [desk, mobile] = [pbx.phone('desk'), pbx.phone('mobile')]
    await desk.register({ username: 'alice', password: 'wonder', expiresS: 600 })
    await mobile.register({ username: 'alice', password: 'wonder', expiresS: 600 })
    expect(pbx.exchange.exchange.phones).toHaveLength(2)
    await mobile.register({ username: 'alice', expiresS: 0 })
    expect(pbx.exchange.exchange.phones).toMatchObject([{ user: 'alice', contact: expect.stringContaining('desk') }])
    await pbx.sleep(600_000)
    const { seen, app } = caller('user:alice')
    await pbx.start(app)
    expect(seen).toEqual({ state: 'IDLE', cause: 'NOANSWER' })
    expect(pbx.exchange.phoneChanges.map((change) => (change.isRegistered ? 'there' : change.reason))).toEqual([
      'there',
      'there',
      'removed',
      'expired',
    ])
    await pbx.done()
  })
})

describe('a user with several phones', () => {
  async function three(pbx: TestExchange): Promise<[Phone, Phone, Phone]> {
    const all = [pbx.phone('desk'), pbx.phone('mobile'), pbx.phone('kitchen')] as [Phone, Phone, Phone]
    for (const phone of all) await phone.register({ username: 'alice', password: 'wonder' })
    return all
  }

  test('is rung on all of them; who answers has the call, and the others hear that it was answered elsewhere', async () => {
    const pbx = world()
    const [desk, mobile, kitchen] = await three(pbx)
    const { seen, app } = caller('user:alice')
    const run = pbx.start(app)
    for (const phone of [desk, mobile, kitchen]) {
      await phone.expectCall()
      phone.ring()
    }
    await mobile.answer()
    await desk.expectHangUp()
    await kitchen.expectHangUp()
    await mobile.expectSpeech(/hello there/i)
    await mobile.expectHangUp()
    await run
    expect(seen).toEqual({ state: 'ANSWERED', cause: 'NORMAL' })
    expect(pbx.calls).toHaveLength(1)
    await pbx.done()
    expect(pbx.exchange.alive).toBe(0)
  })

  test('gets calls on the other phones when one does not exist any more or is busy', async () => {
    const pbx = world()
    const [desk, mobile, kitchen] = await three(pbx)
    desk.sip.transport.close()
    const { seen, app } = caller('user:alice')
    const run = pbx.start(app)
    await mobile.expectCall()
    mobile.reject(486)
    await takeCall(kitchen)
    await run
    expect(seen.state).toBe('ANSWERED')
    await pbx.done()
  })

  test('is busy when one is busy and nobody else answers', async () => {
    const pbx = world()
    const [desk, mobile, kitchen] = await three(pbx)
    kitchen.sip.transport.close()
    const { seen, app } = caller('user:alice')
    const run = pbx.start(app)
    await desk.expectCall()
    desk.reject(486)
    await mobile.expectCall()
    mobile.reject(480)
    await run
    expect(seen).toEqual({ state: 'IDLE', cause: 'BUSY' })
    await pbx.done()
  })

  test('who declines on one of them declines on all', async () => {
    const pbx = world()
    const [desk, mobile, kitchen] = await three(pbx)
    const { seen, app } = caller('user:alice')
    const run = pbx.start(app)
    for (const phone of [desk, mobile, kitchen]) {
      await phone.expectCall()
      phone.ring()
    }
    desk.reject(603)
    await mobile.expectHangUp()
    await kitchen.expectHangUp()
    await run
    expect(seen).toEqual({ state: 'IDLE', cause: 'REJECTED' })
    await pbx.done()
  })

  test('is given up on everywhere when nobody answers', async () => {
    const pbx = world()
    const all = await three(pbx)
    const { seen, app } = caller('user:alice', 20_000)
    const run = pbx.start(app)
    for (const phone of all) {
      await phone.expectCall()
      phone.ring()
    }
    for (const phone of all) await phone.expectHangUp()
    await run
    expect(seen).toEqual({ state: 'IDLE', cause: 'TIMEOUT' })
    await pbx.done()
    expect(pbx.exchange.alive).toBe(0)
  })

  test('who answers on two at once has the call on one', async () => {
    const pbx = world()
    const [desk, mobile, kitchen] = [
      pbx.phone('desk', phones.person({ says: 'Desk' })),
      pbx.phone('mobile', phones.person({ says: 'Mobile' })),
      pbx.phone('kitchen'),
    ]
    for (const phone of [desk, mobile, kitchen]) await phone.register({ username: 'alice', password: 'wonder' })
    const { seen, app } = caller('user:alice')
    await pbx.start(app)
    expect(seen.state).toBe('ANSWERED')
    await pbx.done()
    expect(pbx.calls).toHaveLength(1)
    expect(pbx.exchange.alive).toBe(0)
  })
})

describe('nobody registers', () => {
  test('with a wrong password, or as somebody else', async () => {
    const pbx = world()
    await expect(pbx.phone('alice').register({ password: 'wrong' })).rejects.toThrow(
      /refused its registration with 401/,
    )
    await expect(pbx.phone('carol').register({ password: 'x' })).rejects.toThrow(/refused its registration with 401/)
    expect(pbx.exchange.exchange.phones).toEqual([])
    await pbx.done()
  })

  test('where there are no users', async () => {
    const pbx = exchange({})
    await expect(pbx.phone('alice').register({ password: 'wonder' })).rejects.toThrow(
      /refused its registration with 405/,
    )
    await pbx.done()
  })
})

test.each([
  ['user:alice', 'NOANSWER'],
  ['user:nobody', 'UNOBTAINABLE'],
  ['sip:alice@192.0.2.1', 'NOANSWER'],
])('a call to %s with no phone registered ends with %s', async (to, cause) => {
  const pbx = world()
  const { seen, app } = caller(to)
  await pbx.start(app)
  expect(seen).toEqual({ state: 'IDLE', cause })
  await pbx.done()
})
