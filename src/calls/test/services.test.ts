import { describe, expect, test } from 'vitest'
import { Counters, seededRandom } from '../../kit/index.ts'
import { toneLevelDbm0 } from '../../media/index.ts'
import { DigestServer, type EndpointCounter } from '../../sip/index.ts'
import {
  type SimulatedExchange,
  type SimulatedExchangeOptions,
  type Simulation,
  withSimulation,
} from '../../testing/index.ts'
import { type AppFunction, type CallDetails, inbound, outbound } from '../index.ts'

const US = '192.0.2.1'

/** Runs an outbound application on an exchange with the service `desk`, and says what was left of both. */
async function run(
  sim: Simulation,
  desk: AppFunction,
  app: AppFunction,
  options: Partial<SimulatedExchangeOptions> = {},
): Promise<SimulatedExchange> {
  const ringdown = sim.exchange(US, { name: 'ringdown', services: { desk: inbound(desk) }, ...options })
  const record = await ringdown.startOutbound(outbound(app))
  await sim.clock.runUntilIdle()
  expect([record.error, ...ringdown.instances.map(({ error }) => error)].filter(Boolean)).toEqual([])
  expect(ringdown.alive).toBe(0)
  return ringdown
}

describe('an application calls a service of its own exchange', () => {
  test(
    'both speak and hear, and nothing but sound goes over the network',
    withSimulation({}, async (sim) => {
      let theirs: CallDetails | undefined
      const ringdown = await run(
        sim,
        async (channel) => {
          await channel.ring()
          await channel.answer()
          theirs = channel.details
          channel.tonePlayer.start('RINGBACK_EU', { loop: true })
          await channel.fileRecorder.record('heard-by-desk.wav', { timeoutMs: 3000 })
          await channel.waitForIdle()
          expect(channel.details).toMatchObject({ cause: 'NORMAL', endedBy: 'remote' })
        },
        async (channel) => {
          const states: string[] = []
          channel.on('state', ({ state }) => states.push(state))
          expect(await channel.call('service:desk', { from: 'sip:boss@example.com' })).toBe('ANSWERED')
          expect(states).toEqual(['CALL_OUTGOING', 'RING_OUTGOING', 'ANSWERED'])
          channel.tonePlayer.start('BEEP', { loop: true })
          await channel.fileRecorder.record('heard-by-caller.wav', { timeoutMs: 3000 })
          expect(await channel.hangUp()).toBe('IDLE')
        },
      )
      expect(theirs).toMatchObject({ direction: 'inbound', from: 'sip:boss@example.com', target: 'service:desk' })
      expect(ringdown.calls.map(({ direction, target, cause }) => [direction, target, cause]).sort()).toEqual([
        ['inbound', 'service:desk', 'NORMAL'],
        ['outbound', 'service:desk', 'NORMAL'],
      ])
      const level = (name: string, hz: number) =>
        toneLevelDbm0((ringdown.files.recording(name) as Int16Array).subarray(1600, 7600), hz)
      expect(level('heard-by-caller.wav', 425)).toBeGreaterThan(-30)
      expect(ringdown.files.recording('heard-by-desk.wav')?.some((sample) => Math.abs(sample) > 500)).toBe(true)
      // The ladder shows messages and streams; of these there are two, and no message.
      expect(String(sim.ladder).trim().split('\n').slice(1)).toEqual([
        expect.stringContaining('RTP'),
        expect.stringContaining('RTP'),
      ])
    }),
  )

  test(
    'the service refuses, is not there, or is an application for the other direction',
    withSimulation({}, async (sim) => {
      const outcomes: unknown[] = []
      await run(
        sim,
        async (channel) => {
          await channel.reject('BUSY')
        },
        async (channel) => {
          for (const name of ['desk', 'nobody', 'wrong']) {
            await channel.call(`service:${name}`)
            outcomes.push([channel.cause(), channel.details?.rawCause])
          }
        },
      )
      expect(outcomes).toEqual([
        ['BUSY', 486],
        ['UNOBTAINABLE', 404],
        ['UNOBTAINABLE', 404],
      ])
    }),
  )

  test(
    'keys pass, hold passes, and the service hangs up',
    withSimulation({}, async (sim) => {
      let digits = ''
      await run(
        sim,
        async (channel) => {
          await channel.answer()
          digits = await channel.dtmfDetector.getDigits({ count: 3, timeoutMs: 10_000 })
          await channel.hangUp()
        },
        async (channel) => {
          await channel.call('service:desk')
          expect(await channel.hold()).toBe('HOLDING')
          expect(await channel.retrieve()).toBe('ANSWERED')
          await channel.dtmfPlayer.play('42#')
          await channel.waitForIdle()
          expect(channel.details).toMatchObject({ cause: 'NORMAL', endedBy: 'remote' })
        },
      )
      expect(digits).toBe('42#')
    }),
  )

  test(
    'it needs no password, though everybody else does, and is not told in SRTP what does not leave the house',
    withSimulation({}, async (sim) => {
      const server = new DigestServer({ realm: 'x', random: seededRandom(1), lookup: () => undefined })
      const counters = new Counters<EndpointCounter>()
      await run(
        sim,
        async (channel) => {
          await channel.answer()
          await channel.waitForIdle()
        },
        async (channel) => {
          expect(await channel.call('service:desk')).toBe('ANSWERED')
          await channel.hangUp()
        },
        { sip: { counters, authentication: { requires: () => true, server } }, exchange: { srtp: 'required' } },
      )
      expect(counters.get('challengedRequests')).toBe(0)
      const stranger = sim.peer('192.0.2.9', { name: 'stranger' })
      await stranger.invite(`sip:desk@${US}`, { sdp: true }).expectResponse(401)
    }),
  )

  test(
    'the caller gives up while it rings',
    withSimulation({}, async (sim) => {
      const ringdown = await run(
        sim,
        async (channel) => {
          await channel.ring()
          await channel.waitForIdle()
        },
        async (channel) => {
          await channel.call('service:desk', { timeoutMs: 2000 })
          expect(channel.cause()).toBe('TIMEOUT')
        },
      )
      expect(ringdown.calls.map(({ direction, rawCause }) => [direction, rawCause]).sort()).toEqual([
        ['inbound', 487],
        ['outbound', 487],
      ])
    }),
  )

  test(
    'calls that go in circles end by Max-Forwards',
    withSimulation({}, async (sim) => {
      let calls = 0
      const counters = new Counters<EndpointCounter>()
      await run(
        sim,
        async (channel, { extraChannels }) => {
          calls++
          await extraChannels[0]?.call('service:desk')
          await channel.reject('CONGESTION')
        },
        async (channel) => {
          await channel.call('service:desk')
          expect(channel.cause()).toBe('CONGESTION')
        },
        { sip: { counters } },
      )
      expect(calls).toBe(70)
      expect(counters.get('refusedRequests')).toBe(1)
    }),
  )
})

test(
  'nobody outside can name the inside of the exchange',
  withSimulation({}, async (sim) => {
    const ringdown = sim.exchange(US, {
      name: 'ringdown',
      services: { desk: inbound((channel) => void channel.reject()) },
    })
    const other = sim.exchange('192.0.2.2', { name: 'other' })
    let uri = ''
    await other.startOutbound(
      outbound(async (channel) => {
        await channel.call('service:x')
        uri = channel.details?.target ?? ''
      }),
    )
    expect(uri).toBe('service:x')
    // Not even by a redirection that may lead anywhere: that of another exchange is not ours.
    const far = sim.peer('192.0.2.3', { name: 'far' })
    const calling = ringdown.startOutbound(
      outbound(async (channel) => {
        await channel.call('sip:a@192.0.2.3', { redirects: { follow: 3, hosts: ['*'] }, timeoutMs: 3000 })
        expect(channel.state()).toBe('IDLE')
      }),
    )
    const call = await far.expectCall()
    call.respond(302, { headers: [['Contact', '<sip:desk@[100::1:2:3:4]:5060;transport=tcp>']] })
    await calling
    await sim.clock.runUntilIdle()
    expect(ringdown.instances.filter(({ direction }) => direction === 'inbound')).toEqual([])
  }),
)
