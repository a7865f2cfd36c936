import { expect, test } from 'vitest'
import { toneLevelDbm0 } from '../../media/index.ts'
import { type PeerCall, withSimulation } from '../../testing/index.ts'
import { type AppFunction, inbound, outbound } from '../index.ts'
import { answeredCall, hangsUp, sdpOf, store, THEM, US } from './answered-call.ts'

/** The far end answers the next re-INVITE of ours, and says what that offered. */
async function takesReinvite(call: PeerCall, direction: 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive') {
  const request = await call.expect('INVITE', { withinMs: 10_000 })
  call.respond(200, { sdp: { direction } }, request)
  await call.expect('ACK')
  return sdpOf(request)
}

async function refusesReinvite(call: PeerCall, status: number) {
  const request = await call.expect('INVITE', { withinMs: 10_000 })
  call.respond(status, {}, request)
  await call.expect('ACK')
  return sdpOf(request)
}

test(
  'the far end hears the music in a loop, we hear nothing of it; after retrieve both hear each other again',
  withSimulation({}, async (sim) => {
    const states: string[] = []
    const caller = sim.exchange(US, { name: 'us', files: store() })
    const callee = sim.exchange(THEM, {
      name: 'them',
      files: store(),
      services: {
        app: inbound(async (channel) => {
          await channel.answer()
          channel.on('state', ({ state }) => states.push(state))
          channel.on('farEndHold', () => states.push('farEndHold'))
          channel.on('farEndRetrieve', () => states.push('farEndRetrieve'))
          channel.fileRecorder.start('heard.wav')
          channel.filePlayer.start('1300.wav', { loop: true })
          await channel.waitForIdle()
        }),
      },
    })
    const record = await caller.startOutbound(
      outbound(async (channel) => {
        await channel.call(`sip:app@${THEM}`)
        await sim.clock.sleep(1000)
        expect(await channel.hold({ media: { fileToPlay: '700.wav' } })).toBe('HOLDING')
        expect(channel.state()).toBe('HOLDING')
        expect(channel.filePlayer.state()).toBe('RUNNING')
        await sim.clock.sleep(5000)
        expect(await channel.retrieve()).toBe('ANSWERED')
        expect([channel.filePlayer.state(), channel.filePlayer.cause()]).toEqual(['IDLE', 'ABORTED'])
        await channel.fileRecorder.record('back.wav', { timeoutMs: 2000 })
        await channel.hangUp()
      }),
    )
    await sim.clock.runUntilIdle()
    expect([record.error, callee.instances[0]?.error]).toEqual([undefined, undefined])
    expect(states).toEqual(['ON_HOLD', 'farEndHold', 'ANSWERED', 'farEndRetrieve', 'IDLE'])
    const heard = callee.files.recording('heard.wav') as Int16Array
    // The file has two seconds: its second round is heard as well as its first.
    expect(toneLevelDbm0(heard.subarray(12_000, 20_000), 700)).toBeGreaterThan(-15)
    expect(toneLevelDbm0(heard.subarray(36_000, 44_000), 700)).toBeGreaterThan(-15)
    const back = caller.files.recording('back.wav') as Int16Array
    expect(toneLevelDbm0(back.subarray(4000, 12_000), 1300)).toBeGreaterThan(-15)
    expect([caller.alive, callee.alive]).toEqual([0, 0])
  }),
)

test(
  'hold says sendonly and retrieve sendrecv, each a new version; nothing can be started meanwhile',
  withSimulation({}, async (sim) => {
    const line = await answeredCall(sim, async (channel) => {
      const recording = channel.fileRecorder.record('held.wav', { timeoutMs: 3000 })
      expect(await channel.hold({ media: 'RINGBACK_UK' })).toBe('HOLDING')
      await expect(channel.hold()).rejects.toThrow(/hold needs a channel in state ANSWERED; this one is HOLDING/)
      await expect(channel.filePlayer.play('700.wav')).rejects.toThrow(/this one is HOLDING/)
      await expect(channel.dtmfDetector.getDigits({ count: 1 })).rejects.toThrow(/this one is HOLDING/)
      expect(await recording).toBe('TIMEOUT')
      expect(await channel.retrieve()).toBe('ANSWERED')
      expect(await channel.tonePlayer.play('BEEP')).toBe('NORMAL')
      // Nobody is held: nothing happens.
      expect(await channel.retrieve()).toBe('ANSWERED')
    })
    const held = await takesReinvite(line.call, 'recvonly')
    const taken = await takesReinvite(line.call, 'sendrecv')
    await hangsUp(line)
    await line.expectClean()
    expect([held, taken]).toEqual([
      { direction: 'sendonly', version: 2, port: line.port },
      { direction: 'sendrecv', version: 3, port: line.port },
    ])
    expect(line.story).toEqual(['HOLDING', 'ANSWERED', 'IDLE'])
    expect(line.ringdown.files.recording('held.wav')?.every((sample) => sample === 0)).toBe(true)
  }),
)

