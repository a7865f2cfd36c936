import { seededRandom } from '../../kit/index.ts'
import type { MediaCommand, MediaEvent } from '../engine/control.ts'
import { MediaEngine, type MediaEngineOptions } from '../engine/engine.ts'
import type { MediaHarness } from './harness.ts'
import { FOREIGN_ADDRESS, type MemoryIo, MemoryNetwork } from './memory-network.ts'

/**
 * An engine in virtual time. `lateBy` says how much later than its deadline each wake-up comes, as the scheduler of
 * an operating system would have it.
 */
export class InProcessMedia implements MediaHarness {
  readonly address: string
  readonly foreignAddress = FOREIGN_ADDRESS
  readonly events: MediaEvent[] = []
  readonly network: MemoryNetwork
  readonly io: MemoryIo
  readonly engine: MediaEngine
  /** Called whenever time has moved, with the virtual time. */
  onTime: (now: number) => void = () => {}
  lateBy: (now: number) => number = () => 0
  now = 1000.25

  constructor(
    options: { network?: MemoryNetwork; address?: string; seed?: number } & Partial<MediaEngineOptions> = {},
  ) {
    this.network = options.network ?? new MemoryNetwork()
    this.address = options.address ?? '127.0.0.1'
    this.io = this.network.io()
    this.network.now = () => this.now
    this.engine = new MediaEngine({ io: this.io, random: seededRandom(options.seed ?? 1), ...options })
  }

  send(command: MediaCommand): void {
    this.engine.handle(command, this.now)
    this.#drain()
  }

  /** Moves time to the next wake-up, or to `limit` when there is none before it. */
  step(limit: number): void {
    const deadline = this.engine.deadline()
    const wake = deadline + this.lateBy(deadline)
    this.now = Math.max(this.now, Math.min(wake, limit))
    this.onTime(this.now)
    if (wake > limit) return
    this.engine.expire(this.now)
    this.#drain()
  }

  async pass(durationMs: number): Promise<void> {
    const end = this.now + durationMs
    while (this.now < end) this.step(end)
  }

  async waitUntil(until: () => boolean, withinMs: number): Promise<void> {
    const end = this.now + withinMs
    while (!until()) {
      if (this.now >= end) throw new Error(`nothing came of it within ${withinMs} ms`)
      this.step(end)
    }
  }

  async close(): Promise<void> {}

  #drain(): void {
    for (let event = this.engine.poll(); event !== undefined; event = this.engine.poll()) this.events.push(event)
  }
}
