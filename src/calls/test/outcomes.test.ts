import { describe, expect, test } from 'vitest'
import type { SipPeer } from '../../testing/index.ts'
import { type SimulatedExchange, type Simulation, withSimulation } from '../../testing/index.ts'
import type { Channel } from '../index.ts'
import { type CallOptions, type InstanceRecord, outbound } from '../index.ts'

const US = '192.0.2.1'
const THEM = '192.0.2.2'
const URI = `sip:1234@${THEM}`

interface Outcome {
  readonly state: string
  readonly cause: string
  readonly channel: Channel
  readonly ringdown: SimulatedExchange
  readonly record: InstanceRecord
}

/** Calls the scripted far end once and says how it went. */
async function outcomeOf(
  sim: Simulation,
  farEnd: (peer: SipPeer) => Promise<void>,
  options: CallOptions = {},
): Promise<Outcome> {
  const ringdown = sim.exchange(US, { name: 'ringdown' })
  const peer = sim.peer(THEM, { name: 'far' })
  let result: Pick<Outcome, 'state' | 'cause' | 'channel'> | undefined
  const app = outbound(async (channel) => {
    const state = await channel.call(URI, options)
    result = { state, cause: channel.cause(), channel }
  })
  const [record] = await Promise.all([ringdown.startOutbound(app), farEnd(peer)])
  if (result === undefined) throw new Error(`the application failed: ${record.error}`)
  return { ...result, ringdown, record }
}

/** SIP status (and Reason) of the far end -> cause of ours: the table of the Channel API. */
const ROWS: [status: number, reason: string | undefined, cause: string][] = [
  [486, undefined, 'BUSY'],
  [600, undefined, 'BUSY'],
  [480, undefined, 'NOANSWER'],
  [408, undefined, 'NOANSWER'],
  [487, undefined, 'NOANSWER'],
  [404, undefined, 'UNOBTAINABLE'],
  [484, undefined, 'UNOBTAINABLE'],
  [604, undefined, 'UNOBTAINABLE'],
  [410, undefined, 'CHANGED'],
  [301, undefined, 'CHANGED'],
  [502, undefined, 'OUTOFORDER'],
  [403, undefined, 'BARRED'],
  [603, undefined, 'REJECTED'],
  [433, undefined, 'REJECTED'],
  [608, undefined, 'REJECTED'],
  [503, 'Q.850;cause=34', 'NOCHANNELS'],
  [503, undefined, 'CONGESTION'],
  [504, undefined, 'CONGESTION'],
  [500, undefined, 'FAILED'],
  [488, undefined, 'FAILED'],
  [606, undefined, 'FAILED'],
  [302, undefined, 'OTHER'],
  [500, 'Q.850;cause=17', 'BUSY'],
  [500, 'Q.850;cause=18', 'NOANSWER'],
  [500, 'Q.850;cause=19', 'NOANSWER'],
  [500, 'Q.850;cause=1', 'UNOBTAINABLE'],
  [500, 'Q.850;cause=22', 'CHANGED'],
  [500, 'Q.850;cause=27', 'OUTOFORDER'],
  [500, 'Q.850;cause=21', 'REJECTED'],
  [403, 'Q.850;cause=21', 'BARRED'],
  [500, 'Q.850;cause=34', 'NOCHANNELS'],
  [500, 'Q.850;cause=42', 'CONGESTION'],
]

describe('a far end that answers a call with', () => {
  for (const [status, reason, cause] of ROWS) {
    test(
      `${status}${reason ? ` and Reason ${reason}` : ''} gives ${cause}`,
      withSimulation({}, async (sim) => {
        const outcome = await outcomeOf(sim, async (peer) => {
          const call = await peer.expectCall()
          call.respond(180)
          call.respond(status, reason === undefined ? {} : { headers: [['Reason', reason]] })
        })
        expect([outcome.state, outcome.cause]).toEqual(['IDLE', cause])
        expect(outcome.channel.details).toMatchObject({
          rawCause: status,
          cause,
          endedBy: 'remote',
          endedIn: 'RING_OUTGOING',
          reason: { sip: status },
        })
        await sim.clock.runUntilIdle()
        expect(outcome.ringdown.alive).toBe(0)
        expect(outcome.ringdown.calls).toHaveLength(1)
      }),
    )
  }
})

