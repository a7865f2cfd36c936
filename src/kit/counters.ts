/**
 * Named counters that only grow, and gauges that go up and down: what the exchange dropped, refused and holds.
 * The set of names is closed by the type, so a typing mistake is a compile error.
 */
export class Counters<Name extends string> {
  readonly #values = new Map<Name, number>()

  add(name: Name, amount = 1): void {
    this.#values.set(name, (this.#values.get(name) ?? 0) + amount)
  }

  get(name: Name): number {
    return this.#values.get(name) ?? 0
  }

  /** Every counter that was ever touched, sorted by name. */
  snapshot(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#values].sort(([a], [b]) => (a < b ? -1 : 1)))
  }
}
