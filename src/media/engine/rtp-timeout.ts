/** Since when nothing came. */
export interface RtpTimeoutState {
  readonly timeoutMs: number
  readonly heardAtMs: number
  readonly hasPassed: boolean
}

/**
 * Tells once when a stream that should be heard has fallen silent, and once when it is heard again. It counts media
 * time, so a pause of our own process counts too, but only after everything that waited has been taken.
 */
export class RtpTimeout {
  #timeoutMs = 0
  #heardAtMs = 0
  #hasPassed = false

  /** What another one goes on from, in another thread perhaps. */
  get state(): RtpTimeoutState {
    return {
      timeoutMs: this.#timeoutMs,
      heardAtMs: this.#heardAtMs,
      hasPassed: this.#hasPassed,
    }
  }

  set state(state: RtpTimeoutState) {
    this.#timeoutMs = state.timeoutMs
    this.#heardAtMs = state.heardAtMs
    this.#hasPassed = state.hasPassed
  }

  /**
   * @param timeoutMs how long nothing may come, 0 for ever. When it changes (a hold, its end, another stream) the
   * count begins anew; the same value again changes nothing.
   */
  use(timeoutMs: number, mediaMs: number): void {
    if (timeoutMs === this.#timeoutMs) return
    this.#timeoutMs = timeoutMs
    this.#heardAtMs = mediaMs
    this.#hasPassed = false
  }

  /** Notes a packet; true when it is the first after a timeout. */
  heard(mediaMs: number): boolean {
    this.#heardAtMs = mediaMs
    const isBack = this.#hasPassed
    this.#hasPassed = false
    return isBack
  }

  /** Whether the timeout has passed since the last packet; true once. */
  passes(mediaMs: number): boolean {
    if (this.#timeoutMs === 0 || this.#hasPassed || mediaMs - this.#heardAtMs < this.#timeoutMs) return false
    this.#hasPassed = true
    return true
  }
}