test(
  'no answer in time: CANCEL, cause TIMEOUT',
  withSimulation({}, async (sim) => {
    const startedAt = sim.now
    const outcome = await outcomeOf(
      sim,
      async (peer) => {
        const call = await peer.expectCall()
        call.respond(180)
        call.acceptCancel(await call.expect('CANCEL'))
      },
      { timeoutMs: 5000 },
    )
    expect([outcome.state, outcome.cause]).toEqual(['IDLE', 'TIMEOUT'])
    expect(outcome.channel.details).toMatchObject({ endedBy: 'local', rawCause: 487, endedIn: 'RING_OUTGOING' })
    expect(sim.now - startedAt).toBeGreaterThanOrEqual(5000)
    expect(sim.now - startedAt).toBeLessThan(5100)
    await sim.clock.runUntilIdle()
    expect(outcome.ringdown.alive).toBe(0)
  }),
)

test(
  'a 200 that crosses our CANCEL is acknowledged and released',
  withSimulation({}, async (sim) => {
    const outcome = await outcomeOf(
      sim,
      async (peer) => {
        const call = await peer.expectCall()
        call.respond(180)
        const cancel = await call.expect('CANCEL')
        call.respond(200, { sdp: {} })
        peer.respond(cancel, 200)
        await call.expect('ACK')
        peer.respond(await call.expect('BYE'), 200)
      },
      { timeoutMs: 5000 },
    )
    expect([outcome.state, outcome.cause]).toEqual(['IDLE', 'TIMEOUT'])
    await sim.clock.runUntilIdle()
    expect(outcome.ringdown.alive).toBe(0)
  }),
)

test(
  'a far end that says nothing at all: TIMEOUT after timer B',
  withSimulation({}, async (sim) => {
    const outcome = await outcomeOf(sim, async (peer) => {
      await peer.expectCall()
    })
    expect([outcome.state, outcome.cause]).toEqual(['IDLE', 'TIMEOUT'])
    expect(outcome.channel.details).toMatchObject({ rawCause: 408, endedBy: 'network' })
    await sim.clock.runUntilIdle()
    expect(outcome.ringdown.alive).toBe(0)
  }),
)

test(
  'a far end that was never heard is not waited for when time is up',
  withSimulation({}, async (sim) => {
    const outcome = await outcomeOf(sim, async (peer) => void (await peer.expectCall()), { timeoutMs: 2000 })
    expect([outcome.state, outcome.cause]).toEqual(['IDLE', 'TIMEOUT'])
    expect(sim.now).toBeLessThan(2600)
    await sim.clock.runUntilIdle()
    expect(outcome.ringdown.alive).toBe(0)
  }),
)

test(
  'an unreachable port: OUTOFORDER',
  withSimulation({}, async (sim) => {
    const ringdown = sim.exchange(US)
    sim.host(THEM)
    const causes: string[] = []
    await ringdown.startOutbound(
      outbound(async (channel) => {
        await channel.call(URI)
        causes.push(channel.cause(), channel.details?.endedBy ?? '')
      }),
    )
    expect(causes).toEqual(['OUTOFORDER', 'network'])
  }),
)

test(
  'answered with garbage instead of a session description: acknowledged, released, ERROR',
  withSimulation({}, async (sim) => {
    const outcome = await outcomeOf(sim, async (peer) => {
      const call = await peer.expectCall()
      call.respond(200, { body: new TextEncoder().encode('v=0 what'), contentType: 'application/sdp' })
      await call.expect('ACK')
      peer.respond(await call.expect('BYE'), 200)
    })
    expect([outcome.state, outcome.cause]).toEqual(['IDLE', 'ERROR'])
    expect(outcome.channel.details?.endedBy).toBe('network')
    await sim.clock.runUntilIdle()
    expect(outcome.ringdown.alive).toBe(0)
  }),
)

