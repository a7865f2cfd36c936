import { afterAll, beforeAll, expect, test } from 'vitest'
import { babble, joined, readWav, silence, writeWav } from './harness/audio.ts'
import { Baresip } from './harness/baresip.ts'
import { correlate, SAME_SOUND } from './harness/correlate.ts'
import { TestExchange } from './harness/exchange.ts'
import { LoopbackNetwork } from './harness/loopback.ts'
import { describeWith } from './harness/programs.ts'

const OUR_WORDS = babble(3, 11)
const THEIR_WORDS = babble(3, 22)

/** The trunk's side of the policy is tested on the simulated network; here another implementation holds the keys. */
describeWith('baresip')('encrypted calls with baresip', () => {
  const network = new LoopbackNetwork()
  let exchange: TestExchange

  beforeAll(async () => {
    exchange = await TestExchange.start({
      address: network.next(),
      media: { srtp: 'required' },
      services: {
        listen: { app: 'listen', parameters: { play: 'words.wav', record: 'caller.wav', press: '12*D' } },
      },
    })
    writeWav(exchange.file('words.wav'), OUR_WORDS)
  })

  afterAll(async () => {
    await exchange?.stop()
  })

  function expectHeard(sent: Int16Array, heard: Int16Array): void {
    const match = correlate(sent, heard)
    expect(match.overlap).toBe(sent.length)
    expect(match.correlation).toBeGreaterThan(SAME_SOUND)
  }

  test.each(['offered', 'required'] as const)('we call it, it has SRTP %s', async (srtp) => {
    const address = network.next()
    const far = await Baresip.start({ address, srtp, says: joined(silence(0.5), THEIR_WORDS, silence(30)) })
    const call = exchange.dial({ to: `sip:far@${address}`, play: 'words.wav', record: 'callee.wav', press: '159#' })
    await far.untilEstablished()
    for (const digit of '25') await far.press(digit)
    await expect.poll(() => far.digitsHeard, { timeout: 15_000 }).toBe('159#')
    far.hangUp()
    expect(await call).toMatchObject({ cause: 'NORMAL', details: { endedIn: 'ANSWERED' }, found: { digits: '25' } })
    await far.untilClosed()
    expectHeard(THEIR_WORDS, readWav(exchange.file('callee.wav')))
    expectHeard(OUR_WORDS, far.heard())
    await far.stop()
  })

  test('it calls us with keys', async () => {
    const says = joined(silence(0.5), THEIR_WORDS, silence(30))
    const far = await Baresip.start({ address: network.next(), says, answers: false, srtp: 'required' })
    far.dial(`sip:listen@${exchange.address}`)
    await far.untilEstablished()
    await expect.poll(() => far.digitsHeard, { timeout: 15_000 }).toBe('12*D')
    far.hangUp()
    expect(await exchange.report('listen')).toMatchObject({ cause: 'NORMAL', details: { endedIn: 'ANSWERED' } })
    await far.untilClosed()
    expectHeard(OUR_WORDS, far.heard())
    expectHeard(THEIR_WORDS, readWav(exchange.file('caller.wav')))
    await far.stop()
  })

  test('it calls us without keys, and is refused', async () => {
    const far = await Baresip.start({ address: network.next(), says: silence(5), answers: false })
    far.dial(`sip:listen@${exchange.address}`)
    await far.untilClosed()
    expect(far.output).toMatch(/488/)
    await far.stop()
  })
})
