import { add16, add32, diff16, diff32 } from '../../kit/index.ts'
import { MAX_PAYLOAD, type RtpPacket } from '../rtp/packet.ts'
import type { JitterBuffer, JitterCounts, Playout } from './jitter-buffer.ts'

export interface ShortJitterBufferOptions {
  /** How long the first packet waits. Default 40 ms. */
  readonly depthMs?: number
  /** How much more than that packets may come to wait when the network asks for it. Default 80 ms. */
  readonly maxGrowthMs?: number
}

/**
 * A jitter buffer for lines that are mostly good, on an 8 kHz clock.
 *
 * The first packet waits `depthMs`; from then on each packet has its place on the RTP clock. One that comes after its
 * turn, before anything newer was played, moves the playout point back to it at once (one gap, then peace). When for
 * five seconds every packet came earlier than it had to, the playout point moves forward by 20 ms, which also
 * follows a sender whose clock is fast. A new SSRC, a leap, or a second of nothing begins anew.
 */
export class ShortJitterBuffer implements JitterBuffer {
  readonly counts: JitterCounts = { late: 0, duplicates: 0, grown: 0, shrunk: 0, restarts: 0, underruns: 0 }
  readonly #depth: number
  readonly #maxGrowth: number
  readonly #payloads: Uint8Array = new Uint8Array(SLOTS * MAX_PAYLOAD)
  /** Per slot: its sequence number or -1, its first timestamp, and how much it holds. */
  readonly #sequences: Int32Array = new Int32Array(SLOTS).fill(-1)
  readonly #timestamps: Uint32Array = new Uint32Array(SLOTS)
  readonly #lengths: Uint16Array = new Uint16Array(SLOTS)
  readonly #samples: Uint16Array = new Uint16Array(SLOTS)
  #begun = false
  #ssrc = 0
  #playout = 0
  /** The sequence number that follows the packet played last. */
  #next = 0
  #highest = 0
  #grownBy = 0
  #lateInRow = 0
  #silentFor = 0
  #leastSlack = 0
  #slackSeen = 0

  constructor(options: ShortJitterBufferOptions = {}) {
    this.#depth = (options.depthMs ?? 40) * 8
    this.#maxGrowth = (options.maxGrowthMs ?? 80) * 8
  }

