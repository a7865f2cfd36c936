import type { Instant } from '../../kit/index.ts'

/** How a digit may come: as a telephone event (RFC 4733), as tones, or by signalling (SIP INFO). */
export type DigitSource = 'event' | 'tone' | 'info'

/**
 * One digit per key press, however many ways the far end tells of it. A report is the same press as an earlier one
 * when that was the same key, came another way and less than a second ago, and was not told of in this way yet: so
 * presses pair up one to one even when the same key is pressed fast. Nothing is allocated after construction.
 */
export class PressLedger {
  #presses: Press[] = Array.from({ length: MEMORY }, () => ({ digit: '', at: 0, toldBy: 0 }))
  #oldest = 0

  /** What another one goes on from, in another thread perhaps: the presses, from the oldest on. */
  get state(): readonly Press[] {
    return Array.from({ length: MEMORY }, (_, i) => this.#presses[(this.#oldest + i) % MEMORY]!)
  }

  set state(presses: readonly Press[]) {
    this.#presses = presses.map((press) => ({ ...press }))
    this.#oldest = 0
  }

  /** Whether this report is of a press that was not told of before. */
  isNew(digit: string, source: DigitSource, now: Instant): boolean {
    const way = WAYS[source]
    for (let i = 0; i < MEMORY; i++) {
      const press = this.#presses[(this.#oldest + i) % MEMORY]!
      if (press.digit !== digit || (press.toldBy & way) !== 0 || now - press.at >= SAME_PRESS_MS) continue
      press.toldBy |= way
      return false
    }
    const press = this.#presses[this.#oldest]!
    this.#oldest = (this.#oldest + 1) % MEMORY
    press.digit = digit
    press.at = now
    press.toldBy = way
    return true
  }
}

/** A press that was told of. */
export interface Press {
  digit: string
  at: Instant
  /** The ways in which it was told of, as bits. */
  toldBy: number
}

const WAYS: Readonly<Record<DigitSource, number>> = { event: 1, tone: 2, info: 4 }
/** Nobody presses more keys in a second. */
const MEMORY = 16
/** Tones are known some 50 ms into the press; INFO takes the way of signalling. */
const SAME_PRESS_MS = 1000
