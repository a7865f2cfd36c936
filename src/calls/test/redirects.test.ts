import { describe, expect, test } from 'vitest'
import { type PeerCall, type Simulation, type SipPeer, withSimulation } from '../../testing/index.ts'
import { type CallDetails, type CallOptions, outbound, type Trunk } from '../index.ts'

const US = '192.0.2.1'
const A = '192.0.2.11'
const B = '192.0.2.12'
const C = '192.0.2.13'

const trunk: Trunk = {
  name: 'carrier',
  uri: `sip:${C}`,
  credentials: { username: 'us', password: 'secret' },
}

/** Calls `sip:x@A` (or what `to` says) and says how it went. */
async function dial(
  sim: Simulation,
  redirects: CallOptions['redirects'],
  script: (peers: { a: SipPeer; b: SipPeer; c: SipPeer }) => Promise<unknown>,
  to = `sip:x@${A}`,
): Promise<CallDetails> {
  const ringdown = sim.exchange(US, {
    name: 'ringdown',
    exchange: { trunks: [trunk], numbering: { countryCode: '44' } },
  })
  const peers = {
    a: sim.peer(A, { name: 'a', retransmits: true }),
    b: sim.peer(B, { name: 'b', retransmits: true }),
    c: sim.peer(C, { name: 'c', retransmits: true }),
  }
  let details: CallDetails | undefined
  const app = outbound(async (channel) => {
    const state = await channel.call(to, { ...(redirects && { redirects }) })
    details = channel.details as CallDetails
    if (state === 'ANSWERED') await channel.hangUp()
  })
  const [record] = await Promise.all([ringdown.startOutbound(app), script(peers)])
  await sim.clock.runUntilIdle()
  expect(record.error).toBeUndefined()
  expect(ringdown.alive).toBe(0)
  for (const peer of Object.values(peers)) expect(invitesUntaken(peer)).toEqual([])
  return details as CallDetails
}

const invitesUntaken = (peer: SipPeer) =>
  peer.untaken.filter((message) => message.kind === 'request' && message.method === 'INVITE')

const moved = (call: PeerCall, contact: string, status = 302) =>
  call.respond(status, { headers: [['Contact', contact]] })

async function answers(peer: SipPeer): Promise<PeerCall> {
  const call = await peer.expectCall()
  call.respond(200, { sdp: {} })
  await call.expect('ACK')
  call.respond(200, {}, await call.expect('BYE'))
  return call
}

const tried = ({ attempts }: CallDetails) => attempts?.map(({ target, outcome, status }) => [target, outcome, status])

describe('a redirection is not followed', () => {
  test.each([
    [301, 'CHANGED'],
    [302, 'OTHER'],
    [300, 'OTHER'],
  ])('by default: %i is how the call ends, and tells whereto', (status, cause) =>
    withSimulation({}, async (sim) => {
      const details = await dial(sim, undefined, async ({ a }) => {
        moved(await a.expectCall(), `<sip:y@${B}>;q=0.2, <tel:+15550100>;q=0.9`, status)
      })
      expect(details).toMatchObject({ cause, rawCause: status, redirectTargets: ['tel:+15550100', `sip:y@${B}`] })
      expect(tried(details)).toEqual([[`sip:x@${A}`, 'refused', status]])
    })(),
  )

  test.each([
    ['to another host', `<sip:y@${B}>`],
    ['past the host, by maddr', `<sip:y@${A};maddr=${B}>`],
    ['to a number', '<tel:+4490123>'],
    ['to a number at a trunk', `<sip:+4490123@${C}>`],
    ['to a number at a trunk, as it is dialled here', `<sip:09012345@${C};user=phone>`],
    ['to a user at a trunk', `<sip:alice@${C}>`],
    ['to a number of another plan', '<tel:2001;phone-context=+44>'],
    ['to the address that redirects', `<sip:x@${A}>`],
    ['to nowhere', '*'],
    ['to another scheme', '<mailto:y@example.com>'],
    ['to what cannot be read', '<sip:y@'],
  ])('%s', (_where, contact) =>
    withSimulation({}, async (sim) => {
      const details = await dial(sim, { follow: 5, numbers: ['+1*'] }, async ({ a }) => {
        moved(await a.expectCall(), contact)
      })
      expect(details).toMatchObject({ cause: 'OTHER', rawCause: 302 })
      expect(details.attempts).toHaveLength(1)
    })(),
  )

  test(
    'to a number at a host that is allowed, which may be the address of a trunk, unless the number is allowed, too',
    withSimulation({}, async (sim) => {
      const details = await dial(sim, { follow: 5, hosts: ['*'], numbers: ['+1*'] }, async ({ a, b }) => {
        moved(await a.expectCall(), `<sip:+4490123@${B}>;q=0.9, <sip:+15550100@${B}>;q=0.8`)
        ;(await b.expectCall()).respond(486)
      })
      expect(tried(details)?.[1]).toEqual([`sip:+15550100@${B}`, 'refused', 486])
      expect(details.attempts).toHaveLength(2)
    }),
  )

  test.each([
    ['a proxy', 305],
    ['another service', 380],
    ['what nobody has defined', 399],
  ])('when it names %s (%i), though that is told', (_what, status) =>
    withSimulation({}, async (sim) => {
      const details = await dial(sim, { follow: 5, hosts: ['*'] }, async ({ a }) => {
        moved(await a.expectCall(), `<sip:y@${A}>`, status)
      })
      expect(details).toMatchObject({ cause: 'OTHER', rawCause: status, redirectTargets: [`sip:y@${A}`] })
      expect(details.reason).toMatchObject({ sip: status })
      expect(tried(details)).toEqual([[`sip:x@${A}`, 'refused', status]])
    })(),
  )
})

