import type { JobId, LegId, MediaCommand, MediaEvent } from '../../media/index.ts'

/** Which legs and jobs a worker owes an end: what has to be said for it when it dies. */
export class OpenWork {
  readonly #jobs = new Map<LegId, Set<JobId>>()

  /** Legs that are open. */
  get legs(): number {
    return this.#jobs.size
  }

  isOpen(leg: LegId): boolean {
    return this.#jobs.has(leg)
  }

  noteCommand(command: MediaCommand): void {
    if (command.type === 'open') this.#jobs.set(command.leg, new Set())
    else if ('job' in command && command.type !== 'stopJob') this.#jobs.get(command.leg)?.add(command.job)
  }

  noteEvent(event: MediaEvent): void {
    if (event.type === 'finished') this.#jobs.get(event.leg)?.delete(event.job)
    else if (event.type === 'closed' || event.type === 'failed') this.#jobs.delete(event.leg)
  }

  /** The ends of everything that is open, for this reason. Nothing is open afterwards. */
  failAll(reason: string): MediaEvent[] {
    const events = [...this.#jobs].flatMap(([leg, jobs]): MediaEvent[] => [
      ...[...jobs].map((job): MediaEvent => ({ type: 'finished', leg, job, cause: 'ERROR', detail: reason })),
      { type: 'failed', leg, reason },
    ])
    this.#jobs.clear()
    return events
  }
}
