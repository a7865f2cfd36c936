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
      const step = STEPS[index]!
      let difference = step >> 3
      if ((code & 4) !== 0) difference += step
      if ((code & 2) !== 0) difference += step >> 1
      if ((code & 1) !== 0) difference += step >> 2
      sample = saturate((code & 8) === 0 ? sample + difference : sample - difference)
      index = Math.max(0, Math.min(STEPS.length - 1, index + INDEX_CHANGE[code & 7]!))
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
