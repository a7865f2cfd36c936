import { err, ok, type Result } from '../../kit/index.ts'
import { codecNamed } from '../codec/codec.ts'
import { resample } from '../dsp/resample.ts'
import type { AudioClip } from '../engine/control.ts'
import { decodeImaAdpcm } from './ima-adpcm.ts'
import { parseWav, type WavFile } from './wav-reader.ts'

/**
 * Turns a media file into a clip: WAV by its content, raw G.711 at 8 kHz by the name's ending (`.ul`, `.ulaw`,
 * `.pcmu`; `.al`, `.alaw`, `.pcma`). Stereo is mixed to mono and other rates are resampled to 8 kHz; G.711 that is
 * 8 kHz mono already stays as it is, so that it can be played without transcoding. The clip stands on shared memory:
 * handing it to another thread copies nothing.
 *
 * The error says what is wrong with the file and what would be right; the caller adds its name.
 */
export function decodeAudioFile(name: string, bytes: Uint8Array): Result<AudioClip> {
  const ending = name.slice(name.lastIndexOf('.') + 1).toLowerCase()
  const raw = RAW_ENDINGS[ending]
  if (raw !== undefined) return ok(g711Clip(raw, bytes))
  if (!looksLikeRiff(bytes))
    return err(`its format is not known: use WAV, or raw G.711 named ${Object.keys(RAW_ENDINGS).join(', ')}`)
  const wav = parseWav(bytes)
  return wav.ok ? ok(clipOfWav(wav.value)) : wav
}

const RAW_ENDINGS: Readonly<Record<string, 'pcmu' | 'pcma'>> = {
  ul: 'pcmu',
  ulaw: 'pcmu',
  pcmu: 'pcmu',
  al: 'pcma',
  alaw: 'pcma',
  pcma: 'pcma',
}

function looksLikeRiff(bytes: Uint8Array): boolean {
  return bytes[0] === 0x52 && bytes[1] === 0x49 && bytes[2] === 0x46 && bytes[3] === 0x46
}

function clipOfWav(wav: WavFile): AudioClip {
  const { encoding, channels, sampleRateHz, data } = wav
  if ((encoding === 'pcmu' || encoding === 'pcma') && channels === 1 && sampleRateHz === 8000)
    return g711Clip(encoding, data)
  const mono = mixDown(samplesOfWav(wav), channels)
  const samples = resample(mono, sampleRateHz, 8000)
  const shared = new Int16Array(new SharedArrayBuffer(samples.length * 2))
  shared.set(samples)
  return { encoding: 'pcm16', sampleRateHz: 8000, data: shared }
}

function g711Clip(encoding: 'pcmu' | 'pcma', octets: Uint8Array): AudioClip {
  const shared = new Uint8Array(new SharedArrayBuffer(octets.length))
  shared.set(octets)
  return { encoding, sampleRateHz: 8000, data: shared }
}

function samplesOfWav({ encoding, channels, blockBytes, data }: WavFile): Int16Array {
  switch (encoding) {
    case 'ima-adpcm':
      return decodeImaAdpcm(data, blockBytes, channels)
    case 'pcm8':
      return Int16Array.from(data, (octet) => (octet - 128) << 8)
    case 'pcm16': {
      const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
      return Int16Array.from({ length: data.length / 2 }, (_, i) => view.getInt16(2 * i, true))
    }
    default: {
      const samples = new Int16Array(data.length)
      codecNamed(encoding === 'pcmu' ? 'PCMU' : 'PCMA').decodeInto(data, 0, data.length, samples, 0)
      return samples
    }
  }
}

/** Half of each channel, so that the mix cannot overflow. */
function mixDown(samples: Int16Array, channels: 1 | 2): Int16Array {
  if (channels === 1) return samples
  return Int16Array.from({ length: samples.length >> 1 }, (_, i) => (samples[2 * i]! + samples[2 * i + 1]!) >> 1)
}
