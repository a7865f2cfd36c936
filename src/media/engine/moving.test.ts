import * as nodeCrypto from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { diff16, diff32, type Random } from '../../kit/index.ts'
import { createAudioStream, endStream, StreamWriter } from '../file/stream-ring.ts'
import { createLiveAudio, LiveWriter } from '../live/live-audio.ts'
import { createTapRing, TapReader } from '../live/tap-ring.ts'
import { isRtcp } from '../rtcp/packet.ts'
import { RtpPacket, writeRtpHeader } from '../rtp/packet.ts'
import { srtpCryptoOf } from '../srtp/node-crypto.ts'
import type { SrtpParameters } from '../srtp/srtp.ts'
import { keyAndSaltLength } from '../srtp/suites.ts'
import { eventsOf, finished, openLeg, recordingOf, streamTo } from '../test/harness.ts'
import { bestMatch, clipOf, speechLike } from '../test/signals.ts'
import { TwoEngines } from '../test/two-engines.ts'
import type { RecordLimits, StreamParameters } from './control.ts'
import type { PlaySource } from './play-source.ts'

const LISTEN: RecordLimits = { bargeIn: false, beepOnStart: false }
/** The leg that moves, and its far end, which stays. */
const ROVER = 1
const FAR = 2

/** Sequence numbers and timestamps wrap soon. */
const NEAR_THE_WRAP: Random = { uint32: () => 0xffff_ffe0 }

/** Two legs that hear each other. What the one that moves sends is kept as it leaves. */
async function call(streams: [Partial<StreamParameters>, Partial<StreamParameters>] = [{}, {}]) {
  const media = new TwoEngines({ crypto: srtpCryptoOf(nodeCrypto), random: NEAR_THE_WRAP })
  const ports = [await openLeg(media, ROVER), await openLeg(media, FAR)]
  const sent: { at: number; sequence: number; timestamp: number; ssrc: number; length: number }[] = []
  const view = new RtpPacket()
  media.network.watch = ({ bytes, from }) => {
    if (from.port !== ports[0] || isRtcp(bytes, bytes.length)) return true
    view.parse(bytes)
    const { sequence, timestamp, ssrc, payloadLength: length } = view
    sent.push({ at: media.now, sequence, timestamp, ssrc, length })
    return true
  }
  for (const [leg, port, stream] of [
    [ROVER, ports[1], streams[0]],
    [FAR, ports[0], streams[1]],
  ] as const)
    media.send({ type: 'start', leg, stream: { ...streamTo(media.address, port), ...stream } })
  await media.pass(300)
  return { media, sent }
}

function keys(): [Partial<StreamParameters>, Partial<StreamParameters>] {
  const suite = 'AES_CM_128_HMAC_SHA1_80'
  const key = (first: number) => Uint8Array.from({ length: keyAndSaltLength(suite) }, (_, i) => first + i)
  const srtp = (send: number, receive: number): SrtpParameters => ({
    suite,
    sendKey: key(send),
    receiveKey: key(receive),
  })
  return [
    { srtp: srtp(1, 100), rtcpMux: true },
    { srtp: srtp(100, 1), rtcpMux: true },
  ]
}

const both = (stream: Partial<StreamParameters>): [Partial<StreamParameters>, Partial<StreamParameters>] => [
  stream,
  stream,
]

