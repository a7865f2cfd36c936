import {
  type AppDefinition,
  type CallDetails,
  DEFAULT_RECORD_LIMITS,
  Exchange,
  type ExchangeInput,
  type ExchangeOptions,
  type ExchangeOutput,
  type FarEndDetection,
  type InstanceRecord,
  type PhoneChange,
  type Service,
  type TrunkStatus,
} from '../calls/index.ts'
import type { Logger, Random } from '../kit/index.ts'
import { type MediaCommand, MediaEngine, type MediaEvent, type SrtpCrypto } from '../media/index.ts'
import {
  type ConnectionsLimits,
  DigestServer,
  type DnsQuestion,
  type EndpointAuthentication,
  isNumericHost,
} from '../sip/index.ts'
import type { FakeAgents } from './agent/fake-agents.ts'
import { WALL_TIME_ORIGIN_MS } from './clock/app-timers.ts'
import type { MachineDriver } from './clock/machine-driver.ts'
import type { VirtualClock } from './clock/virtual-clock.ts'
import { InlineDetection } from './media/inline-detection.ts'
import { MemoryMediaStore } from './media/memory-media-store.ts'
import { ScriptedRecogniser } from './media/scripted-recogniser.ts'
import { SimulatedMediaIo } from './media/simulated-media-io.ts'
import { SyntheticSpeech } from './media/synthetic-speech.ts'
import type { SimulatedHost } from './network/host.ts'
import type { SimulatedDns } from './network/simulated-dns.ts'
import { type Resolve, SipTransport } from './sip/sip-transport.ts'
import { MediaTruth } from './truth/media-truth.ts'

/** What an exchange in a simulation is made with. */
export interface SimulatedExchangeOptions {
  /** The application that answers each user, by the user part of the Request-URI; `*` answers every other one. */
  readonly services?: Readonly<Record<string, AppDefinition | Service>>
  /** Who may register phones: passwords by name. Calls need none. */
  readonly users?: Readonly<Record<string, string>>
  readonly files?: MemoryMediaStore
  /** What speaks texts; `null`: nothing does. Default: a synthetic voice, by whatever name it is asked for. */
  readonly speech?: SyntheticSpeech | null
  /** What recognises speech; `null`: nothing does. Default: one that knows what phones say. */
  readonly recogniser?: ScriptedRecogniser | null
  /** What finds out who picks up; `null`: nothing does. Default: what a server has, in this thread. */
  readonly farEnd?: FarEndDetection | null
  readonly logger?: Logger
  /** Further settings of the exchange. */
  readonly exchange?: Partial<
    Pick<
      ExchangeOptions,
      | 'codecs'
      | 'maxCalls'
      | 'rooms'
      | 'announcedMediaAddress'
      | 'extraChannels'
      | 'trunks'
      | 'numbering'
      | 'transfers'
      | 'outsideRefers'
      | 'routes'
      | 'trunkHealth'
      | 'rtpTimeoutMs'
      | 'srtp'
      | 'records'
      | 'agents'
    >
  >
  /** Voice agents that applications can dial. Default: none. */
  readonly agents?: FakeAgents
  /** The ciphers of SRTP, where calls may have it: `srtpCryptoOf` of `node:crypto`. */
  readonly crypto?: SrtpCrypto
  /** The address of a host that DNS does not know. Default: the names of the simulation's hosts. */
  readonly resolve?: Resolve
  /** What its stream connections do in time: pings, idle ones closed. Default: nothing of the kind. */
  readonly connections?: Partial<ConnectionsLimits>
  /** The names that it proves as a TLS client. Default none. */
  readonly identities?: readonly string[]
  /** Runs what an agent does. Default: on its own, and an error ends what the test waits for. */
  readonly runScript?: (script: () => Promise<void>) => void
  /** Further settings of its SIP endpoint. */
  readonly sip?: Partial<ExchangeOptions['sip']>
}

/** What the simulation lends to an exchange on one of its hosts. */
export interface ExchangeEnvironment {
  readonly clock: VirtualClock
  readonly host: SimulatedHost
  random(name: string): Random
  readonly resolve: Resolve
  readonly dns: SimulatedDns
}

/** A whole exchange on a simulated host: SIP on port 5060, and its media engine in the same thread. */
export class SimulatedExchange {
  readonly exchange: Exchange
  readonly files: MemoryMediaStore
  readonly engine: MediaEngine
  readonly mediaIo: SimulatedMediaIo
  /** Calls that have ended, in order. */
  readonly calls: CallDetails[] = []
  /** Application instances that have ended, in order. */
  readonly instances: InstanceRecord[] = []
  /** What became of trunks that register or are asked with OPTIONS, in order. */
  readonly trunkChanges: TrunkStatus[] = []
  /** Phones that were registered, and that are no longer, in order. */
  readonly phoneChanges: PhoneChange[] = []
  readonly #driver: MachineDriver<ExchangeInput, ExchangeOutput>
  readonly #media: MachineDriver<MediaCommand, MediaEvent>
  readonly #transport: SipTransport
  readonly #truth: MediaTruth
  readonly #dns: SimulatedDns
  readonly #resolve: Resolve

