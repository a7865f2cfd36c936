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
/**
 * Until all code of ours has been compiled, and V8 has collected what the start has left (16 s after it): a server runs for
 * days, and what begins costs half as much again here.
 */
export const SETTLE_S = { C: 5, libc: 25, dgram: 25 } as const

/** What runs in turn: the reference, and ours on either network. */
export const SUBJECTS = ['C', 'libc', 'dgram'] as const
export type Subject = (typeof SUBJECTS)[number]

/**
 * What each leg does: plays and listens for digits (`events`: not for those that are tones), passes everything to its
 * neighbour, or is in a room of so many of whom so many speak.
 */
export type Work = 'ivr' | 'events' | 'bridge' | `room:${number}:${number}`

/** What the far end is to say. */
function soundFor(work: Work): string {
  return work === 'ivr' ? 'tones' : work.startsWith('room') ? work : 'events'
}

/** What the near end is to do: of a room it need not know who will speak. */
function nearWork(work: Work): string {
  return work.split(':').slice(0, 2).join(':')
}

export interface FarResult {
  readonly packets: number
  readonly lost: number
  readonly digitsSent: number
  /** Deviation of the intervals from 20 ms, in milliseconds. */
  readonly p99: number
  readonly p999: number
}

export interface Round {
  /** CPU time of a packet received and one sent. */
  readonly pairUs: number
  /** CPU time as a share of one core. */
  readonly cores: number
  readonly near: MediaEndResult
  readonly far: FarResult
}

/** The C reference, which is the far end of all, too. */
export class Reference {
  readonly #folder: string
  readonly #sweep: string

  /** @throws Error with code ENOENT when there is no C compiler */
  constructor() {
    this.#folder = mkdtempSync(join(tmpdir(), 'ringdown-bench-'))
    this.#sweep = join(this.#folder, 'sweep')
    try {
      execFileSync('cc', ['-O3', '-march=native', '-o', this.#sweep, path('reference/sweep.c'), '-lm'], {
        stdio: 'inherit',
      })
    } catch (error) {
      this.remove()
      throw error
    }
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true })
  }

  /** Lets a subject work for so long, with as many legs, and says what that took. */
  async measure(subject: Subject, work: Work, legs: number, seconds: number): Promise<Round> {
    const near = this.#startNear(subject, work, legs)
    try {
      await waitFor(`${subject} is ready:\n${near.output}`, () => near.output.includes('ready'), 30_000)
      const farArguments = [FAR.address, String(FAR.firstPort), String(SETTLE_S[subject]), String(seconds)]
      const far = pinned(FAR.core, [this.#sweep, 'far', ...farArguments, String(legs), NEAR.address, soundFor(work)])
      far.write(`${portsOf(subject, near, legs).join('\n')}\n`)
      await waitFor(`the far end is ready:\n${far.output}`, () => far.output.includes('ready'), 20_000)
      await sleep(SETTLE_S[subject] * 1000)
      const [cpuBefore, before] = [cpuMsOf(near.pid), performance.now()]
      await sleep(seconds * 1000 - 500)
      const [cpuMs, ms] = [cpuMsOf(near.pid) - cpuBefore, performance.now() - before]
      await far.exited
      await near.stop()
      const heard = lastLine(far) as FarResult
      return {
        // Of the packets that were really sent: what was skipped has cost nothing.
        pairUs: (cpuMs * 1000) / ((heard.packets * ms) / (seconds * 1000)),
        cores: cpuMs / ms,
        near: { lost: 0, slotsSkipped: 0, sendsRefused: 0, ...(lastLine(near) as object) } as MediaEndResult,
        far: heard,
      }
    } finally {
      await near.stop()
    }
  }

  #startNear(subject: Subject, work: Work, legs: number): Child {
    if (subject !== 'C') return startMediaEnd(subject, nearWork(work), legs)
    const shared = [NEAR.address, String(NEAR.firstPort), FAR.address, String(FAR.firstPort), String(legs)]
    return pinned(NEAR.core, [this.#sweep, work === 'ivr' ? 'near' : nearWork(work), ...shared])
  }
}

/** Our near end, on the core that all near ends have. Nobody need be at its far end when its legs are on hold. */
export function startMediaEnd(io: 'libc' | 'dgram', work: string, legs: number): Child {
  return pinned(NEAR.core, [
    ...[process.execPath, '--import', 'jiti/register', path('media-end.ts'), io],
    ...[NEAR.address, String(legs), FAR.address, String(FAR.firstPort), work],
  ])
}

function portsOf(subject: Subject, near: Child, legs: number): string[] {
  if (subject === 'C') return Array.from({ length: legs }, (_, i) => String(NEAR.firstPort + 2 * i))
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
