import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../kit/index.ts'
import { CODEC_RATES } from '../codec/codec-rates.ts'
import { energyAtLevel } from '../dsp/level.ts'
import { MAX_PAYLOAD, RtpPacket, writeRtpHeader } from '../rtp/packet.ts'
import { createKernels } from '../wasm/kernels.ts'
import { type FrameListener, Hearing } from './hearing.ts'
import type { MediaIo } from './media-io.ts'
import { Workshop } from './workshop.ts'

const nowhere: MediaIo = {
  source: { address: '', port: 0 },
  open() {},
  poll: () => undefined,
  receive: () => -1,
  send: () => true,
  openControl() {},
  receiveControl: () => -1,
  sendControl: () => true,
  waitedMs: 0,
  release: () => ({ address: '', port: 0, hasControl: false }),
  adopt() {},
  close() {},
}

it('gives back all that a stream was heard with, however long its packets and whatever its codec became', () => {
  const kernels = createKernels()
  const workshop = new Workshop(nowhere, seededRandom(1), kernels)
  const packet = new RtpPacket()
  const datagram = new Uint8Array(12 + MAX_PAYLOAD)
  datagram[0] = 0x80
  const hear = (): number => {
    const hearing = new Hearing(workshop)
    hearing.attach({ hear() {} }, 0)
    for (let i = 0; i < 8; i++) {
      datagram[3] = i
      packet.parse(datagram, 12 + 80 * (i + 1))
      hearing.put(packet, 'audio', 80 * (i + 1), workshop.codecs.open('PCMU'))
      hearing.hearUntil(20 * i, workshop.codecs.open('PCMU'))
    }
    hearing.useStream(CODEC_RATES['L16/16000'])
    expect(hearing.delayMs).toBeGreaterThan(0)
    hearing.release()
    expect(hearing.delayMs).toBeGreaterThan(0)
    return kernels.arena.left
  }
  const left = hear()
  for (let i = 0; i < 20; i++) expect(hear()).toBe(left)
})

describe('who makes nothing of quiet', () => {
  const [LOUD, FAINT] = [4000, 16]
  const quietEnergy = energyAtLevel(-50, 160)

  /** A packet comes in each tick of 20 ms, or so many ticks late. */
  interface Sent {
    readonly peak: number
    readonly ssrc?: number
    readonly lateTicks?: number
  }

  /** What is heard in each tick, as the greatest of its samples; -1 where some of it was made up, a hole where nothing is. */
  function hear(
    packets: readonly Sent[],
    codecName = 'PCMU' as 'PCMU' | 'G722',
    others: readonly FrameListener[] = [],
  ) {
    const workshop = new Workshop(nowhere, seededRandom(1), createKernels())
    const codec = workshop.codecs.open(codecName)
    const hearing = new Hearing(workshop)
    const heard = new Array<number>(packets.length)
    let tick = 0
    const listen = (frame: Int16Array, isWhole: boolean): void => {
      heard[tick] = isWhole ? Math.max(...frame) : -1
    }
    hearing.attach({ quietEnergy, hear: listen }, 0)
    for (const other of others) hearing.attach(other, 0)
    const [packet, datagram, sound] = [new RtpPacket(), new Uint8Array(172), new Int16Array(160)]
    for (; tick < packets.length; tick++) {
      hearing.beginVisit(20 * (tick + 1))
      packets.forEach(({ peak, ssrc = 7, lateTicks = 0 }, i) => {
        if (i + lateTicks !== tick) return
        for (let k = 0; k < 160; k++) sound[k] = peak * Math.sin((2 * Math.PI * k) / 20)
        writeRtpHeader(datagram, false, 0, i, 160 * i + 50_000 * (ssrc - 7), ssrc)
        codec.encodeInto(sound, 0, 160, datagram, 12)
        packet.parse(datagram, 172)
        hearing.put(packet, 'audio', 160, codec)
      })
      hearing.hearUntil(20 * (tick + 1), codec)
    }
    return heard
  }

  const times = (count: number, peak: number, more: Partial<Sent> = {}): Sent[] =>
    new Array<Sent>(count).fill({ ...more, peak })
  const isLoud = (peak: number | undefined): boolean => peak !== undefined && peak > 3000
  const said = [...times(60, FAINT), ...times(1, LOUD), ...times(70, FAINT), ...times(1, LOUD), ...times(4, FAINT)]

  /** Without the waiting at the beginning. */
  const sinceTheFirst = (heard: number[]): number[] => heard.slice(heard.findIndex((peak) => peak > 0))

  it('hears silence after a second of it, and all that is said, with what is quiet up to a second behind', () => {
    const heard = sinceTheFirst(hear(said))
    const firstWord = heard.findIndex((peak) => peak > 3000)
    const secondWord = heard.findIndex((peak, i) => i > firstWord && peak > 3000)
    expect(secondWord - firstWord).toBe(71)
    expect(heard.slice(0, 49).every((peak) => peak > 10 && peak < 20)).toBe(true)
    expect(heard.slice(49, firstWord).every((peak) => peak === 0)).toBe(true)
    expect(heard.slice(firstWord + 1, firstWord + 50).every((peak) => peak > 10 && peak < 20)).toBe(true)
    expect(heard.slice(firstWord + 50, secondWord).every((peak) => peak === 0)).toBe(true)
    expect(heard[secondWord + 1]).toBeGreaterThan(10)
  })

  it('hears all as it is where another one listens, and of a codec whose payloads need those before them', () => {
    expect(sinceTheFirst(hear(said, 'PCMU', [{ hear() {} }])).every((peak) => peak > 10)).toBe(true)
    expect(sinceTheFirst(hear(said, 'G722')).filter((peak) => peak === 0)).toEqual([])
  })

  it('hears nothing at all while that goes on, and the next word whole and as soon as one before which it went on hearing', () => {
    const dozed = hear([
      ...times(100, FAINT),
      ...times(5, LOUD),
      ...times(100, FAINT),
      ...times(5, LOUD),
      ...times(10, FAINT),
    ])
    const awake = hear([
      ...times(45, FAINT),
      ...times(5, LOUD),
      ...times(45, FAINT),
      ...times(5, LOUD),
      ...times(10, FAINT),
    ])
    expect(dozed.slice(80, 100)).toEqual(new Array(20))
    expect(dozed.filter(isLoud)).toHaveLength(10)
    expect(awake.filter(isLoud)).toHaveLength(10)
    expect(dozed.findIndex(isLoud) - 100).toBeLessThanOrEqual(awake.findIndex(isLoud) - 45)
    expect(dozed.findLastIndex(isLoud) - 209).toBeLessThanOrEqual(awake.findLastIndex(isLoud) - 99)
  })

  it('learns meanwhile how late packets may come, so that the next word has no gaps', () => {
    const often = (count: number, peak: number): Sent[] =>
      times(count, peak).map((each, i) => ({ ...each, lateTicks: i % 5 === 0 ? 3 : 0 }))
    const heard = hear([...times(100, FAINT), ...often(1000, FAINT), ...often(50, LOUD), ...times(10, FAINT)])
    const first = heard.findIndex(isLoud)
    expect(heard.slice(first, first + 50).every(isLoud)).toBe(true)
  })

  it('hears another stream that follows, whether that begins loud or not', () => {
    const other = { ssrc: 8 }
    const word = [...times(20, LOUD, other), ...times(10, FAINT, other)]
    expect(hear([...times(100, FAINT), ...word]).filter(isLoud)).toHaveLength(20)
    expect(hear([...times(100, FAINT), ...times(100, FAINT, other), ...word]).filter(isLoud)).toHaveLength(20)
  })
})
