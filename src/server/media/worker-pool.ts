import {
  isRoomJob,
  type LegId,
  type MediaCommand,
  type MediaEvent,
  type MediaPort,
  type RoomJobCommand,
} from '../../media/index.ts'
import { RoomPlaces } from './room-places.ts'
import type { WorkerMedia } from './worker-media.ts'

/** What the media workers count beside their engines and networks. */
export type WorkerCounter =
  /** Workers that died with their calls and were replaced. */
  | 'mediaWorkersDied'
  /** How late the sub-ticks began, of the latest worker since its start, in µs: the median of them all. */
  | 'tickLatenessP50Us'
  /** As `tickLatenessP50Us`: 99 of 100 were no later. */
  | 'tickLatenessP99Us'
  /** As `tickLatenessP50Us`: 999 of 1,000 were no later. */
  | 'tickLatenessP999Us'
  /** As `tickLatenessP50Us`: the latest of them all. */
  | 'tickLatenessMaxUs'

/** What a pool needs of a worker. */
export type PooledWorker = Pick<WorkerMedia, 'send' | 'onEvent' | 'report' | 'close' | 'legs'>

/**
 * Several workers as one media port. A leg lives from beginning to end in one of them: that of the leg which it is
 * opened `with`, so that the two can be bridged or mixed, otherwise the one with the fewest. A room is where its first leg
 * is.
 */
export class WorkerPool implements MediaPort {
  readonly #workers: readonly PooledWorker[]
  readonly #workerOf = new Map<LegId, PooledWorker>()
  readonly #rooms = new RoomPlaces<PooledWorker>()
  /** Ids of the jobs of rooms. */
  readonly #roomJobs = new Set<LegId>()
  #listener: (event: MediaEvent) => void = () => {}

  /** @param workers one or more */
  constructor(workers: readonly PooledWorker[]) {
    this.#workers = workers
  }

  send(command: MediaCommand): void {
    if (command.type === 'open') this.#place(command.leg, command.with)
    else if (isRoomJob(command)) this.#placeRoomJob(command)
    // One for a leg that is not there is refused by whichever engine hears it.
    const worker = this.#workerOf.get(command.leg) ?? this.#workers[0]
    if (worker === undefined) return
    if (command.type === 'mix' && !this.#rooms.admits(command, worker)) this.#refuse(command)
    else worker.send(command)
  }

  onEvent(listener: (event: MediaEvent) => void): void {
    this.#listener = listener
    for (const worker of this.#workers)
      worker.onEvent((event) => {
        const isOver = event.type === 'closed' || event.type === 'failed'
        if (isOver || (event.type === 'finished' && this.#roomJobs.delete(event.leg))) this.#workerOf.delete(event.leg)
        this.#rooms.note(event)
        listener(event)
      })
  }

  /** What all workers have counted, and how late the sub-ticks of the latest of them began, in microseconds. */
  counters(): Readonly<Record<string, number>> {
    const total: Record<string, number> = {}
    const add = (name: string, value: number): void => {
      total[name] = (total[name] ?? 0) + value
    }
    const most = (name: WorkerCounter, value: number): void => {
      total[name] = Math.max(total[name] ?? 0, Math.round(value))
    }
    for (const worker of this.#workers) {
      const { counters, lateness } = worker.report()
      for (const [name, value] of Object.entries(counters)) add(name, value)
      most('tickLatenessP50Us', lateness.p50 * 1000)
      most('tickLatenessP99Us', lateness.p99 * 1000)
      most('tickLatenessP999Us', lateness.p999 * 1000)
      most('tickLatenessMaxUs', lateness.max * 1000)
    }
    return total
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.close()))
  }

  /** Two engines would make two rooms of it, each of which hears half. */
  #refuse({ leg, room }: Extract<MediaCommand, { type: 'mix' }>): void {
    const reason = `room ${room} is in another media worker than leg ${leg}: open the leg with one of the room's`
    queueMicrotask(() => this.#listener({ type: 'mixFailed', leg, room, reason }))
  }

  /** A leg that is open already stays where it is: its worker says so. */
  #place(leg: LegId, beside: LegId | undefined): void {
    if (this.#workerOf.has(leg)) return
    const known = beside === undefined ? undefined : this.#workerOf.get(beside)
    this.#workerOf.set(leg, known ?? this.#quietest())
  }

  /** The jobs of a room are where the room is. */
  #placeRoomJob({ leg, room }: RoomJobCommand): void {
    const worker = this.#rooms.workerOf(room)
    if (worker === undefined || this.#workerOf.has(leg)) return
    this.#workerOf.set(leg, worker)
    this.#roomJobs.add(leg)
  }

  #quietest(): PooledWorker {
    return this.#workers.reduce((quietest, worker) => (worker.legs < quietest.legs ? worker : quietest))
  }
}
