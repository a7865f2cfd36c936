import { add16, diff16, diff32 } from '../../kit/index.ts'
import type { Codec } from '../codec/codec.ts'
import type { RtpPacket } from '../rtp/packet.ts'
import { PACKET, type ToneBank, WINDOW } from './tone-bank.ts'
import { ToneDetector } from './tone-detector.ts'

/** Where in a stream keys are listened for. */
export interface ToneReceiverState {
  readonly begun: boolean
  readonly ssrc: number
  readonly next: number
  readonly nextTimestamp: number
  readonly pressed: number
}

/**
 * Hears digits in the sound of a stream, packet by packet as they come: no jitter buffer delays them, and nothing is
 * made up, cut out or drawn out in between. A packet that comes after a later one is as good as lost.
 */
export class ToneReceiver {
  readonly #codec: Codec
  readonly #detector: ToneDetector
  readonly #bank: ToneBank
  /** Of the RTP clock, in a sample of ours. */
  readonly #ticksPerSample: number
  #begun = false
  /** Signed: a larger number would be an object of its own. */
  #ssrc = 0
  #next = 0
  #nextTimestamp = 0

  /**
   * @param codec of the stream, opened at 8 kHz for this receiver
   * @param clockRateHz of the RTP clock
   */
  constructor(bank: ToneBank, codec: Codec, clockRateHz: number, onDigit: (digit: string) => void) {
    this.#codec = codec
    this.#ticksPerSample = clockRateHz / codec.sampleRateHz
    this.#bank = bank
    this.#detector = new ToneDetector(bank, onDigit)
  }

  /** The key that is heard, or that may be one; '' when there is none. */
  get keyInSight(): string {
    return this.#detector.keyInSight
  }

  /** What another one goes on from, in another thread perhaps. */
  get state(): ToneReceiverState {
    return {
      begun: this.#begun,
      ssrc: this.#ssrc,
      next: this.#next,
      nextTimestamp: this.#nextTimestamp,
      pressed: this.#detector.pressed,
    }
  }

  set state(state: ToneReceiverState) {
    this.#begun = state.begun
    this.#ssrc = state.ssrc
    this.#next = state.next
    this.#nextTimestamp = state.nextTimestamp
    this.#detector.pressed = state.pressed
  }

  /** Packets that turned out to hold no sound when they were decoded. */
  get undecodable(): number {
    return this.#codec.undecodable ?? 0
  }

  /** Reads a little of it, see {@link Touch}. */
  touch(): number {
    return this.#next ^ this.#detector.touch()
  }

  /** Hears a packet that holds `ticks` of sound. */
  take(packet: RtpPacket, ticks: number): void {
    const samples = ticks / this.#ticksPerSample
    if (samples > PACKET) return
    const gap = this.#gapBefore(packet)
    if (gap < 0) return
    if (packet.sequence === this.#next) this.#detector.rest(gap)
    else this.#detector.miss(gap)
    this.#next = add16(packet.sequence, 1)
    this.#nextTimestamp = (packet.timestamp + ticks) | 0
    const { bytes, payloadOffset, payloadLength } = packet
    this.#detector.hearPacket(this.#codec.decodeInto(bytes, payloadOffset, payloadLength, this.#bank.sound, WINDOW))
  }

  /** Passes over a packet that stands in the sequence and holds no sound. */
  skip(packet: RtpPacket): void {
    if (this.#begun && packet.sequence === this.#next) this.#next = add16(packet.sequence, 1)
  }

  /** Gives back what it holds. Nothing is heard any more. */
  release(): void {
    this.#codec.release()
    this.#detector.release()
  }

  /**
   * The samples between the packet heard last and this one, or -1 when this one comes too late. Another stream, or the
   * same one after a leap, begins anew.
   */
  #gapBefore({ ssrc, sequence, timestamp }: RtpPacket): number {
    const ahead = diff16(sequence, this.#next)
    const gap = diff32(timestamp, this.#nextTimestamp) / this.#ticksPerSample
    if (!this.#begun || (ssrc | 0) !== this.#ssrc || Math.abs(ahead) > MAX_LEAP || gap > MAX_GAP || gap < -MAX_GAP) {
      this.#detector.reset()
      this.#begun = true
      this.#ssrc = ssrc | 0
      this.#next = sequence
      this.#nextTimestamp = timestamp | 0
      return 0
    }
    return ahead < 0 || gap < 0 ? -1 : Math.round(gap)
  }
}

const MAX_LEAP = 1000
/** A second: what came before has nothing to do with what comes next. */
const MAX_GAP = 8000
