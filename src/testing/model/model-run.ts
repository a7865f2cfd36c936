import { chance, type Logger, type Random, silentLogger } from '../../kit/index.ts'
import type { SipMessage } from '../../sip/index.ts'
import { MemoryMediaStore } from '../media/memory-media-store.ts'
import type { LinkConditions } from '../network/conditions.ts'
import type { SimulatedExchange } from '../simulated-exchange.ts'
import { Simulation } from '../simulation.ts'
import type { PeerCall } from '../sip/peer-call.ts'
import type { SipPeer } from '../sip/sip-peer.ts'
import { explain } from '../with-simulation.ts'
import { CalledFarEnd } from './called-far-end.ts'
import { CallingFarEnd } from './calling-far-end.ts'
import { Chooser } from './chooser.ts'
import type { FarEndCall } from './far-end-call.ts'
import { PROMPT, RandomApps } from './random-app.ts'

/** How much of the model is run. */
export interface ModelOptions {
  readonly seed: number
  /** How many calls are begun by either side; applications place some more. */
  readonly calls: number
  /** The Call-ID of a call whose messages are to be the ladder. */
  readonly follow?: string
}

/** What came of it. */
export interface ModelReport {
  readonly seed: number
  /** Calls that the exchange has seen to their end. */
  readonly calls: number
  /** What is wrong; nothing may be. Ends with a Call-ID where one call is concerned. */
  readonly problems: readonly string[]
  /** What was done, and how often: whether the run got everywhere. */
  readonly seen: ReadonlyMap<string, number>
  /** Equal for equal runs. */
  readonly trace: string
  readonly ladder: string
}

const EXCHANGE = '192.0.2.1'
const FAR_ENDS = ['198.51.100.1', '198.51.100.2', '198.51.100.3']
/** The far end that speaks TCP. */
const STREAMING = '198.51.100.4'
/** Each call begins so long after the one before it, on average. */
const BETWEEN_MS = 60

/** Networks from good to very bad. */
const NETWORKS: readonly Partial<LinkConditions>[] = [
  {},
  { latencyMs: 40, jitterMs: 60 },
  { latencyMs: 20, jitterMs: 100, loss: 0.05, duplicate: 0.05, reorder: 0.05 },
  { latencyMs: 150, jitterMs: 200, loss: 0.25, duplicate: 0.1, reorder: 0.1, reorderByMs: 300 },
]

/**
 * The model test: random far ends that send any legal message at any moment, over a network that loses, delays, doubles
 * and reorders them, against an exchange whose applications do anything at any moment. When all is over, every call has
 * ended once and with a cause, every application saw a path of states that the diagrams allow, and nothing is left.
 */
export async function runModel(options: ModelOptions): Promise<ModelReport> {
  const run = new ModelRun(options)
  try {
    await run.run()
  } catch (error) {
    const explained = explain(error, run.sim)
    explained.message += `\nrunning: ${run.stuck()}`
    throw explained
  }
  return run.report()
}

class ModelRun {
  readonly sim: Simulation
  readonly #calls: number
  readonly #isVeryBad: boolean
  readonly #problems: string[] = []
  readonly #seen = new Map<string, number>()
  readonly #exchange: SimulatedExchange
  readonly #peers: SipPeer[] = []
  readonly #random: Random
  readonly #apps: RandomApps
  readonly #farEnds = new Map<PeerCall, FarEndCall>()
  readonly #errors: unknown[] = []

