import type { Instant } from '../../kit/index.ts'
import type { SourceAddress } from '../rtp/source-latch.ts'

/** Whose reports are heard. */
export interface ControlLatchState {
  readonly signalledAddress: string
  readonly signalledPort: number
  readonly address: string
  readonly port: number
  readonly heardAt: Instant
}

/**
 * Decides whose reports are heard on a port of RTCP, and where ours go: the symmetric RTCP of RFC 4961, for an RTCP
 * that has a port of its own.
 *
 * The address that the session description names may always speak. So may the machine whose RTP is heard, from one
 * port: behind a NAT no description knows it, so the first valid report tells it, and another may only follow when it
 * has been silent for several report intervals. Nobody else is heard.
 */
export class ControlLatch {
  #signalledAddress = ''
  #signalledPort = 0
  /** Empty as long as nobody was heard. */
  #address = ''
  #port = 0
  #heardAt: Instant = 0

  /** Where to send: to whoever was heard, before that to the signalled address. */
  get address(): string {
    return this.#address === '' ? this.#signalledAddress : this.#address
  }

  get port(): number {
    return this.#address === '' ? this.#signalledPort : this.#port
  }

  /** What another one goes on from, in another thread perhaps. */
  get state(): ControlLatchState {
    return {
      signalledAddress: this.#signalledAddress,
      signalledPort: this.#signalledPort,
      address: this.#address,
      port: this.#port,
      heardAt: this.#heardAt,
    }
  }

  set state(state: ControlLatchState) {
    this.#signalledAddress = state.signalledAddress
    this.#signalledPort = state.signalledPort
    this.#address = state.address
    this.#port = state.port
    this.#heardAt = state.heardAt
  }

  /** Where offer and answer say that the far end's RTCP is. Another one than before opens the latch again. */
  signal(address: string, port: number): void {
    if (address === this.#signalledAddress && port === this.#signalledPort) return
    this.#signalledAddress = address
    this.#signalledPort = port
    this.#address = ''
  }

  /**
   * Whether a report from `source` may be looked at.
   * @param rtp where the far end's RTP comes from, or is signalled to come from
   */
  mayCome({ address, port }: SourceAddress, rtp: { readonly address: string }, now: Instant): boolean {
    if (address === this.#signalledAddress && port === this.#signalledPort) return true
    if (address === this.#address && port === this.#port) return true
    const isFree = this.#address === '' || now - this.#heardAt >= FORGET_AFTER_MS
    return isFree && address === rtp.address
  }

  /** A valid report has come from `source`, who was let in. */
  heard({ address, port }: SourceAddress, now: Instant): void {
    this.#address = address
    this.#port = port
    this.#heardAt = now
  }
}

/** Four of the longest intervals between reports of two parties (RFC 3550 section 6.3.1). */
const FORGET_AFTER_MS = 25_000
