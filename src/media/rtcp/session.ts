import { type Instant, type Random, token, utf8Encode } from '../../kit/index.ts'
import type { ReceiverStatistics } from '../rtp/receiver-statistics.ts'
import { RtcpCompound } from './packet.ts'
import { type ReportBlock, writeCompound } from './writer.ts'

/** What a session needs to know of the RTP stream that we send. */
export interface SentStream {
  readonly ssrc: number
  /** Since the beginning of the session, like the octets of payload. */
  readonly packetsSent: number
  readonly octetsSent: number
  /** How fast its RTP clock runs; 8 where it is left out. */
  readonly ticksPerMs?: number
  /** Hears which share of its packets the far end has lost since its report before. */
  expectLoss?(share: number): void
  /** The RTP timestamp of a media time. */
  timestampAt(mediaMs: number): number
}

/** What the far end last said of our stream. */
export interface FarEndReport {
  /** Packets of ours that it never received. */
  readonly packetsLost: number
  /** Interarrival jitter that it sees, in milliseconds. */
  readonly jitterMs: number
}

/** Where the reports of both ends are. */
export interface RtcpSessionState {
  readonly sent: number
  readonly received: number
  readonly roundTripMs: number | undefined
  readonly cname: Uint8Array
  readonly dueAt: Instant
  readonly hasFarEnd: boolean
  readonly farEndLost: number
  readonly farEndJitterMs: number
  readonly farEndLostBefore: number
  readonly packetsBefore: number
  readonly octetsBefore: number
  readonly packetsAtLast: number
  readonly packetsAtLastButOne: number
  readonly theirReport: number
  readonly theirReportAt: Instant
}

/**
 * RTCP between two parties (RFC 3550 section 6): when to report, what to say, and what the far end's reports mean.
 *
 * With two members the bandwidth share never asks for more than the minimum of 5 s between reports, so the interval
 * is that, randomized by half either way, and half of it before the first (section 6.2, 6.3.1). The clock of our NTP
 * times is the monotonic one, as section 4 allows.
 */
export class RtcpSession {
  /** Compound packets written and valid ones heard. */
  sent = 0
  received = 0
  /** Milliseconds there and back, without what the far end took to answer; `undefined` until it is known. */
  roundTripMs: number | undefined
  readonly #random: Random
  readonly #stream: SentStream
  readonly #heard: ReceiverStatistics
  #cname: Uint8Array
  readonly #compound = new RtcpCompound()
  #dueAt: Instant
  #hasFarEnd = false
  #farEndLost = 0
  #farEndJitterMs = 0
  /** Of sources of ours that are over. */
  #farEndLostBefore = 0
  #packetsBefore = 0
  #octetsBefore = 0
  #packetsAtLast = 0
  #packetsAtLastButOne = 0
  /** LSR of our next report block, and when that sender report came. */
  #theirReport = 0
  #theirReportAt: Instant = 0

  constructor(random: Random, stream: SentStream, heard: ReceiverStatistics, now: Instant) {
    this.#random = random
    this.#stream = stream
    this.#heard = heard
    // A name that says nothing and lasts as long as the session (RFC 7022 section 4.2).
    this.#cname = utf8Encode(token(random, CNAME_LENGTH))
    this.#dueAt = now + this.#interval(MIN_INTERVAL_MS / 2)
  }

  /** What another one goes on from, in another thread perhaps. */
  get state(): RtcpSessionState {
    return {
      sent: this.sent,
      received: this.received,
      roundTripMs: this.roundTripMs,
      cname: this.#cname,
      dueAt: this.#dueAt,
      hasFarEnd: this.#hasFarEnd,
      farEndLost: this.#farEndLost,
      farEndJitterMs: this.#farEndJitterMs,
      farEndLostBefore: this.#farEndLostBefore,
      packetsBefore: this.#packetsBefore,
      octetsBefore: this.#octetsBefore,
      packetsAtLast: this.#packetsAtLast,
      packetsAtLastButOne: this.#packetsAtLastButOne,
      theirReport: this.#theirReport,
      theirReportAt: this.#theirReportAt,
    }
  }

  set state(state: RtcpSessionState) {
    this.sent = state.sent
    this.received = state.received
    this.roundTripMs = state.roundTripMs
    this.#cname = state.cname
    this.#dueAt = state.dueAt
    this.#hasFarEnd = state.hasFarEnd
    this.#farEndLost = state.farEndLost
    this.#farEndJitterMs = state.farEndJitterMs
    this.#farEndLostBefore = state.farEndLostBefore
    this.#packetsBefore = state.packetsBefore
    this.#octetsBefore = state.octetsBefore
    this.#packetsAtLast = state.packetsAtLast
    this.#packetsAtLastButOne = state.packetsAtLastButOne
    this.#theirReport = state.theirReport
    this.#theirReportAt = state.theirReportAt
  }

