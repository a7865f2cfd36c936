import { describe, expect, it } from 'vitest'
import { chance, integerBelow, type Random, seededRandom } from '../../kit/index.ts'
import { codecNamed } from '../codec/codec.ts'
import { toneLevelDbm0 } from '../dsp/goertzel.ts'
import { levelDbm0 } from '../dsp/level.ts'
import { EventSender } from '../node/event-sender.ts'
import { OutgoingPacket } from '../node/transmitter.ts'
import { RtpPacket, writeRtpHeader } from '../rtp/packet.ts'
import { ToneGenerator } from '../tone/generator.ts'
import { threadKernels } from '../wasm/kernels.ts'
import { digitOfEvent, digitTones, eventOfDigit, unsendableDigit } from './digits.ts'
import { writeEventPayload } from './event-payload.ts'
import { DtmfReceiver } from './receiver.ts'

interface Sent {
  readonly slotMs: number
  readonly marker: boolean
  readonly timestamp: number
  readonly event: number
  readonly end: boolean
  readonly duration: number
}

/** Lets a sender run on a perfect 20 ms grid, or on one with slots left out. */
function send(digits: string, skip: (slot: number) => boolean = () => false): { sent: Sent[]; lastsMs: number } {
  const sender = new EventSender(digits)
  const packet = new OutgoingPacket(threadKernels().arena, codecNamed('PCMU'))
  const sent: Sent[] = []
  for (let slot = 0; slot < 5000; slot++) {
    if (skip(slot)) continue
    packet.timestamp = (0xffffff00 + slot * 160) >>> 0
    packet.marker = false
    const outcome = sender.fill(packet)
    if (outcome === 'done') return { sent, lastsMs: slot * 20 }
    if (outcome === 'pause') continue
    const at = packet.payloadOffset
    sent.push({
      slotMs: slot * 20,
      marker: packet.marker,
      timestamp: packet.timestamp,
      event: packet.bytes[at],
      end: (packet.bytes[at + 1] & 0x80) !== 0,
      duration: (packet.bytes[at + 2] << 8) | packet.bytes[at + 3],
    })
  }
  throw new Error('the sender does not end')
}

/** Lets a receiver hear packets as `[sequence, sent]`, each at the time of its slot. */
function hear(packets: readonly (readonly [number, Sent])[], ssrc = 1, receiver = new DtmfReceiver()): string {
  const view = new RtpPacket()
  let digits = ''
  for (const [sequence, { marker, timestamp, event, end, duration, slotMs }] of packets) {
    const bytes = new Uint8Array(16)
    writeRtpHeader(bytes, marker, 101, sequence & 0xffff, timestamp >>> 0, ssrc)
    writeEventPayload(bytes, 12, event, end, 10, duration)
    view.parse(bytes)
    digits += receiver.take(view, slotMs) ?? ''
  }
  return digits
}

const numbered = (sent: readonly Sent[], first = 65_500): (readonly [number, Sent])[] =>
  sent.map((packet, i) => [first + i, packet] as const)

describe('digits', () => {
  it('maps all sixteen keys to their events and back', () => {
    for (const key of '0123456789*#ABCD') expect(digitOfEvent(eventOfDigit(key))).toBe(key)
    expect([eventOfDigit('*'), eventOfDigit('D'), eventOfDigit('x'), eventOfDigit('')]).toEqual([10, 15, -1, -1])
    expect([digitOfEvent(16), digitOfEvent(255)]).toEqual([undefined, undefined])
    expect([unsendableDigit('12,#'), unsendableDigit('1x')]).toEqual([undefined, 'x'])
  })

  it('sounds of its two frequencies', () => {
    const samples = new Int16Array(150 * 8 + 4000)
    new ToneGenerator(digitTones('8,'), false).readInto(samples, samples.length)
    expect(toneLevelDbm0(samples.subarray(0, 800), 852)).toBeCloseTo(-9, 0)
    expect(toneLevelDbm0(samples.subarray(0, 800), 1336)).toBeCloseTo(-7, 0)
    expect(toneLevelDbm0(samples.subarray(0, 800), 770)).toBeLessThan(-40)
    expect(levelDbm0(samples.subarray(800))).toBe(-Infinity)
  })
})

