import { describe, expect, test } from 'vitest'
import { utf8Decode } from '../../kit/index.ts'
import {
  type InviteOptions,
  type PeerCall,
  type SimulatedExchange,
  type Simulation,
  type SipPeer,
  withSimulation,
} from '../../testing/index.ts'
import { type Channel, inbound, type MediaOrTone, outbound } from '../index.ts'
import { store, THEM, US } from './answered-call.ts'

interface Ringing {
  readonly ringdown: SimulatedExchange
  readonly peer: SipPeer
  readonly call: PeerCall
  /** Packets of sound that have come to the caller. */
  heard(): number
  expectClean(): Promise<void>
}

/** A scripted far end calls an application that has not answered yet. */
function ringing(
  sim: Simulation,
  app: (channel: Channel) => Promise<void>,
  invite: InviteOptions = { sdp: {} },
): Ringing {
  const ringdown = sim.exchange(US, { name: 'ringdown', files: store(), services: { app: inbound(app) } })
  const peer = sim.peer(THEM, { name: 'caller' })
  let packets = 0
  sim.host(THEM).bindUdp(40_000, { onDatagram: () => packets++ })
  const call = peer.invite(`sip:app@${US}`, invite)
  const expectClean = async () => {
    await sim.clock.runUntilIdle()
    expect(ringdown.instances[0]?.error).toBeUndefined()
    expect(ringdown.alive).toBe(0)
    expect(ringdown.calls).toHaveLength(1)
  }
  return { ringdown, peer, call, heard: () => packets, expectClean }
}

describe('ring with early media', () => {
  for (const [name, customRingtone] of [
    ['a file', { fileToPlay: '700.wav' }],
    ['a tone', 'RINGBACK_EU'],
    ['the default tone', undefined],
  ] as [string, MediaOrTone | undefined][]) {
    test(
      `plays ${name} from the 183 to the answer, whose description is that of the 183`,
      withSimulation({}, async (sim) => {
        const line = ringing(sim, async (channel) => {
          expect(channel.details?.earlyMediaPossible).toBe(true)
          const options = {
            earlyMedia: true,
            loopRingtone: true,
            ringTimeMs: 5000,
            ...(customRingtone && { customRingtone }),
          }
          expect(await channel.ring(options)).toBe('RING_INCOMING')
          expect(await channel.answer()).toBe('ANSWERED')
          expect([channel.filePlayer.state(), channel.tonePlayer.state()]).toEqual(['IDLE', 'IDLE'])
          await channel.hangUp()
        })
        const early = await line.call.expectResponse(183)
        await sim.clock.sleep(4900)
        // Each 20 ms a packet, also of the pauses of a tone.
        expect(line.heard()).toBeGreaterThan(200)
        const answer = await line.call.expectResponse(200)
        expect(utf8Decode(answer.body)).toBe(utf8Decode(early.body))
        line.call.ack()
        line.peer.respond(await line.call.expect('BYE'), 200)
        await line.expectClean()
      }),
    )
  }

  test(
    'lasts as long as the ringtone, when asked to',
    withSimulation({}, async (sim) => {
      let lasted = 0
      const line = ringing(sim, async (channel) => {
        const startedAt = sim.now
        await channel.ring({ earlyMedia: true, customRingtone: { fileToPlay: '700.wav' }, ringTimeMs: null })
        lasted = sim.now - startedAt
        await channel.reject()
      })
      await line.call.expectResponse(603)
      await line.expectClean()
      expect(lasted).toBeGreaterThanOrEqual(2000)
      expect(lasted).toBeLessThan(2300)
    }),
  )

  test(
    'is changed by ringing again',
    withSimulation({}, async (sim) => {
      const line = ringing(sim, async (channel) => {
        await channel.ring({ earlyMedia: true, loopRingtone: true, ringTimeMs: 1000 })
        expect([channel.tonePlayer.state(), channel.filePlayer.state()]).toEqual(['RUNNING', 'IDLE'])
        await channel.ring({ earlyMedia: true, customRingtone: { fileToPlay: '700.wav' }, ringTimeMs: 1000 })
        expect([channel.tonePlayer.state(), channel.filePlayer.state()]).toEqual(['IDLE', 'RUNNING'])
        await channel.reject('BUSY')
        expect([channel.tonePlayer.state(), channel.filePlayer.state()]).toEqual(['IDLE', 'IDLE'])
      })
      await line.call.expectResponse(486)
      await line.expectClean()
    }),
  )

  test(
    'is 180 for a caller who offers no media: there is nothing to play it on',
    withSimulation({}, async (sim) => {
      const line = ringing(
        sim,
        async (channel) => {
          expect(channel.details?.earlyMediaPossible).toBe(false)
          expect(await channel.ring({ earlyMedia: true, ringTimeMs: 2000 })).toBe('RING_INCOMING')
          expect(await channel.ring({ earlyMedia: true, ringTimeMs: null })).toBe('RING_INCOMING')
          await channel.reject()
        },
        { body: '' },
      )
      await line.call.expectResponse(180)
      await line.call.expectResponse(603)
      await line.expectClean()
      expect(line.heard()).toBe(0)
    }),
  )

  test(
    'ends when the caller gives up: IDLE, and the ringtone with HANGUP',
    withSimulation({}, async (sim) => {
      const line = ringing(sim, async (channel) => {
        expect(await channel.ring({ earlyMedia: true, loopRingtone: true, ringTimeMs: 60_000 })).toBe('IDLE')
        expect(await channel.tonePlayer.waitUntilFinished()).toBe('HANGUP')
        await expect(channel.ring()).rejects.toThrow(/the caller has gone/)
      })
      await line.call.expectResponse(183)
      await sim.clock.sleep(3000)
      line.call.cancel()
      await line.call.expectResponse(487)
      await line.expectClean()
      expect(line.ringdown.calls[0]).toMatchObject({ endedIn: 'RING_INCOMING', wasAnswered: false, codec: 'PCMU' })
    }),
  )

  test(
    'that fails to play is no reason not to ring',
    withSimulation({}, async (sim) => {
      const line = ringing(sim, async (channel) => {
        await channel.ring({ earlyMedia: true, customRingtone: { fileToPlay: 'missing.wav' }, ringTimeMs: 1000 })
        expect([channel.state(), channel.filePlayer.cause()]).toEqual(['RING_INCOMING', 'ERROR'])
        await channel.reject()
      })
      await line.call.expectResponse(603)
      await line.expectClean()
    }),
  )
})

