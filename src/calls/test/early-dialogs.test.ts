import { describe, expect, test } from 'vitest'
import { addToTag, createResponse, printMessage, type SipResponse } from '../../sip/index.ts'
import {
  audioSdp,
  type InviteOptions,
  type MessageOptions,
  type PeerCall,
  type SimulatedExchange,
  type Simulation,
  type SipPeer,
  withSimulation,
} from '../../testing/index.ts'
import { type Channel, inbound, outbound } from '../index.ts'
import { sdpOf, store, THEM, US } from './answered-call.ts'

interface Early {
  readonly ringdown: SimulatedExchange
  readonly peer: SipPeer
  readonly call: PeerCall
  expectClean(): Promise<void>
}

/** A scripted far end that acknowledges provisional responses calls an application. */
function called(sim: Simulation, app: (channel: Channel) => Promise<unknown>, invite: InviteOptions): Early {
  const ringdown = sim.exchange(US, {
    name: 'ringdown',
    files: store(),
    services: { app: inbound(async (channel) => void (await app(channel))) },
  })
  const peer = sim.peer(THEM, { name: 'caller' })
  const call = peer.invite(`sip:app@${US}`, { headers: [['Supported', '100rel']], ...invite })
  const expectClean = async () => {
    await sim.clock.runUntilIdle()
    expect(ringdown.instances[0]?.error).toBeUndefined()
    expect(ringdown.alive).toBe(0)
    expect(ringdown.calls).toHaveLength(1)
  }
  return { ringdown, peer, call, expectClean }
}

/** Acknowledges a reliable provisional response. */
async function prack(
  call: PeerCall,
  response: SipResponse,
  options: MessageOptions = {},
  status = 200,
): Promise<SipResponse> {
  const rack = `${response.headers.get('rseq')} ${response.headers.get('cseq')}`
  call.request('PRACK', { ...options, headers: [['RAck', rack]] })
  return call.expectResponse(status)
}

/** Counts what comes to a port of the far end. */
function listen(sim: Simulation, port: number): () => number {
  let packets = 0
  sim.host(THEM).bindUdp(port, { onDatagram: () => packets++ })
  return () => packets
}

const ringsAndAnswers = async (channel: Channel) => {
  expect(channel.details?.earlyMediaPossible).toBe(true)
  await channel.ring({ earlyMedia: true, loopRingtone: true, ringTimeMs: 3000 })
  await channel.answer()
  await channel.waitForIdle()
}

describe('an INVITE without an offer, of a caller who acknowledges provisional responses', () => {
  test(
    'is offered early media in a reliable 183; the PRACK brings the answer, and the 200 says nothing more',
    withSimulation({}, async (sim) => {
      const heard = listen(sim, 41_000)
      const line = called(sim, ringsAndAnswers, { body: '' })
      const ringing = await line.call.expectResponse(183)
      expect(ringing.headers.all('require')).toEqual(['100rel'])
      expect(sdpOf(ringing).port).toBeGreaterThan(0)
      await sim.clock.sleep(100)
      expect(heard()).toBe(0)
      await prack(line.call, ringing, { sdp: { codecs: ['PCMA'], port: 41_000 } })
      await sim.clock.sleep(2000)
      expect(heard()).toBeGreaterThan(90)
      const answer = await line.call.expectResponse(200, { to: line.call.invite })
      expect(answer.body).toHaveLength(0)
      line.call.ack()
      await sim.clock.sleep(100)
      line.call.bye()
      await line.call.expectResponse(200)
      await line.expectClean()
      expect(line.ringdown.calls[0]).toMatchObject({ wasAnswered: true, codec: 'PCMA', cause: 'NORMAL' })
    }),
  )

  test(
    'and an application that answers before the PRACK has come: the 200 waits for it',
    withSimulation({}, async (sim) => {
      const app = async (channel: Channel) => {
        const ringing = channel.ring({ earlyMedia: true })
        await sim.clock.sleep(100)
        await Promise.all([ringing, channel.answer()])
        expect(channel.state()).toBe('ANSWERED')
      }
      const line = called(sim, app, { body: '' })
      const ringing = await line.call.expectResponse(183)
      await sim.clock.sleep(200)
      expect(line.ringdown.exchange.sizes().calls).toBe(1)
      expect(line.peer.untaken.some((message) => message.kind === 'response' && message.status === 200)).toBe(false)
      await prack(line.call, ringing, { sdp: true })
      expect((await line.call.expectResponse(200, { to: line.call.invite })).body).toHaveLength(0)
      line.call.ack()
      line.peer.respond(await line.call.expect('BYE'), 200)
      await line.expectClean()
    }),
  )

  test(
    'is refused when the PRACK brings no answer that we could use',
    withSimulation({}, async (sim) => {
      const line = called(sim, ringsAndAnswers, { body: '' })
      await prack(line.call, await line.call.expectResponse(183))
      await line.call.expectResponse(488, { to: line.call.invite })
      await sim.clock.runUntilIdle()
      expect(line.ringdown.calls[0]).toMatchObject({ cause: 'ERROR', rawCause: 488 })
      expect(line.ringdown.alive).toBe(0)
    }),
  )

  test(
    'is over when the PRACK never comes: 504, TIMEOUT by the network',
    withSimulation({}, async (sim) => {
      const line = called(sim, (channel) => channel.ring({ earlyMedia: true }), { body: '' })
      await line.call.expectResponse(183)
      await line.call.expectResponse(504, { withinMs: 40_000 })
      await line.expectClean()
      expect(line.ringdown.calls[0]).toMatchObject({ cause: 'TIMEOUT', endedBy: 'network', endedIn: 'RING_INCOMING' })
    }),
  )
})