describe('EventSender', () => {
  it('sends a marked start, updates each 20 ms and the end three times', () => {
    const { sent } = send('5')
    expect(sent.map((p) => [p.slotMs, p.marker, p.end, p.duration])).toEqual([
      [0, true, false, 160],
      [20, false, false, 320],
      [40, false, false, 480],
      [60, false, false, 640],
      [80, false, true, 800],
      [100, false, true, 800],
      [120, false, true, 800],
    ])
    expect(new Set(sent.map((p) => p.timestamp)).size).toBe(1)
    expect(new Set(sent.map((p) => p.event))).toEqual(new Set([5]))
  })

  it('leaves at least 50 ms between digits and 500 ms for a comma', () => {
    const starts = send('11,2').sent.filter((p) => p.marker)
    expect(starts.map((p) => p.slotMs)).toEqual([0, 160, 820])
    expect(send('1').lastsMs).toBe(160)
    expect(send('').lastsMs).toBe(0)
  })

  it('stretches a digit over slots that a stall has skipped', () => {
    const { sent } = send('1', (slot) => slot === 2 || slot === 3)
    expect(sent.map((p) => [p.slotMs, p.duration, p.end])).toEqual([
      [0, 160, false],
      [20, 320, false],
      [80, 800, true],
      [100, 800, true],
      [120, 800, true],
    ])
  })
})

