import * as nodeCrypto from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { isRtcp } from '../rtcp/packet.ts'
import { RtpPacket } from '../rtp/packet.ts'
import { srtpCryptoOf } from '../srtp/node-crypto.ts'
import type { SrtpParameters } from '../srtp/srtp.ts'
import { keyAndSaltLength, SRTP_SUITES, type SrtpSuite } from '../srtp/suites.ts'
import { eventsOf, finished, openLeg, recordingOf, streamTo } from '../test/harness.ts'
import { InProcessMedia } from '../test/in-process.ts'
import type { Datagram } from '../test/memory-network.ts'
import { bestMatch, clipOf, speechLike } from '../test/signals.ts'
import type { StreamParameters } from './control.ts'
import { OPENING_PACKETS } from './leg.ts'

const suites = Object.keys(SRTP_SUITES) as SrtpSuite[]
const key = (suite: SrtpSuite, first: number): Uint8Array =>
  Uint8Array.from({ length: keyAndSaltLength(suite) }, (_, i) => first + i)

/** What the two ends of a call have agreed on. */
function keysOf(suite: SrtpSuite): [SrtpParameters, SrtpParameters] {
  const [a, b] = [key(suite, 1), key(suite, 100)]
  return [
    { suite, sendKey: a, receiveKey: b },
    { suite, sendKey: b, receiveKey: a },
  ]
}

const engine = (): InProcessMedia => new InProcessMedia({ crypto: srtpCryptoOf(nodeCrypto) })
const listen = { bargeIn: false, beepOnStart: false }

async function connect(
  media: InProcessMedia,
  [first, second]: readonly [number, number],
  keys: readonly [SrtpParameters?, SrtpParameters?],
  more: Partial<StreamParameters> = {},
): Promise<void> {
  const ports = [await openLeg(media, first), await openLeg(media, second)]
  for (const [leg, port, srtp] of [
    [first, ports[1], keys[0]],
    [second, ports[0], keys[1]],
  ] as const)
    media.send({ type: 'start', leg, stream: { ...streamTo(media.address, port), ...more, ...(srtp && { srtp }) } })
}

