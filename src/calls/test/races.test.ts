import { describe, expect, test } from 'vitest'
import { utf8Decode } from '../../kit/index.ts'
import { withSimulation } from '../../testing/index.ts'
import { inbound, outbound } from '../index.ts'
import { answeredCall, hangsUp, sdpOf, store, THEM, US } from './answered-call.ts'

describe('an answer and a cancellation that cross', () => {
  test(
    'the caller gives up as we answer: his CANCEL is too late, and his BYE ends the call',
    withSimulation({}, async (sim) => {
      const states: string[] = []
      const ringdown = sim.exchange(US, {
        name: 'ringdown',
        services: {
          app: inbound(async (channel) => {
            channel.on('state', ({ state }) => states.push(state))
            await channel.ring({ ringTimeMs: 1000 })
            await channel.answer()
            await channel.waitForIdle()
          }),
        },
      })
      const peer = sim.peer(THEM, { name: 'caller' })
      const call = peer.invite(`sip:app@${US}`)
      await call.expectResponse(180)
      await sim.clock.sleep(999)
      call.cancel()
      await call.expectResponse(200, { to: call.invite })
      call.ack()
      call.bye()
      await call.expectResponse(200)
      await sim.clock.runUntilIdle()
      expect(states).toEqual(['RING_INCOMING', 'ANSWERING', 'ANSWERED', 'IDLE'])
      expect(ringdown.calls).toHaveLength(1)
      expect(ringdown.calls[0]).toMatchObject({ cause: 'NORMAL', endedBy: 'remote', endedIn: 'ANSWERED' })
      expect(ringdown.instances[0]?.error).toBeUndefined()
      expect(ringdown.alive).toBe(0)
    }),
  )

  for (const [name, ms] of [
    ['before the application knows that the call is over', 1000],
    ['long after that', 10_000],
  ] as const)
    test(
      `a 200 that comes after our CANCEL, ${name}, is acknowledged and released`,
      withSimulation({}, async (sim) => {
        const ringdown = sim.exchange(US, { name: 'ringdown' })
        const peer = sim.peer(THEM, { name: 'far' })
        const run = ringdown.startOutbound(
          outbound(async (channel) => {
            expect(await channel.call(`sip:1234@${THEM}`, { timeoutMs: 5000 })).toBe('IDLE')
            expect(channel.cause()).toBe('TIMEOUT')
          }),
        )
        const call = await peer.expectCall()
        call.respond(180)
        peer.respond(await call.expect('CANCEL'), 200)
        await sim.clock.sleep(ms)
        call.respond(200, { sdp: {} })
        await call.expect('ACK')
        peer.respond(await call.expect('BYE'), 200)
        expect((await run).error).toBeUndefined()
        await sim.clock.runUntilIdle()
        expect(ringdown.calls).toHaveLength(1)
        expect(ringdown.alive).toBe(0)
      }),
    )
})

test(
  'the far end asks for a change as we hang up: its re-INVITE is refused, its BYE not missed',
  withSimulation({}, async (sim) => {
    const line = await answeredCall(sim, async (channel) => {
      await sim.clock.sleep(1000)
      await channel.hangUp()
    })
    await sim.clock.sleep(996)
    line.call.reinvite({ sdp: { port: 41_000, version: 2 } })
    const changed = line.call.expectResponse(481)
    await hangsUp(line)
    await changed
    await line.expectClean()
    expect(line.ringdown.calls[0]).toMatchObject({ cause: 'NORMAL', endedBy: 'local' })
  }),
)

