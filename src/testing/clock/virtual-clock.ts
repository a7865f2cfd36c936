import { DeadlineQueue, type Instant, type Machine, NEVER } from '../../kit/index.ts'
import { isInsideSimulation } from './inside.ts'
import { MachineDriver, type MachineDriverOptions } from './machine-driver.ts'
import { realTimers } from './real-timers.ts'
import { SimulationStuckError } from './stuck-error.ts'
import { Waiter } from './waiter.ts'

/** Something that wants to run at an instant of virtual time. */
export interface Scheduled {
  /** Who this is, for the report of a simulation that got stuck. */
  readonly name: string
  run(now: Instant): void
}

/** How long a run may last before it counts as stuck. */
export interface RunBounds {
  /** The most virtual time, in milliseconds. Default: one hour. */
  readonly maxVirtualMs?: number
  /** The most events. Default: 20 million. */
  readonly maxSteps?: number
}

/**
 * Virtual time: it stands still while anything can happen, then jumps to the next deadline. What is due at one
 * instant runs in the order in which it was scheduled, so that the same program takes the same course every time.
 *
 * Application code lives in promises. Whatever may have resolved one says so with {@link signal}, and the clock
 * then lets the microtask queue run dry before the next event. Code that waits for anything but this clock (files,
 * sockets, real timers) is outside the simulation.
 *
 * `run...` may be called from code that is itself being run: there is one loop, which serves every open goal.
 */
export class VirtualClock {
  readonly #queue = new DeadlineQueue<Scheduled>()
  readonly #waiters = new Set<Waiter<unknown>>()
  readonly #goals: Goal[] = []
  readonly #pulls = new Set<Pull>()
  #pullsEndAt: Instant = NEVER
  #now: Instant = 0
  #steps = 0
  #signalled = true
  #looping = false

  /** Monotonic virtual milliseconds since the start of the simulation. */
  get now(): Instant {
    return this.#now
  }

  /** How many events have run. */
  get steps(): number {
    return this.#steps
  }

  /** Sets or moves the instant at which `owner` runs; {@link NEVER} takes it off. The past means now. */
  schedule(owner: Scheduled, at: Instant): void {
    this.#queue.set(owner, at < this.#now ? this.#now : at)
  }

  /** Calls `action` once, `delayMs` from now. The function that is returned calls it off. */
  after(delayMs: number, action: () => void, name = 'timer'): () => void {
    const owner: Scheduled = { name, run: action }
    this.schedule(owner, this.#now + delayMs)
    return () => this.schedule(owner, NEVER)
  }

  /** Resolves `ms` of virtual time from now. */
  sleep(ms: number): Promise<void> {
    const waiter = this.waiter<void>(`sleep of ${ms} ms`)
    this.after(ms, () => waiter.resolve(), 'sleep')
    return waiter.promise
  }

  /** A named promise that something in the simulation will resolve; its name stands in the report when nothing does. */
  waiter<Value>(name: string): Waiter<Value> {
    const waiter = new Waiter<Value>(name, this.#now, () => {
      this.#waiters.delete(waiter as Waiter<unknown>)
      this.signal()
    })
    this.#waiters.add(waiter as Waiter<unknown>)
    return waiter
  }

  /** Says that application code may have something to do: a promise was resolved, a callback was called. */
  signal(): void {
    this.#signalled = true
  }

  /** Puts a machine under this clock: its outputs are drained after every mutation and its deadline re-armed. */
  drive<Input, Output>(
    machine: Machine<Input, Output>,
    options: MachineDriverOptions<Output>,
  ): MachineDriver<Input, Output> {
    return new MachineDriver(this, machine, options)
  }

  /**
   * Runs until nobody has a deadline, no packet is in flight and no application code can go on.
   * @throws SimulationStuckError when a bound is exceeded, naming who still waits
   */
  runUntilIdle(bounds?: RunBounds): Promise<void> {
    return this.#reach('run until idle', () => this.#queue.next() === NEVER, bounds)
  }

  /** Runs everything that is due within the next `ms`, then stands exactly there. */
  runFor(ms: number, bounds?: RunBounds): Promise<void> {
    const end = this.#now + ms
    const reached = () => this.#now >= end && this.#queue.next() > end
    return this.#reach(`run for ${ms} ms`, reached, { maxVirtualMs: ms, ...bounds }, end)
  }

  /**
   * Runs until `predicate` holds; it is asked between events.
   * @throws SimulationStuckError when everything comes to rest before, or a bound is exceeded
   */
  runUntil(predicate: () => boolean, bounds?: RunBounds): Promise<void> {
    return this.#reach('run until a condition holds', predicate, bounds)
  }

  /**
   * Starts `body` and runs the simulation until its promise is settled.
   * @throws whatever `body` throws; SimulationStuckError when nothing is left that could let it go on
   */
  async run<Value>(body: () => Promise<Value>, bounds?: RunBounds): Promise<Value> {
    let settled = false
    // The body starts after its goal was set: the goals of its own runs then lie inside.
    const outcome = Promise.resolve()
      .then(body)
      .finally(() => {
        settled = true
      })
    outcome.catch(() => {})
    await this.#reach('run the body of the test', () => settled, bounds)
    return outcome
  }

