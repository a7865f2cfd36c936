import { describe, expect, it } from 'vitest'
import { diff16, diff32, seededRandom } from '../../kit/index.ts'
import { codecNamed } from '../codec/codec.ts'
import { toneLevelDbm0 } from '../dsp/goertzel.ts'
import { eventOfDigit } from '../dtmf/digits.ts'
import { writeEventPayload } from '../dtmf/event-payload.ts'
import { RtpPacket, writeRtpHeader } from '../rtp/packet.ts'
import { connectLegs, eventsOf, finished, openLeg, recordingOf } from '../test/harness.ts'
import { InProcessMedia } from '../test/in-process.ts'
import { annAndBob, type Party, type Wire } from '../test/party.ts'
import { bestMatch, clipOf, speechLike } from '../test/signals.ts'
import type { CodecName } from './control.ts'

const octets = (n: number, length = 160): Uint8Array => Uint8Array.from({ length }, (_, i) => (n * 7 + i) & 0xff)

function event(digit: string, end: boolean, duration: number): Uint8Array {
  const payload = new Uint8Array(4)
  writeEventPayload(payload, 0, eventOfDigit(digit), end, 10, duration)
  return payload
}

/** A key held for 100 ms, as most telephones send it. */
async function press(media: InProcessMedia, party: Party, digit: string, payloadType: number): Promise<void> {
  for (let i = 1; i <= 5; i++) {
    party.say(event(digit, false, i * 160), { payloadType, marker: i === 1, units: 0 })
    await media.pass(20)
  }
  for (let i = 0; i < 3; i++) party.say(event(digit, true, 960), { payloadType, units: 0 })
  party.timestamp += 960
  await media.pass(60)
  party.timestamp += 480
}

