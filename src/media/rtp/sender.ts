import { add16, add32, diff16, diff32, type Random } from '../../kit/index.ts'
import { RTP_HEADER_LENGTH, writeRtpHeader } from './packet.ts'

/** Where an outgoing stream is. */
export interface RtpSenderState {
  readonly ticksPerMs: number
  readonly ssrc: number
  readonly timestampBase: number
  readonly lastTimestamp: number
  readonly sequence: number
  readonly hasSent: boolean
}

/**
 * The state of one outgoing RTP stream (RFC 3550 section 5.1): SSRC, first sequence number and first timestamp are
 * random. The timestamp follows the stream's media time and not the packets sent, so pauses and skipped slots show
 * up as what they are.
 */
export class RtpSender {
  /** How fast the RTP clock runs. */
  ticksPerMs = 8
  /** All three signed: larger numbers would be objects of their own, made anew for each packet. */
  #ssrc = 0
  #timestampBase = 0
  #lastTimestamp = 0
  #sequence = 0
  #hasSent = false
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
    this.#begin()
  }

  #begin(): void {
    this.#ssrc = this.#random.uint32() | 0
    this.#timestampBase = this.#random.uint32() | 0
    this.#lastTimestamp = this.#timestampBase
    this.#sequence = this.#random.uint32() & 0xffff
    this.#hasSent = false
  }

  /** What another one goes on from, in another thread perhaps. */
  get state(): RtpSenderState {
    return {
      ticksPerMs: this.ticksPerMs,
      ssrc: this.#ssrc,
      timestampBase: this.#timestampBase,
      lastTimestamp: this.#lastTimestamp,
      sequence: this.#sequence,
      hasSent: this.#hasSent,
    }
  }

  set state(state: RtpSenderState) {
    this.ticksPerMs = state.ticksPerMs
    this.#ssrc = state.ssrc
    this.#timestampBase = state.timestampBase
    this.#lastTimestamp = state.lastTimestamp
    this.#sequence = state.sequence
    this.#hasSent = state.hasSent
  }

  get ssrc(): number {
    return this.#ssrc >>> 0
  }

  /** The sequence number of the next packet. */
  get nextSequence(): number {
    return this.#sequence
  }

  /** Whether {@link useClock} would make another source of the stream. */
  isOtherClock(clockRateHz: number): boolean {
    return this.#hasSent && clockRateHz !== this.ticksPerMs * 1000
  }

  /**
   * Sets how fast the RTP clock runs, at first 8 kHz. A stream that has begun is another source from then on, with an
   * SSRC and numbers of its own: reports tell nothing of a clock that changes (RFC 7160 section 4).
   */
  useClock(clockRateHz: number): void {
    if (this.isOtherClock(clockRateHz)) this.#begin()
    this.ticksPerMs = clockRateHz / 1000
  }

  /** The RTP timestamp of `mediaMs` milliseconds of media time. */
  timestampAt(mediaMs: number): number {
    return add32(this.#timestampBase, mediaMs * this.ticksPerMs)
  }

  /**
   * Forwarded packets keep the time of whoever sent them, whose clock may run faster than ours: moves our media time
   * on until `mediaMs` is later than everything sent.
   */
  catchUp(mediaMs: number): void {
    const ahead = diff32(this.#lastTimestamp, this.timestampAt(mediaMs))
    if (ahead > 0) this.#timestampBase = (this.#timestampBase + ahead + FRAME_MS * this.ticksPerMs) | 0
  }

  /** Reads a little of it, see {@link Touch}. */
  touch(): number {
    return this.#sequence
  }

  /** Writes the header of the next packet before its payload and returns the whole packet's length. */
  finish(into: Uint8Array, marker: boolean, payloadType: number, timestamp: number, payloadLength: number): number {
    return this.finishAs(into, marker, payloadType, this.#sequence, timestamp, payloadLength)
  }

  /** The same under a number of the caller's choice, for forwarded packets; the next number is one above the highest. */
  finishAs(
    into: Uint8Array,
    marker: boolean,
    payloadType: number,
    sequence: number,
    timestamp: number,
    payloadLength: number,
  ): number {
    writeRtpHeader(into, marker, payloadType, sequence, timestamp, this.#ssrc)
    if (diff16(sequence, this.#sequence) >= 0) this.#sequence = add16(sequence, 1)
    this.#lastTimestamp = timestamp | 0
    this.#hasSent = true
    return RTP_HEADER_LENGTH + payloadLength
  }
}

const FRAME_MS = 20
