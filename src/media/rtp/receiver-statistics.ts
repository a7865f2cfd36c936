import { diff16, type Instant } from '../../kit/index.ts'
import { ClockDrift, type ClockDriftState } from './clock-drift.ts'
import type { RtpPacket } from './packet.ts'

/** What a receiver tells the sender of a stream; the units are those of the wire. */
export interface ReceptionReport {
  readonly ssrc: number
  /** Of the packets expected since the last report, in 1/256. */
  readonly fractionLost: number
  /** Since the source began; negative when duplicates hide losses. */
  readonly cumulativeLost: number
  /** Counted on through the wraps of the sequence number. */
  readonly highestSequence: number
  /** In timestamp units. */
  readonly jitter: number
}

/** What was counted of a stream so far. */
export interface ReceiverStatisticsState {
  readonly received: number
  readonly ticksPerMs: number
  readonly ssrc: number
  readonly highest: number
  readonly highestSequence: number
  readonly receivedOfRun: number
  readonly lastTransit: number
  readonly leastTransit: number
  readonly scaledJitter: number
  readonly firstSequence: number
  readonly lostBefore: number
  readonly expectedAtReport: number
  readonly receivedAtReport: number
  readonly drift: ClockDriftState
}

/**
 * What a receiver reports of a stream (RFC 3550 section 6.4.1 and appendix A.3, A.8): packets received, packets
 * lost, interarrival jitter. A change of SSRC, or a leap of the sequence number, begins a new count and keeps the
 * old one in the totals.
 *
 * Arrival is the instant at which the sweep found the packet, so jitter below the sweep's 20 ms is partly our own.
 */
export class ReceiverStatistics {
  /** Packets taken, duplicates included. */
  received = 0
  /** Whether the packet last taken had been on its way for half a tick longer than others before it. */
  cameLate = false
  // What each packet needs stands together: of a thousand legs, the processor's cache holds little.
  #ticksPerMs = 8
  /** Signed, as all that is kept per packet: larger numbers would be objects. */
  #ssrc = 0
  /** The highest sequence number so far, counted on through its wraps. */
  #highest = 0
  #highestSequence = 0
  #receivedOfRun = 0
  /** Arrival less timestamp, in timestamp units, modulo 2^32. */
  #lastTransit = 0
  /** Since the drift was told of one. */
  #leastTransit = 0
  /** In 1/16 of a timestamp unit, as in RFC 3550 appendix A.8: a whole number needs no object of its own. */
  #scaledJitter = 0
  #firstSequence = 0
  #lostBefore = 0
  /** Expected and received of this run when the last report was made. */
  #expectedAtReport = 0
  #receivedAtReport = 0
  readonly #drift = new ClockDrift()

  /** Sequence numbers that were never seen. Duplicates can hide losses, never make it negative. */
  get lost(): number {
    return this.#lostBefore + this.#lostOfRun()
  }

  /** Interarrival jitter in milliseconds. */
  get jitterMs(): number {
    return this.#scaledJitter / 16 / this.#ticksPerMs
  }

  /** See {@link ClockDrift.ppm}. */
  get driftPpm(): number | undefined {
    return this.#drift.ppm
  }

  /** What another one goes on from, in another thread perhaps. */
  get state(): ReceiverStatisticsState {
    return {
      received: this.received,
      ticksPerMs: this.#ticksPerMs,
      ssrc: this.#ssrc,
      highest: this.#highest,
      highestSequence: this.#highestSequence,
      receivedOfRun: this.#receivedOfRun,
      lastTransit: this.#lastTransit,
      leastTransit: this.#leastTransit,
      scaledJitter: this.#scaledJitter,
      firstSequence: this.#firstSequence,
      lostBefore: this.#lostBefore,
      expectedAtReport: this.#expectedAtReport,
      receivedAtReport: this.#receivedAtReport,
      drift: this.#drift.state,
    }
  }

  set state(state: ReceiverStatisticsState) {
    this.received = state.received
    this.#ticksPerMs = state.ticksPerMs
    this.#ssrc = state.ssrc
    this.#highest = state.highest
    this.#highestSequence = state.highestSequence
    this.#receivedOfRun = state.receivedOfRun
    this.#lastTransit = state.lastTransit
    this.#leastTransit = state.leastTransit
    this.#scaledJitter = state.scaledJitter
    this.#firstSequence = state.firstSequence
    this.#lostBefore = state.lostBefore
    this.#expectedAtReport = state.expectedAtReport
    this.#receivedAtReport = state.receivedAtReport
    this.#drift.state = state.drift
  }

