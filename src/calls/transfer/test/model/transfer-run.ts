import type { MediaEvent } from '../../../../media/index.ts'
import { Simulation, type SipPeer } from '../../../../testing/index.ts'
import {
  type AppContext,
  type AppDefinition,
  type AppFunction,
  type Channel,
  inbound,
  type Trunk,
} from '../../../index.ts'
import { Observer, serviceOfTarget, type Who } from './observer.ts'
import { QuietExchange } from './quiet-exchange.ts'
import { Chance, RandomCaller, RandomTarget } from './random-party.ts'
import { PLANNED_FAILURE, randomService } from './random-service.ts'
import { RandomTransferee } from './random-transferee.ts'
import { ReferenceReferral, type ReferralPlan } from './reference-referral.ts'
import { type Observation, type Place, type ReferencePlan, ReferenceTransfer } from './reference-transfer.ts'

/** What came of one transfer. */
export interface TransferReport {
  /** What is wrong; nothing may be. */
  readonly problems: readonly string[]
  /** How it went and where the caller was in the end: to tell whether many runs got everywhere. */
  readonly seen: string
  /** At some time the caller and a target sent their sound to each other. */
  readonly hasReleased: boolean
  readonly ladder: string
}

const US = '192.0.2.1'
const ALICE = '198.51.100.1'
const CAROL = '198.51.100.2'
const TARGETS = [11, 12, 13, 14, 15, 16].map((host) => `198.51.100.${host}`)
const TRUNK_OF_ALICE: Trunk = {
  name: 'alice',
  uri: `sip:${ALICE}`,
  credentials: { username: 'us', password: 'secret' },
  inbound: { addresses: [ALICE] },
}
const ROOM = 'meeting'
/** What is chosen happens until then; afterwards all is quiet for as long as lost messages need. */
const BUSY_MS = 10_000
const QUIET_MS = 45_000
const ANNOUNCEMENT = 'who-calls.wav'
const KINDS = [
  ...(['serial', 'serial', 'parallel', 'loan', 'loan', 'room', 'room'] as const),
  ...(['service', 'service', 'service', 'blind', 'blind', 'blind', 'blind', 'attended', 'attended'] as const),
]

type Plan = ReferencePlan | ReferralPlan

/**
 * One transfer, of any kind, in which anybody does anything at any moment, over a network that loses, doubles and reorders:
 * a reference that is told the same as the exchange says where everybody has to be in the end, and why.
 */
export async function runTransfer(seed: number): Promise<TransferReport> {
  const run = new TransferWorld(seed)
  await run.run()
  return run.report()
}

class TransferWorld {
  readonly #sim: Simulation
  readonly #choose: Chance
  readonly #kind: (typeof KINDS)[number]
  /** Of the transfer, and of a second one when the caller is back. */
  readonly #plans: readonly Plan[]
  #plan: Plan
  #reference: ReferenceTransfer | ReferenceReferral
  readonly #observer: Observer
  readonly #exchange: QuietExchange
  readonly #problems: string[] = []
  readonly #alice: RandomTransferee
  readonly #carol: RandomCaller
  readonly #targets: RandomTarget[]
  /** The calls of services of ours that stand for targets. */
  readonly #services = new Map<number, Channel>()
  /** We know a password for alice, as the far end of a trunk. */
  readonly #hasCredentials: boolean
  /** Far ends may send their sound to each other. */
  readonly #releases: boolean
  #transfersBegun = 0

