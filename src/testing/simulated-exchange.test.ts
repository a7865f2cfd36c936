import { describe, expect, test } from 'vitest'
import { inbound, outbound } from '../calls/index.ts'
import { MemoryMediaStore } from './media/memory-media-store.ts'
import { withSimulation } from './with-simulation.ts'

/** A second of a 500 Hz tone. */
const TONE = Int16Array.from({ length: 8000 }, (_, i) => Math.round(8000 * Math.sin((2 * Math.PI * 500 * i) / 8000)))

describe('SimulatedExchange', () => {
  test(
    'two exchanges call each other, with sound',
    withSimulation({}, async (sim) => {
      const files = new MemoryMediaStore()
      files.put('tone.wav', { encoding: 'pcm16', sampleRateHz: 8000, data: TONE })
      const caller = sim.exchange('192.0.2.1', { name: 'caller', files })
      const callee = sim.exchange('192.0.2.2', {
        name: 'callee',
        services: {
          '*': inbound(async (channel) => {
            await channel.answer()
            await channel.fileRecorder.record('heard.wav', { timeoutMs: 1500 })
            await channel.hangUp()
          }),
        },
      })
      const record = await caller.startOutbound(
        outbound(async (channel) => {
          await channel.call('sip:anybody@callee')
          await channel.filePlayer.play('tone.wav')
          await channel.waitForIdle()
          return 7
        }),
      )
      expect(record).toMatchObject({ direction: 'outbound', returnCode: 7 })
      await sim.clock.runUntilIdle()
      const heard = callee.files.recording('heard.wav') as Int16Array
      expect(heard.length).toBeGreaterThan(11_000)
      const loud = heard.filter((sample) => Math.abs(sample) > 2000).length
      // A sine is above a quarter of its amplitude for 84 % of the time, and where it ends it fades for 60 ms at most.
      expect(loud / 8000).toBeGreaterThan(0.8)
      expect(loud / 8000).toBeLessThan(0.84 * 1.06 + 0.01)
      expect(sim.ladder.toString()).toMatch(/RTP :\d+/)
      expect([caller.alive, callee.alive]).toEqual([0, 0])
      expect(callee.instances).toHaveLength(1)
    }),
  )

  test(
    'services answer by user; there is no one else',
    withSimulation({}, async (sim) => {
      const ringdown = sim.exchange('192.0.2.1', {
        services: { sales: inbound(async (channel) => void (await channel.reject('BUSY'))) },
      })
      const peer = sim.peer('192.0.2.2')
      peer.invite('sip:sales@192.0.2.1')
      await peer.expectResponse(486)
      peer.invite('sip:nobody@192.0.2.1')
      await peer.expectResponse(404)
      await sim.clock.runUntilIdle()
      expect(ringdown.alive).toBe(0)
    }),
  )

  test(
    'answers over TCP on the connection of the caller',
    withSimulation({ seeds: 5 }, async (sim) => {
      sim.exchange('192.0.2.1', {
        services: {
          '*': inbound(async (channel) => {
            await channel.answer()
            await channel.waitForIdle()
          }),
        },
      })
      const peer = sim.peer('192.0.2.2', { transport: 'tcp' })
      peer.invite('sip:x@192.0.2.1')
      await peer.expectResponse(200)
      peer.ack()
      peer.bye()
      await peer.expectResponse(200)
      expect(peer.transport.connections).toBe(1)
    }),
  )

  test.each([
    ['sips:x@192.0.2.1', /^<sips:ringdown@192\.0\.2\.1:5061>$/],
    ['sip:x@192.0.2.1;transport=tls', /^<sip:ringdown@192\.0\.2\.1:5061;transport=tls>$/],
  ])('answers %s over TLS: Via and Contact say so, both ways on one connection', (uri, contact) =>
    withSimulation({}, async (sim) => {
      sim.exchange('192.0.2.1', {
        services: {
          '*': inbound(async (channel) => {
            await channel.answer()
          }),
        },
      })
      const peer = sim.peer('192.0.2.2', { transport: 'tls' })
      peer.invite(uri)
      const answer = await peer.expectResponse(200)
      expect(answer.headers.get('contact')).toMatch(contact)
      peer.ack()
      const bye = await peer.expect('BYE')
      expect(bye.headers.get('via')).toMatch(/^SIP\/2\.0\/TLS 192\.0\.2\.1:5061;rport;alias;branch=/)
      peer.respond(bye, 200)
      await sim.clock.runUntilIdle()
      expect(peer.transport.connections).toBe(1)
    })(),
  )

  test(
    'calls a SIPS URI over TLS',
    withSimulation({}, async (sim) => {
      const ringdown = sim.exchange('192.0.2.1')
      const bob = sim.peer('192.0.2.2', { transport: 'tls' })
      const calling = ringdown.startOutbound(
        outbound(async (channel) => {
          expect(await channel.call('sips:bob@192.0.2.2')).toBe(channel.State.ANSWERED)
        }),
      )
      const call = await bob.expectCall()
      expect(call.invite.headers.get('via')).toMatch(/^SIP\/2\.0\/TLS 192\.0\.2\.1:5061;/)
      expect(call.invite.headers.get('contact')).toBe('<sips:ringdown@192.0.2.1:5061>')
      call.respond(200, { sdp: true })
      await call.expect('ACK')
      bob.respond(await call.expect('BYE'), 200)
      expect(await calling).toMatchObject({ returnCode: 0 })
    }),
  )

  test(
    'a killed exchange says nothing more',
    withSimulation({}, async (sim) => {
      const ringdown = sim.exchange('192.0.2.1', {
        services: {
          '*': inbound(async (channel) => {
            await channel.ring()
            await channel.waitForIdle()
          }),
        },
      })
      const peer = sim.peer('192.0.2.2')
      peer.invite('sip:x@192.0.2.1')
      await peer.expectResponse(180)
      ringdown.kill()
      peer.cancel()
      await sim.clock.runUntilIdle()
      expect(peer.untaken.filter((message) => message.kind === 'response' && message.status >= 200)).toEqual([])
      expect(sim.network.counters.get('unreachable')).toBe(1)
    }),
  )
})