  /** `undefined` until it has said something of our stream. */
  get farEnd(): FarEndReport | undefined {
    if (!this.#hasFarEnd) return undefined
    return { packetsLost: this.#farEndLostBefore + this.#farEndLost, jitterMs: this.#farEndJitterMs }
  }

  /** When the next report is to be written. */
  get dueAt(): Instant {
    return this.#dueAt
  }

  isDue(now: Instant): boolean {
    return now >= this.#dueAt
  }

  /** Lets an interval pass without a report: there is nowhere to send it to. */
  postpone(now: Instant): void {
    this.#dueAt = now + this.#interval(MIN_INTERVAL_MS)
  }

  /** What is sent from now on has another SSRC: reports count from here (RFC 3550 section 6.4.1). */
  endSource(): void {
    this.#packetsBefore = this.#stream.packetsSent
    this.#octetsBefore = this.#stream.octetsSent
    this.#packetsAtLast = this.#packetsBefore
    this.#packetsAtLastButOne = this.#packetsBefore
    this.#farEndLostBefore += this.#farEndLost
    this.#farEndLost = 0
  }

  /**
   * Writes a report into `into`, which must have 120 octets, and returns its length.
   * @param isBye the last one: says BYE too
   */
  writeInto(into: Uint8Array, mediaMs: number, now: Instant, isBye = false): number {
    const { ssrc, packetsSent, octetsSent } = this.#stream
    const sends = packetsSent > this.#packetsAtLastButOne
    this.#packetsAtLastButOne = this.#packetsAtLast
    this.#packetsAtLast = packetsSent
    this.postpone(now)
    this.sent++
    const sender = sends
      ? {
          ntpSeconds: Math.floor(now / 1000),
          ntpFraction: Math.floor((now % 1000) * FRACTIONS_PER_MS),
          rtpTimestamp: this.#stream.timestampAt(mediaMs),
          packets: packetsSent - this.#packetsBefore,
          octets: octetsSent - this.#octetsBefore,
        }
      : undefined
    return writeCompound(into, ssrc, this.#cname, sender, this.#block(now), isBye)
  }

  /**
   * Takes a datagram of the far end; false when it is no RTCP.
   * @param isStale it came nobody knows when, so it tells nothing about time
   */
  take(bytes: Uint8Array, length: number, now: Instant, isStale = false): boolean {
    const report = this.#compound
    if (!report.parse(bytes, length, this.#stream.ssrc)) return false
    this.received++
    if (report.isSenderReport && !isStale) {
      this.#theirReport = report.ntpMiddle
      this.#theirReportAt = now
    }
    if (report.hasBlock) {
      this.#hasFarEnd = true
      this.#farEndLost = Math.max(0, report.cumulativeLost)
      this.#farEndJitterMs = report.jitter / (this.#stream.ticksPerMs ?? 8)
      this.#stream.expectLoss?.(report.fractionLost / 256)
      if (!isStale) this.#measureRoundTrip(now)
    }
    return true
  }

  /** Section 6.4.1: A - LSR - DLSR. What cannot be is not believed. */
  #measureRoundTrip(now: Instant): void {
    const { lastReport, sinceLastReport } = this.#compound
    if (lastReport === 0) return
    const units = (middleOf(now) - lastReport - sinceLastReport) | 0
    // A far end that rounds its delay up would make it negative.
    if (units < -UNITS_OF_10_MS || units > MAX_ROUND_TRIP) return
    this.roundTripMs = (Math.max(0, units) * 1000) / 65_536
  }

  #block(now: Instant): ReportBlock | undefined {
    const report = this.#heard.report()
    if (report === undefined) return undefined
    const hasReport = this.#theirReportAt > 0
    return {
      ...report,
      lastReport: hasReport ? this.#theirReport : 0,
      sinceLastReport: hasReport ? Math.round(((now - this.#theirReportAt) * 65_536) / 1000) : 0,
    }
  }

  #interval(baseMs: number): number {
    return (baseMs * (0.5 + this.#random.uint32() / 2 ** 32)) / COMPENSATION
  }
}

/** The middle 32 bits of an NTP time: 16 of the seconds, 16 of the fraction. */
function middleOf(now: Instant): number {
  return Math.floor((now * 65_536) / 1000) % 2 ** 32
}

const MIN_INTERVAL_MS = 5000
/** e - 3/2: makes up for the randomization, which would come too early on average (section 6.3.1). */
const COMPENSATION = 1.21828
const FRACTIONS_PER_MS = 2 ** 32 / 1000
const MAX_ROUND_TRIP = 10 * 65_536
const UNITS_OF_10_MS = 655
/** 120 bits. */
const CNAME_LENGTH = 24
