import { MediaEngine, type MediaEvent } from '../../media/index.ts'
import { mediaContract } from '../../media/test/contract.ts'
import { SimulatedMediaIo, simulate } from '../index.ts'

mediaContract('engine on the simulated network', async () => {
  const address = '192.0.2.1'
  const sim = simulate({ conditions: { latencyMs: 1 } })
  const events: MediaEvent[] = []
  const engine = new MediaEngine({ io: new SimulatedMediaIo(sim.host(address)), random: sim.random('media') })
  const driver = sim.clock.drive(engine, { name: 'media', onOutput: (event) => events.push(event) })
  return {
    address,
    foreignAddress: '192.0.2.99',
    events,
    send: (command) => driver.handle(command),
    pass: (durationMs) => sim.clock.runFor(durationMs),
    waitUntil: (until, withinMs) => sim.clock.runUntil(until, { maxVirtualMs: withinMs }),
    async close() {},
  }
})
