/**
 * A map whose entries come and go by the hundreds a second: for what exists once per call, transaction or dialog.
 *
 * V8 keeps the entries of a `Map` in a table that is replaced once it is full of tombstones, and every table that was
 * replaced points to its successor. When one of them has grown old, it keeps all later ones, and all that stood in
 * them, from being collected while they are young: everything that ever stood in the map is copied twice and then waits
 * for a full collection. Here the map holds numbers only, and the values stand in an array, which forgets them.
 *
 * Iterates in the order of insertion, as a `Map` does, and must not be changed meanwhile.
 */
export class Table<Key extends string | number, Value> {
  readonly #places = new Map<Key, number>()
  #values: (Value | undefined)[] = []
  #free: number[] = []

  get size(): number {
    return this.#places.size
  }

  get(key: Key): Value | undefined {
    const place = this.#places.get(key)
    return place === undefined ? undefined : this.#values[place]
  }

  has(key: Key): boolean {
    return this.#places.has(key)
  }

  set(key: Key, value: Value): void {
    let place = this.#places.get(key)
    if (place === undefined) {
      place = this.#free.pop() ?? this.#values.length
      this.#places.set(key, place)
    }
    this.#values[place] = value
  }

  /** Whether there was such an entry. */
  delete(key: Key): boolean {
    const place = this.#places.get(key)
    if (place === undefined) return false
    this.#places.delete(key)
    this.#values[place] = undefined
    this.#free.push(place)
    // What a burst made large is let go.
    if (this.#places.size === 0 && this.#values.length > LARGEST_KEPT) this.clear()
    return true
  }

  clear(): void {
    this.#places.clear()
    this.#values = []
    this.#free = []
  }

  /** The value that was inserted first, or `undefined`. */
  first(): Value | undefined {
    for (const place of this.#places.values()) return this.#values[place]
    return undefined
  }

  *values(): IterableIterator<Value> {
    for (const place of this.#places.values()) yield this.#values[place] as Value
  }

  *entries(): IterableIterator<readonly [key: Key, value: Value]> {
    for (const [key, place] of this.#places) yield [key, this.#values[place] as Value]
  }
}

const LARGEST_KEPT = 1024
