// What calls cost on which nothing happens: CPU time of a media worker with 1,000 legs on hold, as a share of a core, and with
// as many that are each in a room. A room with nobody in it does not exist. A process with one leg runs beside it, for what
// it takes anyway.
//
//     npm run build && node --import jiti/register bench/idle.ts [legs] [rounds] [seconds]
import { setTimeout as sleep } from 'node:timers/promises'
import { type Child, threadsCpuMsOf } from '../e2e/harness/child.ts'
import { waitFor } from '../e2e/harness/wait.ts'
import { median } from './interleaved.ts'
import { SETTLE_S, startMediaEnd } from './media-round.ts'

const [legs = 1000, rounds = 3, seconds = 8] = process.argv.slice(2).map(Number)

/** CPU time as a share of one core. */
interface Share {
  readonly one: number
  readonly all: number
}

async function measure(io: 'libc' | 'dgram', work: string): Promise<Share[]> {
  const [one, all] = [startMediaEnd(io, work, 1), startMediaEnd(io, work, legs)]
  try {
    for (const end of [one, all])
      await waitFor(`${io} is ready:\n${end.output}`, () => end.output.includes('ready'), 30_000)
    await sleep(SETTLE_S.libc * 1000)
    const shares: Share[] = []
    while (shares.length < rounds) shares.push(await measureRound(one, all))
    return shares
  } finally {
    await Promise.all([one.stop(), all.stop()])
  }
}

async function measureRound(one: Child, all: Child): Promise<Share> {
  const before = performance.now()
  const [oneBefore, allBefore] = [threadsCpuMsOf(one.pid), threadsCpuMsOf(all.pid)]
  await sleep(seconds * 1000)
  const ms = performance.now() - before
  return { one: (threadsCpuMsOf(one.pid) - oneBefore) / ms, all: (threadsCpuMsOf(all.pid) - allBefore) / ms }
}

for (const io of ['libc', 'dgram'] as const)
  for (const work of ['hold', 'rooms on hold']) {
    const shares = await measure(io, work)
    const percent = (of: (share: Share) => number): string => (100 * median(shares.map(of))).toFixed(2)
    const where = work === 'hold' ? 'on hold' : 'on hold, each in a room'
    console.log(
      `${io.padStart(8)}  ${percent(({ all }) => all)} % of a core with ${legs} legs ${where}, ${percent(({ one }) => one)} % with one: ` +
        `${percent(({ all, one }) => all - one)} % for ${legs - 1} of them`,
    )
  }
