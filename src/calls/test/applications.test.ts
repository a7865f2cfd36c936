import { expect, test } from 'vitest'
import type { Logger } from '../../kit/index.ts'
import { type SimulatedExchange, type Simulation, withSimulation } from '../../testing/index.ts'
import { type AppFunction, type AppResult, type Channel, inbound, outbound } from '../index.ts'

const US = '192.0.2.1'
const THEM = '192.0.2.2'

function answering(sim: Simulation, app: AppFunction, logger?: Logger): SimulatedExchange {
  return sim.exchange(US, { name: 'ringdown', services: { app: inbound(app) }, ...(logger && { logger }) })
}

const RETURNS: [returned: AppResult, code: number][] = [
  [undefined, 0],
  [0, 0],
  [42, 42],
  [-100, -100],
  [-1, -5],
  [-99, -5],
  [1.5, -5],
  [Number.NaN, -5],
  ['7' as never, -5],
]

for (const [returned, code] of RETURNS) {
  test(
    `an application that returns ${JSON.stringify(returned)} is recorded with ${code}, and its call is ended`,
    withSimulation({}, async (sim) => {
      const ringdown = answering(sim, async (channel) => {
        await channel.answer()
        return returned
      })
      const peer = sim.peer(THEM)
      const call = peer.invite(`sip:app@${US}`)
      await call.expectResponse(200)
      call.ack()
      peer.respond(await call.expect('BYE'), 200)
      await sim.clock.runUntilIdle()
      expect(ringdown.instances).toMatchObject([{ returnCode: code, service: 'app', direction: 'inbound' }])
      expect(ringdown.calls).toMatchObject([{ cause: 'NORMAL', endedBy: 'local' }])
      expect(ringdown.alive).toBe(0)
    }),
  )
}

test(
  'an uncaught error ends the calls of that instance with ERROR, is logged with its id, and harms no other',
  withSimulation({}, async (sim) => {
    const logged: [fields: object, message: string][] = []
    const log = (bound: object): Logger => ({
      debug() {},
      info() {},
      warn() {},
      error: (fields, message) => logged.push([{ ...bound, ...fields }, message]),
      child: (fields) => log({ ...bound, ...fields }),
    })
    const ringdown = answering(
      sim,
      async (channel) => {
        await channel.answer()
        if (channel.details?.from.includes('bad')) throw new Error('a bug')
        await sim.clock.sleep(5000)
        return 1
      },
      log({}),
    )
    const good = sim.peer(THEM)
    const bad = sim.peer('192.0.2.3')
    const goodCall = good.invite(`sip:app@${US}`, { from: 'sip:good@example.com' })
    await goodCall.expectResponse(200)
    goodCall.ack()
    const badCall = bad.invite(`sip:app@${US}`, { from: 'sip:bad@example.com' })
    await badCall.expectResponse(200)
    badCall.ack()
    bad.respond(await badCall.expect('BYE'), 200)
    const endOfGood = await goodCall.expect('BYE')
    expect(sim.now).toBeGreaterThan(5000)
    good.respond(endOfGood, 200)
    await sim.clock.runUntilIdle()
    expect(ringdown.instances.map(({ returnCode }) => returnCode)).toEqual([-1, 1])
    expect(ringdown.calls.map(({ cause }) => cause)).toEqual(['ERROR', 'NORMAL'])
    expect(logged).toMatchObject([
      [{ instanceId: ringdown.instances[0]?.instanceId, err: { message: 'a bug' } }, /a bug/],
    ])
    expect(ringdown.alive).toBe(0)
  }),
)

test(
  'an application that throws before it answers: the caller is told 500',
  withSimulation({}, async (sim) => {
    const ringdown = answering(sim, () => {
      throw new Error('at once')
    })
    await sim.peer(THEM).invite(`sip:app@${US}`).expectResponse(500)
    await sim.clock.runUntilIdle()
    expect(ringdown.instances).toMatchObject([{ returnCode: -1, error: 'at once' }])
    expect(ringdown.alive).toBe(0)
  }),
)

test(
  'an application that returns without answering: the caller is told 480',
  withSimulation({}, async (sim) => {
    const ringdown = answering(sim, () => undefined)
    await sim.peer(THEM).invite(`sip:app@${US}`).expectResponse(480)
    await sim.clock.runUntilIdle()
    expect(ringdown.instances).toMatchObject([{ returnCode: 0 }])
    expect(ringdown.alive).toBe(0)
  }),
)

test(
  'extra channels place further calls and are hung up when the application returns; an instance may outlive its call',
  withSimulation({}, async (sim) => {
    const seen: unknown[] = []
    const ringdown = answering(sim, async (channel, { extraChannels, parameters, outboundParameters, instanceId }) => {
      await channel.answer()
      const [second] = extraChannels as readonly Channel[]
      seen.push(extraChannels.length, parameters, outboundParameters, instanceId.length > 10)
      seen.push(await second?.call(`sip:other@${THEM}`))
      await channel.waitForIdle()
      await sim.clock.sleep(1000)
      seen.push(channel.state(), second?.state())
    })
    const peer = sim.peer(THEM)
    const call = peer.invite(`sip:app@${US}`)
    await call.expectResponse(200)
    call.ack()
    const other = await peer.expectCall()
    other.respond(200, { sdp: {} })
    await other.expect('ACK')
    call.bye()
    await call.expectResponse(200)
    peer.respond(await other.expect('BYE'), 200)
    await sim.clock.runUntilIdle()
    expect(seen).toEqual([3, {}, {}, true, 'ANSWERED', 'IDLE', 'ANSWERED'])
    expect(ringdown.instances).toMatchObject([{ returnCode: 0, callIds: { length: 2 } }])
    expect(ringdown.alive).toBe(0)
  }),
)

test(
  'outbound parameters reach the application; an application of the wrong direction is not run',
  withSimulation({}, async (sim) => {
    const ringdown = sim.exchange(US)
    let parameters: unknown
    const app = outbound((_channel, context) => {
      parameters = context.outboundParameters
    })
    expect(await ringdown.startOutbound(app, { number: '1234' })).toMatchObject({
      returnCode: 0,
      direction: 'outbound',
    })
    expect(parameters).toEqual({ number: '1234' })
    expect(await ringdown.startOutbound(inbound(() => undefined))).toMatchObject({ returnCode: -6 })
  }),
)

test(
  'at shutdown the signal aborts, calls end by drain, and new calls are refused without an INVITE on the wire',
  withSimulation({}, async (sim) => {
    let aborted = false
    const seen: unknown[] = []
    const ringdown = answering(sim, async (channel, { signal, extraChannels }) => {
      signal.addEventListener('abort', () => {
        aborted = true
      })
      await channel.answer()
      await channel.waitForIdle()
      const again = extraChannels[0] as Channel
      seen.push(await again.call(`sip:x@${THEM}`), again.cause())
    })
    const peer = sim.peer(THEM)
    const call = peer.invite(`sip:app@${US}`)
    await call.expectResponse(200)
    call.ack()
    await sim.clock.sleep(100)
    ringdown.exchange.shutDown()
    peer.respond(await call.expect('BYE'), 200)
    await peer.expectNo('INVITE', 1000)
    await sim.clock.runUntilIdle()
    expect(aborted).toBe(true)
    expect(seen).toEqual(['IDLE', 'NOCHANNELS'])
    expect(ringdown.calls[0]).toMatchObject({ endedBy: 'drain' })
    expect(ringdown.alive).toBe(0)
  }),
)

test('only functions are applications', () => {
  expect(() => inbound('x' as never)).toThrow(/inbound\(\) takes a function/)
})
