import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type AppDefinition,
  appDirection,
  type CallDetails,
  type InstanceRecord,
  type MediaFiles,
  type Service,
} from '../calls/index.ts'
import { MediaFileError } from '../kit/index.ts'
import { type AudioClip, decodeAudioFile } from '../media/index.ts'
import { parseMessage, parseUri, unescapeUri } from '../sip/index.ts'
import type { FakeAgent } from './agent/fake-agent.ts'
import { type AgentScript, FakeAgents } from './agent/fake-agents.ts'
import { insideSimulation } from './clock/inside.ts'
import { requireAppTimers } from './clock/require-app-timers.ts'
import { MemoryMediaStore } from './media/memory-media-store.ts'
import { Phone } from './phone/phone.ts'
import type { PhoneKind } from './phone/phone-kind.ts'
import { Transcript } from './phone/transcript.ts'
import type { SimulatedExchange, SimulatedExchangeOptions } from './simulated-exchange.ts'
import { Simulation, type SimulationOptions } from './simulation.ts'
import type { Utterance } from './truth/truth.ts'

/** What {@link exchange} is made with. */
export interface TestExchangeOptions
  extends SimulationOptions,
    Pick<SimulatedExchangeOptions, 'logger' | 'crypto' | 'sip' | 'users' | 'speech' | 'recogniser' | 'farEnd'> {
  /** The application that answers each user or number; `*` answers every other one. */
  readonly apps?: Readonly<Record<string, AppDefinition | Service>>
  /** Files that applications play: their sound, or the words in them, which a synthetic voice speaks. */
  readonly files?: Readonly<Record<string, string | AudioClip>>
  /** What the voice agent at each address (`wss://...`) does with a caller. */
  readonly agents?: Readonly<Record<string, AgentScript>>
  /** A directory with further files: WAV, or raw G.711 (.ul, .al). */
  readonly mediaDirectory?: string
  /** Who answers at a number or host that no phone has. Default: nobody; numbers are unobtainable. */
  readonly everybodyElse?: (name: string) => PhoneKind
  /** Further settings of the exchange. */
  readonly exchange?: SimulatedExchangeOptions['exchange']
}

/**
 * Makes an exchange for a test, with your application on it, in virtual time: no network, no waiting. It needs no
 * closing, and works in every test runner.
 *
 *     const pbx = exchange({ apps: { '*': menu }, files: { 'welcome.wav': 'Welcome to Acme.' } })
 *     const alice = pbx.phone('alice')
 *     await alice.call('1234')
 *     await alice.expectSpeech(/welcome/i)
 *
 * @param what an application that answers every number, an outbound one to start, or all options
 */
export function exchange(what: AppDefinition | TestExchangeOptions): TestExchange {
  const isApp = appDirection(what) !== undefined
  return new TestExchange(isApp ? { apps: { '*': what as AppDefinition } } : (what as TestExchangeOptions))
}

/** Where a phone is to be found beside its name. */
export interface PhonePlace {
  /** Telephone numbers that lead to it: those that applications dial without a host. */
  readonly numbers?: readonly string[]
  /** Its IP address, when something names it. Default: one of its own. */
  readonly address?: string
}

/** An exchange with the phones around it: see {@link exchange}. */
export class TestExchange {
  readonly sim: Simulation
  readonly exchange: SimulatedExchange
  readonly #phones = new Map<string, Phone>()
  readonly #addresses = new Set<string>([EXCHANGE_ADDRESS, NOWHERE_ADDRESS, NETWORK_ADDRESS])
  readonly #numbers = new Map<string, string>()
  readonly #scripts: Promise<void>[] = []
  readonly #failures: unknown[] = []
  readonly #transcript = new Transcript(() => this.#phones.values())
  readonly #files: TestFiles
  readonly #agents: FakeAgents
  readonly #everybodyElse: ((name: string) => PhoneKind) | undefined

