import { env } from 'node:process'
import { type Random, seededRandom } from '../kit/index.ts'

/**
 * A stream of randomness of its own for each name, so that what one link or phone draws does not shift what another
 * one draws: a change in one place of a scenario leaves the rest of it as it was.
 */
export function namedRandom(seed: number, name: string): Random {
  let hash = 0x811c9dc5 ^ Math.imul(seed | 0, 0x9e3779b1)
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193)
  return seededRandom(hash)
}

/** RINGDOWN_SEED of the environment, the seed to run everything with, or `undefined` when it is not set. */
export function seedOfEnvironment(): number | undefined {
  const text = env.RINGDOWN_SEED
  if (text === undefined || text === '') return undefined
  const seed = Number(text)
  if (!Number.isSafeInteger(seed)) throw new Error(`RINGDOWN_SEED must be an integer, not ${JSON.stringify(text)}`)
  return seed
}
