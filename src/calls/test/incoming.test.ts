import { describe, expect, test } from 'vitest'
import { type SimulatedExchange, type Simulation, type SipPeer, withSimulation } from '../../testing/index.ts'
import { type AppFunction, type Channel, inbound, outbound, type RejectCause } from '../index.ts'

const US = '192.0.2.1'
const THEM = '192.0.2.2'

interface Line {
  readonly ringdown: SimulatedExchange
  readonly peer: SipPeer
}

function line(sim: Simulation, app: AppFunction): Line {
  const ringdown = sim.exchange(US, { name: 'ringdown', services: { app: inbound(app) } })
  return { ringdown, peer: sim.peer(THEM, { name: 'caller' }) }
}

async function expectClean(sim: Simulation, { ringdown }: Line): Promise<void> {
  await sim.clock.runUntilIdle()
  expect(ringdown.alive).toBe(0)
  expect(ringdown.calls).toHaveLength(1)
  expect(ringdown.instances).toHaveLength(1)
}

test(
  'ring, answer, hang up: the states in order, the times, the details',
  withSimulation({}, async (sim) => {
    const states: string[] = []
    let channel: Channel | undefined
    const both = line(sim, async (call) => {
      channel = call
      states.push(call.state())
      call.on('state', ({ state, sequence }) => states.push(`${sequence} ${state}`))
      call.on('codec', ({ codec, sequence }) => states.push(`${sequence} ${codec}`))
      call.on('ended', ({ cause, endedBy, sequence, at }) => {
        states.push(`${sequence} ${cause} ${endedBy}`)
        expect(at).toBe(call.details?.times.IDLE)
      })
      expect(await call.ring({ ringTimeMs: 2000 })).toBe('RING_INCOMING')
      expect(await call.answer({ headers: { 'X-App': 'yes' } })).toBe('ANSWERED')
      expect(await call.hangUp()).toBe('IDLE')
      expect(await call.hangUp()).toBe('IDLE')
      return 7
    })
    const call = both.peer.invite(`sip:app@${US}`, {
      sdp: {},
      headers: [
        ['Diversion', '<sip:boss@example.com>;reason=no-answer'],
        ['X-Custom', 'hello'],
      ],
    })
    await call.expectResponse(180)
    const answered = await call.expectResponse(200)
    expect(answered.headers.get('X-App')).toBe('yes')
    expect(new TextDecoder().decode(answered.body)).toContain('m=audio')
    call.ack()
    both.peer.respond(await call.expect('BYE'), 200)
    await expectClean(sim, both)
    expect(states).toEqual([
      'CALL_INCOMING',
      '2 RING_INCOMING',
      '3 ANSWERING',
      '4 PCMU',
      '5 ANSWERED',
      '6 IDLE',
      '7 NORMAL local',
    ])
    expect(channel?.sip.requestHeader('x-custom')).toBe('hello')
    expect(channel?.details).toMatchObject({
      direction: 'inbound',
      target: `sip:app@${US}`,
      diversion: 'sip:boss@example.com',
      codec: 'PCMU',
      cause: 'NORMAL',
      endedBy: 'local',
      endedIn: 'ANSWERED',
    })
    const times = channel?.details?.times
    expect((times?.ANSWERED ?? 0) - (times?.RING_INCOMING ?? 0)).toBeGreaterThanOrEqual(2000)
    expect(both.ringdown.instances[0]).toMatchObject({ returnCode: 7, callIds: [channel?.details?.callId] })
  }),
)

const REJECTIONS: [RejectCause, number][] = [
  ['BUSY', 486],
  ['NOANSWER', 480],
  ['UNOBTAINABLE', 404],
  ['CHANGED', 410],
  ['OUTOFORDER', 502],
  ['BARRED', 403],
  ['REJECTED', 603],
  ['NOCHANNELS', 503],
  ['CONGESTION', 503],
]

