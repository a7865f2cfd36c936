import { describe, expect, it } from 'vitest'
import { writeRtpHeader } from '../rtp/packet.ts'
import { eventsOf, finished, openLeg, streamTo } from '../test/harness.ts'
import { InProcessMedia } from '../test/in-process.ts'
import { clipOf, speechLike } from '../test/signals.ts'
import type { LegStatistics, StreamParameters } from './control.ts'

/** Two legs that hear each other, each with its own parameters. */
async function pair(first: Partial<StreamParameters>, second: Partial<StreamParameters>): Promise<InProcessMedia> {
  const media = new InProcessMedia()
  const ports = [await openLeg(media, 1), await openLeg(media, 2)]
  const stream = streamTo(media.address, 0)
  media.send({ type: 'start', leg: 1, stream: { ...stream, remotePort: ports[1], ...first } })
  media.send({ type: 'start', leg: 2, stream: { ...stream, remotePort: ports[0], ...second } })
  return media
}

const digitsOf = (media: InProcessMedia): string =>
  eventsOf(media, 'digit', 2)
    .map(({ digit }) => digit)
    .join('')

const sendDigits = async (media: InProcessMedia, digits: string): Promise<void> => {
  media.send({ type: 'sendDigits', leg: 1, job: 1, digits })
  await finished(media, 1, 1)
  await media.pass(300)
}

function statisticsOf(media: InProcessMedia, leg: number): LegStatistics {
  media.send({ type: 'close', leg })
  return eventsOf(media, 'closed', leg)[0].statistics
}

const noEvents = { telephoneEventPayloadType: undefined } as unknown as Partial<StreamParameters>

describe('digits in the sound', () => {
  it('are heard where events were not agreed on, each once', async () => {
    const media = await pair(noEvents, noEvents)
    await sendDigits(media, '0123456789*#ABCD5566')
    expect(digitsOf(media)).toBe('0123456789*#ABCD5566')
  })

  it('are heard through jitter and single lost packets', async () => {
    const media = await pair(noEvents, noEvents)
    let count = 0
    media.network.watch = () => ++count % 40 !== 0
    await sendDigits(media, '0123456789*#ABCD5566')
    expect(digitsOf(media)).toBe('0123456789*#ABCD5566')
  })

  it('are not listened for where events were agreed on, unless asked for', async () => {
    const media = await pair(noEvents, {})
    await sendDigits(media, '123')
    expect(digitsOf(media)).toBe('')
    expect(statisticsOf(media, 2).jitterBufferMs).toBe(0)
    const asked = await pair(noEvents, { inBandDigits: true })
    await sendDigits(asked, '123')
    expect(digitsOf(asked)).toBe('123')
  })

  it('can be left alone where events were not agreed on', async () => {
    const media = await pair(noEvents, { ...noEvents, inBandDigits: false })
    await sendDigits(media, '123')
    expect(digitsOf(media)).toBe('')
  })

  it('stop being heard with the hold that forbids to receive, and come back after it', async () => {
    const media = await pair(noEvents, noEvents)
    await sendDigits(media, '1')
    const { remotePort } = streamTo(media.address, 20_000)
    for (const direction of ['sendonly', 'sendrecv'] as const) {
      const stream = { ...streamTo(media.address, remotePort), ...noEvents, direction }
      media.send({ type: 'start', leg: 2, stream })
      media.send({ type: 'sendDigits', leg: 1, job: direction === 'sendonly' ? 2 : 3, digits: '2' })
      await media.pass(500)
    }
    expect(digitsOf(media)).toBe('12')
  })

  it('barge in like any other digit', async () => {
    const media = await pair(noEvents, noEvents)
    const source = { kind: 'audio', clip: clipOf(speechLike(5000)), loop: true } as const
    media.send({ type: 'play', leg: 2, job: 9, source, bargeIn: true })
    await sendDigits(media, '7')
    expect(eventsOf(media, 'finished', 2)).toMatchObject([{ job: 9, cause: 'BARGEIN' }])
  })
})

