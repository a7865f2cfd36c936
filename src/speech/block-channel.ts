/** Hands values from where they are pushed to whoever iterates, who may be one or several and may come late. */
export class BlockChannel<Value> implements AsyncIterable<Value> {
  readonly #values: Value[] = []
  #end: { readonly error?: Error } | undefined
  #changed: (() => void)[] = []

  get isEnded(): boolean {
    return this.#end !== undefined
  }

  /** Everything that was pushed so far. */
  get values(): readonly Value[] {
    return this.#values
  }

  push(value: Value): void {
    if (this.#end !== undefined) return
    this.#values.push(value)
    this.#wake()
  }

  /** Nothing more will come. With an error, that is thrown behind the last value. The first end counts. */
  end(error?: Error): void {
    this.#end ??= error === undefined ? {} : { error }
    this.#wake()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Value> {
    for (let at = 0; ; at++) {
      while (at === this.#values.length) {
        if (this.#end?.error !== undefined) throw this.#end.error
        if (this.#end !== undefined) return
        await new Promise<void>((resolve) => this.#changed.push(resolve))
      }
      yield this.#values[at] as Value
    }
  }

  #wake(): void {
    const waiting = this.#changed
    this.#changed = []
    for (const resolve of waiting) resolve()
  }
}
