import { add16, add32, type Random } from '../../kit/index.ts'
import { RTP_HEADER_LENGTH, writeRtpHeader } from './packet.ts'

/**
 * The state of one outgoing RTP stream (RFC 3550 section 5.1): SSRC, first sequence number and first timestamp are
 * random. The timestamp follows the stream's media time and not the packets sent, so pauses and skipped slots show
 * up as what they are.
 */
export class RtpSender {
  readonly ssrc: number
  readonly #timestampBase: number
  #sequence: number

  constructor(random: Random) {
    this.ssrc = random.uint32()
    this.#timestampBase = random.uint32()
    this.#sequence = random.uint32() & 0xffff
  }

  /** The RTP timestamp of `mediaMs` milliseconds of media time on an 8 kHz clock. */
  timestampAt(mediaMs: number): number {
    return add32(this.#timestampBase, mediaMs * 8)
  }

  /** Writes the header of the next packet before its payload and returns the whole packet's length. */
  finish(into: Uint8Array, marker: boolean, payloadType: number, timestamp: number, payloadLength: number): number {
    writeRtpHeader(into, marker, payloadType, this.#sequence, timestamp, this.ssrc)
    this.#sequence = add16(this.#sequence, 1)
    return RTP_HEADER_LENGTH + payloadLength
  }
}