  constructor(seed: number) {
    const lossy = seed % 3 === 0
    const conditions = lossy
      ? { latencyMs: 5, jitterMs: 20, loss: 0.1, duplicate: 0.1, reorder: 0.1, reorderByMs: 60 }
      : { latencyMs: 2, jitterMs: seed % 3 }
    this.#sim = new Simulation({ seed, conditions, ladderRows: 200 })
    const { clock } = this.#sim
    const choose = new Chance(this.#sim.random('world'), clock)
    this.#choose = choose
    this.#kind = choose.one(KINDS)
    this.#hasCredentials = (this.#kind === 'blind' || this.#kind === 'attended') && choose.maybe(0.5)
    const first = this.#choosePlan([0, 1, 2])
    // Who is still with the application after an attended one could not be called again.
    this.#plans = this.#kind === 'attended' || choose.maybe(0.5) ? [first] : [first, this.#choosePlan([3, 4, 5])]
    this.#plan = first
    this.#releases = choose.maybe(0.6)
    this.#reference = this.#referenceOf(first)
    this.#observer = new Observer({ alice: ALICE, carol: CAROL, targets: TARGETS }, (what) => this.#observe(what))
    const apps = new Map([
      ['desk', inbound((channel, context) => this.#desk(channel, context))],
      ['guest', inbound((channel) => this.#guest(channel))],
      ...[0, 3].map((target) => [serviceOfTarget(target), inbound(this.#serviceOf(target))] as const),
    ])
    this.#exchange = new QuietExchange(this.#sim, {
      address: US,
      appOf: (user) => apps.get(user) as AppDefinition,
      trunks: this.#hasCredentials ? [TRUNK_OF_ALICE] : [],
      file: ANNOUNCEMENT,
      troubles: choose.maybe(0.2)
        ? { openFails: 0.05, bridgeFails: 0.2, mixFails: 0.2 }
        : { openFails: 0, bridgeFails: 0, mixFails: 0 },
      onMessage: (message, address, isSent) => this.#observer.hearMessage(message, address, isSent),
      onMedia: (event) => this.#observer.hearMedia(event),
      onCommand: (command) => this.#observer.noteLeg(command),
      onProblem: (problem) => problem.includes(PLANNED_FAILURE) || this.#problems.push(problem),
    })
    this.#alice = new RandomTransferee(this.#chance('alice'), BUSY_MS)
    this.#alice.saysWhich = this.#plans.length > 1 || choose.maybe(0.5)
    this.#carol = new RandomCaller(this.#chance('carol'), BUSY_MS)
    this.#targets = TARGETS.map((address) => new RandomTarget(this.#chance(address), 6000))
    for (const [i, target] of this.#targets.entries()) this.#peer(TARGETS[i] as string, target)
  }

  async run(): Promise<void> {
    const { clock } = this.#sim
    const alice = this.#peer(ALICE, this.#alice)
    const carol = this.#peer(CAROL, this.#carol)
    this.#alice.state = 'begun'
    alice.invite(`sip:desk@${US}`)
    if (this.#kind === 'room' && this.#choose.maybe(0.8))
      this.#choose.later(3000, () => {
        this.#carol.state = 'begun'
        carol.invite(`sip:guest@${US}`)
      })
    await clock.runUntilIdle({ maxVirtualMs: 600_000 })
    this.#problems.push(...this.#exchange.problems())
  }

  report(): TransferReport {
    const { cause, caller } = this.#reference
    const where = typeof caller === 'number' ? 'target' : caller
    const kind = this.#kind === 'service' ? 'service' : this.#plan.kind
    return {
      problems: this.#problems,
      seen: this.#transfersBegun > 0 ? `${kind}: ${cause}, ${where}` : 'never begun',
      hasReleased: this.#exchange.releases > 0,
      ladder: this.#problems.length > 0 ? String(this.#sim.ladder) : '',
    }
  }

  #chance(name: string): Chance {
    return new Chance(this.#sim.random(name), this.#sim.clock)
  }

  #choosePlan(of: readonly number[]): Plan {
    const choose = this.#choose
    const numbers = of.slice(0, choose.one([1, 2, 3]))
    const kind = this.#kind
    const timeoutMs = choose.one([3000.3, 7000.7])
    if (kind === 'blind' || kind === 'attended')
      return {
        kind,
        target: of[0] as number,
        timeoutMs: choose.one([timeoutMs, 40_000.4]),
        bridges: kind === 'blind' && choose.maybe(0.5),
        hasCredentials: this.#hasCredentials,
      }
    const isOnLoan = kind === 'loan' || kind === 'service'
    return {
      kind: isOnLoan ? 'onLoan' : kind === 'room' ? 'room' : 'forGood',
      groups:
        kind === 'room'
          ? []
          : isOnLoan
            ? [[of[0] as number]]
            : kind === 'parallel'
              ? [numbers]
              : numbers.map((n) => [n]),
      timeoutMs,
      announces: choose.maybe(0.4),
      acceptDigit: choose.maybe(0.3) ? '1' : undefined,
      acceptTimeoutMs: 2000.2,
    }
  }

  #referenceOf(plan: Plan): ReferenceTransfer | ReferenceReferral {
    if (!isByRefer(plan)) return new ReferenceTransfer(plan)
    return new ReferenceReferral(plan, this.#reference instanceof ReferenceReferral ? this.#reference : undefined)
  }

  #peer(address: string, party: RandomCaller | RandomTarget): SipPeer {
    return this.#sim.peer(address, {
      retransmits: true,
      onMessage: (message, call) => {
        party.receive(message, call)
        return true
      },
    })
  }

  // --- what the exchange is told ------------------------------------------------------------------------------------

  #observe(what: Observation): void {
    this.#reference.observe(what, this.#sim.now)
  }

  // --- the application ----------------------------------------------------------------------------------------------

  async #guest(channel: Channel): Promise<void> {
    this.#observer.answering.push('carol')
    if ((await channel.answer()) !== 'ANSWERED') return
    this.#observer.carolIsIn = true
    const conferenceLifetimeControl = new channel.ConferenceLifetimeControl({ destroyOnExit: true })
    void channel.joinConferenceRoom(ROOM, { conferenceLifetimeControl })
    // Longer than the transfer is looked at.
    await this.#sim.clock.sleep(BUSY_MS + 2 * QUIET_MS)
    await channel.hangUp()
  }

