import { describe, expect, test } from 'vitest'
import { parseAuthParams } from '../../sip/index.ts'
import { type SimulatedExchange, type Simulation, type SipPeer, withSimulation } from '../../testing/index.ts'
import { inbound, outbound, type Trunk } from '../index.ts'

const US = '192.0.2.1'
const CARRIER = '192.0.2.2'
const CHALLENGE = 'Digest realm="carrier.example", nonce="n1", algorithm=MD5, qop="auth"'

const trunk: Trunk = {
  name: 'carrier',
  uri: `sip:${CARRIER}`,
  credentials: { username: 'acme', password: 'secret' },
  registration: { addressOfRecord: 'sip:acme@carrier.example', contactUser: 'acme', expiresS: 300 },
}

function world(sim: Simulation, more: Partial<Trunk> = {}): { ringdown: SimulatedExchange; carrier: SipPeer } {
  const carrier = sim.peer(CARRIER, { name: 'carrier', retransmits: true })
  const ringdown = sim.exchange(US, { name: 'ringdown', exchange: { trunks: [{ ...trunk, ...more }] } })
  return { ringdown, carrier }
}

/** Takes the next REGISTER. */
async function accept(carrier: SipPeer, headers: readonly (readonly [string, string])[] = []) {
  const request = await carrier.expect('REGISTER')
  carrier.respond(request, 200, { headers: [['Contact', request.headers.get('contact') ?? ''], ...headers] })
  return request
}

