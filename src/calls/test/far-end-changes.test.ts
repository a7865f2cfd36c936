import { describe, expect, test } from 'vitest'
import { type SimulatedHost, withSimulation } from '../../testing/index.ts'
import { type AppFunction, inbound } from '../index.ts'
import { answeredCall, hangsUp, type Line, sdpOf, store, THEM, US } from './answered-call.ts'

/** The far end asks for a change, and says what we answered. */
async function changes({ call }: Line, sdp: NonNullable<Parameters<Line['call']['reinvite']>[0]>['sdp']) {
  call.reinvite({ sdp: sdp ?? true })
  const answer = await call.expectResponse(200)
  call.ack()
  return sdpOf(answer)
}

/** Counts the packets that come to a port, by payload type. */
function listen(host: SimulatedHost, port: number): Map<number, number> {
  const heard = new Map<number, number>()
  host.bindUdp(port, {
    onDatagram: (bytes) => {
      const payloadType = (bytes[1] as number) & 0x7f
      // RTCP is none of ours here.
      if (payloadType < 72 || payloadType > 76) heard.set(payloadType, (heard.get(payloadType) ?? 0) + 1)
    },
  })
  return heard
}

const talksOn = async (line: Line) => {
  line.call.bye()
  await line.call.expectResponse(200)
  await line.expectClean()
}

describe('a far end that holds us', () => {
  const spellings = [
    ['sendonly', { direction: 'sendonly' }, 'recvonly'],
    ['inactive', { direction: 'inactive' }, 'inactive'],
    ['the address 0.0.0.0 (RFC 2543)', { address: '0.0.0.0' }, 'recvonly'],
  ] as const
  for (const [name, sdp, answered] of spellings) {
    test(
      `with ${name}: ON_HOLD, and ANSWERED when it takes us back; digits by INFO and what is played go on`,
      withSimulation({}, async (sim) => {
        const seen: unknown[] = []
        const line = await answeredCall(sim, async (channel) => {
          channel.filePlayer.start('700.wav')
          const digits = channel.dtmfDetector.getDigits({ count: 1 })
          await sim.clock.sleep(500)
          seen.push(channel.state(), channel.filePlayer.state())
          // Two seconds of prompt last two seconds, heard or not.
          const startedAt = sim.now
          seen.push(await channel.filePlayer.waitUntilFinished())
          expect(sim.now - startedAt).toBeGreaterThan(1000)
          expect(sim.now - startedAt).toBeLessThan(2000)
          seen.push(await channel.tonePlayer.play('BEEP'), channel.state(), await digits)
          await channel.waitForIdle()
        })
        expect((await changes(line, { ...sdp, version: 2 })).direction).toBe(answered)
        await sim.clock.sleep(5000)
        line.call.request('INFO', { body: 'Signal=5\r\n', contentType: 'application/dtmf-relay' })
        await line.call.expectResponse(200)
        await sim.clock.sleep(1000)
        expect((await changes(line, { direction: 'sendrecv', version: 3 })).direction).toBe('sendrecv')
        await talksOn(line)
        expect(seen).toEqual(['ON_HOLD', 'RUNNING', 'NORMAL', 'NORMAL', 'ON_HOLD', '5'])
        expect(line.story).toEqual(['ON_HOLD', 'farEndHold', 'ANSWERED', 'farEndRetrieve', 'IDLE'])
      }),
    )
  }

  test(
    'by UPDATE (RFC 3311) holds us just so',
    withSimulation({}, async (sim) => {
      const line = await answeredCall(sim, (channel) => channel.waitForIdle().then(() => {}))
      for (const direction of ['sendonly', 'sendrecv'] as const) {
        line.call.request('UPDATE', { sdp: { direction } })
        await line.call.expectResponse(200)
        await sim.clock.sleep(1000)
      }
      await talksOn(line)
      expect(line.story).toEqual(['ON_HOLD', 'farEndHold', 'ANSWERED', 'farEndRetrieve', 'IDLE'])
    }),
  )

  test(
    'hears nothing of what is played meanwhile, and the rest of it afterwards',
    withSimulation({}, async (sim) => {
      const line = await answeredCall(sim, async (channel) => {
        await channel.filePlayer.play('700.wav')
        await channel.filePlayer.play('700.wav')
        await channel.waitForIdle()
      })
      const heard = listen(sim.host(THEM), 40_000)
      const sound = () => heard.get(0) ?? 0
      await sim.clock.sleep(500)
      await changes(line, { direction: 'inactive', version: 2 })
      const before = sound()
      expect(before).toBeGreaterThan(20)
      await sim.clock.sleep(2000)
      expect(sound()).toBe(before)
      await changes(line, { direction: 'sendrecv', version: 3 })
      await sim.clock.sleep(3000)
      expect(sound() - before).toBeGreaterThan(60)
      expect(sound() - before).toBeLessThan(110)
      await talksOn(line)
    }),
  )

  test(
    'is not missed when it sends nothing, however long; afterwards it is',
    withSimulation({}, async (sim) => {
      const line = await answeredCall(sim, (channel) => channel.waitForIdle().then(() => {}), { rtpTimeoutMs: 5000 })
      await changes(line, { direction: 'sendonly', version: 2 })
      await sim.clock.sleep(60_000)
      expect(line.story).toEqual(['ON_HOLD', 'farEndHold'])
      await changes(line, { direction: 'sendrecv', version: 3 })
      await hangsUp(line)
      await line.expectClean()
      expect(line.ringdown.calls[0]).toMatchObject({ cause: 'TIMEOUT', endedBy: 'network' })
    }),
  )

  test(
    'from the start, by its first offer: answered, then on hold',
    withSimulation({}, async (sim) => {
      const states: string[] = []
      const ringdown = sim.exchange(US, {
        name: 'ringdown',
        services: {
          app: inbound(async (channel) => {
            channel.on('state', ({ state }) => states.push(state))
            expect(await channel.answer()).toBe('ANSWERED')
            await channel.waitForIdle()
          }),
        },
      })
      const call = sim.peer(THEM, { name: 'far' }).invite(`sip:app@${US}`, { sdp: { direction: 'inactive' } })
      await call.expectResponse(200)
      call.ack()
      await sim.clock.sleep(1000)
      call.reinvite({ sdp: { version: 2 } })
      await call.expectResponse(200)
      call.ack()
      await sim.clock.sleep(1000)
      call.bye()
      await call.expectResponse(200)
      await sim.clock.runUntilIdle()
      expect(states).toEqual(['ANSWERING', 'ANSWERED', 'ON_HOLD', 'ANSWERED', 'IDLE'])
      expect(ringdown.alive).toBe(0)
    }),
  )
})

