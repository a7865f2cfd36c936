import { describe, expect, it } from 'vitest'
import { toneLevelDbm0 } from '../dsp/goertzel.ts'
import { levelDbm0 } from '../dsp/level.ts'
import { createLiveAudio, LiveWriter } from '../live/live-audio.ts'
import { createTapRing, TapReader } from '../live/tap-ring.ts'
import { connectLegs, eventsOf, finished } from '../test/harness.ts'
import { InProcessMedia } from '../test/in-process.ts'
import { bestMatch, clipOf, speechLike } from '../test/signals.ts'
import { TONE_PRESETS } from '../tone/presets.ts'
import type { StreamParameters } from './control.ts'

/** Leg 1 speaks, leg 2 is tapped. */
async function tapped(sampleRateHz: 8000 | 16_000 = 8000, stream: Partial<StreamParameters> = {}) {
  const media = new InProcessMedia()
  await connectLegs(media, 1, 2, stream)
  const ring = createTapRing(sampleRateHz)
  const reader = new TapReader(ring)
  media.send({ type: 'tap', leg: 2, job: 9, ring })
  return { media, reader, blocks: () => blocksOf(reader) }
}

function blocksOf(reader: TapReader): Int16Array[] {
  const blocks: Int16Array[] = []
  reader.listen()
  for (let block = reader.read(); block !== undefined; block = reader.read()) blocks.push(block)
  return blocks
}

function joined(blocks: readonly Int16Array[]): Int16Array {
  return Int16Array.from(blocks.flatMap((block) => [...block]))
}

const liveTone = (writer: LiveWriter, count: number): void =>
  writer.write(
    Int16Array.from({ length: count }, (_, i) => 8000 * Math.sin((i * Math.PI) / 4)),
    0,
    count,
  )

describe('a tap', () => {
  it('hands over what the far end says, 20 ms each 20 ms, silence included', async () => {
    const { media, blocks } = await tapped()
    const speech = speechLike(1000)
    await media.pass(205)
    expect(blocks()).toHaveLength(10)
    const source = { kind: 'audio', clip: clipOf(speech), loop: false } as const
    media.send({ type: 'play', leg: 1, job: 1, source, bargeIn: false })
    await media.pass(1200)
    const heard = blocks()
    expect(heard).toHaveLength(60)
    expect(bestMatch(joined(heard), speech.subarray(1600, 4800)).correlation).toBeGreaterThan(0.99)
  })

  it('is quick: a tone is in its ring within 60 ms of its first packet', async () => {
    const { media, reader } = await tapped()
    await media.pass(500)
    blocksOf(reader)
    const source = { kind: 'tone', steps: TONE_PRESETS.DIAL, loop: true } as const
    media.send({ type: 'play', leg: 1, job: 1, source, bargeIn: false })
    let begun = Number.NaN
    media.network.watch = ({ bytes }) => {
      if (Number.isNaN(begun) && bytes[60] !== 0xff) begun = media.now
      return true
    }
    await media.waitUntil(() => blocksOf(reader).some((block) => levelDbm0(block) > -30), 1000)
    expect(media.now - begun).toBeLessThanOrEqual(60)
  })

  it('tells of it once until its reader looks', async () => {
    const { media, reader } = await tapped()
    await media.pass(1000)
    expect(eventsOf(media, 'tapped', 2)).toEqual([{ type: 'tapped', leg: 2, job: 9 }])
    blocksOf(reader)
    await media.pass(40)
    expect(eventsOf(media, 'tapped', 2)).toHaveLength(2)
  })

  it.each([
    ['PCMU', 0],
    ['G722', 9],
    ['L16/16000', 97],
  ] as const)('has %s at 16 kHz', async (codec, payloadType) => {
    const { media, blocks } = await tapped(16_000, { codec, payloadType })
    const source = { kind: 'tone', steps: TONE_PRESETS.DIAL, loop: true } as const
    media.send({ type: 'play', leg: 1, job: 1, source, bargeIn: false })
    await media.pass(605)
    const heard = blocks()
    expect([heard.length, heard[0]?.length]).toEqual([30, 320])
    // As it is at 8 kHz: every other sample.
    const narrow = joined(heard.slice(20)).filter((_, i) => i % 2 === 0)
    expect(toneLevelDbm0(narrow, 440)).toBeGreaterThan(-16)
  })

  it('ends when it is stopped, and with its leg', async () => {
    const { media, blocks } = await tapped()
    await media.pass(100)
    media.send({ type: 'stopJob', leg: 2, job: 9 })
    expect((await finished(media, 2, 9)).cause).toBe('ABORTED')
    blocks()
    await media.pass(100)
    expect(blocks()).toEqual([])
    media.send({ type: 'tap', leg: 2, job: 10, ring: createTapRing() })
    media.send({ type: 'close', leg: 2 })
    expect((await finished(media, 2, 10)).cause).toBe('ABORTED')
    media.send({ type: 'tap', leg: 2, job: 11, ring: createTapRing() })
    expect((await finished(media, 2, 11)).cause).toBe('ERROR')
  })
})

