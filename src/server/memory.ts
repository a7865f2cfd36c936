import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { RunningServer } from './main.ts'

export interface MemoryReturnOptions {
  /** How much is alive now, in whatever unit: calls and what SIP remembers of them. */
  readonly load: () => number
  /** Default: all garbage of this process is collected at once. */
  readonly collect?: () => void
}

/** Gives back what bursts of calls through a server have left, as long as it runs in a process of its own. */
export function returnMemoryOf(server: Pick<RunningServer, 'sizes'>): MemoryReturn {
  return new MemoryReturn({
    load: () => {
      const { sessions = 0, mediaLegs = 0, clientTransactions = 0, serverTransactions = 0 } = server.sizes()
      return sessions + mediaLegs + clientTransactions + serverTransactions
    },
  })
}

/**
 * Gives memory back after a burst of calls. V8 collects garbage when it needs room, and an exchange on which nothing
 * happens needs none: without this, what a burst has left stays resident for as long as it is quiet.
 *
 * It is looked at every two seconds. When nine tenths of the most have gone, what is left is small, so a collection is
 * short (some tens of milliseconds of the main thread; media workers are threads of their own).
 */
export class MemoryReturn {
  readonly #options: MemoryReturnOptions
  readonly #collect: () => void
  readonly #timer: NodeJS.Timeout
  /** Since the last collection. */
  #most = 0
  #passes = 0

  constructor(options: MemoryReturnOptions) {
    this.#options = options
    this.#collect = options.collect ?? garbageCollector()
    this.#timer = setInterval(() => this.#look(), EVERY_MS).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #look(): void {
    const load = this.#options.load()
    this.#most = Math.max(this.#most, load)
    if (this.#most >= WORTH_IT && load <= this.#most / 10) {
      this.#most = load
      this.#passes = PASSES
    }
    if (this.#passes === 0) return
    this.#passes--
    this.#collect()
  }
}

/** V8's own, which is hidden unless asked for. */
function garbageCollector(): () => void {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as () => void
}

const EVERY_MS = 2000
const WORTH_IT = 200
/** The first frees the objects; the room for young ones shrinks only after seconds in which few were made. */
const PASSES = 6
