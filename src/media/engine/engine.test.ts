import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { chance, integerBelow, NEVER, seededRandom } from '../../kit/index.ts'
import { codecNamed } from '../codec/codec.ts'
import { RtpPacket, writeRtpHeader } from '../rtp/packet.ts'
import { connectLegs, eventsOf, finished, openLeg, recordingOf, streamTo } from '../test/harness.ts'
import { InProcessMedia } from '../test/in-process.ts'
import type { Datagram } from '../test/memory-network.ts'
import { bestMatch, clipOf, speechLike } from '../test/signals.ts'
import type { MediaCommand, StreamParameters } from './control.ts'

/** A packet as it went over the wire. */
interface Wire {
  readonly at: number
  readonly marker: boolean
  readonly payloadType: number
  readonly sequence: number
  readonly timestamp: number
  readonly payload: Uint8Array
}

const FAR = { address: '192.0.2.1', port: 4000 }

/** One leg that talks to a far end which only listens. */
async function oneLeg(
  stream: Partial<StreamParameters> = {},
): Promise<{ media: InProcessMedia; wire: Wire[]; port: number }> {
  const media = new InProcessMedia()
  const wire: Wire[] = []
  const view = new RtpPacket()
  media.network.watch = ({ bytes, to }) => {
    if (to.port !== FAR.port) return true
    expect(view.parse(bytes)).toBe(true)
    const { marker, payloadType, sequence, timestamp, payloadOffset } = view
    wire.push({ at: media.now, marker, payloadType, sequence, timestamp, payload: bytes.slice(payloadOffset) })
    return true
  }
  const port = await openLeg(media, 1)
  media.send({ type: 'start', leg: 1, stream: { ...streamTo(FAR.address, FAR.port), ...stream } })
  return { media, wire, port }
}

const play = (media: InProcessMedia, samples: Int16Array, loop = false): void =>
  media.send({ type: 'play', leg: 1, job: 1, source: { kind: 'audio', clip: clipOf(samples), loop }, bargeIn: false })

/** Takes the silence off that follows what was sent, and checks that it is silence. */
function takeTrail(wire: Wire[]): void {
  const trail = wire.splice(-10)
  expect(trail.length).toBe(10)
  expect(new Set(trail.flatMap(({ payload }) => [...payload]))).toEqual(new Set([0xff]))
}

const gaps = (wire: readonly Wire[]): number[] => wire.slice(1).map((packet, i) => packet.at - wire[i].at)

