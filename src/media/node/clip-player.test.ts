import { describe, expect, it } from 'vitest'
import { codecNamed } from '../codec/codec.ts'
import type { AudioClip } from '../engine/play-source.ts'
import { threadKernels } from '../wasm/kernels.ts'
import { ClipPlayer } from './clip-player.ts'
import { OutgoingPacket } from './transmitter.ts'

/** Everything that a player sends in up to `packets` packets, as octets of µ-law. */
function sent(clip: AudioClip, loop: boolean, packets: number): { octets: number[]; done: boolean } {
  const player = new ClipPlayer(clip, loop)
  const packet = new OutgoingPacket(threadKernels().arena, codecNamed('PCMU'))
  const octets: number[] = []
  for (let i = 0; i < packets; i++) {
    if (player.fill(packet) === 'done') return { octets, done: true }
    octets.push(...packet.bytes.subarray(packet.payloadOffset, packet.payloadOffset + packet.payloadLength))
  }
  return { octets, done: false }
}

const pcmu = (length: number): AudioClip => ({
  encoding: 'pcmu',
  sampleRateHz: 8000,
  data: Uint8Array.from({ length }, (_, i) => i % 127),
})

describe('ClipPlayer', () => {
  it('fills up the last packet with silence', () => {
    const { octets, done } = sent(pcmu(200), false, 9)
    expect(octets).toEqual([...pcmu(200).data, ...new Array(120).fill(0xff)])
    expect(done).toBe(true)
  })

  it('loops without a seam, also when it is shorter than a packet', () => {
    const { octets, done } = sent(pcmu(50), true, 5)
    expect(octets).toEqual(Array.from({ length: 800 }, (_, i) => (i % 50) % 127))
    expect(done).toBe(false)
  })

  it('encodes PCM, silence at the end included', () => {
    const clip = { encoding: 'pcm16', sampleRateHz: 8000, data: new Int16Array(170).fill(1000) } as const
    const octet = new Uint8Array(1)
    codecNamed('PCMU').encodeInto(Int16Array.of(1000), 0, 1, octet, 0)
    expect(sent(clip, false, 9).octets).toEqual([...new Array(170).fill(octet[0]), ...new Array(150).fill(0xff)])
  })

  it('is done at once with nothing to play', () => {
    expect(sent(pcmu(0), true, 9)).toEqual({ octets: [], done: true })
  })
})
