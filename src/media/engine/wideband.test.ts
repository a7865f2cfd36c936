import { beforeAll, describe, expect, it } from 'vitest'
import { Codecs } from '../codec/codecs.ts'
import type { OpusLibrary } from '../codec/opus/library.ts'
import { toneLevelDbm0 } from '../dsp/goertzel.ts'
import { createAudioStream, endStream, StreamWriter } from '../file/stream-ring.ts'
import { eventsOf, finished, recordingOf } from '../test/harness.ts'
import { opusForTests } from '../test/opus.ts'
import { annAndBob, type Party } from '../test/party.ts'
import { bestMatch, clipOf, speechLike } from '../test/signals.ts'
import { createKernels } from '../wasm/kernels.ts'
import type { CodecName, StreamParameters } from './control.ts'
import type { PlaySource } from './play-source.ts'

const STREAMS = {
  PCMU: { codec: 'PCMU', payloadType: 0 },
  G722: { codec: 'G722', payloadType: 9 },
  'L16/16000': { codec: 'L16/16000', payloadType: 119 },
  OPUS: { codec: 'OPUS', payloadType: 111 },
} as const satisfies Partial<Record<CodecName, Partial<StreamParameters>>>
/** RTP clock ticks in 20 ms. */
const TICKS = { PCMU: 160, G722: 160, 'L16/16000': 320, OPUS: 960 } as const
type Name = keyof typeof STREAMS

let opus: OpusLibrary

beforeAll(async () => {
  opus = await opusForTests()
})

const open = (name: Name) => new Codecs(createKernels(), opus).open(name, name === 'PCMU' ? 8000 : 16_000)

const tone = (frequencyHz: number, durationMs: number, rateHz: number): Int16Array =>
  Int16Array.from(
    { length: (durationMs * rateHz) / 1000 },
    (_, i) => 8000 * Math.sin((2 * Math.PI * frequencyHz * i) / rateHz),
  )

/** Says `sound` to the leg in packets of 20 ms. */
async function say(party: Party, pass: (ms: number) => Promise<void>, name: Name, sound: Int16Array): Promise<void> {
  const codec = open(name)
  const samples = codec.sampleRateHz / 50
  const payload = new Uint8Array(640)
  for (let at = 0; at + samples <= sound.length; at += samples) {
    const length = codec.encodeInto(sound, at, samples, payload, 0)
    party.say(payload.slice(0, length), { payloadType: STREAMS[name].payloadType, units: TICKS[name] })
    await pass(20)
  }
}

/** What a party has heard, decoded. */
function heard(party: Party, name: Name): Int16Array {
  const codec = open(name)
  const frame = new Int16Array(960)
  return Int16Array.from(
    party.heard
      .filter(({ payloadType }) => payloadType === STREAMS[name].payloadType)
      .flatMap(({ payload }) => [...frame.subarray(0, codec.decodeInto(payload, 0, payload.length, frame, 0))]),
  )
}

/** The level of a frequency in sound at 16 kHz, of its loudest 100 ms. */
function levelAt16k(samples: Int16Array, frequencyHz: number): number {
  const levels = []
  for (let at = 0; at + 1600 <= samples.length; at += 800)
    levels.push(toneLevelDbm0(samples.subarray(at, at + 1600), frequencyHz / 2))
  return Math.max(...levels)
}

