import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { babble, joined, readWav, silence, writeWav } from './harness/audio.ts'
import { Baresip } from './harness/baresip.ts'
import { correlate, SAME_SOUND } from './harness/correlate.ts'
import { TestExchange } from './harness/exchange.ts'
import { LoopbackNetwork } from './harness/loopback.ts'
import { describeWith } from './harness/programs.ts'

const OUR_WORDS = babble(3, 11)
const THEIR_WORDS = babble(3, 22)

// Sound is real time: where baresip or we get no CPU for a while, packets come late and are stretched over or lost, by
// design. A busy machine gets three attempts at a quiet moment.
describeWith('baresip')('calls with baresip', { retry: 2 }, () => {
  const network = new LoopbackNetwork()
  let exchange: TestExchange

  beforeAll(async () => {
    exchange = await TestExchange.start({
      address: network.next(),
      services: {
        listen: { app: 'listen', parameters: { play: 'words.wav', record: 'caller.wav', press: '12*D' } },
      },
    })
    writeWav(exchange.file('words.wav'), OUR_WORDS)
  })

  afterAll(async () => {
    await exchange?.stop()
  })

  /** Compares sample by sample: all of `sent` must be there, at one alignment. */
  function expectHeard(sent: Int16Array, heard: Int16Array): void {
    const match = correlate(sent, heard)
    expect(match.overlap).toBe(sent.length)
    expect(match.correlation).toBeGreaterThan(SAME_SOUND)
  }

  test('we call it: it speaks, we record; we speak, it records; digits go both ways', async () => {
    const address = network.next()
    const far = await Baresip.start({ address, says: joined(silence(0.5), THEIR_WORDS, silence(30)) })
    onTestFinished(() => far.stop())
    const call = exchange.dial({ to: `sip:far@${address}`, play: 'words.wav', record: 'callee.wav', press: '159#' })
    await far.untilEstablished()
    for (const digit of '2580*') await far.press(digit)
    await expect.poll(() => far.digitsHeard, { timeout: 15_000 }).toBe('159#')
    // It reports each five seconds.
    await new Promise((resolve) => setTimeout(resolve, 5500))
    far.hangUp()
    const ours = await call
    expect(ours).toMatchObject({
      state: 'IDLE',
      cause: 'NORMAL',
      details: { endedBy: 'remote', endedIn: 'ANSWERED', codec: 'PCMU' },
      found: { digits: '2580*', played: 'NORMAL', pressed: 'NORMAL', recorded: 'HANGUP' },
    })
    // It takes RTCP on a port of its own, and sends it from an address that its description does not name.
    const { reportsReceived, roundTripMs } = ours.details?.media ?? {}
    expect(reportsReceived).toBeGreaterThanOrEqual(1)
    expect(roundTripMs).toBeLessThan(200)
    await far.untilClosed()
    expectHeard(THEIR_WORDS, readWav(exchange.file('callee.wav')))
    expectHeard(OUR_WORDS, far.heard())
  })

  test('it calls us: we speak, it records; it speaks, we record; digits go both ways', async () => {
    const says = joined(silence(0.5), THEIR_WORDS, silence(30))
    const address = network.next()
    const far = await Baresip.start({ address, says, answers: false })
    onTestFinished(() => far.stop())
    far.dial(`sip:listen@${exchange.address}`)
    await far.untilEstablished()
    await expect.poll(() => far.digitsHeard, { timeout: 15_000 }).toBe('12*D')
    for (const digit of '7#9') await far.press(digit)
    far.hangUp()
    const ours = await exchange.report('listen', ({ details }) => details?.from.includes(address) === true)
    expect(ours).toMatchObject({
      state: 'IDLE',
      cause: 'NORMAL',
      details: { endedBy: 'remote', endedIn: 'ANSWERED' },
      found: { digits: '7#9', played: 'NORMAL', pressed: 'NORMAL', recorded: 'HANGUP' },
    })
    await far.untilClosed()
    expectHeard(OUR_WORDS, far.heard())
    expectHeard(THEIR_WORDS, readWav(exchange.file('caller.wav')))
  })
})
