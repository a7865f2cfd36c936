import { describe, expect, test } from 'vitest'
import { type SimulatedExchange, type Simulation, type SipPeer, withSimulation } from '../../testing/index.ts'
import { type AppContext, type Channel, inbound, outbound } from '../index.ts'
import { store, THEM, US } from './answered-call.ts'

const URI = `sip:x@${THEM}`

interface World {
  readonly ringdown: SimulatedExchange
  readonly peer: SipPeer
  expectClean(): Promise<void>
}

/** A far end that takes every CANCEL and BYE, and does the rest as `onInvite` says. */
function world(sim: Simulation, app: (channel: Channel, context: AppContext) => Promise<void>): World {
  const ringdown = sim.exchange(US, { name: 'ringdown', files: store(), services: { app: inbound(app) } })
  const peer = sim.peer(THEM, {
    name: 'far',
    onMessage: (message, call) => {
      if (message.kind === 'response') return false
      if (message.method === 'CANCEL') call.acceptCancel(message)
      else if (message.method === 'BYE') call.respond(200, {}, message)
      return message.method === 'CANCEL' || message.method === 'BYE'
    },
  })
  const expectClean = async () => {
    await sim.clock.runUntilIdle()
    for (const { error } of ringdown.instances) expect(error).toBeUndefined()
    expect(ringdown.alive).toBe(0)
  }
  return { ringdown, peer, expectClean }
}

/** Runs an outbound application. */
async function run(
  sim: Simulation,
  app: (channel: Channel) => Promise<void>,
  farEnd?: (peer: SipPeer) => Promise<void>,
) {
  const there = world(sim, async () => {})
  const [record] = await Promise.all([there.ringdown.startOutbound(outbound(app)), farEnd?.(there.peer)])
  expect(record.error).toBeUndefined()
  await there.expectClean()
  return there.ringdown
}

const answers = async (peer: SipPeer) => {
  const call = await peer.expectCall()
  call.respond(200, { sdp: {} })
  await call.expect('ACK')
}

describe('close', () => {
  test(
    'is what `await using` does at the end of its block: the call is over, and there will be no other',
    withSimulation({}, async (sim) => {
      const ringdown = await run(
        sim,
        async (channel) => {
          {
            await using line = channel
            expect(await line.call(URI)).toBe('ANSWERED')
          }
          expect([channel.state(), channel.cause(), channel.details?.endedBy]).toEqual(['IDLE', 'NORMAL', 'local'])
          await expect(channel.call(URI)).rejects.toThrow(/this channel was closed/)
          await channel.close()
        },
        answers,
      )
      expect(ringdown.calls).toHaveLength(1)
    }),
  )

  test(
    'hangs up the call that is just being placed, and so does hangUp',
    withSimulation({}, async (sim) => {
      const ringdown = await run(sim, async (channel) => {
        void channel.startCall(URI)
        expect(await channel.hangUp()).toBe('IDLE')
        const state = channel.call(URI)
        await channel.close()
        expect(await state).toBe('IDLE')
      })
      expect(ringdown.calls.map(({ endedBy, endedIn }) => [endedBy, endedIn])).toEqual([
        ['local', 'CALL_OUTGOING'],
        ['local', 'CALL_OUTGOING'],
      ])
    }),
  )

  test(
    'is done for an application that returns while its call is being placed, or rings',
    withSimulation({}, async (sim) => {
      const there = world(sim, async () => {})
      const [ringing] = await Promise.all([
        there.ringdown.startOutbound(
          outbound(async (channel) => {
            await channel.startCall(URI)
            await sim.clock.sleep(500)
            expect(channel.state()).toBe('RING_OUTGOING')
          }),
        ),
        there.peer.expectCall().then((call) => call.respond(180)),
      ])
      const placing = await there.ringdown.startOutbound(outbound((channel) => void channel.startCall(URI)))
      expect([placing.error, ringing.error]).toEqual([undefined, undefined])
      await there.expectClean()
      expect(there.ringdown.calls.map(({ cause }) => cause)).toEqual(['NORMAL', 'NORMAL'])
    }),
  )

  test(
    'while a hold is under way, and while held, twice',
    withSimulation({}, async (sim) => {
      await run(
        sim,
        async (channel) => {
          await channel.call(URI)
          const holding = channel.hold({ media: 'RINGBACK' })
          await Promise.all([channel.close(), channel.close()])
          expect(await holding).toBe('IDLE')
        },
        answers,
      )
    }),
  )

  test(
    'an AbortSignal hangs up, before the answer and after it; one that aborts later does nothing',
    withSimulation({}, async (sim) => {
      const ringdown = await run(
        sim,
        async (channel) => {
          const early = new AbortController()
          const state = channel.call(URI, { signal: early.signal })
          await sim.clock.sleep(0.5)
          early.abort()
          expect(await state).toBe('IDLE')
          const late = new AbortController()
          expect(await channel.call(URI, { signal: late.signal })).toBe('ANSWERED')
          late.abort()
          expect(await channel.waitForIdle()).toBe('IDLE')
          expect(await channel.call(URI, { signal: late.signal })).toBe('IDLE')
        },
        async (peer) => {
          for (let calls = 0; calls < 2; calls++) await answers(peer)
          // The third has never been placed.
          await peer.expectNo('INVITE', 60_000)
        },
      )
      expect(ringdown.calls.map(({ cause, endedBy }) => [cause, endedBy])).toEqual([
        ['NORMAL', 'local'],
        ['NORMAL', 'local'],
        ['NORMAL', 'local'],
      ])
    }),
  )
})