describe('DtmfReceiver', () => {
  const keypad = '0123456789*#ABCD1122'

  it('hears what an EventSender sends', () => {
    expect(hear(numbered(send(keypad).sent))).toBe(keypad)
  })

  it.each<[string, (packet: Sent, i: number, all: readonly Sent[]) => boolean]>([
    ['without any marker', (p) => !p.marker],
    ['without any end packet', (p) => !p.end],
    ['with the end packets only', (p) => p.end],
    ['with one packet of each press', (p) => p.duration === 480],
  ])('hears each press once %s', (_, keep) => {
    expect(
      hear(
        numbered(send(keypad).sent).filter(([, p], i, all) =>
          keep(
            p,
            i,
            all.map(([, q]) => q),
          ),
        ),
      ),
    ).toBe(keypad)
  })

  it('hears each press once with packets doubled and swapped', () => {
    const packets = numbered(send(keypad).sent)
    const mixed = packets.flatMap((packet, i) =>
      i % 3 === 1 ? [packets[i + 1] ?? packet, packet, packet] : [packet, packet],
    )
    expect(hear(mixed)).toBe(keypad)
  })

  it('hears a long key once: 1.7 s, and 20 s in segments', () => {
    const long = (ms: number): Sent[] =>
      Array.from({ length: ms / 20 }, (_, i) => {
        const segment = Math.floor((i * 160) / 65_440)
        const end = i === ms / 20 - 1
        const duration = ((i * 160) % 65_440) + 160
        return { slotMs: i * 20, marker: i === 0, timestamp: 1000 + segment * 65_440, event: 7, end, duration }
      })
    expect(hear(numbered(long(1700)))).toBe('7')
    expect(hear(numbered(long(20_000)))).toBe('7')
  })

  it.each([
    ['and counts durations up', (i: number) => (i + 1) * 160],
    ['and starts each duration again', () => 160],
  ])('hears one press of a gateway that stamps every packet anew %s', (_, durationOf) => {
    const press = (startMs: number): Sent[] =>
      Array.from({ length: 8 }, (_, i) => {
        const slotMs = startMs + i * 20
        return { slotMs, marker: i === 0, timestamp: slotMs * 8, event: 3, end: i >= 5, duration: durationOf(i) }
      })
    expect(hear(numbered([...press(0), ...press(400), ...press(800)]))).toBe('333')
  })

  describe.each<[string, (i: number) => Pick<Sent, 'timestamp' | 'duration'>]>([
    ['as RFC 4733 says', (i) => ({ timestamp: 0, duration: Math.min(i + 1, 6) * 160 })],
    ['with the time of each packet', (i) => ({ timestamp: i * 160, duration: Math.min(i + 1, 6) * 160 })],
    ['with the time of each packet and one duration', (i) => ({ timestamp: i * 160, duration: 160 })],
    ['with a new time in the middle', (i) => ({ timestamp: i < 3 ? 0 : 480, duration: ((i % 3) + 1) * 160 })],
  ])('a gateway that stamps a press %s', (_, stamp) => {
    /** Five presses of one key, 100 ms long and 60 ms apart, the end said three times. */
    const pressed = Array.from({ length: 5 }, (_, n) =>
      Array.from({ length: 8 }, (_, i): Sent => {
        const startMs = n * 160
        const { timestamp, duration } = stamp(i)
        return {
          slotMs: startMs + i * 20,
          marker: i === 0,
          timestamp: startMs * 8 + timestamp,
          event: 3,
          end: i >= 5,
          duration,
        }
      }),
    ).flat()

    it.each<[string, (packet: Sent, i: number) => boolean]>([
      ['whole', () => true],
      ['without markers', (p) => !p.marker],
      ['with one end packet', (_, i) => i % 8 < 6],
      ['without markers and with one end packet', (p, i) => !p.marker && i % 8 < 6],
    ])('is heard once per press, %s', (_, keep) => {
      expect(hear(numbered(pressed).filter(([, p], i) => keep(p, i)))).toBe('33333')
    })
  })

  it('hears the next press of a gateway that never changes its timestamp', () => {
    const { sent } = send('44')
    expect(hear(numbered(sent.map((p) => ({ ...p, timestamp: 77 }))))).toBe('44')
  })

  it('hears the next press from another source, whatever its numbers', () => {
    const receiver = new DtmfReceiver()
    const press = send('5').sent
    for (const [ssrc, shift, first] of [
      [0xffff_ffff, 0, 1000],
      [2, -100_000, 990],
      [3, 1_000_000_000, 1000],
      [4, 100, 60_000],
    ] as const) {
      const moved = press.map((packet) => ({ ...packet, marker: false, timestamp: packet.timestamp + shift }))
      expect(hear(numbered(moved, first), ssrc, receiver)).toBe('5')
    }
  })

  it('ignores what is no key and what is too short', () => {
    expect(hear(numbered(send('1').sent.map((p) => ({ ...p, event: 16 }))))).toBe('')
    const view = new RtpPacket()
    view.parse(new Uint8Array([0x80, ...new Uint8Array(14)]))
    expect(new DtmfReceiver().take(view, 0)).toBeUndefined()
  })

  it('loses and invents nothing at 20 % loss with reordering and copies', () => {
    for (let seed = 1; seed <= 50; seed++) {
      const random = seededRandom(seed)
      const digits = Array.from({ length: 40 }, () => keypad[integerBelow(random, 16)]).join('')
      expect(hear(mangle(numbered(send(digits).sent), random)), `seed ${seed}`).toBe(digits)
    }
  })
})

/** Drops a fifth, doubles a tenth, delays some by up to 60 ms; each press keeps at least one packet. */
function mangle(packets: readonly (readonly [number, Sent])[], random: Random): (readonly [number, Sent])[] {
  const kept = packets.filter(([, p]) => p.duration === 480 || !chance(random, 0.2))
  const copied = kept.flatMap((packet) => (chance(random, 0.1) ? [packet, packet] : [packet]))
  return copied
    .map(
      ([sequence, p]) =>
        [sequence, { ...p, slotMs: p.slotMs + (chance(random, 0.2) ? integerBelow(random, 60) : 0) }] as const,
    )
    .sort((a, b) => a[1].slotMs - b[1].slotMs)
}