describe('both ends hold', () => {
  test(
    'the far end first: our offers leave it its hold, and each end takes back its own',
    withSimulation({}, async (sim) => {
      const line = await answeredCall(sim, async (channel) => {
        await sim.clock.sleep(500)
        expect(channel.state()).toBe('ON_HOLD')
        expect(await channel.hold({ media: 'RINGBACK' })).toBe('HOLDING')
        await sim.clock.sleep(500)
        expect(await channel.retrieve()).toBe('ON_HOLD')
        await channel.waitForIdle()
      })
      const { call } = line
      await changes(line, { direction: 'sendonly', version: 2 })
      const held = await call.expect('INVITE')
      call.respond(200, { sdp: { direction: 'inactive' } }, held)
      await call.expect('ACK')
      const taken = await call.expect('INVITE')
      call.respond(200, { sdp: { direction: 'sendonly' } }, taken)
      await call.expect('ACK')
      expect([sdpOf(held).direction, sdpOf(taken).direction]).toEqual(['inactive', 'recvonly'])
      await changes(line, { direction: 'sendrecv', version: 3 })
      await talksOn(line)
      expect(line.story).toEqual(['ON_HOLD', 'farEndHold', 'HOLDING', 'ON_HOLD', 'ANSWERED', 'farEndRetrieve', 'IDLE'])
    }),
  )

  test(
    'we first: HOLDING stays, and our answers keep it',
    withSimulation({}, async (sim) => {
      const line = await answeredCall(sim, async (channel) => {
        expect(await channel.hold()).toBe('HOLDING')
        await sim.clock.sleep(1000)
        expect(await channel.retrieve()).toBe('ANSWERED')
        await channel.waitForIdle()
      })
      const { call } = line
      const held = await call.expect('INVITE')
      call.respond(200, { sdp: { direction: 'recvonly' } }, held)
      await call.expect('ACK')
      expect((await changes(line, { direction: 'inactive', version: 2 })).direction).toBe('inactive')
      // A far end that knows nothing of our hold asks for everything.
      expect((await changes(line, { direction: 'sendrecv', version: 3 })).direction).toBe('sendonly')
      const taken = await call.expect('INVITE')
      expect(sdpOf(taken).direction).toBe('sendrecv')
      call.respond(200, { sdp: {} }, taken)
      await call.expect('ACK')
      await talksOn(line)
      expect(line.story).toEqual(['HOLDING', 'farEndHold', 'farEndRetrieve', 'ANSWERED', 'IDLE'])
    }),
  )
})

