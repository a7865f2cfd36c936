import { ByteQueue } from './decoded-audio.ts'

/** A packet of a logical stream. */
export interface OggPacket {
  readonly data: Uint8Array
  /** It is the first of its stream. */
  readonly isFirst: boolean
}

/** Takes the first stream, and streams that follow it, out of an Ogg file (RFC 3533). */
export class OggReader {
  readonly #queue = new ByteQueue()
  #serial: number | undefined
  #isBeginning = false
  #parts: Uint8Array[] = []
  #partBytes = 0

  /** Whether what came last was the last page of a stream, or nothing at all. */
  get isAtEnd(): boolean {
    return this.#serial === undefined
  }

  /**
   * Takes the next octets of the file and gives the packets that they complete.
   * @throws Error saying what is wrong with the file
   */
  *read(bytes: Uint8Array): Generator<OggPacket> {
    this.#queue.push(bytes)
    for (let page = this.#nextPage(); page !== undefined; page = this.#nextPage()) yield* this.#packetsOf(page)
  }

  #nextPage(): Page | undefined {
    const { bytes } = this.#queue
    if (bytes.length < HEADER_BYTES) return undefined
    if (bytes[0] !== 0x4f || bytes[1] !== 0x67 || bytes[2] !== 0x67 || bytes[3] !== 0x53)
      throw new Error('the Ogg file is damaged: a page is not where it should be')
    const segments = bytes[26]!
    const start = HEADER_BYTES + segments
    if (bytes.length < start) return undefined
    const lacing = bytes.subarray(HEADER_BYTES, start)
    const length = start + lacing.reduce((sum, size) => sum + size, 0)
    if (bytes.length < length) return undefined
    const page = bytes.subarray(0, length)
    if (checksum(page) !== new DataView(page.buffer, page.byteOffset).getUint32(22, true))
      throw new Error('the Ogg file is damaged: a page does not match its checksum')
    this.#queue.skip(length)
    return { page, lacing, body: page.subarray(start) }
  }

  *#packetsOf({ page, lacing, body }: Page): Generator<OggPacket> {
    const flags = page[5]!
    const serial = new DataView(page.buffer, page.byteOffset).getUint32(14, true)
    if (this.#serial === undefined && (flags & BEGINS) !== 0) {
      this.#serial = serial
      this.#isBeginning = true
      this.#drop()
    }
    if (serial !== this.#serial) return
    if ((flags & CONTINUES) === 0) this.#drop()
    let at = 0
    for (const size of lacing) {
      this.#parts.push(body.subarray(at, at + size))
      this.#partBytes += size
      at += size
      if (this.#partBytes > MOST_PACKET_BYTES)
        throw new Error(`the Ogg file has a packet of more than ${MOST_PACKET_BYTES} octets`)
      // A packet ends with a segment that is not full.
      if (size === 255) continue
      yield { data: this.#join(), isFirst: this.#isBeginning }
      this.#isBeginning = false
    }
    if ((flags & ENDS) !== 0) this.#serial = undefined
  }

  #join(): Uint8Array {
    const data = new Uint8Array(this.#partBytes)
    let at = 0
    for (const part of this.#parts) {
      data.set(part, at)
      at += part.length
    }
    this.#drop()
    return data
  }

  #drop(): void {
    this.#parts = []
    this.#partBytes = 0
  }
}

interface Page {
  readonly page: Uint8Array
  readonly lacing: Uint8Array
  readonly body: Uint8Array
}

const HEADER_BYTES = 27
const CONTINUES = 1
const BEGINS = 2
const ENDS = 4
/** Pictures in the comments included. */
const MOST_PACKET_BYTES = 4 * 2 ** 20

/** CRC-32 with polynomial 04c11db7, begun with 0, as if the checksum in the page were 0. */
function checksum(page: Uint8Array): number {
  let crc = 0
  for (let i = 0; i < page.length; i++) crc = (crc << 8) ^ CRC_TABLE[(crc >>> 24) ^ (i >= 22 && i < 26 ? 0 : page[i]!)]!
  return crc >>> 0
}

const CRC_TABLE: Int32Array = Int32Array.from({ length: 256 }, (_, octet) => {
  let crc = octet << 24
  for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc < 0 ? 0x04c11db7 : 0)
  return crc
})
