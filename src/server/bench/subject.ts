import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { RingdownError } from '../../kit/index.ts'
import { NODE_FLAGS } from '../cli/node-flags.ts'
import type { Observed, Sample } from './observed.ts'
import { LOOPBACK } from './server-config.ts'
import type { FromSubject, SubjectOrder } from './subject-process.ts'

/** The exchange under test, in a process of its own and, where that can be, on cores of its own. */
export class Subject implements Observed {
  readonly pid: number
  readonly #child: ChildProcess
  readonly #port: number
  readonly #asking: ((sample: Sample) => void)[] = []
  readonly #gone: Promise<never>

  private constructor(child: ChildProcess, port: number, gone: Promise<never>) {
    this.#child = child
    this.#port = port
    this.#gone = gone
    this.pid = child.pid ?? 0
    child.on('message', (message: FromSubject) => {
      if (message.type === 'sample') this.#asking.shift()?.(message.sample)
    })
  }

  /**
   * @param cores the cores it is kept on; `undefined` for all
   * @throws RingdownError RINGDOWN_INTERNAL when it does not come up; why stands on standard error
   */
  static async start(order: SubjectOrder, cores: readonly number[] | undefined): Promise<Subject> {
    const command = [...(cores ? ['taskset', '-c', cores.join(',')] : []), process.execPath, ...NODE_FLAGS]
    const [execPath = process.execPath, ...execArgv] = command
    const child = fork(script(), [JSON.stringify(order)], { execPath, execArgv })
    const gone = new Promise<never>((_, reject) => {
      const end = (why: string) => reject(new RingdownError('RINGDOWN_INTERNAL', `the exchange under test ${why}`))
      child.once('error', ({ message }) => end(`cannot be started: ${message}`))
      child.once('exit', (code, signal) => end(`has ended (${signal ?? `exit code ${code}`})`))
    })
    gone.catch(() => {})
    const ready = new Promise<number>((resolve) => {
      child.once('message', (message: FromSubject) => resolve(message.type === 'ready' ? message.port : 0))
    })
    return new Subject(child, await Promise.race([ready, gone]), gone)
  }

  /** The address that reaches one of its services. */
  uriOf(service: string): string {
    return `sip:${service}@${LOOPBACK}:${this.#port}`
  }

  /** @throws RingdownError RINGDOWN_INTERNAL when it has ended */
  sample(): Promise<Sample> {
    const answer = new Promise<Sample>((resolve) => this.#asking.push(resolve))
    this.#child.send('sample', () => {})
    return Promise.race([answer, this.#gone])
  }

  async stop(): Promise<void> {
    const exited = this.#gone.catch(() => {})
    if (this.#child.connected) this.#child.disconnect()
    const insist = setTimeout(() => this.#child.kill('SIGKILL'), 5_000)
    await exited
    clearTimeout(insist)
  }
}

/** A process needs JavaScript: run from its TypeScript sources, this file finds the script in the build. */
function script(): string {
  const built = import.meta.url.endsWith('.ts') ? '../../../dist/server/bench/' : './'
  return fileURLToPath(new URL(`${built}subject-process.js`, import.meta.url))
}