  put(packet: RtpPacket, samples: number): void {
    if (packet.payloadLength > MAX_PAYLOAD || samples === 0) return
    if (!this.#begun) this.#begin(packet)
    else if (this.#isAnotherStream(packet)) {
      this.counts.restarts++
      this.#begin(packet)
    } else if (diff32(add32(packet.timestamp, samples), this.#playout) <= 0 && !this.#makeRoomFor(packet)) {
      this.counts.late++
      return
    }
    this.#lateInRow = 0
    this.#store(packet, samples)
  }

  take(into: Playout): void {
    if (!this.#begun) {
      this.#gap(into, 'waiting', FRAME)
      return
    }
    const slot = this.#findNext()
    if (slot < 0) {
      this.#takeNothing(into)
      return
    }
    this.#silentFor = 0
    const ahead = diff32(this.#timestamps[slot]!, this.#playout)
    if (ahead > 0) {
      // With the very next number in hand nothing is lost: the sender said nothing for a while.
      const kind = this.#sequences[slot] === this.#next ? 'waiting' : 'missing'
      this.#gap(into, kind, Math.min(ahead, FRAME))
      return
    }
    into.kind = 'packet'
    into.bytes = this.#payloads
    into.offset = slot * MAX_PAYLOAD
    into.length = this.#lengths[slot]!
    into.samples = this.#samples[slot]!
    this.#next = add16(this.#sequences[slot]!, 1)
    this.#playout = add32(this.#timestamps[slot]!, into.samples)
    this.#sequences[slot] = -1
  }

  reset(): void {
    this.#begun = false
    this.#sequences.fill(-1)
  }

  #begin(packet: RtpPacket): void {
    this.#sequences.fill(-1)
    this.#begun = true
    this.#ssrc = packet.ssrc
    this.#next = packet.sequence
    this.#highest = packet.sequence
    this.#playout = add32(packet.timestamp, -this.#depth)
    this.#grownBy = 0
    this.#lateInRow = 0
    this.#silentFor = 0
    this.#forgetSlack()
  }

  #isAnotherStream(packet: RtpPacket): boolean {
    if (packet.ssrc !== this.#ssrc) return true
    if (Math.abs(diff16(packet.sequence, this.#highest)) >= MAX_LEAP) return true
    const ahead = diff32(packet.timestamp, this.#playout)
    return ahead > MAX_AHEAD || ahead < -MAX_BEHIND
  }

  /** For a packet whose turn is over. True when the playout point could be moved back to it. */
  #makeRoomFor(packet: RtpPacket): boolean {
    if (diff16(packet.sequence, this.#next) < 0) return false
    const late = diff32(this.#playout, packet.timestamp)
    if (this.#grownBy + late <= this.#maxGrowth) {
      this.#grownBy += late
      this.#playout = packet.timestamp
      this.counts.grown++
      this.#forgetSlack()
      return true
    }
    // Late again and again, with nothing else to play: the path has become longer for good.
    if (++this.#lateInRow < RESTART_AFTER_LATE || this.#findNext() >= 0) return false
    this.counts.restarts++
    this.#begin(packet)
    return true
  }

  #store(packet: RtpPacket, samples: number): void {
    const slot = packet.sequence & (SLOTS - 1)
    if (this.#sequences[slot] === packet.sequence) {
      this.counts.duplicates++
      return
    }
    this.#sequences[slot] = packet.sequence
    this.#timestamps[slot] = packet.timestamp
    this.#lengths[slot] = packet.payloadLength
    this.#samples[slot] = samples
    // Copied by hand: a view for set() would be one more object per packet.
    for (let i = 0, to = slot * MAX_PAYLOAD, from = packet.payloadOffset; i < packet.payloadLength; i++)
      this.#payloads[to + i] = packet.bytes[from + i]!
    if (diff16(packet.sequence, this.#highest) > 0) this.#highest = packet.sequence
    if (diff16(packet.sequence, this.#next) < 0) this.#next = packet.sequence
    this.#noteSlack(diff32(packet.timestamp, this.#playout))
  }

  /** The slot of the first packet that is not over yet, or -1. Those before it are freed. */
  #findNext(): number {
    for (let sequence = this.#next; diff16(sequence, this.#highest) <= 0; sequence = add16(sequence, 1)) {
      const slot = sequence & (SLOTS - 1)
      if (this.#sequences[slot] !== sequence) continue
      if (diff32(add32(this.#timestamps[slot]!, this.#samples[slot]!), this.#playout) > 0) return slot
      this.#sequences[slot] = -1
      this.#next = add16(sequence, 1)
    }
    return -1
  }

  #takeNothing(into: Playout): void {
    this.#silentFor += FRAME
    if (this.#silentFor > FORGET_AFTER) {
      this.reset()
      this.#gap(into, 'waiting', FRAME)
      return
    }
    this.counts.underruns++
    this.#gap(into, 'underrun', FRAME)
  }

  #gap(into: Playout, kind: 'missing' | 'waiting' | 'underrun', samples: number): void {
    into.kind = kind
    into.length = 0
    into.samples = samples
    this.#playout = add32(this.#playout, samples)
  }

  #noteSlack(slack: number): void {
    this.#leastSlack = Math.min(this.#leastSlack, slack)
    if (++this.#slackSeen < SLACK_WINDOW) return
    if (this.#leastSlack >= this.#depth + FRAME) {
      this.#playout = add32(this.#playout, FRAME)
      this.#grownBy = Math.max(0, this.#grownBy - FRAME)
      this.counts.shrunk++
    }
    this.#forgetSlack()
  }

  #forgetSlack(): void {
    this.#leastSlack = MAX_AHEAD
    this.#slackSeen = 0
  }
}

/** A power of two, so that a sequence number finds its slot across the wrap. */
const SLOTS = 32
const FRAME = 160
const MAX_LEAP = 1000
/** Packets further ahead than this have no slot, or belong to a stream that has jumped. */
const MAX_AHEAD = SLOTS * FRAME
const MAX_BEHIND = 8000
const RESTART_AFTER_LATE = 3
/** One second. */
const FORGET_AFTER = 8000
/** Five seconds of 20 ms packets. */
const SLACK_WINDOW = 250
