import type { MixerParty } from '../node/mixer-party.ts'
import type { StreamParameters } from './control.ts'
import type { FrameListener } from './hearing.ts'
import type { Inbound } from './inbound.ts'
import { KeyGuard } from './key-guard.ts'
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
  #isOtherEar = false
  #keys = ''
  /** Whom the leg lets hear: its party, or who keeps keys from it. */
  #ear: FrameListener
  #isSpared = false
  /** Whether the room was sent when the leg last sent nothing of its own. */
  #isSent = false

  constructor(party: MixerParty, inbound: Inbound, outbound: Outbound) {
    this.#party = party
    this.#inbound = inbound
    this.#outbound = outbound
    this.#ear = party
  }

  /** Whether the leg is to be there when the room is mixed: one that may neither talk nor listen only waits. */
  get takesPart(): boolean {
    return this.#mayTalk || this.#mayListen
  }

  /** Whether the leg is sent the room while it sends nothing of its own. */
  get listens(): boolean {
    return this.#mayListen && this.#outbound.maySend
  }

  /**
   * What the leg may do in the room; {@link Seat.useStream} follows.
   * @param keys that the room does not hear
   */
  allow(talk: boolean, listen: boolean, keys: string): void {
    this.#mayTalk = talk
    this.#mayListen = listen
    if (keys === this.#keys) return
    this.#keys = keys
    this.#isOtherEar = true
  }

  /**
   * Fits the seat to the stream.
   * @param isFree the leg sends nothing of its own now
   */
  useStream({ direction }: StreamParameters, isFree: boolean, mediaMs: number): void {
    const talks = this.#mayTalk && (direction === 'sendrecv' || direction === 'recvonly')
    if (talks !== this.#talks) this.#talk(talks, mediaMs)
    else if (talks && this.#isOtherEar) this.#useEar(mediaMs)
    if (!isFree || this.listens === this.#isSent) return
    if (this.#isSent) this.#outbound.stop()
    this.resume()
  }

  /** Whether the room hears the leg, as far as the leg goes. */
  get talks(): boolean {
    return this.#talks
  }

  /** Whether some keys are kept from the room, which its sound may hold. */
  get keepsTones(): boolean {
    return this.#keys !== '' && this.#inbound.listensForTones
  }

  /** Whether the mix needs not hear the leg for a while, though the room does. */
  spare(isSpared: boolean, mediaMs: number): void {
    if (!this.#talks || isSpared === this.#isSpared) return
    this.#isSpared = isSpared
    if (isSpared) {
      this.#inbound.detach(this.#ear)
      this.#party.fallSilent()
    } else this.#inbound.attach(this.#ear, mediaMs)
  }

  /** The leg sends nothing of its own any more. */
  resume(): void {
    this.#isSent = this.listens
    if (this.#isSent) this.#outbound.transmit(this.#party)
  }

  leave(isFree: boolean): void {
    if (this.#talks) this.#inbound.detach(this.#ear)
    if (this.#isSent && isFree) this.#outbound.stop()
    this.#party.leave()
  }

  #talk(talks: boolean, mediaMs: number): void {
    this.#talks = talks
    if (talks) {
      this.#party.comeIn()
      this.#chooseEar()
      this.#inbound.attach(this.#ear, mediaMs)
      return
    }
    this.#inbound.detach(this.#ear)
    this.#party.fallSilent()
  }

  /** Attached first: while nobody is, what waits to be heard is forgotten. */
  #useEar(mediaMs: number): void {
    const before = this.#ear
    this.#chooseEar()
    this.#inbound.attach(this.#ear, mediaMs)
    this.#inbound.detach(before)
  }

  #chooseEar(): void {
    this.#isOtherEar = false
    this.#ear = this.#keys === '' ? this.#party : new KeyGuard(this.#party, this.#inbound, this.#keys)
  }
}
