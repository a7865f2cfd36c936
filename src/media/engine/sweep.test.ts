import { beforeEach, describe, expect, it } from 'vitest'
import { writeRtpHeader } from '../rtp/packet.ts'
import { eventsOf, openLeg, streamTo } from '../test/harness.ts'
import { InProcessMedia } from '../test/in-process.ts'
import { TONE_PRESETS } from '../tone/presets.ts'

const FAR = { address: '192.0.2.1', port: 4000 }
const ELSEWHERE = { address: '198.51.100.1', port: 5000 }

describe('the sweep of a port', () => {
  let media: InProcessMedia
  let port: number
  let calls: number
  let touches: number
  let connected: (string | undefined)[]
  let sequence: number
  beforeEach(async () => {
    media = new InProcessMedia()
    port = await openLeg(media, 1)
    calls = 0
    connected = []
    sequence = 0
    const receive = media.io.receive.bind(media.io)
    Object.assign(media.io, {
      receive: (leg: number, into: Uint8Array) => {
        calls++
        return receive(leg, into)
      },
      connect: (_leg: number, address: string | undefined) => connected.push(address),
      touch: () => ++touches,
    })
    media.send({ type: 'start', leg: 1, stream: streamTo(FAR.address, FAR.port) })
  })

  const say = (count = 1, from = FAR): void => {
    for (let i = 0; i < count; i++) {
      const bytes = new Uint8Array(172)
      writeRtpHeader(bytes, false, 0, sequence, 160 * sequence, 9)
      sequence++
      media.network.inject({ bytes, from, to: { address: media.address, port } })
    }
  }
  /** Receive calls per visit in a second of `perVisit` packets each 20 ms. */
  const callsPerVisit = async (perVisit: number): Promise<number> => {
    calls = 0
    touches = 0
    for (let visit = 0; visit < 50; visit++) {
      say(perVisit)
      await media.pass(20)
    }
    return calls / 50
  }
  const received = async (): Promise<number> => {
    media.send({ type: 'close', leg: 1 })
    await media.waitUntil(() => eventsOf(media, 'closed', 1).length > 0, 100)
    return eventsOf(media, 'closed', 1)[0].statistics.packetsReceived
  }

  it('asks little more than once for each packet of a steady stream', async () => {
    await callsPerVisit(1)
    expect(touches).toBeGreaterThanOrEqual(49)
    expect(await callsPerVisit(1)).toBeLessThanOrEqual(1.3)
    expect(await callsPerVisit(0)).toBe(1)
  })

  it('takes all that come when a visit brings several', async () => {
    await callsPerVisit(2)
    expect(await callsPerVisit(2)).toBe(3)
    await media.pass(20)
    expect(await received()).toBe(200)
  })

  it('takes all that come late', async () => {
    await callsPerVisit(1)
    await media.pass(40)
    say(3)
    await media.pass(20)
    expect(await received()).toBe(53)
  })

  it('is never behind for longer than sixteen visits, when packets come ahead of their time', async () => {
    await callsPerVisit(1)
    say(6)
    for (let visit = 0; visit < 16; visit++) {
      say()
      await media.pass(20)
    }
    expect(await received()).toBe(72)
  })

  it('lets nobody else in while the far end talks from where it said, and anybody once it is silent', async () => {
    await callsPerVisit(1)
    expect(connected).toEqual([FAR.address])
    await media.pass(200)
    expect(connected).toEqual([FAR.address, undefined])
    await callsPerVisit(1)
    expect(connected).toEqual([FAR.address, undefined, FAR.address])
  })

  it('stays open for a far end whose packets come from elsewhere: the address that it named may take over', async () => {
    for (let visit = 0; visit < 20; visit++) {
      say(1, ELSEWHERE)
      await media.pass(20)
    }
    expect(connected).toEqual([])
  })

  it('is done twice a second during a hold, and what came then is not heard after it', async () => {
    await callsPerVisit(1)
    const stream = streamTo(FAR.address, FAR.port)
    media.send({ type: 'start', leg: 1, stream: { ...stream, direction: 'inactive' } })
    await media.pass(1000)
    expect(await callsPerVisit(0)).toBeLessThanOrEqual(3 / 50)
    expect(touches).toBeLessThanOrEqual(3)
    for (let visit = 0; visit < 15; visit++) {
      say()
      await media.pass(20)
    }
    media.send({ type: 'start', leg: 1, stream })
    expect(await callsPerVisit(1)).toBeLessThanOrEqual(1.4)
    media.send({ type: 'close', leg: 1 })
    const { packetsReceived, packetsRefused, packetsLost } = eventsOf(media, 'closed', 1)[0].statistics
    expect({ packetsReceived, packetsRefused, packetsLost }).toEqual({
      packetsReceived: 100,
      packetsRefused: 15,
      packetsLost: 15,
    })
  })

  it('is done at each visit of a hold on which somebody listens or something is played', async () => {
    media.send({ type: 'start', leg: 1, stream: { ...streamTo(FAR.address, FAR.port), direction: 'inactive' } })
    media.send({ type: 'record', leg: 1, job: 1, limits: { bargeIn: false, beepOnStart: false } })
    expect(await callsPerVisit(0)).toBe(1)
    media.send({ type: 'stopJob', leg: 1, job: 1 })
    await media.pass(500)
    expect(await callsPerVisit(0)).toBeLessThanOrEqual(3 / 50)
    const source = { kind: 'tone', steps: TONE_PRESETS.RINGBACK, loop: true } as const
    media.send({ type: 'play', leg: 1, job: 2, source, bargeIn: false })
    expect(await callsPerVisit(0)).toBe(1)
  })

  it('is open again when another address is agreed on', async () => {
    await callsPerVisit(1)
    media.send({ type: 'start', leg: 1, stream: streamTo(ELSEWHERE.address, ELSEWHERE.port) })
    await media.pass(20)
    expect(connected).toEqual([FAR.address, undefined])
  })
})
