import { getBuiltinModule } from 'node:process'
import type { scheduler as Scheduler } from 'node:timers/promises'

/**
 * Node's own timer modules. They are asked for and not imported, because a runner with a module registry for each test
 * file (jest) fills its imports of them once, by the first one: that has to come after
 * {@link installAppTimers} has changed them. For the same reason no module that `setup.ts` loads may import them.
 */
export const timers = getBuiltinModule('node:timers')
export const timersPromises = getBuiltinModule('node:timers/promises')

/** What waits and tells time for real. */
interface RealTimers {
  readonly timers: Pick<
    typeof timers,
    'setTimeout' | 'setInterval' | 'setImmediate' | 'clearTimeout' | 'clearInterval' | 'clearImmediate'
  >
  readonly promises: Pick<typeof timersPromises, 'setTimeout' | 'setInterval' | 'setImmediate'>
  readonly wait: (typeof Scheduler)['wait']
  readonly performanceNow: () => number
}

/** Where the first copy of the test kit in a process leaves the real timers for those of later test files. */
const KEPT = Symbol.for('ringdown.realTimers')
const kept = timers as { [KEPT]?: RealTimers }

/** The timers as they were before any copy of the test kit in this process made them virtual. */
export const realTimers: RealTimers = kept[KEPT] ?? {
  timers: { ...timers },
  promises: { ...timersPromises },
  wait: timersPromises.scheduler.wait.bind(timersPromises.scheduler),
  performanceNow: performance.now.bind(performance),
}
kept[KEPT] = realTimers