test(
  'UPDATE before the answer moves the ringtone, and the 200 does not repeat what was said before it',
  withSimulation({}, async (sim) => {
    const [before, after] = [listen(sim, 41_000), listen(sim, 42_000)]
    const line = called(sim, ringsAndAnswers, { headers: [['Require', '100rel']], sdp: { port: 41_000 } })
    await prack(line.call, await line.call.expectResponse(183))
    await sim.clock.sleep(1000)
    expect(before()).toBeGreaterThan(40)
    line.call.request('UPDATE', { sdp: { port: 42_000, version: 2 } })
    const updated = await line.call.expectResponse(200)
    expect(sdpOf(updated).port).toBeGreaterThan(0)
    await sim.clock.sleep(1000)
    expect(after()).toBeGreaterThan(40)
    expect((await line.call.expectResponse(200, { to: line.call.invite })).body).toHaveLength(0)
    line.call.ack()
    line.call.request('UPDATE', { sdp: { codecs: [], telephoneEvent: 101, version: 3 } })
    await line.call.expectResponse(488)
    line.call.request('UPDATE', { sdp: { port: 41_000, direction: 'sendonly', version: 4 } })
    expect(sdpOf(await line.call.expectResponse(200)).direction).toBe('recvonly')
    expect(line.ringdown.calls).toHaveLength(0)
    line.call.bye()
    await line.call.expectResponse(200)
    await line.expectClean()
    expect(line.ringdown.calls[0]).toMatchObject({ endedIn: 'ON_HOLD', cause: 'NORMAL' })
  }),
)

test(
  'an offer in the PRACK is answered in its 200 (RFC 3262 section 5), and moves the ringtone',
  withSimulation({}, async (sim) => {
    const [before, after] = [listen(sim, 41_000), listen(sim, 42_000)]
    const line = called(sim, ringsAndAnswers, { headers: [['Require', '100rel']], sdp: { port: 41_000 } })
    const answered = await prack(line.call, await line.call.expectResponse(183), { sdp: { port: 42_000, version: 2 } })
    expect(sdpOf(answered).port).toBeGreaterThan(0)
    await sim.clock.sleep(2000)
    expect(after()).toBeGreaterThan(90)
    expect(before()).toBe(0)
    expect((await line.call.expectResponse(200, { to: line.call.invite })).body).toHaveLength(0)
    line.call.ack()
    await sim.clock.sleep(100)
    line.call.bye()
    await line.call.expectResponse(200)
    await line.expectClean()
    expect(line.ringdown.calls[0]).toMatchObject({ wasAnswered: true, cause: 'NORMAL' })
  }),
)

test(
  'an offer in the PRACK that cannot be taken is refused with 488, and what was agreed on before stands',
  withSimulation({}, async (sim) => {
    const before = listen(sim, 41_000)
    const line = called(sim, ringsAndAnswers, { headers: [['Require', '100rel']], sdp: { port: 41_000 } })
    const ringing = await line.call.expectResponse(183)
    await prack(line.call, ringing, { sdp: { codecs: [], telephoneEvent: 101, version: 2 } }, 488)
    await sim.clock.sleep(2000)
    expect(before()).toBeGreaterThan(90)
    // It was acknowledged all the same, so the 200 comes.
    await line.call.expectResponse(200, { to: line.call.invite })
    line.call.ack()
    await sim.clock.sleep(100)
    line.call.bye()
    await line.call.expectResponse(200)
    await line.expectClean()
  }),
)

