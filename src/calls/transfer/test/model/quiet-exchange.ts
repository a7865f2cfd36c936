import { silentLogger } from '../../../../kit/index.ts'
import type { MediaCommand, MediaEvent } from '../../../../media/index.ts'
import type { SipMessage } from '../../../../sip/index.ts'
import { type MachineDriver, MemoryMediaStore, type Simulation, SipTransport } from '../../../../testing/index.ts'
import { type AppDefinition, Exchange, type ExchangeInput, type ExchangeOutput, type Trunk } from '../../../index.ts'
import { type MediaTroubles, QuietMedia } from './quiet-media.ts'

/** What an exchange of a run is made with. */
export interface QuietExchangeOptions {
  readonly address: string
  readonly appOf: (user: string) => AppDefinition
  /** A file that can be played. */
  readonly file: string
  readonly troubles: MediaTroubles
  readonly trunks: readonly Trunk[]
  /** The exchange is about to take what has come from an address, its own among them, or has sent something there. */
  readonly onMessage: (message: SipMessage, address: string, isSent: boolean) => void
  readonly onMedia: (event: MediaEvent) => void
  readonly onCommand: (command: MediaCommand) => void
  readonly onProblem: (problem: string) => void
}

/** An exchange on the simulated network with {@link QuietMedia} under it, and whoever watches what it is told. */
export class QuietExchange {
  readonly #exchange: Exchange
  readonly #media: QuietMedia
  readonly #mediaDriver: MachineDriver<MediaCommand, MediaEvent>
  readonly #driver: MachineDriver<ExchangeInput, ExchangeOutput>
  readonly #transport: SipTransport
  readonly #options: QuietExchangeOptions

  constructor(sim: Simulation, options: QuietExchangeOptions) {
    this.#options = options
    const { clock } = sim
    const { address, appOf, onMessage, onMedia, onProblem } = options
    this.#transport = new SipTransport(sim.host(address, 'exchange'), {
      onMessage: (bytes, from) => this.#driver.handle({ type: 'received', bytes, from }),
      onSendFailed: (to, reason, wasOpen) => this.#driver.handle({ type: 'sendFailed', to, reason, wasOpen }),
    })
    this.#media = new QuietMedia(sim.random('media'), options.troubles)
    this.#mediaDriver = clock.drive(this.#media, {
      name: 'media',
      onOutput: (event) => {
        onMedia(event)
        this.#driver.handle({ type: 'media', event })
      },
    })
    const files = new MemoryMediaStore()
    files.put(options.file, { encoding: 'pcm16', sampleRateHz: 8000, data: new Int16Array(80) })
    const serviceOf = (user: string) => ({ name: user, app: appOf(user), parameters: {} })
    this.#exchange = new Exchange({
      random: sim.random('exchange'),
      sip: {
        localAddress: () => ({ host: address, port: 5060 }),
        identity: `sip:ringdown@${address}`,
        witness: { onMessage: (isSent, _, message, __, peer) => onMessage(message, peer.address, isSent) },
      },
      trunks: options.trunks,
      mediaAddress: address,
      services: { find: ({ user }) => serviceOf(user), named: serviceOf },
      files,
      wallTimeMs: () => clock.now,
      onPending: () => this.#driver.wake(),
      logger: { ...silentLogger, error: (fields, message) => onProblem(`${message}: ${stackOf(fields)}`) },
    })
    this.#driver = clock.drive(this.#exchange, {
      name: 'exchange',
      runsApplications: true,
      onOutput: (output) => this.#carryOut(output),
    })
  }

  /** What nobody has asked the media plane for. */
  happen(event: Extract<MediaEvent, { type: 'failed' | 'digit' }>, now: number): void {
    this.#media.happen(event, now)
    this.#mediaDriver.wake()
  }

  /** How many transferred calls were released. */
  get releases(): number {
    return this.#exchange.counters.get('mediaReleases')
  }

  /** What is wrong when all is over: something is left, or a rule was broken. */
  problems(): readonly string[] {
    const { sip, ...sizes } = this.#exchange.sizes()
    const left = Object.entries({ ...sizes, ...sip, open: this.#media.openLegs }).filter(([, size]) => size !== 0)
    return [
      ...(left.length > 0 ? [`left behind: ${left.join(' ')}`] : []),
      ...(this.#exchange.counters.get('brokenInvariants') > 0 ? ['broken invariants'] : []),
      ...this.#media.problems,
    ]
  }

  #carryOut(output: ExchangeOutput): void {
    if (output.type === 'send') this.#transport.send(output.bytes, output.to)
    else if (output.type === 'instanceEnded' && output.record.error !== undefined)
      this.#options.onProblem(`an application failed: ${stackOf({ err: output.record.error })}`)
    else if (output.type === 'media') {
      this.#options.onCommand(output.command)
      this.#mediaDriver.handle(output.command)
    }
  }
}

function stackOf(fields: object): string {
  const { err } = fields as { err?: unknown }
  return err instanceof Error ? (err.stack ?? err.message) : String(err)
}
