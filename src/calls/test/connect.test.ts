import { expect, test } from 'vitest'
import { toneLevelDbm0 } from '../../media/index.ts'
import { MemoryMediaStore, type SimulatedExchange, type Simulation, withSimulation } from '../../testing/index.ts'
import { type AppFunction, type Channel, inbound, outbound } from '../index.ts'

const US = '192.0.2.1'
const THEM = '192.0.2.2'
const CALLER = '192.0.2.3'

interface World {
  readonly ringdown: SimulatedExchange
  readonly callee: SimulatedExchange
  readonly caller: SimulatedExchange
}

/** Somebody calls us; we answer, call somebody else on the first extra channel, and run `app` with both. */
async function between(
  sim: Simulation,
  app: (first: Channel, second: Channel, third: Channel) => Promise<void>,
  ends: { caller: AppFunction; callee: AppFunction },
): Promise<World> {
  const callee = sim.exchange(THEM, {
    name: 'callee',
    files: store(),
    services: {
      '*': inbound(async (channel, context) => {
        await channel.answer()
        return ends.callee(channel, context)
      }),
    },
  })
  const ringdown = sim.exchange(US, {
    name: 'ringdown',
    files: store(),
    services: {
      app: inbound(async (first, { extraChannels }) => {
        await first.answer()
        const second = extraChannels[0] as Channel
        expect(await second.call(`sip:x@${THEM}`)).toBe('ANSWERED')
        await app(first, second, extraChannels[1] as Channel)
      }),
    },
  })
  const caller = sim.exchange(CALLER, { name: 'caller', files: store() })
  const record = await caller.startOutbound(
    outbound(async (channel, context) => {
      expect(await channel.call(`sip:app@${US}`)).toBe('ANSWERED')
      return ends.caller(channel, context)
    }),
  )
  await sim.clock.runUntilIdle()
  expect([record.error, ringdown.instances[0]?.error, callee.instances[0]?.error]).toEqual([
    undefined,
    undefined,
    undefined,
  ])
  expect([ringdown.alive, callee.alive, caller.alive]).toEqual([0, 0, 0])
  return { ringdown, callee, caller }
}

function store(): MemoryMediaStore {
  const files = new MemoryMediaStore()
  for (const hz of [700, 1300]) {
    const data = Int16Array.from({ length: 24_000 }, (_, i) => 8000 * Math.sin((2 * Math.PI * hz * i) / 8000))
    files.put(`${hz}.wav`, { encoding: 'pcm16', sampleRateHz: 8000, data })
  }
  return files
}

function speaksAndRecords(file: string): AppFunction {
  return async (channel) => {
    channel.fileRecorder.start('heard.wav')
    await channel.filePlayer.play(file)
    await channel.waitForIdle({ timeoutMs: 5000 })
  }
}

function loudness(exchange: SimulatedExchange, name: string, frequencyHz: number): number {
  const samples = exchange.files.recording(name) as Int16Array
  return toneLevelDbm0(samples.subarray(8000, 16_000), frequencyHz)
}

test(
  'connected channels hear each other and not themselves; receivers go on, transmitters are refused',
  withSimulation({}, async (sim) => {
    const seen: unknown[] = []
    const world = await between(
      sim,
      async (first, second) => {
        expect(await first.connect(second)).toBe(true)
        seen.push(first.details?.connectedId === second.details?.callId)
        seen.push(second.details?.connectedId === first.details?.callId)
        first.fileRecorder.start('middle.wav', { timeoutMs: 2500 })
        await expect(first.filePlayer.play('700.wav')).rejects.toThrow(/a connection to another channel/)
        await expect(second.connect(first)).rejects.toThrow(/a connection to another channel/)
        await expect(first.connect(first)).rejects.toThrow(/itself/)
        seen.push(await first.fileRecorder.waitUntilFinished())
        await first.disconnect()
        seen.push(first.details?.connectedId, await first.tonePlayer.play('BEEP'))
        await first.waitForIdle()
      },
      { caller: speaksAndRecords('700.wav'), callee: speaksAndRecords('1300.wav') },
    )
    expect(seen).toEqual([true, true, 'TIMEOUT', undefined, 'NORMAL'])
    expect(loudness(world.caller, 'heard.wav', 1300)).toBeGreaterThan(-15)
    expect(loudness(world.caller, 'heard.wav', 700)).toBeLessThan(-40)
    expect(loudness(world.callee, 'heard.wav', 700)).toBeGreaterThan(-15)
    expect(loudness(world.callee, 'heard.wav', 1300)).toBeLessThan(-40)
    expect(loudness(world.ringdown, 'middle.wav', 700)).toBeGreaterThan(-15)
  }),
)

test(
  'digits pass a connection, and are still collected in the middle',
  withSimulation({}, async (sim) => {
    const seen: string[] = []
    await between(
      sim,
      async (first, second) => {
        await first.connect(second)
        seen.push(`middle ${await first.dtmfDetector.getDigits({ count: 3 })}`)
        await first.waitForIdle()
      },
      {
        caller: async (channel) => {
          await sim.clock.sleep(500)
          await channel.dtmfPlayer.play('147')
          await sim.clock.sleep(1000)
        },
        callee: async (channel) => {
          seen.push(`end ${await channel.dtmfDetector.getDigits({ count: 3 })}`)
          await channel.waitForIdle()
        },
      },
    )
    expect(seen.sort()).toEqual(['end 147', 'middle 147'])
  }),
)

test(
  'either end that hangs up breaks the connection; the other goes on with the application',
  withSimulation({}, async (sim) => {
    const seen: unknown[] = []
    await between(
      sim,
      async (first, second) => {
        const broken = new Promise<void>((resolve) => first.on('disconnected', () => resolve()))
        await first.connect(second)
        await broken
        await second.waitForIdle()
        seen.push(first.state(), second.state(), first.details?.connectedId)
        seen.push(await first.tonePlayer.play('BEEP'))
        await expect(first.connect(second)).rejects.toMatchObject({ code: 'RINGDOWN_HANGUP' })
      },
      {
        caller: async (channel) => {
          await channel.waitForIdle()
        },
        callee: async () => {
          await sim.clock.sleep(1000)
        },
      },
    )
    expect(seen).toEqual(['ANSWERED', 'IDLE', undefined, 'NORMAL'])
  }),
)

test(
  'a connection that is made the moment another one breaks lasts, whatever is still said of the first',
  withSimulation({}, async (sim) => {
    const seen: unknown[] = []
    let calls = 0
    await between(
      sim,
      async (first, second, third) => {
        expect(await third.call(`sip:y@${THEM}`)).toBe('ANSWERED')
        await first.connect(second)
        const next = new Promise<boolean>((resolve) => {
          const stop = first.on('disconnected', () => {
            stop()
            resolve(first.connect(third))
          })
        })
        seen.push(await next)
        await sim.clock.sleep(1000)
        seen.push(first.details?.connectedId === third.details?.callId, second.state())
        await first.disconnect()
        seen.push(first.details?.connectedId, await first.tonePlayer.play('BEEP'))
      },
      {
        caller: async (channel) => {
          await channel.waitForIdle()
        },
        // The second is hung up on, the third stays.
        callee: async (channel) => {
          await channel.waitForIdle({ timeoutMs: calls++ === 0 ? 3000 : 60_000 })
        },
      },
    )
    expect(seen).toEqual([true, true, 'IDLE', undefined, 'NORMAL'])
  }),
)