describe('a redirection is followed', () => {
  test(
    'to another user of that host, whatever he is called: a number there is not ours to pay',
    withSimulation({}, async (sim) => {
      const details = await dial(sim, { follow: 1 }, async ({ a }) => {
        moved(await a.expectCall(), `<sip:+4490123@${A}>`)
        await answers(a)
      })
      expect(tried(details)).toEqual([
        [`sip:x@${A}`, 'redirected', 302],
        [`sip:+4490123@${A}`, 'answered', 200],
      ])
      expect(details.target).toBe(`sip:+4490123@${A}`)
    }),
  )

  test(
    'to a host that is allowed, without what belongs to a URI only when it is clicked on',
    withSimulation({}, async (sim) => {
      await dial(sim, { follow: 1, hosts: [B] }, async ({ a, b }) => {
        moved(await a.expectCall(), `<sip:y@${B}?Subject=hello&Replaces=x>`)
        const call = await answers(b)
        expect(call.invite.uri).toBe(`sip:y@${B}`)
        expect(call.invite.headers.has('subject')).toBe(false)
      })
    }),
  )

  test(
    'to a number that is allowed, through its trunk and with its password',
    withSimulation({}, async (sim) => {
      const details = await dial(sim, { follow: 1, numbers: ['+441632*'] }, async ({ a, c }) => {
        moved(await a.expectCall(), `<sip:01632960001@${C}>`)
        const call = await c.expectCall()
        expect(call.invite.uri).toBe(`sip:+441632960001@${C}`)
        call.respond(486)
      })
      expect(details).toMatchObject({ cause: 'BUSY', attempts: [{}, { trunk: 'carrier', outcome: 'refused' }] })
    }),
  )

  test(
    'in the order of q, from one that fails to the next',
    withSimulation({}, async (sim) => {
      const details = await dial(sim, { follow: 5, hosts: [B] }, async ({ a, b }) => {
        moved(await a.expectCall(), `<sip:1@${A}>;q=0.1, <sip:bob@${B}>;q=0.7, <sip:3@${A}>`)
        for (const peer of [a, b]) {
          const call = await peer.expectCall()
          call.respond(180)
          call.respond(486)
        }
        await answers(a)
      })
      expect(tried(details)).toEqual([
        [`sip:x@${A}`, 'redirected', 302],
        [`sip:3@${A}`, 'refused', 486],
        [`sip:bob@${B}`, 'refused', 486],
        [`sip:1@${A}`, 'answered', 200],
      ])
    }),
  )

  test(
    'and a 6xx ends it: it speaks for all of them',
    withSimulation({}, async (sim) => {
      const details = await dial(sim, { follow: 5 }, async ({ a }) => {
        moved(await a.expectCall(), `<sip:1@${A}>, <sip:2@${A}>;q=0.5`)
        ;(await a.expectCall()).respond(603)
      })
      expect(details).toMatchObject({ cause: 'REJECTED', rawCause: 603 })
      expect(details.attempts).toHaveLength(2)
    }),
  )

  test(
    'to several places at once, where it has no preference; whoever answers first has the call',
    withSimulation({}, async (sim) => {
      const details = await dial(sim, { follow: 5, hosts: [B] }, async ({ a, b }) => {
        moved(await a.expectCall(), `<sip:1@${A}>;q=0.5, <sip:bob@${B}>;q=0.5, <sip:last@${A}>;q=0.1`)
        const [first, second] = [await a.expectCall(), await b.expectCall()]
        for (const call of [first, second]) call.respond(180)
        second.respond(200, { sdp: {} })
        const cancel = await first.expect('CANCEL')
        expect(cancel.headers.get('reason')).toMatch(/^SIP;cause=200/)
        first.acceptCancel(cancel)
        await second.expect('ACK')
        second.respond(200, {}, await second.expect('BYE'))
      })
      expect(details.attempts).toMatchObject([
        { outcome: 'redirected' },
        { target: `sip:1@${A}`, alongside: [`sip:bob@${B}`], outcome: 'answered' },
      ])
    }),
  )

  test(
    'to no more places at once than may be followed',
    withSimulation({}, async (sim) => {
      const details = await dial(sim, { follow: 2, hosts: [B] }, async ({ a, b }) => {
        moved(await a.expectCall(), `<sip:1@${A}>, <sip:bob@${B}>, <sip:3@${A}>`)
        const calls = [await a.expectCall(), await b.expectCall()]
        for (const call of calls) call.respond(486)
      })
      expect(details).toMatchObject({ cause: 'BUSY' })
      expect(details.attempts).toMatchObject([{}, { alongside: [`sip:bob@${B}`], outcome: 'refused' }])
    }),
  )

  test(
    'to numbers one after the other, for each may cost',
    withSimulation({}, async (sim) => {
      const details = await dial(sim, { follow: 5, numbers: ['+1*'] }, async ({ a, c }) => {
        moved(await a.expectCall(), '<tel:+15550100>, <tel:+15550101>')
        for (const number of ['+15550100', '+15550101']) {
          const call = await c.expectCall()
          expect(call.invite.uri).toBe(`sip:${number}@${C}`)
          call.respond(486)
        }
      })
      expect(details.attempts).toHaveLength(3)
    }),
  )

  test(
    'after it has rung, with sound of its own before the answer',
    withSimulation({}, async (sim) => {
      const details = await dial(sim, { follow: 1 }, async ({ a }) => {
        const first = await a.expectCall()
        first.respond(183, { sdp: {} })
        await sim.clock.sleep(15_000)
        moved(first, `<sip:voicemail@${A}>`)
        const second = await answers(a)
        expect(second.callId).not.toBe(first.callId)
      })
      expect(details).toMatchObject({ wasAnswered: true, codec: 'PCMU' })
    }),
  )

  test(
    'not in circles, and no further than asked for',
    withSimulation({}, async (sim) => {
      const circle = await dial(sim, { follow: 20 }, async ({ a }) => {
        moved(await a.expectCall(), `<sip:y@${A}>`)
        moved(await a.expectCall(), `<sip:X@${A}>, <sip:x@${A}>, <sip:y@${A}>`)
        moved(await a.expectCall(), `<sip:y@${A}>, <sip:x@${A}>`)
      })
      expect(circle).toMatchObject({ rawCause: 302 })
      expect(circle.attempts).toHaveLength(3)
    }),
  )

  test(
    'no further than asked for, however many Contacts there are',
    withSimulation({}, async (sim) => {
      let calls = 0
      const details = await dial(sim, { follow: 3 }, async ({ a }) => {
        for (; calls < 4; calls++) {
          const contacts = Array.from({ length: 30 }, (_, i) => `<sip:${calls}-${i}@${A}>;q=0.${900 - i}`)
          moved(await a.expectCall(), contacts.join(', '))
        }
      })
      expect(calls).toBe(4)
      expect(details).toMatchObject({ cause: 'OTHER', rawCause: 302 })
      expect(details.attempts).toHaveLength(4)
    }),
  )

  test(
    'and the application gives up in between',
    withSimulation({}, async (sim) => {
      const ringdown = sim.exchange(US, { name: 'ringdown' })
      const a = sim.peer(A, { name: 'a' })
      const calling = ringdown.startOutbound(
        outbound(async (channel) => {
          await channel.call(`sip:x@${A}`, { timeoutMs: 2000, redirects: { follow: 5 } })
          expect(channel.details).toMatchObject({ cause: 'TIMEOUT', endedBy: 'local', rawCause: 302 })
        }),
      )
      const call = await a.expectCall()
      call.respond(180)
      const cancel = await call.expect('CANCEL')
      call.respond(200, {}, cancel)
      moved(call, `<sip:y@${A}>`)
      expect((await calling).error).toBeUndefined()
      await sim.clock.runUntilIdle()
      expect(invitesUntaken(a)).toEqual([])
      expect(ringdown.alive).toBe(0)
    }),
  )
})

test(
  'what may be followed is checked when the call is placed',
  withSimulation({}, async (sim) => {
    const ringdown = sim.exchange(US, { name: 'ringdown' })
    const record = await ringdown.startOutbound(
      outbound(async (channel) => {
        const call = (redirects: CallOptions['redirects']) => channel.call(`sip:x@${A}`, redirects && { redirects })
        await expect(call({ follow: 21 })).rejects.toThrow(/follow must be a whole number from 0 to 20, not 21/)
        await expect(call({ follow: 1, hosts: ['a b'] })).rejects.toThrow(/"a b" is no host/)
        await expect(call({ follow: 1, numbers: ['tel:1'] })).rejects.toThrow(/"tel:1" is no number/)
      }),
    )
    expect(record.error).toBeUndefined()
  }),
)
