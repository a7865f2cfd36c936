/**
 * CPU time of calls with media: each plays a prompt and listens for digits, on a UDP port of its own. Ours, on either
 * network, runs in turn with a C program that does the least that can be done (bench/reference/sweep.c, built here
 * when there is a compiler), against the same far end: the ratio is what TypeScript costs.
 *
 *     npm run build && node --import jiti/register bench/media.ts [calls] [rounds] [seconds]
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Child, cpuMsOf } from '../e2e/harness/child.ts'
import { waitFor } from '../e2e/harness/wait.ts'
import type { MediaEndResult } from './media-end.ts'

const NEAR = { address: '127.0.20.1', firstPort: 30_000, core: 0 }
const FAR = { address: '127.0.20.2', firstPort: 30_000, core: 1 }
const SETTLE_S = 3

/** What runs in turn. */
const SUBJECTS = ['C', 'libc', 'dgram'] as const
type Subject = (typeof SUBJECTS)[number]

interface FarResult {
  readonly packets: number
  readonly lost: number
  readonly digitsSent: number
  /** Deviation of the intervals from 20 ms, in milliseconds. */
  readonly p99: number
  readonly p999: number
}

interface Round {
  /** CPU time of a packet received and one sent. */
  readonly pairUs: number
  readonly near: MediaEndResult
  readonly far: FarResult
}

async function measure(sweep: string, subject: Subject, calls: number, seconds: number): Promise<Round> {
  const shared = [NEAR.address, String(NEAR.firstPort), FAR.address, String(FAR.firstPort), String(calls)]
  const near =
    subject === 'C'
      ? pinned(NEAR.core, [sweep, 'near', ...shared])
      : pinned(NEAR.core, [
          ...[process.execPath, '--import', 'jiti/register', path('media-end.ts'), subject],
          ...[NEAR.address, String(calls), FAR.address, String(FAR.firstPort)],
        ])
  try {
    await waitFor(`${subject} is ready:\n${near.output}`, () => near.output.includes('ready'), 20_000)
    const farArguments = [FAR.address, String(FAR.firstPort), String(SETTLE_S), String(seconds)]
    const far = pinned(FAR.core, [sweep, 'far', ...farArguments, String(calls), NEAR.address])
    far.write(`${portsOf(subject, near, calls).join('\n')}\n`)
    await waitFor(`the far end is ready:\n${far.output}`, () => far.output.includes('ready'), 20_000)
    await sleep(SETTLE_S * 1000)
    const [cpuBefore, before] = [cpuMsOf(near.pid), performance.now()]
    await sleep(seconds * 1000 - 500)
    const [cpuMs, ms] = [cpuMsOf(near.pid) - cpuBefore, performance.now() - before]
    await far.exited
    await near.stop()
    const heard = lastLine(far) as FarResult
    return {
      // Of the packets that were really sent: what was skipped has cost nothing.
      pairUs: (cpuMs * 1000) / ((heard.packets * ms) / (seconds * 1000)),
      near: { lost: 0, slotsSkipped: 0, sendsRefused: 0, ...(lastLine(near) as object) } as MediaEndResult,
      far: heard,
    }
  } finally {
    await near.stop()
  }
}

function portsOf(subject: Subject, near: Child, calls: number): string[] {
  if (subject === 'C') return Array.from({ length: calls }, (_, i) => String(NEAR.firstPort + 2 * i))
  return near.output.trim().split('\n').slice(1)
}

function lastLine(child: Child): unknown {
  return JSON.parse(child.output.trim().split('\n').at(-1) ?? '')
}

function pinned(core: number, command: readonly string[]): Child {
  const [program = '', ...rest] = cpus().length > 1 ? ['taskset', '-c', String(core), ...command] : command
  return new Child(program, rest, { cwd: path('..') })
}

function path(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url))
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

function print(subject: Subject, rounds: readonly Round[], ratio: number): void {
  const pairUs = median(rounds.map((round) => round.pairUs))
  const middle = <Key extends string>(of: (round: Round) => Readonly<Record<Key, number>>, key: Key): string =>
    median(rounds.map((round) => of(round)[key])).toFixed(2)
  const sum = (of: (round: Round) => number): number => rounds.reduce((total, round) => total + of(round), 0)
  const share = `${pairUs.toFixed(2)} µs a pair, ${((pairUs / 20_000) * 10_000).toFixed(2)} % of a core per 100 calls`
  console.log(`${subject.padStart(8)}  ${share}, ${ratio.toFixed(2)} times C`)
  console.log(
    `          late p50 ${middle(({ near }) => near, 'p50')}, p99 ${middle(({ near }) => near, 'p99')}, ` +
      `p99.9 ${middle(({ near }) => near, 'p999')} ms; intervals at the far end off by p99 ` +
      `${middle(({ far }) => far, 'p99')}, p99.9 ${middle(({ far }) => far, 'p999')} ms`,
  )
  console.log(
    `          ${sum(({ far }) => far.packets)} packets, ${sum(({ far }) => far.lost)} lost to the far end, ` +
      `${sum(({ near }) => near.lost)} from it, ${sum(({ near }) => near.slotsSkipped)} slots skipped; ` +
      `digits ${sum(({ near }) => near.digitsHeard)} of ${sum(({ far }) => far.digitsSent)}`,
  )
}

const [calls = 1000, roundCount = 3, seconds = 8] = process.argv.slice(2).map(Number)
const folder = mkdtempSync(join(tmpdir(), 'ringdown-bench-'))
try {
  const sweep = join(folder, 'sweep')
  execFileSync('cc', ['-O2', '-o', sweep, path('reference/sweep.c'), '-lm'], { stdio: 'inherit' })
  const rounds: Record<Subject, Round[]> = { C: [], libc: [], dgram: [] }
  for (let i = 0; i < roundCount; i++)
    for (const subject of SUBJECTS) rounds[subject].push(await measure(sweep, subject, calls, seconds))
  console.log(`${calls} calls, ${roundCount} interleaved rounds of ${seconds} s`)
  for (const subject of SUBJECTS)
    print(subject, rounds[subject], median(rounds[subject].map(({ pairUs }, i) => pairUs / rounds.C[i]!.pairUs)))
} catch (error) {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  console.log('not measured: there is no C compiler (cc) to build the reference and the far end with')
} finally {
  rmSync(folder, { recursive: true })
}
