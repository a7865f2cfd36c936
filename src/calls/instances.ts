import { type Logger, token } from '../kit/index.ts'
import { type AppContext, type AppDefinition, type AppDirection, appDirection } from './app.ts'
import { Channel } from './channel.ts'
import { ChannelCore } from './channel-core.ts'
import type { AbortLike } from './channel-options.ts'
import { ConferenceRooms } from './conference/conference-room.ts'
import type { CallHost } from './host.ts'
import { type InstanceChannel, type InstanceRecord, RETURN_CODE_OF_PROBLEM, runInstance } from './instance.ts'
import { NO_MEDIA_FILES } from './media-files.ts'
import type { ReferRequest } from './refer/refer-request.ts'
import type { Service } from './service.ts'

/** Part of every engine that we run on, yet not of the ECMAScript library types. */
declare class AbortController {
  readonly signal: AbortLike
  abort(): void
}

/** A service whose application can be run. */
export type RunnableService = Service & { readonly app: AppDefinition }

export function isRunnable(service: Service, direction: AppDirection): service is RunnableService {
  return typeof service.app !== 'string' && appDirection(service.app) === direction
}

/** The application instances of an exchange. */
export class Instances {
  readonly #host: CallHost
  readonly #options: { readonly extraChannels: number; readonly onEnded: (record: InstanceRecord) => void }
  readonly #shutdown = new AbortController()
  #size = 0

  constructor(host: CallHost, options: { extraChannels: number; onEnded: (record: InstanceRecord) => void }) {
    this.#host = host
    this.#options = options
  }

  /** Instances that have not ended yet. */
  get size(): number {
    return this.#size
  }

  /** Aborts the `signal` of every instance, present and future. */
  abort(): void {
    this.#shutdown.abort()
  }

  /** Runs the application of a service on `primary`; resolves with the record when the instance has ended. */
  async run(
    service: RunnableService,
    direction: AppDirection,
    outboundParameters: Readonly<Record<string, unknown>>,
    primary: ChannelCore,
    refer?: ReferRequest,
  ): Promise<InstanceRecord> {
    const instanceId = token(this.#host.random, 20)
    const channels: InstanceChannel[] = [{ core: primary, channel: new Channel(primary) }]
    const context = new InstanceContext(this.#host, service, {
      instanceId,
      outboundParameters,
      refer,
      signal: this.#shutdown.signal,
      addExtraChannels: () => this.#addExtraChannels(channels),
    })
    this.#size++
    const record = await runInstance(this.#host, service.app, direction, context, service.name, channels)
    this.#size--
    this.#host.post(() => this.#options.onEnded(record))
    return record
  }

  /** Records that a service had no application to run in this direction. */
  refuse(service: Service, direction: AppDirection): InstanceRecord {
    const problem = typeof service.app === 'string' ? service.app : 'wrongDirection'
    const at = this.#host.wallTimeMs()
    const record: InstanceRecord = {
      instanceId: token(this.#host.random, 20),
      service: service.name,
      direction,
      returnCode: RETURN_CODE_OF_PROBLEM[problem],
      startedAt: at,
      endedAt: at,
      callIds: [],
    }
    this.#host.post(() => this.#options.onEnded(record))
    return record
  }

  #addExtraChannels(channels: InstanceChannel[]): readonly Channel[] {
    const placement = channels[0]?.core.placement
    for (let i = 0; i < this.#options.extraChannels; i++) {
      const core = new ChannelCore(this.#host, placement)
      core.maxForwards = channels[0]?.core.maxForwards
      channels.push({ core, channel: new Channel(core) })
    }
    return channels.slice(1).map(({ channel }) => channel)
  }
}

/**
 * What an application is given beside its channel. Most neither log nor use rooms or extra channels, so these are made
 * when first asked for. A class, because each object that is written down with getters gets a shape of its own.
 */
class InstanceContext implements AppContext {
  readonly instanceId: string
  readonly files: AppContext['files']
  readonly tones: AppContext['tones']
  readonly parameters: AppContext['parameters']
  readonly outboundParameters: AppContext['outboundParameters']
  readonly signal: AppContext['signal']
  readonly refer?: ReferRequest
  readonly #host: CallHost
  readonly #service: string
  readonly #addExtraChannels: () => readonly Channel[]
  #log: Logger | undefined
  #rooms: ConferenceRooms | undefined
  #extraChannels: readonly Channel[] | undefined

  constructor(
    host: CallHost,
    { name, parameters }: Service,
    rest: Pick<AppContext, 'instanceId' | 'outboundParameters' | 'signal'> & {
      readonly refer: ReferRequest | undefined
      readonly addExtraChannels: () => readonly Channel[]
    },
  ) {
    this.instanceId = rest.instanceId
    this.files = host.files.files ?? NO_MEDIA_FILES
    this.tones = host.tones
    this.parameters = parameters
    this.outboundParameters = rest.outboundParameters
    this.signal = rest.signal
    if (rest.refer !== undefined) this.refer = rest.refer
    this.#host = host
    this.#service = name
    this.#addExtraChannels = rest.addExtraChannels
  }

  get log(): Logger {
    this.#log ??= this.#host.logger.child({ instanceId: this.instanceId, service: this.#service })
    return this.#log
  }

  get rooms(): ConferenceRooms {
    this.#rooms ??= new ConferenceRooms(this.#host)
    return this.#rooms
  }

  get extraChannels(): readonly Channel[] {
    this.#extraChannels ??= this.#addExtraChannels()
    return this.#extraChannels
  }
}
