import { describe, expect, it } from 'vitest'
import { diff16, diff32, seededRandom } from '../../kit/index.ts'
import { codecNamed } from '../codec/codec.ts'
import { COMFORT_NOISE_PAYLOAD_TYPE, RtpPacket } from '../rtp/packet.ts'
import { Gathering } from '../test/guests.ts'
import { eventsOf, openLeg, streamTo } from '../test/harness.ts'
import { InProcessMedia } from '../test/in-process.ts'
import { annAndBob, type Party, type Wire } from '../test/party.ts'
import { clipOf, speechLike } from '../test/signals.ts'
import type { CodecName, LegStatistics, StreamParameters } from './control.ts'

/** A second of sound with no pause in it, said over and over. */
const SPEECH = speechLike(1000)
const MINUTE_MS = 60_000

/** A leg that speaks without a pause, and the far end that hears it. */
interface Speaking {
  readonly media: InProcessMedia
  /** What the far end has heard, oldest first. */
  readonly heard: Wire[]
  readonly codec: CodecName
  /** Whether what it sends are packets that came in, as they were. */
  readonly passes: boolean
  /** How the speaking leg, and the one that it hears, have fared; ends both. */
  end(): readonly LegStatistics[]
}

/** A prompt that is played over and over. */
async function prompt(): Promise<Speaking> {
  const media = new InProcessMedia()
  const heard: Wire[] = []
  const view = new RtpPacket()
  media.network.watch = ({ bytes, to }) => {
    if (to.port !== 4000) return true
    expect(view.parse(bytes)).toBe(true)
    const { marker, payloadType, sequence, timestamp, ssrc, payloadOffset } = view
    heard.push({ at: media.now, marker, payloadType, sequence, timestamp, ssrc, payload: bytes.slice(payloadOffset) })
    return true
  }
  await openLeg(media, 1)
  media.send({ type: 'start', leg: 1, stream: streamTo('192.0.2.1', 4000) })
  const source = { kind: 'audio', clip: clipOf(SPEECH), loop: true } as const
  media.send({ type: 'play', leg: 1, job: 1, source, bargeIn: false })
  await media.pass(100)
  heard.length = 0
  return { media, heard, codec: 'PCMU', passes: false, end: () => close(media, 1) }
}

/** Ann speaks to Bob. */
async function bridged(bob: Partial<StreamParameters>): Promise<Speaking> {
  const { media, ann, bob: hearer } = await annAndBob({ bob })
  speakOnTime(media, ann)
  await media.pass(500)
  hearer.heard.length = 0
  const { codec = 'PCMU' } = bob
  return { media, heard: hearer.heard, codec, passes: codec === 'PCMU', end: () => close(media, 1, 2) }
}

/** One of three in a room speaks as {@link bridged} does; another hears it. */
async function inRoom(): Promise<Speaking> {
  const gathering = new Gathering()
  for (let i = 0; i < 3; i++) gathering.mix(await gathering.welcome(), 1, { mixing: { comfortNoise: false } })
  const { media, guests } = gathering
  const [speaker, hearer] = guests.map(({ party }) => party)
  speakOnTime(media, speaker)
  // Until the jitter buffer knows the network.
  await media.pass(1000)
  hearer.heard.length = 0
  return { media, heard: hearer.heard, codec: 'PCMU', passes: false, end: () => close(media, 1, 2, 3) }
}

/** A packet of {@link SPEECH} each 20 ms, whatever our process does. */
function speakOnTime(media: InProcessMedia, party: Party): void {
  const payload = new Uint8Array(160)
  let [nextAt, said] = [media.now, 0]
  media.onTime = (now) => {
    for (; nextAt <= now; nextAt += 20) {
      codecNamed('PCMU').encodeInto(SPEECH, (said++ % 50) * 160, 160, payload, 0)
      party.say(payload)
    }
  }
}

function close(media: InProcessMedia, ...legs: number[]): LegStatistics[] {
  for (const leg of legs) media.send({ type: 'close', leg })
  return legs.map((leg) => eventsOf(media, 'closed', leg)[0].statistics)
}

const speakers: { who: string; start: () => Promise<Speaking> }[] = [
  { who: 'a prompt', start: prompt },
  { who: 'a bridge that passes payloads', start: () => bridged({}) },
  { who: 'a bridge that transcodes', start: () => bridged({ codec: 'PCMA', payloadType: 8 }) },
  { who: 'a room of three', start: inRoom },
]

/** How far the RTP clock has gone astray from the first packet to the last, in ms. */
function clockErrorMs(heard: readonly Wire[]): number {
  const [first, last] = [heard[0], heard.at(-1)!]
  return Math.abs(diff32(last.timestamp, first.timestamp) / 8 - (last.at - first.at))
}

/** The most packets that came within one sub-tick. */
function mostAtOnce(heard: readonly Wire[]): number {
  const perInstant = new Map<number, number>()
  for (const { at } of heard) perInstant.set(at, (perInstant.get(at) ?? 0) + 1)
  return Math.max(...perInstant.values())
}

