import { add16, add32, diff16, diff32 } from '../../kit/index.ts'
import { MAX_PAYLOAD, type RtpPacket } from '../rtp/packet.ts'
import { type Kernels, threadKernels } from '../wasm/kernels.ts'
import { DelayEstimator } from './delay-estimator.ts'
import type { JitterBuffer, JitterCounts, PacketContent, Playout } from './jitter-buffer.ts'

/** What the longest packet holds that is taken. */
export const MAX_PACKET_MS = 120

export interface AdaptiveJitterBufferOptions {
  /** Ticks of the RTP clock in a second. Default 8,000. */
  readonly clockRateHz?: number
  /** How long the fastest packets wait at least. Default 20 ms, one visit of the leg. */
  readonly minDelayMs?: number
  /** How long they wait while nothing is known of the network. Default 40 ms. */
  readonly startDelayMs?: number
  /** How long they wait at most, whatever the network does. Default 200 ms. */
  readonly maxDelayMs?: number
}

/**
 * A jitter buffer that waits as long as the network asks for.
 *
 * Each packet has its place on the RTP clock. The wait that it should have is the {@link DelayEstimator}'s; the wait
 * that it has changes only where nobody hears it: at the start of a talk spurt the playout point goes to where it
 * should be, and within one the reader shortens or lengthens the sound by what `excess` says (which also follows a
 * sender whose clock runs fast or slow). A packet that comes after its turn, before anything newer was played, moves
 * the playout point back to it at once: one gap, then peace. A new SSRC, a leap, or a second of nothing begins anew.
 */
export class AdaptiveJitterBuffer implements JitterBuffer {
  readonly counts: JitterCounts = { late: 0, duplicates: 0, movedBack: 0, restarts: 0, underruns: 0 }
  readonly #delay: DelayEstimator
  readonly #ticksPerMs: number
  #min: number
  readonly #start: number
  readonly #max: number
  /** The most that a packet may hold. */
  readonly #longest: number
  /** 20 ms: the longest gap that `take` gives at once. */
  readonly #frame: number
  readonly #kernels: Kernels
  /** Slots grow with the longest payload so far, so that what a leg keeps fits its codec. */
  #slotOctets = FIRST_SLOT_OCTETS
  #payloads: Uint8Array
  /** Per slot: its sequence number or -1, its first timestamp, how much it holds and how long it is heard. */
  readonly #sequences: Int32Array = new Int32Array(SLOTS).fill(-1)
  readonly #timestamps: Uint32Array = new Uint32Array(SLOTS)
  readonly #lengths: Uint16Array = new Uint16Array(SLOTS)
  readonly #ticks: Uint16Array = new Uint16Array(SLOTS)
  readonly #contents: PacketContent[] = new Array(SLOTS).fill('audio')
  /** The listener's clock, and what to take from it to compare it with the sender's. */
  #clock = 0
  #origin = 0
  #isLate = false
  #begun = false
  #ssrc = 0
  #playout = 0
  /** The sequence number that follows the packet played last. */
  #next = 0
  #highest = 0
  /** Whether what was played last announced a pause. */
  #resting = false
  #lateInRow = 0
  #silentFor = 0

  /** @param kernels whose arena the payloads stand in, for the decoders; default: those of the thread */
  constructor(options: AdaptiveJitterBufferOptions = {}, kernels: Kernels = threadKernels()) {
    this.#kernels = kernels
    this.#payloads = kernels.arena.bytes(SLOTS * FIRST_SLOT_OCTETS)
    const ticksPerMs = (options.clockRateHz ?? 8000) / 1000
    this.#delay = new DelayEstimator(ticksPerMs * 1000)
    this.#ticksPerMs = ticksPerMs
    this.#min = (options.minDelayMs ?? 20) * ticksPerMs
    this.#start = (options.startDelayMs ?? 40) * ticksPerMs
    this.#max = (options.maxDelayMs ?? 200) * ticksPerMs
    this.#longest = MAX_PACKET_MS * ticksPerMs
    this.#frame = 20 * ticksPerMs
  }

  /** Whether anything waits to be played. */
  get holdsSound(): boolean {
    return this.#begun && this.#findNext() >= 0
  }

  /** Changes how long the fastest packets wait at least, also while nothing is known of the network. */
  waitAtLeast(delayMs: number): void {
    this.#min = delayMs * this.#ticksPerMs
  }

