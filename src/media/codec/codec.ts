import type { CodecName } from '../engine/control.ts'
import {
  decodeG711Into,
  encodeG711Into,
  PCM14_TO_PCMA,
  PCM14_TO_PCMU,
  PCMA_SILENCE,
  PCMA_TO_PCM16,
  PCMU_SILENCE,
  PCMU_TO_PCM16,
} from './g711.ts'

/** What a leg needs of a codec. The caller owns every array, and nothing is allocated. */
export interface Codec {
  readonly name: CodecName
  /** Decodes one payload into `into` at `at` and returns the number of samples. */
  decodeInto(payload: Uint8Array, from: number, length: number, into: Int16Array, at: number): number
  /** Encodes `length` samples into `into` at `at` and returns the number of octets. */
  encodeInto(samples: Int16Array, from: number, length: number, into: Uint8Array, at: number): number
  /** The samples that a payload of `length` octets holds. */
  samplesIn(length: number): number
  /** Writes `samples` samples of silence and returns the number of octets. */
  silenceInto(samples: number, into: Uint8Array, at: number): number
}

/** Looks a codec up by its name in SDP. G.711 has no state, so all streams share one object. */
export function codecNamed(name: CodecName): Codec {
  return name === 'PCMU' ? pcmu : pcma
}

const pcmu = g711('PCMU', PCMU_TO_PCM16, PCM14_TO_PCMU, PCMU_SILENCE)
const pcma = g711('PCMA', PCMA_TO_PCM16, PCM14_TO_PCMA, PCMA_SILENCE)

function g711(name: CodecName, decoder: Int16Array, encoder: Uint8Array, silence: number): Codec {
  return {
    name,
    decodeInto(payload, from, length, into, at) {
      decodeG711Into(decoder, payload, from, length, into, at)
      return length
    },
    encodeInto(samples, from, length, into, at) {
      encodeG711Into(encoder, samples, from, length, into, at)
      return length
    },
    samplesIn: (length) => length,
    silenceInto(samples, into, at) {
      into.fill(silence, at, at + samples)
      return samples
    },
  }
}