test(
  'a caller who leaves with BYE before the answer: 487, and the application sees a call that was given up',
  withSimulation({}, async (sim) => {
    const line = called(sim, async (channel) => expect(await channel.ring({ ringTimeMs: 60_000 })).toBe('IDLE'), {
      sdp: true,
    })
    await line.call.expectResponse(180)
    line.call.bye()
    await line.call.expectResponse(200)
    await line.call.expectResponse(487, { to: line.call.invite })
    await line.expectClean()
    expect(line.ringdown.calls[0]).toMatchObject({ cause: 'NORMAL', endedBy: 'remote', endedIn: 'RING_INCOMING' })
  }),
)

describe('a call that several answer in turn', () => {
  /** Somebody behind a proxy answers the INVITE: his tag, and the port at which he takes sound. */
  const say = (peer: SipPeer, call: PeerCall, tag: string, status: number, port?: number, rseq?: number) => {
    const response = createResponse(call.invite, status)
    addToTag(response, tag)
    response.headers.add('contact', `<sip:${tag}@${THEM}>`)
    if (rseq !== undefined) {
      response.headers.add('require', '100rel')
      response.headers.add('rseq', String(rseq))
    }
    if (port !== undefined) {
      response.headers.add('content-type', 'application/sdp')
      response.body = audioSdp({ address: THEM, port })
    }
    peer.sendRaw(printMessage(response), { transport: 'udp', address: US, port: 5060 })
  }

  const calling = (sim: Simulation) => {
    const ringdown = sim.exchange(US, { name: 'ringdown', files: store() })
    const peer = sim.peer(THEM, { name: 'far' })
    const run = ringdown.startOutbound(
      outbound(async (channel) => {
        expect(await channel.call(`sip:1234@${THEM}`)).toBe('ANSWERED')
        await channel.filePlayer.play('700.wav')
        await channel.waitForIdle()
      }),
    )
    const end = async (call: PeerCall, tag: string) => {
      await sim.clock.sleep(1000)
      ringdown.exchange.shutDown()
      const bye = await call.expect('BYE')
      expect(bye.uri).toBe(`sip:${tag}@${THEM}`)
      peer.respond(bye, 200)
      expect((await run).error).toBeUndefined()
      await sim.clock.runUntilIdle()
      expect(ringdown.alive).toBe(0)
    }
    return { ringdown, peer, end }
  }

  test(
    'goes to the one who takes it, whoever was heard before; another who takes it is released',
    withSimulation({}, async (sim) => {
      const ports = { a: 41_000, b: 42_000, c: 43_000 }
      const [a, b, c] = [listen(sim, ports.a), listen(sim, ports.b), listen(sim, ports.c)]
      const { peer, end } = calling(sim)
      const call = await peer.expectCall()
      say(peer, call, 'a', 183, ports.a)
      await sim.clock.sleep(500)
      say(peer, call, 'b', 183, ports.b)
      await sim.clock.sleep(500)
      expect([a(), b(), c()].map((heard) => heard > 0)).toEqual([true, true, false])
      say(peer, call, 'c', 200, ports.c)
      expect((await call.expect('ACK')).uri).toBe(`sip:c@${THEM}`)
      say(peer, call, 'a', 200, ports.a)
      expect((await call.expect('ACK')).uri).toBe(`sip:a@${THEM}`)
      const released = await call.expect('BYE')
      expect(released.uri).toBe(`sip:a@${THEM}`)
      peer.respond(released, 200)
      const before = [a(), b()]
      await end(call, 'c')
      expect(c()).toBeGreaterThan(40)
      expect([a(), b()]).toEqual(before)
    }),
  )

  test(
    'goes back to what the one who takes it has said reliably, when the 200 does not say it again',
    withSimulation({}, async (sim) => {
      const [a, b] = [listen(sim, 41_000), listen(sim, 42_000)]
      const { peer, end } = calling(sim)
      const call = await peer.expectCall()
      for (const [tag, port] of [
        ['a', 41_000],
        ['b', 42_000],
      ] as const) {
        say(peer, call, tag, 183, port, 1)
        const pracked = await call.expect('PRACK')
        expect(pracked.uri).toBe(`sip:${tag}@${THEM}`)
        peer.respond(pracked, 200)
        await sim.clock.sleep(200)
      }
      const before = [a(), b()] as const
      say(peer, call, 'a', 200)
      await call.expect('ACK')
      await end(call, 'a')
      expect(a() - before[0]).toBeGreaterThan(40)
      expect(b()).toBe(before[1])
    }),
  )
})
