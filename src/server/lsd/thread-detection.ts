import { Worker } from 'node:worker_threads'
import type { DetectionListener, DetectionSession, FarEndDetection, WantedDetection } from '../../calls/index.ts'
import { builtFrom, Counters } from '../../kit/index.ts'
import type { DetectionThreadData, FromDetectionThread, ToDetectionThread } from './thread-messages.ts'

export type DetectionCounter =
  /** Detections that were not begun because as many ran as may (`lsd.maxDetections`). */
  | 'detectionsRefused'
  /** Detection threads that died or hung and were replaced. */
  | 'detectionThreadsDied'
  /** Evidence that could not be written. */
  | 'evidenceLost'

export interface ThreadDetectionOptions {
  /** How many threads at most. Default 1. */
  readonly threads?: number
  /** How many detections at a time, in all threads together. Default 300. */
  readonly maxDetections?: number
  /** Of calls that do not say. Default that of the detector. */
  readonly sensitivity?: number
  /** Where what is heard is kept. Default: it is not. */
  readonly evidence?: { readonly directory: string }
  /** The built thread. Default: the one beside this file. */
  readonly script?: URL
  /**
   * A thread that has heard nobody for so long while it has detections is ended. Default 10,000 ms: on a machine that has too
   * much to do a round may take seconds.
   */
  readonly hungAfterMs?: number
  /** Hears that a thread has died; it is replaced when it is needed again. */
  readonly onDied?: (reason: string) => void
}

/**
 * Finds out who picks up, in threads of its own, which are started when they are needed: no media tick waits for it, and a
 * thread that dies or hangs ends its detections and harms no call.
 */
export class ThreadDetection implements FarEndDetection {
  readonly counters = new Counters<DetectionCounter>()
  readonly #options: ThreadDetectionOptions
  readonly #threads = new Set<DetectionThread>()
  #isClosed = false

  constructor(options: ThreadDetectionOptions = {}) {
    this.#options = options
  }

  /** How many detections run. */
  get size(): number {
    let size = 0
    for (const thread of this.#threads) size += thread.size
    return size
  }

  /** How many threads there are now. */
  get threads(): number {
    return this.#threads.size
  }

  open(wanted: WantedDetection, listener: DetectionListener): DetectionSession {
    const { maxDetections = 300, sensitivity } = this.#options
    const reason = this.#isClosed
      ? 'the server is closing'
      : this.size >= maxDetections
        ? `${maxDetections} detections run, which is as many as may (lsd.maxDetections)`
        : undefined
    if (reason !== undefined) {
      this.counters.add('detectionsRefused')
      setImmediate(() => listener.onFailed(reason))
      return NO_SESSION
    }
    const options = { ...(sensitivity !== undefined && { sensitivity }), ...wanted.options }
    return this.#free().open({ ...wanted, options }, listener)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all([...this.#threads].map((thread) => thread.end()))
  }

  #free(): DetectionThread {
    const [best] = [...this.#threads].sort((one, other) => one.size - other.size)
    if (best !== undefined && (best.size === 0 || this.#threads.size >= (this.#options.threads ?? 1))) return best
    const thread = new DetectionThread(this.#options, {
      onEnded: (reason) => {
        this.#threads.delete(thread)
        if (this.#isClosed) return
        this.counters.add('detectionThreadsDied')
        this.#options.onDied?.(reason)
      },
      onEvidenceLost: () => this.counters.add('evidenceLost'),
    })
    this.#threads.add(thread)
    return thread
  }
}

const NO_SESSION: DetectionSession = { signal: () => {}, tapped: () => {}, close: () => {} }

/** One thread, from its start to its end. */
class DetectionThread {
  readonly #worker: Worker
  readonly #beats = new Int32Array(new SharedArrayBuffer(4))
  readonly #sessions = new Map<number, DetectionListener>()
  readonly #onEnded: (reason: string) => void
  readonly #exited: Promise<void>
  readonly #watch: NodeJS.Timeout
  #reason = 'the detection thread has ended'
  #nextId = 1
  #lastBeat = -1
  /** How often it was looked at before it had begun. */
  #watches = 0

  constructor(
    {
      script = new URL('./thread.js', builtFrom(import.meta.url)),
      evidence,
      hungAfterMs = 10_000,
    }: ThreadDetectionOptions,
    { onEnded, onEvidenceLost }: { onEnded: (reason: string) => void; onEvidenceLost: () => void },
  ) {
    this.#onEnded = onEnded
    const data: DetectionThreadData = { beats: this.#beats, ...(evidence && { evidence }) }
    this.#worker = new Worker(script, {
      name: 'ringdown-detection',
      workerData: data,
      resourceLimits: { maxOldGenerationSizeMb: 256 },
    })
    this.#worker.unref()
    this.#worker.on('message', (message: FromDetectionThread) => {
      if (message.type === 'event') this.#sessions.get(message.id)?.onEvent(message.event)
      else if (message.type === 'failed') this.#fail(message.id, message.reason)
      else onEvidenceLost()
    })
    this.#worker.on('error', (error) => {
      this.#reason = `the detection thread has died: ${error instanceof Error ? error.message : String(error)}`
    })
    this.#exited = new Promise((resolve) => this.#worker.once('exit', () => resolve(this.#ended())))
    this.#watch = setInterval(() => this.#look(hungAfterMs), hungAfterMs).unref()
  }

  get size(): number {
    return this.#sessions.size
  }

  open(wanted: WantedDetection, listener: DetectionListener): DetectionSession {
    const id = this.#nextId++
    this.#sessions.set(id, listener)
    // It has not been asked anything for a while.
    if (this.#sessions.size === 1) this.#lastBeat = -1
    this.#send({ type: 'open', id, wanted })
    return {
      signal: (signal) => this.#send({ type: 'signal', id, signal }),
      // It looks by itself.
      tapped: () => {},
      close: () => {
        if (this.#sessions.delete(id)) this.#send({ type: 'close', id })
      },
    }
  }

  async end(): Promise<void> {
    this.#send({ type: 'end' })
    const patience = setTimeout(() => void this.#worker.terminate(), CLOSING_MS)
    await this.#exited
    clearTimeout(patience)
  }

  #send(message: ToDetectionThread): void {
    this.#worker.postMessage(message)
  }

  #fail(id: number, reason: string): void {
    const listener = this.#sessions.get(id)
    this.#sessions.delete(id)
    listener?.onFailed(reason)
  }

  #look(hungAfterMs: number): void {
    if (this.#sessions.size === 0) return
    const beat = Atomics.load(this.#beats, 0)
    // It is still being loaded.
    if (beat === 0 && this.#watches++ < MOST_WATCHES_TO_START) return
    if (beat === this.#lastBeat) {
      this.#reason = `the detection thread has done nothing for ${hungAfterMs} ms and was ended`
      void this.#worker.terminate()
    }
    this.#lastBeat = beat
  }

  #ended(): void {
    clearInterval(this.#watch)
    this.#onEnded(this.#reason)
    for (const id of [...this.#sessions.keys()]) this.#fail(id, this.#reason)
  }
}

/** A busy machine may take a while to load a thread. */
const MOST_WATCHES_TO_START = 10
/** How long it may take to write the last of its evidence. */
const CLOSING_MS = 1000
