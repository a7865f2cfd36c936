import type { LegId, MediaCommand, MediaEvent } from '../../../../media/index.ts'
import { cseqOf, parseMessage } from '../../../../sip/index.ts'
import { Simulation, type SipPeer } from '../../../../testing/index.ts'
import { type AppContext, type Channel, inbound } from '../../../index.ts'
import { QuietExchange } from './quiet-exchange.ts'
import { Chance, RandomCaller, RandomTarget } from './random-party.ts'
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
const ROOM = 'meeting'
/** What is chosen happens until then; afterwards all is quiet for as long as lost messages need. */
const BUSY_MS = 10_000
const QUIET_MS = 45_000
const ANNOUNCEMENT = 'who-calls.wav'
const KINDS = ['serial', 'serial', 'parallel', 'loan', 'loan', 'room', 'room'] as const

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
  readonly #plans: readonly ReferencePlan[]
  #plan: ReferencePlan
  #reference: ReferenceTransfer
  readonly #exchange: QuietExchange
  readonly #problems: string[] = []
  readonly #alice: RandomCaller
  readonly #carol: RandomCaller
  readonly #targets: RandomTarget[]
  /** Whose leg of the media plane is opened next; then those of the targets. */
  readonly #answering: ('alice' | 'carol')[] = []
  #dialled: number[] = []
  readonly #legs = new Map<LegId, 'alice' | 'carol' | number>()
  /** Targets that have described their sound before an answer. */
  readonly #early = new Set<number>()
  #carolIsIn = false
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
    const first = this.#choosePlan([0, 1, 2])
    this.#plans = choose.maybe(0.5) ? [first] : [first, this.#choosePlan([3, 4, 5])]
    this.#plan = first
    this.#releases = choose.maybe(0.6)
    this.#reference = new ReferenceTransfer(first)
    const desk = inbound((channel, context) => this.#desk(channel, context))
    const guest = inbound((channel) => this.#guest(channel))
    this.#exchange = new QuietExchange(this.#sim, {
      address: US,
      appOf: (user) => (user === 'desk' ? desk : guest),
      file: ANNOUNCEMENT,
      troubles: choose.maybe(0.2)
        ? { openFails: 0.05, bridgeFails: 0.2, mixFails: 0.2 }
        : { openFails: 0, bridgeFails: 0, mixFails: 0 },
      onMessage: (bytes, from) => this.#hear(bytes, from),
      onMedia: (event) => this.#hearMedia(event),
      onCommand: (command) => this.#noteLeg(command),
      onProblem: (problem) => this.#problems.push(problem),
    })
    this.#alice = new RandomCaller(this.#chance('alice'), BUSY_MS)
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
    return {
      problems: this.#problems,
      seen: this.#transfersBegun > 0 ? `${this.#plan.kind}: ${cause}, ${where}` : 'never begun',
      hasReleased: this.#exchange.releases > 0,
      ladder: this.#problems.length > 0 ? String(this.#sim.ladder) : '',
    }
  }

  #chance(name: string): Chance {
    return new Chance(this.#sim.random(name), this.#sim.clock)
  }

  #choosePlan(of: readonly number[]): ReferencePlan {
    const choose = this.#choose
    const numbers = of.slice(0, choose.one([1, 2, 3]))
    const kind = this.#kind
    return {
      kind: kind === 'loan' ? 'onLoan' : kind === 'room' ? 'room' : 'forGood',
      groups:
        kind === 'room'
          ? []
          : kind === 'loan'
            ? [[of[0] as number]]
            : kind === 'parallel'
              ? [numbers]
              : numbers.map((n) => [n]),
      timeoutMs: choose.one([3000.3, 7000.7]),
      announces: choose.maybe(0.4),
      acceptDigit: choose.maybe(0.3) ? '1' : undefined,
      acceptTimeoutMs: 2000.2,
    }
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

  #hear(bytes: Uint8Array, from: string): void {
    const parsed = parseMessage(bytes)
    if (!parsed.ok) return
    const message = parsed.value
    const target = TARGETS.indexOf(from)
    if (message.kind === 'request') {
      if (message.method !== 'BYE') return
      if (from === ALICE) this.#observe({ type: 'callerGone' })
      else if (from === CAROL) this.#carolLeaves()
      else this.#observe({ type: 'targetGone', target, isBroken: false })
      return
    }
    if (target < 0 || cseqOf(message)?.method !== 'INVITE') return
    if (message.body.length > 0) this.#early.add(target)
    if (message.status >= 300) this.#observe({ type: 'refused', target, status: message.status })
    else if (message.status >= 200) this.#observe({ type: 'answered', target, hasSound: this.#early.has(target) })
  }

  #carolLeaves(): void {
    if (this.#carolIsIn) this.#observe({ type: 'putOut' })
    this.#carolIsIn = false
  }

  #hearMedia(event: MediaEvent): void {
    const who = this.#legs.get(event.leg)
    if (typeof who === 'number') this.#hearOfTarget(event, who)
    else if (who === 'carol' && (event.type === 'failed' || event.type === 'mixFailed')) this.#carolLeaves()
    else if (who === 'alice') this.#hearOfAlice(event)
  }

  #hearOfTarget(event: MediaEvent, target: number): void {
    if (event.type === 'failed') this.#observe({ type: 'targetGone', target, isBroken: true })
    else if (event.type === 'digit') this.#observe({ type: 'digit', target, digit: event.digit })
    else if (event.type === 'finished' && event.cause === 'NORMAL') this.#observe({ type: 'announced', target })
  }

  #hearOfAlice(event: MediaEvent): void {
    if (event.type === 'failed') this.#observe({ type: 'callerGone' })
    else if (event.type === 'digit' && event.digit === '#') this.#observe({ type: 'exitDigit' })
    else if (event.type === 'mixed') this.#observe({ type: 'mixed', isDone: true })
    else if (event.type === 'mixFailed') this.#observe({ type: 'mixed', isDone: false })
    else if (event.type === 'bridged' || event.type === 'bridgeFailed') {
      const target = this.#legs.get(event.other)
      if (typeof target === 'number') this.#observe({ type: 'bridged', target, isDone: event.type === 'bridged' })
    }
  }

  #noteLeg(command: MediaCommand): void {
    if (command.type === 'open')
      this.#legs.set(command.leg, this.#answering.shift() ?? (this.#dialled.shift() as number))
  }

  // --- the application ----------------------------------------------------------------------------------------------

  async #guest(channel: Channel): Promise<void> {
    this.#answering.push('carol')
    if ((await channel.answer()) !== 'ANSWERED') return
    this.#carolIsIn = true
    const conferenceLifetimeControl = new channel.ConferenceLifetimeControl({ destroyOnExit: true })
    void channel.joinConferenceRoom(ROOM, { conferenceLifetimeControl })
    // Longer than the transfer is looked at.
    await this.#sim.clock.sleep(BUSY_MS + 2 * QUIET_MS)
    await channel.hangUp()
  }

  async #desk(channel: Channel, { extraChannels, rooms }: AppContext): Promise<void> {
    const { clock } = this.#sim
    const other = extraChannels[0] as Channel
    this.#answering.push('alice')
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
      this.#dialled = plan.groups.flat()
      this.#reference = new ReferenceTransfer(plan)
      this.#reference.begin(this.#sim.now)
      this.#transfersBegun++
      await this.#transfer(channel, other)
      await untilBack(channel)
      await other.waitForIdle()
    }
  }

  #transfer(channel: Channel, other: Channel): Promise<unknown> {
    const { announces, acceptDigit, acceptTimeoutMs, timeoutMs, groups, kind } = this.#plan
    if (kind === 'room') {
      const settings = new channel.ConferencePartyMediaSettings({ exitOnDtmfDigit: '#' })
      return channel.transferToConferenceRoom(other, ROOM, { timeoutMs, conferencePartyMediaSettings: settings })
    }
    const options = {
      timeoutMs,
      acceptTimeoutMs,
      mediaRelease: this.#releases,
      ...(announces && { announce: { fileToPlay: ANNOUNCEMENT } }),
      ...(acceptDigit !== undefined && { acceptDigit }),
    }
    const uris = groups.flat().map((n) => `sip:x@${TARGETS[n]}`)
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
    if (this.#kind === 'loan' || this.#kind === 'room')
      sometimes(0.15, () => {
        this.#observe({ type: 'hangUpCarrier' })
        void other.hangUp()
      })
    if (this.#kind === 'room') {
      sometimes(0.15, () => {
        this.#observe({ type: 'putOut' })
        this.#carolIsIn = false
        destroyRoom()
      })
      sometimes(0.2, () => this.#happenTo('alice', '#'))
    }
    for (const target of TARGETS.keys())
      for (const digit of ['5', '1']) sometimes(0.6, () => this.#happenTo(target, digit))
    sometimes(0.05, () => this.#happenTo(choose.one([...this.#legs.values()]), 'failed'))
  }

  #happenTo(who: 'alice' | 'carol' | number, what: string): void {
    const leg = [...this.#legs].find(([, each]) => each === who)?.[0]
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
    const there = this.#targets.flatMap(({ state }, i) => (state === 'confirmed' || state === 'answered' ? [i] : []))
    this.#expect('the caller', placeOf(channel, this.#plan.kind, there), caller)
    this.#expect('the transfer cause', channel.transferCause(), cause)
    this.#expect('targets with a call', there.join(), typeof caller === 'number' ? String(caller) : '')
    this.#expect('the caller is connected', channel.details?.connectedId !== undefined, typeof caller === 'number')
    this.#expect('alice has a call', this.#alice.state === 'confirmed', caller !== 'gone')
    const carries = this.#plan.kind !== 'forGood' && (typeof caller === 'number' || caller === 'room')
    this.#expect('the carrier', other.state(), carries ? 'TRANSFERRED' : 'IDLE')
    const isWithUs = this.#alice.soundTo === US || this.#alice.hasRefused
    if (caller === 'app') this.#expect('the sound of the caller is with us', isWithUs, true)
    if (this.#targets.some(({ isWaiting }) => isWaiting)) this.#problems.push('a target rings for ever')
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

function placeOf(channel: Channel, kind: ReferencePlan['kind'], there: readonly number[]): Place | string {
  const state = channel.state()
  if (state === 'ANSWERED' || state === 'ON_HOLD') return 'app'
  if (state === 'IDLE') return 'gone'
  if (state !== 'TRANSFERRED') return state
  return kind === 'room' ? 'room' : (there[0] ?? 'TRANSFERRED to nobody')
}