describe('reject', () => {
  for (const [cause, status] of REJECTIONS) {
    test(
      `${cause} sends ${status}`,
      withSimulation({}, async (sim) => {
        const seen: string[] = []
        const both = line(sim, async (channel) => {
          seen.push(await channel.reject(cause), channel.cause())
        })
        const call = both.peer.invite(`sip:app@${US}`, { sdp: {} })
        // What its Reason says is tested in reasons.test.ts.
        await call.expectResponse(status)
        await expectClean(sim, both)
        expect(seen).toEqual(['IDLE', cause])
        expect(both.ringdown.calls[0]).toMatchObject({ rawCause: status, endedBy: 'local', endedIn: 'CALL_INCOMING' })
      }),
    )
  }

  test(
    'without a cause means REJECTED, and a raw cause is sent as it is',
    withSimulation({}, async (sim) => {
      const both = line(sim, async (channel) => {
        expect(await channel.reject('REJECTED', { rawCause: 302 })).toBe('ERROR')
        expect(channel.state()).toBe('ERROR')
        expect(await channel.reject('REJECTED', { rawCause: 301 })).toBe('ERROR')
        await expect(channel.answer()).rejects.toThrow(/not answered yet; this one is ERROR/)
        await expect(channel.ring()).rejects.toThrow(/not answered yet; this one is ERROR/)
        expect(await channel.reject(undefined, { rawCause: 488 })).toBe('IDLE')
        expect(channel.cause()).toBe('REJECTED')
      })
      await both.peer.invite(`sip:app@${US}`, { sdp: {} }).expectResponse(488)
      await expectClean(sim, both)
      expect(both.ringdown.instances[0]?.error).toBeUndefined()
      expect(both.ringdown.calls[0]).toMatchObject({ rawCause: 488, endedIn: 'ERROR', endedBy: 'local' })
    }),
  )

  test(
    'with a redirection and then a hang-up, of either side, ends the call',
    withSimulation({}, async (sim) => {
      const both = line(sim, async (channel) => {
        await channel.ring({ ringTimeMs: 100 })
        expect(await channel.reject('BUSY', { rawCause: 305 })).toBe('ERROR')
        await channel.waitForIdle({ timeoutMs: 1000 })
        expect(await channel.hangUp()).toBe('IDLE')
      })
      await both.peer.invite(`sip:app@${US}`, { sdp: {} }).expectResponse(480)
      const given = both.peer.invite(`sip:app@${US}`, { sdp: {} })
      await given.expectResponse(180)
      await sim.clock.sleep(500)
      given.cancel()
      await given.expectResponse(487)
      await sim.clock.runUntilIdle()
      expect(both.ringdown.instances.map(({ error }) => error)).toEqual([undefined, undefined])
      expect(both.ringdown.calls.map(({ endedIn, endedBy }) => [endedIn, endedBy])).toEqual([
        ['ERROR', 'local'],
        ['ERROR', 'remote'],
      ])
    }),
  )

  test(
    'on a connected call releases it; wrong causes are refused by name',
    withSimulation({}, async (sim) => {
      const both = line(sim, async (channel) => {
        await expect(channel.reject('NORMAL' as never)).rejects.toThrow(/cause must be one of BUSY/)
        await expect(channel.reject('BUSY', { rawCause: 200 })).rejects.toThrow(/rawCause must be/)
        await channel.answer()
        await expect(channel.answer()).rejects.toThrow(/not answered yet; this one is ANSWERED/)
        expect(await channel.reject('BUSY')).toBe('IDLE')
        await expect(channel.answer()).rejects.toThrow(/the caller has gone/)
      })
      const call = both.peer.invite(`sip:app@${US}`, { sdp: {} })
      await call.expectResponse(200)
      call.ack()
      both.peer.respond(await call.expect('BYE'), 200)
      await expectClean(sim, both)
      expect(both.ringdown.instances[0]?.error).toBeUndefined()
    }),
  )
})