describe('a prompt at 16 kHz', () => {
  const low = tone(1000, 1000, 16_000)
  const sound = tone(5000, 1000, 16_000).map((sample, i) => (sample + low[i]) / 2)
  const sources = (): { clip: PlaySource; stream: PlaySource } => {
    const stream = createAudioStream('pcm16', 16_384, 16_000)
    new StreamWriter(stream).write(sound, 0, sound.length)
    endStream(stream)
    const clip = { encoding: 'pcm16', sampleRateHz: 16_000, data: sound } as const
    return { clip: { kind: 'audio', clip, loop: false }, stream: { kind: 'stream', stream } }
  }

  it.each([
    ['clip', 'G722'],
    ['clip', 'L16/16000'],
    ['clip', 'OPUS'],
    ['stream', 'G722'],
    ['stream', 'L16/16000'],
  ] as const)('as a %s goes out wideband to %s', async (kind, name) => {
    const { media, bob } = await annAndBob({ bob: STREAMS[name], opus })
    media.send({ type: 'unbridge', leg: 1 })
    media.send({ type: 'play', leg: 2, job: 5, source: sources()[kind], bargeIn: false })
    await finished(media, 2, 5)
    const samples = heard(bob, name)
    expect(levelAt16k(samples, 5000)).toBeGreaterThan(-18)
    expect(levelAt16k(samples, 1000)).toBeGreaterThan(-18)
  })

  it.each(['clip', 'stream'] as const)('as a %s goes out at 8 kHz to PCMU, without an alias', async (kind) => {
    const { media, bob } = await annAndBob({})
    media.send({ type: 'unbridge', leg: 1 })
    const startedAt = media.now
    media.send({ type: 'play', leg: 2, job: 5, source: sources()[kind], bargeIn: false })
    await finished(media, 2, 5)
    expect(media.now - startedAt).toBeLessThan(1060)
    const samples = bob.sound('PCMU', 0).subarray(800, 7000)
    expect(toneLevelDbm0(samples, 1000)).toBeGreaterThan(-18)
    expect(toneLevelDbm0(samples, 3000)).toBeLessThan(-55)
  })

  it('goes on in the band of the codec when that changes', async () => {
    const { media, bob, restart } = await annAndBob({ bob: STREAMS.G722 })
    media.send({ type: 'unbridge', leg: 1 })
    media.send({ type: 'play', leg: 2, job: 5, source: sources().clip, bargeIn: false })
    await media.pass(500)
    expect(levelAt16k(heard(bob, 'G722'), 5000)).toBeGreaterThan(-18)
    bob.heard.length = 0
    restart(2, {})
    await finished(media, 2, 5)
    const samples = bob.sound('PCMU', 0).subarray(400, 3200)
    expect(toneLevelDbm0(samples, 1000)).toBeGreaterThan(-18)
    expect(toneLevelDbm0(samples, 3000)).toBeLessThan(-50)
  })
})

describe('a recording at 16 kHz', () => {
  it.each(['G722', 'L16/16000', 'OPUS', 'PCMU'] as const)('holds what came in %s, in its band', async (name) => {
    const { media, ann } = await annAndBob({ ann: STREAMS[name], opus })
    const limits = { bargeIn: false, beepOnStart: false, sampleRateHz: 16_000, timeoutMs: 1200 } as const
    media.send({ type: 'record', leg: 1, job: 5, limits })
    media.send({ type: 'record', leg: 1, job: 6, limits: { ...limits, sampleRateHz: 8000 } })
    const rateHz = name === 'PCMU' ? 8000 : 16_000
    const high = name === 'PCMU' ? 3000 : 5000
    const low = tone(1000, 1000, rateHz)
    const sound = tone(high, 1000, rateHz).map((sample, i) => (sample + low[i]) / 2)
    await say(ann, (ms) => media.pass(ms), name, sound)
    await finished(media, 1, 5)
    const samples = recordingOf(media, 1, 5)
    expect(samples.length).toBe(19_200)
    expect(levelAt16k(samples, 1000)).toBeGreaterThan(-18)
    expect(levelAt16k(samples, high)).toBeGreaterThan(-18)
    // Of 8 kHz the image above 4 kHz is gone.
    if (name === 'PCMU') expect(levelAt16k(samples, 5000)).toBeLessThan(-45)
    const narrow = recordingOf(media, 1, 6)
    expect(narrow.length).toBe(9600)
    expect(toneLevelDbm0(narrow.subarray(3000, 6000), 1000)).toBeGreaterThan(-18)
  })

  it('goes on through a change to a codec without the band, at its rate', async () => {
    const { media, ann, restart } = await annAndBob({ ann: STREAMS.G722 })
    const limits = { bargeIn: false, beepOnStart: false, sampleRateHz: 16_000, timeoutMs: 2000 } as const
    media.send({ type: 'record', leg: 1, job: 5, limits })
    await say(ann, (ms) => media.pass(ms), 'G722', tone(1000, 800, 16_000))
    restart(1, {})
    await say(ann, (ms) => media.pass(ms), 'PCMU', tone(1000, 1000, 8000))
    await finished(media, 1, 5)
    const samples = recordingOf(media, 1, 5)
    expect(samples.length).toBe(32_000)
    expect(levelAt16k(samples.subarray(0, 12_000), 1000)).toBeGreaterThan(-14)
    expect(levelAt16k(samples.subarray(20_000), 1000)).toBeGreaterThan(-14)
  })
})

