import type { Instant } from '../../kit/index.ts'
import type { Scheduled } from './virtual-clock.ts'
import type { Waiter } from './waiter.ts'

/** A simulation did not get where it was told to. The message names who waits for what and who has a deadline. */
export class SimulationStuckError extends Error {
  /** What application and test code waits for. */
  readonly waiting: readonly string[]
  /** Who would run next, and when. */
  readonly scheduled: readonly string[]

  constructor(
    reason: string,
    now: Instant,
    waiters: readonly Waiter<unknown>[],
    schedule: readonly (readonly [owner: Scheduled, at: Instant])[],
  ) {
    const waiting = waiters.map((waiter) => {
      const site = waiter.stack[0]?.trim()
      return `${waiter.name}, since ${waiter.since.toFixed(3)} ms${site === undefined ? '' : ` (${site})`}`
    })
    const scheduled = schedule
      .toSorted(([, a], [, b]) => a - b)
      .map(([owner, at]) => `${owner.name}, due at ${at.toFixed(3)} ms`)
    super(
      `${reason}, at ${now.toFixed(3)} ms of virtual time\n` +
        `waiting: ${list(waiting, 'nobody')}\nscheduled: ${list(scheduled, 'nothing')}`,
    )
    this.name = 'SimulationStuckError'
    this.waiting = waiting
    this.scheduled = scheduled
    // The newest waiter is most likely the line of the test that hangs: let the runner point there.
    const site = waiters.at(-1)?.stack
    if (site !== undefined && site.length > 0) this.stack = `${this.name}: ${this.message}\n${site.join('\n')}`
  }
}

const MOST_LINES = 20

function list(lines: readonly string[], none: string): string {
  if (lines.length === 0) return none
  const rest = lines.length > MOST_LINES ? [`... and ${lines.length - MOST_LINES} more`] : []
  return ['', ...lines.slice(0, MOST_LINES), ...rest].join('\n  ')
}
