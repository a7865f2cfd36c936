/** Octets of the fixed RTP header (RFC 3550 section 5.1). */
export const RTP_HEADER_LENGTH = 12
/** The longest payload that is taken, in octets: 60 ms of L16 at 16 kHz. */
export const MAX_PAYLOAD = 1920
/** The longest payload that we make, in octets: its datagram passes whole where 1,500 octets do, SRTP included. */
export const MAX_SENT_PAYLOAD = 1280
/** The longest datagram that is taken, in octets: the longest payload, contributing sources, an extension and a tag. */
export const MAX_DATAGRAM = 2240
/** Static, and used by senders that have not named it (RFC 3389, RFC 3551 table 4). */
export const COMFORT_NOISE_PAYLOAD_TYPE = 13

/**
 * A received RTP packet as a checked view (RFC 3550 section 5): {@link RtpPacket.parse} checks every length once,
 * after which the fields are simply there. One view is reused for all packets; it copies nothing.
 */
export class RtpPacket {
  /** The datagram, as given to {@link RtpPacket.parse}. */
  bytes: Uint8Array = EMPTY
  marker = false
  payloadType = 0
  sequence = 0
  timestamp = 0
  ssrc = 0
  /** Where the payload begins in {@link bytes}, behind the contributing sources and the extension. */
  payloadOffset = 0
  /** Octets of payload without the padding; 0 is legal. */
  payloadLength = 0

  /** Points the view at `bytes[0..length)`. False when that is no RTP packet of version 2; the view is void then. */
  parse(bytes: Uint8Array, length: number = bytes.length): boolean {
    if (length < RTP_HEADER_LENGTH || bytes[0]! >> 6 !== 2) return false
    const first = bytes[0]!
    let offset = RTP_HEADER_LENGTH + 4 * (first & 0x0f)
    if ((first & 0x10) !== 0) {
      if (offset + 4 > length) return false
      offset += 4 + 4 * uint16(bytes, offset + 2)
    }
    let end = length
    if ((first & 0x20) !== 0) {
      const padding = bytes[length - 1]!
      if (padding === 0) return false
      end -= padding
    }
    if (offset > end) return false
    const second = bytes[1]!
    this.bytes = bytes
    this.marker = (second & 0x80) !== 0
    this.payloadType = second & 0x7f
    this.sequence = uint16(bytes, 2)
    this.timestamp = uint32(bytes, 4)
    this.ssrc = uint32(bytes, 8)
    this.payloadOffset = offset
    this.payloadLength = end - offset
    return true
  }
}

/** Writes the fixed header of a packet without padding, extension or contributing sources. */
export function writeRtpHeader(
  into: Uint8Array,
  marker: boolean,
  payloadType: number,
  sequence: number,
  timestamp: number,
  ssrc: number,
): void {
  into[0] = 0x80
  into[1] = (marker ? 0x80 : 0) | payloadType
  into[2] = sequence >>> 8
  into[3] = sequence
  writeUint32(into, 4, timestamp)
  writeUint32(into, 8, ssrc)
}

const EMPTY = new Uint8Array(0)

function uint16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!
}

function uint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}

function writeUint32(into: Uint8Array, at: number, value: number): void {
  into[at] = value >>> 24
  into[at + 1] = value >>> 16
  into[at + 2] = value >>> 8
  into[at + 3] = value
}
