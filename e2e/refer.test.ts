import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { SendOnParameters } from './apps/send-on.ts'
import { babble, joined, silence } from './harness/audio.ts'
import { Baresip, type BaresipOptions } from './harness/baresip.ts'
import { correlateParts } from './harness/correlate.ts'
import { TestExchange } from './harness/exchange.ts'
import { LoopbackNetwork } from './harness/loopback.ts'
import { describeWith } from './harness/programs.ts'
import { Sipp } from './harness/sipp.ts'

const NOTHING = silence(60)

describeWith('baresip', 'sipp')('transfers by REFER', { retry: 1 }, () => {
  const network = new LoopbackNetwork()
  const bobAddress = network.next()
  let exchange: TestExchange

  beforeAll(async () => {
    exchange = await TestExchange.start({
      address: network.next(),
      services: { desk: { app: 'connect', parameters: { to: `sip:far@${bobAddress}` } } },
      transfers: { from: 'everybody', hosts: ['*'] },
    })
  })

  afterAll(async () => {
    await exchange.stop()
  })

  async function phone(options: Partial<BaresipOptions> = {}): Promise<Baresip> {
    const baresip = await Baresip.start({ address: network.next(), says: NOTHING, ...options })
    onTestFinished(() => baresip.stop())
    return baresip
  }

  test('baresip is asked to call another baresip, and does; we are out of it', async () => {
    const target = network.next()
    const carol = await phone({ address: target })
    const address = network.next()
    const alice = await phone({ address })
    const ours = await exchange.run<SendOnParameters>('send-on', {
      to: `sip:far@${address}`,
      target: `sip:far@${target}`,
    })
    expect(ours).toMatchObject({ state: 'IDLE', found: { isThere: true, stateAfter: 'IDLE', transferCause: 'NORMAL' } })
    await carol.untilEstablished()
    expect(alice.output).toContain(target)
    // Ours was over before; now the one to carol is, too.
    carol.hangUp()
    await expect.poll(() => alice.output.match(/session closed/g)?.length, { timeout: 10_000 }).toBe(2)
  })

  test('baresip has the one whom it is connected to transferred: he hears the target, and we tell it so', async () => {
    const words = babble(2, 33)
    const bob = await phone({ address: bobAddress, says: joined(silence(0.5), NOTHING) })
    const target = network.next()
    const carol = await phone({ address: target, says: joined(silence(0.5), words, NOTHING) })
    const alice = await phone({ answers: false })
    alice.dial(`sip:desk@${exchange.address}`)
    await bob.untilEstablished()
    alice.transfer(`sip:far@${target}`)
    await carol.untilEstablished()
    await new Promise((resolve) => setTimeout(resolve, 3500))
    bob.hangUp()
    await carol.untilClosed()
    expect(await exchange.report('connect')).toMatchObject({ state: 'IDLE', details: { endedIn: 'TRANSFERRED' } })
    expect(await exchange.counters()).toMatchObject({ callsReferred: 1 })
    // Another voice stays below 0.7; how well the words come through as a whole, others prove.
    expect(correlateParts(words, bob.heard())).toBeGreaterThan(0.9)
  })

  test.each([
    ['reports 404', 'callee-referred', { last: '404 Not Found' }, { transferCause: 'TARGETREJECT' }],
    ['falls silent after 202', 'callee-falls-silent', {}, { transferCause: 'TIMEOUT' }],
  ] as const)('SIPp %s: the call is with the application again', async (_, scenario, values, found) => {
    const address = network.next()
    const sipp = await Sipp.start({ scenario, values, address })
    const parameters = { to: `sip:far@${address}`, target: 'sip:nobody@192.0.2.1', timeoutMs: 2000 }
    const ours = await exchange.run<SendOnParameters>('send-on', parameters)
    expect(await sipp.finished()).toMatchObject({ exitCode: 0, successful: 1, errors: '' })
    expect(ours).toMatchObject({ state: 'IDLE', found: { isThere: false, stateAfter: 'ANSWERED', ...found } })
  })

  test('then nothing is left: no call, no port, no subscription', async () => {
    const nothing = { calls: 0, instances: 0, sessions: 0, mediaLegs: 0, refers: 0 }
    await expect.poll(() => exchange.sizes(), { timeout: 8000 }).toMatchObject(nothing)
  })
})
