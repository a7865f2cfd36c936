/**
 * How the main thread wakes a media worker that sleeps with nothing to do. A worker that has legs to visit sleeps
 * only to its next sub-tick, whoever rings, and looks for messages then: at times of many calls a message then costs nobody
 * a wake-up.
 */
export class Bell {
  readonly shared: Int32Array

  constructor(shared: Int32Array = new Int32Array(new SharedArrayBuffer(4))) {
    this.shared = shared
  }

  /** Wakes whoever sleeps until it is rung. */
  ring(): void {
    Atomics.add(this.shared, RUNG, 1)
    Atomics.notify(this.shared, RUNG)
  }

  /** How often it was rung: look at this before you look for messages. */
  get rung(): number {
    return Atomics.load(this.shared, RUNG)
  }

  /** Blocks until the bell is rung, or for this many milliseconds; not at all when it was rung since `rung` was read. */
  sleep(rung: number, atMostMs: number): void {
    Atomics.wait(this.shared, RUNG, rung, atMostMs)
  }
}

const RUNG = 0
