import { AsyncLocalStorage } from 'node:async_hooks'
import { performance } from 'node:perf_hooks'
import type { Instant } from '../../kit/index.ts'
import { realTimers } from '../clock/real-timers.ts'
import { Waiter } from '../clock/waiter.ts'
import type { PhoneClock } from '../phone/environment.ts'

const { clearInterval, clearTimeout, setInterval, setTimeout } = realTimers.timers

/** The longest delay that Node's timers know; a longer one means at once to them. */
const LONGEST_DELAY_MS = 2 ** 31 - 1

/**
 * The machine's own time for phones on real sockets, in milliseconds since the clock was made. Its timers do not keep
 * the process alive; whoever waits does.
 */
export class RealClock implements PhoneClock {
  readonly #startedAt = performance.now()
  readonly #inScript = new AsyncLocalStorage<true>()
  readonly #pulls = new Set<(error: unknown) => void>()
  readonly #onError: (error: unknown) => void
  #keepAlive: NodeJS.Timeout | undefined
  #waiting = 0

  /** @param onError hears what a timer's action throws */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError
  }

  get now(): Instant {
    return performance.now() - this.#startedAt
  }

  /** Calls `action` once, `delayMs` from now; never, when that is infinite. What is returned calls it off. */
  after(delayMs: number, action: () => void): () => void {
    if (delayMs === Number.POSITIVE_INFINITY) return () => {}
    const timer = setTimeout(() => this.guard(action), Math.min(delayMs, LONGEST_DELAY_MS)).unref()
    return () => clearTimeout(timer)
  }

  sleep(ms: number): Promise<void> {
    const waiter = this.waiter<void>(`sleep of ${ms} ms`)
    this.after(ms, () => waiter.resolve())
    return waiter.promise
  }

  waiter<Value>(name: string): Waiter<Value> {
    return new Waiter<Value>(name, this.now, () => {})
  }

  /** Waits for `promise`; fails before it when a script goes wrong, unless the caller is a script itself. */
  pull<Value>(_name: string, promise: Promise<Value>): Promise<Value> {
    this.#hold()
    const isScript = this.#inScript.getStore() === true
    return new Promise<Value>((resolve, reject) => {
      if (!isScript) this.#pulls.add(reject)
      const settle = () => {
        this.#pulls.delete(reject)
        this.#release()
      }
      promise.finally(settle).then(resolve, reject)
    })
  }

  /** Runs the script of a phone. */
  runScript(script: () => Promise<void>): Promise<void> {
    return this.#inScript.run(true, script)
  }

  /** Runs what nobody waits for; what it throws is reported instead of ending the process. */
  guard(action: () => void): void {
    try {
      action()
    } catch (error) {
      this.#onError(error)
    }
  }

  /** Fails whatever code outside of scripts waits for. */
  interrupt(error: unknown): void {
    for (const reject of this.#pulls) reject(error)
    this.#pulls.clear()
  }

  #hold(): void {
    if (this.#waiting++ === 0) this.#keepAlive = setInterval(() => {}, LONGEST_DELAY_MS)
  }

  #release(): void {
    if (--this.#waiting === 0) clearInterval(this.#keepAlive)
  }
}
