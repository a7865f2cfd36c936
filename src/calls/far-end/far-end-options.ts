import { UsageError } from '../../kit/index.ts'
import { LiveSpeakerDetectionSettings } from '../enums.ts'

/** How {@link Channel.call} finds out who picks up. */
export interface LiveSpeakerOptions {
  /**
   * Finds out whether a person, an answering machine or a fax machine picks up, and from when `lsdTimeoutMs` counts. `call`
   * then resolves when it is known. Default: nobody listens.
   */
  liveSpeakerDetect?: LiveSpeakerDetectionSettings
  /** After so long `details.farEndType` is UNKNOWN at the latest, 500 to 10,000 ms. Default 7,000. */
  lsdTimeoutMs?: number
  /** `call` resolves with the answer, and the event `farEnd` tells who has picked up: talk while it listens. Default false. */
  lsdAsync?: boolean
  /** A verdict may be final before the answer, by what is heard then; it is never LIVE. Default false: only the answer makes it so. */
  lsdEarlyMedia?: boolean
  /**
   * What is worse, 0..1: a machine that is taken for a person (1), or a person who is taken for a machine (0). Default that of
   * the configuration, 0.5, which protects people well.
   */
  lsdSensitivity?: number
}

/** How a far end is listened to. */
export interface FarEndSettings {
  readonly start: LiveSpeakerDetectionSettings
  readonly timeoutMs: number
  readonly isAsync: boolean
  readonly decidesEarly: boolean
  readonly sensitivity?: number
}

/**
 * @param isPossible whether there is what detects
 * @throws UsageError for a value that is none, naming it
 */
export function farEndSettings(options: LiveSpeakerOptions, isPossible: boolean): FarEndSettings | undefined {
  const { liveSpeakerDetect, lsdTimeoutMs = 7000, lsdAsync = false } = options
  const { lsdEarlyMedia = false, lsdSensitivity } = options
  if (!(lsdTimeoutMs >= 500 && lsdTimeoutMs <= 10_000))
    throw new UsageError(`call: lsdTimeoutMs must be 500 to 10000, not ${lsdTimeoutMs}`)
  if (lsdSensitivity !== undefined && !(lsdSensitivity >= 0 && lsdSensitivity <= 1))
    throw new UsageError(`call: lsdSensitivity must be 0 to 1, not ${lsdSensitivity}`)
  if (liveSpeakerDetect === undefined) return undefined
  if (!Object.values(LiveSpeakerDetectionSettings).includes(liveSpeakerDetect))
    throw new UsageError(
      `call: liveSpeakerDetect must be channel.LiveSpeakerDetectionSettings.DEFAULT or another of them, not ${String(liveSpeakerDetect)}`,
    )
  if (!isPossible) throw new UsageError(NO_DETECTION)
  return {
    start: liveSpeakerDetect,
    timeoutMs: lsdTimeoutMs,
    isAsync: lsdAsync,
    decidesEarly: lsdEarlyMedia,
    ...(lsdSensitivity !== undefined && { sensitivity: lsdSensitivity }),
  }
}

export const NO_DETECTION = 'this exchange was made without what detects who picks up (ExchangeOptions.farEnd)'
