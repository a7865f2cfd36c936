import type { Logger } from '../kit/index.ts'
import { UsageError } from '../kit/index.ts'
import type { Channel } from './channel.ts'
import type { AbortLike } from './channel-options.ts'
import type { ConferenceRooms } from './conference/conference-room.ts'
import type { MediaFiles } from './media-files.ts'
import type { ReferRequest } from './refer/refer-request.ts'
import type { ToneManager } from './tone-manager.ts'

/** What an application may return: a whole number (0 or above: success; -100 or below: its own), or nothing (0). */
// biome-ignore lint/suspicious/noConfusingVoidType: an async function without a return statement gives Promise<void>.
export type AppResult = number | undefined | void

/** What an application gets beside its channel. */
export interface AppContext {
  /** Unique for the life of the exchange and beyond. */
  readonly instanceId: string
  /** Logs with the instance's id. */
  readonly log: Logger
  /** The files of the media store. */
  readonly files: MediaFiles
  /** The conference rooms that somebody is in, to be looked at and moderated. */
  readonly rooms: ConferenceRooms
  /** The tones that can be played by name, and where an application adds its own; one for all applications. */
  readonly tones: ToneManager
  /** From the service's configuration. */
  readonly parameters: Readonly<Record<string, unknown>>
  /** Given when an outbound application was started. */
  readonly outboundParameters: Readonly<Record<string, unknown>>
  /** What an outbound application was started for: a REFER outside of any call, see `transfers.outside`. */
  readonly refer?: ReferRequest
  /** Idle channels for further outgoing calls. */
  readonly extraChannels: readonly Channel[]
  /** Aborts at forced shutdown. */
  readonly signal: AbortLike
}

/** What an application does with its channel. */
export type AppFunction = (channel: Channel, app: AppContext) => Promise<AppResult> | AppResult

/** Whether an application answers calls, or is started to make them. */
export type AppDirection = 'inbound' | 'outbound'

/** An application as {@link inbound} or {@link outbound} made it. */
export interface AppDefinition {
  readonly [APP_BRAND]: AppDirection
  readonly run: AppFunction
}

/** Registered globally, so that an application loaded with another copy of the package is recognised. */
const APP_BRAND: unique symbol = Symbol.for('ringdown.app') as never

/** An application that answers calls: it gets a channel with an incoming call. */
export function inbound(run: AppFunction): AppDefinition {
  return define('inbound', run)
}

/** An application that places calls: it gets an idle channel. */
export function outbound(run: AppFunction): AppDefinition {
  return define('outbound', run)
}

/** The direction of an application, or `undefined` when `value` is none. */
export function appDirection(value: unknown): AppDirection | undefined {
  return typeof value === 'object' && value !== null ? (value as Partial<AppDefinition>)[APP_BRAND] : undefined
}

function define(direction: AppDirection, run: AppFunction): AppDefinition {
  if (typeof run !== 'function')
    throw new UsageError(`${direction}() takes a function (channel, app) => ..., not ${typeof run}`)
  return { [APP_BRAND]: direction, run }
}
