import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom, utf8Encode } from '../../kit/index.ts'
import { RtpPacket, writeRtpHeader } from '../rtp/packet.ts'
import { ReceiverStatistics } from '../rtp/receiver-statistics.ts'
import { isRtcp, RtcpCompound } from './packet.ts'
import { rateCall } from './quality.ts'
import { RtcpSession } from './session.ts'
import { type ReportBlock, type SenderInfo, writeCompound } from './writer.ts'

const OURS = 0xcafe_0001
const THEIRS = 0x8000_0002
const cname = utf8Encode('0123456789abcdefghijklmn')
const sender: SenderInfo = {
  ntpSeconds: 0x0102_0304,
  ntpFraction: 0x0506_0708,
  rtpTimestamp: 9,
  packets: 10,
  octets: 11,
}
const block: ReportBlock = {
  ssrc: OURS,
  fractionLost: 255,
  cumulativeLost: -3,
  highestSequence: 0x1_ffff,
  jitter: 80,
  lastReport: 0xffff_fff0,
  sinceLastReport: 65_536,
}

describe('RTCP packets', () => {
  it('writes the octets of RFC 3550 section 6.4.1, 6.5 and 6.6', () => {
    const bytes = new Uint8Array(120).fill(0xee)
    const length = writeCompound(bytes, THEIRS, utf8Encode('me'), sender, block, true)
    const hex = [...bytes.subarray(0, length)].map((octet) => octet.toString(16).padStart(2, '0')).join('')
    expect(hex.match(/.{8}/g)).toEqual(
      [
        '81c8000c 80000002 01020304 05060708 00000009 0000000a 0000000b',
        'cafe0001 fffffffd 0001ffff 00000050 fffffff0 00010000',
        '81ca0003 80000002 01026d65 00000000',
        '81cb0001 80000002',
      ].flatMap((line) => line.split(' ')),
    )
  })

  it('says four null octets after an item that fills its word', () => {
    const bytes = new Uint8Array(120)
    // 8 octets of header and SSRC, 2 of item header, 2 of text: the end of the list needs a word of its own.
    expect(writeCompound(bytes, 1, utf8Encode('me'), undefined, undefined, false)).toBe(8 + 16)
    expect(writeCompound(bytes, 1, cname, sender, block, true)).toBe(52 + 36 + 8)
  })

  it.each([
    ['sender report', sender, block],
    ['receiver report', undefined, block],
    ['empty receiver report', undefined, undefined],
  ] as const)('reads back a %s', (_, info, about) => {
    const bytes = new Uint8Array(120)
    const length = writeCompound(bytes, THEIRS, cname, info, about, false)
    const view = new RtcpCompound()
    expect(isRtcp(bytes, length)).toBe(true)
    expect(view.parse(bytes, length, OURS)).toBe(true)
    expect(view).toMatchObject({ ssrc: THEIRS, isSenderReport: info !== undefined, isBye: false })
    expect(view.hasBlock).toBe(about !== undefined)
    if (info !== undefined) expect(view.ntpMiddle).toBe(0x0304_0506)
    if (about !== undefined)
      expect(view).toMatchObject({ cumulativeLost: -3, jitter: 80, lastReport: 0xffff_fff0, sinceLastReport: 65_536 })
    expect(view.parse(bytes, length, 5)).toBe(true)
    expect(view.hasBlock).toBe(false)
  })

  it('takes a BYE of the sender only', () => {
    const bytes = new Uint8Array(120)
    const length = writeCompound(bytes, THEIRS, cname, sender, undefined, true)
    const view = new RtcpCompound()
    view.parse(bytes, length, OURS)
    expect(view.isBye).toBe(true)
    bytes[length - 1] ^= 1
    view.parse(bytes, length, OURS)
    expect(view.isBye).toBe(false)
  })

  it('refuses what appendix A.2 refuses', () => {
    const good = new Uint8Array(120)
    const length = writeCompound(good, THEIRS, cname, sender, block, true)
    const parsesWith = (at: number, value: number): boolean => {
      const bytes = good.slice()
      bytes[at] = value
      return new RtcpCompound().parse(bytes, length, OURS)
    }
    const parsesCut = (to: number): boolean => new RtcpCompound().parse(good, to, OURS)
    expect(parsesWith(0, 0x81)).toBe(true)
    for (const cut of [length - 4, length - 1, 4]) expect(parsesCut(cut)).toBe(false)
    // Another version, a block too many, padding in front of another packet, no report first, too long.
    for (const [at, value] of [
      [0, 0x41],
      [0, 0x82],
      [0, 0xa1],
      [1, 202],
      [2, 1],
      [52, 0x01],
      [88, 0x82],
    ])
      expect(parsesWith(at, value)).toBe(false)
  })

  it('never reads outside the datagram, whatever comes', () => {
    const view = new RtcpCompound()
    const good = new Uint8Array(120)
    const length = writeCompound(good, THEIRS, cname, sender, block, true)
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(length - 1), fc.nat(255)), { maxLength: 6 }),
        fc.nat(120),
        (changes, cut) => {
          const bytes = good.slice()
          for (const [at, value] of changes) bytes[at] = value
          if (!view.parse(bytes, cut, OURS)) return
          for (const value of [view.jitter, view.lastReport, view.sinceLastReport, view.ssrc])
            expect(Number.isInteger(value)).toBe(true)
        },
      ),
      { numRuns: 3000 },
    )
  })
})

