/**
 * G.711 (ITU-T, 1988): 8 bits for 14 (µ-law) or 13 (A-law) bits of a sample, 8,000 of them a second.
 *
 * Both directions are table look-ups. The encoder's table has an entry for each of the 16,384 values of a sample's
 * upper 14 bits, which is exact: no decision value of either law lies between two of them.
 */

/** The octet of a µ-law stream that is silent. */
export const PCMU_SILENCE = 0xff
/** The octet of an A-law stream that is as near to silence as A-law comes. */
export const PCMA_SILENCE = 0xd5

/** From octet to 16-bit sample: ±32,124 at most for µ-law. */
export const PCMU_TO_PCM16: Int16Array = decoderTable(expandMuLaw)
/** From octet to 16-bit sample: ±32,256 at most for A-law. */
export const PCMA_TO_PCM16: Int16Array = decoderTable(expandALaw)

/** From the upper 14 bits of a sample, plus 8,192, to octet. */
export const PCM14_TO_PCMU: Uint8Array = encoderTable(compressMuLaw)
/** From the upper 14 bits of a sample, plus 8,192, to octet. */
export const PCM14_TO_PCMA: Uint8Array = encoderTable(compressALaw)

/**
 * Decodes `length` octets of `payload` from `from` into `into` at `at`, by one of the two tables.
 * The caller has checked that both arrays are long enough.
 */
export function decodeG711Into(
  table: Int16Array,
  payload: Uint8Array,
  from: number,
  length: number,
  into: Int16Array,
  at: number,
): void {
  for (let i = 0; i < length; i++) into[at + i] = table[payload[from + i]!]!
}

/** Encodes `length` samples of `samples` from `from` into `into` at `at`, by one of the two tables. */
export function encodeG711Into(
  table: Uint8Array,
  samples: Int16Array,
  from: number,
  length: number,
  into: Uint8Array,
  at: number,
): void {
  for (let i = 0; i < length; i++) into[at + i] = table[(samples[from + i]! >> 2) + 8192]!
}

/** The four directions of G.711; each takes `length` values of `from` on, and puts them into `into` from `at` on. */
export interface G711Kernels {
  decodePcmu(payload: Uint8Array, from: number, length: number, into: Int16Array, at: number): void
  decodePcma(payload: Uint8Array, from: number, length: number, into: Int16Array, at: number): void
  encodePcmu(samples: Int16Array, from: number, length: number, into: Uint8Array, at: number): void
  encodePcma(samples: Int16Array, from: number, length: number, into: Uint8Array, at: number): void
}

/** G.711 by its tables. */
export const g711: G711Kernels = {
  decodePcmu: (payload, from, length, into, at) => decodeG711Into(PCMU_TO_PCM16, payload, from, length, into, at),
  decodePcma: (payload, from, length, into, at) => decodeG711Into(PCMA_TO_PCM16, payload, from, length, into, at),
  encodePcmu: (samples, from, length, into, at) => encodeG711Into(PCM14_TO_PCMU, samples, from, length, into, at),
  encodePcma: (samples, from, length, into, at) => encodeG711Into(PCM14_TO_PCMA, samples, from, length, into, at),
}

function decoderTable(expand: (octet: number) => number): Int16Array {
  return Int16Array.from({ length: 256 }, (_, octet) => expand(octet))
}

function encoderTable(compress: (sample: number) => number): Uint8Array {
  return Uint8Array.from({ length: 16_384 }, (_, index) => compress((index - 8192) << 2))
}

/** µ-law sends all bits inverted; the bias of 33 (132 in 16 bits) makes every segment a power of two. */
function expandMuLaw(octet: number): number {
  const bits = ~octet & 0xff
  const magnitude = ((((bits & 0x0f) << 3) + 132) << ((bits >> 4) & 7)) - 132
  return (bits & 0x80) === 0 ? magnitude : -magnitude
}

/** A-law sends every second bit inverted; its lowest two segments are one straight line. */
function expandALaw(octet: number): number {
  const bits = octet ^ 0x55
  const segment = (bits >> 4) & 7
  const step = ((bits & 0x0f) << 4) + 8
  const magnitude = segment === 0 ? step : (step + 256) << (segment - 1)
  return (bits & 0x80) === 0 ? -magnitude : magnitude
}

function compressMuLaw(sample: number): number {
  // The ones' complement keeps the decision values of both signs mirror images of each other.
  const magnitude = Math.min((sample < 0 ? ~sample : sample) + 132, 32_767)
  const segment = 24 - Math.clz32(magnitude)
  const code = (segment << 4) | ((magnitude >> (segment + 3)) & 0x0f)
  return (sample < 0 ? ~(code | 0x80) : ~code) & 0xff
}

function compressALaw(sample: number): number {
  const magnitude = sample < 0 ? ~sample : sample
  const segment = Math.max(0, 24 - Math.clz32(magnitude))
  const code = (segment << 4) | ((magnitude >> Math.max(4, segment + 3)) & 0x0f)
  return (sample < 0 ? code : code | 0x80) ^ 0x55
}
