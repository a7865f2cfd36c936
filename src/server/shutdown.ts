import type { Exchange } from '../calls/index.ts'
import type { Driver } from './driver.ts'

/** How long hang-ups may take, and applications to notice, once the grace is over. */
const HANG_UP_MS = 6_000
const LOOK_EVERY_MS = 20

/**
 * The end of a server.
 *
 *     running --begin--> draining (no new calls) --no calls left, or grace over--> hanging up --quiet, or 6 s--> closed
 */
export class Shutdown {
  readonly #exchange: Pick<Exchange, 'drain' | 'shutDown' | 'sizes'>
  readonly #driver: Pick<Driver, 'stop'>
  readonly #release: () => Promise<void>
  #graceUntil = Number.POSITIVE_INFINITY
  #closing: Promise<void> | undefined

  /** @param release gives sockets and threads back, at the very end */
  constructor(
    exchange: Pick<Exchange, 'drain' | 'shutDown' | 'sizes'>,
    driver: Pick<Driver, 'stop'>,
    release: () => Promise<void>,
  ) {
    this.#exchange = exchange
    this.#driver = driver
    this.#release = release
  }

  /** Begins, or shortens the grace of one that has begun; resolves when everything is closed. */
  begin(graceMs: number): Promise<void> {
    this.#graceUntil = Math.min(this.#graceUntil, performance.now() + graceMs)
    this.#closing ??= this.#run()
    return this.#closing
  }

  async #run(): Promise<void> {
    this.#exchange.drain()
    while (!this.#isQuiet && performance.now() < this.#graceUntil) await pause()
    this.#exchange.shutDown()
    const giveUpAt = performance.now() + HANG_UP_MS
    while (!this.#isQuiet && performance.now() < giveUpAt) await pause()
    this.#driver.stop()
    await this.#release()
  }

  get #isQuiet(): boolean {
    const { calls, instances, mediaLegs, registering } = this.#exchange.sizes()
    return calls === 0 && instances === 0 && mediaLegs === 0 && registering === 0
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
}
