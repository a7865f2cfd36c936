import type { Leg } from './leg.ts'

/**
 * Of a thousand legs, none is in the processor's cache when its turn comes, and a leg is a dozen objects: visiting it
 * waits a dozen times for memory. Reading a little of each object of several legs first has the processor fetch them
 * side by side.
 *
 * Before each visit one of these methods is told.
 */
export class Touch {
  /** Of no meaning, but what is read for nothing would not be read. */
  #sum = 0

  /** Before a whole visit of `legs[i]`, from the first to the last. */
  beforeVisit(legs: readonly Leg[], i: number): void {
    if ((i & (AT_ONCE - 1)) !== 0) return
    const end = Math.min(i + AT_ONCE, legs.length)
    for (let k = i; k < end; k++) this.#sum ^= legs[k]!.touchIn() ^ legs[k]!.touchOut()
  }

  /**
   * Before the first half of a visit, from the last to the first. Of a few legs the second half is so near that it needs no
   * such thing.
   */
  beforeIn(legs: readonly Leg[], i: number): void {
    if (!isFirstOfSome(legs, i)) return
    if (legs.length <= AT_ONCE) this.beforeVisit(legs, 0)
    else for (let k = i & -AT_ONCE; k <= i; k++) this.#sum ^= legs[k]!.touchIn()
  }

  /** Before the second half of a visit, from the last to the first. */
  beforeOut(legs: readonly Leg[], i: number): void {
    if (legs.length <= AT_ONCE || !isFirstOfSome(legs, i)) return
    for (let k = i & -AT_ONCE; k <= i; k++) this.#sum ^= legs[k]!.touchOut() ^ legs[k]!.touchWay()
  }
}

function isFirstOfSome(legs: readonly Leg[], i: number): boolean {
  return (i & (AT_ONCE - 1)) === AT_ONCE - 1 || i === legs.length - 1
}

/** A power of two. */
const AT_ONCE = 8
