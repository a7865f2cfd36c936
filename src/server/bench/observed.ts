import { readFileSync } from 'node:fs'
import { UsageError } from '../../kit/index.ts'

/** What a process has used so far. */
export interface Sample {
  /** Monotonic, of whichever process took the sample: only differences count. */
  readonly atMs: number
  /** CPU time, user and system, of all its threads. */
  readonly cpuMs: number
  readonly residentBytes: number
  /** What its exchange counts, where it can be asked. */
  readonly counters?: Readonly<Record<string, number>>
}

/** A process that is measured while it bears the load. */
export interface Observed {
  sample(): Promise<Sample>
}

/** This process. */
export function ownSample(): Sample {
  const { user, system } = process.cpuUsage()
  return { atMs: performance.now(), cpuMs: (user + system) / 1000, residentBytes: process.memoryUsage.rss() }
}

/** Any process of this machine, by what Linux tells of it: CPU time in steps of 10 ms. */
export class ObservedPid implements Observed {
  readonly #pid: number

  /** @throws UsageError when there is no such process, or no /proc */
  constructor(pid: number) {
    this.#pid = pid
    try {
      this.#read()
    } catch {
      throw new UsageError(`--pid ${pid}: there is no such process, or its /proc cannot be read`)
    }
  }

  sample(): Promise<Sample> {
    try {
      return Promise.resolve(this.#read())
    } catch (error) {
      return Promise.reject(error)
    }
  }

  #read(): Sample {
    const stat = readFileSync(`/proc/${this.#pid}/stat`, 'latin1')
    // The second field is the command in parentheses and may hold spaces; utime and stime are fields 14 and 15.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const [, residentKb = '0'] = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${this.#pid}/status`, 'latin1')) ?? []
    return {
      atMs: performance.now(),
      cpuMs: (Number(fields[11]) + Number(fields[12])) * 10,
      residentBytes: Number(residentKb) * 1024,
    }
  }
}