describe('RtcpSession', () => {
  /** Two sessions, each hearing the stream of the other, over a path of so many milliseconds. */
  function pair(): { a: RtcpSession; b: RtcpSession; heardByB: ReceiverStatistics; heardByA: ReceiverStatistics } {
    const heardByA = new ReceiverStatistics()
    const heardByB = new ReceiverStatistics()
    const stream = (ssrc: number) => ({ ssrc, packetsSent: 50, octetsSent: 8000, timestampAt: (ms: number) => ms * 8 })
    return {
      a: new RtcpSession(seededRandom(1), stream(1), heardByA, 0),
      b: new RtcpSession(seededRandom(2), stream(2), heardByB, 0),
      heardByA,
      heardByB,
    }
  }

  const hear = (statistics: ReceiverStatistics, ssrc: number, sequences: number[]): void => {
    const bytes = new Uint8Array(12)
    const packet = new RtpPacket()
    for (const sequence of sequences) {
      writeRtpHeader(bytes, false, 0, sequence & 0xffff, sequence * 160, ssrc)
      packet.parse(bytes)
      statistics.take(packet, sequence * 20)
    }
  }

  it('measures the round trip, also across the wrap of the seconds', () => {
    for (const start of [65_535_000, 1234.5]) {
      const { a, b, heardByB } = pair()
      hear(heardByB, 1, [1, 2, 3])
      const bytes = new Uint8Array(120)
      expect(b.take(bytes, a.writeInto(bytes, 0, start), start + 35)).toBe(true)
      expect(a.take(bytes, b.writeInto(bytes, 0, start + 1035), start + 1080)).toBe(true)
      expect(a.roundTripMs).toBeCloseTo(80, 1)
      expect(b.roundTripMs).toBeUndefined()
    }
  })

  it('measures nothing by reports that may have waited, and tells the far end of none', () => {
    const { a, b, heardByB } = pair()
    hear(heardByB, 1, [1, 2, 3])
    const bytes = new Uint8Array(120)
    expect(b.take(bytes, a.writeInto(bytes, 0, 1000), 1500, true)).toBe(true)
    expect(a.take(bytes, b.writeInto(bytes, 0, 2000), 2045)).toBe(true)
    expect(a.roundTripMs).toBeUndefined()
    expect(b.take(bytes, a.writeInto(bytes, 0, 3000), 3035)).toBe(true)
    expect(a.take(bytes, b.writeInto(bytes, 0, 4000), 4500, true)).toBe(true)
    expect(a.roundTripMs).toBeUndefined()
    expect(a.farEnd).toMatchObject({ packetsLost: 0 })
  })

  it('tells what was lost: in all, and since the last report', () => {
    const { a, b, heardByB } = pair()
    const bytes = new Uint8Array(120)
    const view = new DataView(bytes.buffer)
    hear(heardByB, 1, [65_533, 65_534, 65_537, 65_538])
    a.take(bytes, b.writeInto(bytes, 0, 100), 110)
    expect(view.getUint8(32)).toBe(Math.floor((256 * 2) / 6))
    expect(view.getUint32(36)).toBe(65_538)
    expect(a.farEnd).toMatchObject({ packetsLost: 2 })
    hear(heardByB, 1, [65_539, 65_540])
    a.take(bytes, b.writeInto(bytes, 0, 100), 110)
    expect(view.getUint8(32)).toBe(0)
    expect(a.farEnd).toMatchObject({ packetsLost: 2 })
  })

  it('reports about every 5 s, randomized, the first time after half of that', () => {
    const bytes = new Uint8Array(120)
    const firsts: number[] = []
    const others: number[] = []
    for (let seed = 1; seed <= 2000; seed++) {
      const stream = { ssrc: 1, packetsSent: 0, octetsSent: 0, timestampAt: () => 0 }
      const session = new RtcpSession(seededRandom(seed), stream, new ReceiverStatistics(), 0)
      let now = 0
      for (let i = 0; i < 3; i++) {
        const last = now
        while (!session.isDue(now)) now += 10
        ;(i === 0 ? firsts : others).push(now - last)
        session.writeInto(bytes, 0, now)
        expect(bytes[1]).toBe(201)
      }
    }
    const mean = (all: number[]): number => all.reduce((sum, value) => sum + value, 0) / all.length
    expect(mean(firsts)).toBeCloseTo(2500 / 1.218, -2)
    expect(mean(others)).toBeCloseTo(5000 / 1.218, -2)
    expect(Math.min(...others)).toBeGreaterThan(2000)
    expect(Math.max(...others)).toBeLessThan(6200)
  })

  it('does not believe a round trip that cannot be', () => {
    const { a } = pair()
    const bytes = new Uint8Array(120)
    for (const sinceLastReport of [0, 0xffff_ffff, 700_000]) {
      const length = writeCompound(
        bytes,
        2,
        cname,
        undefined,
        { ...block, ssrc: 1, lastReport: 77, sinceLastReport },
        false,
      )
      expect(a.take(bytes, length, 60_000)).toBe(true)
    }
    expect(a.roundTripMs).toBeUndefined()
  })
})

