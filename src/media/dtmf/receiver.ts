import { diff16, diff32, type Instant } from '../../kit/index.ts'
import type { RtpPacket } from '../rtp/packet.ts'
import { digitOfEvent } from './digits.ts'
import { EVENT_PAYLOAD_LENGTH } from './event-payload.ts'

/** The latest press. */
export interface DtmfReceiverState {
  readonly event: number
  readonly timestamp: number
  readonly duration: number
  readonly ended: boolean
  readonly sequence: number
  readonly lastAt: Instant
  readonly ssrc: number
}

/**
 * Telephone events to digits (RFC 4733 section 2.5.2): one digit per press, said at the first packet of the press
 * that arrives. The marker, the first updates and all end packets may be lost, packets may come twice or in another
 * order, and one press may come under several timestamps: the segments of a long key (section 2.5.1.3), and gateways
 * that stamp every packet with its own time.
 *
 * What tells two presses of the same key apart is therefore the pause between them on the RTP clock, or a marker
 * once the first one has ended. Another source has another clock: whatever it says begins a press.
 */
export class DtmfReceiver {
  #event = NO_EVENT
  #timestamp = 0
  #duration = 0
  #ended = false
  #sequence = 0
  #lastAt: Instant = 0
  /** Signed: larger numbers would be objects. */
  #ssrc = 0
  #minPause = MIN_PAUSE_MS * 8

  /** What another one goes on from, in another thread perhaps. */
  get state(): DtmfReceiverState {
    return {
      event: this.#event,
      timestamp: this.#timestamp,
      duration: this.#duration,
      ended: this.#ended,
      sequence: this.#sequence,
      lastAt: this.#lastAt,
      ssrc: this.#ssrc,
    }
  }

  set state(state: DtmfReceiverState) {
    this.#event = state.event
    this.#timestamp = state.timestamp
    this.#duration = state.duration
    this.#ended = state.ended
    this.#sequence = state.sequence
    this.#lastAt = state.lastAt
    this.#ssrc = state.ssrc
  }

  /** Sets the clock of the events' durations, at first 8 kHz. */
  useClock(clockRateHz: number): void {
    this.#minPause = (MIN_PAUSE_MS * clockRateHz) / 1000
  }

  /** The RTP timestamp of the latest press, which may still be down; `undefined` before the first. */
  get latestTimestamp(): number | undefined {
    return this.#event === NO_EVENT ? undefined : this.#timestamp
  }

  /** The key of the latest press; '' before the first. */
  get latestKey(): string {
    return this.#event === NO_EVENT ? '' : digitOfEvent(this.#event)!
  }

  /** Takes one packet of the telephone-event payload type; returns the digit when a press begins with it. */
  take(packet: RtpPacket, now: Instant): string | undefined {
    if (packet.payloadLength < EVENT_PAYLOAD_LENGTH) return undefined
    const at = packet.payloadOffset
    const event = packet.bytes[at]!
    const digit = digitOfEvent(event)
    if (digit === undefined) return undefined
    const duration = (packet.bytes[at + 2]! << 8) | packet.bytes[at + 3]!
    const ssrc = packet.ssrc | 0
    const known = this.#event !== NO_EVENT && ssrc === this.#ssrc && now - this.#lastAt < FORGET_AFTER_MS
    if (known && this.#isOld(packet)) return undefined
    const isEnd = (packet.bytes[at + 1]! & 0x80) !== 0
    const begins = !known || event !== this.#event || (this.#ended && !isEnd) || this.#isNewPress(packet)
    // The end that a new timestamp does not repeat stays an end: only a new press takes it back.
    this.#ended = isEnd || (this.#ended && !begins)
    this.#ssrc = ssrc
    this.#event = event
    this.#timestamp = packet.timestamp
    this.#duration = duration
    this.#sequence = packet.sequence
    this.#lastAt = now
    return begins ? digit : undefined
  }

  /** A copy, or a packet overtaken by one that was heard already. A far leap is a restarted stream instead. */
  #isOld(packet: RtpPacket): boolean {
    const step = diff16(packet.sequence, this.#sequence)
    return step <= 0 && step > -MAX_REORDER
  }

  /** For another packet of the same event, later in the stream. */
  #isNewPress(packet: RtpPacket): boolean {
    const sinceStart = diff32(packet.timestamp, this.#timestamp)
    if (sinceStart === 0) return this.#ended && packet.marker
    const pause = sinceStart - this.#duration
    if (this.#ended) return packet.marker || pause >= this.#minPause || sinceStart < 0
    return pause >= this.#minPause || (packet.marker && pause > 0)
  }
}

const NO_EVENT = -1
/** The shortest pause between two presses (ITU-T Q.24). */
const MIN_PAUSE_MS = 40
const MAX_REORDER = 100
/** After so long without a packet nothing of a press is still under way. */
const FORGET_AFTER_MS = 2000