describe('live audio', () => {
  it('is heard while it is written, and is silent again within 40 ms of clear', async () => {
    const { media, reader } = await tapped()
    const audio = createLiveAudio('pcm16', 8192)
    const writer = new LiveWriter(audio)
    media.send({ type: 'play', leg: 1, job: 1, source: { kind: 'live', audio }, bargeIn: false })
    await media.pass(200)
    liveTone(writer, 8000)
    await media.pass(300)
    const loud: number[] = []
    media.network.watch = ({ bytes }) => {
      if (bytes[14] !== 0xff) loud.push(media.now)
      return true
    }
    await media.pass(100)
    expect(loud.length).toBeGreaterThanOrEqual(5)
    const clearedAt = media.now
    writer.clear()
    await media.pass(200)
    expect((loud.at(-1) as number) - clearedAt).toBeLessThan(40)
    expect(levelDbm0(blocksOf(reader).at(-1) as Int16Array)).toBeLessThan(-60)
    expect(eventsOf(media, 'finished', 1)).toEqual([])
  })

  it('says when a position was reached, and is no underrun of the disk while it is empty', async () => {
    const { media } = await tapped()
    const audio = createLiveAudio('pcmu', 8192)
    const writer = new LiveWriter(audio)
    media.send({ type: 'play', leg: 1, job: 1, source: { kind: 'live', audio }, bargeIn: false })
    writer.write(new Uint8Array(4000).fill(0x40), 0, 4000)
    writer.tellAt(writer.position)
    const begun = media.now
    await media.waitUntil(() => eventsOf(media, 'reached', 1).length > 0, 1000)
    expect(media.now - begun).toBeGreaterThanOrEqual(500)
    expect(media.now - begun).toBeLessThanOrEqual(560)
    await media.pass(500)
    expect(eventsOf(media, 'reached', 1)).toEqual([{ type: 'reached', leg: 1, job: 1 }])
    writer.end()
    expect((await finished(media, 1, 1)).cause).toBe('NORMAL')
    media.send({ type: 'close', leg: 1 })
    expect(eventsOf(media, 'closed', 1)[0].statistics.playerUnderruns).toBe(0)
  })

  it.each([
    ['G722', 9, 20],
    ['PCMU', 0, 20],
    ['PCMA', 8, 30],
  ] as const)('at 16 kHz reaches a leg of %s', async (codec, payloadType, ptimeMs) => {
    const { media, blocks } = await tapped(8000, { codec, payloadType, ptimeMs })
    const audio = createLiveAudio('pcm16', 16_384, 16_000)
    const writer = new LiveWriter(audio)
    media.send({ type: 'play', leg: 1, job: 1, source: { kind: 'live', audio }, bargeIn: false })
    liveTone(writer, 16_000)
    await media.pass(600)
    // An eighth of 16,000 Hz.
    expect(toneLevelDbm0(joined(blocks().slice(20)), 2000)).toBeGreaterThan(-12)
  })
})
