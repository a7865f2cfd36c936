import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/** A program under test: its output is kept, and it is ended by its own process id only. */
export class Child {
  readonly process: ChildProcess
  /** The exit code, or 128 + the signal's number as shells say it. */
  readonly exited: Promise<number>
  #output = ''
  #hasExited = false

  constructor(command: string, args: readonly string[], options: { cwd?: string; env?: Record<string, string> } = {}) {
    this.process = spawn(command, args, {
      ...options,
      env: { ...process.env, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.setEncoding('utf8')
      stream?.on('data', (text: string) => {
        this.#output += text
      })
    }
    this.exited = new Promise((resolve, reject) => {
      this.process.once('error', reject)
      this.process.once('close', (code, signal) => {
        this.#hasExited = true
        resolve(code ?? (signal === 'SIGKILL' ? 137 : 143))
      })
    })
    this.exited.catch(() => {
      this.#hasExited = true
    })
  }

  get pid(): number {
    return this.process.pid ?? 0
  }

  get hasExited(): boolean {
    return this.#hasExited
  }

  /** Everything it wrote to standard output and standard error so far. */
  get output(): string {
    return this.#output
  }

  write(text: string): void {
    this.process.stdin?.write(text)
  }

  /** Asks it to end, and insists after `graceMs`. */
  async stop(graceMs = 3000): Promise<void> {
    if (this.#hasExited) return
    this.process.kill('SIGTERM')
    const insist = setTimeout(() => this.process.kill('SIGKILL'), graceMs)
    await this.exited.catch(() => {})
    clearTimeout(insist)
  }
}

/** User and system CPU time of a process so far, in milliseconds (Linux counts in ticks of 10 ms). */
export function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  // The second field is the command in parentheses and may hold spaces; utime and stime are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** The same of the threads that a process has now, to the nanosecond, for what is less than a few ticks. */
export function threadsCpuMsOf(pid: number): number {
  let ns = 0
  for (const thread of readdirSync(`/proc/${pid}/task`))
    ns += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ')[0])
  return ns / 1e6
}
