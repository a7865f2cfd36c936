import { add16, add32, diff16, diff32 } from '../../kit/index.ts'
import type { RtpPacket } from './packet.ts'
import type { RtpSender } from './sender.ts'

/**
 * Splices a received stream into one that we send, as a translator does (RFC 3550 section 7.1): the far end sees one
 * SSRC of ours, whose numbers go on from what we sent before. Gaps and order of the received numbers are kept, so
 * that the far end's jitter buffer and statistics see what was really lost; so is the distance of the timestamps.
 *
 * A new SSRC or a leap of the numbers is spliced on at the present media time.
 */
export class StreamSplice {
  /** Numbers of ours for the packet last taken; the timestamp is signed, as all that is kept per packet. */
  sequence = 0
  timestamp = 0
  /** Whether the packet last taken is the first of a splice. */
  isFirst = false
  #isBegun = false
  #ssrc = 0
  #highest = 0
  /** Numbers from the first of this splice to the highest: an older packet would run into what we sent before. */
  #reach = 0
  #sequenceOffset = 0
  #timestampOffset = 0

  /** The next packet is spliced on anew. */
  reset(): void {
    this.#isBegun = false
  }

  /** Reads a little of it, see {@link Touch}. */
  touch(): number {
    return this.#reach
  }

  /** Finds the numbers for a packet; false when it comes too late to have one. */
  take(packet: RtpPacket, sender: RtpSender, mediaMs: number): boolean {
    const step = diff16(packet.sequence, this.#highest)
    this.isFirst = !this.#isBegun || (packet.ssrc | 0) !== this.#ssrc || Math.abs(step) > MAX_LEAP
    if (this.isFirst) this.#begin(packet, sender, mediaMs)
    else if (step > 0) {
      this.#highest = packet.sequence
      this.#reach += step
    } else if (-step > Math.min(this.#reach, MAX_REORDER)) return false
    this.sequence = add16(packet.sequence, this.#sequenceOffset)
    this.timestamp = (packet.timestamp + this.#timestampOffset) | 0
    return true
  }

  #begin(packet: RtpPacket, sender: RtpSender, mediaMs: number): void {
    sender.catchUp(mediaMs)
    this.#isBegun = true
    this.#ssrc = packet.ssrc | 0
    this.#highest = packet.sequence
    this.#reach = 0
    this.#sequenceOffset = sender.nextSequence - packet.sequence
    this.#timestampOffset = (sender.timestampAt(mediaMs) - packet.timestamp) | 0
  }
}

/**
 * Splices only the telephone events of a received stream (RFC 4733) into one whose audio is our own: numbers follow
 * ours, and all packets of an event keep one timestamp, near the time at which it began.
 */
export class EventSplice {
  /** The timestamp of ours for the packet last taken. */
  timestamp = 0
  #ssrc = -1
  #sequence = 0
  #eventTimestamp = 0
  #ratio = 1

  /** @param ratio how much faster our clock runs than the received stream's */
  reset(ratio: number = 1): void {
    this.#ssrc = -1
    this.#ratio = ratio
  }

  /** Finds the timestamp for a packet of an event; false for one that comes twice or after a newer one. */
  take(packet: RtpPacket, sender: RtpSender, mediaMs: number): boolean {
    const known = packet.ssrc === this.#ssrc
    const step = diff16(packet.sequence, this.#sequence)
    if (known && step <= 0 && step >= -MAX_REORDER) return false
    if (!known || packet.timestamp !== this.#eventTimestamp) this.#beginEvent(packet, sender, mediaMs, known)
    this.#ssrc = packet.ssrc
    this.#sequence = packet.sequence
    return true
  }

  /** The distance between two events is kept as long as the clocks of the far end and of ours agree well enough. */
  #beginEvent(packet: RtpPacket, sender: RtpSender, mediaMs: number, known: boolean): void {
    const present = sender.timestampAt(mediaMs)
    const since = Math.round(diff32(packet.timestamp, this.#eventTimestamp) * this.#ratio)
    const proposed = add32(this.timestamp, since)
    const isCredible = known && Math.abs(diff32(proposed, present)) <= MAX_EVENT_SHIFT_MS * sender.ticksPerMs
    this.timestamp = isCredible ? proposed : present
    this.#eventTimestamp = packet.timestamp
  }
}

/** MAX_DROPOUT of RFC 3550 appendix A.1: a longer leap is a restarted sender. */
const MAX_LEAP = 3000
/** A packet that this many others have overtaken is of use to nobody. */
const MAX_REORDER = 64
const MAX_EVENT_SHIFT_MS = 400