describe('a bridge between legs of one codec', () => {
  it('passes payloads both ways as they are, in the sub-tick they come in', async () => {
    const { media, ann, bob } = await annAndBob()
    for (let i = 0; i < 50; i++) {
      ann.say(octets(i))
      bob.say(octets(i + 100))
      await media.pass(20)
    }
    await media.pass(20)
    expect(bob.heard.map(({ payload }) => payload)).toEqual(Array.from({ length: 50 }, (_, i) => octets(i)))
    expect(ann.heard.map(({ payload }) => payload)).toEqual(Array.from({ length: 50 }, (_, i) => octets(i + 100)))
    for (let i = 1; i < 50; i++) expect(bob.heard[i].at - bob.heard[i - 1].at).toBeCloseTo(20, 6)
  })

  it('goes on with our own stream: one SSRC, numbers without a break into the bridge and out of it', async () => {
    const media = new InProcessMedia()
    await connectLegs(media, 1, 2)
    await connectLegs(media, 3, 4)
    const wire: Wire[] = []
    const view = new RtpPacket()
    const farEnd = eventsOf(media, 'opened', 4)[0].port
    media.network.watch = ({ bytes, to }) => {
      if (to.port !== farEnd) return true
      view.parse(bytes)
      const { marker, payloadType, sequence, timestamp, ssrc } = view
      wire.push({ at: media.now, marker, payloadType, sequence, timestamp, ssrc, payload: bytes.slice(12) })
      return true
    }
    const music = { kind: 'audio', clip: clipOf(speechLike(200)), loop: false } as const
    media.send({ type: 'play', leg: 3, job: 1, source: music, bargeIn: false })
    await finished(media, 3, 1)
    media.send({ type: 'bridge', leg: 2, other: 3 })
    media.send({ type: 'play', leg: 1, job: 2, source: music, bargeIn: false })
    await finished(media, 1, 2)
    media.send({ type: 'unbridge', leg: 3 })
    media.send({ type: 'play', leg: 3, job: 3, source: music, bargeIn: false })
    expect((await finished(media, 3, 3)).cause).toBe('NORMAL')
    expect(new Set(wire.map(({ ssrc }) => ssrc)).size).toBe(1)
    expect(wire.length).toBe(30)
    for (let i = 1; i < wire.length; i++) {
      expect(diff16(wire[i].sequence, wire[i - 1].sequence)).toBe(1)
      expect(diff32(wire[i].timestamp, wire[i - 1].timestamp)).toBeGreaterThanOrEqual(160)
      expect(Math.abs(diff32(wire[i].timestamp, wire[0].timestamp) / 8 - (wire[i].at - wire[0].at))).toBeLessThan(45)
    }
    expect(eventsOf(media, 'unbridged', 2)).toEqual([{ type: 'unbridged', leg: 2, other: 3 }])
    expect(eventsOf(media, 'unbridged', 3)).toEqual([{ type: 'unbridged', leg: 3, other: 2 }])
  })

  it('keeps gaps, order and markers, so that the far end sees what was lost', async () => {
    const { media, ann, bob } = await annAndBob()
    const sent: number[] = []
    for (let i = 0; i < 40; i++) {
      if (i % 7 === 3) {
        ann.sequence++
        ann.timestamp += 160
      } else {
        sent.push(i)
        ann.say(octets(i), { marker: i === 11 })
      }
      await media.pass(20)
    }
    await media.pass(20)
    expect(bob.heard.map(({ sequence }) => diff16(sequence, bob.heard[0].sequence))).toEqual(sent)
    expect(bob.heard.map(({ timestamp }) => diff32(timestamp, bob.heard[0].timestamp))).toEqual(
      sent.map((i) => i * 160),
    )
    expect(bob.heard.filter(({ marker }) => marker).map(({ payload }) => payload)).toEqual([octets(0), octets(11)])
  })

  it('splices a new source of the far end on to the old one', async () => {
    const { media, ann, bob } = await annAndBob()
    for (let i = 0; i < 10; i++) {
      if (i === 5) Object.assign(ann, { ssrc: 78, sequence: 30_000, timestamp: 12_345 })
      ann.say(octets(i))
      await media.pass(20)
    }
    await media.pass(20)
    // The first packet of a new source is on probation and not heard.
    expect(bob.heard.map(({ payload }) => payload)).toEqual([0, 1, 2, 3, 4, 6, 7, 8, 9].map((i) => octets(i)))
    expect(bob.heard.map(({ sequence }) => diff16(sequence, bob.heard[0].sequence))).toEqual([...Array(9).keys()])
    for (let i = 1; i < 9; i++) {
      const units = diff32(bob.heard[i].timestamp, bob.heard[i - 1].timestamp)
      expect(units).toBe(i === 5 ? 320 : 160)
    }
  })

  it('maps payload types, keys included, and still says the digit', async () => {
    const { media, ann, bob } = await annAndBob({
      ann: { payloadType: 98, telephoneEventPayloadType: 96 },
      bob: { payloadType: 0, telephoneEventPayloadType: 101 },
    })
    ann.say(octets(1), { payloadType: 98 })
    await media.pass(20)
    await press(media, ann, '7', 96)
    expect(bob.heard.map(({ payloadType }) => payloadType)).toEqual([0, ...Array(8).fill(101)])
    const events = bob.heard.slice(1)
    expect(new Set(events.map(({ timestamp }) => timestamp)).size).toBe(1)
    expect(events.map(({ marker }) => marker)).toEqual([true, ...Array(7).fill(false)])
    expect(eventsOf(media, 'digit', 1)).toEqual([{ type: 'digit', leg: 1, digit: '7' }])
    expect(eventsOf(media, 'digit', 2)).toEqual([])
  })

  it('keeps the rest of a key to itself that was down before', async () => {
    const { media, ann, bob } = await annAndBob()
    media.send({ type: 'unbridge', leg: 1 })
    for (let i = 1; i <= 3; i++) {
      ann.say(event('1', false, i * 160), { payloadType: 101, marker: i === 1, units: 0 })
      await media.pass(20)
    }
    media.send({ type: 'bridge', leg: 1, other: 2 })
    for (let i = 0; i < 3; i++) ann.say(event('1', true, 480), { payloadType: 101, units: 0 })
    ann.timestamp += 960
    await media.pass(60)
    await press(media, ann, '7', 101)
    const keys = bob.heard.filter(({ payloadType }) => payloadType === 101).map(({ payload }) => payload[0])
    expect(keys).toEqual(Array(8).fill(7))
  })

  it('says keys as tones where the other leg has no telephone events', async () => {
    const { media, ann, bob } = await annAndBob({ bobTakesEvents: false })
    await press(media, ann, '5', 101)
    for (let i = 0; i < 20; i++) {
      ann.say(octets(0).fill(0xff))
      await media.pass(20)
    }
    const sound = bob.sound('PCMU', 0)
    expect(toneLevelDbm0(sound.subarray(160, 640), 770)).toBeGreaterThan(-12)
    expect(toneLevelDbm0(sound.subarray(160, 640), 1336)).toBeGreaterThan(-10)
    expect(bob.heard.some(({ payloadType }) => payloadType !== 0)).toBe(false)
    expect(bob.heard.filter(({ payload }) => payload[0] === 0xff && payload[80] === 0xff).length).toBeGreaterThan(10)
    for (let i = 1; i < bob.heard.length; i++) {
      expect(diff16(bob.heard[i].sequence, bob.heard[i - 1].sequence)).toBe(1)
      expect(diff32(bob.heard[i].timestamp, bob.heard[i - 1].timestamp)).toBeGreaterThan(0)
    }
  })

  it('passes 20 ms on to a leg of 30 ms as it comes', async () => {
    const { media, ann, bob } = await annAndBob({ bob: { ptimeMs: 30 } })
    for (let i = 0; i < 12; i++) {
      ann.say(octets(i, 160))
      if (i % 3 === 0) bob.say(octets(i, 240))
      if (i % 3 === 1) bob.say(octets(i, 240))
      await media.pass(20)
    }
    await media.pass(30)
    expect(bob.heard.map(({ payload }) => payload.length)).toEqual(Array(12).fill(160))
    expect(ann.heard.map(({ payload }) => payload.length)).toEqual(Array(8).fill(240))
  })

  it('passes comfort noise on', async () => {
    const { media, ann, bob } = await annAndBob()
    ann.say(octets(1))
    ann.say(Uint8Array.of(60), { payloadType: 13, units: 160 })
    await media.pass(20)
    expect(bob.heard.map(({ payloadType, payload }) => [payloadType, payload.length])).toEqual([
      [0, 160],
      [13, 1],
    ])
  })

  it('strips what stands between header and payload', async () => {
    const { media, ann, bob } = await annAndBob()
    const bytes = new Uint8Array(12 + 4 + 8 + 5 + 3)
    writeRtpHeader(bytes, false, 0, 1, 160, 9)
    bytes[0] = 0x80 | 0x20 | 0x10 | 1
    bytes[19] = 1
    bytes.set([1, 2, 3, 4, 5, 0, 0, 3], 24)
    ann.raw(bytes)
    await media.pass(20)
    expect(bob.heard.map(({ payload }) => [...payload])).toEqual([[1, 2, 3, 4, 5]])
  })

  it('lets nothing through a hold and goes on without a gap in the numbers after it', async () => {
    const { media, ann, bob, restart } = await annAndBob()
    for (let i = 0; i < 30; i++) {
      if (i === 10) restart(2, { direction: 'inactive' })
      if (i === 20) restart(2, {})
      ann.say(octets(i))
      bob.say(octets(i))
      await media.pass(20)
    }
    await media.pass(20)
    expect(bob.heard.length).toBeLessThanOrEqual(21)
    expect(ann.heard.length).toBeLessThanOrEqual(21)
    expect(bob.heard.length).toBeGreaterThanOrEqual(19)
    for (let i = 1; i < bob.heard.length; i++) expect(diff16(bob.heard[i].sequence, bob.heard[i - 1].sequence)).toBe(1)
    const gap = Math.max(...bob.heard.slice(1).map(({ at }, i) => at - bob.heard[i].at))
    expect(gap).toBeGreaterThanOrEqual(180)
    const unitsGap = Math.max(
      ...bob.heard.slice(1).map(({ timestamp }, i) => diff32(timestamp, bob.heard[i].timestamp)),
    )
    expect(Math.abs(unitsGap / 8 - gap)).toBeLessThan(25)
  })

  it('drops what has waited through a pause of the process, and passes what a short stall has kept', async () => {
    const { media, ann, bob } = await annAndBob()
    let says = 0
    let nextAt = media.now
    media.onTime = (now) => {
      for (; nextAt <= now; nextAt += 20) ann.say(octets(says++))
    }
    await media.pass(200)
    media.lateBy = () => 45
    media.step(Infinity)
    media.lateBy = () => 0
    await media.pass(200)
    expect(bob.heard.length).toBeGreaterThanOrEqual(says - 2)
    media.lateBy = () => 2000
    media.step(Infinity)
    media.lateBy = () => 0
    await media.pass(200)
    const perInstant = new Map<number, number>()
    for (const { at } of bob.heard) perInstant.set(at, (perInstant.get(at) ?? 0) + 1)
    expect(Math.max(...perInstant.values())).toBeLessThanOrEqual(3)
    const [first, last] = [bob.heard[0], bob.heard.at(-1)!]
    expect(Math.abs(diff32(last.timestamp, first.timestamp) / 8 - (last.at - first.at))).toBeLessThan(45)
  })

  it('keeps recordings going', async () => {
    const { media, ann } = await annAndBob()
    const speech = speechLike(1000)
    media.send({ type: 'record', leg: 1, job: 5, limits: { bargeIn: false, beepOnStart: false, timeoutMs: 1500 } })
    const payload = new Uint8Array(160)
    for (let at = 0; at < speech.length; at += 160) {
      codecNamed('PCMU').encodeInto(speech, at, 160, payload, 0)
      ann.say(payload.slice())
      await media.pass(20)
    }
    expect((await finished(media, 1, 5)).audioDetected).toBe(true)
    expect(bestMatch(recordingOf(media, 1, 5), speech.subarray(1600, 4800)).correlation).toBeGreaterThan(0.99)
  })
})

