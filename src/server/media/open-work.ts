import { Table } from '../../kit/index.ts'
import {
  isRoomJob,
  type JobId,
  type LegId,
  type MediaCommand,
  type MediaEvent,
  type ReleasedLeg,
} from '../../media/index.ts'

/** Which legs and jobs a worker owes an end: what has to be said for it when it dies. */
export class OpenWork {
  readonly #jobs = new Table<LegId, Set<JobId>>()
  /** The jobs of rooms, by the id of each. */
  readonly #roomJobs = new Map<LegId, JobId>()

  /** Legs that are open. */
  get legs(): number {
    return this.#jobs.size
  }

  isOpen(leg: LegId): boolean {
    return this.#jobs.has(leg)
  }

  noteCommand(command: MediaCommand): void {
    if (command.type === 'open') this.#jobs.set(command.leg, new Set())
    else if (command.type === 'adopt') this.#jobs.set(command.leg, jobsOf(command.released.state.jobs))
    else if (isRoomJob(command)) this.#roomJobs.set(command.leg, command.job)
    else if ('job' in command && command.type !== 'stopJob') this.#jobs.get(command.leg)?.add(command.job)
  }

  noteEvent(event: MediaEvent): void {
    if (event.type === 'finished') {
      this.#jobs.get(event.leg)?.delete(event.job)
      this.#roomJobs.delete(event.leg)
    } else if (event.type === 'closed' || event.type === 'failed' || event.type === 'released')
      this.#jobs.delete(event.leg)
  }

  /** The ends of everything that is open, for this reason. Nothing is open afterwards. */
  failAll(reason: string): MediaEvent[] {
    const ended = (leg: LegId, job: JobId): MediaEvent => ({
      type: 'finished',
      leg,
      job,
      cause: 'ERROR',
      detail: reason,
    })
    const events = [...this.#roomJobs].map(([leg, job]) => ended(leg, job))
    for (const [leg, jobs] of this.#jobs.entries())
      events.push(...[...jobs].map((job) => ended(leg, job)), { type: 'failed', leg, reason })
    this.#jobs.clear()
    this.#roomJobs.clear()
    return events
  }
}

function jobsOf(jobs: ReleasedLeg['state']['jobs']): Set<JobId> {
  const { transmission, recordings, listenings, detections, taps } = jobs
  const ids = [...recordings, ...listenings, ...detections, ...taps].map(({ job }) => job)
  return new Set(transmission === undefined ? ids : [...ids, transmission.id])
}
