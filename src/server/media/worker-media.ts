import { Worker } from 'node:worker_threads'
import { RingdownError, UsageError } from '../../kit/index.ts'
import type { MediaCommand, MediaEvent, MediaPort } from '../../media/index.ts'
import { OpenWork } from './open-work.ts'
import type { PortRangeOptions } from './port-range.ts'
import type { FromWorker, ToWorker, WorkerSettings } from './worker-messages.ts'

export interface WorkerMediaOptions {
  readonly ports?: PortRangeOptions
  /** Legs that may be open at once. Default 10,000. */
  readonly maxLegs?: number
  /** The built worker. Default: the one beside this file. */
  readonly script?: URL
  /** Hears that a worker has died and was replaced. Its legs have `failed` by then. */
  readonly onWorkerDied?: (reason: string) => void
}

/**
 * The media port whose engine runs in a worker thread, where neither an application nor garbage collection of the
 * main thread can make its packets late. Commands of one turn cross in one message.
 *
 * A worker that dies takes its own legs along, which are `failed`, and is replaced; commands that come meanwhile
 * wait for the new one.
 */
export class WorkerMedia implements MediaPort {
  readonly #settings: WorkerSettings
  readonly #script: URL
  readonly #onWorkerDied: (reason: string) => void
  readonly #work = new OpenWork()
  #listener: (event: MediaEvent) => void = nothing
  #worker: Worker | undefined
  #pending: MediaCommand[] = []
  #counters: Readonly<Record<string, number>> = {}
  /** What workers that are gone have counted. */
  #countedBefore: Readonly<Record<string, number>> = {}
  #died = 0
  #restart: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(options: WorkerMediaOptions = {}) {
    this.#settings = { ports: options.ports ?? {}, maxLegs: options.maxLegs ?? 10_000 }
    this.#script = options.script ?? builtWorker()
    this.#onWorkerDied = options.onWorkerDied ?? nothing
  }

  /**
   * Starts the worker and resolves when it listens.
   * @throws RingdownError RINGDOWN_INTERNAL when it cannot be started
   */
  async start(): Promise<void> {
    if (this.#worker !== undefined || this.#isClosed) throw new UsageError('WorkerMedia.start: call it once')
    await new Promise<void>((resolve, reject) => {
      this.#spawn(resolve, (reason) => reject(new RingdownError('RINGDOWN_INTERNAL', `the media worker: ${reason}`)))
    })
  }

  send(command: MediaCommand): void {
    if (this.#isClosed) return
    this.#work.noteCommand(command)
    this.#pending.push(command)
    if (this.#pending.length === 1) queueMicrotask(this.#flush)
  }

  onEvent(listener: (event: MediaEvent) => void): void {
    this.#listener = listener
  }

  /** What the worker counted, at most a second old, and that of the workers before it. */
  counters(): Readonly<Record<string, number>> {
    const total: Record<string, number> = { ...this.#countedBefore }
    for (const [name, value] of Object.entries(this.#counters)) total[name] = (total[name] ?? 0) + value
    if (this.#died > 0) total.mediaWorkersDied = this.#died
    return total
  }

  /** Frees every port and ends the thread. Nothing is said any more. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    clearTimeout(this.#restart)
    this.#listener = nothing
    const worker = this.#worker
    if (worker === undefined) return
    const gone = new Promise((resolve) => worker.once('exit', resolve))
    this.#post({ type: 'close' })
    const patience = setTimeout(() => void worker.terminate(), CLOSE_PATIENCE_MS)
    await gone
    clearTimeout(patience)
  }

  readonly #flush = (): void => {
    if (this.#worker === undefined || this.#pending.length === 0) return
    const commands = this.#pending
    this.#pending = []
    this.#post({ type: 'commands', commands })
  }

  #post(message: ToWorker): void {
    this.#worker?.postMessage(message)
  }

  #spawn(onReady: () => void, onFailed: (reason: string) => void): void {
    const worker = new Worker(this.#script, { workerData: this.#settings, name: 'ringdown-media' })
    this.#worker = worker
    let isReady = false
    let reason = 'the media worker has ended'
    worker.on('message', (message: FromWorker) => {
      if (message.type !== 'ready') {
        if (message.counters !== undefined) this.#counters = message.counters
        if (message.type === 'events') for (const event of message.events) this.#say(event)
      } else {
        isReady = true
        onReady()
      }
    })
    worker.on('error', (error) => {
      reason = `the media worker has died: ${error instanceof Error ? error.message : String(error)}`
    })
    worker.once('exit', () => {
      this.#worker = undefined
      if (isReady) this.#replace(reason)
      else onFailed(reason)
    })
    this.#flush()
  }

  #replace(reason: string): void {
    if (this.#isClosed) return
    this.#died++
    const { legs: _open, mediaWorkersDied: _died, ...counted } = this.counters()
    this.#countedBefore = counted
    this.#counters = {}
    this.#pending = []
    for (const event of this.#work.failAll(reason)) this.#listener(event)
    this.#onWorkerDied(reason)
    this.#restart = setTimeout(() => this.#spawn(nothing, (why) => this.#replace(why)), RESTART_DELAY_MS)
  }

  #say(event: MediaEvent): void {
    this.#work.noteEvent(event)
    this.#listener(event)
  }
}

function nothing(): void {}

const CLOSE_PATIENCE_MS = 2000
/** Long enough that a worker which dies at once cannot keep a core busy. */
const RESTART_DELAY_MS = 100

/** A worker thread needs JavaScript: run from its TypeScript sources, this file finds the worker in the build. */
function builtWorker(): URL {
  return import.meta.url.endsWith('.ts')
    ? new URL('../../../dist/server/media/worker.js', import.meta.url)
    : new URL('./worker.js', import.meta.url)
}
