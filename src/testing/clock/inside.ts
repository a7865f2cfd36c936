import { AsyncLocalStorage } from 'node:async_hooks'
import type { VirtualClock } from './virtual-clock.ts'

/**
 * Which simulation the code that runs belongs to, through all its awaits: applications and the scripts of phones are
 * inside one, the test that looks at them is outside.
 */
const inside = new AsyncLocalStorage<VirtualClock>()

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
