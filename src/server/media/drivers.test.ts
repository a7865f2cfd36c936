import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Instant, NEVER } from '../../kit/index.ts'
import { type Driven, driveBlocking, EventLoopDriver } from './drivers.ts'

/** Something that is due on a grid of 5 ms. */
class Grid implements Driven {
  readonly done: Instant[] = []
  next: Instant = NEVER
  readonly #now: () => Instant

  constructor(now: () => Instant) {
    this.#now = now
  }

  deadline(): Instant {
    return this.next
  }

  expire(): void {
    this.done.push(this.#now())
    this.next += 5
  }
}

describe('driveBlocking', () => {
  it('sleeps to each deadline by itself, so that lateness does not add up', () => {
    let now = 0.4
    const grid = new Grid(() => now)
    grid.next = 5
    const dozed: number[] = []
    driveBlocking(
      grid,
      { rung: 0, sleep: () => expect.unreachable('the deadline is near') },
      (ms) => {
        dozed.push(ms)
        now += ms + 0.3
      },
      () => grid.done.length < 4,
      () => now,
    )
    expect(grid.done.map((at) => Math.round(at * 10) / 10)).toEqual([5.3, 10.3, 15.3, 20.3])
    expect(dozed.map((ms) => Math.round(ms * 10) / 10)).toEqual([4.6, 4.7, 4.7, 4.7, 4.7])
  })

  it('sleeps until it is rung when there is nothing to do soon, and looks for messages after each sleep', () => {
    let now = 0
    const grid = new Grid(() => now)
    const slept: unknown[] = []
    const bell = {
      rung: 7,
      sleep: (rung: number, ms: number) => {
        slept.push([rung, ms])
        now += 1000
        grid.next = now + 2
      },
    }
    let looked = 0
    driveBlocking(
      grid,
      bell,
      (ms) => {
        now += ms
      },
      () => ++looked < 5,
      () => now,
    )
    expect([slept, grid.done, looked]).toEqual([[[7, NEVER]], [1002, 1007], 5])
  })

  it('looks for messages each 5 ms on its way to a deadline that is further off', () => {
    let now = 0
    const grid = new Grid(() => now)
    grid.next = 18
    const lookedAt: number[] = []
    driveBlocking(
      grid,
      { rung: 0, sleep: () => expect.unreachable('the deadline is near') },
      (ms) => {
        now += ms
      },
      () => lookedAt.push(now) < 6,
      () => now,
    )
    expect(lookedAt).toEqual([0, 5, 10, 15, 18, 23])
    expect(grid.done).toEqual([18])
  })

  it('does not sleep at all when it is behind', () => {
    let now = 0
    const grid = new Grid(() => (now += 8))
    grid.next = 1
    driveBlocking(
      grid,
      { rung: 0, sleep: () => expect.unreachable() },
      () => expect.unreachable('it is late'),
      () => grid.done.length < 3,
      () => (now += 1),
    )
    expect(grid.done.length).toBe(3)
  })
})

describe('EventLoopDriver', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('arms one timer for the next deadline, and none when there is none', () => {
    const grid = new Grid(() => performance.now())
    const driver = new EventLoopDriver(grid)
    driver.arm()
    expect(vi.getTimerCount()).toBe(0)
    const begun = performance.now()
    grid.next = begun + 5
    driver.arm()
    driver.arm()
    expect(vi.getTimerCount()).toBe(1)
    vi.advanceTimersByTime(16)
    expect(grid.done.map((at) => at - begun)).toEqual([5, 10, 15])
    driver.stop()
    expect(vi.getTimerCount()).toBe(0)
  })
})
