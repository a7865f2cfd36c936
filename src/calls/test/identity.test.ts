import { describe, expect, test } from 'vitest'
import { type SimulatedExchange, type Simulation, type SipPeer, withSimulation } from '../../testing/index.ts'
import { type CallDetails, type CallOptions, type Channel, inbound, type Trunk } from '../index.ts'

const US = '192.0.2.1'
const CARRIER = '192.0.2.11'
const STRANGER = '192.0.2.99'

const carrier: Trunk = {
  name: 'carrier',
  uri: `sip:${CARRIER}`,
  from: 'sip:+441632960000@acme.example',
  inbound: { addresses: [CARRIER] },
}

interface Carried {
  readonly ringdown: SimulatedExchange
  readonly first: CallDetails
  /** Values of a header of the INVITE that carries the call on. */
  readonly sent: (name: string) => readonly string[]
  readonly maxForwards: string | undefined
}

/** A call comes in; the application carries it on to +15550100, which is busy. */
async function carryOn(
  sim: Simulation,
  headers: readonly (readonly [string, string])[],
  { trunk = {}, from = CARRIER, call = {} }: { trunk?: Partial<Trunk>; from?: string; call?: CallOptions } = {},
): Promise<Carried> {
  let first: CallDetails | undefined
  const ringdown = sim.exchange(US, {
    name: 'ringdown',
    exchange: { trunks: [{ ...carrier, ...trunk }], numbering: { countryCode: '44' } },
    services: {
      '*': inbound(async (channel, { extraChannels }) => {
        first = channel.details as CallDetails
        const second = extraChannels[0] as Channel
        await second.call('+15550100', { diverts: channel, diversionReason: 'no-answer', ...call })
        await channel.reject('BUSY')
      }),
    },
  })
  const caller = sim.peer(from, { name: 'caller' })
  const target = from === CARRIER ? caller : sim.peer(CARRIER, { name: 'carrier' })
  const incoming = caller.invite(`sip:01632960001@${US}`, {
    from: '"Al" <sip:+441632970000@far.example>',
    headers,
    sdp: true,
  })
  const onward = await target.expectCall()
  onward.respond(486)
  await incoming.expectResponse(486)
  await sim.clock.runUntilIdle()
  expect(ringdown.instances[0]?.error).toBeUndefined()
  expect(ringdown.alive).toBe(0)
  const { headers: sent } = onward.invite
  return {
    ringdown,
    first: first as CallDetails,
    sent: (name) => sent.all(name).map((value) => value.replace(/;tag=.*/, '')),
    maxForwards: sent.get('max-forwards'),
  }
}

describe('who really calls', () => {
  const asserted = [
    ['P-Asserted-Identity', '"Al" <sip:+441632970000@carrier.example>'],
    ['Privacy', 'id'],
  ] as const

  test(
    'is believed when a trusted trunk says so',
    withSimulation({}, async (sim) => {
      const { first, ringdown } = await carryOn(sim, asserted, { trunk: { isTrusted: true } })
      expect(first).toMatchObject({
        trunk: 'carrier',
        assertedIdentity: 'sip:+441632970000@carrier.example',
        privacy: ['id'],
      })
      expect(ringdown.exchange.counters.get('identitiesNotTrusted')).toBe(0)
    }),
  )

  test.each([
    ['a trunk that is not trusted', CARRIER, {}],
    ['a stranger', STRANGER, { isTrusted: true }],
  ])('is not believed of %s', (_who, from, trunk) =>
    withSimulation({}, async (sim) => {
      const { first, ringdown } = await carryOn(sim, asserted, { from, trunk })
      expect(first.assertedIdentity).toBeUndefined()
      expect(first.privacy).toEqual(['id'])
      expect(ringdown.exchange.counters.get('identitiesNotTrusted')).toBe(1)
    })(),
  )
})

