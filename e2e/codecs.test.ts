import { afterAll, beforeAll, expect, test } from 'vitest'
import { babble, joined, readWav, silence, writeWav } from './harness/audio.ts'
import { Baresip } from './harness/baresip.ts'
import { correlate } from './harness/correlate.ts'
import { TestExchange } from './harness/exchange.ts'
import { LoopbackNetwork } from './harness/loopback.ts'
import { describeWith } from './harness/programs.ts'

const OUR_WORDS = babble(3, 11)
const THEIR_WORDS = babble(3, 22)
/** Both sides filter on the way to 16 kHz and back, which the highest harmonics and the hiss do not survive whole. */
const SAME_SOUND_RESAMPLED = 0.95
/** Opus keeps what is heard, and not the hiss, of which there is a tenth. */
const SAME_SOUND_IN_OPUS = 0.85

/**
 * Looks for `sent` piece by piece: whether the stream keeps step on a busy machine is what other tests ask. A piece in
 * which one end lost its step does not match, and most must.
 */
function expectHeard(sent: Int16Array, heard: Int16Array, alike = SAME_SOUND_RESAMPLED): void {
  const pieces = [0, 4000, 8000, 12_000, 16_000, 20_000].map((at) => sent.subarray(at, at + 4000))
  const found = pieces.filter((piece) => correlate(piece, heard).correlation > alike)
  expect(found.length).toBeGreaterThanOrEqual(4)
}

/** At 8 kHz: the words have nothing above 4 kHz that would fold back. */
function thinned(samples: Int16Array, sampleRateHz: number): Int16Array {
  return samples.filter((_, i) => i % (sampleRateHz / 8000) === 0)
}

describeWith('baresip')('codecs with baresip', () => {
  const network = new LoopbackNetwork()
  let exchange: TestExchange

  beforeAll(async () => {
    exchange = await TestExchange.start({ address: network.next() })
    writeWav(exchange.file('words.wav'), OUR_WORDS)
  })

  afterAll(async () => {
    await exchange?.stop()
  })

  test.each([
    ['PCMA', 'PCMA', 8000],
    ['G722', 'G722', 16_000],
    ['L16', 'L16/8000/1', 8000],
  ] as const)('%s both ways', async (ours, theirs, sampleRate) => {
    const address = network.next()
    const far = await Baresip.start({
      address,
      codec: theirs,
      says: joined(silence(0.5), THEIR_WORDS, silence(30)),
    })
    const record = `${ours}.wav`
    const call = exchange.dial({ to: `sip:far@${address}`, codecs: [ours], play: 'words.wav', record, press: '1,,,#' })
    await far.untilEstablished()
    await expect.poll(() => far.digitsHeard, { timeout: 15_000 }).toBe('1#')
    far.hangUp()
    expect(await call).toMatchObject({ cause: 'NORMAL', details: { codec: ours }, found: { played: 'NORMAL' } })
    await far.untilClosed()
    // A recording has the band of the call.
    expectHeard(THEIR_WORDS, thinned(readWav(exchange.file(record), sampleRate), sampleRate))
    expectHeard(OUR_WORDS, thinned(far.heard(sampleRate), sampleRate))
    await far.stop()
  })

  test('Opus both ways, with keys', async () => {
    const address = network.next()
    const far = await Baresip.start({
      address,
      codec: 'opus/48000/2',
      says: joined(silence(0.5), THEIR_WORDS, silence(30)),
    })
    const call = exchange.dial({
      to: `sip:far@${address}`,
      codecs: ['OPUS'],
      play: 'words.wav',
      record: 'opus.wav',
      press: '1,,,#',
    })
    await far.untilEstablished()
    await expect.poll(() => far.digitsHeard, { timeout: 15_000 }).toBe('1#')
    far.hangUp()
    expect(await call).toMatchObject({ cause: 'NORMAL', details: { codec: 'OPUS' }, found: { played: 'NORMAL' } })
    await far.untilClosed()
    const recorded = thinned(readWav(exchange.file('opus.wav'), 16_000), 16_000)
    expectHeard(THEIR_WORDS, recorded, SAME_SOUND_IN_OPUS)
    expectHeard(OUR_WORDS, thinned(far.heard(48_000, 2), 48_000), SAME_SOUND_IN_OPUS)
    await far.stop()
  })
})
