import { saturate } from '../dsp/mix.ts'

/**
 * Decodes IMA ADPCM as WAV files hold it (IMA "Recommended Practices for Enhancing Digital Audio Compatibility",
 * 1992; Microsoft's block layout): each block begins with a whole sample and a step per channel, then come 4 bits
 * per sample, in groups of 8 samples per channel. The result is interleaved.
 */
export function decodeImaAdpcm(data: Uint8Array, blockBytes: number, channels: 1 | 2): Int16Array {
  const into = new Int16Array(samplesIn(data.length, blockBytes, channels))
  let at = 0
  for (let block = 0; block < data.length; block += blockBytes) {
    const end = Math.min(block + blockBytes, data.length)
    if (end - block < 4 * channels) break
    const groups = Math.floor((end - block - 4 * channels) / (4 * channels))
    for (let channel = 0; channel < channels; channel++)
      decodeChannel(data, block, groups, channel, channels, into, at + channel)
    at += channels * (1 + 8 * groups)
  }
  return into
}

/** Blocks that we write, for each channel: 256 octets, the usual at 8 kHz, which hold a first sample and 504 codes. */
export const ADPCM_BLOCK_BYTES = 256
export const ADPCM_BLOCK_SAMPLES: number = 1 + 2 * (ADPCM_BLOCK_BYTES - 4)

/** Encodes one channel of IMA ADPCM, block by block. */
export class ImaAdpcmEncoder {
  #index = 0

  /**
   * Encodes {@link ADPCM_BLOCK_SAMPLES} samples of the channel from `at` on as its part of the next block, which begins
   * at `to`.
   * @param channels of the file: so far apart are the samples, and the blocks are so many times as long
   * @param channel which of them it is, from 0 on
   */
  encodeBlock(samples: Int16Array, at: number, into: Uint8Array, to: number, channels: 1 | 2 = 1, channel = 0): void {
    let predicted = samples[at + channel]!
    const head = to + 4 * channel
    into[head] = predicted & 0xff
    into[head + 1] = (predicted >> 8) & 0xff
    into[head + 2] = this.#index
    into[head + 3] = 0
    for (let n = 0; n < ADPCM_BLOCK_SAMPLES - 1; n++) {
      const step = STEPS[this.#index]!
      const code = codeFor(samples[at + channel + channels * (1 + n)]! - predicted, step)
      predicted = afterCode(predicted, code, step)
      this.#index = indexAfter(this.#index, code)
      // Eight codes of one channel, then eight of the other.
      const octet = head + 4 * channels * (1 + (n >> 3)) + ((n & 7) >> 1)
      into[octet] = (n & 1) === 0 ? code : into[octet]! | (code << 4)
    }
  }
}

/** The nearest of the sixteen: a sign, and how many eighths of two steps. */
function codeFor(difference: number, step: number): number {
  let left = Math.abs(difference)
  let code = difference < 0 ? 8 : 0
  for (const [bit, size] of [
    [4, step],
    [2, step >> 1],
    [1, step >> 2],
  ] as const)
    if (left >= size) {
      code |= bit
      left -= size
    }
  return code
}

function afterCode(sample: number, code: number, step: number): number {
  let difference = step >> 3
  if ((code & 4) !== 0) difference += step
  if ((code & 2) !== 0) difference += step >> 1
  if ((code & 1) !== 0) difference += step >> 2
  return saturate((code & 8) === 0 ? sample + difference : sample - difference)
}

function indexAfter(index: number, code: number): number {
  return Math.max(0, Math.min(STEPS.length - 1, index + INDEX_CHANGE[code & 7]!))
}

function samplesIn(dataBytes: number, blockBytes: number, channels: number): number {
  const wholeBlocks = Math.floor(dataBytes / blockBytes)
  const perBlock = (bytes: number): number =>
    bytes < 4 * channels ? 0 : channels * (1 + 8 * Math.floor((bytes - 4 * channels) / (4 * channels)))
  return wholeBlocks * perBlock(blockBytes) + perBlock(dataBytes % blockBytes)
}

function decodeChannel(
  data: Uint8Array,
  block: number,
  groups: number,
  channel: number,
  channels: number,
  into: Int16Array,
  at: number,
): void {
  const header = block + 4 * channel
  let sample = ((data[header]! | (data[header + 1]! << 8)) << 16) >> 16
  let index = Math.min(data[header + 2]!, STEPS.length - 1)
  into[at] = sample
  let to = at + channels
  for (let group = 0; group < groups; group++) {
    const from = block + 4 * channels * (1 + group) + 4 * channel
    for (let nibble = 0; nibble < 8; nibble++) {
      const code = (data[from + (nibble >> 1)]! >> (4 * (nibble & 1))) & 0x0f
      sample = afterCode(sample, code, STEPS[index]!)
      index = indexAfter(index, code)
      into[to] = sample
      to += channels
    }
  }
}

const INDEX_CHANGE = [-1, -1, -1, -1, 2, 4, 6, 8]

/** The quantizer's step sizes: each a tenth larger than the one before. */
// biome-ignore format: a table
const STEPS: readonly number[] = [
  7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45, 50, 55, 60, 66, 73, 80, 88, 97, 107,
  118, 130, 143, 157, 173, 190, 209, 230, 253, 279, 307, 337, 371, 408, 449, 494, 544, 598, 658, 724, 796, 876, 963,
  1060, 1166, 1282, 1411, 1552, 1707, 1878, 2066, 2272, 2499, 2749, 3024, 3327, 3660, 4026, 4428, 4871, 5358, 5894,
  6484, 7132, 7845, 8630, 9493, 10442, 11487, 12635, 13899, 15289, 16818, 18500, 20350, 22385, 24623, 27086, 29794,
  32767,
]
