import { describe, expect, test } from 'vitest'
import { utf8Decode, utf8Encode } from '../../kit/index.ts'
import { topVia, toTag } from '../../sip/index.ts'
import { withSimulation } from '../with-simulation.ts'

describe('SipPeer', () => {
  test(
    'two peers make a whole call',
    withSimulation({}, async (sim) => {
      const alice = sim.peer('10.0.0.1', { name: 'alice' })
      const bob = sim.peer('10.0.0.2', { name: 'bob', mediaPort: 7000 })
      alice.invite('sip:bob@10.0.0.2')

      const invite = await bob.expect('INVITE')
      expect(utf8Decode(invite.body)).toContain('m=audio 40000 RTP/AVP 0 101')
      bob.respond(invite, 100)
      bob.respond(invite, 180)
      const ringing = await alice.expectResponse(180)
      expect(toTag(ringing)).toBe(bob.latestCall.localTag)
      await sim.clock.sleep(2000)
      bob.respond(invite, 200, { sdp: true })
      const answer = await alice.expectResponse(200)
      expect(answer.headers.get('contact')).toBe('<sip:bob@10.0.0.2:5060>')
      expect(utf8Decode(answer.body)).toContain('m=audio 7000')
      alice.ack()
      const ack = await bob.expect('ACK')
      expect(ack.uri).toBe('sip:bob@10.0.0.2:5060')
      expect(topVia(ack)?.params.get('branch')).not.toBe(topVia(invite)?.params.get('branch'))

      bob.bye()
      const bye = await alice.expect('BYE')
      expect(bye.headers.get('cseq')).toBe('1 BYE')
      expect(bye.uri).toBe('sip:alice@10.0.0.1:5060')
      expect(toTag(bye)).toBe(alice.latestCall.localTag)
      alice.respond(bye, 200)
      await bob.expectResponse(200)
      expect([alice.untaken, bob.untaken]).toEqual([[], []])
    }),
  )

  test(
    'failures are acknowledged in the transaction of the INVITE',
    withSimulation({}, async (sim) => {
      const alice = sim.peer('10.0.0.1')
      const bob = sim.peer('10.0.0.2')
      alice.invite('sip:bob@10.0.0.2')
      const invite = await bob.expect('INVITE')
      bob.respond(invite, 486, { headers: [['Reason', 'Q.850;cause=17']] })
      const busy = await alice.expectResponse(486)
      expect(busy.headers.get('reason')).toBe('Q.850;cause=17')
      const ack = await bob.expect('ACK')
      expect(topVia(ack)?.params.get('branch')).toBe(topVia(invite)?.params.get('branch'))
      expect(ack.headers.get('cseq')).toBe('1 ACK')
    }),
  )

  test(
    'cancel, and what a far end does then',
    withSimulation({}, async (sim) => {
      const alice = sim.peer('10.0.0.1')
      const bob = sim.peer('10.0.0.2')
      alice.invite('sip:bob@10.0.0.2')
      const call = await bob.expectCall()
      call.respond(180)
      await alice.expectResponse(180)
      alice.cancel()
      const cancel = await call.expect('CANCEL')
      expect(topVia(cancel)?.params.get('branch')).toBe(topVia(call.invite)?.params.get('branch'))
      call.acceptCancel(cancel)
      await alice.expectResponse(487)
      await call.expect('ACK')
    }),
  )

  test(
    'another final response than the expected one fails the script',
    withSimulation({}, async (sim) => {
      const alice = sim.peer('10.0.0.1', { name: 'alice' })
      const bob = sim.peer('10.0.0.2')
      alice.invite('sip:bob@10.0.0.2')
      bob.respond(await bob.expect('INVITE'), 603)
      await expect(alice.expectResponse(200)).rejects.toThrow('alice expected 200 to 1 INVITE, got 603 Decline')
    }),
  )

  test(
    'what does not come in time fails the script',
    withSimulation({}, async (sim) => {
      const bob = sim.peer('10.0.0.2', { name: 'bob' })
      await expect(bob.expect('INVITE', { withinMs: 500 })).rejects.toThrow(
        'bob waits for INVITE: nothing within 500 ms',
      )
      expect(sim.now).toBe(500)
      await bob.expectNo('INVITE', 100)
    }),
  )

  test(
    'retransmissions are counted, not shown',
    withSimulation({}, async (sim) => {
      const alice = sim.peer('10.0.0.1', { retransmits: true })
      const bob = sim.peer('10.0.0.2')
      alice.invite('sip:bob@10.0.0.2')
      await bob.expect('INVITE')
      await bob.expectNo('INVITE', 10_000)
      // 500, 1500, 3500, 7500 ms
      expect(bob.retransmissions('INVITE')).toBe(4)
    }),
  )

  test(
    'calls go through a network that loses a third of everything, when both ends retransmit',
    withSimulation({ conditions: { loss: 0.33, jitterMs: 40, duplicate: 0.1 }, seeds: 5 }, async (sim) => {
      const alice = sim.peer('10.0.0.1', { retransmits: true })
      const bob = sim.peer('10.0.0.2', { retransmits: true })
      for (let i = 0; i < 10; i++) {
        const call = alice.invite('sip:bob@10.0.0.2')
        const incoming = await bob.expectCall()
        incoming.respond(200, { sdp: true })
        await call.expectResponse(200)
        call.ack()
        await incoming.expect('ACK')
        call.bye()
        bob.respond(await incoming.expect('BYE'), 200)
        await call.expectResponse(200)
      }
      expect(sim.network.counters.get('lost')).toBeGreaterThan(10)
    }),
  )

  test(
    'a whole call over TCP, cut into random pieces',
    withSimulation({ seeds: 5 }, async (sim) => {
      const alice = sim.peer('10.0.0.1', { transport: 'tcp' })
      const bob = sim.peer('10.0.0.2')
      alice.invite('sip:bob@10.0.0.2')
      const call = await bob.expectCall()
      expect(topVia(call.invite)?.transport).toBe('TCP')
      for (const status of [100, 180, 183]) call.respond(status)
      call.respond(200, { sdp: true })
      await alice.expectResponse(200)
      alice.ack()
      await bob.expect('ACK')
      expect([alice.transport.connections, bob.transport.connections]).toEqual([1, 1])
      call.bye()
      alice.respond(await alice.expect('BYE'), 200)
      await call.expectResponse(200)
      // Contact names port 5060, so the BYE opens a connection of its own.
      expect(bob.transport.connections).toBe(2)
    }),
  )

  test(
    'follows Record-Route and Contact',
    withSimulation({}, async (sim) => {
      const alice = sim.peer('10.0.0.1')
      const bob = sim.peer('10.0.0.2')
      const proxy = sim.peer('10.0.0.9')
      alice.invite('sip:bob@10.0.0.2')
      const invite = await bob.expect('INVITE')
      const headers = [
        ['Record-Route', '<sip:10.0.0.9;lr>'],
        ['Contact', '<sip:line1@10.0.0.2:5062>'],
      ] as const
      bob.respond(invite, 200, { headers, sdp: true })
      await alice.expectResponse(200)
      alice.ack()
      const ack = await proxy.expect('ACK')
      expect(ack.uri).toBe('sip:line1@10.0.0.2:5062')
      expect(ack.headers.all('route')).toEqual(['<sip:10.0.0.9;lr>'])
    }),
  )

  test(
    'responds to the port of Via without rport, to the source with it',
    withSimulation({}, async (sim) => {
      const bob = sim.peer('10.0.0.2')
      const got: string[] = []
      const host = sim.host('10.0.0.1')
      for (const port of [5060, 6060]) {
        host.bindUdp(port, {
          onDatagram: (bytes) => got.push(`${port} ${utf8Decode(bytes).match(/^Via: (.*)$/m)?.[1]}`),
        })
      }
      const socket = host.bindUdp(7070, {
        onDatagram: (bytes) => got.push(`7070 ${utf8Decode(bytes).match(/^Via: (.*)$/m)?.[1]}`),
      })
      const options = (via: string, id: string) =>
        utf8Encode(
          `OPTIONS sip:10.0.0.2 SIP/2.0\r\nVia: ${via}\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: ${id}\r\nCSeq: 1 OPTIONS\r\n\r\n`,
        )
      for (const [i, via] of ['h:6060;branch=z9hG4bK1', 'h;branch=z9hG4bK2;rport'].entries()) {
        socket.send(options(`SIP/2.0/UDP ${via}`, String(i)), { address: '10.0.0.2', port: 5060 })
        bob.respond(await bob.expect('OPTIONS'), 200)
      }
      await sim.clock.sleep(10)
      expect(got).toEqual([
        '6060 SIP/2.0/UDP h:6060;branch=z9hG4bK1;received=10.0.0.1',
        '7070 SIP/2.0/UDP h;branch=z9hG4bK2;rport=7070;received=10.0.0.1',
      ])
    }),
  )

  test(
    'bytes that are no SIP are counted',
    withSimulation({}, async (sim) => {
      const bob = sim.peer('10.0.0.2')
      const alice = sim.peer('10.0.0.1')
      const to = { transport: 'udp', address: '10.0.0.2', port: 5060 } as const
      alice.sendRaw(utf8Encode('hello'), to)
      alice.sendRaw(utf8Encode('\r\n\r\n'), to)
      await sim.clock.sleep(10)
      expect(bob.unreadable).toBe(1)
    }),
  )
})
