import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { TaskQueue, type TaskQueueOptions } from './task-queue.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const events: string[] = []

function queueOf(carryOut: TaskQueueOptions['carryOut'], parallel = 2): TaskQueue {
  events.length = 0
  return new TaskQueue({
    parallel,
    carryOut,
    onFailed: (name, { message }) => events.push(`${name} failed: ${message}`),
    onIdle: () => events.push('idle'),
  })
}

it('tries again after pauses that grow up to five minutes', async () => {
  const begun = Date.now()
  const at: number[] = []
  const queue = queueOf(async () => {
    at.push((Date.now() - begun) / 1000)
    if (at.length < 14) throw new Error('no')
  })
  queue.add('a')
  await vi.advanceTimersByTimeAsync(3_600_000)
  expect([queue.size, at.length, events.length, events.at(-1)]).toEqual([0, 14, 14, 'idle'])
  const pauses = at.slice(1).map((time, n) => time - at[n]!)
  for (const [n, pause] of pauses.entries()) {
    const expected = Math.min(300, 2 ** n)
    expect(pause).toBeGreaterThanOrEqual(0.75 * expected)
    expect(pause).toBeLessThanOrEqual(1.25 * expected + 0.002)
  }
})

it('does a few at a time, and once more what was asked for meanwhile', async () => {
  const begun: string[] = []
  const finish: (() => void)[] = []
  const queue = queueOf((name) => {
    begun.push(name)
    return new Promise((resolve) => finish.push(resolve))
  })
  for (const name of ['a', 'b', 'c']) queue.add(name)
  expect(begun).toEqual(['a', 'b'])
  queue.add('a')
  expect([queue.isDirty('a'), queue.isDirty('b'), queue.size]).toEqual([true, false, 3])
  finish.shift()?.()
  await vi.advanceTimersByTimeAsync(0)
  expect(begun.slice(2).sort()).toEqual(['a'])
  for (let n = 0; n < 3; n++) {
    for (const each of finish.splice(0)) each()
    await vi.advanceTimersByTimeAsync(0)
  }
  expect([begun.toSorted(), queue.size, events]).toEqual([['a', 'a', 'b', 'c'], 0, ['idle']])
})

it('begins nothing once it is closed', async () => {
  const begun: string[] = []
  const queue = queueOf(async (name) => {
    begun.push(name)
    throw new Error('no')
  })
  queue.add('a')
  queue.close()
  queue.add('b')
  await vi.advanceTimersByTimeAsync(3_600_000)
  expect([begun, events]).toEqual([['a'], []])
})
