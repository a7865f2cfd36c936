import { describe, expect, it } from 'vitest'
import { BENCH_MODES, checkPlan, DEFAULT_PLANS, LOAD_PORTS, MAX_LEGS, SUBJECT_PORTS } from './plan.ts'

describe('checkPlan', () => {
  it.each(BENCH_MODES)('takes the defaults of %s', (mode) => {
    expect(() => checkPlan({ mode, ...DEFAULT_PLANS[mode] })).not.toThrow()
  })

  it('refuses rooms in which more speak than there are', () => {
    const plan = { mode: 'conference', ...DEFAULT_PLANS.conference } as const
    expect(() => checkPlan({ ...plan, rooms: { size: 3, speakers: 4 } })).toThrow('--speakers 4 --room-size 3: more')
    expect(() => checkPlan({ ...plan, rooms: { size: 3, speakers: 3 } })).not.toThrow()
  })

  it('refuses more legs at a time than there are ports, by name', () => {
    const plan = { mode: 'ivr', calls: 20_000, rate: 1000, holdMs: 60_000 } as const
    expect(() => checkPlan(plan)).toThrow('--calls 20000 --rate 1000 --hold 60: 20000 media ports')
    expect(() => checkPlan({ ...plan, calls: 13_000 })).not.toThrow()
    expect(() => checkPlan({ ...plan, mode: 'bridge', calls: 13_000 })).toThrow(/26000 media ports/)
    // Few at a time, however many in all: but ports rest after each call.
    expect(() => checkPlan({ ...plan, mode: 'signalling', calls: 1e6, rate: 2000, holdMs: 0 })).not.toThrow()
    expect(() => checkPlan({ ...plan, mode: 'signalling', calls: 1e6, rate: 5000, holdMs: 0 })).toThrow(/--rate 5000/)
  })

  it('knows ports for as many legs on either side, and none twice', () => {
    for (const [first, last] of [SUBJECT_PORTS, LOAD_PORTS]) {
      expect(first % 2).toBe(0)
      expect((last - first + 1) / 2).toBeGreaterThanOrEqual(MAX_LEGS)
    }
    expect(SUBJECT_PORTS[1]).toBeLessThan(LOAD_PORTS[0])
  })
})
