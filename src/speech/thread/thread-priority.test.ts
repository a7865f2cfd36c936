import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ThreadEngine } from './thread-engine.ts'
import { runAhead, runAmongOthers, type ThreadScheduler } from './thread-priority.ts'

/** The scheduling policies of this process' threads, `policy` of proc(5). */
function policies(): number[] {
  return readdirSync('/proc/self/task').map((thread) => {
    const fields = readFileSync(`/proc/self/task/${thread}/stat`, 'utf8').split(') ').at(-1)!.split(' ')
    return Number(fields[38])
  })
}

it.runIf(process.platform === 'linux')('speech has what nobody else wants of the processors', async () => {
  expect(policies()).not.toContain(SCHED_IDLE)
  const engine = new ThreadEngine({ type: 'flite' })
  const sentence = { text: 'hello', voice: 'rms', rate: 1, sampleRateHz: 8000 } as const
  for await (const _ of engine.speak(sentence, new AbortController().signal)) {
    expect(policies().filter((policy) => policy === SCHED_IDLE)).toEqual([SCHED_IDLE])
    break
  }
  await engine.close()
})

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

const SCHED_IDLE = 5
const SCHED_RESET_ON_FORK = 0x4000_0000