test(
  'the far end hangs up with a Q.850 cause',
  withSimulation({}, async (sim) => {
    const ringdown = sim.exchange(US)
    const peer = sim.peer(THEM)
    const seen: unknown[] = []
    const app = outbound(async (channel) => {
      seen.push(await channel.call(URI), channel.cause())
      seen.push(await channel.waitForIdle(), channel.cause(), channel.details?.endedBy, channel.details?.reason)
    })
    const farEnd = async () => {
      const call = await peer.expectCall()
      call.respond(200, { sdp: {} })
      await call.expect('ACK')
      await sim.clock.sleep(1000)
      call.bye({ headers: [['Reason', 'Q.850;cause=16;text="Terminated"']] })
      await call.expectResponse(200)
    }
    await Promise.all([ringdown.startOutbound(app), farEnd()])
    expect(seen).toEqual(['ANSWERED', 'NORMAL', 'IDLE', 'NORMAL', 'remote', { q850: 16, text: 'Terminated' }])
  }),
)

test(
  'a channel can be used for one call after another, and not for two at once',
  withSimulation({}, async (sim) => {
    const ringdown = sim.exchange(US)
    const peer = sim.peer(THEM)
    const seen: string[] = []
    const app = outbound(async (channel) => {
      const first = channel.call(URI)
      await expect(channel.call(URI)).rejects.toThrow(/call needs a channel in state IDLE/)
      seen.push(await first, channel.cause())
      seen.push(await channel.call(URI), channel.cause())
    })
    const farEnd = async () => {
      for (const status of [486, 404]) (await peer.expectCall()).respond(status)
    }
    const [record] = await Promise.all([ringdown.startOutbound(app), farEnd()])
    expect(seen).toEqual(['IDLE', 'BUSY', 'IDLE', 'UNOBTAINABLE'])
    expect(record.callIds).toHaveLength(2)
  }),
)

test(
  'startCall returns at once, waitForAnswer tells the rest, and a signal hangs up',
  withSimulation({}, async (sim) => {
    const ringdown = sim.exchange(US)
    const peer = sim.peer(THEM)
    const seen: string[] = []
    const app = outbound(async (channel, { extraChannels }) => {
      const controller = new AbortController()
      seen.push(await channel.startCall(URI, { signal: controller.signal }))
      const second = extraChannels[0] as Channel
      seen.push(await second.startCall(`sip:other@${THEM}`))
      seen.push(await second.waitForAnswer())
      controller.abort()
      seen.push(await channel.waitForAnswer(), channel.cause())
      seen.push(await second.hangUp())
    })
    const farEnd = async () => {
      const first = await peer.expectCall()
      first.respond(180)
      const second = await peer.expectCall()
      second.respond(200, { sdp: {} })
      first.acceptCancel(await first.expect('CANCEL'))
      peer.respond(await second.expect('BYE'), 200)
    }
    const [record] = await Promise.all([ringdown.startOutbound(app), farEnd()])
    expect(record.error).toBeUndefined()
    expect(seen).toEqual(['CALL_OUTGOING', 'CALL_OUTGOING', 'ANSWERED', 'IDLE', 'NORMAL', 'IDLE'])
  }),
)

test(
  'the INVITE carries From, custom headers and an offer',
  withSimulation({}, async (sim) => {
    const ringdown = sim.exchange(US)
    const peer = sim.peer(THEM)
    const app = outbound(async (channel) => {
      channel.sip.headersToSend.push(['X-Account', '42'])
      await channel.call(URI, { from: 'sip:me@example.com', headers: { 'X-Trace': 'abc' }, codecs: ['PCMA'] })
    })
    const farEnd = async () => {
      const call = await peer.expectCall()
      expect(call.invite.headers.get('X-Account')).toBe('42')
      expect(call.invite.headers.get('X-Trace')).toBe('abc')
      expect(call.invite.headers.get('From')).toContain('sip:me@example.com')
      expect(new TextDecoder().decode(call.invite.body)).toMatch(/m=audio \d+ RTP\/AVP 8 101\r\n/)
      call.respond(486)
    }
    await Promise.all([ringdown.startOutbound(app), farEnd()])
  }),
)
