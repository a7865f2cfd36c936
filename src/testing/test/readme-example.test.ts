import { expect, test } from 'vitest'
import { outbound } from '../../calls/index.ts'
import { withSimulation } from '../index.ts'

test(
  'a busy far end',
  withSimulation({ seed: 2, conditions: { loss: 0.3 } }, async (sim) => {
    const ringdown = sim.exchange('192.0.2.1', { name: 'ringdown' })
    const bob = sim.peer('192.0.2.2', { name: 'bob', retransmits: true })
    const calling = ringdown.startOutbound(
      outbound(async (channel) => {
        expect(await channel.call('sip:bob@192.0.2.2')).toBe(channel.State.IDLE)
        expect(channel.cause()).toBe(channel.Cause.BUSY)
      }),
    )
    const call = await bob.expectCall()
    call.respond(180)
    await sim.clock.sleep(3000)
    call.respond(486)
    expect(await calling).toMatchObject({ returnCode: 0 })
  }),
)
