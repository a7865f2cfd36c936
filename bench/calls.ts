/**
 * CPU time per complete call without media: INVITE with an offer, 200 with our answer (a media port is opened for it),
 * ACK, BYE, 200. The server runs in a process of its own on one core, the caller on another. A bare answerer that
 * exchanges the same datagrams runs in turn with it: its time tells the machine's speed, and what `dgram` and a
 * textbook parser cost before any telephony.
 *
 *     npm run build && node --import jiti/register bench/calls.ts
 */
import { execFileSync } from 'node:child_process'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { Child, cpuMsOf } from '../e2e/harness/child.ts'
import { waitFor } from '../e2e/harness/wait.ts'
import { NODE_FLAGS } from '../src/server/cli/node-flags.ts'
import type { CallerResult } from './caller.ts'
import { median } from './interleaved.ts'

const ROUNDS = 7
const CALLS_PER_ROUND = 2000
const CALLS_PER_SECOND = 400
const SERVER = { address: '127.0.10.1', core: 0 }
const BARE = { address: '127.0.10.3', core: 0 }
const CALLER = { address: '127.0.10.4', core: 1 }

export interface CallTimes {
  readonly machine: string
  /** Median CPU time, user and system, of one call in milliseconds. */
  readonly exchangeMs: number
  readonly bareMs: number
  /** Median of the ratios of neighbouring rounds. */
  readonly ratio: number
  /** INVITE sent to 200 received at the exchange, in milliseconds: medians over the rounds. */
  readonly setupP50Ms: number
  readonly setupP99Ms: number
  /** Calls that failed and requests that were sent again: both must be next to nothing for the figures to count. */
  readonly failed: number
  readonly resent: number
}

/** Measures the built server (`dist`), so run `npm run build` first. */
export async function run(): Promise<CallTimes> {
  const server = start(SERVER.core, [
    ...NODE_FLAGS,
    path('../dist/server/cli/main.js'),
    'serve',
    path('peers.config.ts'),
  ])
  const bare = start(BARE.core, ['--import', 'jiti/register', path('bare-answerer.ts'), BARE.address])
  try {
    for (const child of [server, bare])
      await waitFor(`ready:\n${child.output}`, () => child.output.includes('ready'), 20_000)
    const rounds: { exchange: Round; bare: Round }[] = []
    // The first round warms up: code is compiled and tables grow.
    for (let round = 0; round <= ROUNDS; round += 1) {
      const measured = {
        exchange: await measure(server, SERVER.address),
        bare: await measure(bare, BARE.address),
      }
      if (round > 0) rounds.push(measured)
    }
    return {
      machine: `${cpus()[0]?.model ?? 'unknown CPU'}, ${cpus().length} cores, node ${process.version}`,
      exchangeMs: median(rounds.map(({ exchange }) => exchange.cpuMs)),
      bareMs: median(rounds.map((round) => round.bare.cpuMs)),
      ratio: median(rounds.map((round) => round.exchange.cpuMs / round.bare.cpuMs)),
      setupP50Ms: median(rounds.map(({ exchange }) => exchange.caller.setupP50Ms)),
      setupP99Ms: median(rounds.map(({ exchange }) => exchange.caller.setupP99Ms)),
      failed: rounds.reduce((sum, { exchange }) => sum + exchange.caller.failed, 0),
      resent: rounds.reduce((sum, { exchange }) => sum + exchange.caller.resent, 0),
    }
  } finally {
    await Promise.all([server.stop(), bare.stop()])
  }
}

interface Round {
  /** Of one call. */
  readonly cpuMs: number
  readonly caller: CallerResult
}

async function measure(callee: Child, address: string): Promise<Round> {
  const before = cpuMsOf(callee.pid)
  const caller = start(CALLER.core, [
    ...['--import', 'jiti/register', path('caller.ts')],
    ...[CALLER.address, `${address}:5060`, 'answer', String(CALLS_PER_ROUND), String(CALLS_PER_SECOND)],
  ])
  await caller.exited
  const result = JSON.parse(caller.output) as CallerResult
  return { cpuMs: (cpuMsOf(callee.pid) - before) / CALLS_PER_ROUND, caller: result }
}

/** Runs node with these arguments, pinned to a core where `taskset` and a second core are there. */
function start(core: number, args: readonly string[]): Child {
  const pin = canPin() ? ['taskset', '-c', String(core)] : []
  const [command = process.execPath, ...rest] = [...pin, process.execPath, ...args]
  return new Child(command, rest, { cwd: path('..') })
}

function canPin(): boolean {
  try {
    execFileSync('taskset', ['--version'], { stdio: 'ignore' })
    return cpus().length > 1
  } catch {
    return false
  }
}

function path(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const times = await run()
  console.log(times.machine)
  console.log(`${times.exchangeMs.toFixed(3).padStart(8)} ms CPU  a call through the exchange`)
  console.log(`${times.bareMs.toFixed(3).padStart(8)} ms CPU  the same datagrams through the bare answerer`)
  console.log(`${times.ratio.toFixed(2).padStart(8)}         ratio, median of ${ROUNDS} interleaved rounds`)
  console.log(
    `${times.setupP50Ms.toFixed(2).padStart(8)} ms      set-up p50, p99 ${times.setupP99Ms.toFixed(2)} ms; ` +
      `${times.failed} failed, ${times.resent} sent again, of ${ROUNDS * CALLS_PER_ROUND} at ${CALLS_PER_SECOND} a second`,
  )
}
