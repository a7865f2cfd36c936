import { diff16, type Instant } from '../../kit/index.ts'
import type { RtpPacket } from './packet.ts'

/** The sender of a datagram. */
export interface SourceAddress {
  readonly address: string
  readonly port: number
}

/** Who was heard on a port. */
export interface HeardSource extends SourceAddress {
  readonly ssrc: number
}

/** Whom a leg hears, and whom it was told to hear. */
export interface SourceLatchState {
  readonly latched: boolean
  readonly isAtHome: boolean
  readonly address: string
  readonly port: number
  readonly ssrc: number
  readonly sequence: number
  readonly heardAt: Instant
  readonly former: HeardSource | undefined
  readonly expectsOther: boolean
  readonly signalledAddress: string
  readonly signalledPort: number
}

/**
 * Decides whose packets a leg hears (symmetric RTP, RFC 4961; the hijack guard that RFC 7362 asks of latching).
 *
 *     open --first valid packet--> latched --packet from the signalled address--> latched there
 *                                     |
 *                                     +--stream moves, or silence--> latched elsewhere
 *
 * Session descriptions behind a NAT name an address that packets never come from, so the first valid source is
 * taken. The signalled address may always take over. Any other source is refused, unless two packets in sequence
 * show that it is the stream that we hear, which a NAT has moved (the same SSRC, going on where the old source fell
 * silent), or unless nobody has been heard for a while. Another signalled address opens the latch again.
 *
 * Within the latched source a new SSRC must show two packets in sequence (RFC 3550 appendix A.1) before it replaces
 * the old one, unless it is expected.
 */
export class SourceLatch {
  // What each packet needs stands together: of a thousand legs, the processor's cache holds little.
  #latched = false
  /** Whether the latched source is the signalled one. */
  #isAtHome = false
  #address = ''
  #port = 0
  /** Signed: a larger number would be an object of its own. */
  #ssrc = 0
  #sequence = 0
  #heardAt: Instant = 0
  #former: HeardSource | undefined
  #expectsOther = false
  #signalledAddress = ''
  #signalledPort = 0
  /** Who was refused last, and may be heard if it goes on as it began. */
  #candidateAddress = ''
  #candidatePort = 0
  #candidateSsrc = -1
  #candidateSequence = 0

  /** Where to send: to the latched source, before that to the signalled address. */
  get address(): string {
    return this.#latched ? this.#address : this.#signalledAddress
  }

  get port(): number {
    return this.#latched ? this.#port : this.#signalledPort
  }

  get isLatched(): boolean {
    return this.#latched
  }

  /** What another one goes on from, in another thread perhaps. */
  get state(): SourceLatchState {
    return {
      latched: this.#latched,
      isAtHome: this.#isAtHome,
      address: this.#address,
      port: this.#port,
      ssrc: this.#ssrc,
      sequence: this.#sequence,
      heardAt: this.#heardAt,
      former: this.#former,
      expectsOther: this.#expectsOther,
      signalledAddress: this.#signalledAddress,
      signalledPort: this.#signalledPort,
    }
  }

  set state(state: SourceLatchState) {
    this.#latched = state.latched
    this.#isAtHome = state.isAtHome
    this.#address = state.address
    this.#port = state.port
    this.#ssrc = state.ssrc
    this.#sequence = state.sequence
    this.#heardAt = state.heardAt
    this.#former = state.former
    this.#expectsOther = state.expectsOther
    this.#signalledAddress = state.signalledAddress
    this.#signalledPort = state.signalledPort
  }

  /** Whether, for the moment, nobody but the source that is heard would be accepted. */
  isSettled(now: Instant): boolean {
    return this.#isAtHome && now - this.#heardAt < MOVE_AFTER_MS
  }

  /** Who is heard now, if anybody is. */
  get source(): HeardSource | undefined {
    return this.#latched ? { address: this.#address, port: this.#port, ssrc: this.#ssrc >>> 0 } : undefined
  }