describe('a far end that changes its media', () => {
  test(
    'to another codec: details and an event tell it, and the sound follows',
    withSimulation({}, async (sim) => {
      const line = await answeredCall(sim, async (channel) => {
        expect(channel.details?.codec).toBe('PCMU')
        await channel.filePlayer.play('700.wav')
        expect(channel.details?.codec).toBe('PCMA')
        await channel.waitForIdle()
      })
      const heard = listen(sim.host(THEM), 40_000)
      await sim.clock.sleep(1000)
      await changes(line, { codecs: ['PCMA'], version: 2 })
      await sim.clock.sleep(2000)
      expect(heard.get(0)).toBeGreaterThan(40)
      expect(heard.get(8)).toBeGreaterThan(40)
      await talksOn(line)
      expect(line.story).toEqual(['PCMA', 'IDLE'])
      expect(line.ringdown.calls[0]).toMatchObject({ codec: 'PCMA' })
    }),
  )

  test(
    'to another address and port: the sound follows at once',
    withSimulation({}, async (sim) => {
      const line = await answeredCall(sim, async (channel) => {
        await channel.filePlayer.play('700.wav')
        await channel.waitForIdle()
      })
      const elsewhere = '192.0.2.9'
      const before = listen(sim.host(THEM), 40_000)
      const after = listen(sim.host(elsewhere), 5000)
      await sim.clock.sleep(1000)
      await changes(line, { address: elsewhere, port: 5000, version: 2 })
      const last = before.get(0) ?? 0
      await sim.clock.sleep(2000)
      expect(last).toBeGreaterThan(40)
      expect((before.get(0) ?? 0) - last).toBeLessThan(3)
      expect(after.get(0)).toBeGreaterThan(40)
      await talksOn(line)
      expect(line.story).toEqual(['IDLE'])
    }),
  )

  test(
    'to what we cannot do: 488, and the call goes on as it was',
    withSimulation({}, async (sim) => {
      const line = await answeredCall(sim, async (channel) => {
        await sim.clock.sleep(1000)
        expect(await channel.tonePlayer.play('BEEP')).toBe('NORMAL')
        await channel.waitForIdle()
      })
      line.call.reinvite({
        body: 'v=0\r\no=- 1 2 IN IP4 192.0.2.2\r\ns=-\r\nc=IN IP4 192.0.2.2\r\nt=0 0\r\nm=audio 40000 RTP/AVP 3\r\n',
        contentType: 'application/sdp',
      })
      await line.call.expectResponse(488)
      await sim.clock.sleep(3000)
      await talksOn(line)
      expect(line.story).toEqual(['IDLE'])
    }),
  )

  test(
    'to no stream at all, and back: a hold, in which nothing is sent (RFC 3264 section 8.2)',
    withSimulation({}, async (sim) => {
      const line = await answeredCall(sim, async (channel) => {
        channel.filePlayer.start('700.wav', { loop: true })
        await channel.waitForIdle()
      })
      let datagrams = 0
      // RTP and RTCP.
      for (const port of [40_000, 40_001]) sim.host(THEM).bindUdp(port, { onDatagram: () => datagrams++ })
      await sim.clock.sleep(1000)
      line.call.reinvite({ sdp: { port: 0, version: 2 } })
      expect(sdpOf(await line.call.expectResponse(200)).port).toBe(0)
      line.call.ack()
      await sim.clock.sleep(100)
      const before = datagrams
      expect(before).toBeGreaterThan(40)
      await sim.clock.sleep(20_000)
      expect(datagrams).toBe(before)
      await changes(line, { version: 3 })
      await sim.clock.sleep(1000)
      expect(datagrams).toBeGreaterThan(before + 40)
      await talksOn(line)
      expect(line.story).toEqual(['ON_HOLD', 'farEndHold', 'ANSWERED', 'farEndRetrieve', 'IDLE'])
    }),
  )

  test(
    'by a re-INVITE without an offer: ours asks for everything again, and the ACK may hold us',
    withSimulation({}, async (sim) => {
      const line = await answeredCall(sim, (channel) => channel.waitForIdle().then(() => {}))
      await changes(line, { direction: 'sendonly', version: 2 })
      for (const direction of ['sendonly', 'sendrecv'] as const) {
        line.call.reinvite({ body: '' })
        expect(sdpOf(await line.call.expectResponse(200)).direction).toBe('sendrecv')
        line.call.ack({ sdp: { direction, codecs: ['PCMA'] } })
        await sim.clock.sleep(100)
      }
      await talksOn(line)
      expect(line.story).toEqual(['ON_HOLD', 'farEndHold', 'PCMA', 'ANSWERED', 'farEndRetrieve', 'IDLE'])
    }),
  )
})

