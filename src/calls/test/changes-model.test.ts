import { expect, test } from 'vitest'
import { chance, integerBelow, type Random } from '../../kit/index.ts'
import { cseqOf, type SipMessage } from '../../sip/index.ts'
import {
  type LinkConditions,
  type PeerCall,
  type SimulatedExchange,
  type Simulation,
  withSimulation,
} from '../../testing/index.ts'
import { type Channel, inbound, outbound, type State } from '../index.ts'
import { THEM, US } from './answered-call.ts'

/**
 * Calls in which both ends change the session at random moments over a bad network: the states go only where the diagram
 * of `Leg` lets them, both ends agree in the end, and nothing is left behind.
 */

/** More for a long run: `RINGDOWN_MODEL_CALLS=10000`. */
const CALLS = Number(process.env.RINGDOWN_MODEL_CALLS ?? 40)

/** Loss, jitter, duplicates and packets that overtake others, both ways. */
const BAD_NETWORK: Partial<LinkConditions> = { latencyMs: 20, jitterMs: 80, loss: 0.05, duplicate: 0.02, reorder: 0.02 }

const NEXT: Readonly<Partial<Record<State, readonly State[]>>> = {
  CALL_INCOMING: ['RING_INCOMING', 'ANSWERING', 'IDLE'],
  RING_INCOMING: ['ANSWERING', 'IDLE'],
  ANSWERING: ['ANSWERED', 'IDLE'],
  CALL_OUTGOING: ['RING_OUTGOING', 'ANSWERED', 'IDLE'],
  RING_OUTGOING: ['ANSWERED', 'IDLE'],
  ANSWERED: ['HOLDING', 'ON_HOLD', 'IDLE'],
  HOLDING: ['ANSWERED', 'ON_HOLD', 'IDLE'],
  ON_HOLD: ['ANSWERED', 'HOLDING', 'IDLE'],
}

/** Steps that no diagram allows, and numbers of events that leave a gap. */
function watch(channel: Channel, strange: string[]): void {
  let state = channel.state()
  let isHeld = false
  channel.on('state', (event) => {
    const isFirst = state === 'IDLE' && event.state === 'CALL_OUTGOING'
    if (!isFirst && !NEXT[state]?.includes(event.state)) strange.push(`${state} -> ${event.state}`)
    state = event.state
  })
  for (const type of ['farEndHold', 'farEndRetrieve'] as const)
    channel.on(type, () => {
      if (isHeld === (type === 'farEndHold')) strange.push(`${type} twice`)
      isHeld = type === 'farEndHold'
    })
}

/** Holds, takes back, plays and waits, as chance will have it; what a function says is what the state is. */
async function wander(sim: Simulation, channel: Channel, random: Random, strange: string[]): Promise<void> {
  for (let steps = 3 + integerBelow(random, 6); steps > 0; steps--) {
    await sim.clock.sleep(integerBelow(random, 1500))
    const isHolding = channel.state() === 'HOLDING'
    const said = isHolding
      ? await channel.retrieve()
      : await channel.hold(chance(random, 0.2) ? { media: 'RINGBACK' } : {})
    if (said !== channel.state()) strange.push(`${isHolding ? 'retrieve' : 'hold'} says ${said} in ${channel.state()}`)
    if (channel.state() === 'ANSWERED' && chance(random, 0.3)) await channel.tonePlayer.play('BEEP')
  }
}

/** What the state of one end says of the other, once all is quiet. */
const AGREES: Readonly<Partial<Record<State, readonly State[]>>> = {
  ANSWERED: ['ANSWERED'],
  HOLDING: ['ON_HOLD', 'HOLDING'],
  ON_HOLD: ['HOLDING'],
}

function expectNothingLeft(exchanges: readonly SimulatedExchange[], calls: number): void {
  for (const { alive, calls: ended, exchange, instances } of exchanges) {
    expect(instances.map(({ error }) => error).filter((error) => error !== undefined)).toEqual([])
    expect(alive).toBe(0)
    expect(ended).toHaveLength(calls)
    expect(
      ended.every(({ hasEnded, cause, endedBy }) => hasEnded && cause !== undefined && endedBy !== undefined),
    ).toBe(true)
    expect(exchange.counters.get('brokenInvariants')).toBe(0)
  }
}

