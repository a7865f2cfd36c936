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