describe('a bridge between legs of different codecs', () => {
  const mixed = { bob: { codec: 'PCMA', payloadType: 8 } } as const

  async function speak(
    media: InProcessMedia,
    party: Party,
    speech: Int16Array,
    codec: CodecName,
    loses: (i: number) => boolean = () => false,
  ): Promise<void> {
    const payload = new Uint8Array(160)
    for (let i = 0; i * 160 < speech.length; i++) {
      codecNamed(codec).encodeInto(speech, i * 160, 160, payload, 0)
      if (loses(i)) {
        party.sequence++
        party.timestamp += 160
      } else party.say(payload.slice(), { payloadType: codec === 'PCMU' ? 0 : 8 })
      await media.pass(20)
    }
    await media.pass(200)
  }

  it.each([10, 20, 30, 40, 60])('converts both ways, to packets of %i ms', async (ptimeMs) => {
    const { media, ann, bob } = await annAndBob({ bob: { ...mixed.bob, ptimeMs } })
    const speech = speechLike(2000)
    await speak(media, ann, speech, 'PCMU')
    expect(new Set(bob.heard.map(({ payload }) => payload.length))).toEqual(new Set([ptimeMs * 8]))
    expect(bestMatch(bob.sound('PCMA', 8), speech.subarray(1600, 8000)).correlation).toBeGreaterThan(0.99)
    expect(bestMatch(bob.sound('PCMA', 8), speech.subarray(8000, 12_800)).correlation).toBeGreaterThan(0.99)
    for (let i = 1; i < bob.heard.length; i++) expect(diff16(bob.heard[i].sequence, bob.heard[i - 1].sequence)).toBe(1)
    await speak(media, bob, speech, 'PCMA')
    expect(bestMatch(ann.sound('PCMU', 0), speech.subarray(1600, 8000)).correlation).toBeGreaterThan(0.99)
  })

  it('stays in time over loss', async () => {
    const { media, ann, bob } = await annAndBob(mixed)
    const speech = speechLike(2000)
    const random = seededRandom(5)
    await speak(media, ann, speech, 'PCMU', (i) => i > 55 && i < 75 && random.uint32() % 4 === 0)
    const sound = bob.sound('PCMA', 8)
    const before = bestMatch(sound, speech.subarray(1600, 6400))
    const after = bestMatch(sound, speech.subarray(13_000, 15_000))
    expect([before.correlation > 0.99, after.correlation > 0.99]).toEqual([true, true])
    expect(after.offset - before.offset).toBe(13_000 - 1600)
  })

  it('sends keys as events in the place of the audio, each once', async () => {
    const { media, ann, bob } = await annAndBob(mixed)
    await speak(media, ann, speechLike(200), 'PCMU')
    for (const digit of '1158') await press(media, ann, digit, 101)
    const events = bob.heard.filter(({ payloadType }) => payloadType === 101)
    expect(events.length).toBe(32)
    const presses = [...new Set(events.map(({ timestamp }) => timestamp))]
    expect(presses.length).toBe(4)
    for (let i = 1; i < 4; i++) expect(diff32(presses[i], presses[i - 1])).toBe(1440)
    expect(events.filter(({ marker }) => marker).map(({ payload }) => payload[0])).toEqual([1, 1, 5, 8])
    for (let i = 1; i < bob.heard.length; i++) expect(diff16(bob.heard[i].sequence, bob.heard[i - 1].sequence)).toBe(1)
  })

  it('follows a change of codec in the middle: from converting to passing through and back', async () => {
    const { media, ann, bob, restart } = await annAndBob(mixed)
    const speech = speechLike(1000)
    await speak(media, ann, speech, 'PCMU')
    expect(bestMatch(bob.sound('PCMA', 8), speech.subarray(1600, 4800)).correlation).toBeGreaterThan(0.99)
    const heardBefore = bob.heard.length
    restart(1, { codec: 'PCMA', payloadType: 8 })
    ann.say(octets(3), { payloadType: 8 })
    await media.pass(20)
    expect(bob.heard.slice(heardBefore).map(({ payload }) => payload)).toEqual([octets(3)])
    restart(1, {})
    bob.heard.length = 0
    await speak(media, ann, speech, 'PCMU')
    expect(bestMatch(bob.sound('PCMA', 8), speech.subarray(1600, 4800)).correlation).toBeGreaterThan(0.99)
    media.send({ type: 'unbridge', leg: 2 })
    bob.heard.length = 0
    await speak(media, ann, speech, 'PCMU')
    expect(bob.heard).toEqual([])
  })
})

