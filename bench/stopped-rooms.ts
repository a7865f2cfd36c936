// What rooms cost that have not started, in a real exchange: 1,000 calls, each the only party of a room of its own, beside as many
// calls without rooms. Once with far ends that have put them on hold, so that nobody is sent anything, beside silent calls on
// hold; and once with parties who hear the ringback tone, beside calls that are sent the same tone: those packets are the
// party's own. No far end sends anything. The difference is what the rooms cost. A window is whole cadences of 6 s long: a tone
// that sounds costs more than its pauses.
//
//     npm run build && node --import jiti/register bench/stopped-rooms.ts [rooms] [rounds] [seconds] [hold|ringback]
import { fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { outbound } from '../dist/index.js'
import { apart, ownCores, pinSelf } from '../dist/server/bench/pinning.js'
import { LOAD_PORTS } from '../dist/server/bench/plan.js'
import { LOOPBACK, serverOf } from '../dist/server/bench/server-config.js'
import { NODE_FLAGS } from '../dist/server/cli/node-flags.js'
import { startServer } from '../dist/server/main.js'
import { median } from './interleaved.ts'
import type { StoppedRoomsReport } from './stopped-rooms-exchange.ts'

const [calls = 1000, rounds = 3, seconds = 12] = process.argv.slice(2, 5).map(Number)
const only = process.argv[5]
const RATE = 200
/** Until code is compiled and SIP has nothing more to repeat. */
const SETTLE_S = 15
/** After the hang-ups. */
const CLOSED_MS = 2000

/** What the far ends do, and beside which service the rooms are measured. */
const KINDS = { hold: 'silence', ringback: 'tone' } as const
type Kind = keyof typeof KINDS

interface Measured {
  /** CPU time as a share of one core. */
  readonly share: number
  /** What each call was sent all in all: the legs say so when they close. */
  readonly packetsPerCall: number
}

const pinning = apart(ownCores())
if (pinning !== undefined) pinSelf(pinning.load)
const directory = mkdtempSync(join(tmpdir(), 'ringdown-bench-'))
try {
  for (const kind of Object.keys(KINDS) as Kind[]) {
    if (only !== undefined && only !== kind) continue
    const [without, withRooms] = [await measure(kind, KINDS[kind]), await measure(kind, 'room')]
    const percent = (share: number): string => `${(100 * share).toFixed(2)} %`
    const said = ({ share, packetsPerCall }: Measured): string =>
      `${percent(share)} of a core (${packetsPerCall.toFixed(0)} packets each)`
    console.log(
      `${calls} calls, ${kind}: ${said(without)}; each in a stopped room ${said(withRooms)}: ` +
        `${percent(withRooms.share - without.share)} for the rooms`,
    )
  }
} finally {
  rmSync(directory, { recursive: true })
}

async function measure(kind: Kind, service: string): Promise<Measured> {
  const file = fileURLToPath(new URL('stopped-rooms-exchange.ts', import.meta.url))
  const [execPath = process.execPath, ...execArgv] = [
    ...(pinning ? ['taskset', '-c', pinning.subject.join(',')] : []),
    ...[process.execPath, ...NODE_FLAGS, '--import', 'jiti/register'],
  ]
  const subject = fork(file, [directory], { execPath, execArgv })
  const next = <Message>(): Promise<Message> =>
    new Promise((resolve, reject) => {
      subject.once('message', resolve as never)
      subject.once('exit', (code) => reject(new Error(`the exchange has ended (${code})`)))
    })
  const ask = async (): Promise<StoppedRoomsReport> => {
    subject.send('report')
    return (await next<{ report: StoppedRoomsReport }>()).report
  }
  const { port } = await next<{ port: number }>()
  const place = { address: LOOPBACK, port: 0, portRange: LOAD_PORTS, directory, services: [], extraChannels: 0 }
  const load = await startServer(serverOf(place))
  let up = 0
  const caller = outbound(async (channel) => {
    await channel.call(`sip:${service}@${LOOPBACK}:${port}`)
    const state = kind === 'hold' ? await channel.hold() : channel.state()
    if (state === (kind === 'hold' ? channel.State.HOLDING : channel.State.ANSWERED)) up++
    await channel.waitForIdle()
  })
  try {
    for (let placed = 0; placed < calls; placed++) {
      load.startOutbound(caller).catch(() => {})
      await sleep(1000 / RATE)
    }
    await sleep(SETTLE_S * 1000)
    if (up !== calls) throw new Error(`${up} calls of ${calls} stand`)
    const shares: number[] = []
    for (let round = 0; round < rounds; round++) {
      const [begun, before] = [performance.now(), await ask()]
      await sleep(seconds * 1000)
      const [ms, after] = [performance.now() - begun, await ask()]
      if (after.rooms !== (service === 'room' ? calls : 0)) throw new Error(`${after.rooms} rooms of ${calls}`)
      shares.push((after.cpuMs - before.cpuMs) / ms)
    }
    await load.close({ graceMs: 0 })
    await sleep(CLOSED_MS)
    return { share: median(shares), packetsPerCall: (await ask()).sent / calls }
  } finally {
    subject.disconnect()
    await Promise.all([load.close({ graceMs: 0 }), new Promise((resolve) => subject.once('exit', resolve))])
  }
}
