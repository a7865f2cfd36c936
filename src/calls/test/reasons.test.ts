import { describe, expect, test } from 'vitest'
import { type Simulation, withSimulation } from '../../testing/index.ts'
import { type AppFunction, type Channel, inbound, outbound, type RejectCause } from '../index.ts'

const US = '192.0.2.1'
const THEM = '192.0.2.2'

/** Q.850 value of a far end -> cause of ours, where the message itself says nothing else. */
const HEARD: [q850: number, cause: string][] = [
  [1, 'UNOBTAINABLE'],
  [16, 'NORMAL'],
  [17, 'BUSY'],
  [18, 'NOANSWER'],
  [19, 'NOANSWER'],
  [21, 'REJECTED'],
  [22, 'CHANGED'],
  [27, 'OUTOFORDER'],
  [34, 'NOCHANNELS'],
  [42, 'CONGESTION'],
  // Without a row of its own: it is in `details.reason`, and the end a normal one.
  [31, 'NORMAL'],
]

/** Cause of ours -> what the far end is told. */
const TOLD: [cause: RejectCause, status: number, q850: number][] = [
  ['BUSY', 486, 17],
  ['NOANSWER', 480, 19],
  ['UNOBTAINABLE', 404, 1],
  ['CHANGED', 410, 22],
  ['OUTOFORDER', 502, 27],
  ['BARRED', 403, 21],
  ['REJECTED', 603, 21],
  ['NOCHANNELS', 503, 34],
  ['CONGESTION', 503, 42],
]

function q850Of(message: { readonly headers: { all(name: string): string[] } }): number | undefined {
  const [reason = ''] = message.headers.all('Reason')
  const value = /^Q\.850;cause=(\d+);text="[A-Z]/.exec(reason)?.[1]
  return value === undefined ? undefined : Number(value)
}

/** A scripted far end calls `app`. */
function called(sim: Simulation, app: AppFunction) {
  const ringdown = sim.exchange(US, { name: 'ringdown', services: { app: inbound(app) } })
  const peer = sim.peer(THEM, { name: 'far' })
  return { ringdown, peer, call: peer.invite(`sip:app@${US}`, { sdp: {} }) }
}

/** `app` runs on an idle channel; somebody is at `sip:x@THEM`. */
function calling(sim: Simulation, app: (channel: Channel) => Promise<void>) {
  const ringdown = sim.exchange(US, { name: 'ringdown' })
  const peer = sim.peer(THEM, { name: 'far' })
  return { ringdown, peer, record: ringdown.startOutbound(outbound(app)) }
}

describe('a Reason of the far end', () => {
  for (const [q850, cause] of HEARD) {
    const headers = [['Reason', `Q.850;cause=${q850};text="said so"`]] as const

    test(
      `with Q.850 ${q850} in a BYE gives ${cause}`,
      withSimulation({}, async (sim) => {
        const { ringdown, call } = called(sim, async (channel) => {
          await channel.answer()
          await channel.waitForIdle()
        })
        await call.expectResponse(200)
        call.ack()
        await sim.clock.sleep(100)
        call.bye({ headers })
        await call.expectResponse(200)
        await sim.clock.runUntilIdle()
        expect(ringdown.calls).toMatchObject([{ cause, endedBy: 'remote', reason: { q850, text: 'said so' } }])
        expect(ringdown.alive).toBe(0)
      }),
    )

    test(
      `with Q.850 ${q850} in a CANCEL gives ${cause}`,
      withSimulation({}, async (sim) => {
        const { ringdown, call } = called(sim, async (channel) => {
          await channel.ring({ ringTimeMs: 60_000 })
        })
        await call.expectResponse(180)
        call.cancel({ headers })
        await call.expectResponse(487)
        await sim.clock.runUntilIdle()
        expect(ringdown.calls).toMatchObject([{ cause, endedBy: 'remote', rawCause: 487, reason: { q850 } }])
        expect(ringdown.alive).toBe(0)
      }),
    )
  }
})

