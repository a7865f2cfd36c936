import { expect, test } from 'vitest'
import { codecNamed, toneLevelDbm0 } from '../../media/index.ts'
import { MemoryMediaStore, type SimulatedHost, type Simulation, withSimulation } from '../../testing/index.ts'
import { inbound } from '../index.ts'

const US = '192.0.2.1'
const CALLER = '192.0.2.2'
const NAT = '198.51.100.9'
const STRANGER = '203.0.113.66'

/** Says a tone from a host, in a stream of its own, until the function that is returned is called. */
function speak(
  sim: Simulation,
  host: SimulatedHost,
  frequencyHz: number,
  to: { address: string; port: number },
): { stop(): void; heard(): number } {
  let heard = 0
  const socket = host.bindUdp(9000, { onDatagram: () => heard++ })
  const ssrc = sim.random(`ssrc ${host.address}`).uint32()
  const samples = Int16Array.from({ length: 160 }, (_, i) => 8000 * Math.sin((2 * Math.PI * frequencyHz * i) / 8000))
  let running = true
  let sequence = 0
  const next = (): void => {
    if (!running) return
    const bytes = new Uint8Array(172)
    const view = new DataView(bytes.buffer)
    view.setUint8(0, 0x80)
    view.setUint16(2, sequence & 0xffff)
    view.setUint32(4, sequence * 160)
    view.setUint32(8, ssrc)
    codecNamed('PCMU').encodeInto(samples, 0, 160, bytes, 12)
    sequence++
    socket.send(bytes, to)
    sim.clock.after(20, next)
  }
  next()
  return {
    stop: () => {
      running = false
    },
    heard: () => heard,
  }
}

test(
  'the caller says 10.0.0.5, its NAT sends from elsewhere, a third listens in vain: the second is heard and answered',
  withSimulation({}, async (sim) => {
    const files = new MemoryMediaStore()
    files.put('long.wav', { encoding: 'pcm16', sampleRateHz: 8000, data: new Int16Array(40_000).fill(500) })
    const ringdown = sim.exchange(US, {
      name: 'ringdown',
      files,
      services: {
        app: inbound(async (channel) => {
          await channel.answer()
          channel.fileRecorder.start('heard.wav')
          await channel.filePlayer.play('long.wav')
          await channel.hangUp()
        }),
      },
    })
    const caller = sim.peer(CALLER, { name: 'caller', mediaAddress: '10.0.0.5', mediaPort: 4000 })
    const call = caller.invite(`sip:app@${US}`, { sdp: {} })
    const answer = await call.expectResponse(200)
    call.ack()
    const port = Number(/m=audio (\d+)/.exec(new TextDecoder().decode(answer.body))?.[1])
    const second = speak(sim, sim.host(NAT, 'nat'), 700, { address: US, port })
    await sim.clock.sleep(100)
    const third = speak(sim, sim.host(STRANGER, 'stranger'), 1300, { address: US, port })
    const bye = await call.expect('BYE')
    second.stop()
    third.stop()
    caller.respond(bye, 200)
    await sim.clock.runUntilIdle()
    const heard = (files.recording('heard.wav') as Int16Array).subarray(8000, 24_000)
    expect(toneLevelDbm0(heard, 700)).toBeGreaterThan(-20)
    expect(toneLevelDbm0(heard, 1300)).toBeLessThan(-50)
    expect(second.heard()).toBeGreaterThan(200)
    expect(third.heard()).toBe(0)
    expect(ringdown.engine.counters.get('packetsRefused')).toBeGreaterThan(200)
    expect(ringdown.alive).toBe(0)
  }),
)