describe('a bridge between wideband codecs', () => {
  it.each([
    ['G722', 'OPUS'],
    ['OPUS', 'G722'],
    ['G722', 'L16/16000'],
    ['L16/16000', 'OPUS'],
  ] as const)('carries 5 kHz from %s to %s', async (from, to) => {
    const { media, ann, bob } = await annAndBob({ ann: STREAMS[from], bob: STREAMS[to], opus })
    await say(ann, (ms) => media.pass(ms), from, tone(5000, 800, 16_000))
    expect(levelAt16k(heard(bob, to), 5000)).toBeGreaterThan(toneLevelDbm0(tone(5000, 100, 16_000), 2500) - 3)
  })

  it('is as narrow as the narrower of two codecs', async () => {
    const { media, ann, bob } = await annAndBob({ ann: STREAMS.OPUS, bob: STREAMS.PCMU, opus })
    await say(ann, (ms) => media.pass(ms), 'OPUS', tone(1000, 800, 16_000))
    const narrow = heard(bob, 'PCMU')
    expect(toneLevelDbm0(narrow.subarray(3200, 4000), 1000)).toBeGreaterThan(-12)
    bob.heard.length = 0
    await say(ann, (ms) => media.pass(ms), 'OPUS', tone(5000, 800, 16_000))
    const folded = heard(bob, 'PCMU')
    expect(toneLevelDbm0(folded.subarray(3200, 4000), 3000)).toBeLessThan(-40)
  })

  it('passes payloads of Opus on as they are, whatever they hold', async () => {
    const { media, ann, bob } = await annAndBob({ ann: STREAMS.OPUS, bob: { ...STREAMS.OPUS, payloadType: 96 }, opus })
    const payload = Uint8Array.of(0xfc, 0xff, 0xfe)
    ann.say(payload, { payloadType: 111, units: 960 })
    await media.pass(20)
    ann.say(payload, { payloadType: 111, units: 960 })
    await media.pass(20)
    expect(bob.heard.map((packet) => packet.payload)).toEqual([payload, payload])
    expect((bob.heard[1].timestamp - bob.heard[0].timestamp) >>> 0).toBe(960)
    expect(bob.heard[0].payloadType).toBe(96)
  })

  it('becomes wide and narrow again as the legs change codecs', async () => {
    const { media, ann, bob, restart } = await annAndBob({ ann: STREAMS.G722, bob: STREAMS.PCMU, opus })
    const pass = (ms: number): Promise<void> => media.pass(ms)
    restart(2, STREAMS.OPUS)
    await say(ann, pass, 'G722', tone(5000, 600, 16_000))
    expect(levelAt16k(heard(bob, 'OPUS'), 5000)).toBeGreaterThan(-15)
    restart(1, STREAMS.PCMU)
    bob.heard.length = 0
    await say(ann, pass, 'PCMU', tone(1000, 600, 8000))
    expect(levelAt16k(heard(bob, 'OPUS'), 1000)).toBeGreaterThan(-15)
  })
})

