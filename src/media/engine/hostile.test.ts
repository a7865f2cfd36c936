import * as nodeCrypto from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { integerBelow, type Random, seededRandom } from '../../kit/index.ts'
import { writeCompound } from '../rtcp/writer.ts'
import { writeRtpHeader } from '../rtp/packet.ts'
import { srtpCryptoOf } from '../srtp/node-crypto.ts'
import { type SrtpParameters, SrtpSender } from '../srtp/srtp.ts'
import { keyAndSaltLength, SRTP_SUITES, type SrtpSuite } from '../srtp/suites.ts'
import { openLeg, recordingOf, streamTo } from '../test/harness.ts'
import { InProcessMedia } from '../test/in-process.ts'
import { opusForTests } from '../test/opus.ts'
import { bestMatch, clipOf, speechLike } from '../test/signals.ts'
import type { CodecName, StreamParameters } from './control.ts'

/** How many datagrams each of the 24 cases throws. `RINGDOWN_HOSTILE_PACKETS=42000` makes a million. */
const PACKETS = Number(process.env.RINGDOWN_HOSTILE_PACKETS ?? 2000)
const CODECS: readonly CodecName[] = ['PCMU', 'PCMA', 'G722', 'L16', 'L16/16000', 'OPUS']
const SUITES = [undefined, ...(Object.keys(SRTP_SUITES) as SrtpSuite[])] as const
const FAR = { address: '198.51.100.1', port: 4000 }
const SAME_SSRC = 7

/** A far end that has gone mad, or a stranger: RTP, RTCP and noise, changed at random, some of it under the right keys. */
class Hostile {
  readonly #random: Random
  readonly #sender: SrtpSender | undefined
  #sequence = 0
  #timestamp = 0

  constructor(random: Random, keys: SrtpParameters | undefined) {
    this.#random = random
    this.#sender = keys && new SrtpSender(srtpCryptoOf(nodeCrypto), keys)
  }