  constructor(options: TestExchangeOptions) {
    requireAppTimers()
    this.sim = new Simulation(options)
    this.#files = new TestFiles(options.mediaDirectory)
    this.#everybodyElse = options.everybodyElse
    for (const [name, content] of Object.entries(options.files ?? {})) this.#files.put(name, content)
    this.#agents = new FakeAgents(options.agents ?? {})
    const { apps = {}, logger, crypto, sip, users, speech, recogniser, farEnd } = options
    this.exchange = this.sim.exchange(EXCHANGE_ADDRESS, {
      name: 'exchange',
      services: Object.fromEntries(Object.entries(apps).map(([user, app]) => [user, this.appInside(app)])),
      files: this.#files,
      agents: this.#agents,
      runScript: (script) => this.#runScript(script),
      exchange: { trunks: [{ name: 'network', uri: `sip:${NETWORK}` }], ...options.exchange },
      resolve: (name, bytes) => {
        if (name === NETWORK) return NETWORK_ADDRESS
        return name === NETWORK_ADDRESS ? this.#addressOfNumber(bytes) : this.#addressOfHost(name)
      },
      ...(logger && { logger }),
      ...(crypto && { crypto }),
      ...(sip && { sip }),
      ...(users && { users }),
      ...(speech !== undefined && { speech }),
      ...(recogniser !== undefined && { recogniser }),
      ...(farEnd !== undefined && { farEnd }),
    })
    this.sim.host(NOWHERE_ADDRESS, 'network')
    this.sim.peer(NOWHERE_ADDRESS, {
      name: 'network',
      retransmits: true,
      onMessage: (message, call) => {
        if (message.kind === 'request' && message.method === 'INVITE') call.respond(404)
        return true
      },
    })
  }