describe('rtpTimeout', () => {
  const names = (media: InProcessMedia): string[] =>
    media.events.map(({ type }) => type).filter((type) => type.startsWith('rtp'))

  const far = { address: '192.0.2.1', port: 4000 }

  async function watched(
    stream: Partial<StreamParameters>,
  ): Promise<{ media: InProcessMedia; speak: (i: number) => void }> {
    const media = new InProcessMedia()
    const port = await openLeg(media, 1)
    media.send({ type: 'start', leg: 1, stream: { ...streamTo(far.address, far.port), ...stream } })
    const speak = (i: number): void => {
      const bytes = new Uint8Array(172)
      writeRtpHeader(bytes, false, 0, i, i * 160, 1)
      media.network.inject({ bytes, from: far, to: { address: media.address, port } })
    }
    return { media, speak }
  }

  it('is said once after the time in which nothing came, and taken back by the next packet', async () => {
    const { media, speak } = await watched({ rtpTimeoutMs: 2000 })
    await media.pass(1900)
    expect(names(media)).toEqual([])
    speak(1)
    await media.pass(1900)
    expect(names(media)).toEqual([])
    await media.pass(5000)
    expect(names(media)).toEqual(['rtpTimeout'])
    speak(2)
    await media.pass(40)
    expect(names(media)).toEqual(['rtpTimeout', 'rtpResumed'])
    await media.pass(5000)
    expect(names(media)).toEqual(['rtpTimeout', 'rtpResumed', 'rtpTimeout'])
  })

  it('is not said unless asked for, nor during a hold, and counts anew after it', async () => {
    const { media } = await watched({})
    await media.pass(60_000)
    for (const direction of ['sendonly', 'inactive'] as const) {
      media.send({
        type: 'start',
        leg: 1,
        stream: { ...streamTo(far.address, far.port), direction, rtpTimeoutMs: 2000 },
      })
      await media.pass(10_000)
    }
    expect(names(media)).toEqual([])
    media.send({ type: 'start', leg: 1, stream: { ...streamTo(far.address, far.port), rtpTimeoutMs: 2000 } })
    await media.pass(1900)
    // The same parameters again, as a session refresh has them, do not put it off.
    media.send({ type: 'start', leg: 1, stream: { ...streamTo(far.address, far.port), rtpTimeoutMs: 2000 } })
    expect(names(media)).toEqual([])
    await media.pass(200)
    expect(names(media)).toEqual(['rtpTimeout'])
  })

  it('is not said because our own process paused while packets waited', async () => {
    const { media, speak } = await watched({ rtpTimeoutMs: 2000 })
    speak(1)
    await media.pass(100)
    media.lateBy = () => 5000
    speak(2)
    media.step(Infinity)
    media.lateBy = () => 0
    await media.pass(100)
    expect(names(media)).toEqual([])
  })
})

describe('listening through stalls of our own', () => {
  const listeners = [
    { who: 'a party of another codec, who wants it soon', record: false, delayMs: [20, 60] },
    { who: 'a recorder, which can wait', record: true, delayMs: [160, 160] },
  ] as const
  it.each(listeners)('makes nothing up for a 25 ms stall each second to $who', async (listener) => {
    const media = await pair({}, {})
    const source = { kind: 'audio', clip: clipOf(speechLike(1000)), loop: true } as const
    media.send({ type: 'play', leg: 1, job: 1, source, bargeIn: false })
    await media.pass(300)
    if (listener.record) media.send({ type: 'record', leg: 2, job: 2, limits: { bargeIn: false, beepOnStart: false } })
    else {
      await openLeg(media, 3)
      media.send({
        type: 'start',
        leg: 3,
        stream: { ...streamTo('198.51.100.1', 4000), codec: 'PCMA', payloadType: 8 },
      })
      media.send({ type: 'bridge', leg: 2, other: 3 })
    }
    let lastStall = media.now
    media.lateBy = (now) => {
      if (now - lastStall < 1000) return 0
      lastStall = now
      return 25
    }
    await media.pass(30_000)
    const { concealedMs, stretchedMs, underruns, jitterBufferMs, packetsLost } = statisticsOf(media, 2)
    expect({ concealedMs, underruns, packetsLost }).toEqual({ concealedMs: 0, underruns: 0, packetsLost: 0 })
    expect(jitterBufferMs).toBeGreaterThanOrEqual(listener.delayMs[0])
    expect(jitterBufferMs).toBeLessThanOrEqual(listener.delayMs[1])
    if (listener.record) expect(stretchedMs).toBe(0)
  })
})

describe('a far end that presses more keys than anybody can', () => {
  it('is heard 64 times a second, and again as before in the next', async () => {
    const media = new InProcessMedia()
    const to = { address: media.address, port: await openLeg(media, 1) }
    const from = { address: '198.51.100.1', port: 4000 }
    media.send({ type: 'start', leg: 1, stream: streamTo(from.address, from.port) })
    await media.pass(40)
    let sequence = 0
    const press = (key: number): void => {
      const bytes = new Uint8Array(16)
      writeRtpHeader(bytes, true, 101, ++sequence, 0, 1)
      bytes.set([key, 0x8a, 0, 160], 12)
      media.network.inject({ bytes, from, to })
    }
    for (let visit = 0; visit < 40; visit++) {
      for (let i = 0; i < 30; i++) press(i % 2)
      await media.pass(20)
    }
    expect(eventsOf(media, 'digit', 1).length).toBe(64)
    await media.pass(1000)
    press(9)
    await media.pass(40)
    expect(eventsOf(media, 'digit', 1).at(-1)?.digit).toBe('9')
  })
})
