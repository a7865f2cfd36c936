import { expect, test } from 'vitest'
import { integerBelow, type Random, seededRandom } from '../../../kit/index.ts'
import { exchange, type Phone, type PhoneKind, phones } from '../../../testing/index.ts'
import { type Channel, inbound } from '../../index.ts'
import { ANYBODY } from './switchboard.ts'

/**
 * Two who are connected, of whom one has the other transferred, while anybody hangs up at any moment and messages are lost:
 * nobody is left alone without an application, the one who asked is told the truth, and nothing is left behind.
 */

/** More for a long run: `RINGDOWN_REFER_RUNS=100000`. */
const RUNS = Number(process.env.RINGDOWN_REFER_RUNS ?? 60)
/** Another first seed, to repeat one run. */
const SEED = Number(process.env.RINGDOWN_SEED ?? 1)
/** Whatever happens does so within this time; then all is quiet for as long as lost messages need. */
const BUSY_MS = 6000
const QUIET_MS = 40_000

/** Nobody listens to tones, which costs time. */
const SET = { hearsTones: false, sendsSilence: false } as const

function someTarget(random: Random): PhoneKind {
  const answersAfterMs = integerBelow(random, 3000)
  switch (integerBelow(random, 5)) {
    case 0:
      return { ...phones.rejects(486), set: SET }
    case 1:
      return { ...phones.noAnswer({ givesUpAfterMs: answersAfterMs }), set: SET }
    default:
      return {
        set: SET,
        onCall: async (phone) => {
          phone.ring()
          await phone.sleep(answersAfterMs)
          if (phone.state === 'CALLED') await phone.answer().catch(() => {})
        },
      }
  }
}

/** @returns the last that was reported to the one who asked, if he was told anything */
async function run(seed: number): Promise<number | undefined> {
  const random = seededRandom(seed)
  const loss = integerBelow(random, 3) === 0 ? 0.1 : 0
  const isForGood = integerBelow(random, 2) === 0
  const channels: Channel[] = []
  let hasEnded = false
  const app = inbound(async (channel, { extraChannels }) => {
    await serve(channel, extraChannels[0] as Channel)
    hasEnded = true
  })
  const serve = async (channel: Channel, other: Channel) => {
    channels.push(channel, other)
    await channel.answer()
    if (isForGood) {
      await channel.managedTransfer('sip:bob@bob')
      return
    }
    await other.call('sip:bob@bob')
    await channel.connect(other)
    const mine = integerBelow(random, 3)
    await channel.waitForIdle({ timeoutMs: 1 + integerBelow(random, BUSY_MS) })
    if (mine < 2) await [channel, other][mine]?.hangUp()
    await channel.waitForIdle({ timeoutMs: QUIET_MS })
    await other.waitForIdle({ timeoutMs: 1 })
  }
  const pbx = exchange({ seed, exchange: ANYBODY, apps: { desk: app }, conditions: { loss } })
  const alice = pbx.phone('alice', { set: SET })
  const bob = pbx.phone('bob', { set: SET, onCall: (phone) => phone.answer().catch(() => {}) })
  const carol = pbx.phone('carol', someTarget(random))
  alice.dial('desk')
  await alice.expectAnswer()
  await pbx.sleep(2500)
  const asks = integerBelow(random, 2) === 0 ? alice : bob
  if (asks.state === 'ANSWERED') await asks.refer('sip:carol@carol', { withinMs: 40_000 }).catch(() => {})
  const hangers = [alice, bob, carol].map((phone) => sometimes(random, pbx.sim.clock.sleep.bind(pbx.sim.clock), phone))
  await pbx.sleep(BUSY_MS + QUIET_MS)
  // It has begun late where the acknowledgement of its answer was lost.
  while (!hasEnded) await pbx.sleep(1000)
  const wrong = strangers([alice, bob, carol])
  // Whoever is left goes, and then everybody is gone who is with nobody but him.
  for (const phone of [alice, bob, carol]) if (phone.state === 'ANSWERED') await phone.hangUp()
  await pbx.done()
  await Promise.all(hangers)
  const errors = pbx.runs.flatMap(({ error }) => (error === undefined ? [] : [error]))
  const { alive } = pbx.exchange
  const broken = pbx.exchange.exchange.counters.get('brokenInvariants')
  expect({ seed, wrong, errors, alive, broken }).toEqual({ seed, wrong: [], errors: [], alive: 0, broken: 0 })
  return asks.reports.at(-1)
}

/** When all applications have ended those who are still in a call have each other, so one alone is wrong. */
function strangers(all: readonly Phone[]): string[] {
  const there = all.filter(({ state }) => state !== 'IDLE')
  return there.length === 1 ? [`${there[0]?.name} is alone, ${there[0]?.state}`] : []
}

async function sometimes(random: Random, sleep: (ms: number) => Promise<void>, phone: Phone): Promise<void> {
  const at = integerBelow(random, BUSY_MS)
  if (integerBelow(random, 2) === 0) return
  await sleep(at)
  await phone.hangUp().catch(() => {})
}

test(
  'whoever hangs up whenever, nobody is left alone, and nothing is left',
  async () => {
    const reports = new Set<number | undefined>()
    for (let i = 0; i < RUNS; i++) reports.add(await run(SEED + i))
    if (RUNS >= 60) expect([...reports]).toEqual(expect.arrayContaining([undefined, 200, 480, 486, 487]))
  },
  60_000 + RUNS * 1000,
)