  constructor({ clock, host, random, resolve, dns }: ExchangeEnvironment, options: SimulatedExchangeOptions = {}) {
    this.files = options.files ?? new MemoryMediaStore()
    const speech = options.speech === undefined ? new SyntheticSpeech() : options.speech
    const recogniser = options.recogniser === undefined ? new ScriptedRecogniser() : options.recogniser
    this.#dns = dns
    this.#resolve = options.resolve ?? resolve
    this.#transport = new SipTransport(
      host,
      {
        onMessage: (bytes, from) => this.#driver.handle({ type: 'received', bytes, from }),
        onSendFailed: (to, reason, wasOpen) => this.#driver.handle({ type: 'sendFailed', to, reason, wasOpen }),
      },
      {
        resolve: this.#resolve,
        random: random(`connections of ${host.address}`),
        ...(options.connections && { clock, connections: options.connections }),
        ...(options.identities && { identities: options.identities }),
      },
    )
    this.exchange = new Exchange({
      random: random(`exchange ${host.address}`),
      sip: {
        localAddress: ({ transport }) => ({ host: host.address, port: this.#transport.portOf(transport) }),
        identity: `sip:ringdown@${hostOf(host.address)}`,
        ...(options.users && { authentication: passwords(options.users, random(`digest ${host.address}`)) }),
        ...options.sip,
      },
      ...(options.users && { users: { names: Object.keys(options.users), hosts: [hostOf(host.address)] } }),
      mediaAddress: host.address,
      services: {
        find: ({ user }) => serviceOf(options.services ?? {}, user) ?? serviceOf(options.services ?? {}, '*', user),
        named: (name) => serviceOf(options.services ?? {}, name),
      },
      files: this.files,
      ...(speech && { speech }),
      ...(options.agents && { agents: options.agents }),
      ...(recogniser && { recogniser }),
      ...(options.farEnd !== null && { farEnd: options.farEnd ?? new InlineDetection() }),
      wallTimeMs: () => WALL_TIME_ORIGIN_MS + clock.now,
      onPending: () => this.#driver.wake(),
      records: DEFAULT_RECORD_LIMITS,
      ...(options.logger && { logger: options.logger }),
      ...options.exchange,
    })
    const truth = new MediaTruth(
      (clip) => {
        const known = this.files.utteranceOf(clip) ?? speech?.utteranceOf(clip)
        return known && { speaker: host.name, ...known }
      },
      () => options.agents?.said ?? [],
    )
    options.agents?.settle({
      clock,
      truthOfTap: () => truth.ofTap,
      runScript: options.runScript ?? ((script) => void script().catch((error: unknown) => clock.interrupt(error))),
    })
    this.#truth = truth
    this.files.truthOfBlock = (samples) => truth.ofBlock(samples)
    recogniser?.hearWith((samples) => truth.ofBlock(samples), clock)
    this.mediaIo = new SimulatedMediaIo(host, {
      now: () => clock.now,
      truth: {
        sent: (leg) => truth.ofPacketSent(leg, clock.now),
        received: (leg, heard) => truth.onReceived(leg, heard, clock.now),
      },
    })
    this.engine = new MediaEngine({
      io: this.mediaIo,
      random: random(`media ${host.address}`),
      ...(options.crypto && { crypto: options.crypto }),
    })
    this.#media = clock.drive(this.engine, {
      name: `media of ${host.name}`,
      onOutput: (event) => {
        truth.onEvent(event)
        this.#driver.handle({ type: 'media', event })
      },
    })
    this.#driver = clock.drive(this.exchange, {
      name: `exchange ${host.name}`,
      runsApplications: true,
      onOutput: (output) => this.#carryOut(output),
    })
  }

  /** Starts an outbound application; resolves with its record when it has ended. */
  startOutbound(
    app: AppDefinition,
    outboundParameters: Readonly<Record<string, unknown>> = {},
  ): Promise<InstanceRecord> {
    return this.exchange.startOutbound(app, { outboundParameters })
  }

  /** Everything that is alive, in one number: 0 when all calls are over and the last retransmission was absorbed. */
  get alive(): number {
    const { sip, ...sizes } = this.exchange.sizes()
    return this.mediaIo.openLegs + sum(Object.values(sizes)) + sum(Object.values(sip))
  }

  /** Keeps its media thread from running for so long; packets wait for it meanwhile. */
  stallMedia(ms: number): void {
    this.#media.stall(ms)
  }

  /** Takes the exchange off the network, as if its process had been killed. */
  kill(): void {
    this.#driver.stop()
    this.#media.stop()
    this.#transport.close()
  }

  #ask(question: DnsQuestion): void {
    const addressOf = (name: string) => {
      const address = this.#resolve(name, NO_BYTES)
      return isNumericHost(address) ? address : undefined
    }
    this.#dns.ask(question, addressOf, (answer) => this.#driver.handle({ type: 'dns', answer }))
  }

  #carryOut(output: ExchangeOutput): void {
    if (output.type === 'send') this.#transport.send(output.bytes, output.to)
    else if (output.type === 'dns') this.#ask(output.question)
    else if (output.type === 'media') {
      this.#truth.onCommand(output.command)
      this.#media.handle(output.command)
    } else if (output.type === 'callEnded') this.calls.push(output.details)
    else if (output.type === 'instanceEnded') this.instances.push(output.record)
    else if (output.type === 'trunkChanged') this.trunkChanges.push(output.status)
    else this.phoneChanges.push(output.change)
  }
}

function passwords(users: Readonly<Record<string, string>>, random: Random): EndpointAuthentication {
  const lookup = (name: string) => {
    const password = Object.hasOwn(users, name) ? users[name] : undefined
    return password === undefined ? undefined : { password }
  }
  const server = new DigestServer({ realm: 'ringdown', lookup, random })
  return { requires: ({ method }) => method === 'REGISTER', server }
}

function serviceOf(
  services: Readonly<Record<string, AppDefinition | Service>>,
  key: string,
  name = key,
): Service | undefined {
  const found = Object.hasOwn(services, key) ? services[key] : undefined
  if (found === undefined) return undefined
  return 'app' in found ? found : { name, app: found, parameters: {} }
}

const NO_BYTES = new Uint8Array()

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

/** An address as it stands in a URI. */
function hostOf(address: string): string {
  return address.includes(':') ? `[${address}]` : address
}
