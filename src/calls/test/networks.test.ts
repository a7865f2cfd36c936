import { expect, test } from 'vitest'
import { utf8Decode } from '../../kit/index.ts'
import type { SipMessage } from '../../sip/index.ts'
import { type Simulation, withSimulation } from '../../testing/index.ts'
import { inbound, outbound } from '../index.ts'

const US = '10.0.0.1'
const INSIDE = '10.0.0.2'
const OUTSIDE = '198.51.100.2'
const PUBLIC = '203.0.113.1'

/** An exchange that only far ends of 10.0.0.0/8 reach at its own address. */
function behindNat(sim: Simulation) {
  const answer = inbound(async (channel) => {
    await channel.answer()
    await channel.waitForIdle()
  })
  return sim.exchange(US, {
    services: { '*': answer },
    exchange: {
      announcedMediaAddress: (farEnd) => (farEnd?.startsWith('10.') ? undefined : PUBLIC),
      routes: [
        { prefix: '', trunks: [{ name: 'outside' }, { name: 'inside' }] },
        { prefix: '+44', trunks: [{ name: 'proxied' }] },
      ],
      trunks: [
        { name: 'outside', uri: `sip:${OUTSIDE}` },
        { name: 'inside', uri: `sip:${INSIDE}` },
        { name: 'proxied', uri: `sip:${OUTSIDE}`, outboundProxy: `<sip:${INSIDE};lr>` },
      ],
    },
  })
}

function mediaAddress(message: SipMessage): string | undefined {
  return /c=IN IP4 (\S+)/.exec(utf8Decode(message.body))?.[1]
}

test.each([
  ['inside', INSIDE, US],
  ['outside', OUTSIDE, PUBLIC],
])('a caller from %s is told the address that leads to us from there', (_, address, told) =>
  withSimulation({}, async (sim) => {
    behindNat(sim)
    const peer = sim.peer(address)
    peer.invite(`sip:x@${US}`)
    expect(mediaAddress(await peer.expectResponse(200))).toBe(told)
    peer.ack()
    peer.bye()
    await peer.expectResponse(200)
  })(),
)

test.each([
  ['inside', INSIDE, US],
  ['outside', OUTSIDE, PUBLIC],
  ['outside, known by name', 'carrier', PUBLIC],
])('a callee %s, too', (_, host, told) =>
  withSimulation({}, async (sim) => {
    const ringdown = behindNat(sim)
    const peer = sim.peer(host === 'carrier' ? OUTSIDE : host, host === 'carrier' ? { name: 'carrier' } : {})
    const calling = ringdown.startOutbound(outbound(async (channel) => void (await channel.call(`sip:x@${host}`))))
    const call = await peer.expectCall()
    expect(mediaAddress(call.invite)).toBe(told)
    call.respond(486)
    await calling
  })(),
)

test(
  'a number that goes to the trunk inside because the one outside fails is told the address of each',
  withSimulation({}, async (sim) => {
    const ringdown = behindNat(sim)
    const [outside, inside] = [sim.peer(OUTSIDE), sim.peer(INSIDE)]
    const calling = ringdown.startOutbound(outbound(async (channel) => void (await channel.call('+15550100'))))
    const first = await outside.expectCall()
    expect(mediaAddress(first.invite)).toBe(PUBLIC)
    first.respond(503)
    const second = await inside.expectCall()
    expect(mediaAddress(second.invite)).toBe(US)
    second.respond(486)
    await calling
  }),
)

test(
  'a trunk behind a proxy is told what the proxy is told: that is where the call goes first',
  withSimulation({}, async (sim) => {
    const ringdown = behindNat(sim)
    const proxy = sim.peer(INSIDE)
    const calling = ringdown.startOutbound(outbound(async (channel) => void (await channel.call('+441632960001'))))
    const call = await proxy.expectCall()
    expect(mediaAddress(call.invite)).toBe(US)
    call.respond(486)
    await calling
  }),
)
