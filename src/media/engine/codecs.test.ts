import { describe, expect, it } from 'vitest'
import { codecNamed } from '../codec/codec.ts'
import { connectLegs, eventsOf, finished, recordingOf, streamTo } from '../test/harness.ts'
import { InProcessMedia } from '../test/in-process.ts'
import { annAndBob } from '../test/party.ts'
import { bestMatch, clipOf, speechLike } from '../test/signals.ts'
import type { CodecName } from './control.ts'
import type { AudioClip } from './play-source.ts'

const recordFor = (timeoutMs: number) => ({ bargeIn: false, beepOnStart: false, timeoutMs })

async function heardOverTheWire(codec: CodecName, payloadType: number, clip: AudioClip, ptimeMs = 20) {
  const media = new InProcessMedia()
  await connectLegs(media, 1, 2, { codec, payloadType, ptimeMs })
  media.send({ type: 'record', leg: 2, job: 9, limits: recordFor(3000) })
  media.send({ type: 'play', leg: 1, job: 8, source: { kind: 'audio', clip, loop: false }, bargeIn: false })
  await finished(media, 2, 9)
  return recordingOf(media, 2, 9)
}

describe('legs of other codecs than G.711', () => {
  it.each([
    ['G722', 9, 10],
    ['G722', 9, 20],
    ['G722', 9, 60],
    ['L16', 96, 10],
    ['L16', 96, 20],
    ['L16', 96, 30],
    ['L16', 96, 40],
    ['L16', 96, 60],
    ['L16/16000', 97, 10],
    ['L16/16000', 97, 20],
    ['L16/16000', 97, 30],
    ['L16/16000', 97, 40],
    ['L16/16000', 97, 60],
  ] as const)('%s (payload type %i) carries sound in packets of %i ms', async (codec, payloadType, ptimeMs) => {
    const speech = speechLike(2000)
    const heard = await heardOverTheWire(codec, payloadType, clipOf(speech), ptimeMs)
    expect(bestMatch(heard, speech.subarray(4000, 12_000), 8000).correlation).toBeGreaterThan(0.98)
  })

  it.each(['pcmu', 'pcma'] as const)('converts a clip of %s, which is no payload of G.722', async (encoding) => {
    const speech = speechLike(2000)
    const data = new Uint8Array(speech.length)
    codecNamed(encoding === 'pcmu' ? 'PCMU' : 'PCMA').encodeInto(speech, 0, speech.length, data, 0)
    const heard = await heardOverTheWire('G722', 9, { encoding, sampleRateHz: 8000, data })
    expect(bestMatch(heard, speech.subarray(4000, 12_000), 8000).correlation).toBeGreaterThan(0.98)
  })

  it.each([
    ['L16', 60, 960],
    ['L16/16000', 40, 1280],
    ['L16/16000', 60, 1280],
  ] as const)('sends packets of %s, agreed to be %i ms, that pass whole: %i octets', async (codec, ptimeMs, octets) => {
    const { media, bob } = await annAndBob({ bob: { codec, payloadType: 96, ptimeMs } })
    media.send({ type: 'unbridge', leg: 1 })
    bob.heard.length = 0
    media.send({
      type: 'play',
      leg: 2,
      job: 3,
      source: { kind: 'audio', clip: clipOf(speechLike(500)), loop: false },
      bargeIn: false,
    })
    await media.pass(500)
    expect(new Set(bob.heard.map(({ payload }) => payload.length))).toEqual(new Set([octets]))
  })

  it.each([
    ['L16', 16, [10, 20, 30, 40, 60]],
    ['L16/16000', 32, [10, 20, 30, 40, 60]],
  ] as const)('hear packets of %s of any duration', async (codec, octetsPerMs, durations) => {
    for (const ptimeMs of durations) {
      const { media, ann } = await annAndBob({ ann: { codec, payloadType: 96, ptimeMs } })
      media.send({ type: 'record', leg: 1, job: 9, limits: recordFor(1500) })
      const speech = speechLike(3000)
      const codecOf = codecNamed(codec)
      const samples = ptimeMs * 8
      const payload = new Uint8Array(octetsPerMs * ptimeMs)
      for (let at = 0; at + samples <= 9600; at += samples) {
        codecOf.encodeInto(speech, at, samples, payload, 0)
        ann.say(payload.slice(), { payloadType: 96, units: codec === 'L16' ? samples : 2 * samples })
        await media.pass(ptimeMs)
      }
      await finished(media, 1, 9)
      const heard = recordingOf(media, 1, 9)
      expect(bestMatch(heard, speech.subarray(1600, 8000), 4000).correlation).toBeGreaterThan(0.98)
      media.send({ type: 'close', leg: 1 })
      expect(eventsOf(media, 'closed', 1)[0].statistics.packetsRefused).toBe(0)
    }
  })

  it('change to another codec in the middle of a call', async () => {
    const speech = speechLike(4000)
    const media = new InProcessMedia()
    await connectLegs(media, 1, 2, { codec: 'G722', payloadType: 9 })
    media.send({ type: 'record', leg: 2, job: 9, limits: recordFor(4000) })
    const source = { kind: 'audio', clip: clipOf(speech), loop: false } as const
    media.send({ type: 'play', leg: 1, job: 8, source, bargeIn: false })
    await media.pass(2000)
    for (const leg of [1, 2]) {
      const port = media.events.find((event) => event.type === 'opened' && event.leg === 3 - leg)
      if (port?.type === 'opened') media.send({ type: 'start', leg, stream: streamTo(port.address, port.port) })
    }
    await finished(media, 2, 9)
    const heard = recordingOf(media, 2, 9)
    expect(bestMatch(heard, speech.subarray(4000, 12_000), 8000).correlation).toBeGreaterThan(0.98)
    expect(bestMatch(heard, speech.subarray(20_000, 28_000), 24_000 - 320).correlation).toBeGreaterThan(0.98)
  })
})

describe('a bridge with G.722', () => {
  it('passes payloads on between two legs of G.722', async () => {
    const g722 = { codec: 'G722', payloadType: 9 } as const
    const { media, ann, bob } = await annAndBob({ ann: g722, bob: g722 })
    const payload = Uint8Array.from({ length: 160 }, (_, i) => i)
    ann.say(payload, { payloadType: 9 })
    await media.pass(20)
    expect(bob.heard.map((packet) => packet.payload)).toEqual([payload])
  })

  it('converts between G.722 and G.711', async () => {
    const { media, ann, bob } = await annAndBob({ ann: { codec: 'G722', payloadType: 9 } })
    const speech = speechLike(2000)
    const codec = codecNamed('G722')
    const payload = new Uint8Array(160)
    for (let at = 0; at < speech.length; at += 160) {
      codec.encodeInto(speech, at, 160, payload, 0)
      ann.say(payload.slice(), { payloadType: 9 })
      await media.pass(20)
    }
    expect(bestMatch(bob.sound('PCMU', 0), speech.subarray(1600, 8000)).correlation).toBeGreaterThan(0.98)
  })
})
