import { type Direction, directionOf, sends } from '../sip/index.ts'

/**
 * Who holds whom in a call, and the directions that follow (RFC 3264 sections 5.1, 6.1 and 8.4). Who holds hears
 * nothing and may send music: `sendonly`. Who is held does not send: `recvonly`. Both: `inactive`.
 */
export class Holds {
  #isHolding = false
  #isHeld = false
  /** What our latest offer says. */
  #offered: { readonly direction: Direction; readonly isHolding: boolean } = { direction: 'sendrecv', isHolding: false }

  /** We hold the far end, which has taken it. */
  get isHolding(): boolean {
    return this.#isHolding
  }

  /** The far end holds us: it does not want to hear us. */
  get isHeld(): boolean {
    return this.#isHeld
  }

  /** Of an offer of all that we want: the first of a call, or the one that a re-INVITE without an offer asks for. */
  directionOfOffer(): Direction {
    return this.#offer(this.#isHolding, false)
  }

  /** Of a later offer, which leaves the far end its hold. */
  directionOfChange(isHolding: boolean): Direction {
    return this.#offer(isHolding, this.#isHeld)
  }

  /** Of an answer of ours, before it meets what was offered. */
  get directionOfAnswer(): Direction {
    return directionOf(true, !this.#isHolding)
  }

  /** We have answered an offer of the far end. @param agreed as seen from us */
  answered(agreed: Direction): void {
    this.#isHeld = !sends(agreed)
  }

  /**
   * The far end has answered our offer.
   * @param agreed as seen from us
   */
  accepted(agreed: Direction): void {
    this.#isHolding = this.#offered.isHolding
    // A far end that does not want our music on hold, or that holds us and is asked to keep to it, says nothing new.
    if (sends(agreed)) this.#isHeld = false
    else if (this.#offered.direction === 'sendrecv') this.#isHeld = true
  }

  #offer(isHolding: boolean, isHeld: boolean): Direction {
    const direction = directionOf(!isHeld, !isHolding)
    this.#offered = { direction, isHolding }
    return direction
  }
}
