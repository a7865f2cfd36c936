import type { ReceptionReport } from '../rtp/receiver-statistics.ts'
import { BLOCK_LENGTH, RECEIVER_REPORT_LENGTH, RTCP_TYPE, SENDER_REPORT_LENGTH } from './packet.ts'

/** What a sender says of its stream (RFC 3550 section 6.4.1). */
export interface SenderInfo {
  /** The same instant on two clocks: NTP seconds and fraction, and the RTP timestamp. */
  readonly ntpSeconds: number
  readonly ntpFraction: number
  readonly rtpTimestamp: number
  readonly packets: number
  readonly octets: number
}

/** What a receiver says of the stream it hears, and which sender report it heard last (RFC 3550 section 6.4.1). */
export interface ReportBlock extends ReceptionReport {
  readonly lastReport: number
  /** In 1/65536 s. */
  readonly sinceLastReport: number
}

/**
 * Writes a compound packet: SR or RR, SDES with the CNAME, and BYE at the end of a session (RFC 3550 section 6.1).
 * Returns its length, at most 120 octets with a CNAME of 24.
 * @param sender absent when nothing was sent since the last report but one: then it is a receiver report
 */
export function writeCompound(
  into: Uint8Array,
  ssrc: number,
  cname: Uint8Array,
  sender: SenderInfo | undefined,
  block: ReportBlock | undefined,
  isBye: boolean,
): number {
  const view = new DataView(into.buffer, into.byteOffset, into.byteLength)
  const blocksAt = sender === undefined ? RECEIVER_REPORT_LENGTH : SENDER_REPORT_LENGTH
  let end = blocksAt + (block === undefined ? 0 : BLOCK_LENGTH)
  const type = sender === undefined ? RTCP_TYPE.RECEIVER_REPORT : RTCP_TYPE.SENDER_REPORT
  writeHeader(view, 0, block === undefined ? 0 : 1, type, end)
  view.setUint32(4, ssrc)
  if (sender !== undefined) {
    view.setUint32(8, sender.ntpSeconds)
    view.setUint32(12, sender.ntpFraction)
    view.setUint32(16, sender.rtpTimestamp)
    view.setUint32(20, sender.packets)
    view.setUint32(24, sender.octets)
  }
  if (block !== undefined) writeBlock(view, blocksAt, block)
  end = writeSourceDescription(view, into, end, ssrc, cname)
  if (!isBye) return end
  writeHeader(view, end, 1, RTCP_TYPE.BYE, 8)
  view.setUint32(end + 4, ssrc)
  return end + 8
}

function writeBlock(view: DataView, at: number, block: ReportBlock): void {
  view.setUint32(at, block.ssrc)
  // 24 bits, signed, after 8 bits of the fraction.
  view.setUint32(at + 4, (block.fractionLost << 24) | (Math.min(block.cumulativeLost, 0x7fffff) & 0xffffff))
  view.setUint32(at + 8, block.highestSequence)
  view.setUint32(at + 12, block.jitter)
  view.setUint32(at + 16, block.lastReport)
  view.setUint32(at + 20, block.sinceLastReport)
}

/** One chunk with one item, ended by one to four null octets that fill the word (section 6.5). */
function writeSourceDescription(view: DataView, into: Uint8Array, at: number, ssrc: number, cname: Uint8Array): number {
  const itemEnd = 8 + 2 + cname.length
  const length = (itemEnd + 4) & ~3
  writeHeader(view, at, 1, RTCP_TYPE.SOURCE_DESCRIPTION, length)
  view.setUint32(at + 4, ssrc)
  into[at + 8] = CNAME_ITEM
  into[at + 9] = cname.length
  into.set(cname, at + 10)
  into.fill(0, at + itemEnd, at + length)
  return at + length
}

function writeHeader(view: DataView, at: number, count: number, type: number, length: number): void {
  view.setUint8(at, 0x80 | count)
  view.setUint8(at + 1, type)
  view.setUint16(at + 2, length / 4 - 1)
}

const CNAME_ITEM = 1
