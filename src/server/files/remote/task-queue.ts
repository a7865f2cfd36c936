export interface TaskQueueOptions {
  /** How many at the same time. */
  readonly parallel: number
  /** Does what is to be done for a name; when it rejects, it is called again later. */
  readonly carryOut: (name: string) => Promise<void>
  readonly onFailed: (name: string, error: Error) => void
  /** Nothing waits any more. */
  readonly onIdle: () => void
  /** How long to wait after so many failures in a row, in ms. Default: 1 s, then twice as long each time up to 5 minutes. */
  readonly backoffMs?: (failures: number) => number
  /** In ms; default: `Date.now`. */
  readonly now?: () => number
}

interface Task {
  failures: number
  dueMs: number
  isRunning: boolean
  /** It was asked for again while it ran. */
  isDirty: boolean
}

/** Does something for names until it has worked: a few at a time, each after a pause that grows while it fails. */
export class TaskQueue {
  readonly #options: TaskQueueOptions
  readonly #now: () => number
  readonly #tasks = new Map<string, Task>()
  #running = 0
  #timer: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(options: TaskQueueOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
  }

  /** Names for which something is to be done, or being done. */
  get size(): number {
    return this.#tasks.size
  }

  has(name: string): boolean {
    return this.#tasks.has(name)
  }

  /** Whether it has to be done once more, after it is done. */
  isDirty(name: string): boolean {
    return this.#tasks.get(name)?.isDirty ?? false
  }

  /** It is to be done, as soon as can be; once more, when it is being done. */
  add(name: string): void {
    const known = this.#tasks.get(name)
    if (known === undefined)
      this.#tasks.set(name, { failures: 0, dueMs: this.#now(), isRunning: false, isDirty: false })
    else {
      known.isDirty = known.isRunning
      known.dueMs = this.#now()
    }
    this.#pump()
  }

  /** Begins nothing any more. */
  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
  }

  #pump(): void {
    clearTimeout(this.#timer)
    if (this.#isClosed) return
    let nextMs = Number.POSITIVE_INFINITY
    for (const [name, task] of this.#tasks) {
      if (task.isRunning) continue
      if (task.dueMs > this.#now()) nextMs = Math.min(nextMs, task.dueMs)
      else if (this.#running < this.#options.parallel) void this.#run(name, task)
    }
    if (nextMs < Number.POSITIVE_INFINITY)
      this.#timer = setTimeout(() => this.#pump(), Math.max(1, nextMs - this.#now())).unref()
  }

  async #run(name: string, task: Task): Promise<void> {
    task.isRunning = true
    task.isDirty = false
    this.#running++
    try {
      await this.#options.carryOut(name)
      task.failures = 0
      if (!task.isDirty) this.#tasks.delete(name)
    } catch (error) {
      task.failures++
      task.dueMs = this.#now() + (this.#options.backoffMs ?? backoffMs)(task.failures)
      if (!this.#isClosed) this.#options.onFailed(name, error as Error)
    }
    task.isRunning = false
    this.#running--
    if (this.#tasks.size === 0 && !this.#isClosed) this.#options.onIdle()
    this.#pump()
  }
}

/** With a quarter more or less by chance, so that a bucket that is back is not asked for everything at once. */
function backoffMs(failures: number): number {
  return Math.min(300_000, 1000 * 2 ** (failures - 1)) * (0.75 + Math.random() / 2)
}
