import { describe, expect, test } from 'vitest'
import { type SimulatedExchange, type Simulation, type SipPeer, withSimulation } from '../../testing/index.ts'
import { type CallDetails, type CallOptions, outbound, type Trunk, type TrunkHealth } from '../index.ts'

const US = '192.0.2.1'
const A = '192.0.2.11'
const B = '192.0.2.12'

interface Outcome {
  readonly state: string
  readonly details: CallDetails
  readonly ringdown: SimulatedExchange
}

/** Calls a number that trunk `a` takes first, then trunk `b`. */
async function dial(
  sim: Simulation,
  script: (a: SipPeer, b: SipPeer) => Promise<unknown>,
  { trunks = {}, health, call = {} }: { trunks?: Partial<Trunk>; health?: TrunkHealth; call?: CallOptions } = {},
): Promise<Outcome> {
  const ringdown = sim.exchange(US, {
    name: 'ringdown',
    exchange: {
      trunks: [
        { name: 'a', uri: `sip:${A}`, ...trunks },
        { name: 'b', uri: `sip:${B}`, ...trunks },
      ],
      routes: [{ prefix: '', trunks: [{ name: 'a' }, { name: 'b' }] }],
      ...(health && { trunkHealth: health }),
    },
  })
  const [a, b] = [sim.peer(A, { name: 'a', retransmits: true }), sim.peer(B, { name: 'b', retransmits: true })]
  let outcome: Pick<Outcome, 'state' | 'details'> | undefined
  const app = outbound(async (channel) => {
    const state = await channel.call('+15550100', call)
    outcome = { state, details: channel.details as CallDetails }
    if (state === 'ANSWERED') await channel.hangUp()
  })
  const [record] = await Promise.all([ringdown.startOutbound(app), script(a, b)])
  await sim.clock.runUntilIdle()
  expect(record.error).toBeUndefined()
  expect(ringdown.alive).toBe(0)
  return { ...(outcome as Pick<Outcome, 'state' | 'details'>), ringdown }
}

/** Answers, and obeys the BYE. */
async function answers(peer: SipPeer): Promise<void> {
  const call = await peer.expectCall()
  call.respond(200, { sdp: {} })
  await call.expect('ACK')
  call.respond(200, {}, await call.expect('BYE'))
}

const tried = ({ details }: Outcome) =>
  details.attempts?.map(({ trunk, outcome, status }) => [trunk, outcome, ...(status === undefined ? [] : [status])])

describe('the next trunk is tried', () => {
  test(
    'after 503',
    withSimulation({}, async (sim) => {
      const outcome = await dial(sim, async (a, b) => {
        const call = await a.expectCall()
        call.respond(503)
        await answers(b)
      })
      expect(outcome.state).toBe('ANSWERED')
      expect(tried(outcome)).toEqual([
        ['a', 'refused', 503],
        ['b', 'answered', 200],
      ])
      expect(outcome.details.target).toBe(`sip:+15550100@${B}`)
      expect(outcome.details.attempts?.[0]).toMatchObject({
        target: `sip:+15550100@${A}`,
        text: 'Service Unavailable',
        startedAt: outcome.details.times.CALL_OUTGOING,
      })
    }),
  )

  test(
    'after 503 that says that no circuit is free, and then both say so',
    withSimulation({}, async (sim) => {
      const outcome = await dial(sim, async (a, b) => {
        for (const peer of [a, b]) (await peer.expectCall()).respond(503, { headers: [['Reason', 'Q.850;cause=34']] })
      })
      expect(outcome.details).toMatchObject({ cause: 'NOCHANNELS', rawCause: 503 })
      expect(tried(outcome)).toEqual([
        ['a', 'refused', 503],
        ['b', 'refused', 503],
      ])
    }),
  )

  test(
    'when it is silent for five seconds; what it still says is cancelled',
    withSimulation({}, async (sim) => {
      const startedAt = sim.now
      const outcome = await dial(sim, async (a, b) => {
        const late = await a.expectCall()
        const call = await b.expectCall()
        expect(sim.now - startedAt).toBeGreaterThanOrEqual(5000)
        expect(sim.now - startedAt).toBeLessThan(5100)
        late.respond(180)
        late.acceptCancel(await late.expect('CANCEL'))
        call.respond(200, { sdp: {} })
        await call.expect('ACK')
        call.respond(200, {}, await call.expect('BYE'))
      })
      expect(outcome.state).toBe('ANSWERED')
      expect(tried(outcome)).toEqual([
        ['a', 'noResponse'],
        ['b', 'answered', 200],
      ])
      expect(outcome.details.attempts?.[0]?.text).toBe('no response within 5000 ms')
    }),
  )

  test(
    'when it is silent, and an answer that comes too late is released',
    withSimulation({}, async (sim) => {
      const outcome = await dial(
        sim,
        async (a, b) => {
          const late = await a.expectCall()
          const call = await b.expectCall()
          late.respond(200, { sdp: {} })
          await late.expect('ACK')
          late.respond(200, {}, await late.expect('BYE'))
          call.respond(486)
        },
        { trunks: { firstResponseMs: 1000 } },
      )
      expect(outcome.details).toMatchObject({ cause: 'BUSY', rawCause: 486 })
    }),
  )

  test(
    'when it cannot be sent to',
    withSimulation({}, async (sim) => {
      const outcome = await dial(sim, async (a, b) => {
        a.transport.close()
        await answers(b)
      })
      expect(tried(outcome)).toEqual([
        ['a', 'unreachable'],
        ['b', 'answered', 200],
      ])
    }),
  )

  test(
    'when it is known to be down, without an INVITE',
    withSimulation({}, async (sim) => {
      const outcome = await dial(
        sim,
        async (a, b) => {
          await answers(b)
          expect(a.untaken).toEqual([])
        },
        { health: { isUp: (trunk) => trunk !== 'a' } },
      )
      expect(tried(outcome)).toEqual([
        ['a', 'down'],
        ['b', 'answered', 200],
      ])
    }),
  )

  test(
    'with a session description of its own, and From and number as that trunk wants them',
    withSimulation({}, async (sim) => {
      await dial(sim, async (a, b) => {
        const first = await a.expectCall()
        first.respond(503)
        const second = await b.expectCall()
        expect(second.callId).not.toBe(first.callId)
        const origin = (call: typeof first) => /o=\S+ (\S+)/.exec(new TextDecoder().decode(call.invite.body))?.[1]
        expect(origin(second)).not.toBe(origin(first))
        second.respond(486)
      })
    }),
  )
})

