import { expect, test } from 'vitest'
import { chance, integerBelow, type Random } from '../../kit/index.ts'
import { type PeerCall, type Simulation, type SipPeer, withSimulation } from '../../testing/index.ts'
import { type CallDetails, outbound } from '../index.ts'

const US = '192.0.2.1'
const TRUNKS = ['192.0.2.11', '192.0.2.12', '192.0.2.13']
const RUNS = 60
const CALLS = 8

/** A far end that answers each call with anything at all, and then perhaps with something else, or not at all. */
async function behave(sim: Simulation, peer: SipPeer, random: Random): Promise<void> {
  for (;;) void answer(sim, await peer.expectCall(), random)
}

async function answer(sim: Simulation, call: PeerCall, random: Random): Promise<void> {
  for (let said = integerBelow(random, 4); said >= 0; said--) {
    await sim.clock.sleep(integerBelow(random, chance(random, 0.2) ? 9000 : 300))
    const status = STATUSES[integerBelow(random, STATUSES.length)] as number
    if (status >= 300 && status < 400) call.respond(status, { headers: [['Contact', contacts(random)]] })
    else call.respond(status, status === 200 || status === 183 ? { sdp: {} } : {})
  }
}

const STATUSES = [100, 180, 183, 200, 302, 302, 404, 486, 503, 503, 603]

function contacts(random: Random): string {
  const one = () => `<sip:${integerBelow(random, 4)}@${TRUNKS[integerBelow(random, 3)]}>;q=0.${integerBelow(random, 3)}`
  return Array.from({ length: 1 + integerBelow(random, 3) }, one).join(', ')
}

/** What each state may be followed by, of a call that is placed. */
const NEXT: Readonly<Record<string, readonly string[]>> = {
  CALL_OUTGOING: ['RING_OUTGOING', 'ANSWERED', 'IDLE'],
  RING_OUTGOING: ['ANSWERED', 'IDLE'],
  ANSWERED: ['IDLE'],
  IDLE: [],
}

test(`calls over three trunks that do anything, lose anything and redirect anywhere end once, with a cause`, async () => {
  const outcomes = new Map<string, number>()
  for (let seed = 1; seed <= RUNS; seed++) {
    await withSimulation({ seed, conditions: { loss: seed % 3 === 0 ? 0.2 : 0 } }, async (sim) => {
      const random = sim.random('model')
      const ringdown = sim.exchange(US, {
        name: 'ringdown',
        exchange: {
          trunks: TRUNKS.map((address) => ({ name: address, uri: `sip:${address}`, firstResponseMs: 2000 })),
          routes: [{ prefix: '', trunks: TRUNKS.map((name) => ({ name, priority: 1 })) }],
          // Each is down for one second in seven, at its own time.
          trunkHealth: { isUp: (trunk) => (Math.floor(sim.now / 1000) + TRUNKS.indexOf(trunk)) % 7 !== 0 },
        },
      })
      for (const address of TRUNKS) {
        const peer = sim.peer(address, {
          name: address,
          retransmits: true,
          onMessage: (message, call) => {
            if (message.kind === 'response' || message.method === 'INVITE') return false
            if (message.method !== 'ACK') call.respond(200, {}, message)
            if (message.method === 'CANCEL' && chance(random, 0.8)) call.respond(487)
            return true
          },
        })
        void behave(sim, peer, random).catch(() => {})
      }
      const all: CallDetails[] = []
      const app = outbound(async (channel) => {
        for (let call = 0; call < CALLS; call++) {
          const states: string[] = []
          const stop = channel.on('state', ({ state }) => states.push(state))
          const state = await channel.call('5550100', {
            timeoutMs: chance(random, 0.3) ? 1 + integerBelow(random, 5000) : 40_000,
            redirects: { follow: integerBelow(random, 5), numbers: ['*'], hosts: ['*'] },
          })
          if (state === 'ANSWERED' && chance(random, 0.5)) await channel.waitForIdle({ timeoutMs: 500 })
          await channel.hangUp()
          stop()
          for (const [index, state] of states.entries())
            if (index > 0) expect(NEXT[states[index - 1] as string]).toContain(state)
          expect(states.at(-1)).toBe('IDLE')
          all.push(channel.details as CallDetails)
        }
      })
      const record = await ringdown.startOutbound(app)
      expect(record.error).toBeUndefined()
      await sim.clock.runUntilIdle()
      expect(ringdown.alive).toBe(0)
      expect(ringdown.exchange.counters.get('brokenInvariants')).toBe(0)
      expect(ringdown.calls).toHaveLength(CALLS)
      for (const { attempts = [], cause, wasAnswered, hasEnded } of all) {
        expect(hasEnded).toBe(true)
        expect(cause).toBeDefined()
        expect(attempts.filter(({ outcome }) => outcome === 'trying')).toEqual([])
        expect(attempts.filter(({ outcome }) => outcome === 'answered')).toHaveLength(wasAnswered ? 1 : 0)
        // Three trunks, and no more than four redirections, each of which may find a trunk down.
        expect(attempts.length).toBeLessThanOrEqual(3 + 4 + 3 * 4)
        for (const { outcome } of attempts) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
      }
    })()
  }
  for (const outcome of ['answered', 'refused', 'redirected', 'noResponse', 'down', 'cancelled'])
    expect(outcomes.get(outcome) ?? 0, outcome).toBeGreaterThan(20)
})
