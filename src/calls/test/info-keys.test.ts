import { expect, test } from 'vitest'
import { utf8Decode } from '../../kit/index.ts'
import { type PeerCall, type Simulation, withSimulation } from '../../testing/index.ts'
import { type AppFunction, type Channel, inbound } from '../index.ts'

const US = '192.0.2.1'
const THEM = '192.0.2.2'
const CALLEE = '192.0.2.3'

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

/** Somebody calls us with events agreed on; we call somebody else and connect the two. */
function connecting(sim: Simulation) {
  const us = sim.exchange(US, {
    services: {
      app: inbound(async (first, { extraChannels }) => {
        await first.answer()
        const second = extraChannels[0] as Channel
        expect(await second.call(`sip:x@${CALLEE}`)).toBe('ANSWERED')
        expect(await first.connect(second)).toBe(true)
        await first.waitForIdle()
      }),
    },
  })
  return { us, call: sim.peer(THEM).invite(`sip:app@${US}`, { sdp: { telephoneEvent: 101 } }) }
}

test(
  'keys by INFO pass a connection as events to one who agreed to them',
  withSimulation({}, async (sim) => {
    let heard = ''
    const callee = sim.exchange(CALLEE, {
      name: 'callee',
      services: {
        '*': inbound(async (channel) => {
          await channel.answer()
          heard = await channel.dtmfDetector.getDigits({ count: 3, timeoutMs: 5000 })
          await channel.waitForIdle()
        }),
      },
    })
    const { us, call } = connecting(sim)
    await call.expectResponse(200)
    call.ack()
    await sim.clock.sleep(300)
    for (const key of ['1', '1', '#']) await pressByInfo(call, key)
    await sim.clock.sleep(2000)
    call.bye()
    await call.expectResponse(200)
    await sim.clock.runUntilIdle()
    expect(heard).toBe('11#')
    expect([us.alive, callee.alive]).toEqual([0, 0])
  }),
)

test(
  'keys by INFO pass a connection by INFO, one after the other, to one who presses keys so itself',
  withSimulation({}, async (sim) => {
    const far = sim.peer(CALLEE)
    const { us, call } = connecting(sim)
    await call.expectResponse(200)
    call.ack()
    const second = await far.expectCall()
    second.respond(200, { sdp: { telephoneEvent: null } })
    await second.expect('ACK')
    await sim.clock.sleep(300)
    await pressByInfo(second, '9')
    for (const key of ['1', '1', '#']) await pressByInfo(call, key)
    const heard: string[] = []
    for (let i = 0; i < 3; i++) {
      const info = await second.expect('INFO')
      heard.push(utf8Decode(info.body).slice(0, 8))
      second.respond(200, {}, info)
    }
    await sim.clock.sleep(1000)
    call.bye()
    await call.expectResponse(200)
    second.respond(200, {}, await second.expect('BYE'))
    await sim.clock.runUntilIdle()
    expect(heard).toEqual(['Signal=1', 'Signal=1', 'Signal=#'])
    expect(us.alive).toBe(0)
  }),
)
