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

  /** What is heard of such frames, one after the other, each as the greatest of its samples; waiting at the beginning left out. */
  function hear(peaks: readonly number[], codecName: 'PCMU' | 'G722', others: readonly FrameListener[] = []): number[] {
    const workshop = new Workshop(nowhere, seededRandom(1), createKernels())
    const codec = workshop.codecs.open(codecName)
    const hearing = new Hearing(workshop)
    const heard: number[] = []
    hearing.attach({ quietEnergy, hear: (frame) => heard.push(Math.max(...frame)) }, 0)
    for (const other of others) hearing.attach(other, 0)
    const [packet, datagram, sound] = [new RtpPacket(), new Uint8Array(172), new Int16Array(160)]
    peaks.forEach((peak, i) => {
      for (let k = 0; k < 160; k++) sound[k] = peak * Math.sin((2 * Math.PI * k) / 20)
      writeRtpHeader(datagram, false, 0, i, 160 * i, 7)
      codec.encodeInto(sound, 0, 160, datagram, 12)
      packet.parse(datagram, 172)
      hearing.beginVisit(20 * (i + 1), 20 * (i + 1))
      hearing.put(packet, 'audio', 160, codec)
      hearing.hearUntil(20 * (i + 1), codec)
    })
    return heard.slice(heard.findIndex((peak) => peak > 0))
  }

  const times = (count: number, peak: number): number[] => new Array<number>(count).fill(peak)
  const said = [...times(60, FAINT), LOUD, ...times(70, FAINT), LOUD, FAINT, FAINT, FAINT, FAINT]

  it('hears silence after a second of it, and all that is said, with what is quiet up to a second behind', () => {
    const heard = hear(said, 'PCMU')
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
    expect(hear(said, 'PCMU', [{ hear() {} }]).every((peak) => peak > 10)).toBe(true)
    expect(hear(said, 'G722').filter((peak) => peak === 0)).toEqual([])
  })
})
