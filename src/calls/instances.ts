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
    const context = this.#createContext(instanceId, service, outboundParameters, channels, refer)
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

  /** Most applications neither log nor use extra channels, so these are made when first asked for. */
  #createContext(
    instanceId: string,
    { name, parameters }: Service,
    outboundParameters: Readonly<Record<string, unknown>>,
    channels: InstanceChannel[],
    refer: ReferRequest | undefined,
  ): AppContext {
    const host = this.#host
    const { logger, files, tones } = host
    const addExtraChannels = () => this.#addExtraChannels(channels)
    let log: Logger | undefined
    let rooms: ConferenceRooms | undefined
    let extraChannels: readonly Channel[] | undefined
    return {
      instanceId,
      get log() {
        log ??= logger.child({ instanceId, service: name })
        return log
      },
      files: files.files ?? NO_MEDIA_FILES,
      get rooms() {
        rooms ??= new ConferenceRooms(host)
        return rooms
      },
      tones,
      parameters,
      outboundParameters,
      ...(refer && { refer }),
      get extraChannels() {
        extraChannels ??= addExtraChannels()
        return extraChannels
      },
      signal: this.#shutdown.signal,
    }
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