test(
  'what ring, answer and reject do not take is said before anything is sent',
  withSimulation({}, async (sim) => {
    const line = ringing(sim, async (channel) => {
      await expect(channel.ring({ customRingtone: 'NO_SUCH_TONE' })).rejects.toThrow(/no tone is called "NO_SUCH_TONE"/)
      await expect(channel.ring({ customRingtone: { fileToPlay: '../x' } })).rejects.toThrow(/not a media file name/)
      await expect(channel.ring({ ringTimeMs: -1 })).rejects.toThrow(/ringTimeMs must be 0 or above/)
      await expect(channel.ring({ ringTimeMs: null, loopRingtone: true })).rejects.toThrow(/a loop has no length/)
      await expect(channel.ring({ codecs: [] })).rejects.toThrow(/ring: codecs must be a list of PCMU/)
      await expect(channel.answer({ codecs: ['GSM'] as never })).rejects.toThrow(/answer: codecs must be .*\["GSM"\]/)
      await expect(channel.answer({ timeoutMs: 0 })).rejects.toThrow(/timeoutMs must be above 0/)
      await expect(channel.answer({ headers: { 'Bad Name': 'x' } })).rejects.toThrow(/"Bad Name" is not a header name/)
      await expect(channel.answer({ headers: { v: 'x' } })).rejects.toThrow(/the exchange writes v itself/)
      await expect(channel.reject('BUSY', { headers: { 'X-A': 'a\r\nb' } })).rejects.toThrow(/text on one line/)
      expect(channel.state()).toBe('CALL_INCOMING')
      await channel.reject()
    })
    await line.call.expectResponse(603)
    await line.expectClean()
  }),
)

