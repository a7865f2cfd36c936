import { seededRandom } from '../../kit/index.ts'
import type { LegId, MediaCommand, MediaEvent } from '../engine/control.ts'
import { MediaEngine, type MediaEngineOptions } from '../engine/engine.ts'
import type { MediaHarness } from './harness.ts'
import { FOREIGN_ADDRESS, MemoryNetwork } from './memory-network.ts'

/** Two engines on one network and one clock in virtual time, as two media workers of a process: legs are opened in the first. */
export class TwoEngines implements MediaHarness {
  readonly address = '127.0.0.1'
  readonly foreignAddress = FOREIGN_ADDRESS
  readonly events: MediaEvent[] = []
  readonly network = new MemoryNetwork()
  readonly engines: readonly [MediaEngine, MediaEngine]
  now = 1000.25
  readonly #at = new Map<LegId, 0 | 1>()

  constructor(options: Partial<MediaEngineOptions> = {}) {
    this.network.now = () => this.now
    const create = (seed: number): MediaEngine =>
      new MediaEngine({ io: this.network.io(), random: seededRandom(seed), origin: 0, ...options })
    this.engines = [create(1), create(2)]
  }

  send(command: MediaCommand): void {
    this.engines[this.#at.get(command.leg) ?? 0].handle(command, this.now)
    this.#drain()
  }

  /** Moves a leg to the other engine, which gets it so much later. */
  async move(leg: LegId, underWayMs = 0): Promise<void> {
    const to = this.#at.get(leg) === 1 ? 0 : 1
    this.send({ type: 'release', leg, to: to + 1 })
    const event = this.events.pop()
    if (event?.type !== 'released') throw new Error(`it was not released: ${JSON.stringify(event)}`)
    await this.pass(underWayMs)
    this.#at.set(leg, to)
    // What crosses threads is copied.
    this.send({ type: 'adopt', leg, released: structuredClone(event.released) })
  }

  async pass(durationMs: number): Promise<void> {
    const end = this.now + durationMs
    while (this.now < end) this.#step(end)
  }

  async waitUntil(until: () => boolean, withinMs: number): Promise<void> {
    const end = this.now + withinMs
    while (!until()) {
      if (this.now >= end) throw new Error(`nothing came of it within ${withinMs} ms`)
      this.#step(end)
    }
  }

  async close(): Promise<void> {}

  #step(limit: number): void {
    this.now = Math.min(limit, Math.max(this.now, Math.min(...this.engines.map((engine) => engine.deadline()))))
    for (const engine of this.engines) if (engine.deadline() <= this.now) engine.expire(this.now)
    this.#drain()
  }

  #drain(): void {
    for (const engine of this.engines)
      for (let event = engine.poll(); event !== undefined; event = engine.poll()) this.events.push(event)
  }
}
