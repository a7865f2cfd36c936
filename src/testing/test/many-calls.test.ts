import { describe, expect, test } from 'vitest'
import { type Channel, inbound, outbound } from '../../calls/index.ts'
import { type LinkConditions, type SimulatedExchange, type Simulation, withSimulation } from '../index.ts'

const CALLER = '192.0.2.1'
const CALLEE = '192.0.2.2'

/** 5 % loss, up to 100 ms of jitter, duplication and reordering, both ways. */
const BAD_NETWORK: Partial<LinkConditions> = {
  latencyMs: 20,
  jitterMs: 100,
  loss: 0.05,
  duplicate: 0.02,
  reorder: 0.02,
}

/** What the callee does with a call to each of its users, and what may come of it. */
const USERS = {
  answers: async (channel: Channel) => {
    await channel.ring()
    await channel.answer()
    await channel.waitForIdle()
  },
  hangsUp: async (channel: Channel) => {
    await channel.answer()
    await channel.hangUp()
  },
  busy: async (channel: Channel) => {
    await channel.reject('BUSY')
  },
  neverAnswers: async (channel: Channel) => {
    await channel.ring()
    await channel.waitForIdle()
  },
} as const

type User = keyof typeof USERS

/** What `call` says to the caller, and why the call has ended, which both sides say alike. */
const OUTCOMES: Readonly<Record<User, { readonly state: string; readonly cause: string }>> = {
  answers: { state: 'ANSWERED', cause: 'NORMAL' },
  hangsUp: { state: 'ANSWERED', cause: 'NORMAL' },
  busy: { state: 'IDLE', cause: 'BUSY' },
  neverAnswers: { state: 'IDLE', cause: 'TIMEOUT' },
}

interface World {
  readonly caller: SimulatedExchange
  readonly callee: SimulatedExchange
  /** Of each call, in the order in which they ended: whom it was for, what `call` said, and the cause at the end. */
  readonly outcomes: { readonly user: User; readonly state: string; readonly cause: string }[]
}

/** Places `count` calls, a hundred a second, and waits until everything has come to rest. */
async function placeCalls(sim: Simulation, count: number): Promise<World> {
  const services = Object.fromEntries(Object.entries(USERS).map(([user, run]) => [user, inbound(run)]))
  const caller = sim.exchange(CALLER, { name: 'caller' })
  const callee = sim.exchange(CALLEE, { name: 'callee', services })
  const outcomes: World['outcomes'] = []
  const app = outbound(async (channel, { outboundParameters }) => {
    const user = outboundParameters.user as User
    const state = await channel.call(`sip:${user}@${CALLEE}`, { timeoutMs: 10_000 })
    if (user === 'answers') {
      await sim.clock.sleep(1000)
      await channel.hangUp()
    }
    await channel.waitForIdle()
    outcomes.push({ user, state, cause: channel.cause() })
  })
  const users = Object.keys(USERS) as User[]
  const running = []
  for (let i = 0; i < count; i++) {
    running.push(caller.startOutbound(app, { user: users[i % users.length] }))
    await sim.clock.sleep(10)
  }
  await Promise.all(running)
  await sim.clock.runUntilIdle()
  return { caller, callee, outcomes }
}

describe('calls over a bad network', () => {
  test(
    '10,000 calls each end once, with a cause, and leave nothing behind',
    withSimulation({ conditions: BAD_NETWORK }, async (sim) => {
      const { caller, callee, outcomes } = await placeCalls(sim, 10_000)
      expect(outcomes).toHaveLength(10_000)
      const strange = outcomes.filter(
        ({ user, state, cause }) => state !== OUTCOMES[user].state || cause !== OUTCOMES[user].cause,
      )
      expect(strange).toEqual([])
      for (const calls of [caller.calls, callee.calls])
        for (const [user, { cause }] of Object.entries(OUTCOMES)) {
          const causes = calls.filter(({ target }) => target === `sip:${user}@${CALLEE}`).map((call) => call.cause)
          expect([user, causes.length, ...new Set(causes)]).toEqual([user, 2500, cause])
        }
      expect(caller.calls).toHaveLength(10_000)
      expect(new Set(caller.calls.map(({ callId }) => callId)).size).toBe(10_000)
      expect(new Set(callee.calls.map(({ sipCallId }) => sipCallId)).size).toBe(10_000)
      expect(callee.calls).toHaveLength(10_000)
      expect([caller.alive, callee.alive]).toEqual([0, 0])
      expect(sim.network.counters.get('lost')).toBeGreaterThan(3000)
    }),
    120_000,
  )

  test('the same seed gives the same trace', async () => {
    const traceOf = async (seed: number) => {
      let trace = ''
      const run = withSimulation({ seed, conditions: BAD_NETWORK }, async (sim) => {
        await placeCalls(sim, 200)
        trace = sim.traceHash
      })
      await run()
      return trace
    }
    expect(await traceOf(3)).toBe(await traceOf(3))
    expect(await traceOf(3)).not.toBe(await traceOf(4))
  })
})