describe('our Reason', () => {
  for (const [cause, status, q850] of TOLD) {
    test(
      `of ${cause} is Q.850 ${q850}: in a refusal, and in the BYE of a connected call`,
      withSimulation({}, async (sim) => {
        const { ringdown, peer, call } = called(sim, async (channel) => {
          await channel.reject(cause)
        })
        expect(q850Of(await call.expectResponse(status))).toBe(q850)
        await sim.clock.runUntilIdle()
        const second = sim.exchange('192.0.2.3', {
          services: {
            app: inbound(async (channel) => {
              await channel.answer()
              expect(await channel.reject(cause)).toBe('IDLE')
            }),
          },
        })
        const other = peer.invite('sip:app@192.0.2.3', { sdp: {} })
        await other.expectResponse(200)
        other.ack()
        const bye = await other.expect('BYE')
        expect(q850Of(bye)).toBe(q850)
        peer.respond(bye, 200)
        await sim.clock.runUntilIdle()
        expect([...ringdown.calls, ...second.calls]).toMatchObject([{ cause }, { cause: 'NORMAL', endedBy: 'local' }])
        expect([ringdown.alive, second.alive]).toEqual([0, 0])
      }),
    )

    test(
      `of ${cause} is understood by another exchange as the same`,
      withSimulation({}, async (sim) => {
        const there = sim.exchange(THEM, {
          services: {
            '*': inbound(async (channel) => {
              await channel.reject(cause)
            }),
          },
        })
        const here = sim.exchange(US)
        await here.startOutbound(outbound(async (channel) => void (await channel.call(`sip:x@${THEM}`))))
        await sim.clock.runUntilIdle()
        expect([...here.calls, ...there.calls]).toMatchObject([
          { cause, rawCause: status, reason: { sip: status, q850 } },
          { cause },
        ])
        expect([here.alive, there.alive]).toEqual([0, 0])
      }),
    )
  }

  test(
    'stays away from a refusal with a raw status',
    withSimulation({}, async (sim) => {
      const { ringdown, call } = called(sim, async (channel) => {
        await channel.reject('BUSY', { rawCause: 488, headers: { 'X-Why': 'no' } })
      })
      const refused = await call.expectResponse(488)
      expect([refused.headers.has('Reason'), refused.headers.get('X-Why')]).toEqual([false, 'no'])
      await sim.clock.runUntilIdle()
      expect(ringdown.alive).toBe(0)
    }),
  )

  test(
    'of a normal end is 16, in BYE and in CANCEL',
    withSimulation({}, async (sim) => {
      const { ringdown, peer, record } = calling(sim, async (channel) => {
        await channel.call(`sip:x@${THEM}`)
        await channel.hangUp()
        await channel.startCall(`sip:x@${THEM}`)
        await sim.clock.sleep(1000)
        await channel.hangUp()
      })
      const first = await peer.expectCall()
      first.respond(200, { sdp: {} })
      await first.expect('ACK')
      const bye = await first.expect('BYE')
      peer.respond(bye, 200)
      const second = await peer.expectCall()
      second.respond(180)
      const cancel = await second.expect('CANCEL')
      second.acceptCancel(cancel)
      expect([q850Of(bye), q850Of(cancel)]).toEqual([16, 16])
      expect((await record).error).toBeUndefined()
      await sim.clock.runUntilIdle()
      expect(ringdown.calls.map(({ cause }) => cause)).toEqual(['NORMAL', 'NORMAL'])
      expect(ringdown.alive).toBe(0)
    }),
  )

  test(
    'of a call that nobody answered in time is 102',
    withSimulation({}, async (sim) => {
      const { ringdown, peer } = calling(sim, async (channel) => {
        await channel.call(`sip:x@${THEM}`, { timeoutMs: 3000 })
      })
      const call = await peer.expectCall()
      call.respond(180)
      const cancel = await call.expect('CANCEL')
      call.acceptCancel(cancel)
      expect(q850Of(cancel)).toBe(102)
      await sim.clock.runUntilIdle()
      expect(ringdown.calls).toMatchObject([{ cause: 'TIMEOUT' }])
      expect(ringdown.alive).toBe(0)
    }),
  )

  test(
    'of an application that fails is 41',
    withSimulation({}, async (sim) => {
      const { ringdown, peer, call } = called(sim, async (channel) => {
        await channel.answer()
        throw new Error('a bug of the application')
      })
      await call.expectResponse(200)
      call.ack()
      const bye = await call.expect('BYE')
      peer.respond(bye, 200)
      expect(q850Of(bye)).toBe(41)
      await sim.clock.runUntilIdle()
      expect(ringdown.calls).toMatchObject([{ cause: 'ERROR', endedBy: 'local' }])
      expect(ringdown.alive).toBe(0)
    }),
  )
})
