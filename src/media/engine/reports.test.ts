import * as nodeCrypto from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { isRtcp, RtcpCompound } from '../rtcp/packet.ts'
import { srtpCryptoOf } from '../srtp/node-crypto.ts'
import { connectLegs, eventsOf, openLeg, streamTo } from '../test/harness.ts'
import { InProcessMedia } from '../test/in-process.ts'
import { clipOf, speechLike } from '../test/signals.ts'
import type { LegStatistics, StreamParameters } from './control.ts'

const endless = { kind: 'audio', clip: clipOf(speechLike(400)), loop: true } as const

async function talk(media: InProcessMedia, durationMs: number): Promise<void> {
  for (const leg of [1, 2]) media.send({ type: 'play', leg, job: leg, source: endless, bargeIn: false })
  await media.pass(durationMs)
}

function close(media: InProcessMedia, leg: number): LegStatistics {
  media.send({ type: 'close', leg })
  return eventsOf(media, 'closed', leg)[0].statistics
}

/** Two legs whose RTCP has the port above that of RTP. */
async function connectApart(media: InProcessMedia, stream: Partial<StreamParameters> = {}): Promise<[number, number]> {
  const ports: [number, number] = [await openLeg(media, 1), await openLeg(media, 2)]
  for (const [leg, port] of [
    [1, ports[1]],
    [2, ports[0]],
  ] as const) {
    const rtcp = { address: media.address, port: port + 1 }
    media.send({ type: 'start', leg, stream: { ...streamTo(media.address, port), rtcp, ...stream } })
  }
  return ports
}

describe('MediaEngine reports on a port of their own', () => {
  it('go both ways above the ports of RTP, and tell what those that share it tell', async () => {
    const media = new InProcessMedia()
    const ports = await connectApart(media)
    const ways = new Set<string>()
    let count = 0
    media.network.watch = ({ bytes, from, to }) => {
      if (!isRtcp(bytes, bytes.length)) return to.port !== ports[1] || ++count % 10 !== 0
      ways.add(`${from.port - ports[0]} ${to.port - ports[0]}`)
      return true
    }
    await talk(media, 60_000)
    const first = close(media, 1)
    await media.pass(20)
    const second = close(media, 2)
    expect([...ways].sort()).toEqual(['1 3', '3 1'])
    expect(first.reportsSent).toBeGreaterThanOrEqual(10)
    expect(first.reportsReceived).toBeGreaterThanOrEqual(10)
    // That they wait up to a second for the sweep does not show.
    expect(first.roundTripMs).toBeLessThanOrEqual(1)
    expect(first.farEnd?.packetsLost).toBeGreaterThan(250)
    expect(first.quality?.mos).toBeGreaterThan(second.quality!.mos)
    expect([first.packetsRefused, second.packetsRefused]).toEqual([0, 0])
    expect(media.network.sockets).toBe(0)
  })

  it('say goodbye, and hear it when they close within a second of it', async () => {
    const media = new InProcessMedia()
    await connectApart(media)
    await talk(media, 500)
    expect(close(media, 1).reportsSent).toBe(1)
    expect(close(media, 2).reportsReceived).toBe(1)
  })

  it('are encrypted where RTP is', async () => {
    const media = new InProcessMedia({ crypto: srtpCryptoOf(nodeCrypto) })
    const ports = await connectApart(media)
    const [one, other] = [new Uint8Array(30).fill(1), new Uint8Array(30).fill(2)]
    for (const [leg, port, sendKey, receiveKey] of [
      [1, ports[1], one, other],
      [2, ports[0], other, one],
    ] as const) {
      const srtp = { suite: 'AES_CM_128_HMAC_SHA1_80', sendKey, receiveKey } as const
      const rtcp = { address: media.address, port: port + 1 }
      media.send({ type: 'start', leg, stream: { ...streamTo(media.address, port), rtcp, srtp } })
    }
    let inTheClear = 0
    const view = new RtcpCompound()
    media.network.watch = ({ bytes }) => {
      if (isRtcp(bytes, bytes.length) && view.parse(bytes, bytes.length, 0)) inTheClear++
      return true
    }
    await talk(media, 20_000)
    const { reportsReceived, packetsRefused } = close(media, 1)
    expect(reportsReceived).toBeGreaterThanOrEqual(3)
    expect([packetsRefused, inTheClear]).toEqual([0, 0])
  })

  it('cease where another program has the port, and begin with a stream that shares it', async () => {
    const media = new InProcessMedia()
    media.io.isControlTaken = true
    const ports = await connectApart(media)
    await talk(media, 20_000)
    for (const [leg, port] of [
      [1, ports[1]],
      [2, ports[0]],
    ] as const)
      media.send({ type: 'start', leg, stream: { ...streamTo(media.address, port), rtcpMux: true } })
    let apart = 0
    media.network.watch = ({ to }) => {
      apart += to.port % 2
      return true
    }
    await media.pass(10_000)
    expect(close(media, 1).reportsReceived).toBeGreaterThanOrEqual(1)
    expect(apart).toBe(0)
  })

  it('hear the far end only, and a flood costs eight looks a second', async () => {
    const media = new InProcessMedia()
    const [to, far] = await connectApart(media)
    await media.pass(20)
    const good = Uint8Array.of(0x80, 201, 0, 1, 0, 0, 0, 1)
    const inject = (bytes: Uint8Array, from = { address: media.address, port: far + 1 }): void =>
      media.network.inject({ bytes, from, to: { address: media.address, port: to + 1 } })
    inject(good)
    inject(good, { address: '203.0.113.9', port: far + 1 })
    inject(good, { address: media.address, port: 9 })
    inject(good.subarray(0, 7))
    inject(new Uint8Array(1400).fill(0x80))
    inject(new Uint8Array(0))
    await media.pass(1100)
    let looks = 0
    const { receiveControl } = media.io
    media.io.receiveControl = (leg, into) => {
      if (leg === 1) looks++
      return receiveControl.call(media.io, leg, into)
    }
    for (let i = 0; i < 1000; i++) inject(good, { address: '203.0.113.9', port: i })
    await media.pass(2000)
    expect(looks).toBe(16)
    expect(close(media, 1)).toMatchObject({ reportsReceived: 1, packetsRefused: 5 + 16 + 8 })
  })
})

