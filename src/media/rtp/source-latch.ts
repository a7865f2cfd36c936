import { diff16 } from '../../kit/index.ts'
import type { RtpPacket } from './packet.ts'

/** The sender of a datagram. */
export interface SourceAddress {
  readonly address: string
  readonly port: number
}

/**
 * Decides whose packets a leg hears (symmetric RTP, RFC 4961; the hijack guard that RFC 7362 asks of latching).
 *
 *     open --first valid packet--> latched --packet from the signalled address--> settled
 *
 * Session descriptions behind a NAT name an address that packets never come from, so the first valid source is
 * taken. The signalled address itself may still take over, once; every other source is refused. Within the latched
 * source a new SSRC must show two packets in sequence (RFC 3550 appendix A.1) before it replaces the old one.
 */
export class SourceLatch {
  #signalledAddress = ''
  #signalledPort = 0
  #latched = false
  #address = ''
  #port = 0
  #ssrc = 0
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

  /** Whether a datagram comes from where our packets go to. */
  isFarEnd(source: SourceAddress): boolean {
    return source.port === this.port && source.address === this.address
  }

  /** Tells what the session description says. Another address than before opens the latch again. */
  signal(address: string, port: number): void {
    if (address === this.#signalledAddress && port === this.#signalledPort) return
    this.#signalledAddress = address
    this.#signalledPort = port
    this.#latched = false
    this.#candidateSsrc = -1
  }

  /** Whether a packet that is otherwise valid may be heard. */
  accept(packet: RtpPacket, source: SourceAddress): boolean {
    if (!this.#latched) {
      this.#latch(packet, source)
      return true
    }
    if (source.port !== this.#port || source.address !== this.#address) {
      if (source.port !== this.#signalledPort || source.address !== this.#signalledAddress) return false
      this.#latch(packet, source)
      return true
    }
    if (packet.ssrc === this.#ssrc) return true
    return this.#acceptNewSsrc(packet)
  }

  #latch(packet: RtpPacket, source: SourceAddress): void {
    this.#latched = true
    this.#address = source.address
    this.#port = source.port
    this.#ssrc = packet.ssrc
    this.#candidateSsrc = -1
  }

  #acceptNewSsrc(packet: RtpPacket): boolean {
    const inSequence = packet.ssrc === this.#candidateSsrc && diff16(packet.sequence, this.#candidateSequence) === 1
    this.#candidateSsrc = packet.ssrc
    this.#candidateSequence = packet.sequence
    if (!inSequence) return false
    this.#ssrc = packet.ssrc
    this.#candidateSsrc = -1
    return true
  }
}