  get target(): number {
    return this.#delay.hasLearnt
      ? Math.max(this.#min, Math.min(this.#max, this.#delay.spread))
      : Math.max(this.#start, this.#min)
  }

  elapse(ticks: number, isLate: boolean): void {
    this.#clock = add32(this.#clock, ticks)
    this.#isLate = isLate
  }

  excess(unread: number): number {
    return this.#begun && !this.#isLate ? this.#wait + unread - this.target : 0
  }

  put(packet: RtpPacket, content: PacketContent, ticks: number): void {
    if (packet.payloadLength > MAX_PAYLOAD || ticks > this.#longest || (ticks === 0 && holdsSound(content))) return
    if (!this.#begun) {
      if (content === 'event') return
      this.#begin(packet)
    } else if (this.#isAnotherStream(packet)) {
      this.counts.restarts++
      this.#begin(packet)
    }
    if (!holdsSound(content)) {
      if (diff16(packet.sequence, this.#next) >= 0) this.#store(packet, content, 0)
      return
    }
    if (!this.#isLate) this.#delay.note(this.#transit(packet.timestamp), ticks)
    if (!this.#isInTime(packet, ticks)) {
      this.counts.late++
      return
    }
    this.#lateInRow = 0
    this.#store(packet, content, ticks)
  }

  take(into: Playout): void {
    if (!this.#begun) {
      this.#gap(into, 'waiting', this.#frame)
      return
    }
    const slot = this.#findNext()
    if (slot < 0) {
      this.#takeNothing(into)
      return
    }
    this.#silentFor = 0
    const isNext = this.#sequences[slot] === this.#next
    const ahead = diff32(this.#timestamps[slot]!, this.#playout)
    if (ahead > 0 && this.#gapBefore(into, slot, ahead, isNext)) return
    this.#next = add16(this.#sequences[slot]!, 1)
    this.#sequences[slot] = -1
    into.kind = this.#contents[slot] === 'noise' ? 'noise' : 'audio'
    this.#givePayload(into, slot)
    into.ticks = this.#ticks[slot]!
    this.#resting = this.#contents[slot] !== 'audio'
    if (into.kind === 'audio') this.#playout = add32(this.#timestamps[slot]!, into.ticks)
  }

  #givePayload(into: Playout, slot: number): void {
    into.bytes = this.#payloads
    into.offset = slot * this.#slotOctets
    into.length = this.#lengths[slot]!
  }

  reset(): void {
    this.#begun = false
    this.#sequences.fill(-1)
  }

  /** Gives the memory back. Nothing is put or taken any more. */
  release(): void {
    this.reset()
    this.#kernels.arena.release(this.#payloads)
  }

  #begin(packet: RtpPacket): void {
    this.#sequences.fill(-1)
    this.#begun = true
    this.#ssrc = packet.ssrc
    this.#next = packet.sequence
    this.#highest = packet.sequence
    this.#origin = add32(this.#clock, -packet.timestamp)
    this.#delay.rebase()
    this.#playout = add32(packet.timestamp, -this.target)
    this.#resting = true
    this.#lateInRow = 0
    this.#silentFor = 0
  }

  /** How long a packet with this timestamp took until now, longer than the first one. */
  #transit(timestamp: number): number {
    return diff32(add32(this.#clock, -timestamp), this.#origin)
  }

  /** How long the fastest packets wait for the playout point to reach them. */
  get #wait(): number {
    return this.#transit(this.#playout) - this.#delay.leastTransit
  }

  #isAnotherStream(packet: RtpPacket): boolean {
    if (packet.ssrc !== this.#ssrc) return true
    if (Math.abs(diff16(packet.sequence, this.#highest)) >= MAX_LEAP) return true
    const ahead = diff32(packet.timestamp, this.#playout)
    return ahead > SLOTS * this.#frame || ahead < -MAX_FRAMES_BEHIND * this.#frame
  }

  /** Whether a packet's turn is still to come, or could be brought back. */
  #isInTime(packet: RtpPacket, ticks: number): boolean {
    const late = diff32(this.#playout, packet.timestamp)
    if (late < ticks) return true
    if (diff16(packet.sequence, this.#next) < 0) return false
    if (this.#wait + late <= this.#max) {
      this.#playout = packet.timestamp
      this.counts.movedBack++
      return true
    }
    // Late again and again, with nothing else to play: the path has become longer for good.
    if (++this.#lateInRow < RESTART_AFTER_LATE || this.#findNext() >= 0) return false
    this.counts.restarts++
    this.#begin(packet)
    return true
  }

  #store(packet: RtpPacket, content: PacketContent, ticks: number): void {
    const slot = packet.sequence & (SLOTS - 1)
    if (this.#sequences[slot] === packet.sequence) {
      this.counts.duplicates++
      return
    }
    this.#sequences[slot] = packet.sequence
    this.#timestamps[slot] = packet.timestamp
    this.#lengths[slot] = packet.payloadLength
    this.#ticks[slot] = ticks
    this.#contents[slot] = content
    const { bytes, payloadOffset, payloadLength } = packet
    if (payloadLength > this.#slotOctets) this.#growSlots(payloadLength)
    this.#kernels.copyOctets(bytes, payloadOffset, payloadLength, this.#payloads, slot * this.#slotOctets)
    if (diff16(packet.sequence, this.#highest) > 0) this.#highest = packet.sequence
    if (diff16(packet.sequence, this.#next) < 0) this.#next = packet.sequence
  }

  #growSlots(octets: number): void {
    const { arena } = this.#kernels
    const [former, formerOctets] = [this.#payloads, this.#slotOctets]
    while (this.#slotOctets < octets) this.#slotOctets *= 2
    this.#payloads = arena.bytes(SLOTS * this.#slotOctets)
    for (let slot = 0; slot < SLOTS; slot++)
      this.#kernels.copyOctets(former, slot * formerOctets, formerOctets, this.#payloads, slot * this.#slotOctets)
    arena.release(former)
  }

  /** The slot of the first packet that is not over yet, or -1. Those before it are freed. */
  #findNext(): number {
    const count = diff16(this.#highest, this.#next) + 1
    for (let i = Math.max(0, count - SLOTS); i < count; i++) {
      const sequence = add16(this.#next, i)
      const slot = sequence & (SLOTS - 1)
      if (this.#sequences[slot] !== sequence) continue
      const content = this.#contents[slot]!
      if (content === 'noise') return slot
      if (holdsSound(content) && diff32(add32(this.#timestamps[slot]!, this.#ticks[slot]!), this.#playout) > 0)
        return slot
      this.#sequences[slot] = -1
      this.#next = add16(sequence, 1)
      this.#resting ||= content === 'event'
      return this.#findNext()
    }
    return -1
  }

  /**
   * The gap before a packet that is `ahead`. With the very next number in hand nothing is lost: the sender was
   * silent, and the silence may be cut or drawn out to where the playout point should be. False when nothing is
   * left of it.
   */
  #gapBefore(into: Playout, slot: number, ahead: number, isNext: boolean): boolean {
    if (!isNext) {
      this.#gap(into, 'missing', Math.min(ahead, this.#frame))
      if (ahead <= this.#frame && this.#contents[slot] !== 'noise') this.#givePayload(into, slot)
      return true
    }
    const excess = this.excess(0)
    const drawnOut = excess <= -this.#frame ? this.#frame : 0
    const left = ahead + drawnOut - Math.max(0, excess)
    if (left <= 0) return false
    this.#playout = add32(this.#playout, ahead - left)
    this.#gap(into, 'waiting', Math.min(left, this.#frame))
    return true
  }

  #takeNothing(into: Playout): void {
    if (this.#resting) {
      this.#gap(into, 'waiting', this.#frame)
      return
    }
    this.#silentFor += this.#frame
    if (this.#silentFor > FORGET_AFTER_FRAMES * this.#frame) {
      this.reset()
      this.#gap(into, 'waiting', this.#frame)
      return
    }
    this.counts.underruns++
    this.#gap(into, 'underrun', this.#frame)
  }

  #gap(into: Playout, kind: 'missing' | 'waiting' | 'underrun', ticks: number): void {
    into.kind = kind
    into.length = 0
    into.ticks = ticks
    this.#playout = add32(this.#playout, ticks)
  }
}

function holdsSound(content: PacketContent): boolean {
  return content === 'audio' || content === 'rest'
}

/** A power of two, so that a sequence number finds its slot across the wrap. 640 ms of 20 ms packets. */
const SLOTS = 32
/** 20 ms of G.711 or G.722. */
const FIRST_SLOT_OCTETS = 160
const MAX_LEAP = 1000
/** One second. */
const MAX_FRAMES_BEHIND = 50
const FORGET_AFTER_FRAMES = 50
const RESTART_AFTER_LATE = 3