describe('a leg that moves to another engine', () => {
  const speech = speechLike(2000)
  const other = speechLike(2000, 2)

  it.each([
    ['PCMU', both({})],
    ['G722', both({ codec: 'G722', payloadType: 9 })],
    ['packets of 30 ms', both({ ptimeMs: 30 })],
    ['SRTP', keys()],
  ] as const)('goes on playing and recording: %s', async (_, streams) => {
    const { media, sent } = await call([streams[0], streams[1]])
    sent.length = 0
    const play = (leg: number, samples: Int16Array): void =>
      media.send({
        type: 'play',
        leg,
        job: 5,
        source: { kind: 'audio', clip: clipOf(samples), loop: false },
        bargeIn: false,
      })
    const record = (leg: number, job: number, limits: Partial<RecordLimits> = {}): void =>
      media.send({ type: 'record', leg, job, limits: { ...LISTEN, ...limits } })
    record(FAR, 6)
    record(ROVER, 7)
    record(ROVER, 8, { sides: 'stereo' })
    play(ROVER, speech)
    play(FAR, other)
    for (const [afterMs, underWayMs] of [
      [513, 7],
      [600, 12],
      [300, 3],
    ]) {
      await media.pass(afterMs)
      await media.move(ROVER, underWayMs)
    }
    await finished(media, ROVER, 5)
    await media.pass(600)
    for (const [leg, job] of [
      [FAR, 6],
      [ROVER, 7],
      [ROVER, 8],
    ]) {
      media.send({ type: 'stopJob', leg, job })
      expect((await finished(media, leg, job)).cause).toBe('ABORTED')
    }
    // Nothing of what was to be said is missing, and the far end sees one stream without a seam.
    const packets = sent.slice(0, streams[0].ptimeMs === 30 ? 66 : 100)
    const ticks = 8 * (streams[0].ptimeMs ?? 20)
    let skipped = 0
    expect(new Set(packets.map(({ ssrc }) => ssrc)).size).toBe(1)
    for (let i = 1; i < packets.length; i++) {
      expect(diff16(packets[i].sequence, packets[i - 1].sequence)).toBe(1)
      // Time goes on as it passes: where a slot was missed on the way, the timestamp tells it.
      const slots = diff32(packets[i].timestamp, packets[i - 1].timestamp) / ticks
      expect([1, 2]).toContain(slots)
      skipped += slots - 1
    }
    expect(skipped).toBeLessThanOrEqual(1)
    // What was heard before and after each move is there, and lasts as long as it took.
    const whole = recordingOf(media, ROVER, 7)
    const stereo = recordingOf(media, ROVER, 8)
    const left = stereo.filter((_, i) => i % 2 === 0)
    const right = stereo.filter((_, i) => i % 2 === 1)
    expect(Math.abs(whole.length - left.length)).toBeLessThan(5 * 160)
    for (const [track, said] of [
      [recordingOf(media, FAR, 6), speech],
      [whole, other],
      [left, other],
      [right, speech],
    ]) {
      const begin = bestMatch(track, said.subarray(0, 1600), 3000).offset
      let alike = 0
      for (let at = 0; at + 800 <= said.length; at += 800)
        if (
          bestMatch(track.subarray(begin + at - 200, begin + at + 1000), said.subarray(at, at + 800)).correlation > 0.9
        )
          alike++
      // Each of three moves may cost a few packets, in two windows at worst.
      expect(alike).toBeGreaterThanOrEqual(20 - 4)
    }
    media.send({ type: 'close', leg: ROVER })
    media.send({ type: 'close', leg: FAR })
    const [gone, stayed] = [ROVER, FAR].map((leg) => eventsOf(media, 'closed', leg)[0].statistics)
    expect([gone.packetsReceived, stayed.packetsReceived]).toEqual([stayed.packetsSent, gone.packetsSent])
    expect([gone.slotsSkipped, gone.reportsSent > 0]).toEqual([skipped, streams[0].rtcpMux === true])
    expect([gone.packetsLost, gone.packetsRefused, stayed.packetsLost, stayed.packetsRefused]).toEqual([0, 0, 0, 0])
    for (const engine of media.engines) expect(engine.counters.get('legs')).toBe(0)
    expect(media.network.sockets).toBe(0)
  })

  it('plays what it played: a tone, what follows, what is spoken or read just now', async () => {
    const { media } = await call()
    const live = createLiveAudio('pcm16', 8192)
    const writer = new LiveWriter(live)
    const file = createAudioStream('pcm16', 16_384)
    new StreamWriter(file).write(speech, 0, 16_000)
    endStream(file)
    const sources: [PlaySource, (heard: Int16Array) => boolean][] = [
      [tone(440), (heard) => clicks(heard) === 0],
      [{ kind: 'stream', stream: file }, (heard) => bestMatch(heard, speech.subarray(8000, 11_200)).correlation > 0.9],
      [{ kind: 'live', audio: live }, (heard) => bestMatch(heard, other.subarray(800, 2400)).correlation > 0.9],
    ]
    for (const [i, [source, isRight]] of sources.entries()) {
      media.send({ type: 'record', leg: FAR, job: 20 + i, limits: LISTEN })
      media.send({ type: 'play', leg: ROVER, job: 10 + i, source, bargeIn: false })
      await media.pass(300)
      if (source.kind === 'live') writer.write(other, 0, 3200)
      await media.pass(153)
      await media.move(ROVER, 4)
      await media.pass(1500)
      media.send({ type: 'stopJob', leg: ROVER, job: 10 + i })
      media.send({ type: 'stopJob', leg: FAR, job: 20 + i })
      await finished(media, ROVER, 10 + i)
      expect([source.kind, isRight(recordingOf(media, FAR, 20 + i))]).toEqual([source.kind, true])
    }
  })

  it('goes on with the next source, also where that comes after the move, and where it has waited before', async () => {
    const { media } = await call()
    const play = { type: 'play', leg: ROVER, job: 4, bargeIn: false, more: true } as const
    media.send({ ...play, source: { kind: 'audio', clip: clipOf(speech.subarray(0, 3200)), loop: false } })
    media.send({ type: 'playNext', leg: ROVER, job: 4, source: tone(500), when: 'after', more: true })
    await media.move(ROVER, 5)
    await media.pass(600)
    expect(eventsOf(media, 'playingNext', ROVER).length).toBe(1)
    await media.move(ROVER, 5)
    // Too late: another source has begun since.
    media.send({ type: 'playNext', leg: ROVER, job: 4, source: tone(900), when: 'now', turn: 0 })
    media.send({ type: 'playNext', leg: ROVER, job: 4, source: { ...tone(700), loop: false }, when: 'now', turn: 1 })
    await media.pass(1200)
    expect(eventsOf(media, 'finished', ROVER)).toEqual([])
    await media.move(ROVER, 5)
    media.send({ type: 'playNext', leg: ROVER, job: 4, source: { ...tone(800), loop: false }, when: 'after' })
    expect((await finished(media, ROVER, 4)).cause).toBe('NORMAL')
    expect(eventsOf(media, 'playingNext', ROVER).length).toBe(2)
    media.send({ type: 'close', leg: ROVER })
    // The one that was late, once.
    expect(eventsOf(media, 'closed', ROVER)[0].statistics.playerUnderruns).toBe(1)
  })

  it.each([
    ['events', {}],
    ['tones', { telephoneEventPayloadType: undefined }],
  ] as const)('takes and gives each key once, as %s, wherever in it the move comes', async (_, events) => {
    const stream = events as Partial<StreamParameters>
    const { media } = await call([stream, stream])
    for (let i = 0; i < 12; i++) {
      media.send({ type: 'sendDigits', leg: ROVER, job: 100 + i, digits: '15' })
      media.send({ type: 'sendDigits', leg: FAR, job: 200 + i, digits: '29' })
      await media.pass(7 * i + 3)
      await media.move(ROVER, 6)
      await finished(media, ROVER, 100 + i)
      await media.pass(500)
    }
    const digits = (leg: number): string =>
      eventsOf(media, 'digit', leg)
        .map(({ digit }) => digit)
        .join('')
    expect([digits(ROVER), digits(FAR)]).toEqual(['29'.repeat(12), '15'.repeat(12)])
  })

  it('listens on: one utterance begins once and ends once, and its sound is whole', async () => {
    const { media } = await call()
    const wanted = { until: 'utterance', silenceMs: 400, bargeIn: false, sound: { sampleRateHz: 8000 } } as const
    media.send({ type: 'listen', leg: ROVER, job: 3, for: wanted })
    await media.pass(500)
    const said = vowels(1800)
    media.send({
      type: 'play',
      leg: FAR,
      job: 1,
      source: { kind: 'audio', clip: clipOf(said), loop: false },
      bargeIn: false,
    })
    await media.pass(700)
    expect(eventsOf(media, 'voice', ROVER).length).toBe(1)
    await media.move(ROVER, 6)
    expect((await finished(media, ROVER, 3)).cause).toBe('NORMAL')
    expect(eventsOf(media, 'voice', ROVER).map(({ state }) => state)).toEqual(['began', 'ended'])
    expect(Math.abs(recordingOf(media, ROVER, 3).length / 8 - 2400)).toBeLessThan(240)
  })

  it('keeps the limits of its recordings, and taps on', async () => {
    const { media } = await call()
    const ring = createTapRing()
    const reader = new TapReader(ring)
    media.send({ type: 'tap', leg: ROVER, job: 1, ring })
    media.send({ type: 'record', leg: ROVER, job: 2, limits: { ...LISTEN, maxSamples: 8000 } })
    media.send({ type: 'record', leg: ROVER, job: 3, limits: { ...LISTEN, initialSilenceMs: 900 } })
    media.send({ type: 'record', leg: ROVER, job: 4, limits: { ...LISTEN, beepOnStart: true, timeoutMs: 700 } })
    media.send({ type: 'detect', leg: ROVER, job: 5 })
    const began = media.now
    let blocks = 0
    const causes: Record<number, [string, number]> = {}
    for (let i = 0; i < 30; i++) {
      if (i === 2 || i === 14) await media.move(ROVER, 4)
      await media.pass(50)
      for (; reader.read() !== undefined; ) blocks++
      for (const { job, cause } of eventsOf(media, 'finished', ROVER)) causes[job] ??= [cause, media.now - began]
    }
    expect(Object.keys(causes)).toEqual(['2', '3', '4'])
    for (const [job, cause, atMs] of [
      [2, 'SIZE', 1000],
      [3, 'SILENCE', 900],
      [4, 'TIMEOUT', 1000],
    ] as const) {
      expect(causes[job][0]).toBe(cause)
      expect(Math.abs(causes[job][1] - atMs)).toBeLessThan(120)
    }
    expect(recordingOf(media, ROVER, 2).length).toBe(8000)
    expect(eventsOf(media, 'beeped', ROVER).length).toBe(1)
    expect(Math.abs(blocks - (media.now - began) / 20)).toBeLessThan(8)
  })

  it('goes on with the reports of both ends, and with the keys beyond the wrap of the sequence', async () => {
    const { media } = await call(keys())
    media.send({ type: 'play', leg: ROVER, job: 1, source: tone(440), bargeIn: false })
    for (let i = 0; i < 4; i++) {
      await media.pass(4000)
      await media.move(ROVER, 3)
    }
    await media.pass(4000)
    media.send({ type: 'close', leg: ROVER })
    await media.pass(100)
    media.send({ type: 'close', leg: FAR })
    const [gone, stayed] = [ROVER, FAR].map((leg) => eventsOf(media, 'closed', leg)[0].statistics)
    expect(gone.reportsSent).toBeGreaterThanOrEqual(4)
    // The goodbye of the one that stays is for nobody any more.
    expect(stayed.reportsReceived).toBe(gone.reportsSent)
    expect(stayed.reportsSent - gone.reportsReceived).toBe(1)
    expect([stayed.packetsReceived, stayed.packetsLost, stayed.packetsRefused]).toEqual([gone.packetsSent, 0, 0])
    expect(gone.roundTripMs).toBeDefined()
  })

  it('sends where the far end is, though nobody has said so and nothing comes, and hears no stranger', async () => {
    const media = new TwoEngines()
    const port = await openLeg(media, ROVER)
    const [nat, stranger] = ['198.51.100.7', '203.0.113.9'].map((address) => ({ address, port: 5000 }))
    const sentTo = new Set<string>()
    media.network.watch = ({ from, to }) => {
      if (from.port === port) sentTo.add(to.address)
      return true
    }
    const say = (from: { address: string; port: number }, sequence: number, ssrc: number): void => {
      const bytes = new Uint8Array(172)
      writeRtpHeader(bytes, false, 0, sequence, 160 * sequence, ssrc)
      media.network.inject({ bytes, from, to: { address: media.address, port } })
    }
    media.send({ type: 'start', leg: ROVER, stream: streamTo('192.0.2.1', 4000) })
    say(nat, 1, 7)
    await media.pass(100)
    media.send({ type: 'play', leg: ROVER, job: 1, source: tone(440), bargeIn: false })
    sentTo.clear()
    await media.move(ROVER, 5)
    for (let i = 0; i < 3; i++) {
      say(stranger, 100 + i, 8)
      await media.pass(20)
    }
    say(nat, 2, 7)
    await media.pass(100)
    expect([...sentTo]).toEqual([nat.address])
    media.send({ type: 'close', leg: ROVER })
    expect(eventsOf(media, 'closed', ROVER)[0].statistics).toMatchObject({ packetsReceived: 2, packetsRefused: 3 })
  })

  it('loses no time, however often it moves', async () => {
    const { media } = await call()
    media.send({ type: 'record', leg: ROVER, job: 1, limits: { ...LISTEN, sides: 'stereo' } })
    media.send({ type: 'record', leg: ROVER, job: 2, limits: LISTEN })
    media.send({ type: 'play', leg: ROVER, job: 3, source: tone(440), bargeIn: false })
    const begun = media.now
    for (let i = 0; i < 20; i++) {
      await media.pass(101)
      await media.move(ROVER, 2)
    }
    await media.pass(500)
    const elapsedMs = media.now - begun
    for (const job of [1, 2]) media.send({ type: 'stopJob', leg: ROVER, job })
    await media.pass(20)
    expect(Math.abs(recordingOf(media, ROVER, 1).length / 16 - elapsedMs)).toBeLessThanOrEqual(20)
    expect(Math.abs(recordingOf(media, ROVER, 2).length / 8 - elapsedMs)).toBeLessThanOrEqual(40)
    media.send({ type: 'close', leg: ROVER })
    expect(eventsOf(media, 'closed', ROVER)[0].statistics.slotsSkipped).toBe(0)
  })

  it('stays where it cannot go', async () => {
    const { media } = await call()
    const [engine] = media.engines
    const tell = (leg: number): unknown => {
      media.send({ type: 'release', leg, to: 2 })
      return media.events.at(-1)
    }
    expect(tell(7)).toMatchObject({ type: 'notReleased', leg: 7, reason: expect.stringMatching(/not open/) })
    media.send({ type: 'open', leg: 7, localAddress: media.address })
    expect(tell(7)).toMatchObject({ type: 'notReleased', reason: expect.stringMatching(/no stream/) })
    media.send({ type: 'mix', leg: ROVER, room: 1 })
    expect(tell(ROVER)).toMatchObject({ type: 'notReleased', reason: expect.stringMatching(/in room 1/) })
    media.send({ type: 'unmix', leg: ROVER })
    media.send({ type: 'bridge', leg: ROVER, other: FAR })
    expect(tell(ROVER)).toMatchObject({ type: 'notReleased', reason: expect.stringMatching(/bridged/) })
    expect(engine.counters.get('legs')).toBe(3)
  })

  it('fails where there is no place for it, and its port is free again', async () => {
    const media = new TwoEngines({ maxLegs: 1 })
    await openLeg(media, 1)
    media.send({ type: 'start', leg: 1, stream: streamTo('192.0.2.9', 4000) })
    await media.move(1)
    await openLeg(media, 2)
    media.send({ type: 'start', leg: 2, stream: streamTo('192.0.2.9', 4002) })
    await media.move(2)
    expect(eventsOf(media, 'failed', 2)).toEqual([{ type: 'failed', leg: 2, reason: 'all 1 media legs are in use' }])
    expect(media.network.sockets).toBe(1)
  })
})

function tone(frequencyHz: number): Extract<PlaySource, { kind: 'tone' }> {
  return {
    kind: 'tone',
    steps: [{ tone1: { frequencyHz, amplitude: 10 }, durationMs: 1000, add: 'summation' }],
    loop: true,
  }
}

/** Places within a steady tone where it leaps; at the ends it may. */
function clicks(samples: Int16Array): number {
  const loud = samples.findIndex((sample) => Math.abs(sample) > 4000)
  let count = 0
  for (let i = loud + 1; i < loud + 8000; i++) if (Math.abs(samples[i] - samples[i - 1]) > 3500) count++
  return count
}

/** What is taken for speech: a voice whose pitch and loudness move. */
function vowels(durationMs: number): Int16Array {
  let phase = 0
  return Int16Array.from({ length: durationMs * 8 }, (_, i) => {
    const seconds = i / 8000
    phase += (2 * Math.PI * (120 + 25 * Math.sin(7 * seconds))) / 8000
    let sum = 0
    for (let k = 1; k < 12; k++) sum += Math.sin(k * phase) / (1 + Math.abs(k - 5 - 3 * Math.sin(11 * seconds)))
    return Math.round(2500 * (0.6 + 0.4 * Math.sin(20 * seconds)) * sum)
  })
}