describe('MediaEngine reports', () => {
  it('tells both ends of the round trip, of loss and of the quality', async () => {
    const media = new InProcessMedia()
    await connectLegs(media, 1, 2, { rtcpMux: true })
    const port = eventsOf(media, 'opened', 2)[0].port
    let count = 0
    media.network.watch = ({ bytes, to }) => to.port !== port || isRtcp(bytes, bytes.length) || ++count % 10 !== 0
    await talk(media, 60_000)
    const first = close(media, 1)
    const second = close(media, 2)
    expect(first.reportsSent).toBeGreaterThanOrEqual(10)
    expect(first.reportsReceived).toBeGreaterThanOrEqual(10)
    // All of it is ours: at each end a report waits for the next visit of the leg. Reports tell time in 1/65536 s.
    expect(first.roundTripMs).toBeLessThanOrEqual(40 + 1000 / 65_536)
    expect(first.farEnd?.packetsLost).toBeGreaterThan(250)
    expect(Math.abs(first.farEnd!.packetsLost - second.packetsLost)).toBeLessThan(60)
    expect(second.farEnd?.packetsLost).toBe(0)
    expect(first.quality?.mos).toBeGreaterThan(4.3)
    expect(second.quality?.mos).toBeLessThan(3.6)
    expect([first.packetsRefused, second.packetsRefused]).toEqual([0, 0])
  })

  it('says goodbye, and nothing after it', async () => {
    const media = new InProcessMedia()
    await connectLegs(media, 1, 2, { rtcpMux: true })
    const view = new RtcpCompound()
    const said: boolean[] = []
    media.network.watch = ({ bytes }) => {
      if (isRtcp(bytes, bytes.length) && view.parse(bytes, bytes.length, 0)) said.push(view.isBye)
      return true
    }
    await talk(media, 10_000)
    close(media, 1)
    expect(said.at(-1)).toBe(true)
    expect(said.filter((isBye) => isBye).length).toBe(1)
  })

  it.each([
    ['in the clear', false],
    ['encrypted', true],
  ])('tells a stream of another clock from the one before: SSRC, counts and goodbye, %s', async (_how, isSecret) => {
    const media = new InProcessMedia({ crypto: srtpCryptoOf(nodeCrypto) })
    const keys = [new Uint8Array(30).fill(1), new Uint8Array(30).fill(2)]
    const streamOf = (leg: number): Partial<StreamParameters> => ({
      rtcpMux: true,
      ...(isSecret && {
        srtp: { suite: 'AES_CM_128_HMAC_SHA1_80', sendKey: keys[leg % 2], receiveKey: keys[(leg + 1) % 2] },
      }),
    })
    const ports = [await openLeg(media, 1), await openLeg(media, 2)]
    const start = (leg: number, stream: Partial<StreamParameters> = {}): void =>
      media.send({
        type: 'start',
        leg,
        stream: { ...streamTo(media.address, ports[2 - leg]), ...streamOf(leg), ...stream },
      })
    start(1)
    start(2)
    const wire: { kind: number; ssrc: number; isBye: boolean; packets: number }[] = []
    media.network.watch = ({ bytes, from }) => {
      if (from.port !== ports[0]) return true
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
      const report = new RtcpCompound()
      if (!isRtcp(bytes, bytes.length))
        wire.push({ kind: bytes[1] & 0x7f, ssrc: view.getUint32(8), isBye: false, packets: 0 })
      else if (isSecret) wire.push({ kind: bytes[1], ssrc: view.getUint32(4), isBye: false, packets: 0 })
      else if (report.parse(bytes, bytes.length, 0))
        wire.push({ kind: bytes[1], ssrc: report.ssrc, isBye: report.isBye, packets: view.getUint32(20) })
      return true
    }
    await talk(media, 2000)
    for (const leg of [1, 2]) start(leg, { codec: 'L16/16000', payloadType: 97 })
    await media.pass(10_000)
    const ssrcs = [0, 97].map((type) => new Set(wire.filter(({ kind }) => kind === type).map(({ ssrc }) => ssrc)))
    expect(ssrcs.map(({ size }) => size)).toEqual([1, 1])
    const [before, after] = ssrcs.map(([ssrc]) => ssrc)
    expect(after).not.toBe(before)
    // The old source is left before the new one speaks, and nothing is said of it any more.
    const firstOfNew = wire.findIndex(({ ssrc }) => ssrc === after)
    expect(wire[firstOfNew - 1]).toMatchObject({ kind: 200, ssrc: before })
    expect(wire.slice(firstOfNew).every(({ ssrc }) => ssrc === after)).toBe(true)
    if (!isSecret) {
      expect(wire.filter(({ isBye }) => isBye)).toEqual([wire[firstOfNew - 1]])
      const last = wire.findLastIndex(({ kind }) => kind === 200)
      expect(last).toBeGreaterThan(firstOfNew)
      expect(wire[last].packets).toBe(wire.slice(firstOfNew, last).filter(({ kind }) => kind === 97).length)
    }
    for (const leg of [1, 2]) {
      const { packetsRefused, packetsLost } = close(media, leg)
      // One of the old payload type was under way.
      expect(packetsRefused).toBeLessThanOrEqual(1)
      expect(packetsLost).toBe(0)
    }
  })

  it('goes on through a hold, but not to a leg without an address', async () => {
    const media = new InProcessMedia()
    const ports = [await openLeg(media, 1), await openLeg(media, 2)]
    const stream = { ...streamTo(media.address, ports[1]), rtcpMux: true, direction: 'inactive' } as const
    media.send({ type: 'start', leg: 1, stream })
    let reports = 0
    media.network.watch = ({ bytes }) => {
      if (isRtcp(bytes, bytes.length)) reports++
      return true
    }
    await media.pass(20_000)
    expect(reports).toBeGreaterThanOrEqual(3)
    media.send({ type: 'start', leg: 1, stream: { ...stream, remoteAddress: '0.0.0.0' } })
    reports = 0
    await media.pass(20_000)
    expect(reports).toBe(0)
  })

  it('sends none where it was not agreed on, and counts what comes all the same', async () => {
    const media = new InProcessMedia()
    await connectLegs(media, 1, 2)
    let reports = 0
    media.network.watch = ({ bytes }) => {
      if (isRtcp(bytes, bytes.length)) reports++
      return true
    }
    await talk(media, 20_000)
    const [from, to] = [2, 1].map((leg) => ({ address: media.address, port: eventsOf(media, 'opened', leg)[0].port }))
    media.network.inject({ bytes: Uint8Array.of(0x80, 201, 0, 1, 0, 0, 0, 1), from, to })
    await media.pass(40)
    expect(reports).toBe(1)
    expect(close(media, 1)).toMatchObject({ packetsRefused: 1, reportsSent: 0, reportsReceived: 0 })
  })

  it('refuses and counts hostile reports', async () => {
    const media = new InProcessMedia()
    await connectLegs(media, 1, 2, { rtcpMux: true })
    await media.pass(300)
    const [from, to] = [2, 1].map((leg) => ({ address: media.address, port: eventsOf(media, 'opened', leg)[0].port }))
    const good = Uint8Array.of(0x80, 201, 0, 1, 0, 0, 0, 1)
    const inject = (bytes: Uint8Array, source = from): void => media.network.inject({ bytes, from: source, to })
    inject(good)
    inject(good, { address: '203.0.113.9', port: from.port })
    inject(Uint8Array.of(0x81, 201, 0, 1, 0, 0, 0, 1))
    inject(Uint8Array.of(0x80, 201, 255, 255, 0, 0, 0, 1))
    inject(Uint8Array.of(0x80, 200, 0, 1, 0, 0, 0, 1))
    inject(Uint8Array.of(0x80, 203, 0, 0))
    inject(new Uint8Array(1400).fill(0x80).fill(201, 1, 2))
    await media.pass(40)
    expect(close(media, 1)).toMatchObject({ packetsRefused: 6, reportsReceived: 1 })
  })
})
