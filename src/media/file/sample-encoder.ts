import { codecNamed } from '../codec/codec.ts'
import { ADPCM_BLOCK_BYTES, ADPCM_BLOCK_SAMPLES, ImaAdpcmEncoder } from './ima-adpcm.ts'
import type { WavEncoding } from './wav-reader.ts'

/** Encodes the samples of a growing file, mono. */
export class SampleEncoder {
  readonly #encoding: WavEncoding
  readonly #adpcm = new ImaAdpcmEncoder()
  /** Samples that do not fill a block of ADPCM yet. */
  #held = new Int16Array(0)

  constructor(encoding: WavEncoding) {
    this.#encoding = encoding
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

  /** What is left: the last block of ADPCM is filled up with its last sample. */
  finish(): Uint8Array {
    const held = this.#held
    if (held.length === 0) return new Uint8Array(0)
    return this.#encodeAdpcm(new Int16Array(ADPCM_BLOCK_SAMPLES - held.length).fill(held[held.length - 1]!))
  }

  #encodeAdpcm(samples: Int16Array): Uint8Array {
    const all = new Int16Array(this.#held.length + samples.length)
    all.set(this.#held)
    all.set(samples, this.#held.length)
    const blocks = Math.floor(all.length / ADPCM_BLOCK_SAMPLES)
    const into = new Uint8Array(blocks * ADPCM_BLOCK_BYTES)
    for (let n = 0; n < blocks; n++) this.#adpcm.encodeBlock(all, n * ADPCM_BLOCK_SAMPLES, into, n * ADPCM_BLOCK_BYTES)
    this.#held = all.slice(blocks * ADPCM_BLOCK_SAMPLES)
    return into
  }
}

/** The most samples of an encoding that fit into `bytes`; of ADPCM, those of whole blocks. */
export function samplesWithin(encoding: WavEncoding, bytes: number): number {
  if (encoding === 'ima-adpcm') return Math.floor(bytes / ADPCM_BLOCK_BYTES) * ADPCM_BLOCK_SAMPLES
  return Math.floor(encoding === 'pcm16' ? bytes / 2 : bytes)
}

const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

function littleEndian(samples: Int16Array): Uint8Array {
  if (isLittleEndian) return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength)
  const bytes = new Uint8Array(samples.length * 2)
  const view = new DataView(bytes.buffer)
  for (let i = 0; i < samples.length; i++) view.setInt16(2 * i, samples[i]!, true)
  return bytes
}
