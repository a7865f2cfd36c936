/** The packet types in use here (RFC 3550 section 12.1). */
export const RTCP_TYPE = { SENDER_REPORT: 200, RECEIVER_REPORT: 201, SOURCE_DESCRIPTION: 202, BYE: 203 } as const

/**
 * Whether a datagram on a port that RTP and RTCP share is RTCP: its second octet, which in RTP would be a marker and
 * one of the payload types 64..95 that nobody uses, is 192..223 (RFC 5761 section 4).
 */
export function isRtcp(bytes: Uint8Array, length: number): boolean {
  return length >= 4 && bytes[1]! >= 192 && bytes[1]! <= 223
}

/**
 * A received compound packet as a checked view (RFC 3550 section 6): {@link RtcpCompound.parse} checks all lengths of
 * all its packets, then what concerns one sender of RTP is simply there. One view is reused; nothing is allocated.
 */
export class RtcpCompound {
  /** Who sent it. */
  ssrc = 0
  isSenderReport = false
  /** The middle 32 bits of the sender report's NTP time, which a report block repeats as LSR. */
  ntpMiddle = 0
  /** Whether a report block about our stream is there, which the fields below are of. */
  hasBlock = false
  /** Packets lost of our stream since the report before, in 1/256. */
  fractionLost = 0
  /** Packets lost of our stream since it began; negative when duplicates hid losses. */
  cumulativeLost = 0
  /** Interarrival jitter of our stream in timestamp units. */
  jitter = 0
  /** LSR and DLSR (section 6.4.1): our sender report that the far end heard last and how long ago, in 1/65536 s. */
  lastReport = 0
  sinceLastReport = 0
  /** The sender leaves the session. */
  isBye = false

  /** Points the view at `bytes[0..length)`. False when that is no valid compound packet; the view is void then. */
  parse(bytes: Uint8Array, length: number, ourSsrc: number): boolean {
    if (!isCompound(bytes, length)) return false
    this.ssrc = uint32(bytes, 4)
    this.isSenderReport = bytes[1] === RTCP_TYPE.SENDER_REPORT
    this.hasBlock = false
    this.isBye = false
    for (let at = 0; at < length; at += packetLength(bytes, at)) {
      const type = bytes[at + 1]
      const count = bytes[at]! & 0x1f
      if (type === RTCP_TYPE.SENDER_REPORT || type === RTCP_TYPE.RECEIVER_REPORT) {
        const blocksAt = at + (type === RTCP_TYPE.SENDER_REPORT ? SENDER_REPORT_LENGTH : RECEIVER_REPORT_LENGTH)
        if (blocksAt + count * BLOCK_LENGTH > at + packetLength(bytes, at)) return false
        this.#readBlocks(bytes, blocksAt, count, ourSsrc)
      } else if (type === RTCP_TYPE.BYE) {
        if (4 + 4 * count > packetLength(bytes, at)) return false
        for (let i = 0; i < count; i++) if (uint32(bytes, at + 4 + 4 * i) === this.ssrc) this.isBye = true
      }
    }
    if (this.isSenderReport) this.ntpMiddle = uint32(bytes, 10)
    return true
  }

  #readBlocks(bytes: Uint8Array, at: number, count: number, ourSsrc: number): void {
    for (let i = 0; i < count; i++, at += BLOCK_LENGTH) {
      if (uint32(bytes, at) !== ourSsrc) continue
      this.hasBlock = true
      this.fractionLost = bytes[at + 4]!
      this.cumulativeLost = (uint32(bytes, at + 4) << 8) >> 8
      this.jitter = uint32(bytes, at + 12)
      this.lastReport = uint32(bytes, at + 16)
      this.sinceLastReport = uint32(bytes, at + 20)
    }
  }
}

/** The validity check of RFC 3550 appendix A.2: a report first, every version 2, lengths that add up. */
function isCompound(bytes: Uint8Array, length: number): boolean {
  if (length < RECEIVER_REPORT_LENGTH || length % 4 !== 0) return false
  const first = bytes[1]
  if (first !== RTCP_TYPE.SENDER_REPORT && first !== RTCP_TYPE.RECEIVER_REPORT) return false
  if (packetLength(bytes, 0) < (first === RTCP_TYPE.SENDER_REPORT ? SENDER_REPORT_LENGTH : RECEIVER_REPORT_LENGTH))
    return false
  for (let at = 0; at < length; ) {
    if (at + 4 > length || bytes[at]! >> 6 !== 2) return false
    const end = at + packetLength(bytes, at)
    // Only the last packet may be padded.
    if (end > length || ((bytes[at]! & 0x20) !== 0 && end !== length)) return false
    at = end
  }
  return true
}

function packetLength(bytes: Uint8Array, at: number): number {
  return 4 + 4 * ((bytes[at + 2]! << 8) | bytes[at + 3]!)
}

function uint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}

/** Octets before the first report block. */
export const SENDER_REPORT_LENGTH = 28
export const RECEIVER_REPORT_LENGTH = 8
export const BLOCK_LENGTH = 24
