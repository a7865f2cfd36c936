import { expect, test } from 'vitest'
import { integerBelow } from '../../kit/index.ts'
import { explain, type Simulation, simulate } from '../../testing/index.ts'
import { Cause, inbound, outbound } from '../index.ts'

const US = '192.0.2.1'
const THEM = '192.0.2.2'
const CALLS = 10_000

/**
 * Ten thousand calls between two exchanges over a network that loses, delays, reorders and duplicates: every call
 * ends on both sides exactly once and with a cause, nothing is left behind, and the same seed gives the same trace.
 */
async function manyCalls(seed: number): Promise<{ sim: Simulation; outcomes: Map<string, number> }> {
  const sim = simulate({
    seed,
    conditions: { latencyMs: 30, jitterMs: 100, loss: 0.05, reorder: 0.02, reorderByMs: 50, duplicate: 0.02 },
  })
  const farEnd = inbound(async (channel) => {
    const choice = integerBelow(random, 10)
    if (choice === 0) return void (await channel.reject('BUSY'))
    if (choice === 1) return void (await channel.ring({ ringTimeMs: 60_000 }))
    if (choice === 2) throw new Error('seeded bug')
    if (choice < 6) await channel.ring({ ringTimeMs: integerBelow(random, 3000) })
    await channel.answer()
    await channel.waitForIdle({ timeoutMs: 500 + integerBelow(random, 4000) })
  })
  const random = sim.random('decisions')
  const us = sim.exchange(US, { name: 'us' })
  const them = sim.exchange(THEM, { name: 'them', services: { '*': farEnd } })
  const outcomes = new Map<string, number>()
  const app = outbound(async (channel) => {
    const state = await channel.call(`sip:x@${THEM}`, { timeoutMs: 10_000 })
    if (state === 'ANSWERED') await channel.waitForIdle({ timeoutMs: 500 + integerBelow(random, 4000) })
    await channel.hangUp()
    const outcome = `${state} ${channel.cause()}`
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    return 1
  })
  try {
    for (let i = 0; i < CALLS; i++) sim.clock.after(i * 10, () => void us.startOutbound(app))
    await sim.clock.runUntilIdle({ maxSteps: 100_000_000 })
    expect(us.calls).toHaveLength(CALLS)
    expect(us.instances).toHaveLength(CALLS)
    expect(us.instances.every(({ returnCode }) => returnCode === 1)).toBe(true)
    expect(new Set(us.calls.map(({ callId }) => callId)).size).toBe(CALLS)
    for (const call of [...us.calls, ...them.calls]) {
      expect(Object.keys(Cause)).toContain(call.cause)
      expect(call.endedBy).toBeDefined()
      expect(call.times.IDLE).toBeDefined()
    }
    expect([us.alive, them.alive]).toEqual([0, 0])
  } catch (error) {
    throw explain(error, sim)
  }
  return { sim, outcomes }
}

test('10,000 calls over a bad network end exactly once each; the same seed gives the same trace', async () => {
  const first = await manyCalls(20_261_123)
  const { outcomes } = first
  expect([...outcomes.values()].reduce((sum, count) => sum + count, 0)).toBe(CALLS)
  expect(outcomes.get('ANSWERED NORMAL') ?? 0).toBeGreaterThan(CALLS / 2)
  expect(outcomes.get('IDLE BUSY') ?? 0).toBeGreaterThan(CALLS / 20)
  expect(outcomes.get('IDLE TIMEOUT') ?? 0).toBeGreaterThan(CALLS / 20)
  const again = await manyCalls(20_261_123)
  expect(again.sim.traceHash).toBe(first.sim.traceHash)
  expect(again.outcomes).toEqual(outcomes)
}, 300_000)
