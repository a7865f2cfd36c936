import { describe, expect, test } from 'vitest'
import { inbound, outbound } from '../../calls/index.ts'
import { utf8Decode } from '../../kit/index.ts'
import { topVia } from '../../sip/index.ts'
import { withSimulation } from '../with-simulation.ts'

const answering = inbound(async (channel) => {
  await channel.answer()
  await channel.waitForIdle()
})

/** Calls, and hangs up after so long. */
const calling = (to: string, talkMs = 1000, headers: Record<string, string> = {}) =>
  outbound(async (channel) => {
    expect(await channel.call(to, { headers })).toBe(channel.State.ANSWERED)
    await channel.waitForIdle({ timeoutMs: talkMs })
  })

describe('transports in virtual time', () => {
  for (const transport of ['udp', 'tcp', 'tls'] as const)
    test(
      `a call over IPv6 and ${transport}: Via, Contact and description say so`,
      withSimulation({}, async (sim) => {
        const ringdown = sim.exchange('2001:db8::1')
        const bob = sim.peer('2001:db8::2', { transport })
        const call = ringdown.startOutbound(calling(`sip:bob@[2001:db8::2];transport=${transport}`))
        const incoming = await bob.expectCall()
        const port = transport === 'tls' ? 5061 : 5060
        expect(topVia(incoming.invite)).toMatchObject({
          transport: transport.toUpperCase(),
          host: '[2001:db8::1]',
          port,
        })
        expect(incoming.invite.headers.get('contact')).toContain(`@[2001:db8::1]:${port}`)
        expect(utf8Decode(incoming.invite.body)).toContain('c=IN IP6 2001:db8::1')
        incoming.respond(200, { sdp: true })
        await incoming.expect('ACK')
        bob.respond(await incoming.expect('BYE'), 200)
        expect(await call).toMatchObject({ returnCode: 0 })
      }),
    )

  test(
    'two exchanges call each other over TLS with SIPS, on one connection',
    withSimulation({ seeds: 5 }, async (sim) => {
      const caller = sim.exchange('192.0.2.1')
      const callee = sim.exchange('192.0.2.2', { services: { '*': answering } })
      expect(await caller.startOutbound(calling('sips:x@192.0.2.2'))).toMatchObject({ returnCode: 0 })
      await sim.clock.sleep(40_000)
      expect(callee.calls[0]).toMatchObject({ endedBy: 'remote', endedIn: 'ANSWERED' })
      expect(sim.host('192.0.2.1').openStreams).toBe(1)
    }),
  )

  test(
    'calls go out by the outbound proxy, on a loose route',
    withSimulation({}, async (sim) => {
      const ringdown = sim.exchange('192.0.2.1', { sip: { outboundProxy: '<sip:192.0.2.9;transport=tcp;lr>' } })
      const proxy = sim.peer('192.0.2.9')
      const call = ringdown.startOutbound(
        outbound(async (channel) => {
          expect(await channel.call('sip:bob@far.example')).toBe(channel.State.IDLE)
        }),
      )
      const incoming = await proxy.expectCall()
      expect(incoming.invite.uri).toBe('sip:bob@far.example')
      expect(incoming.invite.headers.all('route')).toEqual(['<sip:192.0.2.9;transport=tcp;lr>'])
      expect(topVia(incoming.invite)?.transport).toBe('TCP')
      incoming.respond(486)
      expect(await call).toMatchObject({ returnCode: 0 })
    }),
  )

  test(
    'an INVITE too long for UDP goes over TCP, and its call stays where its Contact is',
    withSimulation({ conditions: { mtuBytes: 1500 }, seeds: 3 }, async (sim) => {
      const ringdown = sim.exchange('192.0.2.1')
      const bob = sim.peer('192.0.2.2')
      const story = 'once upon a time '.repeat(90).trim()
      const call = ringdown.startOutbound(calling('sip:bob@192.0.2.2', 1000, { 'X-Story': story }))
      const incoming = await bob.expectCall()
      expect(topVia(incoming.invite)?.transport).toBe('TCP')
      expect(incoming.invite.headers.get('x-story')).toBe(story)
      incoming.respond(200, { sdp: true })
      expect(topVia(await incoming.expect('ACK'))?.transport).toBe('UDP')
      bob.respond(await incoming.expect('BYE'), 200)
      expect(await call).toMatchObject({ returnCode: 0 })
    }),
  )

  test(
    'a connection that the far end has forgotten is found, and the request goes over a new one',
    withSimulation({ seeds: 3 }, async (sim) => {
      const ringdown = sim.exchange('192.0.2.1', { connections: { connectionIdleMs: 0 } })
      const bob = sim.peer('192.0.2.2', { transport: 'tls' })
      const call = ringdown.startOutbound(calling('sip:bob@192.0.2.2;transport=tls', 5000))
      const incoming = await bob.expectCall()
      incoming.respond(200, { sdp: true })
      await incoming.expect('ACK')
      sim.host('192.0.2.2').forgetStreams()
      const bye = await incoming.expect('BYE')
      bob.respond(bye, 200)
      expect(await call).toMatchObject({ returnCode: 0 })
      expect(ringdown.calls[0]).toMatchObject({ endedBy: 'local', endedIn: 'ANSWERED' })
      expect(sim.host('192.0.2.1').openStreams).toBe(1)
    }),
  )

  test(
    'a far end behind a NAT gets our requests on the connection that it made',
    withSimulation({}, async (sim) => {
      sim.nat({ publicAddress: '198.51.100.1', kind: 'symmetric', inside: ['10.0.0.2'] })
      sim.exchange('192.0.2.1', {
        services: {
          '*': inbound(async (channel) => {
            await channel.answer()
            await channel.waitForIdle({ timeoutMs: 60_000 })
          }),
        },
      })
      const alice = sim.peer('10.0.0.2', { transport: 'tcp' })
      alice.invite('sip:x@192.0.2.1')
      await alice.expectResponse(200)
      alice.ack()
      const bye = await alice.expect('BYE', { withinMs: 70_000 })
      alice.respond(bye, 200)
      expect(alice.transport.connections).toBe(1)
    }),
  )
})
