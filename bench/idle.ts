// What calls cost on which nothing happens: CPU time of a media worker with 1,000 legs on hold, as a share of a core, and with
// as many that are each in a room. A room with nobody in it does not exist.
//
//     npm run build && node --import jiti/register bench/idle.ts [legs] [rounds] [seconds]
import { setTimeout as sleep } from 'node:timers/promises'
import { cpuMsOf } from '../e2e/harness/child.ts'
import { waitFor } from '../e2e/harness/wait.ts'
import { median } from './interleaved.ts'
import { startMediaEnd } from './media-round.ts'

const [legs = 1000, rounds = 3, seconds = 8] = process.argv.slice(2).map(Number)

/** CPU time as a share of one core. */
async function measure(io: 'libc' | 'dgram', work: string, count: number): Promise<number> {
  const end = startMediaEnd(io, work, count)
  try {
    await waitFor(`${io} is ready:\n${end.output}`, () => end.output.includes('ready'), 30_000)
    await sleep(1500)
    const [cpuBefore, before] = [cpuMsOf(end.pid), performance.now()]
    await sleep(seconds * 1000)
    return (cpuMsOf(end.pid) - cpuBefore) / (performance.now() - before)
  } finally {
    await end.stop()
  }
}

for (const io of ['libc', 'dgram'] as const)
  for (const work of ['hold', 'rooms on hold']) {
    const shares: { one: number; all: number }[] = []
    for (let round = 0; round < rounds; round++)
      shares.push({ one: await measure(io, work, 1), all: await measure(io, work, legs) })
    const percent = (of: (share: { one: number; all: number }) => number): string =>
      (100 * median(shares.map(of))).toFixed(2)
    const where = work === 'hold' ? 'on hold' : 'on hold, each in a room'
    console.log(
      `${io.padStart(8)}  ${percent(({ all }) => all)} % of a core with ${legs} legs ${where}, ${percent(({ one }) => one)} % with one: ` +
        `${percent(({ all, one }) => all - one)} % for ${legs - 1} of them`,
    )
  }
