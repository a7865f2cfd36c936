import { parseMp3Header } from './mp3-frames.ts'

/** The compressed files that are read. */
export type CompressedFormat = 'mp3' | 'flac' | OggCodec
export type OggCodec = 'vorbis' | 'opus'

/** Tells a compressed file by how it begins. */
export function compressedFormatOf(bytes: Uint8Array): CompressedFormat | undefined {
  if (isOgg(bytes)) return oggCodecOf(bytes.subarray(27 + (bytes[26] ?? 0)))
  const start = id3Length(bytes)
  if (startsWith(bytes.subarray(start), 'fLaC')) return 'flac'
  if (start > 0) return 'mp3'
  return parseMp3Header(bytes, 0) === undefined ? undefined : 'mp3'
}

/** What a compressed file says of its sound. */
export interface CompressedShape {
  readonly sampleRateHz: number
  readonly channels: number
}

/**
 * Reads what stands at the beginning of a compressed file; `undefined` when it is not there.
 * FLAC: RFC 9639 section 8.2; Vorbis I section 4.2.2; Opus: RFC 7845 section 5.1, which is played at 48 kHz whatever it was
 * made of.
 */
export function compressedShapeOf(format: CompressedFormat, bytes: Uint8Array): CompressedShape | undefined {
  const start = format === 'mp3' || format === 'flac' ? id3Length(bytes) : 27 + (bytes[26] ?? 0)
  const head = bytes.subarray(start)
  if (format === 'mp3') return firstMp3Frame(head)
  if (head.length < 22) return undefined
  switch (format) {
    case 'flac':
      return {
        sampleRateHz: (head[18]! << 12) | (head[19]! << 4) | (head[20]! >> 4),
        channels: ((head[20]! >> 1) & 7) + 1,
      }
    case 'vorbis':
      return { sampleRateHz: head[12]! | (head[13]! << 8) | (head[14]! << 16), channels: head[11]! }
    case 'opus':
      return { sampleRateHz: 48_000, channels: head[9]! }
  }
}

function firstMp3Frame(bytes: Uint8Array): CompressedShape | undefined {
  for (let at = 0; at + 4 <= bytes.length; at++) {
    const frame = parseMp3Header(bytes, at)
    if (frame !== undefined) return { sampleRateHz: frame.sampleRateHz, channels: frame.channels }
  }
  return undefined
}

/** Whether a file is Ogg, whatever is in it. */
export function isOgg(bytes: Uint8Array): boolean {
  return startsWith(bytes, 'OggS')
}

/** What a stream of Ogg holds, by its first packet. */
export function oggCodecOf(packet: Uint8Array): OggCodec | undefined {
  if (startsWith(packet, 'OpusHead')) return 'opus'
  return startsWith(packet, '\x01vorbis') ? 'vorbis' : undefined
}

/** How many octets an ID3v2 tag takes at the beginning of a file; 0 when there is none (id3.org, "ID3v2.4", section 3.1). */
export function id3Length(bytes: Uint8Array): number {
  if (!startsWith(bytes, 'ID3') || bytes.length < 10) return 0
  const size = (bytes[6]! << 21) | (bytes[7]! << 14) | (bytes[8]! << 7) | bytes[9]!
  const footer = (bytes[5]! & 0x10) === 0 ? 0 : 10
  return 10 + size + footer
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[i] !== text.charCodeAt(i)) return false
  return true
}
