/** A source of randomness, handed to every machine that needs one. */
export interface Random {
  /** A uniform integer in 0..2^32-1. */
  uint32(): number
}

/** A uniform number in [0, 1). */
export function uniform(random: Random): number {
  return random.uint32() / 0x1_0000_0000
}

/** A uniform integer in 0..bound-1, for a bound of 1..2^32. */
export function integerBelow(random: Random, bound: number): number {
  return Math.floor(uniform(random) * bound)
}

/** True with probability `p` (0..1). */
export function chance(random: Random, p: number): boolean {
  return p > 0 && uniform(random) < p
}

/**
 * A small seeded generator (sfc32, Chris Doty-Humphrey's "Small Fast Counting"): the same seed gives the same
 * run. For simulation and tests; the server hands in the operating system's generator instead.
 */
export function seededRandom(seed: number): Random {
  let a = 0x9e3779b9
  let b = 0x243f6a88
  let c = seed | 0
  let counter = 1
  const uint32 = (): number => {
    const result = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + result
    c |= 0
    return result >>> 0
  }
  for (let i = 0; i < 15; i++) uint32()
  return { uint32 }
}
