// A long load: calls that play a prompt, as many as make 60 % of a core (or as many as are named), for so many minutes.
// Memory must be flat and no clock may drift. It says what was measured, and ends with 1 when it was not so; on a machine
// that does something else besides, look at the lateness of both sides before you believe it.
//
//     npm run build && node --import jiti/register bench/soak.ts [minutes] [calls]
import { runBench } from '../dist/server/bench/bench.js'
import type { BenchPlan } from '../dist/server/bench/plan.js'
import { table } from '../dist/server/bench/report.js'
import { median } from './interleaved.ts'

const [minutes = 10, wanted] = process.argv.slice(2).map(Number)
const SHARE = 0.6
const PROBE_CALLS = 500
const RATE = 50
/** After the last call was placed, what a new exchange grows by: code is compiled, tables and heap find their size. */
const SETTLE_S = 60
/** Growth from the first fifth of the rest to its last fifth, by their medians. */
const MAX_GROWTH = 10e6
/** What can be told from sweeps of 20 ms within minutes, and half of what a cheap crystal is off by. */
const MAX_DRIFT_PPM = 50
const MINUTES_AT_LEAST = 2

if (!(minutes >= MINUTES_AT_LEAST)) {
  console.error(`soak ${minutes}: give ${MINUTES_AT_LEAST} minutes or more`)
  process.exit(2)
}

const calls = wanted ?? (await callsForShare())
const residents: number[] = []
const result = await load(calls, minutes * 60_000, ({ seconds, tally, sample }) => {
  if (seconds > calls / RATE + SETTLE_S && tally.up === calls && sample !== undefined)
    residents.push(sample.residentBytes)
  if (sample !== undefined && Math.round(seconds) % 60 === 0)
    console.log(
      `${(seconds / 60).toFixed(0).padStart(4)} min: ${tally.up} up, resident ${megabytes(sample.residentBytes)}`,
    )
})
for (const line of table(result)) console.log(line)
const fifth = Math.floor(residents.length / 5)
const growth = median(residents.slice(-fifth)) - median(residents.slice(0, fifth))
const drift = result.media?.mostDriftPpm
const isFlat = growth < MAX_GROWTH
const isInTime = drift !== undefined && drift < MAX_DRIFT_PPM
console.log(`memory    ${isFlat ? 'flat' : 'NOT FLAT'}: ${megabytes(growth)} from the first fifth to the last`)
console.log(`clocks    ${isInTime ? 'no drift' : 'DRIFT'}: ${drift ?? 'not known'} ppm at most`)
if (!isFlat || !isInTime || result.calls.failed > 0) process.exitCode = 1

async function callsForShare(): Promise<number> {
  const { cpu } = await load(PROBE_CALLS, 20_000)
  const percent = cpu?.plateau?.percentPer100Calls ?? Number.NaN
  const most = Math.floor((SHARE * 100 * 100) / percent)
  console.log(`${percent.toFixed(2)} % of a core per 100 calls: ${most} make ${100 * SHARE} %`)
  return most
}

function load(
  count: number,
  holdMs: number,
  onProgress: Parameters<typeof runBench>[0]['onProgress'] = () => {},
): ReturnType<typeof runBench> {
  const plan: BenchPlan = { mode: 'ivr', calls: count, rate: RATE, holdMs: holdMs + (count / RATE) * 1000 }
  return runBench({ plan, target: undefined, io: 'auto', signal: new AbortController().signal, onProgress })
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