test(
  'our hold meets an UPDATE of the far end: 491 both ways, then each has its turn',
  withSimulation({}, async (sim) => {
    const line = await answeredCall(sim, async (channel) => {
      await channel.hold()
      expect(channel.state()).toBe('HOLDING')
      await channel.waitForIdle()
    })
    const hold = await line.call.expect('INVITE')
    line.call.request('UPDATE', { sdp: { port: 41_000, version: 2 } })
    await line.call.expectResponse(491)
    line.call.respond(491, {}, hold)
    await line.call.expect('ACK')
    // We did not choose the Call-ID, so we try again within two seconds.
    const again = await line.call.expect('INVITE', { withinMs: 2000 })
    line.call.respond(200, { sdp: { direction: 'recvonly', version: 2 } }, again)
    await line.call.expect('ACK')
    line.call.request('UPDATE', { sdp: { direction: 'recvonly', port: 41_000, version: 3 } })
    expect(sdpOf(await line.call.expectResponse(200)).direction).toBe('sendonly')
    line.call.bye()
    await line.call.expectResponse(200)
    await line.expectClean()
  }),
)

describe('a refresh by re-INVITE', () => {
  const sip = { sessionTimers: { expiresSeconds: 90, minSeconds: 90, refresher: 'local' } } as const

  test(
    'says what was said last, whoever has said it, and leaves a hold as it is',
    withSimulation({}, async (sim) => {
      const ringdown = sim.exchange(US, {
        name: 'ringdown',
        files: store(),
        sip,
        services: {
          app: inbound(async (channel) => {
            await channel.answer()
            await sim.clock.sleep(100_000)
            await channel.hold()
            await sim.clock.sleep(50_000)
            expect(channel.state()).toBe('HOLDING')
            await channel.retrieve()
            await channel.waitForIdle()
          }),
        },
      })
      const peer = sim.peer(THEM, { name: 'caller' })
      const call = peer.invite(`sip:app@${US}`, { sdp: { codecs: ['PCMA', 'PCMU'] } })
      const first = await call.expectResponse(200)
      call.ack()
      const codecs = (body: Uint8Array) => /m=audio \d+ \S+ ([\d ]+)/.exec(utf8Decode(body))?.[1]
      const take = async (withinMs: number) => {
        const request = await call.expect('INVITE', { withinMs })
        const direction = sdpOf(request).direction === 'sendonly' ? 'recvonly' : 'sendrecv'
        call.respond(200, { sdp: { codecs: ['PCMA'], direction } }, request)
        await call.expect('ACK')
        return request
      }
      const refreshes = [await take(46_000), await take(46_000)]
      for (const refresh of refreshes) {
        expect(codecs(refresh.body)).toBe(codecs(first.body))
        expect(refresh.headers.get('session-expires')).toBe('90;refresher=uac')
      }
      expect(sdpOf(refreshes[0]!).version).toBe(sdpOf(refreshes[1]!).version)
      const hold = await take(46_000)
      expect(sdpOf(hold).direction).toBe('sendonly')
      // The hold was a refresh, too.
      const held = await take(46_000)
      expect(utf8Decode(held.body)).toBe(utf8Decode(hold.body))
      expect(sdpOf(await take(46_000)).direction).toBe('sendrecv')
      call.bye()
      await call.expectResponse(200)
      await sim.clock.runUntilIdle()
      expect(ringdown.instances[0]?.error).toBeUndefined()
      expect(ringdown.alive).toBe(0)
    }),
  )

  test(
    'that is refused changes nothing, and silence ends the call',
    withSimulation({}, async (sim) => {
      const ringdown = sim.exchange(US, {
        name: 'ringdown',
        sip,
        services: {
          app: inbound(async (channel) => {
            await channel.answer()
            expect(await channel.waitForIdle()).toBe('IDLE')
          }),
        },
      })
      const peer = sim.peer(THEM, { name: 'caller' })
      const call = peer.invite(`sip:app@${US}`)
      await call.expectResponse(200)
      call.ack()
      for (let i = 0; i < 5; i++) call.respond(488, {}, await call.expect('INVITE', { withinMs: 46_000 }))
      expect(ringdown.calls).toEqual([])
      // Nobody answers any more, not even the BYE.
      await sim.clock.runUntilIdle()
      expect(ringdown.calls[0]).toMatchObject({
        cause: 'ERROR',
        endedBy: 'network',
        reason: { text: 'INVITE: timeout' },
      })
      expect(ringdown.alive).toBe(0)
    }),
  )
})
