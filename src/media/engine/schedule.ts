/** Milliseconds from one visit of a leg to the next. */
export const TICK_MS = 20
/** A tick is done in four parts, so that neither the processor nor the network sees one burst per tick. */
export const SUB_TICKS = 4
export const SUB_TICK_MS: number = TICK_MS / SUB_TICKS

/**
 * Which legs are visited in which sub-tick, in the order in which they came. One is filled before the next is begun: each in
 * which there is something to do costs as much as a few dozen legs, whose code and data are out of the processor's
 * cache by then. Two that work together are visited one after the other: what one has used, the other finds there.
 */
export class Schedule<Leg> {
  readonly #lists: Leg[][] = Array.from({ length: SUB_TICKS }, () => [])
  readonly #loadOf: (part: number) => number
  #size = 0

  /** @param loadOf how many legs are visited in a part of the tick, by this schedule and others */
  constructor(loadOf: (part: number) => number) {
    this.#loadOf = loadOf
  }

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
   * @param n a sub-tick in which it is to be visited; default: in the first that is not full
   */
  add(leg: Leg, halfTicks: boolean, n: number = this.#nextToFill): void {
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
    this.#lists[this.#nextToFill]!.push(leg, other)
    this.#size += 2
  }

  /** Moves somebody with whom ever more are visited on from a sub-tick that has become too full. */
  relieve(leg: Leg, halfTicks: boolean): void {
    const part = this.#lists.findIndex((list) => list.includes(leg))
    if (part < 0 || this.#loadOf(part) <= FULL) return
    this.remove(leg)
    this.add(leg, halfTicks)
  }

  get #nextToFill(): number {
    let quietest = 0
    let least = Number.POSITIVE_INFINITY
    for (let part = 0; part < SUB_TICKS; part++) {
      const load = this.#loadOf(part)
      if (load < FULL) return part
      if (load >= least) continue
      quietest = part
      least = load
    }
    return quietest
  }
}

/** Legs: about a millisecond of work. */
const FULL = 256
