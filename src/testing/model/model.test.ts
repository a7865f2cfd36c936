import { expect, test } from 'vitest'
import { seedOfEnvironment } from '../seed.ts'
import { type ModelReport, runModel } from './model-run.ts'

/** The calls of one run, which is a world of its own, with another network than the run before it. */
const RUN = 500

/** All of them are run with RINGDOWN_MODEL_CALLS=100000; RINGDOWN_SEED is the seed of the first run. */
const CALLS = Number(process.env.RINGDOWN_MODEL_CALLS ?? 8 * RUN)
const FIRST_SEED = seedOfEnvironment() ?? 1

/** What a few thousand calls must have met, or the model does not reach where it should. */
const MET = [
  'app: connected',
  'app: hangs up an unanswered call',
  'app: hold',
  'callee: 180',
  'callee: 200',
  'callee: 200 after CANCEL',
  'callee: 486',
  'callee: 503',
  'callee: cancelled',
  'callee: never answers',
  'callee: reliable',
  'callee: silent',
  'callee: two forks answer',
  'caller: 200 after CANCEL',
  'caller: 487',
  'caller: BYE in an early dialog',
  'caller: PRACK',
  'caller: answered',
  'caller: never acknowledges',
  'far end: BYE',
  'far end: delayed',
  'far end: dies',
  'far end: early UPDATE',
  'far end: glare',
  'far end: is re-INVITEd',
  'far end: re-INVITE answered 200',
  'far end: re-INVITE answered 491',
  'far end: update',
] as const

/** The ladder of the first call that something is wrong with. */
async function storyOf({ seed, problems }: ModelReport, calls: number): Promise<string> {
  const follow = problems[0]?.split(' ').at(-1)
  const again = `again: RINGDOWN_SEED=${seed} RINGDOWN_MODEL_CALLS=${calls}`
  return follow === undefined ? again : `${again}\n${(await runModel({ seed, calls, follow })).ladder}`
}

test(`${CALLS} calls with random far ends: none is stuck, each has a cause, nothing is left`, async () => {
  const met = new Set<string>()
  let ended = 0
  for (let i = 0; i * RUN < CALLS; i++) {
    const calls = Math.min(RUN, CALLS - i * RUN)
    const report = await runModel({ seed: FIRST_SEED + i, calls })
    if (report.problems.length > 0)
      expect.fail(`${report.problems.slice(0, 5).join('\n')}\n${await storyOf(report, calls)}`)
    for (const what of report.seen.keys()) met.add(what)
    ended += report.calls
  }
  expect(ended).toBeGreaterThanOrEqual(CALLS)
  if (CALLS >= 4000) for (const what of MET) expect(met).toContain(what)
}, 7_200_000)

test('the same seed gives the same trace', async () => {
  const traceOf = async (seed: number) => (await runModel({ seed, calls: 100 })).trace
  expect(await traceOf(2)).toBe(await traceOf(2))
  expect(await traceOf(2)).not.toBe(await traceOf(6))
})