describe.each(suites)('MediaEngine with %s', (suite) => {
  it('carries speech, keys and reports that nobody else can read', async () => {
    const media = engine()
    await connect(media, [1, 2], keysOf(suite), { rtcpMux: true })
    const clear = new InProcessMedia()
    await connect(clear, [1, 2], [], { rtcpMux: true })
    const packets = { sealed: [] as Uint8Array[], clear: [] as Uint8Array[] }
    const speech = speechLike(8000)
    for (const [where, name] of [
      [media, 'sealed'],
      [clear, 'clear'],
    ] as const) {
      where.network.watch = ({ bytes }: Datagram) => {
        if (!isRtcp(bytes, bytes.length)) packets[name].push(bytes)
        return true
      }
      where.send({ type: 'record', leg: 2, job: 2, limits: listen })
      const source = { kind: 'audio', clip: clipOf(speech), loop: false } as const
      where.send({ type: 'play', leg: 1, job: 1, source, bargeIn: false })
      await finished(where, 1, 1)
      where.send({ type: 'sendDigits', leg: 1, job: 3, digits: '42' })
      await finished(where, 1, 3)
      await where.pass(200)
      for (const leg of [1, 2]) where.send({ type: 'close', leg })
    }
    const { tagLength } = SRTP_SUITES[suite]
    expect(packets.sealed.length).toBe(packets.clear.length)
    let equal = 0
    for (const [i, sealed] of packets.sealed.entries()) {
      expect(sealed.length).toBe(packets.clear[i].length + tagLength)
      if (sealed.subarray(12, 32).every((octet, k) => octet === packets.clear[i][12 + k])) equal++
    }
    expect(equal).toBe(0)
    expect(bestMatch(recordingOf(media, 2, 2), speech.subarray(1600, 4800)).correlation).toBeGreaterThan(0.99)
    expect(eventsOf(media, 'digit', 2).map(({ digit }) => digit)).toEqual(['4', '2'])
    const { statistics } = eventsOf(media, 'closed', 2)[0]
    expect(statistics).toMatchObject({ packetsRefused: 0, packetsLost: 0 })
    expect(statistics.reportsReceived).toBeGreaterThan(0)
    expect(statistics.roundTripMs).toBeLessThan(60)
  })

  it('refuses what is not authentic: replays, changed packets, and packets in the clear', async () => {
    const media = engine()
    await connect(media, [1, 2], keysOf(suite))
    const to = { address: media.address, port: eventsOf(media, 'opened', 2)[0].port }
    const heard: Datagram[] = []
    media.network.watch = (datagram) => {
      if (datagram.to.port === to.port) heard.push({ ...datagram, bytes: datagram.bytes.slice() })
      return true
    }
    await media.pass(400)
    media.network.watch = () => true
    expect(heard.length).toBe(OPENING_PACKETS)
    for (const datagram of heard) {
      media.network.inject(datagram)
      const changed = datagram.bytes.slice()
      changed[20] ^= 1
      media.network.inject({ ...datagram, bytes: changed })
      const clear = new Uint8Array(172)
      clear.set(datagram.bytes.subarray(0, 12))
      clear[3] += 100
      media.network.inject({ ...datagram, bytes: clear })
    }
    await media.pass(100)
    media.send({ type: 'close', leg: 2 })
    expect(eventsOf(media, 'closed', 2)[0].statistics).toMatchObject({
      packetsReceived: OPENING_PACKETS,
      packetsRefused: 3 * OPENING_PACKETS,
    })
  })

  it('latches only onto one who has the key', async () => {
    const media = engine()
    await connect(media, [1, 2], keysOf(suite))
    const { port } = eventsOf(media, 'opened', 2)[0]
    const stranger = { address: '203.0.113.9', port: 9 }
    for (let n = 0; n < 5; n++) {
      const bytes = new Uint8Array(180)
      bytes.set([0x80, 0, 0, n])
      media.network.inject({ bytes, from: stranger, to: { address: media.address, port } })
    }
    await media.pass(300)
    media.send({ type: 'close', leg: 2 })
    expect(eventsOf(media, 'closed', 2)[0].statistics).toMatchObject({
      packetsReceived: OPENING_PACKETS,
      packetsRefused: 5,
    })
  })

  it('bridges to a leg in the clear', async () => {
    const media = engine()
    await connect(media, [1, 2], keysOf(suite))
    await connect(media, [3, 4], [])
    await media.pass(300)
    media.send({ type: 'bridge', leg: 2, other: 3 })
    const speech = speechLike(1000)
    for (const [from, to] of [
      [1, 4],
      [4, 1],
    ] as const) {
      media.send({ type: 'record', leg: to, job: 10 + to, limits: listen })
      const source = { kind: 'audio', clip: clipOf(speech), loop: false } as const
      media.send({ type: 'play', leg: from, job: from, source, bargeIn: false })
      await finished(media, from, from)
      await media.pass(200)
      media.send({ type: 'stopJob', leg: to, job: 10 + to })
      await finished(media, to, 10 + to)
      expect(bestMatch(recordingOf(media, to, 10 + to), speech.subarray(1600, 4800)).correlation).toBeGreaterThan(0.99)
    }
  })

  it('never uses a keystream twice, through offers that drop the keys and bring them back', async () => {
    const media = engine()
    const keys = keysOf(suite)
    await connect(media, [1, 2], keys, { rtcpMux: true })
    const view = new RtpPacket()
    const numbers = new Set<string>()
    const reports = new Set<string>()
    let count = 0
    let reportCount = 0
    let isSealed = true
    const port = eventsOf(media, 'opened', 2)[0].port
    media.network.watch = ({ bytes, to }) => {
      if (to.port !== port || !isSealed) return true
      if (isRtcp(bytes, bytes.length)) {
        reportCount++
        // The index stands before the tag, or at the very end.
        reports.add(Buffer.from(bytes.subarray(-14)).toString('hex'))
      } else if (view.parse(bytes)) {
        count++
        numbers.add(`${view.ssrc} ${view.sequence}`)
      }
      return true
    }
    const source = { kind: 'audio', clip: clipOf(speechLike(400)), loop: true } as const
    media.send({ type: 'play', leg: 1, job: 1, source, bargeIn: false })
    for (let i = 0; i < 6; i++) {
      isSealed = i % 2 === 0
      const stream = { ...streamTo(media.address, port), rtcpMux: true, ...(isSealed && { srtp: keys[0] }) }
      media.send({ type: 'start', leg: 1, stream })
      await media.pass(6000)
    }
    expect([numbers.size, reports.size]).toEqual([count, reportCount])
    expect(reportCount).toBeGreaterThan(3)
  })
})

describe('MediaEngine without ciphers', () => {
  it('fails a leg that is to have SRTP, and says why', async () => {
    const media = new InProcessMedia()
    await connect(media, [1, 2], keysOf('AEAD_AES_128_GCM'))
    expect(eventsOf(media, 'failed', 1)).toMatchObject([{ reason: expect.stringMatching(/no ciphers/) }])
  })
})
