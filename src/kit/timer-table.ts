import { type Instant, NEVER } from './machine.ts'

/**
 * The named timers of one machine, as a closed table: a timer is either unset or due at an instant.
 * Small on purpose (a transaction has at most four); `next()` is a linear minimum.
 */
export class TimerTable<Name extends string> {
  readonly #names: readonly Name[]
  readonly #dueAt: number[]

  constructor(names: readonly Name[]) {
    this.#names = names
    this.#dueAt = names.length <= UNSET.length ? UNSET.slice(0, names.length) : names.map(() => NEVER)
  }

  /** Arms `name` to be due at `at`, replacing an earlier setting. */
  set(name: Name, at: Instant): void {
    this.#dueAt[this.#names.indexOf(name)] = at
  }

  clear(name: Name): void {
    this.set(name, NEVER)
  }

  clearAll(): void {
    this.#dueAt.fill(NEVER)
  }

  isSet(name: Name): boolean {
    return this.#dueAt[this.#names.indexOf(name)] !== NEVER
  }

  /** The instant of the earliest timer, or {@link NEVER}. */
  next(): Instant {
    let earliest = NEVER
    for (const at of this.#dueAt) if (at < earliest) earliest = at
    return earliest
  }

  /** Clears and returns the earliest timer that is due at `now`, or `undefined`. Call until it returns `undefined`. */
  takeDue(now: Instant): Name | undefined {
    let index = -1
    let earliest = now
    for (let i = 0; i < this.#dueAt.length; i++) {
      const at = this.#dueAt[i] as number
      if (at !== NEVER && at <= earliest && (index < 0 || at < earliest)) {
        index = i
        earliest = at
      }
    }
    if (index < 0) return undefined
    this.#dueAt[index] = NEVER
    return this.#names[index]
  }
}

/** A copy is an array of doubles at once; others are made into one when the first is written. */
const UNSET: readonly Instant[] = [NEVER, NEVER, NEVER, NEVER]