  /**
   * Puts a phone on the network. Applications reach it as `sip:<name>@<name>`, and by its numbers.
   * @param kind what it does when called; without one the test acts by hand
   */
  phone(name: string, kind: PhoneKind = {}, place: PhonePlace = {}): Phone {
    if (this.#phones.has(name)) throw new Error(`there is a phone called ${name} already`)
    const address = place.address ?? this.#nextAddress(kind)
    const host = this.sim.host(address, name)
    this.#setUpLine(address, name, kind)
    const phone = new Phone(
      {
        clock: this.sim.clock,
        host,
        random: this.sim.random(`phone ${name}`),
        resolve: (other) => this.sim.resolve(other),
        exchangeAddress: EXCHANGE_ADDRESS,
        onEvent: (text) => this.#transcript.note(this.sim.now, `${name} ${text}`),
        story: () => this.story(),
        runScript: (script) => this.#runScript(script),
      },
      kind,
    )
    this.#phones.set(name, phone)
    this.#addresses.add(address)
    for (const number of place.numbers ?? (/^\+?[0-9*#]+$/.test(name) ? [name] : [])) this.#numbers.set(number, address)
    return phone
  }

  /** Starts an outbound application. @returns the record of its run, when it has ended */
  start(app: AppDefinition, outboundParameters: Readonly<Record<string, unknown>> = {}): Promise<InstanceRecord> {
    const run = this.exchange.startOutbound(this.appInside(app), outboundParameters)
    return this.sim.clock.pull('the test waits for the application', run)
  }

  /** Lets time pass. */
  sleep(ms: number): Promise<void> {
    return this.sim.clock.pull('the test sleeps', this.sim.clock.sleep(ms))
  }

  /**
   * Runs until every call is over and every script of a phone has come to its end.
   * @throws what a script threw; SimulationStuckError naming who is stuck
   */
  async done(): Promise<void> {
    await this.sim.clock.runUntilIdle()
    await this.sim.clock.pull('the scripts of the phones', Promise.all(this.#scripts))
    if (this.#failures.length > 0) throw this.#failures[0]
  }

  /** Calls that have ended, in order. */
  get calls(): readonly CallDetails[] {
    return this.exchange.calls
  }

  /** Runs of applications that have ended, in order. */
  get runs(): readonly InstanceRecord[] {
    return this.exchange.instances
  }

  /** A recording that is complete: how long it is and what was said in it. */
  recording(name: string): {
    readonly durationMs: number
    readonly samples: Int16Array
    readonly said: readonly string[]
  } {
    const samples = this.#files.recording(name)
    if (samples === undefined) {
      const there = this.#files.recordings.join(', ')
      throw new MediaFileError(`there is no recording "${name}"; complete are: ${there === '' ? 'none' : there}`)
    }
    const said = this.#files.heardIn(name).map((each: Utterance) => each.text ?? each.file ?? each.speaker)
    return { durationMs: samples.length / 8, samples, said }
  }

  /** Every voice agent that was dialled, in order. */
  get agents(): readonly FakeAgent[] {
    return this.#agents.dialled
  }

  /** The files of the media store as applications see them: `app.files`. */
  get files(): MediaFiles {
    return this.#files.files
  }

  /** All phones, in the order in which they came. */
  get phones(): readonly Phone[] {
    return [...this.#phones.values()]
  }

  /** The names of all recordings that are complete. */
  get recordings(): readonly string[] {
    return this.#files.recordings
  }

  /** What everybody did and heard so far, a line for each thing, with its time in seconds. */
  transcript(): string {
    return this.#transcript.text()
  }

  /** Transcript, seed and ladder, as they stand in the message of a failure. */
  story(): string {
    const { seed, ladder } = this.sim
    return `The call until now:\n${this.transcript()}\n\nseed ${seed} (again: RINGDOWN_SEED=${seed})\n${ladder}`
  }

  /** @internal The same application, known as part of this simulation. */
  appInside<App extends AppDefinition | Service>(app: App): App {
    if ('app' in app) return typeof app.app === 'string' ? app : { ...app, app: this.appInside(app.app) }
    const { run } = app as AppDefinition
    return { ...app, run: (channel, context) => insideSimulation(this.sim.clock, () => run(channel, context)) }
  }

  #runScript(script: () => Promise<void>): void {
    this.sim.clock.signal()
    const run = insideSimulation(this.sim.clock, script).catch((error: unknown) => {
      this.#failures.push(error)
      this.sim.clock.interrupt(error)
    })
    this.#scripts.push(run)
  }

  #setUpLine(address: string, name: string, { line }: PhoneKind): void {
    const outside = line?.nat === undefined ? address : this.#nextAddress({})
    if (line?.nat !== undefined) this.sim.nat({ kind: line.nat, publicAddress: outside, inside: [address], name })
    if (line?.conditions === undefined) return
    this.sim.network.setConditions(line.conditions, { from: outside })
    this.sim.network.setConditions(line.conditions, { to: outside })
  }

  #used = 0

  /** Behind a NAT an address of 10/8, otherwise one of those for benchmarks (RFC 2544). */
  #nextAddress({ line }: PhoneKind): string {
    const n = ++this.#used
    return `${line?.nat === undefined ? '198.18' : '10.0'}.${n >> 8}.${n & 255}`
  }

  #addressOfNumber(bytes: Uint8Array): string {
    const message = parseMessage(bytes)
    const uri = message.ok && message.value.kind === 'request' ? parseUri(message.value.uri) : undefined
    const user = uri?.ok && uri.value.scheme !== 'tel' ? unescapeUri(uri.value.user ?? '') : ''
    const known = this.#numbers.get(user)
    if (known !== undefined || this.#everybodyElse === undefined || user === '') return known ?? NOWHERE_ADDRESS
    return this.phone(user, this.#everybodyElse(user), { numbers: [user] }).sip.address
  }

  #addressOfHost(name: string): string {
    const address = this.sim.resolve(name)
    if (this.#everybodyElse === undefined || this.#addresses.has(address)) return address
    const isName = !/^[\d.]+$|:/.test(name)
    return this.phone(name, this.#everybodyElse(name), isName ? {} : { address }).sip.address
  }
}

/** Files that were put in, then those of a directory. */
class TestFiles extends MemoryMediaStore {
  readonly #directory: string | undefined

  constructor(directory: string | undefined) {
    super()
    this.#directory = directory
  }

  protected override lookElsewhere(name: string): AudioClip | undefined {
    const path = this.#directory === undefined ? undefined : join(this.#directory, name)
    if (path === undefined || !existsSync(path)) return undefined
    const clip = decodeAudioFile(name, readFileSync(path))
    if (!clip.ok) throw new MediaFileError(`${path}: ${clip.error}`)
    return clip.value
  }
}

const EXCHANGE_ADDRESS = '192.0.2.1'
/** Where numbers lead that no phone has. */
const NOWHERE_ADDRESS = '192.0.2.2'
/** The host of the trunk to telephone numbers. */
const NETWORK = 'network.invalid'
/** Stands for the phone of whatever number is dialled. */
const NETWORK_ADDRESS = '192.0.2.3'
