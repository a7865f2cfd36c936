import { describe, expect, it } from 'vitest'
import { PriorityGuard } from './priority-guard.ts'

/** A guard in a system that permits real time or does not, and the policies that it asked for. */
function create(permits = true) {
  const policies: number[] = []
  let cpuMs = 0
  const guard = new PriorityGuard({
    schedule: (policy) => {
      policies.push(policy & 0xff)
      return permits
    },
    cpuMs: () => cpuMs,
    nice: () => 0,
    setNice: () => false,
  })
  /** Lets time pass in which the worker's turns take a share of it, and what it computes in them another. */
  const pass = (durationMs: number, turns: number, computed = turns): void => {
    for (let at = 0; at < durationMs; at += 100) {
      cpuMs += computed * 100
      guard.judge(turns * 100, 100)
    }
  }
  return { guard, policies, pass }
}

describe('PriorityGuard', () => {
  it('asks for real time at once', () => {
    const { guard, policies } = create()
    expect([guard.standing, policies]).toEqual(['realtime', [SCHED_RR]])
  })

  it('keeps it while there is a little to spare', () => {
    const { guard, policies, pass } = create()
    pass(60_000, 0.89)
    expect([guard.standing, guard.givenBack, policies]).toEqual(['realtime', 0, [SCHED_RR]])
  })

  it('gives it back when there is nothing to spare, also when that is so because others in real time are before it', () => {
    for (const computed of [1, 0.4]) {
      const { guard, policies, pass } = create()
      pass(100, 1, computed)
      expect([guard.standing, guard.givenBack, policies]).toEqual(['normal', 1, [SCHED_RR, SCHED_OTHER]])
    }
  })

  it('has it again when it computes little for half a second without a break, however long others keep it waiting', () => {
    const { guard, policies, pass } = create()
    pass(100, 1)
    pass(400, 1, 0.1)
    pass(100, 1, 0.8)
    pass(400, 1, 0.1)
    expect(guard.standing).toBe('normal')
    pass(100, 1, 0.1)
    expect([guard.standing, guard.givenBack, policies]).toEqual(['realtime', 1, [SCHED_RR, SCHED_OTHER, SCHED_RR]])
    pass(100, 1)
    expect([guard.standing, guard.givenBack]).toEqual(['normal', 2])
  })

  it('asks once only where it is not permitted', () => {
    const { guard, policies, pass } = create(false)
    pass(1000, 1)
    pass(30_000, 0)
    expect([guard.standing, guard.givenBack, policies]).toEqual(['normal', 0, [SCHED_RR]])
  })
})

const SCHED_OTHER = 0
const SCHED_RR = 2
