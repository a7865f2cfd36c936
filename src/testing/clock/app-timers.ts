import { AsyncResource } from 'node:async_hooks'
import { syncBuiltinESMExports } from 'node:module'
import { promisify } from 'node:util'
import { clockInside } from './inside.ts'
import { realTimers, timers, timersPromises } from './real-timers.ts'
import type { VirtualClock } from './virtual-clock.ts'
import { siteOf } from './waiter.ts'

/** Wall time in a simulation starts here: 2026-01-01T00:00:00Z. */
export const WALL_TIME_ORIGIN_MS = 1_767_225_600_000

type Callback = (...args: unknown[]) => void

/**
 * Makes the timers and clocks of Node virtual for code inside a simulation (applications, scripts of phones), and leaves
 * them as they are for everybody else, the test runner above all: each call looks where it comes from. Covers the
 * globals, `node:timers`, `node:timers/promises`, `Date` and `performance.now`. Done once by each copy of the test kit: a runner
 * that gives each test file its own gets the newest, and it serves the simulations of the older ones as well.
 */
export function installAppTimers(): void {
  if (isInstalled) return
  isInstalled = true
  const { timers: real, promises: realPromises } = realTimers
  const virtual = {
    setTimeout: forInside(
      real.setTimeout as never,
      (clock, act: Callback, ms?: number, ...args: unknown[]) =>
        new VirtualTimer(clock, act, Math.max(ms ?? 1, 1), args, false),
    ),
    setInterval: forInside(
      real.setInterval as never,
      (clock, act: Callback, ms?: number, ...args: unknown[]) =>
        new VirtualTimer(clock, act, Math.max(ms ?? 1, 1), args, true),
    ),
    setImmediate: forInside(
      real.setImmediate as never,
      (clock, act: Callback, ...args: unknown[]) => new VirtualTimer(clock, act, 0, args, false),
    ),
    clearTimeout: clearer(real.clearTimeout),
    clearInterval: clearer(real.clearInterval),
    clearImmediate: clearer(real.clearImmediate),
  }
  const sleep = (clock: VirtualClock, ms = 1, value?: unknown, options?: { signal?: AbortSignal }) =>
    sleepVirtually(clock, ms, value, options?.signal)
  const virtualPromises = {
    setTimeout: forInside(realPromises.setTimeout as never, sleep),
    setImmediate: forInside(
      realPromises.setImmediate as never,
      (clock, value?: unknown, options?: { signal?: AbortSignal }) => sleepVirtually(clock, 0, value, options?.signal),
    ),
    setInterval: forInside(realPromises.setInterval as never, repeatVirtually),
  }
  Object.defineProperty(virtual.setTimeout, promisify.custom, { value: virtualPromises.setTimeout })
  Object.defineProperty(virtual.setImmediate, promisify.custom, { value: virtualPromises.setImmediate })
  const { scheduler } = timersPromises
  scheduler.wait = forInside(realTimers.wait as never, (clock, ms: number, options?: { signal?: AbortSignal }) =>
    sleepVirtually(clock, ms, undefined, options?.signal),
  ) as typeof scheduler.wait
  Object.assign(timers, virtual)
  Object.assign(timersPromises, virtualPromises)
  Object.assign(globalThis, virtual)
  syncBuiltinESMExports()
  installClocks()
}

let isInstalled = false

/** The virtual way for code inside a simulation, the real one for the rest. */
function forInside<Args extends unknown[], Result>(
  real: (...args: Args) => Result,
  virtual: (clock: VirtualClock, ...args: Args) => unknown,
): (...args: Args) => Result {
  return (...args) => {
    const clock = clockInside()
    return clock === undefined ? real(...args) : (virtual(clock, ...args) as Result)
  }
}

function clearer(real: (timer: never) => void): (timer: unknown) => void {
  return (timer) => {
    if (isVirtual(timer)) timer.close()
    else real(timer as never)
  }
}

/** Also of another copy of the test kit in this process. */
function isVirtual(timer: unknown): timer is VirtualTimer {
  return typeof timer === 'object' && timer !== null && VIRTUAL in timer
}

const VIRTUAL: unique symbol = Symbol.for('ringdown.virtualTimer')

/** What `setTimeout` gives to an application: the face of a Node timer over the virtual clock. */
class VirtualTimer {
  readonly [VIRTUAL] = true
  readonly #clock: VirtualClock
  readonly #act: () => void
  readonly #ms: number
  readonly #repeats: boolean
  readonly #name: string
  #callOff: () => void = () => {}

  constructor(clock: VirtualClock, act: Callback, ms: number, args: readonly unknown[], repeats: boolean) {
    this.#clock = clock
    this.#act = AsyncResource.bind(() => act(...args))
    // As Node does (timers.md): what is below 1 or no number counts as 1; only setImmediate comes with 0.
    this.#ms = ms >= 0 && ms <= 2_147_483_647 ? ms : 1
    this.#repeats = repeats
    this.#name = `a timer of the application (${siteOf(new Error())})`
    this.refresh()
  }

  refresh(): this {
    this.#callOff()
    this.#callOff = this.#clock.after(
      this.#ms,
      () => {
        if (this.#repeats) this.refresh()
        this.#clock.signal()
        this.#act()
      },
      this.#name,
    )
    return this
  }

  close(): this {
    this.#callOff()
    return this
  }

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }

  hasRef(): boolean {
    return true
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

function sleepVirtually(clock: VirtualClock, ms: number, value: unknown, signal?: AbortSignal): Promise<unknown> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason)
      return
    }
    const timer = new VirtualTimer(clock, () => resolve(value), ms, [], false)
    signal?.addEventListener(
      'abort',
      () => {
        timer.close()
        clock.signal()
        reject(signal.reason)
      },
      { once: true },
    )
  })
}

async function* repeatVirtually(
  clock: VirtualClock,
  ms = 1,
  value?: unknown,
  options?: { signal?: AbortSignal },
): AsyncGenerator<unknown> {
  for (;;) yield await sleepVirtually(clock, ms, value, options?.signal)
}

/** `Date` and `performance.now` tell virtual time inside. */
function installClocks(): void {
  const RealDate = globalThis.Date
  const wallTime = (clock: VirtualClock) => WALL_TIME_ORIGIN_MS + Math.floor(clock.now)
  const now = () => {
    const clock = clockInside()
    return clock === undefined ? RealDate.now() : wallTime(clock)
  }
  globalThis.Date = new Proxy(RealDate, {
    construct(target, args, newTarget) {
      const clock = clockInside()
      const given = clock === undefined || args.length > 0 ? args : [wallTime(clock)]
      return Reflect.construct(target, given, newTarget) as object
    },
    apply: (target) => (clockInside() === undefined ? target() : new RealDate(now()).toString()),
    get: (target, key, receiver) => (key === 'now' ? now : Reflect.get(target, key, receiver)),
  })
  performance.now = () => clockInside()?.now ?? realTimers.performanceNow()
}
