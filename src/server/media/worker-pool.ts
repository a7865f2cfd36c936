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
  /** Legs that went from one worker to another, to meet the leg or the room that they were to be joined with. */
  | 'legsMoved'
  /** Workers that run ahead of everything else now: in real time. */
  | 'mediaWorkersInRealTime'
  /** Times that a worker gave real time back because it had more to do than it could. */
  | 'mediaWorkersOverloaded'
  /** How late the sub-ticks began, of the latest worker since its start, in µs: the median of them all. */
  | 'tickLatenessP50Us'
  /** As `tickLatenessP50Us`: 99 of 100 were no later. */
  | 'tickLatenessP99Us'
  /** As `tickLatenessP50Us`: 999 of 1,000 were no later. */
  | 'tickLatenessP999Us'
  /** As `tickLatenessP50Us`: the latest of them all. */
  | 'tickLatenessMaxUs'

/** What a pool needs of a worker. */
export type PooledWorker = Pick<WorkerMedia, 'number' | 'send' | 'onEvent' | 'report' | 'close' | 'legs'>

/** A command that joins a leg with others. */
type Joining = Extract<MediaCommand, { type: 'mix' | 'bridge' }>

/** A leg on its way to another worker. */
interface Move {
  readonly to: PooledWorker
  readonly joining: Joining
  /** What was said to the leg, or about it, meanwhile. */
  readonly waiting: MediaCommand[]
}

/**
 * Several workers as one media port. A leg is opened in the worker of the leg which it is opened `with`, so that the two can
 * be bridged or mixed, otherwise in the one with the fewest. A room is where its first leg is.
 *
 * A leg that is to be bridged to one of another worker, or mixed in a room there, moves to it first: its worker releases it,
 * with sockets, counters and jobs, and the other one adopts it. What is said to it meanwhile waits.
 */
export class WorkerPool implements MediaPort {
  readonly #workers: readonly PooledWorker[]
  readonly #workerOf = new Map<LegId, PooledWorker>()
  readonly #rooms = new RoomPlaces<PooledWorker>()
  /** Ids of the jobs of rooms. */
  readonly #roomJobs = new Set<LegId>()
  readonly #moves = new Map<LegId, Move>()
  #moved = 0
  #listener: (event: MediaEvent) => void = () => {}

  /** @param workers one or more */
  constructor(workers: readonly PooledWorker[]) {
    this.#workers = workers
  }

  send(command: MediaCommand): void {
    const move =
      this.#moves.get(command.leg) ?? (command.type === 'bridge' ? this.#moves.get(command.other) : undefined)
    if (move !== undefined) {
      move.waiting.push(command)
      return
    }
    if (command.type === 'open') this.#place(command.leg, command.with)
    else if (isRoomJob(command)) this.#placeRoomJob(command)
    // One for a leg that is not there is refused by whichever engine hears it.
    const worker = this.#workerOf.get(command.leg) ?? this.#workers[0]
    if (worker === undefined) return
    const home = this.#homeOf(command) ?? worker
    if (home !== worker) this.#move(command as Joining, worker, home)
    else {
      if (command.type === 'mix') this.#rooms.admit(command, worker)
      worker.send(command)
    }
  }

  onEvent(listener: (event: MediaEvent) => void): void {
    this.#listener = listener
    for (const worker of this.#workers) worker.onEvent((event) => this.#hear(event))
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
      const { counters, lateness, standing, givenBack } = worker.report()
      add('mediaWorkersInRealTime', standing === 'realtime' ? 1 : 0)
      add('mediaWorkersOverloaded', givenBack)
      for (const [name, value] of Object.entries(counters)) add(name, value)
      most('tickLatenessP50Us', lateness.p50 * 1000)
      most('tickLatenessP99Us', lateness.p99 * 1000)
      most('tickLatenessP999Us', lateness.p999 * 1000)
      most('tickLatenessMaxUs', lateness.max * 1000)
    }
    if (this.#moved > 0) total.legsMoved = this.#moved
    return total
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.close()))
  }

  #hear(event: MediaEvent): void {
    const { leg } = event
    const isOver = event.type === 'closed' || event.type === 'failed'
    const move = this.#moves.get(leg)
    if (isOver || (event.type === 'finished' && this.#roomJobs.delete(leg))) this.#workerOf.delete(leg)
    if (event.type === 'released') this.#arrive(event, move!)
    else if (event.type !== 'notReleased') {
      this.#rooms.note(event)
      this.#listener(event)
    }
    if (move === undefined || !(isOver || event.type === 'released' || event.type === 'notReleased')) return
    this.#moves.delete(leg)
    if (event.type === 'released') this.send(move.joining)
    else this.#refuse(move.joining, event.type === 'notReleased' ? event.reason : `leg ${leg} has ended`)
    for (const command of move.waiting) this.send(command)
  }

  /** Where a command wants its leg to be, if anywhere. */
  #homeOf(command: MediaCommand): PooledWorker | undefined {
    if (command.type === 'mix') return this.#rooms.workerOf(command.room)
    return command.type === 'bridge' ? this.#workerOf.get(command.other) : undefined
  }

  #move(joining: Joining, from: PooledWorker, to: PooledWorker): void {
    this.#moves.set(joining.leg, { to, joining, waiting: [] })
    from.send({ type: 'release', leg: joining.leg, to: to.number })
  }

  #arrive({ leg, released }: Extract<MediaEvent, { type: 'released' }>, { to }: Move): void {
    this.#moved++
    this.#workerOf.set(leg, to)
    to.send({ type: 'adopt', leg, released })
  }

  #refuse(joining: Joining, reason: string): void {
    const { type, leg } = joining
    if (type === 'mix') this.#listener({ type: 'mixFailed', leg, room: joining.room, reason })
    else this.#listener({ type: 'bridgeFailed', leg, other: joining.other, reason })
  }

  /** A leg that is open already stays where it is: its worker says so. */
  #place(leg: LegId, beside: LegId | undefined): void {
    if (this.#workerOf.has(leg)) return
    const known = beside === undefined ? undefined : (this.#moves.get(beside)?.to ?? this.#workerOf.get(beside))
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