describe('a trunk that registers', () => {
  test(
    'answers the challenge, is good for what is granted, is refreshed, and taken back when the exchange drains',
    withSimulation({ seed: 1 }, async (sim) => {
      const { ringdown, carrier } = world(sim)
      const first = await carrier.expect('REGISTER')
      expect(first.uri).toBe(`sip:${CARRIER}`)
      expect(first.headers.get('to')).toBe('<sip:acme@carrier.example>')
      expect(first.headers.get('from')).toMatch(/^<sip:acme@carrier.example>;tag=/)
      expect(first.headers.get('contact')).toBe(`<sip:acme@${US}:5060>;expires=300`)
      expect(first.headers.has('authorization')).toBe(false)
      expect(ringdown.exchange.trunks).toEqual([{ name: 'carrier', isUp: true, registration: { state: 'trying' } }])
      carrier.respond(first, 401, { headers: [['WWW-Authenticate', CHALLENGE]] })

      const second = await accept(carrier)
      const credentials = parseAuthParams(second.headers.get('authorization') ?? '')
      expect(credentials.ok && credentials.value.params.get('username')).toBe('acme')
      await sim.clock.sleep(10)
      expect(ringdown.exchange.trunks).toMatchObject([{ isUp: true, registration: { state: 'registered' } }])
      expect(ringdown.exchange.sizes().registering).toBe(0)

      const grantedAt = sim.now
      const refresh = await accept(carrier)
      expect(sim.now - grantedAt).toBeLessThan(240_000)
      expect(refresh.headers.get('call-id')).toBe(first.headers.get('call-id'))
      expect(refresh.headers.get('cseq')).toBe('3 REGISTER')
      expect(refresh.headers.get('authorization')).toContain('nc=00000002')
      await sim.clock.sleep(10)

      ringdown.exchange.drain()
      const last = await accept(carrier)
      expect(last.headers.get('contact')).toBe(`<sip:acme@${US}:5060>;expires=0`)
      await sim.clock.runUntilIdle()
      expect(ringdown.trunkChanges.map(({ registration }) => registration?.state)).toEqual([
        'trying',
        'registered',
        'stopped',
      ])
      expect(ringdown.exchange.trunkCounters.get('registrationsAccepted')).toBe(3)
      expect(ringdown.alive).toBe(0)
    }),
  )

  test(
    'answers a stale nonce with the new one',
    withSimulation({ seed: 2 }, async (sim) => {
      const { carrier } = world(sim)
      const first = await carrier.expect('REGISTER')
      carrier.respond(first, 401, { headers: [['WWW-Authenticate', CHALLENGE]] })
      await accept(carrier)
      const refresh = await carrier.expect('REGISTER')
      carrier.respond(refresh, 401, {
        headers: [['WWW-Authenticate', CHALLENGE.replace('n1', 'n2').replace('qop', 'stale=true, qop')]],
      })
      const again = await accept(carrier)
      expect(again.headers.get('authorization')).toContain('nonce="n2"')
    }),
  )

  test(
    'says why it is not registered, tries again, and does not count as up meanwhile',
    withSimulation({ seed: 3 }, async (sim) => {
      const { ringdown, carrier } = world(sim)
      carrier.respond(await carrier.expect('REGISTER'), 503, { headers: [['Retry-After', '20']] })
      await sim.clock.sleep(10)
      expect(ringdown.exchange.trunks).toMatchObject([
        { isUp: false, registration: { state: 'trying', status: 503, reason: 'Service Unavailable' } },
      ])
      const refusedAt = sim.now
      carrier.respond(await carrier.expect('REGISTER'), 403)
      expect(sim.now - refusedAt).toBeGreaterThanOrEqual(19_990)
      await sim.clock.sleep(10)
      expect(ringdown.exchange.trunks).toMatchObject([
        { isUp: false, registration: { state: 'refused', status: 403, reason: 'Forbidden' } },
      ])
      await accept(carrier)
      await sim.clock.sleep(10)
      expect(ringdown.exchange.trunks).toMatchObject([{ isUp: true }])
      expect(ringdown.exchange.trunkCounters.get('registrationsFailed')).toBe(2)
    }),
  )

  test(
    'asks for as long as a 423 wants',
    withSimulation({ seed: 4 }, async (sim) => {
      const { carrier } = world(sim)
      carrier.respond(await carrier.expect('REGISTER'), 423, { headers: [['Min-Expires', '3600']] })
      expect((await accept(carrier)).headers.get('contact')).toContain(';expires=3600')
    }),
  )

  test(
    'sends its calls over the Service-Route',
    withSimulation({ seed: 5 }, async (sim) => {
      const { ringdown, carrier } = world(sim)
      await accept(carrier, [['Service-Route', `<sip:${CARRIER};lr>, <sip:core.carrier.example;lr>`]])
      await sim.clock.sleep(10)
      const run = ringdown.startOutbound(outbound(async (channel) => void (await channel.call('+15550100'))))
      const call = await carrier.expectCall()
      expect(call.invite.headers.all('route')).toEqual([`<sip:${CARRIER};lr>`, '<sip:core.carrier.example;lr>'])
      expect(call.invite.uri).toBe(`sip:+15550100@${CARRIER}`)
      call.respond(486)
      expect((await run).returnCode).toBe(0)
    }),
  )

  test(
    'registers, asks and calls through a proxy of its own, where it has one',
    withSimulation({ seed: 7 }, async (sim) => {
      const proxy = sim.peer('192.0.2.9', { name: 'proxy', retransmits: true })
      const route = '<sip:192.0.2.9;lr>'
      const more = { outboundProxy: route, keepAlive: { intervalMs: 30_000, timeoutMs: 4000, misses: 2 } }
      const { ringdown, carrier } = world(sim, more)
      const first = await proxy.expect('REGISTER')
      expect(first.uri).toBe(`sip:${CARRIER}`)
      expect(first.headers.all('route')).toEqual([route])
      proxy.respond(first, 401, { headers: [['WWW-Authenticate', CHALLENGE]] })
      const second = await accept(proxy)
      expect(second.headers.has('authorization')).toBe(true)
      expect(second.headers.all('route')).toEqual([route])
      const probe = await proxy.expect('OPTIONS')
      expect([probe.uri, probe.headers.all('route')]).toEqual([`sip:${CARRIER}`, [route]])
      proxy.respond(probe, 200)
      await sim.clock.sleep(10)
      // The server that took the registration is the proxy, as far as can be seen: calls that come from there are the trunk's.
      expect(ringdown.exchange.isRegistrar('192.0.2.9')).toBe(true)
      expect(ringdown.exchange.isRegistrar(CARRIER)).toBe(false)

      const run = ringdown.startOutbound(outbound(async (channel) => void (await channel.call('+15550100'))))
      const call = await proxy.expectCall()
      expect([call.invite.uri, call.invite.headers.all('route')]).toEqual([`sip:+15550100@${CARRIER}`, [route]])
      call.respond(486)
      expect((await run).returnCode).toBe(0)
      ringdown.exchange.drain()
      const last = await accept(proxy)
      expect([last.headers.get('expires'), last.headers.all('route')]).toEqual(['0', [route]])
      await sim.clock.runUntilIdle()
      expect(carrier.untaken).toEqual([])
      expect(ringdown.alive).toBe(0)
    }),
  )

  test(
    'sends its calls through its proxy, and then over the Service-Route, which may begin with that proxy',
    withSimulation({ seed: 8 }, async (sim) => {
      const proxy = sim.peer('192.0.2.9', { name: 'proxy', retransmits: true })
      const { ringdown } = world(sim, { outboundProxy: '<sip:192.0.2.9;lr>' })
      for (const [named, route] of [
        ['<sip:core.carrier.example;lr>', ['<sip:192.0.2.9;lr>', '<sip:core.carrier.example;lr>']],
        ['<sip:192.0.2.9:5060;lr;x=1>, <sip:core;lr>', ['<sip:192.0.2.9:5060;lr;x=1>', '<sip:core;lr>']],
      ] as const) {
        await accept(proxy, [['Service-Route', named]])
        await sim.clock.sleep(10)
        const run = ringdown.startOutbound(outbound(async (channel) => void (await channel.call('+15550100'))))
        const call = await proxy.expectCall()
        expect(call.invite.headers.all('route')).toEqual(route)
        call.respond(486)
        expect((await run).returnCode).toBe(0)
      }
    }),
  )

  test(
    'survives a carrier that is away for a while',
    withSimulation({ seed: 6 }, async (sim) => {
      const ringdown = sim.exchange(US, { name: 'ringdown', exchange: { trunks: [trunk] } })
      await sim.clock.runFor(120_000)
      expect(ringdown.exchange.trunks).toMatchObject([{ isUp: false, registration: { reason: 'no answer' } }])
      const carrier = sim.peer(CARRIER, { name: 'carrier' })
      await accept(carrier)
      await sim.clock.sleep(10)
      expect(ringdown.exchange.trunks).toMatchObject([{ isUp: true, registration: { state: 'registered' } }])
    }),
  )
})

