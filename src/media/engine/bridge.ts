import type { Leg } from './leg.ts'
import type { Relay } from './relay.ts'

/** Two legs that hear each other: a {@link Relay} each way. */
export class Bridge {
  readonly #first: Leg
  readonly #second: Leg
  readonly #there: Relay
  readonly #back: Relay

  constructor(first: Leg, second: Leg, there: Relay, back: Relay) {
    this.#first = first
    this.#second = second
    this.#there = there
    this.#back = back
  }

  otherThan(leg: Leg): Leg {
    return leg === this.#first ? this.#second : this.#first
  }

  /** A stream has begun or changed. */
  useStreams(mediaMs: number): void {
    const [first, second] = [this.#first.stream, this.#second.stream]
    if (first === undefined || second === undefined) return
    this.#there.useStreams(first, second, mediaMs)
    this.#back.useStreams(second, first, mediaMs)
  }

  /** The far end of `leg` has pressed a key by signalling. */
  pressSignalled(leg: Leg, digit: string, mediaMs: number): void {
    const relay = leg === this.#first ? this.#there : this.#back
    relay.pressSignalled(digit, mediaMs)
  }

  end(): void {
    this.#there.end()
    this.#back.end()
  }
}
