import { describe, expect, test } from 'vitest'
import { seedOfEnvironment } from '../seed.ts'
import { runModel } from './model-run.ts'

/** Calls of one run; a world of its own each, with another network. */
const SHARD = 500

/** `RINGDOWN_MODEL_CALLS=100000` runs the whole; `RINGDOWN_SEED` is the seed of the first run. */
const CALLS = Number(process.env.RINGDOWN_MODEL_CALLS ?? 4 * SHARD)
const FIRST_SEED = seedOfEnvironment() ?? 1

describe('random far ends that send any legal message at any moment', () => {
  test(`${CALLS} calls`, async () => {
    for (let i = 0; i * SHARD < CALLS; i++) {
      const calls = Math.min(SHARD, CALLS - i * SHARD)
      const report = await runModel({ seed: FIRST_SEED + i, calls })
      expect(report.problems.slice(0, 5), `again: seed ${report.seed}`).toEqual([])
    }
  }, 3_600_000)
})
