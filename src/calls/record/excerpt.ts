/**
 * A list that stays within a weight: of what is too much, the first half and as much of the end as fits beside it are
 * kept, because calls are explained by how they began and how they ended.
 */
export class Excerpt<Item> {
  /** Items from the middle that were let go. */
  leftOut = 0
  /** Of the items that are kept. */
  weight = 0
  readonly #limit: number
  readonly #weigh: (item: Item) => number
  readonly #first: Item[] = []
  #last: Item[] | undefined

  /** @param limit the most weight that is kept */
  constructor(limit: number, weigh: (item: Item) => number) {
    this.#limit = limit
    this.#weigh = weigh
  }

  push(item: Item): void {
    this.weight += this.#weigh(item)
    if (this.#last === undefined && this.weight <= this.#limit / 2) {
      this.#first.push(item)
      return
    }
    this.#last ??= []
    this.#last.push(item)
    while (this.weight > this.#limit) this.#letGo(this.#last.shift() as Item)
  }

  /** How many items there have been. */
  get pushed(): number {
    return this.#first.length + (this.#last?.length ?? 0) + this.leftOut
  }

  /** How many items of {@link items} were kept from the beginning: what is left out is missing after them. */
  get firsts(): number {
    return this.#first.length
  }

  get items(): readonly Item[] {
    return this.#last === undefined ? this.#first : [...this.#first, ...this.#last]
  }

  #letGo(item: Item): void {
    this.weight -= this.#weigh(item)
    this.leftOut++
  }
}
