// Runs every benchmark and prints what it measured, under a line that says on which machine: `npm run bench`, or
// `npm run bench -- calls` for those whose names are given.
import { spawnSync } from 'node:child_process'
import { cpus, loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'

const BENCHMARKS = {
  'sip-message': 'CPU time per SIP message parsed and printed',
  calls: 'CPU time per complete call without media',
  kernels: 'nanoseconds for 160 samples',
  mixer: 'microseconds that rooms compute in a tick',
  media: 'CPU time of calls with media, and of bridged ones, beside the least that C needs',
  idle: 'CPU time of calls on hold',
  'stopped-rooms': 'CPU time of rooms that have not started, in a whole exchange',
  speech: 'what a spoken sentence costs, 200 at a time beside media, and how well it is understood',
  detection: '300 far ends listened to at a time beside their media, to find out who picked up',
  memory: 'resident memory of calls, and after them',
}

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !Object.hasOwn(BENCHMARKS, name))
if (unknown.length > 0) {
  console.error(`No benchmark ${unknown.join(', ')}; there are: ${Object.keys(BENCHMARKS).join(', ')}`)
  process.exit(2)
}

console.log(
  `${cpus()[0]?.model ?? 'unknown CPU'}, ${cpus().length} cores, node ${process.version}, ${process.platform}, ` +
    `${new Date().toISOString().slice(0, 10)}, load ${loadavg()[0]?.toFixed(2)}`,
)
for (const [name, title] of Object.entries(BENCHMARKS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  console.log(`\n${name}: ${title}`)
  const file = fileURLToPath(new URL(`${name}.ts`, import.meta.url))
  const { status } = spawnSync(process.execPath, ['--import', 'jiti/register', file], { stdio: 'inherit' })
  if (status !== 0) process.exitCode = 1
}
