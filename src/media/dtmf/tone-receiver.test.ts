import { describe, expect, it } from 'vitest'
import { codecNamed } from '../codec/codec.ts'
import { RtpPacket, writeRtpHeader } from '../rtp/packet.ts'
import { createKernels } from '../wasm/kernels.ts'
import { presses } from './test/presses.ts'
import { ToneBank } from './tone-bank.ts'
import { ToneReceiver } from './tone-receiver.ts'

const bank = new ToneBank(createKernels())
const codec = codecNamed('PCMU')

interface Sent {
  readonly sequence: number
  readonly timestamp: number
  readonly samples: Int16Array
  readonly ssrc?: number
}

/** The samples in packets of so many each, the first one just before the wraps of both counters. */
function packets(samples: Int16Array, each = 160): Sent[] {
  return Array.from({ length: Math.ceil(samples.length / each) }, (_, i) => ({
    sequence: (65_530 + i) & 0xffff,
    timestamp: (2 ** 32 - 1000 + i * each) >>> 0,
    samples: samples.subarray(i * each, i * each + each),
  }))
}

function digitsIn(stream: readonly Sent[]): string {
  let digits = ''
  const receiver = new ToneReceiver(bank, codec, 8000, (digit) => {
    digits += digit
  })
  const packet = new RtpPacket()
  for (const { sequence, timestamp, samples, ssrc = 7 } of stream) {
    const bytes = new Uint8Array(12 + samples.length)
    writeRtpHeader(bytes, false, 0, sequence, timestamp, ssrc)
    codec.encodeInto(samples, 0, samples.length, bytes, 12)
    packet.parse(bytes)
    receiver.take(packet, samples.length)
  }
  return digits
}

const keys = (text: string): Int16Array => presses([...text].map((key) => ({ key, durationMs: 80, pauseMs: 80 })))

describe('ToneReceiver', () => {
  it.each([80, 160, 240, 320, 480, 960, 137])('hears digits in packets of %i samples', (each) => {
    expect(digitsIn(packets(keys('0123456789*#ABCD55'), each))).toBe('0123456789*#ABCD55')
  })

  it('takes no packet that comes again or after a later one', () => {
    const stream = packets(keys('12233')).flatMap((packet, i, all) => [packet, packet, ...(i > 3 ? [all[i - 3]] : [])])
    expect(digitsIn(stream)).toBe('12233')
  })

  it('hears a press once through two packets that change places', () => {
    const stream = packets(presses([{ key: '4', durationMs: 400 }]))
    for (let i = 1; i < stream.length; i++) {
      const swapped = [...stream]
      swapped.splice(i - 1, 2, stream[i], stream[i - 1])
      expect(digitsIn(swapped)).toBe('4')
    }
  })

  it('hears the same key again after a pause in which nothing was sent', () => {
    const [first, second] = [packets(keys('6')), packets(keys('6'))]
    const after = (ms: number): Sent[] =>
      second.map(({ sequence, timestamp, samples }) => ({
        sequence: (sequence + first.length) & 0xffff,
        timestamp: (timestamp + first.length * 160 + ms * 8) >>> 0,
        samples,
      }))
    for (const ms of [0, 100, 990, 1010, 60_000]) expect(digitsIn([...first, ...after(ms)])).toBe('66')
  })

  it('begins anew with another source and after a leap', () => {
    const first = packets(keys('7'))
    const half = first.slice(0, 7)
    const other = packets(keys('7')).map((packet) => ({ ...packet, ssrc: 8, sequence: packet.sequence - 30_000 }))
    expect(digitsIn([...half, ...other])).toMatch(/^77?$/)
    const leapt = first.map((packet) => ({ ...packet, sequence: (packet.sequence + 5000) & 0xffff }))
    expect(digitsIn([...first, ...leapt])).toBe('77')
  })

  it('does not hear packets longer than any that we take', () => {
    expect(digitsIn(packets(keys('12345'), 961))).toBe('')
  })
})