test(
  'a far end that refuses: the call goes on as it was, and a hold stays',
  withSimulation({}, async (sim) => {
    const line = await answeredCall(sim, async (channel) => {
      expect(await channel.hold({ media: 'RINGBACK' })).toBe('ANSWERED')
      expect(channel.tonePlayer.state()).toBe('IDLE')
      expect(await channel.tonePlayer.play('BEEP')).toBe('NORMAL')
      expect(await channel.hold({ media: 'RINGBACK' })).toBe('HOLDING')
      expect(await channel.retrieve()).toBe('HOLDING')
      expect(channel.tonePlayer.state()).toBe('RUNNING')
      expect(await channel.retrieve()).toBe('ANSWERED')
    })
    await refusesReinvite(line.call, 488)
    await takesReinvite(line.call, 'recvonly')
    await refusesReinvite(line.call, 500)
    await takesReinvite(line.call, 'sendrecv')
    await hangsUp(line)
    await line.expectClean()
    expect(line.story).toEqual(['HOLDING', 'ANSWERED', 'IDLE'])
  }),
)

test(
  'an answer that is none leaves the call as it was',
  withSimulation({}, async (sim) => {
    const line = await answeredCall(sim, async (channel) => {
      expect(await channel.hold()).toBe('ANSWERED')
    })
    const request = await line.call.expect('INVITE')
    line.call.respond(200, { body: 'nonsense', contentType: 'application/sdp' }, request)
    await line.call.expect('ACK')
    await hangsUp(line)
    await line.expectClean()
  }),
)

test(
  'music that cannot be played: the hold stands, in silence',
  withSimulation({}, async (sim) => {
    const line = await answeredCall(sim, async (channel) => {
      await expect(channel.hold({ media: 'NO_SUCH_TONE' })).rejects.toThrow(/no tone is called/)
      await expect(channel.hold({ media: { fileToPlay: '../x' } })).rejects.toThrow(/not a media file name/)
      expect(await channel.hold({ media: { fileToPlay: 'missing.wav' } })).toBe('HOLDING')
      expect(await channel.filePlayer.waitUntilFinished()).toBe('ERROR')
      expect(await channel.retrieve()).toBe('ANSWERED')
    })
    await takesReinvite(line.call, 'recvonly')
    await takesReinvite(line.call, 'sendrecv')
    await hangsUp(line)
    await line.expectClean()
  }),
)

test(
  'both ends ask at once: 491 both ways, then the hold is done; the far end may change the call meanwhile',
  withSimulation({}, async (sim) => {
    const line = await answeredCall(sim, async (channel) => {
      expect(await channel.hold()).toBe('HOLDING')
      await channel.hangUp()
    })
    const { call } = line
    const ours = await call.expect('INVITE')
    call.reinvite({ sdp: { version: 2 } })
    await call.expectResponse(491)
    call.respond(491, {}, ours)
    await call.expect('ACK')
    const held = await takesReinvite(call, 'recvonly')
    await hangsUp(line)
    await line.expectClean()
    expect(held.direction).toBe('sendonly')
    expect(line.story).toEqual(['HOLDING', 'IDLE'])
  }),
)

for (const how of ['re-INVITE', 're-INVITE without an offer', 'UPDATE'] as const) {
  test(
    `a far end that changes the call by ${how} before our hold is tried again: what we offer then is up to date`,
    withSimulation({}, async (sim) => {
      const line = await answeredCall(sim, async (channel) => {
        expect(await channel.hold()).toBe('HOLDING')
        expect(channel.details?.codec).toBe('PCMA')
        await channel.hangUp()
      })
      const { call } = line
      const ours = await call.expect('INVITE')
      call.respond(491, {}, ours)
      await call.expect('ACK')
      const sdp = { codecs: ['PCMA'] as const, version: 2 }
      if (how === 'UPDATE') call.request('UPDATE', { sdp })
      else call.reinvite(how === 're-INVITE' ? { sdp } : { body: '' })
      const answer = sdpOf(await call.expectResponse(200))
      if (how !== 'UPDATE') call.ack(how === 're-INVITE' ? {} : { sdp })
      const again = await call.expect('INVITE', { withinMs: 10_000 })
      call.respond(200, { sdp: { ...sdp, direction: 'recvonly' } }, again)
      await call.expect('ACK')
      await hangsUp(line)
      await line.expectClean()
      expect([sdpOf(ours).version, answer.version, sdpOf(again).version]).toEqual([2, 3, 4])
      expect([sdpOf(ours).direction, answer.direction, sdpOf(again).direction]).toEqual([
        'sendonly',
        'sendrecv',
        'sendonly',
      ])
      expect(line.story).toEqual(['PCMA', 'HOLDING', 'IDLE'])
    }),
  )
}

