import { codecNamed } from '../codec/codec.ts'
import { decodeImaAdpcm } from './ima-adpcm.ts'
import type { WavFile } from './wav-reader.ts'

/** The G.711 that a file holds at 8 kHz mono, whose octets are payloads as they are; `undefined` for anything else. */
export function payloadEncodingOf({
  encoding,
  channels,
  sampleRateHz,
}: Omit<WavFile, 'data'>): 'pcmu' | 'pcma' | undefined {
  const isPayload = (encoding === 'pcmu' || encoding === 'pcma') && channels === 1 && sampleRateHz === 8000
  return isPayload ? encoding : undefined
}

/** Decodes the audio of a WAV file, or whole blocks of it; the samples of stereo are interleaved. */
export function samplesOfWav({ encoding, channels, blockBytes, data }: WavFile): Int16Array {
  switch (encoding) {
    case 'ima-adpcm':
      return decodeImaAdpcm(data, blockBytes, channels)
    case 'pcm8':
      return Int16Array.from(data, (octet) => (octet - 128) << 8)
    case 'pcm16': {
      const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
      const samples = new Int16Array(data.length >> 1)
      for (let i = 0; i < samples.length; i++) samples[i] = view.getInt16(2 * i, true)
      return samples
    }
    default: {
      const samples = new Int16Array(data.length)
      codecNamed(encoding === 'pcmu' ? 'PCMU' : 'PCMA').decodeInto(data, 0, data.length, samples, 0)
      return samples
    }
  }
}

/** Half of each channel, so that the mix cannot overflow. */
export function mixDown(samples: Int16Array, channels: 1 | 2): Int16Array {
  if (channels === 1) return samples
  const mono = new Int16Array(samples.length >> 1)
  for (let i = 0; i < mono.length; i++) mono[i] = (samples[2 * i]! + samples[2 * i + 1]!) >> 1
  return mono
}
