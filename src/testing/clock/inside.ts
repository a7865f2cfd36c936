import { AsyncLocalStorage } from 'node:async_hooks'
import { timers } from './real-timers.ts'
import type { VirtualClock } from './virtual-clock.ts'

const KEPT = Symbol.for('ringdown.insideSimulation')
const kept = timers as { [KEPT]?: AsyncLocalStorage<VirtualClock> }

/**
 * Which simulation the code that runs belongs to, through all its awaits: applications and the scripts of phones are
 * inside one, the test that looks at them is outside. All copies of the test kit in a process have this one: the timers of Node
 * are those of the copy that came last, and look here for the simulations of all.
 */
const inside = kept[KEPT] ?? new AsyncLocalStorage<VirtualClock>()
kept[KEPT] = inside

/** Runs `body`, and whatever it awaits, as part of the simulation of `clock`. */
export function insideSimulation<Value>(clock: VirtualClock, body: () => Value): Value {
  return inside.run(clock, body)
}

export function isInsideSimulation(): boolean {
  return inside.getStore() !== undefined
}

/** The clock of the simulation that the running code belongs to. */
export function clockInside(): VirtualClock | undefined {
  return inside.getStore()
}