describe('keys that come by signalling', () => {
  const mixed = { bob: { codec: 'PCMA', payloadType: 8 } } as const

  function pressSignalled(media: InProcessMedia, ...digits: string[]): void {
    for (const digit of digits) media.send({ type: 'relayKey', leg: 1, digit })
  }

  it.each([
    ['in a bridge that passes', {}],
    ['in a bridge that converts', mixed],
  ])('are pressed as events where the other leg takes them, each after the other, %s', async (_where, streams) => {
    const { media, ann, bob } = await annAndBob(streams)
    pressSignalled(media, '1', '1', '5')
    for (let i = 0; i < 60; i++) {
      ann.say(octets(i))
      await media.pass(20)
    }
    const events = bob.heard.filter(({ payloadType }) => payloadType === 101)
    expect(events.filter(({ marker }) => marker).map(({ payload }) => payload[0])).toEqual([1, 1, 5])
    expect(new Set(events.map(({ timestamp }) => timestamp)).size).toBe(3)
    expect(bob.heard.at(-1)?.payloadType).not.toBe(101)
    expect(ann.heard.filter(({ payloadType }) => payloadType === 101)).toEqual([])
    for (let i = 1; i < bob.heard.length; i++) expect(diff16(bob.heard[i].sequence, bob.heard[i - 1].sequence)).toBe(1)
  })

  it('are tones where the other leg takes no events', async () => {
    const { media, bob } = await annAndBob({ bobTakesEvents: false })
    pressSignalled(media, '1')
    await media.pass(200)
    const sound = bob.sound('PCMU', 0).subarray(160, 640)
    expect(toneLevelDbm0(sound, 697)).toBeGreaterThan(-15)
    expect(toneLevelDbm0(sound, 1209)).toBeGreaterThan(-15)
  })

  it.each([true, false])('are pressed once when they come as events too (to one who takes them: %s)', async (takes) => {
    const { media, ann, bob } = await annAndBob(takes ? {} : { bobTakesEvents: false })
    pressSignalled(media, '7')
    await press(media, ann, '7', 101)
    await media.pass(300)
    await press(media, ann, '8', 101)
    await media.pass(300)
    const events = bob.heard.filter(({ payloadType }) => payloadType === 101)
    if (takes) expect(events.filter(({ marker }) => marker).map(({ payload }) => payload[0])).toEqual([7, 8])
    else expect(new Set(bob.heard.map(({ payloadType }) => payloadType))).toEqual(new Set([0]))
    const loud = bob.heard.filter(({ payload }) => payload.length === 160 && payload.some((octet) => octet !== 0xff))
    // 100 ms a key.
    if (!takes) expect(loud.length).toBe(10)
  })

  it('wait for each other whichever way they come', async () => {
    const { media, ann, bob } = await annAndBob()
    pressSignalled(media, '1')
    await press(media, ann, '2', 101)
    await media.pass(300)
    const events = bob.heard.filter(({ payloadType }) => payloadType === 101)
    expect(events.filter(({ marker }) => marker).map(({ payload }) => payload[0])).toEqual([1, 2])
    expect(new Set(events.map(({ timestamp }) => timestamp)).size).toBe(2)
  })

  it('are nothing without a bridge, and no more than 32 wait', async () => {
    const { media, bob } = await annAndBob()
    pressSignalled(media, ...new Array<string>(1000).fill('1'), 'x', '')
    await media.pass(10_000)
    expect(bob.heard.filter(({ marker }) => marker).length).toBe(32)
    media.send({ type: 'unbridge', leg: 1 })
    bob.heard.length = 0
    pressSignalled(media, '1')
    await media.pass(500)
    expect(bob.heard).toEqual([])
  })
})

