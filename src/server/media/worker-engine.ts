import { type Counters, type Instant, NEVER } from '../../kit/index.ts'
import type { LegId, MediaCommand, MediaCounter, MediaEngine, MediaEvent } from '../../media/index.ts'
import type { MediaIoCounter } from './io-counters.ts'
import { LatenessHistogram } from './lateness.ts'
import { JUDGED_EACH_MS, type PriorityGuard } from './priority-guard.ts'
import type { WorkerReport } from './worker-messages.ts'

export interface WorkerEngineOptions {
  readonly engine: MediaEngine
  /** Where the engine counts, and perhaps its network. */
  readonly counters: Counters<MediaCounter> | Counters<MediaCounter | MediaIoCounter>
  /** Gets what one turn brought about, never an empty list. */
  readonly onEvents: (events: readonly MediaEvent[]) => void
  readonly onReport: (report: WorkerReport) => void
  /** The priority of the thread, where it has one of its own. */
  readonly guard?: PriorityGuard | undefined
  readonly now?: () => Instant
}

/**
 * An engine and the account of it: what a media worker does in its turns, whether it blocks between them or has an
 * event loop. A turn is some commands or a sub-tick; it ends with at most one message of events.
 *
 * Reports are due a tenth of a second after legs have come or gone, each second while there is work, and at once when
 * there is none any more, so that an idle worker needs no waking.
 */
export class WorkerEngine {
  readonly #options: WorkerEngineOptions
  readonly #now: () => Instant
  readonly #lateness = new LatenessHistogram()
  #reportAt: Instant = NEVER
  #reportedAt: Instant
  #workedMs = 0
  #judgedAt: Instant
  /** Since then. */
  #turnsMs = 0

  constructor(options: WorkerEngineOptions) {
    this.#options = options
    this.#now = options.now ?? (() => performance.now())
    this.#reportedAt = this.#now()
    this.#judgedAt = this.#reportedAt
  }

  /** Carries out commands in order. However many there are, no sub-tick waits for more than those of one leg that follow each other. */
  take(commands: readonly MediaCommand[]): void {
    const begun = this.#now()
    let leg: LegId | undefined
    for (const command of commands) {
      if (command.leg !== leg) this.#doDue(this.#now())
      leg = command.leg
      this.#options.engine.handle(command, this.#now())
    }
    this.#finish(begun)
  }

  /** When {@link expire} must be called at the latest, or NEVER. */
  deadline(): Instant {
    return Math.min(this.#options.engine.deadline(), this.#reportAt)
  }

  /** Does what is due. */
  expire(): void {
    const begun = this.#now()
    this.#doDue(begun)
    this.#finish(begun)
  }

  #doDue(now: Instant): void {
    const { engine } = this.#options
    const lateMs = now - engine.deadline()
    if (lateMs < 0) return
    this.#lateness.note(lateMs)
    engine.expire(now)
  }

  #finish(begun: Instant): void {
    const { engine, onEvents } = this.#options
    let events: MediaEvent[] | undefined
    for (let event = engine.poll(); event !== undefined; event = engine.poll()) {
      events ??= []
      events.push(event)
    }
    if (events !== undefined) {
      onEvents(events)
      if (events.some(isAboutLeg)) this.#reportAt = Math.min(this.#reportAt, begun + SOON_MS)
    }
    const now = this.#now()
    this.#workedMs += now - begun
    this.#turnsMs += now - begun
    if (now - this.#judgedAt >= JUDGED_EACH_MS) this.#judge(now)
    const isIdle = engine.deadline() === NEVER
    if (now >= this.#reportAt || (isIdle && this.#reportAt !== NEVER)) this.#report(now)
    if (!isIdle && this.#reportAt === NEVER) this.#reportAt = now + EVERY_MS
  }

  #judge(now: Instant): void {
    this.#options.guard?.judge(this.#turnsMs, now - this.#judgedAt)
    this.#turnsMs = 0
    this.#judgedAt = now
  }

  #report(now: Instant): void {
    const { counters, guard, onReport } = this.#options
    const spanMs = now - this.#reportedAt
    const busy = Math.min(1, this.#workedMs / Math.max(spanMs, 1))
    const standing = guard?.standing ?? 'normal'
    const givenBack = guard?.givenBack ?? 0
    onReport({ counters: counters.snapshot(), lateness: this.#lateness.summary(), busy, standing, givenBack })
    this.#workedMs = 0
    this.#reportedAt = now
    this.#reportAt = NEVER
  }
}

const SOON_MS = 100
const EVERY_MS = 1000

function isAboutLeg({ type }: MediaEvent): boolean {
  return type === 'opened' || type === 'closed' || type === 'failed'
}
