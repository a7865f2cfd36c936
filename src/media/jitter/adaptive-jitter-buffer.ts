import { add16, diff16, diff32 } from '../../kit/index.ts'
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
  /**
   * What is known of each slot, side by side because of a thousand buffers none is in the processor's cache: its sequence
   * number or -1, its first timestamp, how long it is heard, the octets of its payload, and what that is.
   */
  readonly #slots: Int32Array = new Int32Array(SLOTS * FIELDS)
  /** The listener's clock, and what to take from it to compare it with the sender's. */
  #clock = 0
  #origin = 0
  #isLate = false
  #begun = false
  /** Nothing is kept, but the stream that began goes on, see {@link AdaptiveJitterBuffer.pause}. */
  #isPaused = false
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
    this.#forgetSlots()
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

  get isCalm(): boolean {
    return this.#delay.hasLearnt && this.#delay.spread <= this.#min
  }

  elapse(ticks: number, isLate: boolean): void {
    this.#clock = (this.#clock + ticks) | 0
    this.#isLate = isLate
  }

  excess(unread: number): number {
    return this.#begun && !this.#isLate ? this.#wait + unread - this.target : 0
  }

  put(packet: RtpPacket, content: PacketContent, ticks: number): void {
    if (packet.payloadLength > MAX_PAYLOAD || ticks > this.#longest || (ticks === 0 && holdsSound(content))) return
    if (!this.#begun) {
      if (content === 'event') return
      if (this.#isPaused && !this.#isFarFrom(packet)) this.#resume(packet)
      else this.#begin(packet)
    } else if (this.#isAnotherStream(packet)) {
      this.counts.restarts++
      this.#begin(packet)
    }
    if (!holdsSound(content)) {
      if (diff16(packet.sequence, this.#next) >= 0) this.#store(packet, content, 0)
      return
    }
    if (!this.#isLate) this.#delay.note(this.#transit(packet.timestamp | 0), ticks)
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
    const slots = this.#slots
    const at = slot * FIELDS
    const isNext = slots[at] === this.#next
    const ahead = diff32(slots[at + TIMESTAMP]!, this.#playout)
    if (ahead > 0 && this.#gapBefore(into, slot, ahead, isNext)) return
    this.#next = add16(slots[at]!, 1)
    slots[at] = -1
    const content = slots[at + CONTENT]!
    into.kind = content === NOISE ? 'noise' : content === QUIET ? 'quiet' : 'audio'
    this.#givePayload(into, slot)
    into.ticks = slots[at + TICKS]!
    this.#resting = content !== AUDIO && content !== QUIET
    if (content !== NOISE) this.#playout = (slots[at + TIMESTAMP]! + into.ticks) | 0
  }

  #givePayload(into: Playout, slot: number): void {
    into.bytes = this.#payloads
    into.offset = slot * this.#slotOctets
    into.length = this.#slots[slot * FIELDS + OCTETS]!
  }

  reset(): void {
    this.#begun = false
    this.#isPaused = false
    this.#forgetSlots()
  }

  pause(): void {
    if (!this.#begun) return
    this.#begun = false
    this.#isPaused = true
    this.#forgetSlots()
  }

  /** Learns from a packet that comes during a pause how long the network takes. @returns false when it is of another stream */
  learn(packet: RtpPacket, ticks: number): boolean {
    if (this.#isFarFrom(packet)) return false
    if (!this.#isLate) this.#delay.note(this.#transit(packet.timestamp | 0), ticks)
    return true
  }

  /** Reads a little of it, see {@link Touch}. */
  touch(): number {
    return this.#next ^ this.#slots[(this.#next & (SLOTS - 1)) * FIELDS]! ^ this.#payloads.length ^ this.#delay.touch()
  }

  /** Gives the memory back. Nothing is put or taken any more. */
  release(): void {
    this.reset()
    this.#kernels.arena.release(this.#payloads)
  }

  #forgetSlots(): void {
    for (let slot = 0; slot < SLOTS; slot++) this.#slots[slot * FIELDS] = -1
  }

  #begin(packet: RtpPacket): void {
    this.#ssrc = packet.ssrc | 0
    this.#origin = (this.#clock - packet.timestamp) | 0
    this.#delay.rebase()
    this.#beginAt(packet, packet.timestamp | 0)
  }

  /** This packet may have come late: the playout point goes to where it should be for one that came as fast as can be. */
  #resume(packet: RtpPacket): void {
    this.#beginAt(packet, this.#clock - this.#origin - this.#delay.leastTransit)
  }

  /** @param timestamp of a packet that would come now if it came as fast as can be */
  #beginAt(packet: RtpPacket, timestamp: number): void {
    this.#forgetSlots()
    this.#begun = true
    this.#isPaused = false
    this.#next = packet.sequence
    this.#highest = packet.sequence
    this.#playout = (timestamp - this.target) | 0
    this.#resting = true
    this.#lateInRow = 0
    this.#silentFor = 0
  }

  /** Whether a packet that comes during a pause is not of the stream that was there before it. */
  #isFarFrom(packet: RtpPacket): boolean {
    if ((packet.ssrc | 0) !== this.#ssrc) return true
    const late = this.#transit(packet.timestamp | 0) - this.#delay.leastTransit
    return Math.abs(late) > MAX_LEAP_FRAMES * this.#frame
  }

  /** How long a packet with this timestamp took until now, longer than the first one. */
  #transit(timestamp: number): number {
    return (this.#clock - timestamp - this.#origin) | 0
  }

  /** How long the fastest packets wait for the playout point to reach them. */
  get #wait(): number {
    return this.#transit(this.#playout) - this.#delay.leastTransit
  }

  #isAnotherStream(packet: RtpPacket): boolean {
    if ((packet.ssrc | 0) !== this.#ssrc) return true
    if (Math.abs(diff16(packet.sequence, this.#highest)) >= MAX_LEAP) return true
    const ahead = diff32(packet.timestamp | 0, this.#playout)
    return ahead > SLOTS * this.#frame || ahead < -MAX_FRAMES_BEHIND * this.#frame
  }

  /** Whether a packet's turn is still to come, or could be brought back. */
  #isInTime(packet: RtpPacket, ticks: number): boolean {
    const late = diff32(this.#playout, packet.timestamp | 0)
    if (late < ticks) return true
    if (diff16(packet.sequence, this.#next) < 0) return false
    if (this.#wait + late <= this.#max) {
      this.#playout = packet.timestamp | 0
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
    const slots = this.#slots
    const at = slot * FIELDS
    if (slots[at] === packet.sequence) {
      this.counts.duplicates++
      return
    }
    slots[at] = packet.sequence
    slots[at + TIMESTAMP] = packet.timestamp
    slots[at + TICKS] = ticks
    slots[at + OCTETS] = content === 'quiet' ? 0 : packet.payloadLength
    slots[at + CONTENT] = CONTENTS.indexOf(content)
    if (content !== 'quiet') this.#keepPayload(packet, slot)
    if (diff16(packet.sequence, this.#highest) > 0) this.#highest = packet.sequence
    if (diff16(packet.sequence, this.#next) < 0) this.#next = packet.sequence
  }

  #keepPayload({ bytes, payloadOffset, payloadLength }: RtpPacket, slot: number): void {
    if (payloadLength > this.#slotOctets) this.#growSlots(payloadLength)
    this.#kernels.copyOctets(bytes, payloadOffset, payloadLength, this.#payloads, slot * this.#slotOctets)
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
    const slots = this.#slots
    const count = diff16(this.#highest, this.#next) + 1
    for (let i = Math.max(0, count - SLOTS); i < count; i++) {
      const sequence = add16(this.#next, i)
      const slot = sequence & (SLOTS - 1)
      const at = slot * FIELDS
      if (slots[at] !== sequence) continue
      const content = slots[at + CONTENT]!
      if (content === NOISE) return slot
      if (content < NOISE && diff32((slots[at + TIMESTAMP]! + slots[at + TICKS]!) | 0, this.#playout) > 0) return slot
      slots[at] = -1
      this.#next = add16(sequence, 1)
      this.#resting ||= content > NOISE
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
      if (ahead <= this.#frame && this.#slots[slot * FIELDS + CONTENT] !== NOISE) this.#givePayload(into, slot)
      return true
    }
    const excess = this.excess(0)
    const drawnOut = excess <= -this.#frame ? this.#frame : 0
    const left = ahead + drawnOut - Math.max(0, excess)
    if (left <= 0) return false
    this.#playout = (this.#playout + ahead - left) | 0
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
    this.#playout = (this.#playout + ticks) | 0
  }
}

function holdsSound(content: PacketContent): boolean {
  return content === 'audio' || content === 'rest' || content === 'quiet'
}

/** A power of two, so that a sequence number finds its slot across the wrap. 640 ms of 20 ms packets. */
const SLOTS = 32
/** Of a slot, after its sequence number; the last are not used. */
const [TIMESTAMP, TICKS, OCTETS, CONTENT, FIELDS] = [1, 2, 3, 4, 8]
const CONTENTS: readonly PacketContent[] = ['audio', 'rest', 'quiet', 'noise', 'event']
const [AUDIO, QUIET, NOISE] = [0, 2, 3]
/** 20 ms of G.711 or G.722. */
const FIRST_SLOT_OCTETS = 160
const MAX_LEAP = 1000
/** During a pause, against where its time stamp should be: half a second. */
const MAX_LEAP_FRAMES = 25
/** One second. */
const MAX_FRAMES_BEHIND = 50
const FORGET_AFTER_FRAMES = 50
const RESTART_AFTER_LATE = 3
