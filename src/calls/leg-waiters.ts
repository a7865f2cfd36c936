/** Who waits for something to become of a call: for a state, or for its end. */
export class LegWaiters {
  readonly #waiting: { readonly done: () => boolean; readonly resolve: () => void }[] = []
  readonly #endingListeners = new Set<() => void>()

  /** Resolves at the first moment at which `done` holds; checked now and by every {@link check}. */
  until(done: () => boolean): Promise<void> {
    if (done()) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push({ done, resolve }))
  }

  /** Calls `listener` once, by {@link ending}; returns the function that takes it back. */
  onEnding(listener: () => void): () => void {
    this.#endingListeners.add(listener)
    return () => this.#endingListeners.delete(listener)
  }

  ending(): void {
    for (const listener of this.#endingListeners) listener()
    this.#endingListeners.clear()
  }

  /** Lets those whom `until` keeps waiting look again. */
  check(): void {
    for (let i = this.#waiting.length - 1; i >= 0; i--) {
      const waiting = this.#waiting[i]
      if (waiting?.done() !== true) continue
      this.#waiting.splice(i, 1)
      waiting.resolve()
    }
  }
}