test(
  'headers of the application go with every response: its own with each, and headersToSend with all',
  withSimulation({}, async (sim) => {
    const line = ringing(sim, async (channel) => {
      channel.sip.headersToSend.push(['X-All', 'yes'])
      await channel.ring({ headers: { 'X-Ring': '1' }, ringTimeMs: 100 })
      await channel.ring({ earlyMedia: true, headers: { 'X-Ring': '2' }, ringTimeMs: 100 })
      await channel.answer({ headers: { 'X-Answer': '3' } })
      expect(channel.sip.responseHeader('X-All')).toBeUndefined()
      await channel.hangUp()
    })
    const own: (string | undefined)[] = []
    for (const [status, name] of [
      [180, 'X-Ring'],
      [183, 'X-Ring'],
      [200, 'X-Answer'],
    ] as const) {
      const { headers } = await line.call.expectResponse(status)
      own.push(headers.get('X-All'), headers.get(name))
    }
    expect(own).toEqual(['yes', '1', 'yes', '2', 'yes', '3'])
    line.call.ack()
    line.peer.respond(await line.call.expect('BYE'), 200)
    await line.expectClean()
  }),
)

describe('codecs of an application', () => {
  for (const [how, take] of [
    ['ring', (channel: Channel) => channel.ring({ earlyMedia: true, codecs: ['PCMA'], ringTimeMs: 100 })],
    ['answer', (channel: Channel) => channel.answer({ codecs: ['PCMA'] })],
  ] as const) {
    test(
      `are what ${how} chooses from`,
      withSimulation({}, async (sim) => {
        const codecs: unknown[] = []
        const line = ringing(
          sim,
          async (channel) => {
            channel.on('codec', ({ codec }) => codecs.push(codec))
            await take(channel)
            if (channel.state() !== 'ANSWERED') await channel.answer()
            codecs.push(channel.details?.codec)
            await channel.hangUp()
          },
          { sdp: { codecs: ['PCMU', 'PCMA'] } },
        )
        expect(utf8Decode((await line.call.expectResponse(200)).body)).toMatch(/m=audio \d+ RTP\/AVP 8 101/)
        line.call.ack()
        line.peer.respond(await line.call.expect('BYE'), 200)
        await line.expectClean()
        expect(codecs).toEqual(['PCMA', 'PCMA'])
      }),
    )
  }
})

test(
  'an outgoing call tells what the far end said: progress as events, and the headers of its latest response',
  withSimulation({}, async (sim) => {
    const progress: string[] = []
    const headers: (string | undefined)[] = []
    const ringdown = sim.exchange(US, { name: 'ringdown' })
    const peer = sim.peer(THEM, { name: 'callee' })
    const app = outbound(async (channel) => {
      channel.on('progress', ({ status, phrase }) => {
        progress.push(`${status} ${phrase}`)
        headers.push(channel.sip.responseHeader('x-hop'))
      })
      expect(channel.sip.responseHeader('x-hop')).toBeUndefined()
      expect(await channel.call(`sip:x@${THEM}`)).toBe('IDLE')
      headers.push(channel.sip.responseHeader('X-Hop'), channel.sip.requestHeader('X-Hop'))
      expect(await channel.call(`sip:x@${THEM}`)).toBe('ANSWERED')
      headers.push(channel.sip.responseHeader('X-Hop'))
    })
    const farEnd = async () => {
      const first = await peer.expectCall()
      first.respond(181, { headers: [['X-Hop', 'a']] })
      first.respond(182, { phrase: 'Two before you', headers: [['X-Hop', 'b']] })
      first.respond(486, { headers: [['X-Hop', 'c']] })
      const second = await peer.expectCall()
      second.respond(200, { sdp: {}, headers: [['X-Hop', 'd']] })
      await second.expect('ACK')
      peer.respond(await second.expect('BYE'), 200)
    }
    const [record] = await Promise.all([ringdown.startOutbound(app), farEnd()])
    await sim.clock.runUntilIdle()
    expect(record.error).toBeUndefined()
    expect(progress).toEqual(['181 Call Is Being Forwarded', '182 Two before you'])
    expect(headers).toEqual(['a', 'b', 'c', undefined, 'd'])
    expect(ringdown.alive).toBe(0)
  }),
)
