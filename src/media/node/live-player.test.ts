import { describe, expect, it } from 'vitest'
import { codecNamed } from '../codec/codec.ts'
import { createLiveAudio, LiveWriter } from '../live/live-audio.ts'
import { threadKernels } from '../wasm/kernels.ts'
import { LivePlayer } from './live-player.ts'
import { OutgoingPacket } from './transmitter.ts'

const octets = (length: number, from = 0): Uint8Array => Uint8Array.from({ length }, (_, i) => (from + i) % 127)
const SILENCE = [...new Uint8Array(160).fill(0xff)]

function setUp() {
  const audio = createLiveAudio('pcmu', 1024)
  const writer = new LiveWriter(audio)
  let reached = 0
  const player = new LivePlayer(audio, () => reached++)
  const packet = new OutgoingPacket(threadKernels().arena, codecNamed('PCMU'))
  return {
    writer,
    reached: () => reached,
    write: (count: number, from = 0) => writer.write(octets(count, from), 0, count),
    /** The next packet, as octets of µ-law, or 'done'. */
    next: (): number[] | string => {
      const outcome = player.fill(packet)
      if (outcome !== 'audio') return outcome
      return [...packet.bytes.subarray(packet.payloadOffset, packet.payloadOffset + packet.payloadLength)]
    },
  }
}

describe('LivePlayer', () => {
  it('plays what is there, and silence while nothing is, for ever', () => {
    const { write, next } = setUp()
    expect([next(), next()]).toEqual([SILENCE, SILENCE])
    write(320)
    expect([next(), next(), next()]).toEqual([[...octets(160)], [...octets(160, 160)], SILENCE])
  })

  it('waits one slot for the rest of a packet, and plays what is there when nothing came', () => {
    const { write, next } = setUp()
    write(100)
    expect(next()).toEqual(SILENCE)
    write(100, 100)
    expect(next()).toEqual([...octets(160)])
    expect(next()).toEqual(SILENCE)
    expect(next()).toEqual([...octets(40, 160), ...SILENCE.slice(40)])
    expect(next()).toEqual(SILENCE)
  })

  it('is silent from the packet after clear', () => {
    const { writer, write, next } = setUp()
    write(800)
    expect(next()).toEqual([...octets(160)])
    writer.clear()
    expect(next()).toEqual(SILENCE)
    write(160, 7)
    expect([next(), next()]).toEqual([[...octets(160, 7)], SILENCE])
  })

  it('says that a position was reached when the packet with the last sample before it has been played', () => {
    const { writer, write, next, reached } = setUp()
    write(480)
    writer.tellAt(320)
    next()
    next()
    expect(reached()).toBe(0)
    next()
    expect(reached()).toBe(1)
    writer.tellAt(480)
    next()
    expect(reached()).toBe(2)
  })

  it('ends where its writer says, after the rest', () => {
    const { writer, write, next } = setUp()
    write(200)
    writer.end()
    expect([next(), next(), next()]).toEqual([[...octets(160)], [...octets(40, 160), ...SILENCE.slice(40)], 'done'])
  })
})
