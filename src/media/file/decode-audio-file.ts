import { err, ok, type Result } from '../../kit/index.ts'
import { resample } from '../dsp/resample.ts'
import type { AudioClip } from '../engine/play-source.ts'
import { parseWav, type WavFile } from './wav-reader.ts'
import { mixDown, payloadEncodingOf, samplesOfWav } from './wav-samples.ts'

/**
 * Turns a media file into a clip: WAV by its content, raw G.711 at 8 kHz by the name's ending (`.ul`, `.ulaw`,
 * `.pcmu`; `.al`, `.alaw`, `.pcma`). Stereo is mixed to mono and other rates are resampled to 8 kHz; G.711 that is
 * 8 kHz mono already stays as it is, so that it can be played without transcoding. The clip stands on shared memory:
 * handing it to another thread copies nothing.
 *
 * The error says what is wrong with the file and what would be right; the caller adds its name.
 */
export function decodeAudioFile(name: string, bytes: Uint8Array): Result<AudioClip> {
  const raw = rawEncodingOf(name)
  if (raw !== undefined) return ok(g711Clip(raw, bytes))
  if (!looksLikeRiff(bytes)) return err(`its format is not known: use WAV, or raw G.711 named ${RAW_ENDINGS_TEXT}`)
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

/** What the octets of a file without a header are, by its name's ending; `undefined` for every other name. */
export function rawEncodingOf(name: string): 'pcmu' | 'pcma' | undefined {
  return RAW_ENDINGS[name.slice(name.lastIndexOf('.') + 1).toLowerCase()]
}

/** The endings that say raw G.711. */
export const RAW_ENDINGS_TEXT: string = Object.keys(RAW_ENDINGS).join(', ')

function looksLikeRiff(bytes: Uint8Array): boolean {
  return bytes[0] === 0x52 && bytes[1] === 0x49 && bytes[2] === 0x46 && bytes[3] === 0x46
}

function clipOfWav(wav: WavFile): AudioClip {
  const { channels, sampleRateHz, data } = wav
  const payloads = payloadEncodingOf(wav)
  if (payloads !== undefined) return g711Clip(payloads, data)
  const samples = resample(mixDown(samplesOfWav(wav), channels), sampleRateHz, 8000)
  const shared = new Int16Array(new SharedArrayBuffer(samples.length * 2))
  shared.set(samples)
  return { encoding: 'pcm16', sampleRateHz: 8000, data: shared }
}

function g711Clip(encoding: 'pcmu' | 'pcma', octets: Uint8Array): AudioClip {
  const shared = new Uint8Array(new SharedArrayBuffer(octets.length))
  shared.set(octets)
  return { encoding, sampleRateHz: 8000, data: shared }
}