describe('a trunk that is asked with OPTIONS', () => {
  test(
    'is down after two questions without an answer, and up with the next one',
    withSimulation({ seed: 7 }, async (sim) => {
      const carrier = sim.peer(CARRIER, { name: 'carrier' })
      const { registration: _, ...plain } = trunk
      const ringdown = sim.exchange(US, {
        name: 'ringdown',
        exchange: { trunks: [{ ...plain, keepAlive: { intervalMs: 10_000, timeoutMs: 2000, misses: 2 } }] },
      })
      const isUp = () => ringdown.exchange.trunks[0]?.isUp
      expect(isUp()).toBe(true)
      carrier.respond(await carrier.expect('OPTIONS'), 200)
      await sim.clock.sleep(10)
      expect(ringdown.exchange.trunks).toMatchObject([{ isUp: true, reachability: { state: 'up', roundTripMs: 2 } }])

      await carrier.expect('OPTIONS')
      await carrier.expect('OPTIONS')
      expect(isUp()).toBe(true)
      await sim.clock.sleep(2000)
      expect(isUp()).toBe(false)
      carrier.respond(await carrier.expect('OPTIONS'), 200)
      await sim.clock.sleep(10)
      expect(isUp()).toBe(true)
      expect(ringdown.trunkChanges.map(({ reachability }) => reachability?.state)).toEqual(['up', 'down', 'up'])
      expect(ringdown.exchange.trunkCounters.get('keepAlivesMissed')).toBe(2)

      ringdown.exchange.drain()
      await sim.clock.runUntilIdle()
      expect(ringdown.alive).toBe(0)
    }),
  )
})

