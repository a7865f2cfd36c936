import { readFileSync } from 'node:fs'
import { FlacDecoder } from '../../src/media/file/flac-decoder.ts'
import { parseWav } from '../../src/media/file/wav-reader.ts'

/**
 * The samples of a WAV or FLAC file of 8 kHz, mono, 16 bits.
 * @throws Error naming the file when it is another
 */
export function readSamples(file: string): Int16Array {
  const bytes = readFileSync(file)
  const samples = file.endsWith('.flac') ? fromFlac(bytes) : fromWav(bytes)
  if (samples === undefined) throw new Error(`${file} is not 8 kHz, mono, 16 bits: the benchmark resamples nothing`)
  return samples
}

function fromWav(bytes: Uint8Array): Int16Array | undefined {
  const parsed = parseWav(bytes)
  if (!parsed.ok) return undefined
  const { encoding, sampleRateHz, channels, data } = parsed.value
  if (encoding !== 'pcm16' || sampleRateHz !== 8000 || channels !== 1) return undefined
  return new Int16Array(data.slice().buffer, 0, data.length >> 1)
}

function fromFlac(bytes: Uint8Array): Int16Array | undefined {
  const decoder = new FlacDecoder()
  const blocks = [...decoder.decode(bytes)]
  if (blocks.some(({ sampleRateHz }) => sampleRateHz !== 8000)) return undefined
  const samples = new Int16Array(blocks.reduce((sum, block) => sum + block.samples.length, 0))
  let at = 0
  for (const block of blocks) {
    samples.set(block.samples, at)
    at += block.samples.length
  }
  return samples
}
