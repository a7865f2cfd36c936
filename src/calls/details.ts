import type { LegStatistics } from '../media/index.ts'
import type { ReleaseReason } from './cause-map.ts'
import type { CallFarEndType, Cause, State } from './enums.ts'

/** Who ended a call: our application, the far end, the network between (or our own exchange's error), or a drain. */
export type EndedBy = 'local' | 'remote' | 'network' | 'drain'

/**
 * What is known of the call on a channel. Fields appear as they become known; all stay readable after IDLE until
 * the next call on the channel.
 */
export interface CallDetails {
  /** Our id of the call, unique for the life of the exchange and beyond. */
  readonly callId: string
  readonly direction: 'inbound' | 'outbound'
  /** The URI of the caller (inbound: the From header; outbound: what we sent). */
  readonly from: string
  /** The URI of the callee (inbound: the To header; outbound: what was called). */
  readonly to: string
  /** The Request-URI: what was really dialled, also when To says otherwise. */
  readonly target: string
  /** The first Diversion or History-Info entry of an inbound call. */
  readonly diversion?: string
  /** The name of the digest user who placed an inbound call, when it was authenticated. */
  readonly user?: string
  readonly codec?: string
  /** The `callId` of the call that this one is connected to at present. */
  readonly connectedId?: string
  /** The SIP Call-ID. */
  readonly sipCallId?: string
  /** SIP status of the end; -1 when in-band tones ended the call before it was connected. */
  readonly rawCause?: number
  readonly cause?: Cause
  readonly reason?: ReleaseReason
  readonly endedBy?: EndedBy
  /** The state in which the call ended. */
  readonly endedIn?: State
  /** The far end sent a session description before it answered, so its audio could be heard. */
  readonly earlyMediaPossible: boolean
  readonly farEndType?: CallFarEndType
  /** What was counted of the media: packets, loss, jitter, round trip, quality. Comes a moment after IDLE. */
  readonly media?: LegStatistics
  /** Wall time, in milliseconds since 1970, at which each state was entered last. */
  readonly times: Readonly<Partial<Record<State, number>>>
}

/** The same, while the call writes it. */
export type MutableCallDetails = { -readonly [Key in keyof CallDetails]: CallDetails[Key] } & {
  times: Partial<Record<State, number>>
}
