import { Hangup } from '../kit/index.ts'
import type { AppContext, AppDefinition, AppDirection } from './app.ts'
import type { Channel } from './channel.ts'
import type { ChannelCore } from './channel-core.ts'
import { Cause, State } from './enums.ts'
import type { CallHost } from './host.ts'
import type { AppProblem } from './service.ts'

/** What an instance returned, as kept in its record: 0 and above success, -100 and below the application's own. */
export const ReturnCode = {
  SUCCESS: 0,
  /** An error was not caught. */
  UNCAUGHT_ERROR: -1,
  /** The caller was gone before the application started. */
  CALLER_GONE: -2,
  NO_SUCH_APP: -3,
  /** The application file is invalid. */
  INVALID_APP: -4,
  /** The application returned a value that is reserved (-1 to -99) or no whole number. */
  RESERVED_VALUE: -5,
  /** An outbound application was asked to answer, or the other way round. */
  WRONG_DIRECTION: -6,
  INTERNAL_ERROR: -9,
} as const

export const RETURN_CODE_OF_PROBLEM: Readonly<Record<AppProblem, number>> = {
  missing: ReturnCode.NO_SUCH_APP,
  invalid: ReturnCode.INVALID_APP,
  wrongDirection: ReturnCode.WRONG_DIRECTION,
}

/** How one run of an application went. */
export interface InstanceRecord {
  readonly instanceId: string
  readonly service: string
  readonly direction: AppDirection
  readonly returnCode: number
  /** Wall time, ms since 1970. */
  readonly startedAt: number
  readonly endedAt: number
  /** The calls of the instance that were placed or answered, by their `details.callId`. */
  readonly callIds: readonly string[]
  readonly error?: string
}

/** The channels of an instance, the incoming call's first. */
export interface InstanceChannel {
  readonly channel: Channel
  readonly core: ChannelCore
}

/**
 * Runs an application to its end. Whatever the end was, the calls it left behind are hung up: an uncaught error with
 * cause ERROR, everything else as a normal end. Never throws.
 */
export async function runInstance(
  host: CallHost,
  app: AppDefinition,
  direction: AppDirection,
  context: AppContext,
  service: string,
  channels: readonly InstanceChannel[],
): Promise<InstanceRecord> {
  const startedAt = host.wallTimeMs()
  const outcome = await runApp(app, direction, context, channels)
  await Promise.all(channels.map((channel) => closeChannel(host, channel, outcome.error !== undefined)))
  if (outcome.error !== undefined)
    context.log.error(
      { err: outcome.error, service },
      `the application ended with an uncaught error: ${outcome.error.message}`,
    )
  return {
    instanceId: context.instanceId,
    service,
    direction,
    returnCode: outcome.returnCode,
    startedAt,
    endedAt: host.wallTimeMs(),
    callIds: callIdsOf(channels),
    ...(outcome.error && { error: outcome.error.message }),
  }
}

function callIdsOf(channels: readonly InstanceChannel[]): string[] {
  const ids: string[] = []
  for (const { core } of channels) ids.push(...core.callIds)
  return ids
}

async function runApp(
  app: AppDefinition,
  direction: AppDirection,
  context: AppContext,
  channels: readonly InstanceChannel[],
): Promise<{ returnCode: number; error?: Error }> {
  const { channel, core } = channels[0] as InstanceChannel
  // Applications never run inside a mutation of the exchange.
  await Promise.resolve()
  if (direction === 'inbound' && core.leg?.isEnding) return { returnCode: ReturnCode.CALLER_GONE }
  try {
    const returned = await app.run(channel, context)
    if (returned === undefined) return { returnCode: ReturnCode.SUCCESS }
    const isAllowed = Number.isInteger(returned) && (returned >= 0 || returned <= -100)
    if (isAllowed) return { returnCode: returned }
    context.log.warn({ returned }, `the application returned ${returned}: use 0 or above, or -100 or below`)
    return { returnCode: ReturnCode.RESERVED_VALUE }
  } catch (error) {
    if (isHangup(error)) return { returnCode: ReturnCode.SUCCESS }
    return { returnCode: ReturnCode.UNCAUGHT_ERROR, error: error instanceof Error ? error : new Error(String(error)) }
  }
}

/** By its code, so that an application that brings its own copy of the package is understood. */
function isHangup(error: unknown): boolean {
  return error instanceof Hangup || (error as { code?: unknown } | undefined)?.code === 'RINGDOWN_HANGUP'
}

async function closeChannel(host: CallHost, { channel, core }: InstanceChannel, isFailed: boolean): Promise<void> {
  const leg = core.leg
  if (isFailed && leg !== undefined) host.post(() => leg.hangUp('local', Cause.ERROR))
  // Who was transferred for good is not hung up on because the application has no more to do.
  else if (core.away?.isHandedOver) await leg?.until(() => leg.state === State.IDLE || core.away === undefined)
  await channel.close()
}
