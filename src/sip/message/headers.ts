/**
 * The headers of one message, in order. Names are case-insensitive and may be given compact or long; inside they
 * are kept long and lower-case ('call-id', 'via'). Values are raw text, unfolded and trimmed; a list header that
 * arrived comma-separated is kept as one value per element, so `all('via')[0]` is the topmost Via.
 */
export class SipHeaders {
  readonly #names: string[] = []
  readonly #values: string[] = []

  /** The first value, or `undefined`. */
  get(name: string): string | undefined {
    const index = this.#names.indexOf(canonicalName(name))
    return index < 0 ? undefined : this.#values[index]
  }

  /** Every value in order. */
  all(name: string): string[] {
    const wanted = canonicalName(name)
    return this.#values.filter((_, index) => this.#names[index] === wanted)
  }

  has(name: string): boolean {
    return this.#names.includes(canonicalName(name))
  }

  /** Replaces every value of the header by `value` (or by each of the values), at the place of the first. */
  set(name: string, value: string | readonly string[]): void {
    const wanted = canonicalName(name)
    const first = this.#names.indexOf(wanted)
    const at = first < 0 ? this.#names.length : first
    this.delete(wanted)
    const values = typeof value === 'string' ? [value] : value
    this.#names.splice(at, 0, ...values.map(() => wanted))
    this.#values.splice(at, 0, ...values)
  }

  /** Appends a value after those that are there. */
  add(name: string, value: string): void {
    this.#names.push(canonicalName(name))
    this.#values.push(value)
  }

  /** Puts a value before those of the same name (a new topmost Via, a Record-Route). */
  prepend(name: string, value: string): void {
    const wanted = canonicalName(name)
    const first = this.#names.indexOf(wanted)
    const at = Math.max(first, 0)
    this.#names.splice(at, 0, wanted)
    this.#values.splice(at, 0, value)
  }

  delete(name: string): void {
    const wanted = canonicalName(name)
    for (let i = this.#names.length - 1; i >= 0; i--) {
      if (this.#names[i] !== wanted) continue
      this.#names.splice(i, 1)
      this.#values.splice(i, 1)
    }
  }

  /** Every (long lower-case name, value) in order. */
  *entries(): IterableIterator<[name: string, value: string]> {
    for (let i = 0; i < this.#names.length; i++) yield [this.#names[i] as string, this.#values[i] as string]
  }
}

/** The long, lower-case name of a header given in any case, compact or long (RFC 3261 section 7.3.3). */
export function canonicalName(name: string): string {
  const lower = name.toLowerCase()
  return COMPACT[lower] ?? lower
}

/** Compact forms: RFC 3261, 3515 (r), 3891/3892 (b), 3841 (a, j, d), 4028 (x), 4474 (n, y), 6665 (o, u). */
const COMPACT: Readonly<Record<string, string>> = {
  a: 'accept-contact',
  b: 'referred-by',
  c: 'content-type',
  d: 'request-disposition',
  e: 'content-encoding',
  f: 'from',
  i: 'call-id',
  j: 'reject-contact',
  k: 'supported',
  l: 'content-length',
  m: 'contact',
  n: 'identity-info',
  o: 'event',
  r: 'refer-to',
  s: 'subject',
  t: 'to',
  u: 'allow-events',
  v: 'via',
  x: 'session-expires',
  y: 'identity',
}
