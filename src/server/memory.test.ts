import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { MemoryReturn, returnMemoryOf } from './memory.ts'

describe('MemoryReturn', () => {
  let load: number
  let collections: number
  let memory: MemoryReturn
  beforeEach(() => {
    vi.useFakeTimers()
    load = 0
    collections = 0
    memory = new MemoryReturn({ load: () => load, collect: () => collections++ })
  })
  afterEach(() => {
    memory.stop()
    vi.useRealTimers()
  })
  const pass = (seconds: number, present: number): number => {
    load = present
    vi.advanceTimersByTime(seconds * 1000)
    return collections
  }

  it('collects for 12 s when nine tenths of a burst have gone, and then no more', () => {
    expect(pass(10, 5000)).toBe(0)
    expect(pass(10, 600)).toBe(0)
    expect(pass(2, 500)).toBe(1)
    expect(pass(60, 400)).toBe(6)
    expect(pass(60, 0)).toBe(12)
    expect(pass(600, 0)).toBe(12)
  })

  it('lets an exchange alone on which little happens, or much all the time', () => {
    expect(pass(60, 199)).toBe(0)
    expect(pass(60, 0)).toBe(0)
    for (let i = 0; i < 20; i++) expect(pass(60, 3000 + 1000 * (i % 3))).toBe(0)
  })

  it('really collects garbage', async () => {
    const garbage = new WeakRef({ big: new Array(1000) })
    // What a WeakRef was made of lives to the end of its turn.
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    await new Promise((resolve) => setImmediate(resolve))
    const real = returnMemoryOf({ sizes: () => ({ serverTransactions: load }) })
    pass(2, 1000)
    pass(2, 0)
    await new Promise((resolve) => setImmediate(resolve))
    expect(garbage.deref()).toBeUndefined()
    real.stop()
  })
})