  /** Sets how fast the sender's RTP clock runs, at first 8 kHz. Another clock begins a new count, as another SSRC does. */
  useClock(clockRateHz: number): void {
    if (clockRateHz === this.#ticksPerMs * 1000) return
    this.#scaledJitter = Math.round((this.#scaledJitter * clockRateHz) / (this.#ticksPerMs * 1000))
    this.#ticksPerMs = clockRateHz / 1000
    this.#lostBefore += this.#lostOfRun()
    this.#receivedOfRun = 0
  }

  /** What a report block says of the present source (RFC 3550 appendix A.3); `undefined` before the first packet. */
  report(): ReceptionReport | undefined {
    if (this.#receivedOfRun === 0) return undefined
    const expected = this.#highest - this.#firstSequence + 1
    const expectedSince = expected - this.#expectedAtReport
    const lostSince = expectedSince - (this.#receivedOfRun - this.#receivedAtReport)
    this.#expectedAtReport = expected
    this.#receivedAtReport = this.#receivedOfRun
    return {
      ssrc: this.#ssrc >>> 0,
      fractionLost: lostSince <= 0 ? 0 : Math.min(255, Math.floor((256 * lostSince) / expectedSince)),
      cumulativeLost: expected - this.#receivedOfRun,
      highestSequence: this.#highest >>> 0,
      jitter: this.#scaledJitter >> 4,
    }
  }

  /** Reads a little of it, see {@link Touch}. */
  touch(): number {
    return this.received ^ this.#scaledJitter
  }

  take(packet: RtpPacket, now: Instant): void {
    this.received++
    const transit = (Math.round(now * this.#ticksPerMs) - packet.timestamp) | 0
    const step = this.#receivedOfRun === 0 ? 0 : diff16(packet.sequence, this.#highestSequence)
    if (this.#receivedOfRun === 0 || (packet.ssrc | 0) !== this.#ssrc || Math.abs(step) > MAX_LEAP) {
      this.#beginRun(packet, transit)
      this.#leastTransit = transit
      this.#drift.begin(transit, now, this.#ticksPerMs)
      this.cameLate = false
      return
    }
    this.#receivedOfRun++
    this.cameLate = ((transit - this.#leastTransit) | 0) > LATE_MS * this.#ticksPerMs
    this.#noteDrift(transit, now)
    if (step > 0) {
      this.#highest += step
      this.#highestSequence = packet.sequence
    } else if (this.#highest + step < this.#firstSequence) this.#firstSequence = this.#highest + step
    const difference = Math.min(Math.abs((transit - this.#lastTransit) | 0), MAX_DIFFERENCE)
    this.#lastTransit = transit
    this.#scaledJitter += difference - ((this.#scaledJitter + 8) >> 4)
  }

  /** Only the fastest packets say something of the clock: of each many, the fastest is told of. */
  #noteDrift(transit: number, now: Instant): void {
    if (((transit - this.#leastTransit) | 0) < 0) this.#leastTransit = transit
    if ((this.#receivedOfRun & (PACKETS_PER_NOTE - 1)) !== 0) return
    this.#drift.note(this.#leastTransit, now)
    this.#leastTransit = transit
  }

  #beginRun(packet: RtpPacket, transit: number): void {
    this.#lostBefore += this.#lostOfRun()
    this.#ssrc = packet.ssrc | 0
    this.#firstSequence = packet.sequence
    this.#highest = packet.sequence
    this.#highestSequence = packet.sequence
    this.#receivedOfRun = 1
    this.#lastTransit = transit
    this.#expectedAtReport = 0
    this.#receivedAtReport = 0
  }

  #lostOfRun(): number {
    if (this.#receivedOfRun === 0) return 0
    return Math.max(0, this.#highest - this.#firstSequence + 1 - this.#receivedOfRun)
  }
}

/** MAX_DROPOUT of RFC 3550 appendix A.1: a longer leap is a restarted sender, not one minute of loss. */
const MAX_LEAP = 3000
const LATE_MS = 10
/** A power of two; a second and a quarter of packets. */
const PACKETS_PER_NOTE = 64
/** More is a clock that leapt; 2^20 units of it, two minutes, can be scaled and summed within 31 bits. */
const MAX_DIFFERENCE = 2 ** 20
