import { describe, expect, it } from 'vitest'
import { runAhead, runAmongOthers, type ThreadScheduler } from './thread-priority.ts'

/** A system that permits some policies and nice values, and notes what it was asked for. */
function system(permitted: { readonly policies?: boolean; readonly leastNice?: number; readonly nice?: number }) {
  const asked: string[] = []
  let nice = permitted.nice ?? 0
  const scheduler: ThreadScheduler = {
    schedule: (policy, priority) => {
      asked.push(`${policy & ~SCHED_RESET_ON_FORK}/${priority}`)
      return permitted.policies ?? false
    },
    cpuMs: () => 0,
    nice: () => nice,
    setNice: (wanted) => {
      asked.push(`nice ${wanted}`)
      if (wanted < (permitted.leastNice ?? 0)) return false
      nice = wanted
      return true
    },
  }
  return { scheduler, asked }
}

describe('a thread with media', () => {
  it.each([
    ['realtime', { policies: true }, ['2/1']],
    ['raised', { leastNice: -20 }, ['2/1', 'nice -10']],
    ['raised', { nice: -15 }, ['2/1']],
    ['normal', {}, ['2/1', 'nice -10']],
  ] as const)('is %s where %o is permitted', (standing, permitted, calls) => {
    const { scheduler, asked } = system(permitted)
    expect(runAhead(scheduler)).toBe(standing)
    expect(asked).toEqual(calls)
  })

  it('gives real time back', () => {
    const { scheduler, asked } = system({ policies: true })
    runAmongOthers(scheduler)
    expect(asked).toEqual(['0/0'])
  })
})

const SCHED_RESET_ON_FORK = 0x4000_0000