describe('MediaEngine pacing', () => {
  it('puts packets on an exact 20 ms grid when it is woken in time', async () => {
    const { media, wire } = await oneLeg()
    play(media, speechLike(2000))
    await media.pass(3000)
    takeTrail(wire)
    expect(wire.length).toBe(100)
    for (const gap of gaps(wire)) expect(gap).toBeCloseTo(20, 6)
    expect(wire.map(({ marker }) => marker)).toEqual([true, ...new Array(99).fill(false)])
    expect(media.engine.counters.get('lateTicks')).toBe(0)
  })

  it('lives through a 25 ms stall each second: no burst, timestamps follow time, nothing of the clip is lost', async () => {
    const { media, wire } = await oneLeg()
    let lastStall = media.now
    media.lateBy = (now) => {
      if (now - lastStall < 1000) return 0
      lastStall = now
      return 25
    }
    const clip = speechLike(10_000)
    play(media, clip)
    await media.pass(60_000)
    takeTrail(wire)
    expect(wire.length).toBe(500)
    expect(Math.min(...gaps(wire))).toBeGreaterThanOrEqual(4.99)
    expect(Math.max(...gaps(wire))).toBeLessThanOrEqual(45.01)
    for (const packet of wire)
      expect(Math.abs(rtpMsSince(wire[0], packet) - (packet.at - wire[0].at))).toBeLessThan(20.01)
    const heard = new Int16Array(clip.length)
    for (const [i, packet] of wire.entries()) codecNamed('PCMU').decodeInto(packet.payload, 0, 160, heard, i * 160)
    expect(bestMatch(heard, clip, 0).correlation).toBeGreaterThan(0.99)
  })

  it('skips the slots of a pause of 5 s instead of sending them at once', async () => {
    const { media, wire } = await oneLeg()
    play(media, speechLike(100), true)
    await media.pass(1000)
    const before = wire.length
    media.lateBy = () => 5000
    media.step(Infinity)
    media.lateBy = () => 0
    expect(wire.length - before).toBeLessThanOrEqual(1)
    await media.pass(1000)
    expect(wire.length - before).toBeGreaterThanOrEqual(49)
    expect(wire.length - before).toBeLessThanOrEqual(51)
    expect(Math.min(...gaps(wire))).toBeGreaterThan(4.99)
    const [first, last] = [wire[0], wire.at(-1)!]
    expect(Math.abs(rtpMsSince(first, last) - (last.at - first.at))).toBeLessThan(20)
    expect(wire.every(({ sequence }, i) => i === 0 || sequence === ((wire[i - 1].sequence + 1) & 0xffff))).toBe(true)
    media.send({ type: 'close', leg: 1 })
    expect(eventsOf(media, 'closed', 1)[0].statistics.slotsSkipped).toBeGreaterThanOrEqual(249)
    expect(media.engine.counters.get('lateTicks')).toBe(1)
  })

  it.each([10, 20, 30, 40, 60])('sends packets of %i ms', async (ptimeMs) => {
    const { media, wire } = await oneLeg({ ptimeMs })
    play(media, speechLike(1200))
    await media.pass(2000)
    takeTrail(wire)
    expect(wire.length).toBe(1200 / ptimeMs)
    for (const { payload } of wire) expect(payload.length).toBe(ptimeMs * 8)
    for (const gap of gaps(wire)) expect(gap).toBeCloseTo(ptimeMs, 6)
  })

  it('fills a sub-tick before it begins the next, and asks for none in which nothing is to do', async () => {
    const media = new InProcessMedia()
    const sentAt: number[] = []
    media.network.watch = () => {
      sentAt.push(media.now)
      return true
    }
    for (let leg = 1; leg <= 300; leg++) {
      await openLeg(media, leg)
      media.send({ type: 'start', leg, stream: streamTo('192.0.2.1', 4000) })
    }
    sentAt.length = 0
    await media.pass(20)
    const perInstant = countsOf(sentAt)
    expect(perInstant.sort((a, b) => a - b)).toEqual([44, 256])
    expect(await deadlinesIn(media, 100)).toBe(10)
    expect(media.engine.counters.get('lateTicks')).toBe(0)
  })

  it('fills a sub-tick with the legs of rooms, too', async () => {
    const media = new InProcessMedia()
    for (let leg = 1; leg <= 300; leg++) {
      await openLeg(media, leg)
      media.send({ type: 'start', leg, stream: streamTo('192.0.2.1', 4000) })
      if (leg <= 250) media.send({ type: 'mix', leg, room: leg % 50 })
    }
    await media.pass(20)
    expect(await deadlinesIn(media, 100)).toBe(10)
  })

  it('spreads rooms that have grown since they were made', async () => {
    const media = new InProcessMedia()
    const sentAt: number[] = []
    media.network.watch = () => {
      sentAt.push(media.now)
      return true
    }
    for (let leg = 0; leg < 800; leg++) {
      await openLeg(media, leg + 1)
      media.send({ type: 'start', leg: leg + 1, stream: streamTo('192.0.2.1', 4000) })
      media.send({ type: 'mix', leg: leg + 1, room: leg % 25 })
    }
    await media.pass(60)
    sentAt.length = 0
    await media.pass(20)
    const perInstant = countsOf(sentAt)
    expect(perInstant.length).toBe(4)
    expect(Math.max(...perInstant)).toBeLessThanOrEqual(320)
    expect(sentAt.length).toBe(800)
  })

  it('asks for nothing while no leg is active', async () => {
    const media = new InProcessMedia()
    expect(media.engine.deadline()).toBe(NEVER)
    await openLeg(media, 1)
    expect(media.engine.deadline()).toBe(NEVER)
    media.send({ type: 'start', leg: 1, stream: streamTo('192.0.2.1', 4000) })
    expect(media.engine.deadline()).toBeLessThanOrEqual(media.now + 20)
    media.send({ type: 'close', leg: 1 })
    expect(media.engine.deadline()).toBe(NEVER)
    expect(media.network.sockets).toBe(0)
    expect(media.engine.counters.get('legs')).toBe(0)
    media.now += 100_000
    await openLeg(media, 2)
    media.send({ type: 'start', leg: 2, stream: streamTo('192.0.2.1', 4000) })
    await media.pass(100)
    expect(media.engine.counters.get('lateTicks')).toBe(0)
  })
})

