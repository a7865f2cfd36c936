import { test } from 'vitest'
import { runModel } from './model-run.ts'

test('dbg', async () => {
  const [seed, id] = (process.env.DBG ?? '').split(' ')
  const report = await runModel({ seed: Number(seed), calls: 500, follow: id ?? 'x' })
  if (!id) console.log(report.problems)
  console.log(report.ladder)
}, 600000)
