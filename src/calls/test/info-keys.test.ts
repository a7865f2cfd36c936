import { expect, test } from 'vitest'
import { utf8Decode } from '../../kit/index.ts'
import { type PeerCall, type Simulation, withSimulation } from '../../testing/index.ts'
import { type AppFunction, inbound } from '../index.ts'

const US = '192.0.2.1'
const THEM = '192.0.2.2'

/** A call from a telephone to `app`, which runs as soon as it stands. */
async function callTo(sim: Simulation, app: AppFunction, telephoneEvent: number | null = null) {
  const us = sim.exchange(US, {
    services: {
      app: inbound(async (channel, context) => {
        await channel.answer()
        await channel.dtmfDetector.getDigits({ count: 1, timeoutMs: 500 })
        return app(channel, context)
      }),
    },
  })
  const call = sim.peer(THEM).invite(`sip:app@${US}`, { sdp: { telephoneEvent } })
  await call.expectResponse(200)
  call.ack()
  return { us, call }
}

async function pressByInfo(call: PeerCall, key: string): Promise<void> {
  call.request('INFO', { body: `Signal=${key}`, contentType: 'application/dtmf-relay' })
  await call.expectResponse(200)
}

test(
  'a far end that presses keys by INFO is pressed keys by INFO, one after the other',
  withSimulation({}, async (sim) => {
    const seen: unknown[] = []
    const { us, call } = await callTo(sim, async (channel) => {
      seen.push(await channel.dtmfPlayer.play('5#,d'), channel.dtmfPlayer.cause())
    })
    await pressByInfo(call, '1')
    const sent: [atMs: number, body: string][] = []
    for (let i = 0; i < 3; i++) {
      const info = await call.expect('INFO')
      expect(info.headers.get('content-type')).toBe('application/dtmf-relay')
      sent.push([sim.now, utf8Decode(info.body)])
      await sim.clock.sleep(100)
      call.respond(200, {}, info)
    }
    call.respond(200, {}, await call.expect('BYE'))
    await sim.clock.runUntilIdle()
    expect(sent.map(([, body]) => body)).toEqual(['5', '#', 'D'].map((key) => `Signal=${key}\r\nDuration=160\r\n`))
    // The answer, the press and a pause lie between two keys, and half a second for the comma.
    expect(sent[1]![0] - sent[0]![0]).toBeGreaterThanOrEqual(320)
    expect(sent[2]![0] - sent[1]![0]).toBeGreaterThanOrEqual(820)
    expect(seen).toEqual(['NORMAL', 'NORMAL'])
    expect(us.alive).toBe(0)
  }),
)

test(
  'a far end that agreed to events gets them, however it presses keys itself, unless INFO is asked for',
  withSimulation({}, async (sim) => {
    const seen: unknown[] = []
    const { us, call } = await callTo(
      sim,
      async (channel) => {
        seen.push(await channel.dtmfPlayer.play('5'))
        seen.push(await channel.dtmfPlayer.play('6', { via: 'info' }))
        expect(() => channel.dtmfPlayer.start('7', { via: 'morse' as 'info' })).toThrow(/"morse"/)
      },
      101,
    )
    await pressByInfo(call, '1')
    const info = await call.expect('INFO')
    expect(utf8Decode(info.body)).toContain('Signal=6')
    call.respond(200, {}, info)
    call.respond(200, {}, await call.expect('BYE'))
    await sim.clock.runUntilIdle()
    expect(seen).toEqual(['NORMAL', 'NORMAL'])
    expect(us.alive).toBe(0)
  }),
)

test(
  'keys by INFO that are refused end with ERROR, those that are stopped with ABORTED, and with the call',
  withSimulation({}, async (sim) => {
    const seen: unknown[] = []
    const { us, call } = await callTo(sim, async (channel) => {
      seen.push(await channel.dtmfPlayer.play('12', { via: 'info' }), channel.dtmfPlayer.error()?.message)
      channel.dtmfPlayer.start('34', { via: 'info' })
      await sim.clock.sleep(100)
      seen.push(await channel.dtmfPlayer.stop())
      seen.push(await channel.dtmfPlayer.play('56', { via: 'info' }))
    })
    call.respond(415, {}, await call.expect('INFO'))
    call.respond(200, {}, await call.expect('INFO'))
    await call.expect('INFO')
    call.bye()
    await call.expectResponse(200)
    await sim.clock.runUntilIdle()
    expect(seen).toEqual(['ERROR', 'the far end takes no keys by INFO: 415', 'ABORTED', 'HANGUP'])
    expect(us.alive).toBe(0)
    expect(us.instances[0]?.error).toBeUndefined()
  }),
)