  /**
   * Runs the simulation for as long as the caller waits for `promise`, which something in the simulation settles. Code
   * that belongs to the simulation itself (see {@link insideSimulation}) only waits: it is run along.
   * @throws SimulationStuckError when everything comes to rest before, or an hour of virtual time has passed
   */
  pull<Value>(name: string, promise: Promise<Value>): Promise<Value> {
    if (isInsideSimulation()) return promise
    return new Promise((resolve, reject) => {
      const pull = { name, reject }
      this.#pulls.add(pull)
      this.#pullsEndAt = this.#now + MAX_PULL_MS
      const settle = () => {
        this.#pulls.delete(pull)
        this.signal()
      }
      promise.finally(settle).then(resolve, reject)
      this.signal()
      if (!this.#looping) void this.#loop()
    })
  }

  /** Fails whatever code outside the simulation waits for with {@link pull}: something inside has gone wrong for good. */
  interrupt(error: unknown): void {
    for (const { reject } of this.#pulls) reject(error)
    this.#pulls.clear()
    this.signal()
  }

  #reach(name: string, isReached: () => boolean, bounds: RunBounds = {}, horizon: Instant = NEVER): Promise<void> {
    const { maxVirtualMs = 3_600_000, maxSteps = 20_000_000 } = bounds
    return new Promise((resolve, reject) => {
      this.#goals.push({
        name,
        isReached,
        horizon,
        lastInstant: this.#now + maxVirtualMs,
        lastStep: this.#steps + maxSteps,
        resolve,
        reject,
      })
      this.signal()
      if (!this.#looping) void this.#loop()
    })
  }

  async #loop(): Promise<void> {
    this.#looping = true
    try {
      let stepsInTurn = 0
      while (this.#goals.length + this.#pulls.size > 0) {
        // The turn every so often keeps a test runner's own timeout alive during a long silence of the applications.
        if (this.#signalled || stepsInTurn++ >= 10_000) {
          this.#signalled = false
          stepsInTurn = 0
          await nextTurn()
        } else if (!this.#resolveReached()) {
          this.#step()
        }
      }
    } catch (error) {
      for (const goal of this.#goals.splice(0)) goal.reject(error)
      this.interrupt(error)
    } finally {
      this.#looping = false
    }
  }

  #resolveReached(): boolean {
    let any = false
    for (let i = this.#goals.length - 1; i >= 0; i--) {
      const goal = this.#goals[i] as Goal
      if (!goal.isReached()) continue
      this.#goals.splice(i, 1)
      goal.resolve()
      any = true
    }
    if (any) this.signal()
    return any
  }

  #step(): void {
    const next = this.#queue.next()
    let horizon = NEVER
    for (const goal of this.#goals) if (goal.horizon < horizon) horizon = goal.horizon
    if (next > horizon) {
      this.#now = horizon
      return
    }
    if (this.#pulls.size > 0 && next > this.#pullsEndAt) {
      this.#failPull(next)
      return
    }
    // The innermost goal fails first: its awaiting code is the best place to say so.
    const goal = this.#goals.findLast((each) => next > each.lastInstant || this.#steps >= each.lastStep)
    if (goal !== undefined) {
      this.#fail(goal, next)
      return
    }
    this.#now = next
    this.#steps++
    this.#queue.takeDue(next)?.run(next)
  }

  /** The newest wait fails first. */
  #failPull(next: Instant): void {
    const pull = [...this.#pulls].at(-1) as Pull
    this.#pulls.delete(pull)
    this.signal()
    const why = next === NEVER ? 'the simulation has come to rest' : 'an hour of virtual time has passed'
    pull.reject(
      new SimulationStuckError(`${pull.name}: ${why}`, this.#now, [...this.#waiters], [...this.#queue.entries()]),
    )
  }

  #fail(goal: Goal, next: Instant): void {
    const why =
      next === NEVER
        ? 'the simulation has come to rest'
        : this.#steps >= goal.lastStep
          ? 'the bound of steps was reached'
          : 'the bound of virtual time was reached'
    this.#goals.splice(this.#goals.indexOf(goal), 1)
    this.signal()
    goal.reject(
      new SimulationStuckError(`${goal.name}: ${why}`, this.#now, [...this.#waiters], [...this.#queue.entries()]),
    )
  }
}

/** How long code outside the simulation waits for one thing. */
const MAX_PULL_MS = 3_600_000

interface Pull {
  readonly name: string
  readonly reject: (error: unknown) => void
}

interface Goal {
  readonly name: string
  readonly isReached: () => boolean
  /** Time does not go past this while the goal is open. */
  readonly horizon: Instant
  readonly lastInstant: Instant
  readonly lastStep: number
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** One turn of the event loop runs the microtask queue dry, however deep the chain of promises. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => void realTimers.timers.setImmediate(resolve))
}