  /** Whether a datagram comes from where our packets go to. */
  isFarEnd(source: SourceAddress): boolean {
    return source.port === this.port && source.address === this.address
  }

  /** Never hears this stream: it belongs to a call that had the port before and whose far end still sends. */
  beware(former: HeardSource | undefined): void {
    this.#former = former
  }

  /** Tells what the session description says. Another address than before opens the latch again. */
  signal(address: string, port: number): void {
    if (address === this.#signalledAddress && port === this.#signalledPort) return
    this.#signalledAddress = address
    this.#signalledPort = port
    this.#latched = false
    this.#isAtHome = false
    this.#candidateSsrc = -1
  }

  /** The clock of the stream changes: the far end may go on under another SSRC at once (RFC 7160 section 4). */
  expectOtherSource(): void {
    this.#expectsOther = true
  }

  /** Reads a little of it, see {@link Touch}. */
  touch(): number {
    return this.#port ^ this.#signalledPort
  }

  /** Whether a packet that is otherwise valid may be heard. */
  accept(packet: RtpPacket, source: SourceAddress, now: Instant): boolean {
    if (this.#former !== undefined && isSame(this.#former, packet, source)) return false
    if (this.#latched && source.port === this.#port && source.address === this.#address) {
      if ((packet.ssrc | 0) !== this.#ssrc && !this.#mayReplace(packet, source)) return false
    } else if (this.#latched && !this.#isSignalled(source) && !this.#mayMove(packet, source, now)) return false
    else this.#latch(source)
    this.#ssrc = packet.ssrc | 0
    this.#sequence = packet.sequence
    this.#heardAt = now
    return true
  }

  #latch(source: SourceAddress): void {
    this.#latched = true
    this.#address = source.address
    this.#port = source.port
    this.#isAtHome = this.#isSignalled(source)
    this.#candidateSsrc = -1
  }

  #mayReplace(packet: RtpPacket, source: SourceAddress): boolean {
    const mayReplace = this.#expectsOther || this.#isProven(packet, source)
    if (mayReplace) this.#expectsOther = false
    return mayReplace
  }

  #isSignalled(source: SourceAddress): boolean {
    return source.port === this.#signalledPort && source.address === this.#signalledAddress
  }

  #mayMove(packet: RtpPacket, source: SourceAddress, now: Instant): boolean {
    const isProven = this.#isProven(packet, source)
    const silenceMs = now - this.#heardAt
    if (silenceMs >= FORGET_AFTER_MS) return isProven
    const step = diff16(packet.sequence, this.#sequence)
    const goesOn = (packet.ssrc | 0) === this.#ssrc && step > 0 && step <= MAX_STEP
    return isProven && goesOn && silenceMs >= MOVE_AFTER_MS
  }

  /** Whether the packet is the second in sequence of a stream; the first is only remembered. */
  #isProven(packet: RtpPacket, source: SourceAddress): boolean {
    const isProven =
      packet.ssrc === this.#candidateSsrc &&
      diff16(packet.sequence, this.#candidateSequence) === 1 &&
      source.port === this.#candidatePort &&
      source.address === this.#candidateAddress
    this.#candidateSsrc = packet.ssrc
    this.#candidateSequence = packet.sequence
    this.#candidateAddress = source.address
    this.#candidatePort = source.port
    return isProven
  }
}

function isSame(heard: HeardSource, packet: RtpPacket, source: SourceAddress): boolean {
  return packet.ssrc === heard.ssrc && source.port === heard.port && source.address === heard.address
}

/** A source that a NAT has moved is silent from then on. */
const MOVE_AFTER_MS = 100
/** Longer than any pause of a sender that is still there and does not mute itself. */
const FORGET_AFTER_MS = 5000
/** Ten seconds of packets: as long as a stream may be away and still be known again. */
const MAX_STEP = 500
