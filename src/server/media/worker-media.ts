import { type Transferable, Worker } from 'node:worker_threads'
import { builtFrom, Counters, RingdownError, UsageError } from '../../kit/index.ts'
import type { LegId, MediaCommand, MediaEvent, MediaPort } from '../../media/index.ts'
import { systemRandom } from '../random.ts'
import { Bell } from './bell.ts'
import type { MediaIoCounter } from './io-counters.ts'
import { type LinuxSockets, loadLinuxSockets } from './linux-sockets.ts'
import { OpenWork } from './open-work.ts'
import { PortBinder } from './port-binder.ts'
import { PortRange, type PortTable, portTable, processNow } from './port-range.ts'
import {
  type BoundPort,
  channelOf,
  type FromWorker,
  type MediaIoChoice,
  type MediaPriority,
  type ToWorker,
  type WorkerReport,
  type WorkerSettings,
} from './worker-messages.ts'

export interface WorkerMediaOptions {
  /** The ports that this worker takes from; several workers may share them. Default: a table of its own. */
  readonly ports?: PortTable
  /** The number of the worker among those that share the ports, 1 or more. Default 1. */
  readonly number?: number
  /** Default `auto`. */
  readonly io?: MediaIoChoice
  /** Default `normal`. */
  readonly priority?: MediaPriority
  /** Legs that may be open at once. Default 10,000. */
  readonly maxLegs?: number
  /** The compiled module of Opus. Without it legs of Opus fail. */
  readonly opus?: object
  /** The built worker. Default: the one beside this file. */
  readonly script?: URL
  /** Hears that a worker has died and is being replaced. Its legs have `failed` by then. */
  readonly onWorkerDied?: (reason: string) => void
}

/**
 * The media port whose engine runs in a worker thread, where neither an application nor garbage collection of the
 * main thread can make its packets late. What is sent in one turn of the event loop crosses in one message.
 *
 * Where the worker uses the C library's sockets, ports are bound here, so that a leg is `opened` at once and the worker
 * hears of it together with its stream: sockets belong to the process and not to a thread.
 *
 * A worker that dies takes its own legs along, which are `failed`, and is replaced; commands that come meanwhile
 * wait for the new one.
 */