test(
  'the caller gives up: CANCEL, 487, IDLE with NORMAL by the remote',
  withSimulation({}, async (sim) => {
    const seen: unknown[] = []
    const both = line(sim, async (channel) => {
      await channel.ring({ ringTimeMs: 60_000 })
      seen.push(channel.state(), channel.cause(), channel.details?.endedBy, channel.details?.reason)
      await channel.answer()
    })
    const call = both.peer.invite(`sip:app@${US}`, { sdp: {} })
    await call.expectResponse(180)
    call.cancel({ headers: [['Reason', 'SIP;cause=200;text="Call completed elsewhere"']] })
    await call.expectResponse(487)
    await expectClean(sim, both)
    expect(seen).toEqual(['IDLE', 'NORMAL', 'remote', { sip: 200, text: 'Call completed elsewhere' }])
    // answer() threw Hangup, which the application left uncaught: a normal end.
    expect(both.ringdown.instances[0]).toMatchObject({ returnCode: 0 })
    expect(both.ringdown.instances[0]?.error).toBeUndefined()
  }),
)

test(
  'a caller that never acknowledges: BYE after 32 s, ERROR by the network',
  withSimulation({}, async (sim) => {
    const seen: unknown[] = []
    const both = line(sim, async (channel) => {
      seen.push(await channel.answer(), channel.cause(), channel.details?.endedBy)
    })
    const call = both.peer.invite(`sip:app@${US}`, { sdp: {} })
    await call.expectResponse(200)
    both.peer.respond(await call.expect('BYE', { withinMs: 40_000 }), 200)
    await expectClean(sim, both)
    expect(seen).toEqual(['IDLE', 'ERROR', 'network'])
  }),
)

test(
  'an INVITE without an offer is answered with ours, and the ACK brings the answer',
  withSimulation({}, async (sim) => {
    const both = line(sim, async (channel) => {
      expect(await channel.answer()).toBe('ANSWERED')
      expect(channel.details?.codec).toBe('PCMA')
      await channel.waitForIdle()
    })
    const call = both.peer.invite(`sip:app@${US}`, { body: '' })
    const offer = await call.expectResponse(200)
    expect(new TextDecoder().decode(offer.body)).toContain('m=audio')
    call.ack({ sdp: { codecs: ['PCMA'] } })
    await sim.clock.sleep(100)
    call.bye()
    await call.expectResponse(200)
    await expectClean(sim, both)
    expect(both.ringdown.instances[0]?.error).toBeUndefined()
  }),
)

test(
  'an offer without a codec of ours: 488 when the application answers',
  withSimulation({}, async (sim) => {
    const seen: string[] = []
    const both = line(sim, async (channel) => {
      seen.push(await channel.answer(), channel.cause())
    })
    const body = 'v=0\r\no=- 1 1 IN IP4 192.0.2.2\r\ns=-\r\nc=IN IP4 192.0.2.2\r\nt=0 0\r\nm=audio 4000 RTP/AVP 18\r\n'
    const call = both.peer.invite(`sip:app@${US}`, {
      body: new TextEncoder().encode(body),
      contentType: 'application/sdp',
    })
    await call.expectResponse(488)
    await expectClean(sim, both)
    expect(seen).toEqual(['IDLE', 'ERROR'])
  }),
)

test(
  'early media: 183 with a description, the tone is heard before the answer, the same description in the 200',
  withSimulation({}, async (sim) => {
    const both = line(sim, async (channel) => {
      expect(await channel.ring({ earlyMedia: true, customRingtone: 'RINGBACK_UK', ringTimeMs: 3000 })).toBe(
        'RING_INCOMING',
      )
      await channel.answer()
      await channel.waitForIdle()
    })
    let packets = 0
    sim.host(THEM).bindUdp(40_000, {
      onDatagram: () => {
        packets++
      },
    })
    const call = both.peer.invite(`sip:app@${US}`, { sdp: {} })
    const early = await call.expectResponse(183)
    const answered = await call.expectResponse(200)
    expect(packets).toBeGreaterThan(100)
    expect(new TextDecoder().decode(answered.body)).toBe(new TextDecoder().decode(early.body))
    call.ack()
    call.bye()
    await expectClean(sim, both)
    expect(both.ringdown.instances[0]?.error).toBeUndefined()
  }),
)

