import { err, ok, type Result } from '../../kit/index.ts'

/** The sample formats that are read. */
export type WavEncoding = 'pcm8' | 'pcm16' | 'pcmu' | 'pcma' | 'ima-adpcm'

/** What a WAV file holds, still encoded. */
export interface WavFile {
  readonly encoding: WavEncoding
  readonly channels: 1 | 2
  readonly sampleRateHz: number
  /** Octets per block of ADPCM, or per sample of all channels. */
  readonly blockBytes: number
  /** The audio itself: a view into the file. */
  readonly data: Uint8Array
}

/** The format of a WAV file and where its audio is. */
export interface WavHead extends Omit<WavFile, 'data'> {
  /** Octets of the file before the audio. */
  readonly dataStart: number
  /** Octets of audio that are there: whole samples, or whole groups of ADPCM codes. */
  readonly dataBytes: number
  /** Octets of audio that the file says it has and has not: it was cut short. */
  readonly missingBytes: number
}

/**
 * Reads a WAV file (Microsoft RIFF; "Multiple Channel Audio Data and WAVE Files" for the extensible form).
 * It is lenient about what writers get wrong: unknown chunks and missing padding at the end, sizes that reach beyond
 * the file, and the zero sizes that a recorder leaves behind when it is cut off. Any other fault is the error.
 */
export function parseWav(bytes: Uint8Array): Result<WavFile> {
  const head = parseWavHead(bytes, bytes.length)
  if (!head.ok) return head
  if (head.value === undefined) return err(NO_DATA)
  const { encoding, channels, sampleRateHz, blockBytes, dataStart, dataBytes } = head.value
  const data = bytes.subarray(dataStart, dataStart + dataBytes)
  return ok({ encoding, channels, sampleRateHz, blockBytes, data })
}

/**
 * The same of a file that is not in memory as a whole.
 *
 * @param bytes the beginning of the file
 * @param fileBytes how long it is
 * @returns `undefined` as long as `bytes` end before the audio begins
 */
export function parseWavHead(bytes: Uint8Array, fileBytes: number): Result<WavHead | undefined> {
  if (tagAt(bytes, 0) !== 'RIFF' || tagAt(bytes, 8) !== 'WAVE')
    return err('not a WAV file: it does not begin with RIFF and WAVE')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let format: Format | undefined
  let at = 12
  while (at + 8 <= bytes.length) {
    const tag = tagAt(bytes, at)
    const start = at + 8
    const size = view.getUint32(at + 4, true)
    if (tag === 'fmt ') {
      const parsed = parseFormat(view, start, Math.min(size, bytes.length - start))
      if (!parsed.ok) return parsed
      format = parsed.value
    } else if (tag === 'data') {
      if (format === undefined) return err('the WAV file has no format chunk before its data')
      const { unitBytes, ...rest } = format
      // A header that was never completed counts no data, neither here nor in the RIFF chunk around it.
      const wasCutOff = size === 0 && view.getUint32(4, true) <= start
      const present = wasCutOff ? fileBytes - start : Math.min(size, fileBytes - start)
      const dataBytes = present - (present % unitBytes)
      // Writers to a pipe know no length, and say the largest.
      const missingBytes = wasCutOff || size >= UNKNOWN_LENGTH ? 0 : size - present
      return ok({ ...rest, dataStart: start, dataBytes, missingBytes })
    }
    at = start + size + (size & 1)
  }
  return at + 8 <= fileBytes ? ok(undefined) : err(NO_DATA)
}

const NO_DATA = 'the WAV file has no data chunk'
const UNKNOWN_LENGTH = 0x7fff_0000

interface Format extends Omit<WavFile, 'data'> {
  /** The data is cut to a multiple of this. */
  readonly unitBytes: number
}

function parseFormat(view: DataView, at: number, size: number): Result<Format> {
  if (size < 16) return err('the format chunk of the WAV file is too short')
  const channels = view.getUint16(at + 2, true)
  const sampleRateHz = view.getUint32(at + 4, true)
  const blockAlign = view.getUint16(at + 12, true)
  const bits = view.getUint16(at + 14, true)
  let code = view.getUint16(at, true)
  if (code === EXTENSIBLE) {
    if (size < 26) return err('the extensible format chunk of the WAV file is too short')
    code = view.getUint16(at + 24, true)
  }
  if (channels !== 1 && channels !== 2) return err(`the WAV file has ${channels} channels: use mono or stereo`)
  if (sampleRateHz < 8000 || sampleRateHz > 48_000)
    return err(`the WAV file is sampled at ${sampleRateHz} Hz: use 8,000 to 48,000 Hz`)
  const encoding = ENCODINGS[`${code}/${bits}`]
  if (encoding === undefined)
    return err(`WAV format ${code} with ${bits} bits is not supported: use 8 or 16-bit PCM, G.711 or IMA ADPCM`)
  if (encoding === 'ima-adpcm') {
    if (blockAlign < 8 * channels || blockAlign % (4 * channels) !== 0)
      return err(`the WAV file has ADPCM blocks of ${blockAlign} octets, which cannot be`)
    return ok({ encoding, channels, sampleRateHz, blockBytes: blockAlign, unitBytes: 4 * channels })
  }
  const blockBytes = (bits / 8) * channels
  return ok({ encoding, channels, sampleRateHz, blockBytes, unitBytes: blockBytes })
}

const EXTENSIBLE = 0xfffe

/** Format code and bits per sample (RFC 2361 lists the codes). */
const ENCODINGS: Readonly<Record<string, WavEncoding>> = {
  '1/8': 'pcm8',
  '1/16': 'pcm16',
  '6/8': 'pcma',
  '7/8': 'pcmu',
  '17/4': 'ima-adpcm',
}

function tagAt(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4))
}
