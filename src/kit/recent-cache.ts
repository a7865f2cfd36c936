/** What was made use of lately, up to a number of bytes; what was not for longest goes first. */
export class RecentCache<Value> {
  readonly #capacity: number
  readonly #entries = new Map<string, { readonly value: Value; readonly bytes: number }>()
  #size = 0

  /** @param capacity bytes; 0 keeps nothing */
  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** Bytes that are kept. */
  get size(): number {
    return this.#size
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    return entry.value
  }

  /** @param bytes of the value; with more than the capacity it is not kept */
  set(key: string, value: Value, bytes: number): void {
    this.#delete(key)
    if (bytes > this.#capacity) return
    this.#entries.set(key, { value, bytes })
    this.#size += bytes
    while (this.#size > this.#capacity) this.#delete(this.#entries.keys().next().value as string)
  }

  #delete(key: string): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    this.#entries.delete(key)
    this.#size -= entry.bytes
  }
}
