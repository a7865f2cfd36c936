import type { RunBounds } from './clock/virtual-clock.ts'
import { seedOfEnvironment } from './seed.ts'
import { Simulation, type SimulationOptions } from './simulation.ts'

/** The simulation of a test, and for how long and how often it runs. */
export interface WithSimulationOptions extends SimulationOptions, RunBounds {
  /** Runs the body once for each of this many seeds in a row, or once with RINGDOWN_SEED when that is set. Default 1. */
  readonly seeds?: number
}

/**
 * Wraps the body of a test, for any test runner: the body gets a simulation, which runs until the body has come to
 * its end. When it fails, the message tells the seed to run it again with and draws the ladder.
 *
 *     test('a busy far end', withSimulation({ seed: 7 }, async (sim) => { ... }))
 */
export function withSimulation(
  options: WithSimulationOptions,
  body: (sim: Simulation) => Promise<void>,
): () => Promise<void> {
  return async () => {
    const { seed = 1, seeds = 1 } = options
    const count = seedOfEnvironment() === undefined ? seeds : 1
    for (let i = 0; i < count; i++) {
      const sim = new Simulation({ ...options, seed: seed + i })
      try {
        await sim.clock.run(() => body(sim), options)
      } catch (error) {
        throw explain(error, sim)
      }
    }
  }
}

/** Adds seed, time and ladder to the message of an error; the error stays the same object, with its class and stack. */
export function explain(error: unknown, sim: Simulation): Error {
  const explained = error instanceof Error ? error : new Error(String(error))
  const { message, stack = '' } = explained
  const story = `${message}\n\nseed ${sim.seed} (again: RINGDOWN_SEED=${sim.seed}), virtual time ${sim.now.toFixed(3)} ms\n${sim.ladder}`
  explained.message = story
  const at = stack.indexOf(message)
  if (message !== '' && at >= 0) explained.stack = stack.slice(0, at) + story + stack.slice(at + message.length)
  return explained
}
