/** Milliseconds from one visit of a leg to the next. */
export const TICK_MS = 20
/** A tick is done in four parts, so that neither the processor nor the network sees one burst per tick. */
export const SUB_TICKS = 4
export const SUB_TICK_MS: number = TICK_MS / SUB_TICKS

/**
 * Which legs are visited in which sub-tick, in the order in which they came. A newcomer goes where the fewest are. Two
 * that work together are visited one after the other: what one has used, the other finds in the processor's cache.
 */
export class Schedule<Leg> {
  readonly #lists: Leg[][] = Array.from({ length: SUB_TICKS }, () => [])
  #size = 0

  /** Legs in the schedule. */
  get size(): number {
    return this.#size
  }

  /** The legs to visit in sub-tick `n`, counted from the beginning of time. */
  at(n: number): readonly Leg[] {
    return this.#lists[n % SUB_TICKS]!
  }

  /**
   * @param halfTicks visit the leg each 10 ms, for packets of 10 and 30 ms
   * @param n a sub-tick in which it is to be visited; default: where the fewest are
   */
  add(leg: Leg, halfTicks: boolean, n: number = this.#quietest): void {
    this.#lists[n % SUB_TICKS]!.push(leg)
    if (halfTicks) this.#lists[(n + SUB_TICKS / 2) % SUB_TICKS]!.push(leg)
    this.#size++
  }

  remove(leg: Leg): void {
    let found = false
    for (const list of this.#lists) {
      const index = list.indexOf(leg)
      if (index < 0) continue
      list.splice(index, 1)
      found = true
    }
    if (found) this.#size--
  }

  /** Has two legs of the schedule, both with whole ticks, visited one after the other. */
  pair(leg: Leg, other: Leg): void {
    this.remove(leg)
    this.remove(other)
    this.#lists[this.#quietest]!.push(leg, other)
    this.#size += 2
  }

  get #quietest(): number {
    let quietest = 0
    for (let i = 1; i < SUB_TICKS; i++) if (this.#lists[i]!.length < this.#lists[quietest]!.length) quietest = i
    return quietest
  }
}