/** One exchange is the trunk of the other: `office` registers with `carrier`. */
function twoExchanges(sim: Simulation, more: Partial<Trunk> = {}, nat = false) {
  const answering = (words: string) =>
    inbound(async (channel) => {
      await channel.answer()
      await channel.tonePlayer.play(words)
      await channel.waitForIdle()
    })
  const carrier = sim.exchange(CARRIER, {
    name: 'carrier',
    users: { acme: 'secret' },
    services: { '*': answering('BEEP') },
  })
  if (nat) sim.nat({ kind: 'port-restricted-cone', publicAddress: '203.0.113.9', inside: ['10.0.0.1'], name: 'office' })
  const office = sim.exchange(nat ? '10.0.0.1' : US, {
    name: 'office',
    services: { acme: answering('BEEP') },
    exchange: { trunks: [{ ...trunk, ...more }] },
  })
  return { carrier, office }
}

/** Calls, talks for a moment, and hangs up. */
function call(exchange: SimulatedExchange, to: string) {
  return exchange.startOutbound(
    outbound(async (channel) => {
      if ((await channel.call(to)) === channel.State.ANSWERED) await channel.waitForIdle({ timeoutMs: 1000 })
      await channel.hangUp()
    }),
  )
}

describe('two exchanges, one the trunk of the other', () => {
  test.each([
    ['over UDP', {}, false],
    ['over TCP', { uri: `sip:${CARRIER};transport=tcp` }, false],
    ['over UDP through a NAT', {}, true],
    ['over TCP through a NAT', { uri: `sip:${CARRIER};transport=tcp` }, true],
  ] as const)('%s call each other', (_, more, nat) =>
    withSimulation({ seed: 11 }, async (sim) => {
      const { carrier, office } = twoExchanges(sim, more, nat)
      await sim.clock.runFor(1000)
      expect(office.exchange.trunks).toMatchObject([{ isUp: true, registration: { state: 'registered' } }])
      expect(carrier.exchange.phones).toMatchObject([{ user: 'acme' }])

      // A refresh later the way is still open.
      await sim.clock.runFor(200_000)
      await call(carrier, 'user:acme')
      expect(carrier.calls).toMatchObject([{ direction: 'outbound', cause: 'NORMAL', endedIn: 'ANSWERED' }])
      expect(office.calls).toMatchObject([{ direction: 'inbound', trunk: 'carrier', endedBy: 'remote' }])

      await call(office, '+15550100')
      expect(office.calls[1]).toMatchObject({ direction: 'outbound', cause: 'NORMAL', endedIn: 'ANSWERED' })

      office.exchange.drain()
      await sim.clock.runUntilIdle()
      expect(carrier.exchange.phones).toEqual([])
      expect(carrier.alive + office.alive).toBe(0)
    })(),
  )

  test(
    'over a line that loses a third of everything stay registered',
    withSimulation({ seed: 12, conditions: { loss: 0.33 } }, async (sim) => {
      const { carrier, office } = twoExchanges(sim)
      let registeredMs = 0
      for (let i = 0; i < 2400; i++) {
        await sim.clock.runFor(1000)
        if (carrier.exchange.phones.length === 1) registeredMs += 1000
      }
      expect(registeredMs).toBeGreaterThan(2_390_000)
      office.exchange.drain()
      await sim.clock.runUntilIdle()
      expect(carrier.alive + office.alive).toBe(0)
    }),
  )
})

test(
  'a call from elsewhere is no call of a trunk that registers',
  withSimulation({ seed: 13 }, async (sim) => {
    const { office } = twoExchanges(sim)
    await sim.clock.runFor(1000)
    const stranger = sim.peer('192.0.2.66', { name: 'stranger' })
    await stranger.invite(`sip:acme@${US}`).expectResponse(200)
    stranger.ack()
    stranger.bye()
    await sim.clock.runFor(1000)
    expect(office.calls).toMatchObject([{ direction: 'inbound' }])
    expect(office.calls[0]?.trunk).toBeUndefined()
    expect(office.exchange.isRegistrar(CARRIER)).toBe(true)
    expect(office.exchange.isRegistrar('192.0.2.66')).toBe(false)
  }),
)
