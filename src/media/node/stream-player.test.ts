import { describe, expect, it } from 'vitest'
import { codecNamed } from '../codec/codec.ts'
import type { AudioStream } from '../engine/play-source.ts'
import { createAudioStream, endStream, StreamReader, StreamWriter } from '../file/stream-ring.ts'
import { threadKernels } from '../wasm/kernels.ts'
import { StreamPlayer } from './stream-player.ts'
import { OutgoingPacket } from './transmitter.ts'

const octets = (length: number, from = 0): Uint8Array => Uint8Array.from({ length }, (_, i) => (from + i) % 127)
const SILENCE = [...new Uint8Array(160).fill(0xff)]

/** A player and whoever fills its stream. */
function setUp(capacity: number, encoding: AudioStream['encoding'] = 'pcmu') {
  const stream = createAudioStream(encoding, capacity)
  let underruns = 0
  const player = new StreamPlayer(stream, () => underruns++)
  const packet = new OutgoingPacket(threadKernels().arena, codecNamed('PCMU'))
  return {
    stream,
    writer: new StreamWriter(stream),
    underruns: () => underruns,
    /** The next packet, as octets of µ-law, or 'done'. */
    next: (): number[] | string => {
      const outcome = player.fill(packet)
      if (outcome !== 'audio') return outcome
      return [...packet.bytes.subarray(packet.payloadOffset, packet.payloadOffset + packet.payloadLength)]
    },
  }
}

describe('StreamPlayer', () => {
  it('sends what was written, in order, round and round the ring', () => {
    const { stream, writer, next, underruns } = setUp(256)
    for (let n = 0; n < 20; n++) {
      writer.write(octets(160, n * 160), 0, 160)
      expect(next()).toEqual([...octets(160, n * 160)])
    }
    endStream(stream)
    expect([next(), underruns()]).toEqual(['done', 0])
  })

  it('fills up the last packet with silence', () => {
    const { stream, writer, next } = setUp(512)
    writer.write(octets(200), 0, 200)
    endStream(stream)
    expect(next()).toEqual([...octets(160)])
    expect(next()).toEqual([...octets(40, 160), ...SILENCE.slice(40)])
    expect(next()).toBe('done')
  })

  it('encodes 16-bit samples', () => {
    const { stream, writer, next } = setUp(512, 'pcm16')
    writer.write(new Int16Array(160).fill(1000), 0, 160)
    endStream(stream)
    const octet = new Uint8Array(1)
    codecNamed('PCMU').encodeInto(Int16Array.of(1000), 0, 1, octet, 0)
    expect(next()).toEqual(new Array(160).fill(octet[0]))
  })

  it('makes one gap of a late disk, counts it once, and goes on where it was', () => {
    const { stream, writer, next, underruns } = setUp(4096)
    writer.write(octets(240), 0, 240)
    expect(next()).toEqual([...octets(160)])
    expect([next(), next(), underruns()]).toEqual([SILENCE, SILENCE, 1])
    // 180 ms are there: still too few to begin again.
    writer.write(octets(1360, 240), 0, 1360)
    expect([next(), underruns()]).toEqual([SILENCE, 1])
    writer.write(octets(160, 1600), 0, 160)
    for (let n = 1; n <= 10; n++) expect(next()).toEqual([...octets(160, n * 160)])
    expect([next(), underruns()]).toEqual([SILENCE, 2])
    endStream(stream)
    expect(next()).toBe('done')
  })

  it('plays what is left when the end comes while it waits', () => {
    const { stream, writer, next } = setUp(512)
    expect(next()).toEqual(SILENCE)
    writer.write(octets(160), 0, 160)
    endStream(stream)
    expect([next(), next()]).toEqual([[...octets(160)], 'done'])
  })

  it('is done at once when there is nothing', () => {
    const { stream, next } = setUp(512)
    endStream(stream)
    expect(next()).toBe('done')
  })
})

describe('the ring', () => {
  it('goes on when its positions wrap, after three days', () => {
    const stream = createAudioStream('pcmu', 256)
    stream.control.fill(2 ** 31 - 200, 0, 2)
    const [writer, reader] = [new StreamWriter(stream), new StreamReader(stream)]
    for (let n = 0; n < 10; n++) {
      writer.write(octets(100, n * 100), 0, 100)
      expect([writer.room, reader.available]).toEqual([156, 100])
      for (let i = 0; i < 100; i++) {
        expect(stream.data[reader.at]).toBe((n * 100 + i) % 127)
        reader.advance(1)
      }
    }
    expect(writer.room).toBe(256)
  })

  it('is a power of two', () => {
    expect(() => createAudioStream('pcmu', 100)).toThrow(RangeError)
  })
})