describe('a call that is carried on', () => {
  test(
    'comes from its caller, tells who diverted it, and has one hop less to go',
    withSimulation({}, async (sim) => {
      const { sent, maxForwards } = await carryOn(sim, [
        ['Diversion', '<sip:+441632960099@old.example>;reason=unconditional'],
      ])
      expect(sent('from')).toEqual(['"Al" <sip:+441632970000@far.example>'])
      expect(sent('diversion')).toEqual([
        '<sip:+441632960001@acme.example>;reason=no-answer;counter=1',
        '<sip:+441632960099@old.example>;reason=unconditional;counter=1',
      ])
      expect(sent('history-info')).toEqual([])
      expect(sent('p-asserted-identity')).toEqual([])
      expect(maxForwards).toBe('69')
    }),
  )

  test(
    'is told by History-Info where the trunk wants that',
    withSimulation({}, async (sim) => {
      const trunk: Partial<Trunk> = { diversion: 'history-info' }
      const { sent } = await carryOn(sim, [], { trunk })
      expect(sent('diversion')).toEqual([])
      expect(sent('history-info')).toEqual([
        '<sip:+441632960001@acme.example>;index=1',
        `<sip:+15550100@${CARRIER};cause=408>;index=1.1;mp=1`,
      ])
    }),
  )

  test(
    'goes on with the History-Info that it came with',
    withSimulation({}, async (sim) => {
      const came = '<sip:x@old.example?Reason=SIP%3Bcause%3D302>;index=1, <sip:01632960001@192.0.2.1>;index=1.1;rc=1'
      const { sent, first } = await carryOn(sim, [['History-Info', came]], { trunk: { diversion: 'both' } })
      expect(first.diversion).toBe('sip:x@old.example')
      expect(sent('diversion')).toHaveLength(1)
      expect(sent('history-info')).toEqual([
        '<sip:x@old.example?Reason=SIP%3Bcause%3D302>;index=1',
        '<sip:01632960001@192.0.2.1>;index=1.1;rc=1',
        `<sip:+15550100@${CARRIER};cause=408>;index=1.1.1;mp=1.1`,
      ])
    }),
  )

  test(
    'hides what its caller hides: a trunk that is not trusted is told nothing',
    withSimulation({}, async (sim) => {
      const { sent } = await carryOn(
        sim,
        [
          ['Privacy', 'id;history'],
          ['P-Asserted-Identity', '<sip:+441632970000@carrier.example>'],
        ],
        { trunk: { callerId: { identity: 'asserted' } } },
      )
      expect(sent('from')).toEqual(['"Anonymous" <sip:anonymous@anonymous.invalid>'])
      expect(sent('privacy')).toEqual(['id'])
      for (const name of ['p-asserted-identity', 'diversion', 'history-info']) expect(sent(name)).toEqual([])
    }),
  )

  test(
    'hides what its caller hides: a trusted trunk is told who it is',
    withSimulation({}, async (sim) => {
      const { sent } = await carryOn(
        sim,
        [
          ['Privacy', 'id'],
          ['P-Asserted-Identity', '<sip:+441632970000@carrier.example>'],
        ],
        { trunk: { callerId: { identity: 'asserted' }, isTrusted: true } },
      )
      expect(sent('from')).toEqual(['"Anonymous" <sip:anonymous@anonymous.invalid>'])
      expect(sent('p-asserted-identity')).toEqual(['<sip:+441632970000@acme.example>'])
      expect(sent('privacy')).toEqual(['id'])
      expect(sent('diversion')).toHaveLength(1)
    }),
  )

  test(
    'comes from whom the application and the trunk say',
    withSimulation({}, async (sim) => {
      const given = await carryOn(sim, [], { call: { from: 'sip:desk@acme.example' } })
      expect(given.sent('from')).toEqual(['<sip:desk@acme.example>'])
    }),
  )

  test(
    'comes from the number of the trunk, where its caller may not be shown',
    withSimulation({}, async (sim) => {
      const trunk: Partial<Trunk> = { callerId: { allowed: ['+441632960*'] }, diversion: 'none' }
      const { sent } = await carryOn(sim, [], { trunk })
      expect(sent('from')).toEqual(['<sip:+441632960000@acme.example>'])
      expect(sent('diversion')).toEqual([])
    }),
  )
})

test(
  'only a call that came in can be diverted',
  withSimulation({}, async (sim) => {
    const ringdown = sim.exchange(US, {
      name: 'ringdown',
      services: {
        '*': inbound(async (channel, { extraChannels }) => {
          const [second, third] = extraChannels as [Channel, Channel]
          await expect(second.call(`sip:x@${CARRIER}`, { diverts: third })).rejects.toThrow(/diverts needs a channel/)
          await expect(
            second.call(`sip:x@${CARRIER}`, { diverts: channel, diversionReason: 'x' as 'away' }),
          ).rejects.toThrow(/diversionReason must be one of/)
          await channel.reject()
        }),
      },
    })
    const caller: SipPeer = sim.peer(STRANGER, { name: 'caller' })
    await caller.invite(`sip:a@${US}`, { sdp: true }).expectResponse(603)
    await sim.clock.runUntilIdle()
    expect(ringdown.instances[0]?.error).toBeUndefined()
  }),
)