describe('the life of a bridge', () => {
  const tone = { kind: 'audio', clip: clipOf(speechLike(400)), loop: true } as const
  const record = { bargeIn: false, beepOnStart: false }

  it('refuses what would transmit on a bridged leg, and goes back to normal after it', async () => {
    const { media, bob } = await annAndBob()
    media.send({ type: 'play', leg: 2, job: 1, source: tone, bargeIn: false })
    media.send({ type: 'sendDigits', leg: 1, job: 2, digits: '1' })
    media.send({ type: 'record', leg: 1, job: 3, limits: { ...record, beepOnStart: true } })
    expect(media.events.slice(-3)).toMatchObject([1, 2, 3].map((job) => ({ job, cause: 'ERROR', detail: /bridged/ })))
    media.send({ type: 'unbridge', leg: 1 })
    media.send({ type: 'play', leg: 2, job: 4, source: tone, bargeIn: false })
    await media.pass(200)
    expect(bob.heard.length).toBe(10)
  })

  it.each([
    ['a leg that transmits', [1, 2], /transmitting/, true],
    ['a bridged leg', [1, 3], /bridged already/, false],
    ['a leg of another engine', [1, 9], /leg 9 is not open in this engine/, false],
    ['a leg without a stream', [1, 4], /no stream/, false],
    ['a leg to itself', [1, 1], /itself/, false],
  ] as const)('refuses %s', async (_, [leg, other], why, plays) => {
    const media = new InProcessMedia()
    await connectLegs(media, 1, 2)
    await connectLegs(media, 3, 5)
    await openLeg(media, 4)
    media.send({ type: 'bridge', leg: 3, other: 5 })
    if (plays) media.send({ type: 'play', leg: other, job: 1, source: tone, bargeIn: false })
    media.send({ type: 'bridge', leg, other })
    expect(media.events.at(-1)).toEqual({ type: 'bridgeFailed', leg, other, reason: expect.stringMatching(why) })
    media.send({ type: 'unbridge', leg: 1 })
    expect(eventsOf(media, 'unbridged', 1)).toEqual([])
  })

  it('is over for the other when one leg closes or breaks', async () => {
    const { media, ann } = await annAndBob()
    media.send({ type: 'close', leg: 1 })
    expect(media.events.filter(({ type }) => type === 'unbridged' || type === 'closed')).toMatchObject([
      { type: 'unbridged', leg: 2, other: 1 },
      { type: 'closed', leg: 1 },
    ])
    ann.say(octets(1))
    await media.pass(20)
    const second = await annAndBob()
    second.media.io.breakPort(2)
    await second.media.pass(20)
    expect(second.media.events.slice(-2)).toMatchObject([
      { type: 'unbridged', leg: 1, other: 2 },
      { type: 'failed', leg: 2 },
    ])
  })
})
