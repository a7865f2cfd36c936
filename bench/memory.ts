// Resident memory of an exchange in a process of its own: idle, with calls that play a prompt, and after a burst of
// calls without media. SIP keeps what it has answered for 32 s, so the end is looked at 46 s after the last call. The
// exchange runs with the flags of the command, 64 MB of room for young objects among them. It ends with 1 when calls have
// failed or a target of bench/README.md is missed.
//
//     npm run build && node --import jiti/register bench/memory.ts [ivr calls] [signalling calls]
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Load, type LoadTally } from '../dist/server/bench/load.js'
import { apart, ownCores, pinSelf } from '../dist/server/bench/pinning.js'
import type { BenchPlan } from '../dist/server/bench/plan.js'
import { LOOPBACK } from '../dist/server/bench/server-config.js'
import { Subject } from '../dist/server/bench/subject.js'
import { PROMPT_FILE } from '../dist/server/bench/subject-apps.js'
import { melodyWav, PROMPT } from '../dist/server/demo/melody.js'

const [ivrCalls = 1000, signallingCalls = 5000] = process.argv.slice(2).map(Number)
/** After the last call: SIP's 32 s, and some until the garbage is collected. */
const FORGOTTEN_MS = 46_000
/** Until V8 has collected what starting, or setting up calls, has left: what is resident then is what they take. */
const SETTLED_MS = 25_000
const MEGABYTE = 1e6
const MOST_PER_CALL = 60_000
/** Above idle, when all calls are forgotten. */
const MOST_LEFT = 50 * MEGABYTE

const pinning = apart(ownCores())
if (pinning !== undefined) pinSelf(pinning.load)
const directory = mkdtempSync(join(tmpdir(), 'ringdown-bench-'))
writeFileSync(join(directory, PROMPT_FILE), melodyWav(PROMPT))
try {
  await measure('ivr', { mode: 'ivr', calls: ivrCalls, rate: 100, holdMs: (ivrCalls / 100) * 1000 + SETTLED_MS + 8000 })
  await measure('signalling', { mode: 'signalling', calls: signallingCalls, rate: 200, holdMs: 0 })
} finally {
  rmSync(directory, { recursive: true })
}

async function measure(service: string, plan: BenchPlan): Promise<void> {
  const load = await Load.start(directory, LOOPBACK, 0)
  const subject = await Subject.start({ directory, peer: load.peerUri, io: 'auto' }, pinning?.subject)
  const resident = async (): Promise<number> => (await subject.sample()).residentBytes
  try {
    const isHeld = plan.holdMs > 0
    await sleep(isHeld ? SETTLED_MS : 2000)
    const idle = await resident()
    const run = load.run(plan, subject.uriOf(service), new AbortController().signal)
    await whenAllStand(load.tally, plan)
    const most = await resident()
    if (isHeld) await sleep(SETTLED_MS)
    const settled = await resident()
    await run
    const { failed } = load.tally
    const kilobytes = (bytes: number): string => `${((bytes - idle) / plan.calls / 1000).toFixed(0)} kB a call`
    const taken = (bytes: number): string => (isHeld ? `${megabytes(bytes)} (${kilobytes(bytes)})` : megabytes(bytes))
    const later = isHeld ? `, ${taken(settled)} ${SETTLED_MS / 1000} s later` : ''
    console.log(
      `${plan.calls} calls (${service}), ${failed} failed: idle ${megabytes(idle)}, then ${taken(most)}${later}`,
    )
    if (failed > 0) process.exitCode = 1
    if (isHeld) judge((settled - idle) / plan.calls, MOST_PER_CALL, 'a call')
    await sleep(FORGOTTEN_MS)
    const after = await resident()
    console.log(
      `          ${FORGOTTEN_MS / 1000} s after the last call ${megabytes(after)}, ${megabytes(after - idle)} above idle`,
    )
    judge(after - idle, MOST_LEFT, 'left of all calls')
  } finally {
    await Promise.all([load.close(), subject.stop()])
  }
}

function judge(bytes: number, most: number, of: string): void {
  if (bytes <= most) return
  console.log(`          TOO MUCH: ${Math.round(bytes / 1000)} kB ${of}, and ${most / 1000} kB are the target`)
  process.exitCode = 1
}

/** Or, when they are not held, when all were answered. */
async function whenAllStand(tally: LoadTally, plan: BenchPlan): Promise<void> {
  while (tally.answered + tally.failed < plan.calls) await sleep(100)
  if (plan.holdMs > 0) await sleep(3000)
}

function megabytes(bytes: number): string {
  return `${(bytes / MEGABYTE).toFixed(0)} MB`
}
