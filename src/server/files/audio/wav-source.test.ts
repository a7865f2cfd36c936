import { describe, expect, it } from 'vitest'
import { decodeAudioFile, SampleEncoder, type WavEncoding } from '../../../media/index.ts'
import { correlationAt } from '../../../media/test/signals.ts'
import { openAudioSource } from './audio-source.ts'
import { loadClip } from './load-clip.ts'
import { voice } from './test/voice.ts'

const CODES: Readonly<Record<WavEncoding, readonly [code: number, bits: number]>> = {
  pcm8: [1, 8],
  pcm16: [1, 16],
  pcma: [6, 8],
  pcmu: [7, 8],
  'ima-adpcm': [17, 4],
}

/** A WAV file of any kind that is read. ADPCM of two channels is two equal ones, in groups of four octets. */
function wavFile(encoding: WavEncoding, channels: 1 | 2, rateHz: number): Uint8Array {
  const mono = voice(rateHz, 1.3)
  const isAdpcm = encoding === 'ima-adpcm'
  const samples =
    isAdpcm || channels === 1 ? mono : Int16Array.from({ length: 2 * mono.length }, (_, i) => mono[i >> 1])
  const encoder = new SampleEncoder(encoding)
  const single = Buffer.concat([encoder.encode(samples), encoder.finish()])
  const words = new Uint32Array(single.buffer.slice(single.byteOffset, single.byteOffset + (single.length & ~3)))
  const twice = new Uint8Array(Uint32Array.from({ length: 2 * words.length }, (_, i) => words[i >> 1]).buffer)
  const audio = isAdpcm && channels === 2 ? twice : single
  const [code, bits] = CODES[encoding]
  const head = Buffer.alloc(44)
  head.write('RIFF', 0)
  head.writeUInt32LE(36 + audio.length, 4)
  head.write('WAVEfmt ', 8)
  head.writeUInt32LE(16, 16)
  head.writeUInt16LE(code, 20)
  head.writeUInt16LE(channels, 22)
  head.writeUInt32LE(rateHz, 24)
  head.writeUInt16LE(isAdpcm ? 256 * channels : (bits / 8) * channels, 32)
  head.writeUInt16LE(bits, 34)
  head.write('data', 36)
  head.writeUInt32LE(audio.length, 40)
  return Buffer.concat([head, audio])
}

const KINDS = (Object.keys(CODES) as WavEncoding[]).flatMap((encoding) =>
  ([1, 2] as const).flatMap((channels) =>
    [8000, 11_025, 16_000, 22_050, 44_100, 48_000].map((rateHz) => [encoding, channels, rateHz] as const),
  ),
)

describe('a WAV file that is read piece by piece', () => {
  it.each(KINDS)('of %s, %i channels at %i Hz gives what it gives as a whole', async (encoding, channels, rateHz) => {
    const bytes = wavFile(encoding, channels, rateHz)
    const whole = decodeAudioFile('a.wav', bytes)
    if (!whole.ok) throw new Error(whole.error)
    const file = { size: bytes.length, read: async (at: number, length: number) => bytes.slice(at, at + length) }
    const source = await openAudioSource({ ...file, close: async () => {} }, 'a.wav')
    expect(source.leastLength).toBe(whole.value.data.length)
    for (let round = 0; round < 2; round++) {
      const clip = await loadClip(source, 1e6)
      expect(clip?.encoding).toBe(whole.value.encoding)
      expect(
        Buffer.compare(Buffer.from(clip?.data.buffer as never), Buffer.from(whole.value.data.buffer as never)),
      ).toBe(0)
      source.rewind()
    }
    // Blocks of ADPCM stay whole, and at other rates the filter begins anew.
    for (const startMs of [0, 500, 777.7, 1e6]) {
      source.rewind(startMs)
      const rest = await loadClip(source, 1e6)
      const missing = whole.value.data.length - (rest?.data.length ?? 0)
      const early = Math.min(8 * startMs, whole.value.data.length) - missing
      expect(early).toBeGreaterThanOrEqual(-2)
      expect(early).toBeLessThan(encoding === 'ima-adpcm' ? 4100 : 2)
    }
    // The voice is in it.
    if (whole.value.encoding !== 'pcm16') return
    const { data } = whole.value
    expect(correlationAt(data as Int16Array, voice(8000, 1.3).subarray(1000, 9000), 1000)).toBeGreaterThan(0.97)
  })
})
