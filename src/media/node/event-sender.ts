import { diff32 } from '../../kit/index.ts'
import { COMMA_MS, DIGIT_GAP_MS, DIGIT_MS, eventOfDigit } from '../dtmf/digits.ts'
import { EVENT_PAYLOAD_LENGTH, writeEventPayload } from '../dtmf/event-payload.ts'
import type { OutgoingPacket, Transmission, Transmitter } from './transmitter.ts'

/** Which digit is being sent, and how much of it was. */
export interface EventState {
  readonly index: number
  readonly startedAt: number | undefined
  readonly durationMs: number
  readonly endsSent: number
}

/**
 * Digits as telephone events (RFC 4733 section 2.5.1): a marker on the first packet, an update each 20 ms under the
 * timestamp of the first, the end said three times, then a pause of at least 50 ms. Durations follow the RTP clock,
 * so a digit that a stall has stretched says how long it was.
 */
export class EventSender implements Transmitter {
  readonly packetMs = 20
  readonly #digits: string
  #index = 0
  /** RTP timestamp at which the digit in progress began, once it has. */
  #startedAt: number | undefined
  #durationMs = 0
  endsSent = 0

  /** @param digits keys and commas, checked by the caller */
  constructor(digits: string) {
    this.#digits = digits
  }

  /** What another one goes on from, in another thread perhaps. */
  get state(): EventState {
    return {
      index: this.#index,
      startedAt: this.#startedAt,
      durationMs: this.#durationMs,
      endsSent: this.endsSent,
    }
  }

  set state(state: EventState) {
    this.#index = state.index
    this.#startedAt = state.startedAt
    this.#durationMs = state.durationMs
    this.endsSent = state.endsSent
  }

  fill(packet: OutgoingPacket): Transmission {
    this.#startedAt ??= packet.timestamp
    const startedAt = this.#startedAt
    const elapsedMs = diff32(packet.timestamp, startedAt) / packet.ticksPerMs
    if (this.#index === this.#digits.length) return 'done'
    const digit = this.#digits[this.#index]!
    if (digit === ',') return elapsedMs < COMMA_MS ? 'pause' : this.#next(packet)
    if (this.endsSent < END_PACKETS) return this.#sendUpdate(packet, eventOfDigit(digit), startedAt, elapsedMs)
    return elapsedMs < this.#durationMs + DIGIT_GAP_MS ? 'pause' : this.#next(packet)
  }

  #sendUpdate(packet: OutgoingPacket, event: number, startedAt: number, elapsedMs: number): Transmission {
    if (this.endsSent === 0) this.#durationMs = elapsedMs + this.packetMs
    const ending = this.#durationMs >= DIGIT_MS
    const duration = Math.min(this.#durationMs * packet.eventTicksPerMs, MAX_DURATION)
    writeEventPayload(packet.bytes, packet.payloadOffset, event, ending, VOLUME, duration)
    packet.payloadLength = EVENT_PAYLOAD_LENGTH
    packet.marker = elapsedMs === 0
    packet.timestamp = startedAt
    if (ending) this.endsSent++
    return 'event'
  }

  #next(packet: OutgoingPacket): Transmission {
    this.#index++
    this.#startedAt = packet.timestamp
    this.endsSent = 0
    return this.fill(packet)
  }
}

/** -10 dBm0, the usual level of a keypad. */
const VOLUME = 10
/** Section 2.5.1.4: lost packets must not leave a key pressed for ever. */
const END_PACKETS = 3
const MAX_DURATION = 0xffff
