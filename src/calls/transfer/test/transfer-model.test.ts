import { expect, test } from 'vitest'
import { integerBelow, type Random, seededRandom } from '../../../kit/index.ts'
import { exchange, type Phone, type PhoneKind, phones } from '../../../testing/index.ts'
import { type Channel, inbound, type State, type TransferCause } from '../../index.ts'

/**
 * Transfers in which anybody hangs up at any moment, over a network that loses: each party ends up in exactly one place,
 * the cause is one that fits, and nothing is left behind.
 */

/** More for a long run: `RINGDOWN_TRANSFER_RUNS=200000`. */
const RUNS = Number(process.env.RINGDOWN_TRANSFER_RUNS ?? 500)
/** Another first seed, to repeat one run. */
const SEED = Number(process.env.RINGDOWN_SEED ?? 1)
/** Whatever happens does so within this time; then all is quiet for as long as lost messages need. */
const BUSY_MS = 8000
const QUIET_MS = 40_000

const CAUSES: Readonly<Partial<Record<State, readonly TransferCause[]>>> = {
  TRANSFERRED: ['NORMAL'],
  ANSWERED: ['NORMAL', 'TIMEOUT', 'TARGETREJECT', 'TARGETHANGUP', 'FAIL'],
  IDLE: ['NORMAL', 'HANGUP', 'TIMEOUT', 'TARGETREJECT', 'TARGETHANGUP', 'FAIL'],
}

/** @param answering the names of phones that have answered and wait to hear that this has arrived: they cannot hang up yet */
function someTarget(random: Random, answering: Set<string>): PhoneKind {
  const answersAfterMs = integerBelow(random, 5000)
  switch (integerBelow(random, 6)) {
    case 0:
      return phones.rejects(486)
    case 1:
      return phones.noAnswer()
    case 2:
      return phones.noAnswer({ givesUpAfterMs: answersAfterMs })
    default:
      return phones.scripted(async (phone) => {
        phone.ring()
        await phone.sleep(answersAfterMs)
        if (phone.state !== 'CALLED') return
        answering.add(phone.name)
        await phone.answer().catch(() => {})
        answering.delete(phone.name)
      })
  }
}

/** What somebody does at a random moment, sometimes. */
function sometimes(random: Random, sleep: (ms: number) => Promise<void>, act: () => Promise<unknown>): Promise<void> {
  const at = integerBelow(random, BUSY_MS)
  if (integerBelow(random, 2) === 0) return Promise.resolve()
  return sleep(at)
    .then(act)
    .then(
      () => {},
      () => {},
    )
}

/** Resolves with how the transfer of this seed went: so that a run in which hardly anything happens is noticed. */
async function run(seed: number): Promise<TransferCause | undefined> {
  let outcome: TransferCause | undefined
  const random = seededRandom(seed)
  const loss = integerBelow(random, 3) === 0 ? 0.1 : 0
  const isOnLoan = integerBelow(random, 2) === 0
  const options = {
    timeoutMs: 1000 + integerBelow(random, 6000),
    ...(integerBelow(random, 3) === 0 && { announce: { textToSay: 'A call.' } }),
  }
  const answering = new Set<string>()
  let targets: Phone[] = []
  let alice: Phone | undefined
  const wrong: string[] = []
  const desk = inbound(async (channel, { extraChannels }) => {
    const other = extraChannels[0] as Channel
    await channel.answer()
    const doing = sometimes(
      random,
      (ms) => pbx.sim.clock.sleep(ms),
      () => (isOnLoan && channel.state() === 'TRANSFERRED' ? channel.retrieveTransfer() : channel.hangUp()),
    )
    const alongside = sometimes(
      random,
      (ms) => pbx.sim.clock.sleep(ms),
      () => other.hangUp(),
    )
    if (isOnLoan) await channel.retrievableTransfer(other, { to: 'sip:bob@bob', ...options })
    else {
      const strategy = integerBelow(random, 2) === 0 ? 'serial' : 'parallel'
      await channel.managedTransfer(['sip:bob@bob', 'sip:ann@ann'], { ...options, strategy })
    }
    await Promise.all([doing, alongside])
    await pbx.sim.clock.sleep(QUIET_MS)
    const [state, cause] = [channel.state(), channel.transferCause()]
    outcome = cause
    if (CAUSES[state]?.includes(cause) !== true) wrong.push(`${state} with transfer cause ${cause}`)
    if ((alice?.state === 'ANSWERED') !== (state !== 'IDLE')) wrong.push(`${state} while alice is ${alice?.state}`)
    const there = targets.filter((phone) => phone.state !== 'IDLE').length
    if (there !== (state === 'TRANSFERRED' ? 1 : 0)) wrong.push(`${state} with ${there} targets`)
    if (isOnLoan && (other.state() === 'TRANSFERRED') !== (state === 'TRANSFERRED'))
      wrong.push(`${state} on a channel that is ${other.state()}`)
    await channel.hangUp()
  })
  const pbx = exchange({ seed, apps: { desk }, conditions: { loss } })
  targets = ['bob', 'ann'].map((name) => pbx.phone(name, quiet(someTarget(random, answering))))
  alice = pbx.phone('alice', quiet({}))
  alice.dial('desk')
  await alice.expectAnswer()
  const hangers = [alice, ...targets].map((phone) =>
    sometimes(
      random,
      (ms) => pbx.sim.clock.sleep(ms),
      async () => {
        if (!answering.has(phone.name)) await phone.hangUp()
      },
    ),
  )
  await pbx.done()
  await Promise.all(hangers)
  const errors = pbx.runs.flatMap(({ error }) => (error === undefined ? [] : [error]))
  const { counters } = pbx.exchange.exchange
  const { alive } = pbx.exchange
  const broken = counters.get('brokenInvariants')
  expect({ seed, wrong, errors, alive, broken }).toEqual({ seed, wrong: [], errors: [], alive: 0, broken: 0 })
  return outcome
}

/** Nobody listens to tones, which costs time. */
function quiet(kind: PhoneKind): PhoneKind {
  return { ...kind, set: { ...kind.set, hearsTones: false, sendsSilence: false } }
}

test(
  'whoever hangs up whenever, each party is in one place and nothing is left',
  async () => {
    const outcomes = new Set<TransferCause | undefined>()
    for (let i = 0; i < RUNS; i++) outcomes.add(await run(SEED + i))
    const all = ['NORMAL', 'HANGUP', 'TIMEOUT', 'TARGETREJECT', 'TARGETHANGUP', 'FAIL']
    if (RUNS >= 60) expect([...outcomes]).toEqual(expect.arrayContaining(all))
  },
  60_000 + RUNS * 1000,
)