describe('MediaEngine legs', () => {
  it('passes a µ-law clip through octet by octet', async () => {
    const { media, wire } = await oneLeg()
    // The negative zero would not survive decoding and encoding.
    const data = Uint8Array.from({ length: 1600 }, (_, i) => (i % 2 === 0 ? 0x7f : i & 0xff))
    const clip = { encoding: 'pcmu', sampleRateHz: 8000, data } as const
    media.send({ type: 'play', leg: 1, job: 1, source: { kind: 'audio', clip, loop: false }, bargeIn: false })
    await media.pass(500)
    takeTrail(wire)
    expect(wire.flatMap(({ payload }) => [...payload])).toEqual([...data])
  })

  it('converts an A-law clip for a µ-law peer', async () => {
    const { media, wire } = await oneLeg()
    const speech = speechLike(500)
    const data = new Uint8Array(speech.length)
    codecNamed('PCMA').encodeInto(speech, 0, speech.length, data, 0)
    const clip = { encoding: 'pcma', sampleRateHz: 8000, data } as const
    media.send({ type: 'play', leg: 1, job: 1, source: { kind: 'audio', clip, loop: false }, bargeIn: false })
    await media.pass(1000)
    const heard = new Int16Array(wire.length * 160)
    for (const [i, packet] of wire.entries()) codecNamed('PCMU').decodeInto(packet.payload, 0, 160, heard, i * 160)
    expect(bestMatch(heard, speech, 0).correlation).toBeGreaterThan(0.99)
  })

  it('plays through a hold: nothing is sent, the clip goes on', async () => {
    const { media, wire } = await oneLeg()
    play(media, speechLike(1000))
    await media.pass(200)
    const stream = streamTo(FAR.address, FAR.port)
    media.send({ type: 'start', leg: 1, stream: { ...stream, direction: 'recvonly' } })
    const held = wire.length
    await media.pass(400)
    expect(wire.length).toBe(held)
    media.send({ type: 'start', leg: 1, stream })
    await finished(media, 1, 1)
    expect(wire.length).toBe(30)
    for (const address of ['0.0.0.0', '::']) {
      media.send({ type: 'start', leg: 1, stream: { ...stream, remoteAddress: address } })
      await media.pass(200)
    }
    expect(wire.length).toBe(30)
  })

  it('hears the source behind a NAT, refuses a third, and answers where the packets come from', async () => {
    const { media, port } = await oneLeg()
    const from = (address: string, sequence: number, ssrc: number): void =>
      inject(media, port, { address, port: 9 }, sequence, ssrc)
    const sentTo = new Set<string>()
    media.network.watch = ({ to }) => {
      if (to.port !== port) sentTo.add(to.address)
      return true
    }
    await media.pass(40)
    from('198.51.100.1', 1, 1)
    await media.pass(40)
    for (let i = 0; i < 10; i++) from('203.0.113.9', i, 7)
    await media.pass(40)
    from('198.51.100.1', 2, 1)
    await media.pass(300)
    media.send({ type: 'close', leg: 1 })
    expect(eventsOf(media, 'closed', 1)[0].statistics).toMatchObject({ packetsReceived: 2, packetsRefused: 10 })
    expect([...sentTo]).toEqual([FAR.address, '198.51.100.1'])
  })

  it('says each digit once over a network that loses a fifth of the packets and doubles a tenth', async () => {
    const media = new InProcessMedia()
    await connectLegs(media, 1, 2)
    const random = seededRandom(3)
    media.network.watch = (datagram) => {
      if (chance(random, 0.1)) media.network.inject(datagram)
      return !chance(random, 0.2)
    }
    const digits = '0123456789*#ABCD1122334455'
    media.send({ type: 'sendDigits', leg: 1, job: 1, digits })
    await finished(media, 1, 1)
    await media.pass(100)
    expect(
      eventsOf(media, 'digit', 2)
        .map(({ digit }) => digit)
        .join(''),
    ).toBe(digits)
  })

  it('counts nothing that came before the stream began', async () => {
    const media = new InProcessMedia()
    const port = await openLeg(media, 1)
    for (let i = 0; i < 5; i++) inject(media, port, FAR, i, 1)
    media.send({ type: 'start', leg: 1, stream: streamTo(FAR.address, FAR.port) })
    await media.pass(100)
    media.send({ type: 'close', leg: 1 })
    expect(eventsOf(media, 'closed', 1)[0].statistics).toMatchObject({ packetsReceived: 0, packetsRefused: 0 })
  })

  it('records what comes after lost packets in its place', async () => {
    const media = new InProcessMedia()
    await connectLegs(media, 1, 2)
    await media.pass(300)
    let count = 0
    media.network.watch = () => {
      count++
      return count < 20 || count > 29
    }
    media.send({ type: 'record', leg: 2, job: 21, limits: { bargeIn: false, beepOnStart: false, timeoutMs: 1500 } })
    const speech = speechLike(1000)
    play(media, speech)
    await finished(media, 2, 21)
    const recording = recordingOf(media, 2, 21)
    expect(recording.length).toBe(12_000)
    const { offset, correlation } = bestMatch(recording, speech.subarray(0, 2000), 2000)
    expect(correlation).toBeGreaterThan(0.99)
    expect(bestMatch(recording.subarray(offset), speech.subarray(6000), 6100)).toMatchObject({ offset: 6000 })
  })

  it('keeps a recording in time with the clock through a pause of the process', async () => {
    const media = new InProcessMedia()
    await connectLegs(media, 1, 2)
    media.send({ type: 'record', leg: 2, job: 21, limits: { bargeIn: false, beepOnStart: false } })
    play(media, speechLike(10_000))
    await media.pass(1000)
    media.lateBy = () => 2000
    media.step(Infinity)
    media.lateBy = () => 0
    await media.pass(1000)
    media.send({ type: 'stopJob', leg: 2, job: 21 })
    expect(Math.abs(recordingOf(media, 2, 21).length / 8 - 4000)).toBeLessThan(45)
  })

  it('ends the jobs of a leg whose port breaks, then says so', async () => {
    const { media } = await oneLeg()
    play(media, speechLike(1000))
    media.send({ type: 'record', leg: 1, job: 2, limits: { bargeIn: false, beepOnStart: false } })
    media.io.breakPort(1)
    await media.pass(20)
    expect(media.events.slice(-3)).toMatchObject([
      { type: 'finished', job: 1, cause: 'ERROR', detail: 'the network is down' },
      { type: 'finished', job: 2, cause: 'ERROR' },
      { type: 'failed', leg: 1, reason: 'the network is down' },
    ])
    expect(media.engine.counters.snapshot()).toMatchObject({ legs: 0, legsFailed: 1 })
  })

  it('ends only the leg that a broken command or clip concerns', async () => {
    const { media } = await oneLeg()
    play(media, speechLike(1000))
    for (const leg of [2, 3]) {
      await openLeg(media, leg)
      media.send({ type: 'start', leg, stream: streamTo(FAR.address, FAR.port) })
    }
    const nonsense = { type: 'play', leg: 2, job: 2, source: undefined, bargeIn: false }
    media.send(nonsense as unknown as MediaCommand)
    const unreadable = Object.defineProperty({ length: 160 }, 0, {
      get() {
        throw new Error('gone')
      },
    })
    const broken = { kind: 'audio', clip: { encoding: 'pcm16', data: unreadable }, loop: false }
    media.send({ ...nonsense, leg: 3, job: 3, source: broken } as unknown as MediaCommand)
    await media.pass(40)
    for (const leg of [2, 3])
      expect(eventsOf(media, 'failed', leg)).toMatchObject([{ reason: expect.stringMatching(/invariant/) }])
    expect(eventsOf(media, 'finished', 3)).toMatchObject([{ job: 3, cause: 'ERROR' }])
    expect((await finished(media, 1, 1)).cause).toBe('NORMAL')
  })

  it('has a limit of legs', async () => {
    const media = new InProcessMedia({ maxLegs: 1 })
    await openLeg(media, 1)
    media.send({ type: 'open', leg: 2, localAddress: '127.0.0.1' })
    expect(media.events.at(-1)).toMatchObject({ type: 'failed', leg: 2 })
    media.send({ type: 'close', leg: 1 })
    await openLeg(media, 3)
  })

  it('fails a leg whose id is used twice', async () => {
    const media = new InProcessMedia()
    await openLeg(media, 1)
    media.send({ type: 'open', leg: 1, localAddress: '127.0.0.1' })
    expect(media.events.at(-1)).toMatchObject({ type: 'failed', leg: 1 })
    expect(media.network.sockets).toBe(0)
  })
})

