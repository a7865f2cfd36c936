import { describe, expect, it } from 'vitest'
import { writeRtpHeader } from '../rtp/packet.ts'
import { eventsOf, openLeg, streamTo } from '../test/harness.ts'
import { InProcessMedia } from '../test/in-process.ts'

const OLD = { address: '198.51.100.1', port: 4000 }
const NEW = { address: '198.51.100.2', port: 4000 }

/** Sends a packet each 20 ms for so long. */
async function send(
  media: InProcessMedia,
  senders: { from: { address: string; port: number }; ssrc: number; at?: number }[],
  port: number,
  durationMs: number,
): Promise<void> {
  for (let n = 0; n < durationMs / 20; n++) {
    for (const sender of senders) {
      sender.at = (sender.at ?? 0) + 1
      const bytes = new Uint8Array(172)
      writeRtpHeader(bytes, false, 0, sender.at & 0xffff, sender.at * 160, sender.ssrc)
      media.network.inject({ bytes, from: sender.from, to: { address: media.address, port } })
    }
    await media.pass(20)
  }
}

async function call(media: InProcessMedia, leg: number, far: { address: string; port: number }): Promise<number> {
  const port = await openLeg(media, leg)
  media.send({ type: 'start', leg, stream: streamTo(far.address, far.port) })
  return port
}

describe('a port that a call had a second ago', () => {
  it('does not hear the old call, whose far end still sends, in the new one', async () => {
    const media = new InProcessMedia()
    const old = { from: OLD, ssrc: 111 }
    const port = await call(media, 1, OLD)
    await send(media, [old], port, 1000)
    media.send({ type: 'close', leg: 1 })
    await send(media, [old], port, 1000)
    media.network.nextPort = port
    expect(await call(media, 2, NEW)).toBe(port)
    await send(media, [old], port, 500)
    const fresh = { from: { ...NEW, port: 5000 }, ssrc: 222 }
    await send(media, [old, fresh], port, 8000)
    media.send({ type: 'close', leg: 2 })
    expect(eventsOf(media, 'closed', 2)[0].statistics).toMatchObject({
      packetsReceived: 400,
      packetsRefused: 425,
      packetsLost: 0,
    })
  })

  it('hears the same telephone when it calls again', async () => {
    const media = new InProcessMedia()
    const port = await call(media, 1, OLD)
    await send(media, [{ from: OLD, ssrc: 111 }], port, 200)
    media.send({ type: 'close', leg: 1 })
    media.network.nextPort = port
    await call(media, 2, OLD)
    await send(media, [{ from: OLD, ssrc: 333 }], port, 200)
    media.send({ type: 'close', leg: 2 })
    expect(eventsOf(media, 'closed', 2)[0].statistics).toMatchObject({ packetsReceived: 10, packetsRefused: 0 })
  })
})

describe('a stream that moves', () => {
  it('is followed through a NAT that has rebound, and answered where it is now', async () => {
    const media = new InProcessMedia()
    const port = await call(media, 1, { address: '10.0.0.5', port: 9 })
    const phone = { from: OLD, ssrc: 111 }
    await send(media, [phone], port, 1000)
    phone.from = { ...OLD, port: 4711 }
    await send(media, [phone], port, 1000)
    const sentTo = new Set<number>()
    media.network.watch = ({ to }) => {
      if (to.address === OLD.address) sentTo.add(to.port)
      return true
    }
    media.send({ type: 'sendDigits', leg: 1, job: 1, digits: '1' })
    await media.pass(200)
    media.send({ type: 'close', leg: 1 })
    const { packetsReceived, packetsRefused } = eventsOf(media, 'closed', 1)[0].statistics
    expect([packetsReceived + packetsRefused, [...sentTo]]).toEqual([100, [4711]])
    expect(packetsRefused).toBeLessThanOrEqual(6)
  })
})

describe('a far end whose clock is wrong', () => {
  it.each([
    [1500, 1],
    [-1500, 1],
    [0, 0],
  ])('is found out and counted: %i ppm', async (ppm, drifting) => {
    const media = new InProcessMedia()
    const to = { address: media.address, port: await call(media, 1, OLD) }
    const begun = media.now
    for (let n = 0; n < 6000; n++) {
      const bytes = new Uint8Array(172)
      writeRtpHeader(bytes, false, 0, n & 0xffff, n * 160, 111)
      media.network.inject({ bytes, from: OLD, to })
      const next = begun + ((n + 1) * 20) / (1 + ppm / 1e6)
      while (media.now < next) media.step(next)
    }
    media.send({ type: 'close', leg: 1 })
    const { clockDriftPpm } = eventsOf(media, 'closed', 1)[0].statistics
    // 20 ms in 100 s.
    expect(Math.abs(clockDriftPpm! - ppm)).toBeLessThanOrEqual(200)
    expect(media.engine.counters.get('clocksDrifting')).toBe(drifting)
  })
})