/** Where a call may stand when the exchange is shut down: what the application does, and what the far end. */
const STANDS: Record<
  string,
  { app: (channel: Channel, app: AppContext) => Promise<unknown>; farEnd?: (peer: SipPeer) => Promise<unknown> }
> = {
  'not answered': { app: (channel) => channel.waitForIdle() },
  ringing: { app: (channel) => channel.ring({ ringTimeMs: 60_000 }) },
  'ringing with early media': { app: (channel) => channel.ring({ earlyMedia: true, ringTimeMs: 60_000 }) },
  'answered, without its ACK': { app: (channel) => channel.answer() },
  playing: {
    app: async (channel) => {
      await channel.answer()
      await channel.filePlayer.play('700.wav', { loop: true })
    },
    farEnd: async (peer) => peer.latestCall.expectResponse(200).then(() => peer.ack()),
  },
  HOLDING: {
    app: async (channel) => {
      await channel.answer()
      expect(await channel.hold({ media: 'RINGBACK' })).toBe('HOLDING')
      await channel.waitForIdle()
    },
    farEnd: async (peer) => {
      await peer.latestCall.expectResponse(200)
      peer.ack()
      peer.latestCall.respond(200, { sdp: { direction: 'recvonly' } }, await peer.latestCall.expect('INVITE'))
    },
  },
  'collecting digits, ON_HOLD': {
    app: async (channel) => {
      await channel.answer()
      await channel.dtmfDetector.getDigits({ count: 1 })
    },
    farEnd: async (peer) => {
      const { latestCall: call } = peer
      await call.expectResponse(200)
      call.ack()
      await Promise.resolve()
      call.reinvite({ sdp: { direction: 'sendonly', version: 2 } })
      await call.expectResponse(200)
      call.ack()
    },
  },
  'calling somebody else, who rings': {
    app: async (_channel, { extraChannels }) => extraChannels[0]?.call(URI),
    farEnd: async (peer) => (await peer.expectCall()).respond(180),
  },
}

describe('a shutdown ends a call that is', () => {
  for (const [name, { app, farEnd }] of Object.entries(STANDS)) {
    test(
      name,
      withSimulation({}, async (sim) => {
        const aborted: boolean[] = []
        const there = world(sim, async (channel, context) => {
          await app(channel, context)
          aborted.push(context.signal.aborted)
        })
        there.peer.invite(`sip:app@${US}`, { sdp: {} })
        await Promise.all([farEnd?.(there.peer), sim.clock.sleep(1000)])
        there.ringdown.exchange.shutDown()
        await there.expectClean()
        expect(there.ringdown.calls.length).toBeGreaterThan(0)
        for (const { endedBy, cause } of there.ringdown.calls) expect([endedBy, cause]).toEqual(['drain', 'NORMAL'])
        expect(there.ringdown.instances).toHaveLength(1)
        expect(aborted).toEqual([true])
      }),
    )
  }
})

test(
  'while it drains, calls that stand may be held and end as they like, and no new ones come or go',
  withSimulation({}, async (sim) => {
    const there = world(sim, async (channel, { extraChannels }) => {
      await channel.answer()
      await sim.clock.sleep(1000)
      expect(await channel.hold()).toBe('HOLDING')
      expect(await channel.retrieve()).toBe('ANSWERED')
      expect(await extraChannels[0]?.call(URI)).toBe('IDLE')
      expect(extraChannels[0]?.cause()).toBe('NOCHANNELS')
      await channel.waitForIdle()
    })
    const call = there.peer.invite(`sip:app@${US}`, { sdp: {} })
    await call.expectResponse(200)
    call.ack()
    there.ringdown.exchange.drain()
    const refused = await there.peer.invite(`sip:app@${US}`, { sdp: {} }).expectResponse(503)
    expect(refused.headers.has('Retry-After')).toBe(true)
    for (const direction of ['recvonly', 'sendrecv'] as const)
      call.respond(200, { sdp: { direction } }, await call.expect('INVITE'))
    await sim.clock.sleep(1000)
    call.bye()
    await call.expectResponse(200)
    await there.expectClean()
    expect(there.ringdown.calls.map(({ endedBy }) => endedBy)).toEqual(['local', 'remote'])
  }),
)