test(
  'a hold while a re-INVITE of the far end is being acknowledged waits for its turn',
  withSimulation({}, async (sim) => {
    const line = await answeredCall(sim, async (channel) => {
      await sim.clock.sleep(100)
      expect(await channel.hold()).toBe('HOLDING')
      await channel.hangUp()
    })
    const { call } = line
    await sim.clock.sleep(92)
    call.reinvite({ sdp: { version: 2 } })
    await call.expectResponse(200)
    await sim.clock.sleep(50)
    expect(line.peer.untaken).toEqual([])
    call.ack()
    await takesReinvite(call, 'recvonly')
    await hangsUp(line)
    await line.expectClean()
  }),
)

test(
  'the far end hangs up instead of answering: hold resolves with IDLE, and what comes after throws Hangup',
  withSimulation({}, async (sim) => {
    const line = await answeredCall(sim, async (channel) => {
      expect(await channel.hold({ media: 'RINGBACK' })).toBe('IDLE')
      expect(channel.tonePlayer.state()).toBe('IDLE')
      await expect(channel.retrieve()).rejects.toThrow(/the call has ended/)
      await channel.hold()
    })
    await line.call.expect('INVITE')
    line.call.bye()
    await line.call.expectResponse(200)
    await line.expectClean()
    expect(line.ringdown.calls[0]).toMatchObject({ endedIn: 'ANSWERED', endedBy: 'remote' })
  }),
)

test(
  'a held far end hangs up: the music ends with HANGUP, and the call ended in HOLDING',
  withSimulation({}, async (sim) => {
    const line = await answeredCall(sim, async (channel) => {
      await channel.hold({ media: 'RINGBACK' })
      await channel.waitForIdle()
      expect(await channel.tonePlayer.waitUntilFinished()).toBe('HANGUP')
    })
    await takesReinvite(line.call, 'recvonly')
    line.call.bye()
    await line.call.expectResponse(200)
    await line.expectClean()
    expect(line.ringdown.calls[0]).toMatchObject({ endedIn: 'HOLDING', endedBy: 'remote', cause: 'NORMAL' })
  }),
)

test(
  'a shutdown while a hold is under way: it resolves, and nothing is left behind',
  withSimulation({}, async (sim) => {
    const seen: string[] = []
    const line = await answeredCall(sim, async (channel) => {
      seen.push(await channel.hold({ media: 'RINGBACK' }))
    })
    await line.call.expect('INVITE')
    line.ringdown.exchange.shutDown()
    await hangsUp(line)
    await line.expectClean()
    expect(seen).toEqual(['IDLE'])
    expect(line.ringdown.calls[0]).toMatchObject({ endedBy: 'drain' })
  }),
)

test(
  'what does not go: to hold before the answer, or while something is played or connected',
  withSimulation({}, async (sim) => {
    const app: AppFunction = async (channel) => {
      await expect(channel.hold()).rejects.toThrow(/this one is CALL_INCOMING/)
      await expect(channel.retrieve()).rejects.toThrow(/retrieve needs a connected call; this one is CALL_INCOMING/)
      await channel.answer()
      channel.filePlayer.start('700.wav')
      await expect(channel.hold()).rejects.toThrow(/hold cannot start: filePlayer is still playing/)
      await channel.filePlayer.waitUntilFinished()
      const holding = channel.hold()
      await expect(channel.filePlayer.play('700.wav')).rejects.toThrow(/filePlayer cannot start: hold/)
      expect(await holding).toBe('HOLDING')
    }
    const ringdown = sim.exchange(US, { name: 'ringdown', files: store(), services: { app: inbound(app) } })
    const peer = sim.peer(THEM, { name: 'far' })
    const call = peer.invite(`sip:app@${US}`, { sdp: {} })
    await call.expectResponse(200)
    call.ack()
    await takesReinvite(call, 'recvonly')
    peer.respond(await call.expect('BYE'), 200)
    await sim.clock.runUntilIdle()
    expect(ringdown.instances[0]?.error).toBeUndefined()
    expect(ringdown.alive).toBe(0)
  }),
)
