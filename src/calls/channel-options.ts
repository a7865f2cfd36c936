import { UsageError } from '../kit/index.ts'
import { CODEC_RATES, type CodecName } from '../media/index.ts'
import type { DiversionReason } from '../sip/index.ts'
import type { ToneOptions } from './call-progress.ts'
import { type RejectCause, STATUS_OF_REJECT } from './cause-map.ts'
import type { Channel } from './channel.ts'
import type { LiveSpeakerOptions } from './far-end/far-end-options.ts'
import type { MediaOrTone } from './media-or-tone.ts'
import type { RedirectOptions } from './routing/redirects.ts'

/** How {@link Channel.call} places a call. */
export interface CallOptions extends ToneOptions, LiveSpeakerOptions {
  /**
   * The caller as the callee sees it: a URI, a name-addr or a number, as far as the trunk's caller-id policy allows.
   * Default: the trunk's `from`, or the exchange's identity.
   */
  from?: string
  /**
   * The incoming call that this one carries on to somebody else. The callee is told who diverted it (Diversion or
   * History-Info, as the trunk wants it), and without `from` the call comes from its caller, who stays anonymous when he
   * asked for that.
   */
  diverts?: Channel
  /** Why it is diverted. Default `unknown`. */
  diversionReason?: DiversionReason
  /**
   * Whether a far end that answers 300, 301 or 302 is followed, and whereto. Default: not at all, for whoever follows
   * pays; the call ends with the cause of the answer, and `details.redirectTargets` tells where it was wanted.
   */
  redirects?: RedirectOptions
  /** Hides who calls (RFC 3323): From is anonymous, and the network is asked to tell the callee nothing. Default false. */
  anonymous?: boolean
  /** How long to wait for the answer. Default 120,000 ms; `null` means no limit. */
  timeoutMs?: number | null
  /** Codecs to offer, in order of preference. */
  codecs?: readonly CodecName[]
  /** Further SIP headers of the INVITE. */
  headers?: Readonly<Record<string, string>>
  /** Hangs up when it aborts; where it has aborted already, nobody is called. */
  signal?: AbortLike
}

/** How {@link Channel.connect} connects. */
export interface ConnectOptions {
  /**
   * The sound goes from one far end to the other without us (re-INVITE), which saves delay and work: as long as both have
   * one codec, in the clear, in one network, neither is on hold, and nothing here plays, records, listens or waits for keys.
   * When one of that begins, it comes through us again, some 100 ms later; when it has ended, it is released again. A far end
   * that refuses stays with us. Keys that nobody waits for are not heard meanwhile. Default false.
   */
  mediaRelease?: boolean
}

/** How {@link Channel.ring} lets the caller wait. */
export interface RingOptions {
  /** How long to let it ring before `ring` resolves; `null` means the length of the ringtone. Default 0. */
  ringTimeMs?: number | null
  /** Send 183 and play the ringtone ourselves instead of leaving it to the caller's network. Default false. */
  earlyMedia?: boolean
  /**
   * A file, a text, or the name of a tone, played as early media. Default: the ToneManager's default tone, which is heard also
   * until a file or a text is ready.
   */
  customRingtone?: MediaOrTone
  /** Begin the ringtone again at its end, until the call is answered or refused. Default false. */
  loopRingtone?: boolean
  /** Codecs that early media and the answer may have, of those that the caller offers, in whose order. */
  codecs?: readonly CodecName[]
  /** Further SIP headers of the 180 or 183. */
  headers?: Readonly<Record<string, string>>
}

/** How {@link Channel.answer} answers. */
export interface AnswerOptions {
  /**
   * Codecs that the call may have, of those that the caller offers, in whose order; without effect after early media, whose
   * description stands.
   */
  codecs?: readonly CodecName[]
  /** Further SIP headers of the 200. */
  headers?: Readonly<Record<string, string>>
  /** How long to wait for the caller's acknowledgement. Default: SIP's own 32 s. */
  timeoutMs?: number
}

/** How {@link Channel.reject} refuses. */
export interface RejectOptions {
  /** The SIP status to send instead of the cause's own, 400 to 699. */
  rawCause?: number
  /** The words beside the SIP status, up to 120 printable characters of ASCII. Default: those that belong to it. */
  phrase?: string
  /** Further SIP headers of the refusal. */
  headers?: Readonly<Record<string, string>>
}

/** How {@link Channel.hold} lets the far end wait. */
export interface HoldOptions {
  /** A file, a text, or the name of a tone, played in a loop. Default: silence. */
  media?: MediaOrTone
}

/** The part of an AbortSignal that is used; any AbortSignal fits. */
export interface AbortLike {
  readonly aborted: boolean
  addEventListener(type: 'abort', listener: () => void): void
  removeEventListener(type: 'abort', listener: () => void): void
}

/** @throws UsageError for a ring time that is none, or one that a loop does not have */
export function checkRing({ ringTimeMs = 0, loopRingtone = false, codecs }: RingOptions): void {
  if (ringTimeMs !== null && !(ringTimeMs >= 0))
    throw new UsageError(
      `ring: ringTimeMs must be 0 or above, or null for the length of the ringtone, not ${ringTimeMs}`,
    )
  if (ringTimeMs === null && loopRingtone)
    throw new UsageError('ring: a ringtone in a loop has no length; give ringTimeMs')
  checkCodecs('ring', codecs)
}

/** @throws UsageError for a cause that cannot be sent, or words or a status that are none */
export function checkReject(cause: RejectCause, { rawCause, phrase }: RejectOptions): void {
  if (phrase !== undefined && !/^[\x20-\x7e]{1,120}$/.test(phrase))
    throw new UsageError(`reject: phrase must be 1 to 120 printable characters, not ${JSON.stringify(phrase)}`)
  if (!Object.hasOwn(STATUS_OF_REJECT, cause))
    throw new UsageError(`reject: cause must be one of ${Object.keys(STATUS_OF_REJECT).join(', ')}, not ${cause}`)
  if (rawCause !== undefined && !(Number.isInteger(rawCause) && rawCause >= 300 && rawCause <= 699))
    throw new UsageError(`reject: rawCause must be a SIP status from 400 to 699, not ${rawCause}`)
}

/** @throws UsageError for a list that is empty, or a name that is no codec's */
export function checkCodecs(what: string, codecs: readonly CodecName[] | undefined): void {
  if (codecs === undefined) return
  const isList = Array.isArray(codecs) && codecs.length > 0 && codecs.every((name) => Object.hasOwn(CODEC_RATES, name))
  if (!isList)
    throw new UsageError(
      `${what}: codecs must be a list of ${Object.keys(CODEC_RATES).join(', ')}, not ${JSON.stringify(codecs)}`,
    )
}

/** @throws UsageError for a time that is no number above 0 */
export function checkTimeout(what: string, timeoutMs: number | undefined): void {
  if (timeoutMs !== undefined && !(timeoutMs > 0))
    throw new UsageError(`${what}: timeoutMs must be above 0, not ${timeoutMs}`)
}