/** Time goes on, and nothing is missing but where packets were dropped that came in during a pause. */
function expectOneStream(heard: readonly Wire[], mostMissing = 0): void {
  for (let i = 1; i < heard.length; i++) {
    const missing = diff16(heard[i].sequence, heard[i - 1].sequence) - 1
    expect(missing).toBeGreaterThanOrEqual(0)
    expect(missing).toBeLessThanOrEqual(mostMissing)
    expect(diff32(heard[i].timestamp, heard[i - 1].timestamp)).toBeGreaterThan(0)
  }
}

/** No comfort noise, neither named as such nor in place of sound: every packet is as loud as speech. */
function expectSpeechOnly({ heard, codec }: Speaking): void {
  const samples = new Int16Array(160)
  for (const { payloadType, payload } of heard) {
    expect(payloadType).not.toBe(COMFORT_NOISE_PAYLOAD_TYPE)
    codecNamed(codec).decodeInto(payload, 0, payload.length, samples, 0)
    expect(Math.max(...samples.map(Math.abs))).toBeGreaterThan(500)
  }
}

describe.each(speakers)('$who, for a minute', ({ start }) => {
  it('of wake-ups that each come 1 ms late: the RTP clock is right and no slot is skipped', async () => {
    const speaking = await start()
    const { media, heard } = speaking
    media.lateBy = () => 1
    await media.pass(MINUTE_MS)
    expect(heard.length).toBeGreaterThanOrEqual(2999)
    expect(clockErrorMs(heard)).toBeLessThan(20)
    expectOneStream(heard)
    expectSpeechOnly(speaking)
    expect(mostAtOnce(heard)).toBe(1)
    for (const { slotsSkipped, concealedMs } of speaking.end()) expect({ slotsSkipped, concealedMs }).toEqual(NOTHING)
  })

  it.each([1000, 230])('of 25 ms stalls each %i ms: nothing is made up, no burst', async (everyMs) => {
    const speaking = await start()
    const { media, heard, passes } = speaking
    let [lastStall, stalls] = [media.now, 0]
    media.lateBy = (now) => {
      if (now - lastStall < everyMs) return 0
      lastStall = now
      stalls++
      return 25
    }
    await media.pass(MINUTE_MS)
    media.lateBy = () => 0
    await media.pass(100)
    expect(clockErrorMs(heard)).toBeLessThan(20)
    expectOneStream(heard)
    expectSpeechOnly(speaking)
    // One or two packets have come in meanwhile, and pass in one visit; where we fill slots, the stall has cost one.
    expect(mostAtOnce(heard)).toBeLessThanOrEqual(passes ? 3 : 1)
    const skipped = passes ? 0 : stalls
    expect(heard.length).toBeGreaterThanOrEqual(3000 - skipped)
    for (const { slotsSkipped, concealedMs } of speaking.end()) {
      expect(slotsSkipped).toBeLessThanOrEqual(skipped)
      expect(concealedMs).toBe(0)
    }
  })

  it('with a pause of 5 s in it: whole slots are skipped, no burst, the RTP clock is right', async () => {
    const { media, heard, passes } = await start()
    await media.pass(MINUTE_MS / 2)
    const before = heard.length
    media.lateBy = () => 5000
    media.step(Number.POSITIVE_INFINITY)
    media.lateBy = () => 0
    expect(heard.length - before).toBeLessThanOrEqual(1)
    await media.pass(MINUTE_MS / 2 - 5000)
    expect(heard.length).toBeGreaterThanOrEqual((MINUTE_MS - 5000) / 20 - 5)
    expect(heard.length).toBeLessThanOrEqual((MINUTE_MS - 5000) / 20 + 5)
    expect(mostAtOnce(heard)).toBe(1)
    expect(clockErrorMs(heard)).toBeLessThan(20)
    expectOneStream(heard, passes ? 255 : 0)
    expect(media.engine.counters.get('lateTicks')).toBe(1)
  })
})

const NOTHING = { slotsSkipped: 0, concealedMs: 0 }

it.each([10, 20, 30, 40, 60])(
  'packets of %i ms: no slot is skipped for a tick that is late by less than 20 ms',
  async (ptimeMs) => {
    const media = new InProcessMedia()
    const random = seededRandom(7)
    for (const leg of [1, 2, 3, 4]) {
      await openLeg(media, leg)
      media.send({ type: 'start', leg, stream: { ...streamTo('192.0.2.1', 4000), ptimeMs } })
      const source = { kind: 'audio', clip: clipOf(SPEECH), loop: true } as const
      media.send({ type: 'play', leg, job: leg, source, bargeIn: false })
    }
    media.lateBy = () => (random.uint32() / 2 ** 32) * 19.99
    await media.pass(MINUTE_MS)
    media.lateBy = () => 0
    for (const { packetsSent, slotsSkipped } of close(media, 1, 2, 3, 4)) {
      expect(slotsSkipped).toBe(0)
      expect(packetsSent).toBeGreaterThanOrEqual(Math.floor(MINUTE_MS / ptimeMs) - 2)
    }
  },
)
