import { codecNamed } from '../codec/codec.ts'
import { ADPCM_BLOCK_BYTES, ADPCM_BLOCK_SAMPLES, ImaAdpcmEncoder } from './ima-adpcm.ts'
import type { WavEncoding } from './wav-reader.ts'

/** Encodes the samples of a growing file; of two channels, left and right take turns. */
export class SampleEncoder {
  readonly #encoding: WavEncoding
  readonly #channels: 1 | 2
  /** One for each channel. */
  readonly #adpcm: readonly ImaAdpcmEncoder[]
  /** Samples that do not fill a block of ADPCM yet. */
  #held = new Int16Array(0)

  constructor(encoding: WavEncoding, channels: 1 | 2 = 1) {
    this.#encoding = encoding
    this.#channels = channels
    this.#adpcm = Array.from({ length: channels }, () => new ImaAdpcmEncoder())
  }

  /** The octets that these samples complete; 16-bit ones may be a view of `samples`. */
  encode(samples: Int16Array): Uint8Array {
    switch (this.#encoding) {
      case 'pcm16':
        return littleEndian(samples)
      case 'pcm8':
        return Uint8Array.from(samples, (sample) => (sample >> 8) + 128)
      case 'ima-adpcm':
        return this.#encodeAdpcm(samples)
      default: {
        const octets = new Uint8Array(samples.length)
        codecNamed(this.#encoding === 'pcmu' ? 'PCMU' : 'PCMA').encodeInto(samples, 0, samples.length, octets, 0)
        return octets
      }
    }
  }

  /** What is left: the last block of ADPCM is filled up with the last sample of each channel. */
  finish(): Uint8Array {
    const held = this.#held
    if (held.length === 0) return new Uint8Array(0)
    const rest = new Int16Array(this.#channels * ADPCM_BLOCK_SAMPLES - held.length)
    return this.#encodeAdpcm(rest.map((_, i) => held[held.length - this.#channels + (i % this.#channels)]!))
  }

  #encodeAdpcm(samples: Int16Array): Uint8Array {
    const all = new Int16Array(this.#held.length + samples.length)
    all.set(this.#held)
    all.set(samples, this.#held.length)
    const channels = this.#channels
    const [blockSamples, blockBytes] = [channels * ADPCM_BLOCK_SAMPLES, channels * ADPCM_BLOCK_BYTES]
    const blocks = Math.floor(all.length / blockSamples)
    const into = new Uint8Array(blocks * blockBytes)
    for (let n = 0; n < blocks; n++)
      for (let channel = 0; channel < channels; channel++)
        this.#adpcm[channel]!.encodeBlock(all, n * blockSamples, into, n * blockBytes, channels, channel)
    this.#held = all.slice(blocks * blockSamples)
    return into
  }
}

/** The most samples of an encoding, for each channel, that fit into `bytes`; of ADPCM, those of whole blocks. */
export function samplesWithin(encoding: WavEncoding, bytes: number, channels: 1 | 2 = 1): number {
  const ofEach = bytes / channels
  if (encoding === 'ima-adpcm') return Math.floor(ofEach / ADPCM_BLOCK_BYTES) * ADPCM_BLOCK_SAMPLES
  return Math.floor(encoding === 'pcm16' ? ofEach / 2 : ofEach)
}

const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

function littleEndian(samples: Int16Array): Uint8Array {
  if (isLittleEndian) return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength)
  const bytes = new Uint8Array(samples.length * 2)
  const view = new DataView(bytes.buffer)
  for (let i = 0; i < samples.length; i++) view.setInt16(2 * i, samples[i]!, true)
  return bytes
}