test(
  'nobody is there: 404 for an unknown user, 500 for a service without an application',
  withSimulation({}, async (sim) => {
    const ringdown = sim.exchange(US, {
      services: {
        broken: { name: 'broken', app: 'invalid', parameters: {} },
        gone: { name: 'gone', app: 'missing', parameters: {} },
        caller: outbound(() => undefined),
      },
    })
    const peer = sim.peer(THEM)
    await peer.invite(`sip:nobody@${US}`, { sdp: {} }).expectResponse(404)
    await peer.invite(`sip:broken@${US}`, { sdp: {} }).expectResponse(500)
    await peer.invite(`sip:gone@${US}`, { sdp: {} }).expectResponse(500)
    await peer.invite(`sip:caller@${US}`, { sdp: {} }).expectResponse(500)
    await sim.clock.runUntilIdle()
    expect(ringdown.instances.map(({ service, returnCode }) => [service, returnCode])).toEqual([
      ['broken', -4],
      ['gone', -3],
      ['caller', -6],
    ])
    expect(ringdown.exchange.counters.snapshot()).toEqual({ callsWithoutApp: 3, callsWithoutService: 1 })
    expect(ringdown.alive).toBe(0)
  }),
)

test(
  'a full or draining exchange refuses with 503',
  withSimulation({}, async (sim) => {
    const hold = inbound(async (channel) => {
      await channel.answer()
      await channel.waitForIdle()
    })
    const ringdown = sim.exchange(US, { services: { app: hold }, exchange: { maxCalls: 1 } })
    const peer = sim.peer(THEM)
    const first = peer.invite(`sip:app@${US}`, { sdp: {} })
    await first.expectResponse(200)
    first.ack()
    const refused = await peer.invite(`sip:app@${US}`, { sdp: {} }).expectResponse(503)
    expect(refused.headers.get('Reason')).toContain('cause=34')
    ringdown.exchange.drain()
    expect((await peer.invite(`sip:app@${US}`, { sdp: {} }).expectResponse(503)).headers.has('Retry-After')).toBe(true)
    ringdown.exchange.shutDown()
    peer.respond(await first.expect('BYE'), 200)
    await sim.clock.runUntilIdle()
    expect(ringdown.calls).toMatchObject([{ endedBy: 'drain', cause: 'NORMAL' }])
    expect(ringdown.alive).toBe(0)
  }),
)

test(
  'a re-INVITE of the far end is answered and moves the media; one without an offer gets ours',
  withSimulation({}, async (sim) => {
    const both = line(sim, async (channel) => {
      await channel.answer()
      await channel.tonePlayer.play('RINGBACK', { loop: true })
    })
    let moved = 0
    sim.host(THEM).bindUdp(42_000, {
      onDatagram: () => {
        moved++
      },
    })
    const call = both.peer.invite(`sip:app@${US}`, { sdp: {} })
    await call.expectResponse(200)
    call.ack()
    await sim.clock.sleep(1000)
    expect(moved).toBe(0)
    call.reinvite({ sdp: { port: 42_000 } })
    await call.expectResponse(200)
    call.ack()
    await sim.clock.sleep(1000)
    expect(moved).toBeGreaterThan(30)
    call.reinvite({ body: '' })
    expect((await call.expectResponse(200)).body.length).toBeGreaterThan(0)
    call.ack({ sdp: { port: 42_000 } })
    const before = moved
    await sim.clock.sleep(1000)
    expect(moved - before).toBeGreaterThan(30)
    call.bye()
    await call.expectResponse(200)
    await expectClean(sim, both)
  }),
)
