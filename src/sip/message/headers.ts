import { canonicalName, isListHeader, isWordList, printedName } from './header-names.ts'
import { splitList } from './scan.ts'

/**
 * The headers of one message, in order. Names are case-insensitive and may be given compact or long; inside they
 * are kept long and lower-case ('call-id', 'via'). Values are raw text, unfolded and trimmed; a list header that
 * arrived comma-separated is kept as one value per element, so `all('via')[0]` is the topmost Via. A line break in
 * a value becomes a space, so no value can smuggle in a header of its own.
 */
export class SipHeaders {
  readonly #names: string[] = []
  readonly #values: string[] = []
  /** The lists that may still hold several elements in one value: told apart when read, and most are never read. */
  #unsplit: string[] = []
  /** What values were found to mean. */
  #readings: Reading | undefined

  /** The first value, or `undefined`. */
  get(name: string): string | undefined {
    const index = this.#find(name)
    return index < 0 ? undefined : this.#values[index]
  }

  /**
   * What `parse` makes of the first value, or `undefined` without one. It is remembered: on the way to its dialog a
   * message is asked for the same few things by everybody who passes it on.
   */
  read<Meaning>(name: string, parse: (value: string) => Meaning): Meaning | undefined {
    const value = this.get(name)
    if (value === undefined) return undefined
    for (let known = this.#readings; known !== undefined; known = known.next)
      if (known.parse === parse && known.value === value) return known.meaning as Meaning
    const meaning = parse(value)
    this.#readings = { parse, value, meaning, next: this.#readings }
    return meaning
  }

  /** How many values the header has. */
  count(name: string): number {
    let count = 0
    const first = this.#find(name)
    const wanted = this.#names[first]
    for (let i = first; i >= 0; i = this.#names.indexOf(wanted as string, i + 1)) count++
    return count
  }

  /** Every value in order. */
  all(name: string): string[] {
    const found: string[] = []
    const first = this.#find(name)
    const wanted = this.#names[first]
    for (let i = first; i >= 0; i = this.#names.indexOf(wanted as string, i + 1)) found.push(this.#values[i] as string)
    return found
  }

  has(name: string): boolean {
    return this.#names.includes(name) || this.#names.includes(canonicalName(name))
  }

  /** Replaces every value of the header by `value` (or by each of the values), at the place of the first. */
  set(name: string, value: string | readonly string[]): void {
    const wanted = canonicalName(name)
    const values = typeof value === 'string' ? [value] : value
    const first = this.#find(wanted)
    if (first >= 0 && values.length === 1 && this.#names.indexOf(wanted, first + 1) < 0) {
      this.#values[first] = this.#accept(wanted, values[0] as string)
      return
    }
    this.delete(wanted)
    this.#insert(first < 0 ? this.#names.length : first, wanted, values)
  }

  /** Appends a value (of a list header: also several, separated by commas) after those that are there. */
  add(name: string, value: string): void {
    const canonical = canonicalName(name)
    this.#names.push(canonical)
    this.#values.push(this.#accept(canonical, value))
  }

  /** Appends every value that the header has in another message. */
  copyAll(name: string, from: SipHeaders): void {
    const first = from.#find(name)
    const wanted = from.#names[first]
    for (let i = first; i >= 0; i = from.#names.indexOf(wanted as string, i + 1)) this.#copy(i, from)
  }

  /** Appends the first value that the header has in another message, if it has one. */
  copyFirst(name: string, from: SipHeaders): void {
    const index = from.#find(name)
    if (index >= 0) this.#copy(index, from)
  }

  #copy(index: number, from: SipHeaders): void {
    this.#names.push(from.#names[index] as string)
    this.#values.push(from.#values[index] as string)
  }

  /** Puts a value in the place of the first. */
  replaceFirst(name: string, value: string): void {
    const index = this.#find(name)
    if (index >= 0) this.#values[index] = this.#accept(this.#names[index] as string, value)
  }

  /** Puts a value before those of the same name (a new topmost Via, a Record-Route). */
  prepend(name: string, value: string): void {
    const wanted = canonicalName(name)
    this.#insert(Math.max(this.#find(wanted), 0), wanted, [value])
  }

  delete(name: string): void {
    const wanted = canonicalName(name)
    if (this.#find(wanted) >= 0) this.#keep((name) => name !== wanted)
  }

  /** Takes away and returns the first value (the topmost Via, the next Route), or `undefined`. */
  shift(name: string): string | undefined {
    const index = this.#find(name)
    if (index < 0) return undefined
    this.#names.splice(index, 1)
    return this.#values.splice(index, 1)[0]
  }

  /** Every (long lower-case name, value) in order. */
  *entries(): IterableIterator<[name: string, value: string]> {
    for (const name of this.#unsplit) this.#split(name)
    this.#unsplit = []
    for (let i = 0; i < this.#names.length; i++) yield [this.#names[i] as string, this.#values[i] as string]
  }

  /** How long {@link toText} is at most, in characters. */
  get textLength(): number {
    let length = 0
    for (let i = 0; i < this.#names.length; i++)
      length += (this.#names[i] as string).length + (this.#values[i] as string).length + 4
    return length
  }

  /** Every header but Content-Length as lines that end with CRLF. Lists of plain words share one line. */
  toText(): string {
    let text = ''
    for (let i = 0; i < this.#names.length; i++) {
      const name = this.#names[i] as string
      if (name === 'content-length') continue
      text += `${printedName(name)}: ${this.#values[i]}`
      while (this.#names[i + 1] === name && isWordList(name) && this.#areJoinable(i)) text += `, ${this.#values[++i]}`
      text += '\r\n'
    }
    return text
  }

  /** Whether two neighbours on one line would be told apart again: empty or odd values get a line of their own. */
  #areJoinable(index: number): boolean {
    const isPlain = (value: string): boolean => value !== '' && !value.includes('"') && !value.includes('<')
    return isPlain(this.#values[index] as string) && isPlain(this.#values[index + 1] as string)
  }

  /** The index of the first value of the header (-1: none), its lists told apart. */
  #find(name: string): number {
    let index = this.#names.indexOf(name)
    if (index < 0) {
      const canonical = canonicalName(name)
      if (canonical === name) return -1
      index = this.#names.indexOf(canonical)
    }
    const wanted = this.#names[index]
    if (wanted === undefined || this.#unsplit.length === 0 || !this.#unsplit.includes(wanted)) return index
    this.#split(wanted)
    this.#unsplit = this.#unsplit.filter((name) => name !== wanted)
    return this.#names.indexOf(wanted)
  }

  #split(wanted: string): void {
    const names = this.#names.splice(0)
    const values = this.#values.splice(0)
    for (let i = 0; i < names.length; i++) {
      const name = names[i] as string
      const value = values[i] as string
      for (const element of name === wanted && value.includes(',') ? splitList(value) : [value]) {
        this.#names.push(name)
        this.#values.push(element)
      }
    }
  }

  /** The value as it may be kept: on one line, and remembered when it may be a list of several. */
  #accept(canonical: string, value: string): string {
    if (value.includes(',') && isListHeader(canonical) && !this.#unsplit.includes(canonical)) {
      this.#unsplit.push(canonical)
    }
    return value.includes('\n') || value.includes('\r') ? value.replace(/[\r\n]+/g, ' ') : value
  }

  #insert(at: number, name: string, values: readonly string[]): void {
    this.#names.splice(at, 0, ...values.map(() => name))
    this.#values.splice(at, 0, ...values.map((value) => this.#accept(name, value)))
  }

  #keep(wanted: (name: string) => boolean): void {
    let kept = 0
    for (let i = 0; i < this.#names.length; i++) {
      const name = this.#names[i] as string
      if (!wanted(name)) continue
      this.#names[kept] = name
      this.#values[kept++] = this.#values[i] as string
    }
    this.#names.length = kept
    this.#values.length = kept
  }
}

/** The text tells all: what was found out holds whatever becomes of the header. */
interface Reading {
  readonly parse: (value: string) => unknown
  readonly value: string
  readonly meaning: unknown
  readonly next: Reading | undefined
}
