import { expect, test } from 'vitest'
import { outbound } from '../../calls/index.ts'
import { exchange, phones } from '../index.ts'

const srv = (target: string, priority: number) => ({ target, priority, weight: 0, port: 5060 })

/** An exchange whose trunk is a name with two servers behind it. */
function trunkOfTwo() {
  const pbx = exchange({
    dns: {
      'carrier.example': [
        { order: 1, preference: 1, flags: 's', service: 'SIP+D2U', replacement: '_sip._udp.carrier.example' },
      ],
      '_sip._udp.carrier.example': [srv('one.carrier.example', 1), srv('two.carrier.example', 2)],
      'one.carrier.example': ['198.51.100.1'],
      'two.carrier.example': ['198.51.100.2'],
    },
    exchange: { trunks: [{ name: 'carrier', uri: 'sip:carrier.example' }] },
  })
  const two = pbx.phone('two', phones.person(), { address: '198.51.100.2' })
  return { pbx, two }
}

test('a trunk whose first server is dead: the call goes through the second, the next one at once', async () => {
  const { pbx, two } = trunkOfTwo()
  await pbx.start(
    outbound(async (channel) => {
      for (let i = 0; i < 2; i++) {
        expect(await channel.call('+15550100')).toBe('ANSWERED')
        await pbx.sleep(3000)
        await channel.hangUp()
      }
    }),
  )
  await pbx.done()
  expect(two.callCount).toBe(2)
  const ringingAfterMs = pbx.calls.map(({ times }) => (times.RING_OUTGOING ?? 0) - (times.CALL_OUTGOING ?? 0))
  expect(ringingAfterMs).toEqual([4002, 2])
  expect(pbx.exchange.alive).toBe(0)
})

test('a trunk that DNS does not know: the cause says so, at once', async () => {
  const { pbx } = trunkOfTwo()
  pbx.sim.dns.set('carrier.example', [])
  pbx.sim.dns.set('_sip._udp.carrier.example', [])
  await pbx.start(
    outbound(async (channel) => {
      expect(await channel.call('+15550100')).toBe('IDLE')
      expect(channel.cause()).toBe('OUTOFORDER')
    }),
  )
  await pbx.done()
  expect(pbx.calls[0]?.reason?.text).toBe('carrier.example has no address that we can reach')
})

test('a slow DNS delays the call and nothing else', async () => {
  const { pbx } = trunkOfTwo()
  pbx.sim.dns.latencyMs = 200
  const bob = pbx.phone('bob', phones.person())
  await pbx.start(
    outbound(async (channel) => {
      expect(await channel.call('sip:bob@bob')).toBe('ANSWERED')
      await channel.hangUp()
    }),
  )
  await pbx.done()
  expect(bob.callCount).toBe(1)
  expect(pbx.sim.dns.questions.map(({ type, name }) => `${type} ${name}`)).toEqual([
    'NAPTR bob',
    'SRV _sip._udp.bob',
    'SRV _sip._tcp.bob',
    'ADDRESS bob',
  ])
})
