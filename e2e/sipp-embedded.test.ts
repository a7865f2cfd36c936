import { spawnSync } from 'node:child_process'
import { afterAll, beforeAll, expect, type TestContext, test } from 'vitest'
import { TestExchange } from './harness/exchange.ts'
import { isBound, LoopbackNetwork } from './harness/loopback.ts'
import { OneCallId } from './harness/one-call-id.ts'
import { describeWith } from './harness/programs.ts'
import { EMBEDDED, Sipp, type SippOptions, type SippResult } from './harness/sipp.ts'
import { waitFor } from './harness/wait.ts'

const PASSED = { exitCode: 0, failed: 0, errors: '' }

describeWith('sipp')('every scenario that is part of SIPp', () => {
  const network = new LoopbackNetwork()
  /** A device that registers without a password. */
  const device = network.next()
  let exchange: TestExchange

  beforeAll(async () => {
    exchange = await TestExchange.start({
      address: network.next(),
      services: {
        answer: 'answer',
        listen: 'listen',
        press: { app: 'listen', parameters: { press: '5' } },
        ua2: 'answer',
      },
      users: [{ username: 'ua1', trust: [`${device}/32`] }],
      authentication: { strangers: 'allow' },
    })
  })

  afterAll(async () => {
    await exchange?.untilEmpty()
    expect(exchange.mediaPorts()).toEqual([])
    await exchange.stop()
  })

  /** SIPp calls `user`. */
  function call(user: string, options: Partial<SippOptions> & Pick<SippOptions, 'scenario'>): Promise<SippResult> {
    return Sipp.run({ address: network.next(), user, callee: `${exchange.address}:5060`, ...options })
  }

  /** SIPp waits to be called. */
  async function far(scenario: string, { onTestFinished }: TestContext): Promise<{ uri: string; sipp: Sipp }> {
    const address = network.next()
    const sipp = await Sipp.start({ scenario, address })
    onTestFinished(() => sipp.stop())
    return { uri: `sip:far@${address}:5060`, sipp }
  }

  /** The report of the call that SIPp made, told by its Call-ID: tests run side by side. */
  function reportOf(app: string, { messages }: SippResult, user = '') {
    const [, callId] = /^Call-ID: (\S+)/m.exec(messages[0]?.text ?? '') ?? []
    return exchange.report(
      app,
      ({ details }) => details?.sipCallId === callId && details?.target.includes(user) === true,
    )
  }

  test('is among those below', () => {
    const help = spawnSync('sipp', ['-h'], { encoding: 'utf8' }).stdout
    const names = [...help.matchAll(/^ +- '([\w-]+)' +: /gm)].map(([, name]) => name)
    expect(names).toContain('branchs')
    expect(names.filter((name) => !EMBEDDED.includes(name ?? ''))).toEqual([])
  })

  test.concurrent('uac calls an answering service', async () => {
    expect(await call('answer', { scenario: 'uac', calls: 2 })).toMatchObject({ ...PASSED, successful: 2 })
  })

  test.concurrent('uas is called', async (context) => {
    const { uri, sipp } = await far('uas', context)
    const ours = await exchange.dial({ to: uri, talkMs: 200 })
    expect(await sipp.finished()).toMatchObject({ ...PASSED, successful: 1 })
    expect(ours).toMatchObject({ cause: 'NORMAL', details: { endedBy: 'local', codec: 'PCMU' } })
  })

  test.concurrent('regexp finds an address, our Contact and the origin of our description', async () => {
    const result = await call('answer', { scenario: 'regexp' })
    expect(result).toMatchObject({ ...PASSED, successful: 1 })
    const ack = result.messages.find(({ start }) => start.startsWith('ACK '))?.text
    expect(ack).toMatch(/^retrievedSdpOrigin-username:ringdown\r?$/m)
    expect(ack).toMatch(/^retrievedSdpOrigin-session-id:\d+\r?$/m)
  })

  test.concurrent('uac_pcap talks and presses 1: the application gets it', async () => {
    const result = await call('listen', { scenario: 'uac_pcap', timeoutSeconds: 90 })
    expect(result).toMatchObject({ ...PASSED, successful: 1 })
    expect(await reportOf('listen', result)).toMatchObject({ cause: 'NORMAL', found: { digits: '1' } })
  })

  test.concurrent('branchc registers without a password from a trusted address, and calls; the 25th in a hurry', async () => {
    const result = await call('ua2', { scenario: 'branchc', address: device, calls: 26 })
    expect(result).toMatchObject({ ...PASSED, successful: 26 })
    // A REGISTER and an INVITE of each call; nobody was asked for a password.
    const { challengedRequests = 0, ...counters } = await exchange.counters()
    expect(counters).toMatchObject({ vouchedRequests: 52, bindingsMade: 1, bindingsRefreshed: 25 })
    expect(challengedRequests).toBe(0)
    expect(await exchange.phones()).toMatchObject([{ user: 'ua1', source: `udp ${device}:5060` }])
  })

  test.concurrent('branchs takes our registration and the call after it', async ({ onTestFinished }) => {
    const { address, ...sipp } = { address: network.next(), scenario: 'branchs' }
    const server = await Sipp.start({ ...sipp, address })
    const relay = await OneCallId.start(network.next(), { address, port: 5060 })
    onTestFinished(() => relay.stop())
    onTestFinished(() => server.stop())
    const registering = await TestExchange.start({
      address: network.next(),
      trunks: [{ name: 'sipp', uri: `sip:${relay.address}:5060`, username: 'ua2', password: '-', register: true }],
    })
    onTestFinished(() => registering.stop())
    await waitFor('the trunk has registered', async () => (await registering.counters()).registrationsAccepted === 1)
    const ours = await registering.dial({ to: '0123456789', talkMs: 200 })
    expect(ours).toMatchObject({ cause: 'NORMAL', details: { endedBy: 'local', codec: 'PCMU' } })
    expect(ours.states).toEqual(['IDLE', 'CALL_OUTGOING', 'RING_OUTGOING', 'ANSWERED', 'IDLE'])
    expect(await server.finished()).toMatchObject({ ...PASSED, successful: 1 })
  })

  test.concurrent('3pcc-C-A and 3pcc-C-B bring two of our services together: the one hears what the other presses', async () => {
    const b = network.next()
    const twin = { args: ['-3pcc', `${b}:6000`] }
    const sideB = call('listen', { scenario: '3pcc-C-B', address: b, ...twin })
    await waitFor('its twin socket listens', () => isBound('tcp', b, 6000))
    const sideA = call('press', { scenario: '3pcc-C-A', ...twin })
    expect(await sideA).toMatchObject({ ...PASSED, successful: 1 })
    // SIPp counts it as an event worth reporting when the other one is done first.
    const errors = expect.stringMatching(/^(|[^\n]*\n[^\n]*3PCC controller A has ended -> exiting\s*)$/)
    expect(await sideB).toMatchObject({ ...PASSED, errors, successful: 1 })
    // Both calls have one Call-ID.
    expect(await reportOf('listen', await sideB, 'listen')).toMatchObject({
      cause: 'NORMAL',
      details: { codec: 'PCMU' },
      found: { digits: '5' },
    })
  })

  test.concurrent.for(['3pcc-A', '3pcc-B'])('%s is called and answers', async (scenario, context) => {
    const { uri, sipp } = await far(scenario, context)
    const ours = await exchange.dial({ to: uri, talkMs: 200 })
    expect(await sipp.finished()).toMatchObject({ ...PASSED, successful: 1 })
    expect(ours).toMatchObject({ cause: 'NORMAL', details: { endedBy: 'local', codec: 'PCMU' } })
  })
})
