import { chance, integerBelow, type Random, uniform } from '../../kit/index.ts'
import type { VirtualClock } from '../clock/virtual-clock.ts'

/** The choices of one random party: what, whether, and when. */
export class Chooser {
  readonly random: Random
  readonly #clock: VirtualClock
  readonly #seen: Map<string, number>

  /** @param seen counts what was done, to tell whether a run got everywhere */
  constructor(random: Random, clock: VirtualClock, seen: Map<string, number>) {
    this.random = random
    this.#clock = clock
    this.#seen = seen
  }

  get now(): number {
    return this.#clock.now
  }

  one<T>(from: readonly T[]): T {
    return from[integerBelow(this.random, from.length)] as T
  }

  maybe(probability: number): boolean {
    return chance(this.random, probability)
  }

  /** Most delays are short, some are as long as `mostMs`. */
  delayMs(mostMs: number): number {
    return Math.round(mostMs * uniform(this.random) ** 3)
  }

  /** Does something after a delay of at most `mostMs`. */
  later(mostMs: number, action: () => void): void {
    this.#clock.after(this.delayMs(mostMs), action, 'a random party')
  }

  after(delayMs: number, action: () => void): void {
    this.#clock.after(delayMs, action, 'a random party')
  }

  sleep(mostMs: number): Promise<void> {
    return this.#clock.sleep(this.delayMs(mostMs))
  }

  note(what: string): void {
    this.#seen.set(what, (this.#seen.get(what) ?? 0) + 1)
  }
}