describe('the call ends at the first trunk', () => {
  const ENDS: [what: string, status: number, reason: string | undefined, cause: string][] = [
    ['busy', 486, undefined, 'BUSY'],
    ['refused', 603, undefined, 'REJECTED'],
    ['not found', 404, undefined, 'UNOBTAINABLE'],
    ['timed out behind it', 408, undefined, 'NOANSWER'],
    ['a fault of the server', 500, undefined, 'FAILED'],
    ['503 that says busy', 503, 'Q.850;cause=17', 'BUSY'],
  ]
  test.each(ENDS)('%s', (_what, status, reason, cause) =>
    withSimulation({}, async (sim) => {
      const outcome = await dial(sim, async (a, b) => {
        ;(await a.expectCall()).respond(status, reason === undefined ? {} : { headers: [['Reason', reason]] })
        await sim.clock.sleep(60_000)
        expect(b.untaken).toEqual([])
      })
      expect(outcome.details).toMatchObject({ cause, rawCause: status })
      expect(tried(outcome)).toEqual([['a', 'refused', status]])
    })(),
  )

  test(
    'when it has rung there, whatever comes then',
    withSimulation({}, async (sim) => {
      const outcome = await dial(sim, async (a, b) => {
        const call = await a.expectCall()
        call.respond(180)
        await sim.clock.sleep(10_000)
        call.respond(503)
        await sim.clock.sleep(60_000)
        expect(b.untaken).toEqual([])
      })
      expect(outcome.details).toMatchObject({ cause: 'CONGESTION', endedIn: 'RING_OUTGOING' })
    }),
  )

  test(
    'when 100 has come: the trunk works on it, for as long as the call may take',
    withSimulation({}, async (sim) => {
      const outcome = await dial(
        sim,
        async (a, b) => {
          const call = await a.expectCall()
          call.respond(100)
          call.acceptCancel(await call.expect('CANCEL', { withinMs: 60_000 }))
          expect(b.untaken).toEqual([])
        },
        { call: { timeoutMs: 20_000 } },
      )
      expect(outcome.details).toMatchObject({ cause: 'TIMEOUT', endedBy: 'local' })
      expect(tried(outcome)).toEqual([['a', 'cancelled']])
    }),
  )

  test(
    'when the application gives up while it is silent',
    withSimulation({}, async (sim) => {
      const outcome = await dial(
        sim,
        async (a, b) => {
          const call = await a.expectCall()
          await sim.clock.sleep(3000)
          call.respond(503)
          await sim.clock.sleep(60_000)
          expect(b.untaken).toEqual([])
        },
        { call: { timeoutMs: 2000 } },
      )
      expect(outcome.details).toMatchObject({ cause: 'TIMEOUT', endedBy: 'local' })
      expect(tried(outcome)).toEqual([['a', 'cancelled']])
    }),
  )
})

test(
  'when every trunk is down the call ends at once',
  withSimulation({}, async (sim) => {
    const startedAt = sim.now
    const outcome = await dial(sim, async () => {}, { health: { isUp: () => false } })
    expect(sim.now - startedAt).toBeLessThan(100)
    expect(outcome.details).toMatchObject({
      cause: 'OUTOFORDER',
      endedBy: 'network',
      reason: { text: 'every trunk for this number is down' },
    })
    expect(tried(outcome)).toEqual([
      ['a', 'down'],
      ['b', 'down'],
    ])
  }),
)