describe('rateCall', () => {
  // R 93.2 is MOS 4.41 (G.107 table B.1); the rest follows the published curves for G.711 with concealment.
  it.each([
    [0, 0, 93.2, 4.41],
    [150, 0, 89.6, 4.33],
    [300, 0, 72.5, 3.72],
    [50, 0.01, 88.4, 4.29],
    [50, 0.05, 76.2, 3.87],
    [50, 0.2, 49.9, 2.57],
    [2000, 1, 0, 1],
  ])('rates %i ms and a loss of %f as R %f, MOS %f', (delayMs, loss, rating, mos) => {
    const quality = rateCall({ delayMs, loss })
    expect(quality.rating).toBeCloseTo(rating, 0)
    expect(quality.mos).toBeCloseTo(mos, 1)
  })

  it('never leaves its scales, and never rates worse what is better', () => {
    fc.assert(
      fc.property(fc.nat(3000), fc.double({ min: 0, max: 1, noNaN: true }), (delayMs, loss) => {
        const { rating, mos } = rateCall({ delayMs, loss })
        expect(rating >= 0 && rating <= 100 && mos >= 1 && mos <= 4.5).toBe(true)
        expect(rateCall({ delayMs: delayMs + 10, loss }).rating).toBeLessThanOrEqual(rating)
      }),
    )
  })
})
