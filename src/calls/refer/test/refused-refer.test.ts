import { expect, test } from 'vitest'
import { DigestServer } from '../../../sip/index.ts'
import { outcomeOf, referred } from './refer-script.ts'

const BOB = 'sip:bob@192.0.2.9'

test('scenario 13: a REFER that is challenged is sent again with the credentials of the trunk', () => {
  let outcome: object = {}
  const trunk = {
    name: 'pbx',
    uri: 'sip:192.0.2.2',
    credentials: { username: 'ringdown', password: 'secret' },
    inbound: { addresses: ['192.0.2.2'] },
  }
  return referred(
    async (channel) => {
      outcome = outcomeOf(channel, await channel.blindTransfer('+441632960001'))
    },
    async ({ sim, call, takeRefer, notify, done }) => {
      const lookup = (name: string) => (name === 'ringdown' ? { password: 'secret' } : undefined)
      const server = new DigestServer({ realm: 'pbx', lookup, random: sim.random('digest') })
      const first = await call.expect('REFER')
      expect(first.headers.get('refer-to')).toBe('<sip:+441632960001@192.0.2.2>')
      const challenge = server.check(first, sim.now, '192.0.2.1')
      if (challenge.ok) throw new Error('there were credentials at once')
      call.respond(challenge.status, { headers: challenge.headers }, first)
      const again = await takeRefer()
      expect(server.check(again, sim.now, '192.0.2.1')).toMatchObject({ ok: true, username: 'ringdown' })
      await notify(200)
      call.respond(200, {}, await call.expect('BYE'))
      await done
      expect(outcome).toEqual({ isThere: true, state: 'IDLE', cause: 'NORMAL' })
    },
    { exchange: { trunks: [trunk] } },
  )()
})

test('without credentials a challenge is a refusal', () => {
  let outcome: object = {}
  return referred(
    async (channel) => {
      outcome = outcomeOf(channel, await channel.blindTransfer(BOB))
      await channel.hangUp()
    },
    async ({ call, done }) => {
      const headers = [['Proxy-Authenticate', 'Digest realm="pbx", nonce="1"']] as const
      call.respond(407, { headers }, await call.expect('REFER'))
      call.respond(200, {}, await call.expect('BYE'))
      await done
      expect(outcome).toEqual({ isThere: false, state: 'ANSWERED', cause: 'FAIL', rawCause: 407 })
    },
  )()
})

test.each([405, 603])(
  'a REFER refused with %i becomes a call of ours to the target, when that was asked for',
  (status) => {
    let outcome: object = {}
    return referred(
      async (channel) => {
        outcome = outcomeOf(channel, await channel.blindTransfer(BOB, { bridgeIfRefused: { timeoutMs: 20_000 } }))
        await channel.waitForIdle()
      },
      async ({ sim, call, seen, takeRefer, done }) => {
        const bob = sim.peer('192.0.2.9', { name: 'bob', retransmits: true })
        await takeRefer(status)
        const called = await bob.expectCall()
        called.respond(200, { sdp: true })
        await called.expect('ACK')
        await sim.clock.sleep(1000)
        expect(outcome).toEqual({ isThere: true, state: 'TRANSFERRED', cause: 'NORMAL' })
        call.bye()
        called.respond(200, {}, await called.expect('BYE'))
        await done
        expect(seen).toEqual(['TRANSFERRING', 'ANSWERED', 'TRANSFERRING', 'TRANSFERRED', 'IDLE'])
      },
    )()
  },
)
