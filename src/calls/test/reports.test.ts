import { expect, test } from 'vitest'
import { type SimulatedHost, type Simulation, withSimulation } from '../../testing/index.ts'
import { inbound } from '../index.ts'

const US = '192.0.2.1'
const THEM = '192.0.2.2'

/** A far end that answers each report at once: it lost 3 packets of ours, and has heard 10 ms of jitter. */
function reportBack(host: SimulatedHost, port: number): { readonly types: number[][] } {
  const types: number[][] = []
  const socket = host.bindUdp(port, {
    onDatagram: (bytes, from) => {
      const compound: number[] = []
      for (let at = 0; at < bytes.length; at += 4 + 4 * ((bytes[at + 2] << 8) | bytes[at + 3]))
        compound.push(bytes[at + 1])
      types.push(compound)
      if (bytes[1] !== 200) return
      const reply = new Uint8Array(32)
      reply.set([0x81, 201, 0, 7, 0, 0, 0, 99])
      reply.set(bytes.subarray(4, 8), 8)
      reply.set([0, 0, 0, 3], 12)
      reply.set([0, 0, 0, 80], 20)
      reply.set(bytes.subarray(10, 14), 24)
      socket.send(reply, from)
    },
  })
  return { types }
}

async function callOf(sim: Simulation, sdp: string[], controlPort: number, host: string = THEM) {
  const us = sim.exchange(US, {
    name: 'us',
    services: {
      app: inbound(async (channel) => {
        await channel.answer()
        await channel.waitForIdle()
      }),
    },
  })
  const peer = sim.peer(THEM, { name: 'them' })
  const far = reportBack(sim.host(host), controlPort)
  const lines = ['v=0', `o=- 1 1 IN IP4 ${THEM}`, 's=-', `c=IN IP4 ${THEM}`, 't=0 0', 'm=audio 40000 RTP/AVP 0', ...sdp]
  const body = `${lines.join('\r\n')}\r\n`
  const call = peer.invite(`sip:app@${US}`, { body, contentType: 'application/sdp' })
  const answer = new TextDecoder().decode((await call.expectResponse(200)).body)
  call.ack()
  await sim.clock.sleep(20_000)
  call.bye()
  await call.expectResponse(200)
  await sim.clock.runUntilIdle()
  expect(us.alive).toBe(0)
  return { media: us.calls[0]?.media, answer, types: far.types }
}

for (const [what, sdp, port, host] of [
  ['the port above that of RTP, where nothing is said', [], 40_001, THEM],
  ['the port that the far end names', ['a=rtcp:51000'], 51_000, THEM],
  ['the address that the far end names', ['a=rtcp:51000 IN IP4 192.0.2.3'], 51_000, '192.0.2.3'],
] as const)
  test(
    `a call without rtcp-mux has its reports on ${what}`,
    withSimulation({}, async (sim) => {
      const { media, answer, types } = await callOf(sim, [...sdp], port, host)
      expect(answer).not.toContain('rtcp')
      expect(media?.reportsSent).toBe(types.length)
      expect(media?.reportsReceived).toBeGreaterThanOrEqual(1)
      expect(media?.farEnd).toEqual({ packetsLost: 3, jitterMs: 10 })
      expect(media?.roundTripMs).toBeLessThan(100)
      expect(media?.packetsRefused).toBe(0)
      // SR, SDES, and BYE with the last.
      expect(types[0]).toEqual([200, 202])
      expect(types.filter((compound) => compound.includes(203))).toEqual([types.at(-1)])
    }),
  )

test(
  'a far end whose port of RTCP is 0 gets no reports',
  withSimulation({}, async (sim) => {
    const { media, types } = await callOf(sim, ['a=rtcp:0'], 40_001)
    expect([media?.reportsSent, types]).toEqual([0, []])
  }),
)
