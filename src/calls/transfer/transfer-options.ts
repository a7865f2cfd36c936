import { UsageError } from '../../kit/index.ts'
import { CODEC_RATES, type CodecName } from '../../media/index.ts'
import { callerAtFarEnd } from '../carried-call.ts'
import type { ChannelCore } from '../channel-core.ts'
import { checkCodecs, checkTimeout } from '../channel-options.ts'
import { headersOf } from '../channel-sip.ts'
import type { MediaOrTone } from '../media-or-tone.ts'
import { checkPlayable } from '../open-media.ts'
import type { OutgoingCall } from '../outgoing-leg.ts'
import type { FileToPlay, MediaToPlay, TextToSay } from '../playable-media.ts'

/** How a target is called and what everybody hears meanwhile. */
export interface TransferOptions {
  /** The caller as the target sees it. Default: the far end itself, as far as the trunk to the target allows. */
  from?: string
  /** How long to wait for an answer, in ms; serial targets have so long each. Default 120,000. */
  timeoutMs?: number
  /** The tone that the caller hears until the target is there. Default: the ToneManager's default tone. */
  ringbackTone?: string
  /** What the caller hears in a loop instead of a tone: a file or a text. Where it cannot be played, the default tone. */
  media?: MediaToPlay
  /**
   * What the target hears, once, before it is connected: who calls, for instance. A text is rendered while its phone rings,
   * unless it is private. What cannot be played is left out.
   */
  announce?: MediaToPlay
  /** The key with which the target takes the call, one of `0-9 A-D * #`. Default: whoever answers has it. */
  acceptDigit?: string
  /** How long the target may think after the announcement, in ms. Default 15,000. */
  acceptTimeoutMs?: number
  /**
   * Once the two have each other, their sound goes from one to the other without us (re-INVITE), where both can and as long as
   * nobody here needs it: see {@link ConnectOptions}. Default false.
   */
  mediaRelease?: boolean
  /** Codecs to offer to the target, in order of preference. */
  codecs?: readonly CodecName[]
  /** Further SIP headers of the INVITE. */
  headers?: Readonly<Record<string, string>>
}

/** How {@link Channel.managedTransfer} goes. */
export interface ManagedTransferOptions extends TransferOptions {
  /**
   * Of several targets: `serial` calls one after the other until one takes the call; `parallel` calls all at once, and the
   * first that answers has it. Default `serial`.
   */
  strategy?: 'serial' | 'parallel'
  /**
   * Once the two have each other, the far end is asked to call the target by itself, in our place (REFER with Replaces), so
   * that the call takes none of our lines any more. Where it refuses or cannot, they stay connected here. Default false.
   */
  refer?: boolean
}

/** How {@link Channel.retrievableTransfer} goes. */
export interface RetrievableTransferOptions extends TransferOptions {
  /** Whom to call: whatever `call` takes. */
  to: string
}

/** A transfer whose options have been checked. */
export interface TransferPlan {
  /** Who is called: group after group, those of one group at once. */
  readonly groups: readonly (readonly OutgoingCall[])[]
  readonly timeoutMs: number
  readonly waiting: MediaOrTone
  readonly announce: FileToPlay | TextToSay | undefined
  /** The sample rate at which it is rendered while they ring: what targets can make use of, as far as that is known then. */
  readonly announceHz: 8000 | 16_000
  readonly acceptDigit: string | undefined
  readonly acceptTimeoutMs: number
  readonly mayReleaseMedia: boolean
  /** The caller is with the application again when the target has hung up, and not gone. */
  readonly isRetrievable: boolean
}

/** A list of targets is somebody's list of colleagues, not a campaign. */
const MOST_TARGETS = 20

/** @throws UsageError for options or targets that cannot be */
export function planTransfer(
  what: string,
  core: ChannelCore,
  to: string | readonly string[],
  options: ManagedTransferOptions,
): Omit<TransferPlan, 'isRetrievable'> {
  const { host } = core
  const { timeoutMs = 120_000, acceptTimeoutMs = 15_000, ringbackTone, media, announce, strategy = 'serial' } = options
  const targets = typeof to === 'string' ? [to] : to
  if (!Array.isArray(targets) || targets.length === 0 || targets.length > MOST_TARGETS)
    throw new UsageError(`${what}: expected a target, or a list of 1 to ${MOST_TARGETS}`)
  if (strategy !== 'serial' && strategy !== 'parallel')
    throw new UsageError(`${what}: strategy must be 'serial' or 'parallel', not ${JSON.stringify(strategy)}`)
  checkTimeout(what, timeoutMs)
  if (!(acceptTimeoutMs > 0)) throw new UsageError(`${what}: acceptTimeoutMs must be above 0, not ${acceptTimeoutMs}`)
  checkCodecs(what, options.codecs)
  if (ringbackTone !== undefined && media !== undefined)
    throw new UsageError(`${what}: the caller hears ringbackTone or media, not both`)
  const waiting = media === undefined ? (ringbackTone ?? host.tones.default) : checkPlayable(host, media)
  if (typeof waiting === 'string') host.tones.steps(waiting)
  const calls = targets.map((target) => callTo(what, core, target, options))
  return {
    groups: strategy === 'parallel' ? [calls] : calls.map((call) => [call]),
    timeoutMs,
    waiting,
    announce: announce && checkPlayable(host, announce),
    announceHz: likelyRate(core, options.codecs),
    acceptDigit: checkedDigit(what, options.acceptDigit),
    acceptTimeoutMs,
    mayReleaseMedia: options.mediaRelease === true,
  }
}

/** A target is offered first what is asked for, else the codec of the caller. */
function likelyRate({ leg }: ChannelCore, [first]: readonly CodecName[] = []): 8000 | 16_000 {
  return first === undefined ? (leg?.media.sampleRateHz ?? 8000) : CODEC_RATES[first].sampleRateHz
}

function callTo(what: string, core: ChannelCore, to: string, { from, codecs, headers }: TransferOptions): OutgoingCall {
  if (typeof to !== 'string') throw new UsageError(`${what}: a target must be a string, not ${JSON.stringify(to)}`)
  return {
    to,
    destination: core.host.router.resolve(to),
    caller: from === undefined ? (core.leg ? callerAtFarEnd(core.leg) : {}) : { from },
    headers: headersOf(what, core, headers),
    // The transfer itself watches the time.
    timeoutMs: null,
    ...(codecs && { codecs }),
    ...(core.maxForwards !== undefined && { maxForwards: core.maxForwards }),
  }
}

function checkedDigit(what: string, digit: string | undefined): string | undefined {
  if (digit === undefined) return undefined
  if (typeof digit !== 'string' || !/^[0-9A-Da-d*#]$/.test(digit))
    throw new UsageError(`${what}: acceptDigit must be one of 0-9 A-D * #, not ${JSON.stringify(digit)}`)
  return digit.toUpperCase()
}
