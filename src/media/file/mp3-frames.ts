/** One frame of an MP3 file (ISO/IEC 11172-3 section 2.4.1.3; 13818-3 and MPEG-2.5 for the lower rates). */
export interface Mp3Frame {
  /** Octets, header included. */
  readonly length: number
  readonly sampleRateHz: number
  /** Per channel. */
  readonly samples: number
  readonly channels: 1 | 2
  /** It holds no sound but a table for players that seek. */
  readonly isTable: boolean
}

/** Reads the header of a frame of layer III; `undefined` when there is none at `at`. */
export function parseMp3Header(bytes: Uint8Array, at: number): Mp3Frame | undefined {
  if (at + 4 > bytes.length || bytes[at] !== 0xff || (bytes[at + 1]! & 0xe0) !== 0xe0) return undefined
  const version = (bytes[at + 1]! >> 3) & 3
  const isLayer3 = ((bytes[at + 1]! >> 1) & 3) === 1
  const bitrate = bytes[at + 2]! >> 4
  const rate = (bytes[at + 2]! >> 2) & 3
  // Bit rate 0 is "free", which nobody writes; 15 and the reserved version and rate cannot be.
  if (version === 1 || !isLayer3 || bitrate === 0 || bitrate === 15 || rate === 3) return undefined
  const isMpeg1 = version === 3
  const sampleRateHz = RATES[rate]! >> (isMpeg1 ? 0 : version === 2 ? 1 : 2)
  const kbps = (isMpeg1 ? BITRATES_1 : BITRATES_2)[bitrate]!
  const samples = isMpeg1 ? 1152 : 576
  const padding = (bytes[at + 2]! >> 1) & 1
  const channels = bytes[at + 3]! >> 6 === 3 ? 1 : 2
  const length = Math.floor((samples * 125 * kbps) / sampleRateHz) + padding
  const sideInfo = isMpeg1 ? (channels === 1 ? 17 : 32) : channels === 1 ? 9 : 17
  return { length, sampleRateHz, samples, channels, isTable: isTable(bytes, at + 4 + sideInfo) }
}

function isTable(bytes: Uint8Array, at: number): boolean {
  const tag = String.fromCharCode(...bytes.subarray(at, at + 4))
  return tag === 'Xing' || tag === 'Info'
}

const RATES = [44_100, 48_000, 32_000]
const BITRATES_1 = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]
const BITRATES_2 = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160]
