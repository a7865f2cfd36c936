import { ADPCM_BLOCK_BYTES, ADPCM_BLOCK_SAMPLES } from './ima-adpcm.ts'
import type { WavEncoding } from './wav-reader.ts'

/**
 * The header of a WAV file with `dataBytes` octets of audio behind it.
 *
 * For a file that grows: write the header with 0 octets first, append audio, and at the end write the header with the
 * true count over it, which has the same length. A file that was cut off in between can still be read by ours and
 * most other readers. When `dataBytes` is odd, one octet of padding belongs behind the audio ({@link wavPadding}).
 *
 * @param dataBytes octets of audio, less than 4 GiB; of ADPCM, whole blocks of {@link ADPCM_BLOCK_BYTES} a channel
 * @param channels 2: the samples of left and right take turns
 */
export function wavHeader(
  encoding: WavEncoding,
  dataBytes: number,
  sampleRateHz: number = 8000,
  channels: 1 | 2 = 1,
): Uint8Array {
  const { code, bits } = FORMATS[encoding]
  const isPcm = code === 1
  const isAdpcm = encoding === 'ima-adpcm'
  const blockBytes = channels * (isAdpcm ? ADPCM_BLOCK_BYTES : bits / 8)
  const blockSamples = isAdpcm ? ADPCM_BLOCK_SAMPLES : 1
  const bytes = new Uint8Array(wavHeaderLength(encoding))
  const view = new DataView(bytes.buffer)
  let at = 0
  const tag = (text: string): void => {
    for (let i = 0; i < 4; i++) bytes[at++] = text.charCodeAt(i)
  }
  const uint16 = (value: number): void => {
    view.setUint16(at, value, true)
    at += 2
  }
  const uint32 = (value: number): void => {
    view.setUint32(at, value, true)
    at += 4
  }
  tag('RIFF')
  uint32(bytes.length - 8 + dataBytes + wavPadding(dataBytes))
  tag('WAVE')
  tag('fmt ')
  uint32(isPcm ? 16 : isAdpcm ? 20 : 18)
  uint16(code)
  uint16(channels)
  uint32(sampleRateHz)
  uint32(Math.floor((sampleRateHz * blockBytes) / blockSamples))
  uint16(blockBytes)
  uint16(bits)
  if (!isPcm) {
    // Everything but PCM has a size of its extension, and a fact chunk with the number of samples.
    uint16(isAdpcm ? 2 : 0)
    if (isAdpcm) uint16(blockSamples)
    tag('fact')
    uint32(4)
    uint32(Math.floor(dataBytes / blockBytes) * blockSamples)
  }
  tag('data')
  uint32(dataBytes)
  return bytes
}

/** Octets of the header, whatever the count in it. */
export function wavHeaderLength(encoding: WavEncoding): number {
  return FORMATS[encoding].code === 1 ? 44 : encoding === 'ima-adpcm' ? 60 : 58
}

/** RIFF chunks are of even length: how many octets of 0 to write behind the audio. */
export function wavPadding(dataBytes: number): number {
  return dataBytes & 1
}

const FORMATS = {
  pcm8: { code: 1, bits: 8 },
  pcm16: { code: 1, bits: 16 },
  pcma: { code: 6, bits: 8 },
  pcmu: { code: 7, bits: 8 },
  'ima-adpcm': { code: 17, bits: 4 },
} as const
