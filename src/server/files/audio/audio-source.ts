import {
  compressedFormatOf,
  isOgg,
  parseWavHead,
  RAW_ENDINGS_TEXT,
  rawEncodingOf,
  type WavHead,
} from '../../../media/index.ts'
import { DecodedSource } from './decoded-source.ts'
import type { ReadableFile } from './disk-file.ts'
import { WavSource } from './wav-source.ts'

/** A sound file, read from beginning to end as mono. */
export interface AudioSource {
  /** Of what {@link read} gives. */
  readonly sampleRateHz: 8000 | 16_000
  /** What {@link read} gives: G.711 that is 8 kHz mono in the file stays as it is. */
  readonly encoding: 'pcm16' | 'pcmu' | 'pcma'
  /** It is at least so long, in samples at 8 kHz, by what can be told without decoding it. */
  readonly leastLength: number
  /** Nothing but copying is to be done: no decompression, no other rate. */
  readonly isPlain: boolean
  /** Audio that the file says it has and has not, in octets. */
  readonly missingBytes: number
  /**
   * The next samples, up to a second of them; `undefined` at the end.
   * @throws Error saying what is wrong with the file
   */
  read(): Promise<Int16Array | Uint8Array | undefined>
  /** The next {@link read} begins at the beginning, or so far from it. */
  rewind(toMs?: number): void
  close(): Promise<void>
}

/**
 * Finds out what a file holds and makes it ready to be read. The source takes the file over, also when this fails.
 *
 * @param name says what raw G.711 is, by its ending
 * @param mostHz the rate that whoever plays it can make use of; a WAV file of less than 16 kHz is read at 8 kHz anyway
 * @throws Error saying what is wrong with the file
 */
export async function openAudioSource(
  file: ReadableFile,
  name: string,
  mostHz: 8000 | 16_000 = 8000,
): Promise<AudioSource> {
  try {
    const raw = rawEncodingOf(name)
    if (raw !== undefined) return new WavSource(file, rawHead(raw, file.size))
    if (file.size === 0) throw new Error('it is empty')
    const bytes = await file.read(0, FIRST_BYTES)
    if (isRiff(bytes)) return new WavSource(file, await wavHeadOf(file), mostHz)
    const format = compressedFormatOf(bytes)
    if (format !== undefined) return new DecodedSource(file, format, bytes, mostHz)
    throw new Error(isOgg(bytes) ? 'the Ogg file begins with neither Vorbis nor Opus' : UNKNOWN_FORMAT)
  } catch (error) {
    await file.close()
    throw error
  }
}

async function wavHeadOf(file: ReadableFile): Promise<WavHead> {
  for (let length = FIRST_BYTES; length <= MOST_HEAD_BYTES; length *= 4) {
    const bytes = await file.read(0, length)
    const head = parseWavHead(bytes, file.size)
    if (!head.ok) throw new Error(head.error)
    if (head.value !== undefined) return head.value
  }
  throw new Error(`the WAV file has no audio in its first ${MOST_HEAD_BYTES} octets`)
}

const UNKNOWN_FORMAT = `its format is not known: use WAV, MP3, Ogg Vorbis, Ogg Opus, FLAC, or raw G.711 named ${RAW_ENDINGS_TEXT}`

const FIRST_BYTES = 16_384
/** Pictures and notes may stand before the audio, but not books. */
const MOST_HEAD_BYTES = 64 * FIRST_BYTES

function isRiff(bytes: Uint8Array): boolean {
  return bytes[0] === 0x52 && bytes[1] === 0x49 && bytes[2] === 0x46 && bytes[3] === 0x46
}

function rawHead(encoding: 'pcmu' | 'pcma', size: number): WavHead {
  const format = { encoding, channels: 1, sampleRateHz: 8000, blockBytes: 1 } as const
  return { ...format, dataStart: 0, dataBytes: size, missingBytes: 0 }
}
