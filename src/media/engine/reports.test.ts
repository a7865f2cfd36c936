import { describe, expect, it } from 'vitest'
import { isRtcp, RtcpCompound } from '../rtcp/packet.ts'
import { connectLegs, eventsOf, openLeg, streamTo } from '../test/harness.ts'
import { InProcessMedia } from '../test/in-process.ts'
import { clipOf, speechLike } from '../test/signals.ts'
import type { LegStatistics } from './control.ts'

const endless = { kind: 'audio', clip: clipOf(speechLike(400)), loop: true } as const

async function talk(media: InProcessMedia, durationMs: number): Promise<void> {
  for (const leg of [1, 2]) media.send({ type: 'play', leg, job: leg, source: endless, bargeIn: false })
  await media.pass(durationMs)
}

function close(media: InProcessMedia, leg: number): LegStatistics {
  media.send({ type: 'close', leg })
  return eventsOf(media, 'closed', leg)[0].statistics
}

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
    // Half of it at most is ours: a report waits for the next visit of the leg.
    expect(first.roundTripMs).toBeLessThanOrEqual(40)
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

  it('sends none where the port is not shared, and counts what comes all the same', async () => {
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