test(
  'two exchanges that hold each other at random: both agree in the end, whatever was lost',
  withSimulation({ conditions: BAD_NETWORK }, async (sim) => {
    const strange: string[] = []
    const random = sim.random('wanderers')
    const atRest = new Map<string, State>()
    const wanderer = async (channel: Channel, key: string) => {
      const until = sim.now + 30_000
      await wander(sim, channel, random, strange)
      await sim.clock.sleep(until - sim.now)
      const other = atRest.get(key)
      if (other === undefined) atRest.set(key, channel.state())
      else if (!AGREES[other]?.includes(channel.state())) strange.push(`${other} here and ${channel.state()} there`)
      await channel.waitForIdle({ timeoutMs: 20_000 })
    }
    const there = sim.exchange(THEM, {
      name: 'there',
      services: {
        '*': inbound(async (channel) => {
          watch(channel, strange)
          await channel.ring()
          await channel.answer()
          await wanderer(channel, channel.sip.requestHeader('X-Key') ?? '')
        }),
      },
    })
    const here = sim.exchange(US, { name: 'here' })
    const app = outbound(async (channel, { outboundParameters }) => {
      watch(channel, strange)
      const key = String(outboundParameters.key)
      if ((await channel.call(`sip:x@${THEM}`, { headers: { 'X-Key': key } })) !== 'ANSWERED') return
      await wanderer(channel, key)
    })
    const runs = []
    for (let key = 0; key < CALLS; key++) {
      runs.push(here.startOutbound(app, { key }))
      await sim.clock.sleep(50)
    }
    await Promise.all(runs)
    await sim.clock.runUntilIdle()
    expect(strange).toEqual([])
    expect(atRest.size).toBe(CALLS)
    expectNothingLeft([here, there], CALLS)
  }),
  1_200_000,
)

const DIRECTIONS = ['sendrecv', 'sendonly', 'recvonly', 'inactive'] as const

/** A far end that asks and answers what it likes, as far as it is legal. */
class RandomFarEnd {
  readonly #sim: Simulation
  readonly #random: Random
  /** Calls whose re-INVITE waits for an answer, and whether that has an offer; one at a time. */
  readonly #asking = new Map<PeerCall, boolean>()
  #version = 1

  constructor(sim: Simulation, random: Random) {
    this.#sim = sim
    this.#random = random
  }

  onMessage(message: SipMessage, call: PeerCall): boolean {
    if (message.kind === 'response') {
      if (cseqOf(message)?.method !== 'INVITE' || message.status < 200) return true
      const offers = this.#asking.get(call) ?? true
      this.#asking.delete(call)
      if (message.status < 300) call.ack(offers ? {} : { sdp: this.#sdp() })
      return true
    }
    if (message.method === 'INVITE') this.#later(() => this.#answer(message, call))
    else if (message.method === 'CANCEL') call.acceptCancel(message)
    else if (message.method !== 'ACK') call.respond(200, {}, message)
    return true
  }

  /** Does something within the call. */
  act(call: PeerCall): void {
    const what = integerBelow(this.#random, 10)
    if (what < 4 && !this.#asking.has(call)) {
      const offers = what < 3
      this.#asking.set(call, offers)
      call.reinvite(offers ? { sdp: this.#sdp() } : { body: '' })
    } else if (what < 6) call.request('UPDATE', { sdp: this.#sdp() })
    else if (what < 8) call.request('INFO', { body: 'Signal=1\r\n', contentType: 'application/dtmf-relay' })
    else call.request('OPTIONS')
  }

  #answer(request: SipMessage & { kind: 'request' }, call: PeerCall): void {
    const what = integerBelow(this.#random, 10)
    if (what < 6) call.respond(200, { sdp: this.#sdp() }, request)
    else if (what < 7) call.respond(488, {}, request)
    else if (what < 9) call.respond(491, {}, request)
    else call.respond(500, { headers: [['Retry-After', '1']] }, request)
  }

  #later(action: () => void): void {
    this.#sim.clock.after(integerBelow(this.#random, 300), action)
  }

  #sdp() {
    const codecs = chance(this.#random, 0.3) ? (['PCMA'] as const) : (['PCMU', 'PCMA'] as const)
    return {
      codecs,
      direction: DIRECTIONS[integerBelow(this.#random, DIRECTIONS.length)] ?? 'sendrecv',
      port: 40_000 + 2 * integerBelow(this.#random, 100),
      version: ++this.#version,
    } as const
  }
}

test(
  'a far end that says any legal thing at any moment: each call ends once, and its states are those of the diagram',
  withSimulation({ conditions: BAD_NETWORK }, async (sim) => {
    const strange: string[] = []
    const random = sim.random('far end')
    const ringdown = sim.exchange(US, {
      name: 'ringdown',
      services: {
        '*': inbound(async (channel) => {
          watch(channel, strange)
          if ((await channel.answer()) !== 'ANSWERED') return
          await wander(sim, channel, random, strange)
          if (chance(random, 0.5)) await channel.waitForIdle({ timeoutMs: 20_000 })
        }),
      },
    })
    const farEnd = new RandomFarEnd(sim, random)
    const peer = sim.peer(THEM, {
      name: 'far',
      retransmits: true,
      onMessage: (message, call) => farEnd.onMessage(message, call),
    })
    for (let i = 0; i < CALLS; i++) {
      const call = peer.invite(`sip:x@${US}`, { sdp: {} })
      void (async () => {
        for (let acts = integerBelow(random, 12); acts > 0; acts--) {
          await sim.clock.sleep(integerBelow(random, 1500))
          if (call.answer !== undefined) farEnd.act(call)
        }
        if (call.answer !== undefined && chance(random, 0.5)) call.bye()
      })()
      await sim.clock.sleep(50)
    }
    await sim.clock.runUntilIdle()
    expect(strange).toEqual([])
    expectNothingLeft([ringdown], CALLS)
  }),
  1_200_000,
)