describe('MediaEngine under attack', () => {
  it('takes a million hostile datagrams without a throw, a digit or a byte of memory', async () => {
    const { media, port } = await oneLeg()
    media.send({ type: 'record', leg: 1, job: 9, limits: { bargeIn: true, beepOnStart: false } })
    const random = seededRandom(7)
    const to = { address: '127.0.0.1', port }
    const forms = Array.from({ length: 64 }, () => new Uint8Array(integerBelow(random, 60)))
    forms.push(new Uint8Array(1500), new Uint8Array(801), new Uint8Array(0))
    let heapBefore = 0
    for (let i = 0; i < 1_000_000; i++) {
      const bytes = forms[i % forms.length]
      for (let k = 0; k < bytes.length && k < 16; k++) bytes[k] = random.uint32()
      // Half of them look like our stream, from an address that is not the far end's.
      if (i % 2 === 0 && bytes.length > 16) writeRtpHeader(bytes, false, i % 4 === 0 ? 0 : 101, i & 0xffff, i, i)
      if (i === 0) inject(media, port, FAR, 0, 1)
      media.network.inject({ bytes, from: { address: '203.0.113.9', port: 1 + (i & 0x3ff) }, to } satisfies Datagram)
      if (i % 16 === 15) await media.pass(20)
      // What was recorded meanwhile is ours to drop.
      if (i % 10_000 === 0) media.events.length = 0
      if (i === 200_000) heapBefore = heapUsed()
    }
    expect(heapUsed() - heapBefore).toBeLessThan(1024 * 1024)
    await media.pass(200)
    media.send({ type: 'close', leg: 1 })
    expect(eventsOf(media, 'digit', 1)).toEqual([])
    expect(eventsOf(media, 'closed', 1)[0].statistics).toMatchObject({ packetsReceived: 1, packetsRefused: 1_000_000 })
  })
})

function rtpMsSince(first: Wire, packet: Wire): number {
  return ((packet.timestamp - first.timestamp) >>> 0) / 8
}

function inject(
  media: InProcessMedia,
  port: number,
  from: { address: string; port: number },
  sequence: number,
  ssrc: number,
): void {
  const bytes = new Uint8Array(172)
  writeRtpHeader(bytes, false, 0, sequence, sequence * 160, ssrc)
  media.network.inject({ bytes, from, to: { address: '127.0.0.1', port } })
}

function heapUsed(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  return process.memoryUsage().heapUsed
}

/** How many there were of each. */
function countsOf(instants: readonly number[]): number[] {
  const counts = new Map<number, number>()
  for (const at of instants) counts.set(at, (counts.get(at) ?? 0) + 1)
  return [...counts.values()]
}

/** How many sub-ticks the engine asks for in so many ms. */
async function deadlinesIn(media: InProcessMedia, ms: number): Promise<number> {
  const deadlines = new Set<number>()
  for (let passed = 0; passed < ms; passed += 5) {
    deadlines.add(media.engine.deadline())
    await media.pass(5)
  }
  return deadlines.size
}