describe('a leg of Opus', () => {
  it.each([10, 20, 40, 60])('is played to in packets of %i ms, on a clock of 48 kHz', async (ptimeMs) => {
    const { media, bob } = await annAndBob({ bob: { ...STREAMS.OPUS, ptimeMs }, opus })
    media.send({ type: 'unbridge', leg: 1 })
    const speech = speechLike(1500)
    const source = { kind: 'audio', clip: clipOf(speech), loop: false } as const
    media.send({ type: 'play', leg: 2, job: 3, source, bargeIn: false })
    await media.pass(1700)
    const steps = bob.heard.slice(1, 15).map(({ timestamp }, i) => (timestamp - bob.heard[i].timestamp) >>> 0)
    expect(new Set(steps)).toEqual(new Set([ptimeMs * 48]))
    const sound = heard(bob, 'OPUS').filter((_, i) => i % 2 === 0)
    expect(bestMatch(sound, speech.subarray(3200, 9600), 4800).correlation).toBeGreaterThan(0.7)
  })

  it.each([
    [0, 0.7],
    [0.05, 0.65],
  ])('is recorded at 8 kHz, with a loss of %f', async (loss, alike) => {
    const { media, ann } = await annAndBob({ ann: STREAMS.OPUS, opus })
    media.send({ type: 'unbridge', leg: 1 })
    media.send({ type: 'record', leg: 1, job: 5, limits: { bargeIn: false, beepOnStart: false, timeoutMs: 3000 } })
    const speech = speechLike(3200)
    const codec = new Codecs(createKernels(), opus).open('OPUS', 8000, { useInbandFec: true })
    codec.expectLoss?.(loss)
    const payload = new Uint8Array(640)
    for (let at = 0; at + 160 <= speech.length; at += 160) {
      const packet = payload.slice(0, codec.encodeInto(speech, at, 160, payload, 0))
      if (loss > 0 && (at / 160) % (1 / loss) === 7) {
        ann.sequence++
        ann.timestamp += 960
      } else ann.say(packet, { payloadType: 111, units: 960 })
      await media.pass(20)
    }
    await finished(media, 1, 5)
    const recording = recordingOf(media, 1, 5)
    expect(recording.length).toBe(24_000)
    expect(bestMatch(recording, speech.subarray(1600, 20_000), 3200).correlation).toBeGreaterThan(alike)
    media.send({ type: 'close', leg: 1 })
    const { statistics } = eventsOf(media, 'closed', 1)[0]
    expect(statistics.packetsLost).toBe(loss === 0 ? 0 : 8)
    expect(statistics.concealedMs).toBe(loss === 0 ? 0 : 140)
    expect(statistics.jitterMs).toBeLessThan(1)
  })

  it('waits calmly while the far end is silent on purpose', async () => {
    const { media, ann } = await annAndBob({ ann: STREAMS.OPUS, opus })
    media.send({ type: 'unbridge', leg: 1 })
    media.send({ type: 'record', leg: 1, job: 5, limits: { bargeIn: false, beepOnStart: false } })
    const pass = (ms: number): Promise<void> => media.pass(ms)
    await say(ann, pass, 'OPUS', tone(700, 500, 16_000))
    for (let i = 0; i < 5; i++) {
      ann.say(Uint8Array.of(0x48), { payloadType: 111, units: 400 * 48 })
      await media.pass(400)
    }
    await say(ann, pass, 'OPUS', tone(700, 500, 16_000))
    media.send({ type: 'close', leg: 1 })
    const { statistics } = eventsOf(media, 'closed', 1)[0]
    expect([statistics.underruns, statistics.concealedMs, statistics.packetsLost]).toEqual([0, 0, 0])
    expect(toneLevelDbm0(recordingOf(media, 1, 5).subarray(-2400, -800), 700)).toBeGreaterThan(-15)
  })

  it('repeats itself as far as the far end loses packets', async () => {
    const wishes = { ...STREAMS.OPUS, rtcpMux: true, opus: { useInbandFec: true } }
    const { media, ann, bob } = await annAndBob({ ann: STREAMS.G722, bob: wishes, opus })
    const pass = (ms: number): Promise<void> => media.pass(ms)
    const speech = tone(900, 1000, 16_000).map((sample, i) => (Math.floor(i / 1600) % 2 === 0 ? sample : sample >> 3))
    /** Whether a packet of SILK repeats the one before it, as libopus's opus_packet_has_lbrr reads it. */
    const repeats = (): number =>
      bob.heard.filter(({ payload }) => payload[0] >> 3 < 16 && (payload[1] & 0x40) !== 0).length
    await say(ann, pass, 'G722', speech)
    expect(repeats()).toBe(0)
    const report = new Uint8Array(32)
    const view = new DataView(report.buffer)
    report.set([0x81, 201, 0, 7])
    view.setUint32(4, bob.ssrc)
    view.setUint32(8, bob.heard[0].ssrc)
    report[12] = 51
    bob.say(Uint8Array.of(0x48), { payloadType: 111, units: 960 })
    bob.raw(report)
    await pass(40)
    await say(ann, pass, 'G722', speech)
    expect(repeats()).toBeGreaterThan(10)
  })

  it('is not harmed by hostile payloads, which it counts', async () => {
    const { media, ann } = await annAndBob({ ann: STREAMS.OPUS, opus })
    media.send({ type: 'unbridge', leg: 1 })
    media.send({ type: 'record', leg: 1, job: 5, limits: { bargeIn: false, beepOnStart: false } })
    let seed = 1
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
      return Math.floor((seed / 2 ** 32) * below)
    }
    for (let i = 0; i < 1000; i++) {
      ann.say(
        Uint8Array.from({ length: random(600) }, () => random(256)),
        { payloadType: 111, units: 960 },
      )
      await media.pass(20)
    }
    await say(ann, (ms) => media.pass(ms), 'OPUS', tone(700, 1000, 16_000))
    media.send({ type: 'close', leg: 1 })
    expect(eventsOf(media, 'failed', 1)).toEqual([])
    expect(eventsOf(media, 'closed', 1)[0].statistics.packetsRefused).toBeGreaterThan(100)
    expect(toneLevelDbm0(recordingOf(media, 1, 5).subarray(-2400, -800), 700)).toBeGreaterThan(-15)
  })

  it.each([
    [undefined, 48_000],
    [8000, 8000],
  ])(
    'sends keys with durations on the clock that was agreed on (%s)',
    async (telephoneEventClockRateHz, clockRateHz) => {
      const { media, bob } = await annAndBob({
        bob: { ...STREAMS.OPUS, ...(telephoneEventClockRateHz !== undefined && { telephoneEventClockRateHz }) },
        opus,
      })
      media.send({ type: 'unbridge', leg: 1 })
      bob.heard.length = 0
      media.send({ type: 'sendDigits', leg: 2, job: 3, digits: '5' })
      await media.pass(400)
      const events = bob.heard.filter(({ payloadType }) => payloadType === 101)
      const durations = events.map(({ payload }) => (payload[2] << 8) | payload[3])
      expect(durations[1] - durations[0]).toBe((20 * clockRateHz) / 1000)
      expect(new Set(events.map(({ timestamp }) => timestamp)).size).toBe(1)
    },
  )

  it('hears keys, and passes them on to G.711 with durations on its clock', async () => {
    const { media, ann, bob } = await annAndBob({ ann: STREAMS.OPUS, opus })
    for (const [i, duration] of [960, 1920, 2880, 3840].entries()) {
      ann.say(Uint8Array.of(5, i === 3 ? 0x8a : 10, duration >> 8, duration & 255), {
        payloadType: 101,
        marker: i === 0,
        units: 0,
      })
      await media.pass(20)
    }
    expect(eventsOf(media, 'digit', 1).map(({ digit }) => digit)).toEqual(['5'])
    const events = bob.heard.filter(({ payloadType }) => payloadType === 101)
    expect(events.map(({ payload }) => (payload[2] << 8) | payload[3])).toEqual([160, 320, 480, 640])
  })

  it('tells in-band keys from the sound at 8 kHz', async () => {
    const { media, ann } = await annAndBob({ ann: { ...STREAMS.OPUS, inBandDigits: true }, opus })
    const key = Int16Array.from({ length: 3200 }, (_, i) =>
      i < 1600 ? 5000 * (Math.sin((2 * Math.PI * 770 * i) / 16_000) + Math.sin((2 * Math.PI * 1336 * i) / 16_000)) : 0,
    )
    await say(
      ann,
      (ms) => media.pass(ms),
      'OPUS',
      Int16Array.from([...new Int16Array(3200), ...key, ...new Int16Array(3200)]),
    )
    expect(eventsOf(media, 'digit', 1).map(({ digit }) => digit)).toEqual(['5'])
  })

  it('fails where the engine has no Opus', async () => {
    const { media, restart } = await annAndBob()
    restart(1, STREAMS.OPUS)
    expect(eventsOf(media, 'failed', 1)[0]?.reason).toContain('this engine has no Opus')
  })
})