test(
  'BYE that crosses our hold ends the call once, whoever is first',
  withSimulation({}, async (sim) => {
    const line = await answeredCall(sim, async (channel) => {
      const holding = channel.hold()
      await channel.hangUp()
      expect(await holding).toBe('IDLE')
    })
    await line.call.expect('INVITE')
    line.call.bye()
    const bye = await line.call.expect('BYE')
    line.call.respond(200, {}, bye)
    await line.expectClean()
    expect(line.ringdown.calls[0]).toMatchObject({ cause: 'NORMAL', endedBy: 'local' })
  }),
)

test(
  'a hold of one end of two connected channels: nothing reaches it, and afterwards both hear each other again',
  withSimulation({}, async (sim) => {
    const callee = sim.exchange('192.0.2.3', {
      name: 'callee',
      files: store(),
      services: {
        '*': inbound(async (channel) => {
          await channel.answer()
          channel.filePlayer.start('1300.wav', { loop: true })
          await channel.waitForIdle()
        }),
      },
    })
    const app: AppFunction = async (first, { extraChannels }) => {
      await first.answer()
      const second = extraChannels[0]
      expect(await second?.call('sip:x@192.0.2.3')).toBe('ANSWERED')
      expect(await first.connect(second as NonNullable<typeof second>)).toBe(true)
      await expect(first.hold()).rejects.toThrow(/hold cannot start: a connection to another channel/)
      await first.waitForIdle()
    }
    const ringdown = sim.exchange(US, { name: 'ringdown', services: { app: inbound(app) } })
    const peer = sim.peer(THEM, { name: 'far' })
    const heard = listen(sim.host(THEM), 40_000)
    const call = peer.invite(`sip:app@${US}`, { sdp: {} })
    await call.expectResponse(200)
    call.ack()
    await sim.clock.sleep(2000)
    const counts: number[] = []
    for (const direction of ['inactive', 'sendrecv'] as const) {
      call.reinvite({ sdp: { direction, version: 2 + counts.length } })
      await call.expectResponse(200)
      call.ack()
      const before = heard.get(0) ?? 0
      await sim.clock.sleep(1000)
      counts.push((heard.get(0) ?? 0) - before)
    }
    call.bye()
    await call.expectResponse(200)
    await sim.clock.runUntilIdle()
    expect(counts[0]).toBeLessThan(3)
    expect(counts[1]).toBeGreaterThan(40)
    expect(ringdown.instances[0]?.error).toBeUndefined()
    expect([ringdown.alive, callee.alive]).toEqual([0, 0])
  }),
)