  constructor({ seed, calls, follow }: ModelOptions) {
    this.#calls = calls
    const network = NETWORKS[seed % NETWORKS.length] ?? {}
    this.#isVeryBad = network === NETWORKS.at(-1)
    this.sim = new Simulation({
      seed,
      ...(follow !== undefined && { ladderOf: follow }),
      conditions: network,
      dns: {
        '_sip._udp.farm.example': FAR_ENDS.map((target, i) => ({ target, port: 5060, weight: 10, priority: i })),
      },
    })
    this.#random = this.sim.random('model')
    const targets = [
      ...FAR_ENDS.map((address) => `sip:x@${address}`),
      `sip:x@${STREAMING};transport=tcp`,
      'sip:x@farm.example;transport=udp',
      'sip:x@198.51.100.250',
    ]
    this.#apps = new RandomApps(this.#chooser('applications'), targets, (problem) => this.#problems.push(problem))
    const files = new MemoryMediaStore()
    files.put(PROMPT, 'A prompt of some words.')
    this.#exchange = this.sim.exchange(EXCHANGE, {
      name: 'exchange',
      files,
      services: { '*': this.#apps.inbound },
      logger: this.#logger(),
    })
    for (const address of FAR_ENDS) this.#addPeer(address, 'udp')
    this.#addPeer(STREAMING, 'tcp')
  }

  async run(): Promise<void> {
    const { clock } = this.sim
    const chooser = this.#chooser('calls')
    const begin = async () => {
      for (let i = 0; i < this.#calls; i++) {
        if (chance(this.#random, 0.5)) void this.#exchange.startOutbound(this.#apps.outbound)
        else this.#callIn(chooser.one(this.#peers), chooser)
        await clock.sleep(chooser.delayMs(4 * BETWEEN_MS))
      }
    }
    await clock.run(begin)
    await clock.runUntilIdle({ maxVirtualMs: 3_600_000 })
    this.#judge()
  }

  /** The applications that have not ended. */
  stuck(): string {
    return [...this.#apps.doing]
      .map(([{ details }, what]) => `${details?.sipCallId}: ${what} (${JSON.stringify(details)})`)
      .join('\n')
  }

  report(): ModelReport {
    const { seed, traceHash, ladder } = this.sim
    return {
      seed,
      calls: this.#exchange.calls.length,
      problems: this.#problems,
      seen: this.#seen,
      trace: traceHash,
      ladder: String(ladder),
    }
  }

  #judge(): void {
    const { calls, instances, exchange, alive } = this.#exchange
    if (alive !== 0)
      this.#problems.push(
        `left behind: ${JSON.stringify(exchange.sizes())}, media legs ${this.#exchange.mediaIo.openLegs}`,
      )
    if (exchange.counters.get('brokenInvariants') > 0)
      this.#problems.push(`broken invariants: ${this.#errors.join('; ')}`)
    // Over the worst of the networks seven copies of a message may be lost, and then nobody is to blame.
    for (const [call, farEnd] of this.#isVeryBad ? [] : this.#farEnds) {
      const wrong = farEnd.verdict()
      if (wrong !== undefined) this.#problems.push(`${wrong}: ${call.callId}`)
    }
    const ids = new Set<string>()
    for (const details of calls) {
      if (ids.has(details.callId)) this.#problems.push(`call ${details.callId} ended twice`)
      ids.add(details.callId)
      const { cause, endedBy, endedIn } = details as Partial<Record<'cause' | 'endedBy' | 'endedIn', string>>
      if (cause === undefined || endedBy === undefined || endedIn === undefined)
        this.#problems.push(`call ${details.callId} ended without a cause: ${JSON.stringify(details)}`)
    }
    for (const { returnCode, error } of instances) {
      if (error !== undefined) this.#problems.push(`an application failed with ${returnCode}: ${error}`)
    }
  }

  #chooser(name: string): Chooser {
    return new Chooser(this.sim.random(name), this.sim.clock, this.#seen)
  }

  #logger(): Logger {
    const note = (fields: unknown) => {
      const { err } = fields as { err?: unknown }
      if (err !== undefined) this.#errors.push(err instanceof Error ? err.stack : err)
    }
    return { ...silentLogger, error: note, child: () => this.#logger() }
  }

  #addPeer(address: string, transport: 'udp' | 'tcp'): void {
    const chooser = this.#chooser(`far end ${address}`)
    const host = this.sim.host(address, address)
    // Sound goes where nobody looks at it.
    host.bindUdp(40_000, { onDatagram: () => {} })
    host.bindUdp(40_001, { onDatagram: () => {} })
    this.#peers.push(
      this.sim.peer(address, {
        name: address,
        transport,
        retransmits: true,
        onMessage: (message, call) => {
          this.#farEndOf(message, call, chooser)?.receive(message)
          return true
        },
      }),
    )
  }

  #callIn(peer: SipPeer, chooser: Chooser): void {
    const transport = peer.address === STREAMING ? ';transport=tcp' : ''
    const call = peer.invite(`sip:service@${EXCHANGE}${transport}`, {
      ...(chooser.maybe(0.15) && { body: '' }),
      headers: [
        ...(chooser.maybe(0.5) ? [['Supported', '100rel, timer'] as const] : []),
        ...(chooser.maybe(0.1) ? [['Require', '100rel'] as const] : []),
        ...(chooser.maybe(0.2) ? [['Session-Expires', '90'] as const] : []),
      ],
    })
    this.#farEnds.set(call, new CallingFarEnd(call, chooser))
  }

  #farEndOf(message: SipMessage, call: PeerCall, chooser: Chooser): FarEndCall | undefined {
    const known = this.#farEnds.get(call)
    if (known !== undefined || message.kind !== 'request' || message.method !== 'INVITE') return known
    const farEnd = new CalledFarEnd(call, chooser)
    this.#farEnds.set(call, farEnd)
    return farEnd
  }
}
