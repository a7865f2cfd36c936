import type { Logger } from '../kit/index.ts'
import type { LegId, MediaCommand, MediaEvent, MediaPort } from '../media/index.ts'
import type { Settings } from './config/settings.ts'
import { WorkerMedia } from './media/index.ts'

/** The media of a server: the port of the engine, wherever it runs, and its end. */
export interface MediaPlane extends MediaPort {
  /** What the engines count. */
  counters(): Readonly<Record<string, number>>
  /** Ends every leg and every thread. */
  close(): Promise<void>
}

/**
 * Starts the configured number of media workers, each with its share of the ports and calls, and resolves when all
 * take commands.
 */
export async function startMediaPlane({ media, limits }: Settings, logger: Logger): Promise<MediaPlane> {
  const shares = portShares(media.portRange, media.workers)
  const workers = shares.map(
    (ports, index) =>
      new WorkerMedia({
        ports,
        maxLegs: Math.ceil(limits.maxCalls / shares.length),
        onWorkerDied: (reason) => logger.error({ worker: index }, `${reason}; its calls have ended and it is replaced`),
      }),
  )
  await Promise.all(workers.map((worker) => worker.start()))
  const [only] = workers
  return workers.length === 1 && only !== undefined ? only : new MediaPool(workers)
}

/** The same media as far ends see it from outside: session descriptions name `publicAddress` instead of the bound one. */
export function announcedAs(publicAddress: string, media: MediaPlane): MediaPlane {
  return {
    send: (command) => media.send(command),
    onEvent: (listener) =>
      media.onEvent((event: MediaEvent) =>
        listener(event.type === 'opened' ? { ...event, address: publicAddress } : event),
      ),
    counters: () => media.counters(),
    close: () => media.close(),
  }
}

/** Several workers as one: a leg lives from beginning to end in that one which had the fewest when it was opened. */
class MediaPool implements MediaPlane {
  readonly #workers: readonly MediaPlane[]
  readonly #legs: number[]
  readonly #workerOf = new Map<LegId, number>()

  constructor(workers: readonly MediaPlane[]) {
    this.#workers = workers
    this.#legs = workers.map(() => 0)
  }

  send(command: MediaCommand): void {
    if (command.type === 'open') this.#assign(command.leg)
    const worker = this.#workerOf.get(command.leg)
    if (worker !== undefined) this.#workers[worker]?.send(command)
  }

  onEvent(listener: (event: MediaEvent) => void): void {
    for (const worker of this.#workers)
      worker.onEvent((event) => {
        if (event.type === 'closed' || event.type === 'failed') this.#forget(event.leg)
        listener(event)
      })
  }

  counters(): Readonly<Record<string, number>> {
    const total: Record<string, number> = {}
    for (const worker of this.#workers)
      for (const [name, value] of Object.entries(worker.counters())) total[name] = (total[name] ?? 0) + value
    return total
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.close()))
  }

  #assign(leg: LegId): void {
    const worker = this.#legs.indexOf(Math.min(...this.#legs))
    this.#workerOf.set(leg, worker)
    this.#legs[worker] = (this.#legs[worker] ?? 0) + 1
  }

  #forget(leg: LegId): void {
    const worker = this.#workerOf.get(leg)
    if (worker === undefined) return
    this.#workerOf.delete(leg)
    this.#legs[worker] = (this.#legs[worker] ?? 1) - 1
  }
}

/** The range cut into pieces of equal size, each of which begins with an even port; as many as there is room for. */
export function portShares(
  [first, last]: readonly [first: number, last: number],
  workers: number,
): { first: number; last: number }[] {
  const pairs = Math.floor((last - first) / 2) + 1
  const count = Math.min(workers, pairs)
  return Array.from({ length: count }, (_, index) => ({
    first: first + 2 * Math.floor((pairs * index) / count),
    last: Math.min(last, first + 2 * Math.floor((pairs * (index + 1)) / count) - 1),
  }))
}
