import { afterEach, describe, expect, test, vi } from 'vitest'
import { simulate } from './simulation.ts'
import { withSimulation } from './with-simulation.ts'

const CALL_BUSY = (seed?: number) =>
  withSimulation(seed === undefined ? {} : { seed }, async (sim) => {
    const alice = sim.peer('10.0.0.1', { name: 'alice' })
    const bob = sim.peer('10.0.0.2', { name: 'bob' })
    alice.invite('sip:bob@10.0.0.2')
    bob.respond(await bob.expect('INVITE'), 486)
    await alice.expectResponse(200)
  })

const failure = (run: () => Promise<void>): Promise<Error> =>
  run().then(
    () => expect.unreachable(),
    (error) => error,
  )

afterEach(() => vi.unstubAllEnvs())

describe('withSimulation', () => {
  test('a failure tells the seed and draws the ladder', async () => {
    const error = await failure(CALL_BUSY(42))
    expect(error.message).toContain('alice expected 200 to 1 INVITE, got 486 Busy Here')
    expect(error.message).toContain('RINGDOWN_SEED=42')
    expect(error.message).toMatch(/alice +bob\n +0\.000 \|-+ INVITE bob@10\.0\.0\.2 \(1\) \+sdp -+>\|\n/)
    expect(error.message).toMatch(/1\.000 \|<-+ 486 Busy Here \(1 INVITE\) -+\|/)
    expect(error.stack).toContain('with-simulation.test.ts')
    expect(error.stack).toContain('RINGDOWN_SEED=42')
  })

  test('an assertion keeps its class, and its expected and actual values', async () => {
    const error = await failure(withSimulation({}, async () => expect(1).toBe(2)))
    expect(error.name).toBe('AssertionError')
    expect(error).toMatchObject({ expected: 2, actual: 1 })
    expect(error.message).toContain('(no message was sent)')
  })

  test('a script that waits for ever is told so', async () => {
    const error = await failure(
      withSimulation({}, async (sim) => {
        await sim.peer('10.0.0.2', { name: 'bob' }).expect('INVITE')
      }),
    )
    expect(error.message).toMatch(
      /come to rest[\s\S]*waiting: \n {2}bob waits for INVITE, since 0.000 ms \(at .*test.ts/,
    )
    expect(error.stack).toMatch(/at .*with-simulation\.test\.ts/)
  })

  test('a script that goes on for ever stops at the bound', async () => {
    const error = await failure(
      withSimulation({ maxVirtualMs: 60_000 }, async (sim) => {
        for (;;) await sim.clock.sleep(1000)
      }),
    )
    expect(error.message).toMatch(/bound of virtual time[\s\S]*sleep of 1000 ms/)
  })

  test('RINGDOWN_SEED goes before the seed in the code', async () => {
    vi.stubEnv('RINGDOWN_SEED', '4711')
    const error = await failure(CALL_BUSY(42))
    expect(error.message).toContain('RINGDOWN_SEED=4711')
    expect(simulate().seed).toBe(4711)
    vi.stubEnv('RINGDOWN_SEED', 'x')
    expect(() => simulate()).toThrow('RINGDOWN_SEED must be an integer')
  })

  test('runs over seeds in a row, each a world of its own', async () => {
    const seeds: number[] = []
    const first: number[] = []
    await withSimulation({ seed: 10, seeds: 3 }, async (sim) => {
      seeds.push(sim.seed)
      first.push(sim.random('x').uint32())
    })()
    expect(seeds).toEqual([10, 11, 12])
    expect(new Set(first).size).toBe(3)
    vi.stubEnv('RINGDOWN_SEED', '10')
    seeds.length = 0
    await withSimulation({ seed: 10, seeds: 3 }, async (sim) => void seeds.push(sim.seed))()
    expect(seeds).toEqual([10])
  })

  test('the same seed gives the same trace', async () => {
    const hash = async (seed: number) => {
      let trace = ''
      await withSimulation({ seed, conditions: { loss: 0.2, jitterMs: 50, duplicate: 0.2 } }, async (sim) => {
        const alice = sim.peer('10.0.0.1', { retransmits: true })
        const bob = sim.peer('10.0.0.2', { retransmits: true })
        const call = alice.invite('sip:bob@10.0.0.2')
        bob.respond(await bob.expect('INVITE'), 486)
        await call.expectResponse(486)
        await sim.clock.sleep(1000)
        trace = sim.traceHash
      })()
      return trace
    }
    expect(await hash(1)).toBe(await hash(1))
    expect(await hash(1)).not.toBe(await hash(2))
  })
})

describe('Simulation', () => {
  test('the name of a host is its DNS name', async () => {
    const sim = simulate()
    const bob = sim.peer('10.0.0.2', { name: 'bob' })
    const alice = sim.peer('10.0.0.1')
    alice.invite('sip:1234@bob')
    await sim.clock.runUntilIdle()
    expect(bob.untaken).toHaveLength(1)
  })

  test('a host behind a NAT of its own is one column of the ladder', async () => {
    const sim = simulate()
    const alice = sim.peer('192.168.1.2', { name: 'alice' })
    sim.nat({ kind: 'symmetric', publicAddress: '203.0.113.1', inside: ['192.168.1.2'] })
    const bob = sim.peer('198.51.100.1', { name: 'bob' })
    await sim.clock.run(async () => {
      alice.invite('sip:bob@198.51.100.1')
      bob.respond(await bob.expect('INVITE'), 404)
      await alice.expectResponse(404)
    })
    expect(sim.ladder.toString().split('\n')[0]).toMatch(/^ +alice +bob$/)
  })
})