  #serviceOf(target: number): AppFunction {
    const choose = this.#chance(serviceOfTarget(target))
    const sleep = (ms: number) => this.#sim.clock.sleep(ms)
    return randomService(choose, sleep, BUSY_MS, (channel) => this.#services.set(target, channel))
  }

  async #desk(channel: Channel, { extraChannels, rooms }: AppContext): Promise<void> {
    const { clock } = this.#sim
    const other = extraChannels[0] as Channel
    this.#observer.answering.push('alice')
    if ((await channel.answer()) !== 'ANSWERED') return
    await clock.sleep(this.#choose.delayMs(200))
    this.#meddle(channel, other, () => void rooms.get(ROOM)?.destroy())
    this.#transfers(channel, other).catch((error: Error) => this.#problems.push(String(error.stack)))
    await clock.sleep(BUSY_MS + QUIET_MS)
    this.#judge(channel, other)
    await channel.hangUp()
  }

  /** One after the other, at once when the caller is back. */
  async #transfers(channel: Channel, other: Channel): Promise<void> {
    for (const plan of this.#plans) {
      if (this.#reference.caller !== 'app' || this.#sim.now > BUSY_MS) return
      this.#plan = plan
      this.#observer.dialled = targetsOf(plan)
      if (plan.kind === 'attended' && !(await this.#consults(channel, other, plan.target))) return
      this.#reference = this.#referenceOf(plan)
      this.#reference.begin(this.#sim.now)
      this.#transfersBegun++
      await this.#transfer(channel, other)
      await untilBack(channel)
      await other.waitForIdle()
    }
  }

  /** @returns whether all three are there */
  async #consults(channel: Channel, other: Channel, target: number): Promise<boolean> {
    await other.call(`sip:x@${TARGETS[target]}`, { timeoutMs: 8000 })
    return [channel, other].every((each) => each.state() === 'ANSWERED' || each.state() === 'ON_HOLD')
  }

  #transfer(channel: Channel, other: Channel): Promise<unknown> {
    const plan = this.#plan
    const { kind, timeoutMs } = plan
    const uris = targetsOf(plan).map((n) => `sip:x@${TARGETS[n]}`)
    if (isByRefer(plan)) {
      if (plan.kind === 'attended') return channel.attendedTransfer(other, { timeoutMs })
      return channel.blindTransfer(uris[0] as string, { timeoutMs, bridgeIfRefused: plan.bridges && { timeoutMs } })
    }
    if (kind === 'room') {
      const settings = new channel.ConferencePartyMediaSettings({ exitOnDtmfDigit: '#' })
      return channel.transferToConferenceRoom(other, ROOM, { timeoutMs, conferencePartyMediaSettings: settings })
    }
    const { announces, acceptDigit, acceptTimeoutMs } = plan
    const options = {
      timeoutMs,
      acceptTimeoutMs,
      mediaRelease: this.#releases,
      ...(announces && { announce: { fileToPlay: ANNOUNCEMENT } }),
      ...(acceptDigit !== undefined && { acceptDigit }),
    }
    if (this.#kind === 'service')
      return channel.transferToInboundService(other, serviceOfTarget(targetsOf(plan)[0] as number), options)
    if (kind === 'onLoan') return channel.retrievableTransfer(other, { to: uris[0] as string, ...options })
    return channel.managedTransfer(uris, { ...options, strategy: this.#kind === 'parallel' ? 'parallel' : 'serial' })
  }

  /** What the application, keys and broken media do at random moments. */
  #meddle(channel: Channel, other: Channel, destroyRoom: () => void): void {
    const choose = this.#choose
    const sometimes = (p: number, act: () => void) => choose.maybe(p) && choose.later(BUSY_MS, act)
    sometimes(0.3, () => {
      if (channel.state() !== 'TRANSFERRED') return
      this.#observe({ type: 'retrieve' })
      channel.retrieveTransfer().catch((error: Error) => error.name !== 'Hangup' && this.#problems.push(String(error)))
    })
    sometimes(0.1, () => {
      this.#observe({ type: 'callerGone' })
      void channel.hangUp()
    })
    if (this.#kind === 'loan' || this.#kind === 'room' || this.#kind === 'service')
      sometimes(0.15, () => {
        this.#observe({ type: 'hangUpCarrier' })
        void other.hangUp()
      })
    if (this.#kind === 'room') {
      sometimes(0.15, () => {
        this.#observe({ type: 'putOut' })
        this.#observer.carolIsIn = false
        destroyRoom()
      })
      sometimes(0.2, () => this.#happenTo('alice', '#'))
    }
    for (const target of TARGETS.keys())
      for (const digit of ['5', '1']) sometimes(0.6, () => this.#happenTo(target, digit))
    sometimes(0.05, () => this.#happenTo(choose.one(this.#observer.legs), 'failed'))
  }

  #happenTo(who: Who, what: string): void {
    const leg = this.#observer.legOf(who)
    if (leg === undefined) return
    const event =
      what === 'failed' ? { type: 'failed', leg, reason: 'a worker has died' } : { type: 'digit', leg, digit: what }
    this.#exchange.happen(event as Extract<MediaEvent, { type: 'failed' | 'digit' }>, this.#sim.now)
  }

  // --- who is where, in the end -------------------------------------------------------------------------------------

  #judge(channel: Channel, other: Channel): void {
    if (this.#transfersBegun === 0) return
    this.#reference.passes(this.#sim.now)
    const { caller, cause } = this.#reference
    const there = this.#targets.flatMap((target, i) => (isThere(target, this.#services.get(i)) ? [i] : []))
    this.#expect('the caller', placeOf(channel, this.#plan.kind, there), caller)
    this.#expect('the transfer cause', channel.transferCause(), cause)
    const consulted = this.#reference instanceof ReferenceReferral ? this.#reference.consulted : undefined
    this.#expect(
      'targets with a call',
      there.join(),
      typeof caller === 'number' ? String(caller) : `${consulted ?? ''}`,
    )
    this.#expect('the caller is connected', channel.details?.connectedId !== undefined, typeof caller === 'number')
    this.#expect('alice has a call', this.#alice.state === 'confirmed', caller !== 'gone')
    const carries =
      (this.#plan.kind === 'onLoan' || this.#plan.kind === 'room') && (typeof caller === 'number' || caller === 'room')
    const isWithApp = other.state() === 'ANSWERED' || other.state() === 'ON_HOLD'
    if (consulted !== undefined) this.#expect('the target is with the application', isWithApp, true)
    else this.#expect('the carrier', other.state(), carries ? 'TRANSFERRED' : 'IDLE')
    const isWithUs = this.#alice.soundTo === US || this.#alice.hasRefused
    if (caller === 'app') this.#expect('the sound of the caller is with us', isWithUs, true)
    const isRinging = [...this.#services.values()].some((service) => /_INCOMING$|ANSWERING/.test(service.state()))
    if (isRinging || this.#targets.some(({ isWaiting }) => isWaiting)) this.#problems.push('a target rings for ever')
  }

  #expect<Value>(what: string, is: Value, shall: Value): void {
    if (is !== shall) this.#problems.push(`${what}: ${is} instead of ${shall}`)
  }
}

/** Resolves when the caller is with the application, or gone. */
function untilBack(channel: Channel): Promise<void> {
  const isBack = () => ['ANSWERED', 'ON_HOLD', 'IDLE'].includes(channel.state())
  if (isBack()) return Promise.resolve()
  return new Promise((resolve) => {
    const stop = channel.on('state', () => {
      if (!isBack()) return
      stop()
      resolve()
    })
  })
}

function targetsOf(plan: Plan): number[] {
  return isByRefer(plan) ? [plan.target] : plan.groups.flat()
}

function isByRefer(plan: Plan): plan is ReferralPlan {
  return plan.kind === 'blind' || plan.kind === 'attended'
}

function isThere({ state }: RandomTarget, service: Channel | undefined): boolean {
  return (
    state === 'confirmed' ||
    state === 'answered' ||
    (service?.details?.wasAnswered === true && service.state() !== 'IDLE')
  )
}

function placeOf(channel: Channel, kind: Plan['kind'], there: readonly number[]): Place | string {
  const state = channel.state()
  if (state === 'ANSWERED' || state === 'ON_HOLD') return 'app'
  if (state === 'IDLE') return 'gone'
  if (state !== 'TRANSFERRED') return state
  return kind === 'room' ? 'room' : (there[0] ?? 'TRANSFERRED to nobody')
}
