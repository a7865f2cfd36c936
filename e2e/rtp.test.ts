import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { babble, joined, readWav, silence, writeUlaw, writeWav } from './harness/audio.ts'
import { Capture } from './harness/capture.ts'
import { correlate, SAME_SOUND } from './harness/correlate.ts'
import { TestExchange } from './harness/exchange.ts'
import { LoopbackNetwork } from './harness/loopback.ts'
import { describeWith } from './harness/programs.ts'
import { Sipp } from './harness/sipp.ts'

const OUR_WORDS = babble(6, 31)
const THEIR_WORDS = babble(3, 32)

// Time between packets and the sound of a far end that is late both ask for a machine that has time: a busy one gets
// three attempts at a quiet moment.
describeWith('sipp', 'tshark')('RTP with SIPp, as tshark sees it', { retry: 2 }, () => {
  const network = new LoopbackNetwork()
  let exchange: TestExchange

  beforeAll(async () => {
    exchange = await TestExchange.start({
      address: network.next(),
      services: { listen: { app: 'listen', parameters: { play: 'words.wav', record: 'caller.wav' } } },
    })
    writeWav(exchange.file('words.wav'), OUR_WORDS)
    writeUlaw(exchange.file('theirs.ul'), joined(silence(0.5), THEIR_WORDS, silence(3)))
  })

  afterAll(async () => {
    await exchange?.stop()
  })

  test('our stream has no packet lost and none late; theirs is recorded as it was', async () => {
    const address = network.next()
    const capture = await Capture.start(exchange.address)
    onTestFinished(() => capture.stop())
    const result = await Sipp.run({
      address,
      callee: `${exchange.address}:5060`,
      user: 'listen',
      scenario: 'caller-streams',
      values: { file: exchange.file('theirs.ul'), talkMs: 6500 },
    })
    expect(result).toMatchObject({ exitCode: 0, successful: 1, errors: '' })
    const report = await exchange.report('listen', ({ details }) => details?.from.includes(address) === true)
    expect(report).toMatchObject({ cause: 'NORMAL', found: { played: 'NORMAL', recorded: 'HANGUP' } })

    const [, port] = /^m=audio (\d+)/m.exec(result.messages[0]?.text ?? '') ?? []
    const streams = await capture.streams(Number(port))
    const [ours, ...others] = streams.filter(({ from }) => from === exchange.address)
    expect(others).toEqual([])
    expect(ours).toMatchObject({ to: address, lost: 0 })
    expect(ours?.packets).toBeGreaterThanOrEqual(300)
    expect(ours?.maxDeltaMs).toBeLessThan(40)

    const match = correlate(THEIR_WORDS, readWav(exchange.file('caller.wav')))
    expect(match.overlap).toBe(THEIR_WORDS.length)
    expect(match.correlation).toBeGreaterThan(SAME_SOUND)
  })
})
