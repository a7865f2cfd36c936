import { id3Length } from './compressed-format.ts'
import { type AudioDecoder, ByteQueue, type DecodedAudio } from './decoded-audio.ts'
import { FlacBits, NotYet } from './flac-bits.ts'
import { decodeSubframe } from './flac-subframe.ts'

/**
 * Decodes FLAC (RFC 9639): one frame at a time, each held to its checksum. Up to 8 channels of 4 to 24 bits; they are
 * mixed to mono and made 16 bits wide.
 */
export class FlacDecoder implements AudioDecoder {
  readonly #queue = new ByteQueue()
  #phase: 'start' | 'metadata' | 'frames' = 'start'
  #info: StreamInfo | undefined

  finish(): Iterable<DecodedAudio> {
    // Some writers put a tag behind the audio.
    const rest = this.#queue.bytes
    const isTag = rest[0] === 0x54 && rest[1] === 0x41 && rest[2] === 0x47
    if (this.#phase !== 'frames' || (rest.length > 0 && !isTag))
      throw new Error('the FLAC file is cut off in the middle of a frame')
    return []
  }

  *decode(bytes: Uint8Array): Generator<DecodedAudio> {
    this.#queue.push(bytes)
    if (this.#phase === 'start' && !this.#begin()) return
    while (this.#phase === 'metadata') if (!this.#readMetadata()) return
    for (let frame = this.#nextFrame(); frame !== undefined; frame = this.#nextFrame()) yield frame
  }

  /** False when more is needed. */
  #begin(): boolean {
    this.#queue.skip(id3Length(this.#queue.bytes))
    if (this.#queue.bytes.length < 4) return false
    if (String.fromCharCode(...this.#queue.bytes.subarray(0, 4)) !== 'fLaC')
      throw new Error('the FLAC file does not begin with fLaC')
    this.#queue.skip(4)
    this.#phase = 'metadata'
    return true
  }

  #readMetadata(): boolean {
    const { bytes } = this.#queue
    const isStreamInfo = (bytes[0]! & 0x7f) === 0
    if (bytes.length < (isStreamInfo ? 4 + 34 : 4)) return false
    const length = (bytes[1]! << 16) | (bytes[2]! << 8) | bytes[3]!
    if (isStreamInfo) this.#info = streamInfo(new FlacBits(bytes.subarray(4)))
    else if (this.#info === undefined) throw new Error('the FLAC file does not say what it holds')
    if ((bytes[0]! & 0x80) !== 0) this.#phase = 'frames'
    this.#queue.skip(4 + length)
    return true
  }

  #nextFrame(): DecodedAudio | undefined {
    const { bytes } = this.#queue
    try {
      const { audio, length } = decodeFrame(bytes, this.#info!)
      this.#queue.skip(length)
      return audio
    } catch (error) {
      if (!(error instanceof NotYet)) throw error
      if (bytes.length > MOST_FRAME_BYTES)
        throw new Error(`the FLAC file has a frame of more than ${MOST_FRAME_BYTES} octets`)
      return undefined
    }
  }
}

/** Twice the largest there can be: 65,535 samples of 8 channels are rarely put into one. */
const MOST_FRAME_BYTES = 2 ** 22

interface StreamInfo {
  readonly sampleRateHz: number
  readonly bits: number
}

function streamInfo(bits: FlacBits): StreamInfo {
  bits.bits(32)
  bits.bits(32)
  bits.bits(16)
  const sampleRateHz = bits.bits(20)
  bits.bits(3)
  return { sampleRateHz, bits: bits.bits(5) + 1 }
}

/** How long a FLAC file says it is, by its first octets; 0 when it does not. */
export function flacSeconds(bytes: Uint8Array): number {
  const head = bytes.subarray(id3Length(bytes))
  if (head.length < 8 + 18) return 0
  const rate = (head[18]! << 12) | (head[19]! << 4) | (head[20]! >> 4)
  const samples = (head[21]! & 0x0f) * 2 ** 32 + new DataView(head.buffer, head.byteOffset).getUint32(22)
  return rate === 0 ? 0 : samples / rate
}

/** RFC 9639 section 9. */
function decodeFrame(bytes: Uint8Array, info: StreamInfo): { audio: DecodedAudio; length: number } {
  const bits = new FlacBits(bytes)
  if (bytes[0] === 0x54 && bytes[1] === 0x41) throw new NotYet()
  if (bits.bits(15) !== 0x7ffc) throw damaged('a frame is not where it should be')
  bits.bits(1)
  const sizeCode = bits.bits(4)
  const rateCode = bits.bits(4)
  const assignment = bits.bits(4)
  const bitsCode = bits.bits(3)
  bits.bits(1)
  skipNumber(bits)
  const blockSize = blockSizeOf(sizeCode, bits)
  const sampleRateHz = rateOf(rateCode, bits, info)
  const headerLength = bits.octets
  if (bits.bits(8) !== crc8(bytes, headerLength)) throw damaged('the header of a frame does not match its checksum')
  const width = bitsCode === 0 ? info.bits : BITS[bitsCode]!
  if (width === 0 || assignment > 10) throw damaged('a frame is of a reserved kind')
  if (width > 24) throw new Error(`the FLAC file has ${width} bits a sample: use 24 at most`)
  const channelCount = assignment < 8 ? assignment + 1 : 2
  const channels: Int32Array[] = []
  for (let channel = 0; channel < channelCount; channel++) {
    const isSide = assignment === 9 ? channel === 0 : assignment >= 8 && channel === 1
    channels.push(decodeSubframe(bits, blockSize, width + (isSide ? 1 : 0)))
  }
  bits.align()
  const bodyLength = bits.octets
  if (bits.bits(16) !== crc16(bytes, bodyLength)) throw damaged('a frame does not match its checksum')
  const samples = mix(channels, assignment, width)
  return { audio: { samples, sampleRateHz }, length: bodyLength + 2 }
}

/** The mean of the channels, whichever way two of them were told: for left and side the mean is left - side / 2. */
function mix(channels: readonly Int32Array[], assignment: number, width: number): Int16Array {
  const [first, second] = channels as [Int32Array, Int32Array]
  const scale = 2 ** (16 - width)
  const mono = new Int16Array(first.length)
  for (let i = 0; i < mono.length; i++) {
    let mean = first[i]!
    if (assignment === 8) mean -= second[i]! / 2
    else if (assignment === 9) mean = second[i]! + mean / 2
    else if (assignment === 10) mean += (second[i]! & 1) / 2
    else if (channels.length > 1) {
      mean = 0
      for (const channel of channels) mean += channel[i]!
      mean /= channels.length
    }
    mono[i] = Math.max(-32_768, Math.min(32_767, Math.floor(mean * scale)))
  }
  return mono
}

/** The number of the frame or of its first sample, coded as UTF-8 is: nobody needs it here. */
function skipNumber(bits: FlacBits): void {
  const first = bits.bits(8)
  const ones = Math.clz32(~(first << 24))
  if (ones === 1 || ones > 7) throw damaged('a frame has no number')
  for (let left = ones; left > 1; left--) bits.bits(8)
}

function blockSizeOf(code: number, bits: FlacBits): number {
  if (code === 0) throw damaged('a frame is of a reserved size')
  if (code === 1) return 192
  if (code <= 5) return 576 << (code - 2)
  if (code === 6) return bits.bits(8) + 1
  if (code === 7) return bits.bits(16) + 1
  return 256 << (code - 8)
}

function rateOf(code: number, bits: FlacBits, info: StreamInfo): number {
  if (code === 0) return info.sampleRateHz
  if (code < 12) return RATES[code]!
  if (code === 12) return bits.bits(8) * 1000
  if (code === 13) return bits.bits(16)
  if (code === 14) return bits.bits(16) * 10
  throw damaged('a frame is of a reserved rate')
}

const RATES = [0, 88_200, 176_400, 192_000, 8000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000]
/** By the code in the frame; 0 is reserved. */
const BITS = [0, 8, 12, 0, 16, 20, 24, 32]

function damaged(why: string): Error {
  return new Error(`the FLAC file is damaged: ${why}`)
}

/** Polynomial x^8 + x^2 + x + 1, begun with 0. */
function crc8(bytes: Uint8Array, length: number): number {
  let crc = 0
  for (let i = 0; i < length; i++) {
    crc ^= bytes[i]!
    for (let bit = 0; bit < 8; bit++) crc = ((crc << 1) ^ (crc & 0x80 ? 0x07 : 0)) & 0xff
  }
  return crc
}

/** Polynomial x^16 + x^15 + x^2 + 1, begun with 0. */
function crc16(bytes: Uint8Array, length: number): number {
  let crc = 0
  for (let i = 0; i < length; i++) crc = ((crc << 8) & 0xffff) ^ CRC16_TABLE[(crc >> 8) ^ bytes[i]!]!
  return crc
}

const CRC16_TABLE: Uint16Array = Uint16Array.from({ length: 256 }, (_, octet) => {
  let crc = octet << 8
  for (let bit = 0; bit < 8; bit++) crc = ((crc << 1) ^ (crc & 0x8000 ? 0x8005 : 0)) & 0xffff
  return crc
})