  next(): Uint8Array {
    const bytes = new Uint8Array(3200)
    let length = this.#chance(4) ? this.#report(bytes) : this.#packet(bytes)
    for (let changes = this.#chance(2) ? 0 : this.#below(4); changes > 0; changes--)
      bytes[this.#below(Math.min(length, 40))] = this.#below(256)
    if (this.#sender !== undefined && length >= 12 && length < 3000 && !this.#chance(8))
      length = this.#seal(bytes, length)
    if (this.#chance(8)) length = this.#below(length + 1)
    if (this.#chance(16)) bytes[this.#below(length + 1)]! ^= 1 << this.#below(8)
    return bytes.slice(0, Math.max(0, length))
  }

  #packet(bytes: Uint8Array): number {
    this.#sequence = (this.#sequence + (this.#chance(20) ? this.#below(65_536) : 1)) & 0xffff
    this.#timestamp = (this.#timestamp + (this.#chance(20) ? this.#below(2 ** 32) : 160)) % 2 ** 32
    const ssrc = this.#chance(50) ? this.#below(2 ** 32) : SAME_SSRC
    const payloadType = [0, 0, 0, 101, 101, 13, this.#below(128)][this.#below(7)]!
    writeRtpHeader(bytes, this.#chance(2), payloadType, this.#sequence, this.#timestamp, ssrc)
    const payload = this.#chance(3)
      ? this.#below(2600)
      : payloadType === 101
        ? 4
        : [0, 1, 80, 160, 320, 640][this.#below(6)]!
    for (let i = 0; i < payload; i++) bytes[12 + i] = this.#below(256)
    // The first octets of an event say which key it is.
    if (payloadType === 101 && this.#chance(2)) bytes[12] = this.#below(16)
    return 12 + payload
  }

  #report(bytes: Uint8Array): number {
    const sender = {
      ntpSeconds: this.#below(2 ** 32),
      ntpFraction: this.#below(2 ** 32),
      rtpTimestamp: 1,
      packets: 2,
      octets: 3,
    }
    const block = {
      ssrc: this.#below(2 ** 32),
      fractionLost: this.#below(256),
      cumulativeLost: this.#below(2 ** 24),
      highestSequence: this.#below(2 ** 32),
      jitter: this.#below(2 ** 32),
      lastReport: this.#below(2 ** 32),
      sinceLastReport: this.#below(2 ** 32),
    }
    const name = new Uint8Array(this.#below(100))
    return writeCompound(
      bytes,
      SAME_SSRC,
      name,
      this.#chance(2) ? sender : undefined,
      this.#chance(2) ? block : undefined,
      this.#chance(4),
    )
  }

  #seal(bytes: Uint8Array, length: number): number {
    const isReport = bytes[1]! >= 192 && bytes[1]! <= 223
    const header = 12 + 4 * (bytes[0]! & 15) + ((bytes[0]! & 16) === 0 ? 0 : 4)
    if (!isReport && header > length) return length
    // What cannot be sealed (a header that reaches beyond the end, a number used before) goes as it is.
    try {
      const sealed = isReport ? this.#sender!.sealRtcp(bytes, length) : this.#sender!.sealRtp(bytes, length)
      return sealed < 0 ? length : sealed
    } catch {
      return length
    }
  }

  #chance(of: number): boolean {
    return this.#below(of) === 0
  }

  #below(bound: number): number {
    return integerBelow(this.#random, bound)
  }
}

function keysOf(suite: SrtpSuite, first: number): { ours: SrtpParameters; theirs: SrtpParameters } {
  const key = (n: number): Uint8Array => new Uint8Array(keyAndSaltLength(suite)).fill(n)
  const [a, b] = [key(first), key(first + 1)]
  return { ours: { suite, sendKey: a, receiveKey: b }, theirs: { suite, sendKey: b, receiveKey: a } }
}

describe.each(SUITES)('hostile packets where SRTP is %s', (suite) => {
  it.each(CODECS)('leave an engine with %s whole, and cost nothing that stays', async (codec) => {
    const media = new InProcessMedia({ crypto: srtpCryptoOf(nodeCrypto), opus: await opusForTests() })
    const random = seededRandom(CODECS.indexOf(codec) * 10 + SUITES.indexOf(suite))
    const rtcp = { address: FAR.address, port: FAR.port + 1 }
    const other: CodecName = codec === 'PCMA' ? 'PCMU' : 'PCMA'
    const ports: number[] = []
    const senders: Hostile[] = []
    // Leg 1 plays and records, leg 2 is bridged to leg 3, which has another codec and no telephone-event, leg 4 shares its port.
    for (const leg of [1, 2, 3, 4]) {
      const port = await openLeg(media, leg)
      const keys = suite && leg !== 3 ? keysOf(suite, 10 * leg) : undefined
      const stream: StreamParameters = {
        ...streamTo(FAR.address, FAR.port),
        codec: leg === 3 ? other : codec,
        inBandDigits: true,
        rtpTimeoutMs: 1000,
        ...(leg === 4 ? { rtcpMux: true } : { rtcp }),
        ...(keys && { srtp: keys.ours }),
      }
      const { telephoneEventPayloadType: _, ...withoutEvents } = stream
      media.send({ type: 'start', leg, stream: leg === 3 ? withoutEvents : stream })
      ports.push(port)
      senders.push(new Hostile(random, keys?.theirs))
    }
    const tune = { kind: 'audio', clip: clipOf(speechLike(400)), loop: true } as const
    media.send({ type: 'play', leg: 1, job: 11, source: tune, bargeIn: false })
    for (const leg of [1, 2, 4])
      media.send({ type: 'record', leg, job: 10 * leg, limits: { bargeIn: false, beepOnStart: false } })
    media.send({ type: 'bridge', leg: 2, other: 3 })

    const begun = media.now
    let thrown = 0
    while (thrown < PACKETS) {
      for (let i = integerBelow(random, 12); i > 0; i--, thrown++) {
        const which = integerBelow(random, 4)
        const isControl = integerBelow(random, 5) === 0
        const port = ports[which]! + (isControl ? 1 : 0)
        const from =
          integerBelow(random, 20) === 0 ? { address: '203.0.113.9', port: integerBelow(random, 65_536) } : FAR
        const source = isControl && from === FAR ? rtcp : from
        media.network.inject({ bytes: senders[which]!.next(), from: source, to: { address: media.address, port } })
      }
      await media.pass(20)
    }
    const passedMs = media.now - begun

    expect(media.events.filter(({ type }) => type === 'failed' || type === 'bridgeFailed')).toEqual([])
    const digits = media.events.filter(({ type }) => type === 'digit').length
    expect(digits).toBeGreaterThan(0)
    expect(digits).toBeLessThanOrEqual(4 * 64 * Math.ceil(passedMs / 1000))

    // The leg is as good as new for whoever comes with an honest stream.
    media.network.watch = () => true
    const speech = speechLike(2000)
    const honest = await openLeg(media, 5)
    const keys = suite && keysOf(suite, 100)
    const back = { ...streamTo(media.address, honest), codec, ...(keys && { srtp: keys.ours }) }
    media.send({ type: 'stopJob', leg: 1, job: 11 })
    media.send({ type: 'start', leg: 1, stream: back })
    media.send({
      type: 'start',
      leg: 5,
      stream: { ...streamTo(media.address, ports[0]!), codec, ...(keys && { srtp: keys.theirs }) },
    })
    media.send({ type: 'record', leg: 1, job: 12, limits: { bargeIn: false, beepOnStart: false } })
    media.send({
      type: 'play',
      leg: 5,
      job: 51,
      source: { kind: 'audio', clip: clipOf(speech), loop: false },
      bargeIn: false,
    })
    await media.pass(3000)
    for (const leg of [1, 2, 3, 4, 5]) media.send({ type: 'close', leg })
    const { correlation } = bestMatch(recordingOf(media, 1, 12), speech.subarray(8000, 12_000))
    // Opus keeps how this sounds and not its wave: 0.77 where nobody was hostile.
    expect(correlation).toBeGreaterThan(codec === 'OPUS' ? 0.7 : 0.9)
    expect(media.network.sockets).toBe(0)
    const { packetsReceived, packetsRefused } = media.engine.counters.snapshot()
    expect(packetsReceived).toBeGreaterThan(PACKETS / 20)
    expect(packetsRefused).toBeGreaterThan(PACKETS / 20)
    for (const leg of [10, 20, 40]) expect(recordingOf(media, leg / 10, leg).length / 8).toBeGreaterThan(passedMs - 200)
  })
})
