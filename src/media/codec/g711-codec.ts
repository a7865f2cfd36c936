import type { Codec } from './codec.ts'
import { type G711Kernels, PCMA_SILENCE, PCMU_SILENCE } from './g711.ts'

/** µ-law by these kernels. */
export function pcmuCodec(kernels: G711Kernels): Codec {
  return g711Codec('PCMU', kernels.decodePcmu, kernels.encodePcmu, PCMU_SILENCE)
}

/** A-law by these kernels. */
export function pcmaCodec(kernels: G711Kernels): Codec {
  return g711Codec('PCMA', kernels.decodePcma, kernels.encodePcma, PCMA_SILENCE)
}

function g711Codec(
  name: 'PCMU' | 'PCMA',
  decode: G711Kernels['decodePcmu'],
  encode: G711Kernels['encodePcmu'],
  silence: number,
): Codec {
  return {
    name,
    sampleRateHz: 8000,
    isMemoryless: true,
    decodeInto(payload, from, length, into, at) {
      decode(payload, from, length, into, at)
      return length
    },
    encodeInto(samples, from, length, into, at) {
      encode(samples, from, length, into, at)
      return length
    },
    samplesIn: (_payload, _from, length) => length,
    silenceInto(samples, into, at) {
      into.fill(silence, at, at + samples)
      return samples
    },
    release() {},
  }
}
