import type { MixerParty } from '../node/mixer-party.ts'
import type { StreamParameters } from './control.ts'
import type { Inbound } from './inbound.ts'
import type { Outbound } from './outbound.ts'

/**
 * A leg in a room: its party of the mixer hears what the leg hears, and gives what the leg sends, each as far as the
 * stream and whoever brought it there allow. What is not allowed costs nothing: a leg that is muted is not decoded, and
 * one on hold rests.
 */
export class Seat {
  readonly #party: MixerParty
  readonly #inbound: Inbound
  readonly #outbound: Outbound
  #mayTalk = false
  #mayListen = false
  #talks = false
  /** Whether the room was sent when the leg last sent nothing of its own. */
  #isSent = false

  constructor(party: MixerParty, inbound: Inbound, outbound: Outbound) {
    this.#party = party
    this.#inbound = inbound
    this.#outbound = outbound
  }

  /** Whether the leg is sent the room while it sends nothing of its own. */
  get listens(): boolean {
    return this.#mayListen && this.#outbound.maySend
  }

  /** What the leg may do in the room; {@link Seat.useStream} follows. */
  allow(talk: boolean, listen: boolean): void {
    this.#mayTalk = talk
    this.#mayListen = listen
  }

  /**
   * Fits the seat to the stream.
   * @param isFree the leg sends nothing of its own now
   */
  useStream({ direction }: StreamParameters, isFree: boolean, mediaMs: number): void {
    const talks = this.#mayTalk && (direction === 'sendrecv' || direction === 'recvonly')
    if (talks !== this.#talks) this.#talk(talks, mediaMs)
    if (!isFree || this.listens === this.#isSent) return
    if (this.#isSent) this.#outbound.stop()
    this.resume()
  }

  /** The leg sends nothing of its own any more. */
  resume(): void {
    this.#isSent = this.listens
    if (this.#isSent) this.#outbound.transmit(this.#party)
  }

  leave(isFree: boolean): void {
    if (this.#talks) this.#inbound.detach(this.#party)
    if (this.#isSent && isFree) this.#outbound.stop()
    this.#party.leave()
  }

  #talk(talks: boolean, mediaMs: number): void {
    this.#talks = talks
    if (talks) {
      this.#party.comeIn()
      this.#inbound.attach(this.#party, mediaMs)
      return
    }
    this.#inbound.detach(this.#party)
    this.#party.fallSilent()
  }
}
