import type { CodecName, LegStatistics, SpecialInformation } from '../media/index.ts'
import type { PrivacyValue } from '../sip/index.ts'
import type { CallTone } from './call-progress.ts'
import type { ReleaseReason } from './cause-map.ts'
import type { CallFarEndType, Cause, State } from './enums.ts'
import type { FarEndDetails } from './far-end/far-end-details.ts'
import type { CallAttempt } from './routing/attempts.ts'

/** Who ended a call: our application, the far end, the network between (or our own exchange's error), or a drain. */
export type EndedBy = 'local' | 'remote' | 'network' | 'drain'

/**
 * What is known of the call on a channel: always up to date, and readable after IDLE until the next call on the
 * channel. Three fields tell which others are there: `direction`, `wasAnswered` and `hasEnded`.
 *
 * ```ts
 * const { details } = channel
 * if (details?.hasEnded) console.log(details.cause, details.endedBy)
 * if (details?.direction === 'inbound') console.log(details.diversion)
 * ```
 */
export type CallDetails = CallBasics &
  (InboundDetails | OutboundDetails) &
  (UnansweredDetails | AnsweredDetails) &
  (RunningDetails | EndedDetails)

/** What is known of every call. */
export interface CallBasics {
  /** Our id of the call, unique for the life of the exchange and beyond. */
  readonly callId: string
  /** The URI of the caller (inbound: the From header; outbound: what we sent). */
  readonly from: string
  /** The URI of the callee (inbound: the To header; outbound: what was called). */
  readonly to: string
  /** The Request-URI: what was really dialled, also when To says otherwise. */
  readonly target: string
  /** The `callId` of the call that this one is connected to at present. */
  readonly connectedId?: string
  /** Whom the call was transferred to last, or was to be. */
  readonly transfer?: TransferDetails
  /**
   * Sound can pass before the answer. Inbound: the INVITE brought an offer, or can be given one before the answer (RFC
   * 3262), so that a ringtone of ours can be heard; outbound: the far end sent a session description before it answered.
   */
  readonly earlyMediaPossible: boolean
  /** Wall time, in milliseconds since 1970, at which each state was entered last. */
  readonly times: Readonly<Partial<Record<State, number>>>
  /** What was heard of the far end and is thought of it, where live speaker detection was asked for or needed. */
  readonly farEnd?: FarEndDetails
}

/** The target of a transfer. */
export interface TransferDetails {
  /** As it was given to the transfer; of several the one that has the call, or whose refusal was told. */
  readonly target: string
  /** The `callId` of the call to it; absent where the far end was asked to call it by itself (REFER). */
  readonly callId?: string
  /** The SIP status with which it has refused; or the far end, to call it by itself. */
  readonly rawCause?: number
  /** What it has said of that. */
  readonly reason?: ReleaseReason
}

/** What only a call that came to us has. */
export interface InboundDetails {
  readonly direction: 'inbound'
  /** The SIP Call-ID. */
  readonly sipCallId: string
  /** The URI that diverted the call to us last, from Diversion (RFC 5806) or History-Info (RFC 7044). */
  readonly diversion?: string
  /** The name of the digest user who placed the call, when it was authenticated. */
  readonly user?: string
  /** The name of the trunk that it came by. */
  readonly trunk?: string
  /**
   * Who really calls, as the P-Asserted-Identity (RFC 3325) of a trusted trunk says. Not for the eyes of others when
   * `privacy` has `id`.
   */
  readonly assertedIdentity?: string
  /** What the caller wants hidden (RFC 3323), where he says so. */
  readonly privacy?: readonly PrivacyValue[]
  readonly farEndType?: undefined
  readonly attempts?: undefined
  readonly redirectTargets?: undefined
  readonly tonesHeard?: undefined
  readonly firstAudioAt?: undefined
}

/** What only a call that we placed has. */
export interface OutboundDetails {
  readonly direction: 'outbound'
  /** Every way that was tried of placing it, in order. The last one is how it went. */
  readonly attempts: readonly CallAttempt[]
  /** Where the far end wants the call instead, the likeliest first, when a redirection that was not followed ended it. */
  readonly redirectTargets?: readonly string[]
  /** The SIP Call-ID of the way that was tried last. */
  readonly sipCallId: string
  /** Who picked up. Absent while that is being found out; UNKNOWN where nobody asked for it. */
  readonly farEndType?: CallFarEndType
  readonly trunk?: undefined
  readonly assertedIdentity?: undefined
  readonly privacy?: undefined
  /** The first 16 network tones that were heard while the call was placed (`earlyMediaTones`), in their order. */
  readonly tonesHeard?: readonly HeardTone[]
  /**
   * Wall time, in milliseconds since 1970, at which something else than silence and tones was first heard: a person, an
   * announcement, music; before the answer or within 20 s of it.
   */
  readonly firstAudioAt?: number
  readonly diversion?: undefined
  readonly user?: undefined
}

/** A network tone that was heard. */
export interface HeardTone {
  readonly tone: CallTone
  /** Wall time, in milliseconds since 1970, at which it began. */
  readonly startedAt: number
  /** What a special information tone says. */
  readonly meaning?: SpecialInformation
}

/** Of a call that was not answered, or not yet. */
export interface UnansweredDetails {
  readonly wasAnswered: false
  /** The codec of the sound before the answer. */
  readonly codec?: CodecName
}

/** Of a call that was answered, also after its end. */
export interface AnsweredDetails {
  readonly wasAnswered: true
  /** The codec that was agreed on last. */
  readonly codec: CodecName
}

/** Of a call that goes on. */
export interface RunningDetails {
  readonly hasEnded: false
  readonly cause?: undefined
  readonly endedBy?: undefined
  readonly endedIn?: undefined
  readonly rawCause?: undefined
  readonly reason?: undefined
  readonly media?: undefined
}

/** How a call ended. */
export interface EndedDetails {
  readonly hasEnded: true
  readonly cause: Cause
  readonly endedBy: EndedBy
  /** The state in which the call ended. */
  readonly endedIn: State
  /**
   * SIP status of the end, where a response made it: absent when an answered call was hung up; -1 when in-band tones
   * ended the call before it was connected.
   */
  readonly rawCause?: number
  /** What was said of the end: by the far end, or by what went wrong. */
  readonly reason?: ReleaseReason
  /** What was counted of the media: packets, loss, jitter, round trip, quality. Comes a moment after IDLE. */
  readonly media?: LegStatistics
}

/** The same fields, while the call writes them. */
export interface MutableCallDetails {
  callId: string
  direction: 'inbound' | 'outbound'
  from: string
  to: string
  target: string
  sipCallId?: string
  diversion?: string
  user?: string
  trunk?: string
  assertedIdentity?: string
  privacy?: readonly PrivacyValue[]
  codec?: CodecName
  connectedId?: string
  transfer?: TransferDetails
  attempts?: readonly CallAttempt[]
  redirectTargets?: readonly string[]
  earlyMediaPossible: boolean
  farEndType?: CallFarEndType
  farEnd?: FarEndDetails
  tonesHeard?: HeardTone[]
  firstAudioAt?: number
  wasAnswered: boolean
  hasEnded: boolean
  cause?: Cause
  endedBy?: EndedBy
  endedIn?: State
  rawCause?: number
  reason?: ReleaseReason
  media?: LegStatistics
  times: Partial<Record<State, number>>
}

/** The details as applications see them: that the fields go together is what the legs see to. */
export function publicDetails(details: MutableCallDetails): CallDetails {
  return details as CallBasics as CallDetails
}