export class WorkerMedia implements MediaPort {
  readonly #settings: WorkerSettings
  readonly #script: URL
  readonly #onWorkerDied: (reason: string) => void
  readonly #bell = new Bell()
  readonly #work = new OpenWork()
  #listener: (event: MediaEvent) => void = nothing
  #worker: Worker | undefined
  #io: 'libc' | 'dgram' | undefined
  #pending: MediaCommand[] = []
  #bound: BoundPort[] = []
  readonly #counters = new Counters<MediaIoCounter>()
  #sockets: LinuxSockets | undefined
  /** While a worker on libc is ready. */
  #binder: PortBinder | undefined
  #report: WorkerReport = NOTHING_REPORTED
  /** What workers that are gone have counted. */
  #countedBefore: Readonly<Record<string, number>> = {}
  #died = 0
  #restart: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(options: WorkerMediaOptions = {}) {
    this.#settings = {
      number: options.number ?? 1,
      io: options.io ?? 'auto',
      priority: options.priority ?? 'normal',
      ports: options.ports ?? portTable(),
      maxLegs: options.maxLegs ?? 10_000,
      epoch: EPOCH,
      opus: options.opus,
      bell: this.#bell.shared,
    }
    this.#script = options.script ?? new URL('./worker.js', builtFrom(import.meta.url))
    this.#onWorkerDied = options.onWorkerDied ?? nothing
  }

  /**
   * Starts the worker and resolves when it takes commands.
   * @throws RingdownError RINGDOWN_INTERNAL when it cannot be started
   */
  async start(): Promise<void> {
    if (this.#worker !== undefined || this.#isClosed) throw new UsageError('WorkerMedia.start: call it once')
    await new Promise<void>((resolve, reject) => {
      this.#spawn(resolve, (reason) => reject(new RingdownError('RINGDOWN_INTERNAL', `the media worker: ${reason}`)))
    })
    if (this.#io !== 'libc') return
    this.#sockets = await loadLinuxSockets()
    this.#bindHere()
  }

  /** The network that the worker found, once it has been started. */
  get io(): 'libc' | 'dgram' | undefined {
    return this.#io
  }

  /** Among the workers that share the ports. */
  get number(): number {
    return this.#settings.number
  }

  /** Legs that were opened or adopted here and have neither ended nor gone to another worker. */
  get legs(): number {
    return this.#work.legs
  }

  send(command: MediaCommand): void {
    if (this.#isClosed) return
    if (command.type === 'open' && this.#binder !== undefined && this.#mayOpen(command.leg)) {
      this.#open(this.#binder, command)
      return
    }
    this.#work.noteCommand(command)
    this.#pass(command)
  }

  onEvent(listener: (event: MediaEvent) => void): void {
    this.#listener = listener
  }

  /** How the worker fares, at most a second old while it has legs. Its counters include those of workers before it. */
  report(): WorkerReport {
    const counters = sum(this.#countedByWorkers(), this.#counters.snapshot())
    if (this.#died > 0) counters.mediaWorkersDied = this.#died
    return { ...this.#report, counters }
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
    // A port that was bound for a leg which the worker has not heard of is closed by nobody else.
    this.#flush()
    this.#post({ type: 'close' })
    const patience = setTimeout(() => void worker.terminate(), CLOSE_PATIENCE_MS)
    await gone
    clearTimeout(patience)
  }

  #countedByWorkers(): Record<string, number> {
    return sum(this.#countedBefore, this.#report.counters)
  }

  readonly #flush = (): void => {
    if (this.#worker === undefined || this.#pending.length === 0) return
    const commands = this.#pending
    const bound = this.#bound
    this.#pending = []
    this.#bound = []
    const channels: Transferable[] = []
    for (const command of commands) if (command.type === 'adopt') channels.push(...channelOf(command.released))
    this.#post({ type: 'commands', commands, bound }, channels)
  }

  #pass(command: MediaCommand): void {
    this.#pending.push(command)
    if (this.#pending.length === 1) setImmediate(this.#flush)
  }

  /** What the engine would refuse, it refuses. */
  #mayOpen(leg: LegId): boolean {
    return !this.#work.isOpen(leg) && this.#work.legs < this.#settings.maxLegs
  }

  /** Whoever opens a leg is in the middle of something, and hears of it afterwards. */
  #open(binder: PortBinder, command: Extract<MediaCommand, { type: 'open' }>): void {
    const { leg, localAddress: address } = command
    const bound = binder.bindSocket(address)
    this.#work.noteCommand(command)
    this.#pass(command)
    // The worker will fail as well, and say why.
    if (typeof bound === 'string') return
    const { number: port, descriptor } = bound
    this.#bound.push({ leg, port, descriptor })
    void soon.then(() => {
      if (this.#work.isOpen(leg)) this.#say({ type: 'opened', leg, address, port })
    })
  }

  #bindHere(): void {
    if (this.#sockets === undefined) return
    const { ports, number } = this.#settings
    const range = new PortRange(systemRandom(), ports, number)
    this.#binder = new PortBinder({ sockets: this.#sockets, ports: range, counters: this.#counters })
  }

  #post(message: ToWorker, transfer: readonly Transferable[] = []): void {
    this.#worker?.postMessage(message, transfer)
    this.#bell.ring()
  }

  #spawn(onReady: () => void, onFailed: (reason: string) => void): void {
    const worker = new Worker(this.#script, {
      workerData: this.#settings,
      name: 'ringdown-media',
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    })
    this.#worker = worker
    let isReady = false
    let reason = 'the media worker has ended'
    worker.on('message', (message: FromWorker) => {
      if (message.type === 'events') for (const event of message.events) this.#say(event)
      else if (message.type === 'report') this.#report = message.report
      else {
        this.#io = message.io
        this.#report = { ...this.#report, standing: message.standing }
        isReady = true
        this.#bindHere()
        onReady()
      }
    })
    worker.on('error', (error) => {
      reason = `the media worker has died: ${error instanceof Error ? error.message : String(error)}`
    })
    worker.once('exit', () => {
      this.#worker = undefined
      this.#binder = undefined
      if (isReady) this.#replace(reason)
      else onFailed(reason)
    })
    this.#flush()
  }

  #replace(reason: string): void {
    if (this.#isClosed) return
    this.#died++
    const { legs: _open, ...counted } = this.#countedByWorkers()
    this.#countedBefore = counted
    this.#report = NOTHING_REPORTED
    this.#pending = []
    this.#bound = []
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

function sum(one: Readonly<Record<string, number>>, other: Readonly<Record<string, number>>): Record<string, number> {
  const total: Record<string, number> = { ...one }
  for (const [name, value] of Object.entries(other)) total[name] = (total[name] ?? 0) + value
  return total
}

/** What follows it is done when the present turn is over. Node makes five objects for each `queueMicrotask`. */
const soon = Promise.resolve()

/** Media workers of a process have one clock. */
const EPOCH = processNow()

const NOTHING_REPORTED: WorkerReport = {
  counters: {},
  lateness: { p50: 0, p99: 0, p999: 0, max: 0 },
  busy: 0,
  standing: 'normal',
  givenBack: 0,
}

const CLOSE_PATIENCE_MS = 2000
/** Only commands and events are objects. What V8 takes by itself, three times 16 MB, it would never give back. */
const YOUNG_GENERATION_MB = 12
/** Long enough that a worker which dies at once cannot keep a core busy. */
const RESTART_DELAY_MS = 100
