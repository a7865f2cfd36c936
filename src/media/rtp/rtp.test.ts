import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../kit/index.ts'
import { RtpPacket, writeRtpHeader } from './packet.ts'
import { ReceiverStatistics } from './receiver-statistics.ts'
import { RtpSender } from './sender.ts'
import { SourceLatch } from './source-latch.ts'

function packetOf(sequence: number, timestamp: number, ssrc = 1): RtpPacket {
  const bytes = new Uint8Array(172)
  writeRtpHeader(bytes, false, 0, sequence & 0xffff, timestamp >>> 0, ssrc)
  const packet = new RtpPacket()
  expect(packet.parse(bytes)).toBe(true)
  return packet
}

describe('RtpPacket', () => {
  it('reads what writeRtpHeader wrote', () => {
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.nat(127),
        fc.nat(0xffff),
        fc.nat(0xffffffff),
        fc.nat(0xffffffff),
        (marker, payloadType, sequence, timestamp, ssrc) => {
          const bytes = new Uint8Array(20)
          writeRtpHeader(bytes, marker, payloadType, sequence, timestamp, ssrc)
          const packet = new RtpPacket()
          expect(packet.parse(bytes)).toBe(true)
          expect(packet).toMatchObject({ marker, payloadType, sequence, timestamp, ssrc, payloadOffset: 12 })
          expect(packet.payloadLength).toBe(8)
        },
      ),
    )
  })

  it('steps over contributing sources, extension and padding', () => {
    // 2 sources (8 octets), an extension of 1 word (8 octets), 3 octets of payload, 4 of padding
    const bytes = new Uint8Array(12 + 8 + 8 + 3 + 4)
    writeRtpHeader(bytes, false, 8, 1, 2, 3)
    bytes[0] = 0x80 | 0x20 | 0x10 | 2
    bytes[23] = 1
    bytes[bytes.length - 1] = 4
    const packet = new RtpPacket()
    expect(packet.parse(bytes)).toBe(true)
    expect([packet.payloadOffset, packet.payloadLength]).toEqual([28, 3])
  })

  it.each([
    ['shorter than a header', new Uint8Array(11)],
    ['version 1', Uint8Array.of(0x40, ...new Uint8Array(11))],
    ['contributing sources beyond the end', Uint8Array.of(0x81, ...new Uint8Array(11))],
    ['an extension header beyond the end', Uint8Array.of(0x90, ...new Uint8Array(13))],
    ['an extension beyond the end', Uint8Array.of(0x90, ...new Uint8Array(13), 0, 9, 0, 0)],
    ['padding of 0', Uint8Array.of(0xa0, ...new Uint8Array(12))],
    ['more padding than payload', Uint8Array.of(0xa0, ...new Uint8Array(12), 3)],
  ])('refuses %s', (_, bytes) => {
    expect(new RtpPacket().parse(bytes)).toBe(false)
  })

  it('never points outside the datagram, whatever comes', () => {
    const packet = new RtpPacket()
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(80), (bytes, cut) => {
        const length = Math.min(cut, bytes.length)
        if (!packet.parse(bytes, length)) return
        expect(packet.payloadOffset).toBeGreaterThanOrEqual(12)
        expect(packet.payloadLength).toBeGreaterThanOrEqual(0)
        expect(packet.payloadOffset + packet.payloadLength).toBeLessThanOrEqual(length)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('RtpSender', () => {
  it('begins anywhere and counts on through the wrap', () => {
    const sender = new RtpSender(seededRandom(4))
    const bytes = new Uint8Array(12)
    const packet = new RtpPacket()
    let last = -1
    for (let i = 0; i < 70_000; i++) {
      expect(sender.finish(bytes, false, 0, sender.timestampAt(i * 20), 160)).toBe(172)
      packet.parse(bytes)
      if (last >= 0 && packet.sequence !== ((last + 1) & 0xffff)) throw new Error(`sequence broke at ${i}`)
      last = packet.sequence
    }
    expect((sender.timestampAt(20) - sender.timestampAt(0)) >>> 0).toBe(160)
    expect(new RtpSender(seededRandom(5)).ssrc).not.toBe(sender.ssrc)
  })
})

describe('ReceiverStatistics', () => {
  it('counts what is missing across the wrap of the sequence number', () => {
    const statistics = new ReceiverStatistics()
    for (let i = 0; i < 20; i++) if (i % 5 !== 3) statistics.take(packetOf(65_530 + i, i * 160), i * 20)
    expect([statistics.received, statistics.lost]).toEqual([16, 4])
    expect(statistics.jitterMs).toBe(0)
  })

  it('does not take reordering for loss, nor duplicates for negative loss', () => {
    const statistics = new ReceiverStatistics()
    for (const n of [2, 1, 4, 3, 4, 4]) statistics.take(packetOf(n, n * 160), n * 20)
    expect([statistics.received, statistics.lost]).toEqual([6, 0])
  })

  it('estimates jitter as RFC 3550 appendix A.8 does, in whole numbers', () => {
    const statistics = new ReceiverStatistics()
    let expected = 0
    let exact = 0
    let lastTransit = 0
    for (let i = 0; i < 500; i++) {
      const late = (i * 7) % 13
      const transit = late * 8
      const difference = i > 0 ? Math.abs(transit - lastTransit) : 0
      if (i > 0) expected += difference - ((expected + 8) >> 4)
      exact += (difference - exact) / 16
      lastTransit = transit
      statistics.take(packetOf(i, i * 160 + 0xfffff000), i * 20 + late)
    }
    expect(statistics.jitterMs).toBe(expected / 16 / 8)
    expect(Math.abs(statistics.jitterMs - exact / 8)).toBeLessThan(0.05)
  })

  it('begins anew with another SSRC or a restarted sender, and keeps the totals', () => {
    const statistics = new ReceiverStatistics()
    for (const n of [1, 2, 4]) statistics.take(packetOf(n, n * 160, 1), n * 20)
    for (const n of [30_000, 30_002]) statistics.take(packetOf(n, n * 160, 2), n)
    for (const n of [50_000, 50_001]) statistics.take(packetOf(n, n * 160, 2), n)
    expect([statistics.received, statistics.lost]).toEqual([7, 2])
  })
})

describe('SourceLatch', () => {
  const signalled = { address: '10.0.0.5', port: 4000 }
  const nat = { address: '192.0.2.1', port: 5000 }
  const third = { address: '192.0.2.66', port: 5000 }

  it('takes the first source behind a NAT and refuses a third', () => {
    const latch = new SourceLatch()
    latch.signal(signalled.address, signalled.port)
    expect([latch.address, latch.port]).toEqual(['10.0.0.5', 4000])
    expect(latch.accept(packetOf(1, 0), nat, 0)).toBe(true)
    expect([latch.address, latch.port]).toEqual(['192.0.2.1', 5000])
    expect(latch.accept(packetOf(1, 0, 9), third, 0)).toBe(false)
    expect(latch.accept(packetOf(2, 0), { ...nat, port: 5002 }, 0)).toBe(false)
    expect(latch.accept(packetOf(2, 0), nat, 0)).toBe(true)
  })

  it('lets the signalled address take over from whoever was first', () => {
    const latch = new SourceLatch()
    latch.signal(signalled.address, signalled.port)
    expect(latch.accept(packetOf(1, 0, 9), third, 0)).toBe(true)
    expect(latch.accept(packetOf(1, 0, 1), signalled, 0)).toBe(true)
    expect(latch.accept(packetOf(2, 0, 9), third, 0)).toBe(false)
    expect(latch.address).toBe('10.0.0.5')
  })

  it('takes a new SSRC of the same source only after two packets in sequence', () => {
    const latch = new SourceLatch()
    latch.signal(signalled.address, signalled.port)
    latch.accept(packetOf(1, 0, 1), signalled, 0)
    expect(latch.accept(packetOf(500, 0, 2), signalled, 0)).toBe(false)
    expect(latch.accept(packetOf(700, 0, 2), signalled, 0)).toBe(false)
    expect(latch.accept(packetOf(701, 0, 2), signalled, 0)).toBe(true)
    expect(latch.accept(packetOf(2, 0, 1), signalled, 0)).toBe(false)
  })

  it('opens again for another signalled address only', () => {
    const latch = new SourceLatch()
    latch.signal(signalled.address, signalled.port)
    latch.accept(packetOf(1, 0), nat, 0)
    latch.signal(signalled.address, signalled.port)
    expect(latch.accept(packetOf(1, 0, 9), third, 0)).toBe(false)
    latch.signal('10.0.0.9', 4000)
    expect(latch.isLatched).toBe(false)
    expect(latch.accept(packetOf(1, 0, 9), third, 0)).toBe(true)
  })

  it('follows a stream that a NAT has moved, and only while its old source is silent', () => {
    const moved = { ...nat, port: 6000 }
    const latch = new SourceLatch()
    latch.signal(signalled.address, signalled.port)
    for (let n = 0; n < 5; n++) latch.accept(packetOf(65_533 + n, n * 160), nat, n * 20)
    // The thief knows the SSRC, but the one who is robbed still talks.
    for (let n = 5; n < 9; n++) {
      expect(latch.accept(packetOf(65_533 + n, n * 160), third, n * 20)).toBe(false)
      expect(latch.accept(packetOf(65_533 + n, n * 160), nat, n * 20)).toBe(true)
    }
    const heard = [9, 10, 11, 12, 13, 14].map((n) => latch.accept(packetOf(65_533 + n, n * 160), moved, n * 20))
    expect(heard).toEqual([false, false, false, false, true, true])
    expect(latch.port).toBe(6000)
    expect(latch.accept(packetOf(65_550, 0), nat, 300)).toBe(false)
  })

  it('lets a stranger in only after a long silence, and only one that goes on', () => {
    const latch = new SourceLatch()
    latch.signal(signalled.address, signalled.port)
    latch.accept(packetOf(1, 0), nat, 0)
    for (let n = 0; n < 50; n++) expect(latch.accept(packetOf(n, 0, 9), third, n * 20)).toBe(false)
    expect(latch.accept(packetOf(500, 0, 9), third, 6000)).toBe(false)
    expect(latch.accept(packetOf(500, 0, 9), { ...third, port: 1 }, 6000)).toBe(false)
    expect(latch.accept(packetOf(501, 0, 9), third, 6020)).toBe(false)
    expect(latch.accept(packetOf(502, 0, 9), third, 6040)).toBe(true)
    expect(latch.source).toEqual({ ...third, ssrc: 9 })
  })

  it('never hears the stream of a former call', () => {
    const latch = new SourceLatch()
    latch.beware({ ...nat, ssrc: 5 })
    latch.signal(signalled.address, signalled.port)
    for (let n = 0; n < 1000; n++) expect(latch.accept(packetOf(n, 0, 5), nat, n * 20)).toBe(false)
    expect(latch.accept(packetOf(0, 0, 6), nat, 0)).toBe(true)
  })
})
