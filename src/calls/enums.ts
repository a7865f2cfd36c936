/**
 * The enumerations of the Channel API: `as const` objects with a union type of the same name. They stand on the
 * class and on each channel (`Channel.State` and `channel.State` are the same object).
 */

/** Where a channel stands. */
export const State = {
  /** Waits for an incoming call. */
  WAITING: 'WAITING',
  /** An incoming call has arrived and nothing was said to the caller yet but "trying". */
  CALL_INCOMING: 'CALL_INCOMING',
  /** An incoming call that we let ring. */
  RING_INCOMING: 'RING_INCOMING',
  /** Our answer is on its way and not yet acknowledged. */
  ANSWERING: 'ANSWERING',
  /** Connected: media flows. */
  ANSWERED: 'ANSWERED',
  /** An outgoing call was placed. */
  CALL_OUTGOING: 'CALL_OUTGOING',
  /** The far end of an outgoing call rings. */
  RING_OUTGOING: 'RING_OUTGOING',
  /** We hold the far end. */
  HOLDING: 'HOLDING',
  /** The far end holds us. */
  ON_HOLD: 'ON_HOLD',
  TRANSFERRING: 'TRANSFERRING',
  TRANSFERRED: 'TRANSFERRED',
  /** A transferred call is being taken back. */
  RECONNECTING: 'RECONNECTING',
  /** What was asked for could not be done; the call is still there. */
  ERROR: 'ERROR',
  /** No call: not placed yet, or hung up and the cause can be read. */
  IDLE: 'IDLE',
} as const
export type State = (typeof State)[keyof typeof State]

/** Why a call ended. Reads NORMAL while the state is not IDLE. */
export const Cause = {
  /** Time ran out waiting for a call event. */
  TIMEOUT: 'TIMEOUT',
  /** Cleared by an error in signalling or media. */
  ERROR: 'ERROR',
  NORMAL: 'NORMAL',
  /** Reached, in use. */
  BUSY: 'BUSY',
  /** The far end responded, yet did not complete the call in time. */
  NOANSWER: 'NOANSWER',
  UNOBTAINABLE: 'UNOBTAINABLE',
  /** The address is no longer assigned. */
  CHANGED: 'CHANGED',
  /** The interface to the destination is faulty. */
  OUTOFORDER: 'OUTOFORDER',
  /** Incoming calls are barred there. */
  BARRED: 'BARRED',
  /** The far end could have taken the call and refused. */
  REJECTED: 'REJECTED',
  /** No circuit is free. */
  NOCHANNELS: 'NOCHANNELS',
  /** The network is overloaded. */
  CONGESTION: 'CONGESTION',
  /** See `details.rawCause`. */
  FAILED: 'FAILED',
  OTHER: 'OTHER',
} as const
export type Cause = (typeof Cause)[keyof typeof Cause]

/** How the last transfer of a channel went. */
export const TransferCause = {
  /** None yet, or one is running. */
  NONE: 'NONE',
  NORMAL: 'NORMAL',
  TIMEOUT: 'TIMEOUT',
  /** The call being transferred hung up first. */
  HANGUP: 'HANGUP',
  TARGETREJECT: 'TARGETREJECT',
  /** The target hung up before the transfer happened. */
  TARGETHANGUP: 'TARGETHANGUP',
  FAIL: 'FAIL',
} as const
export type TransferCause = (typeof TransferCause)[keyof typeof TransferCause]

/** Who picked up. `undefined` in `details` while it is not known. */
export const CallFarEndType = {
  LIVE: 'LIVE',
  ANSWER_MACHINE: 'ANSWER_MACHINE',
  FAX_MACHINE: 'FAX_MACHINE',
  UNKNOWN: 'UNKNOWN',
} as const
export type CallFarEndType = (typeof CallFarEndType)[keyof typeof CallFarEndType]

/** When the clock of live speaker detection starts. */
export const LiveSpeakerDetectionSettings = {
  /** The same as TIMEOUT_FROM_NETWORK_CONNECT. */
  DEFAULT: 'TIMEOUT_FROM_NETWORK_CONNECT',
  /** When the network reports the call connected. */
  TIMEOUT_FROM_NETWORK_CONNECT: 'TIMEOUT_FROM_NETWORK_CONNECT',
  /** When the callee is heard to have really answered. */
  TIMEOUT_FROM_ANSWER_DETECT: 'TIMEOUT_FROM_ANSWER_DETECT',
} as const
export type LiveSpeakerDetectionSettings =
  (typeof LiveSpeakerDetectionSettings)[keyof typeof LiveSpeakerDetectionSettings]

/** Why a player stopped, or NONE while none has run. */
export const PlayerCause = {
  ERROR: 'ERROR',
  NORMAL: 'NORMAL',
  /** A new digit cut it short. */
  BARGEIN: 'BARGEIN',
  /** The application stopped it. */
  ABORTED: 'ABORTED',
  HANGUP: 'HANGUP',
  TIMEOUT: 'TIMEOUT',
  NONE: 'NONE',
} as const
export type PlayerCause = (typeof PlayerCause)[keyof typeof PlayerCause]

/** Why a recorder stopped, or NONE while none has run. */
export const RecorderCause = {
  ERROR: 'ERROR',
  BARGEIN: 'BARGEIN',
  SILENCE: 'SILENCE',
  SIZE: 'SIZE',
  ABORTED: 'ABORTED',
  HANGUP: 'HANGUP',
  TIMEOUT: 'TIMEOUT',
  NONE: 'NONE',
} as const
export type RecorderCause = (typeof RecorderCause)[keyof typeof RecorderCause]

/** Why the speech detector stopped listening, or NONE while it has not. */
export const SpeechDetectorCause = {
  ERROR: 'ERROR',
  /** What it waited for has come: speech, silence, or an utterance. */
  NORMAL: 'NORMAL',
  /** A new digit cut it short. */
  BARGEIN: 'BARGEIN',
  /** The application stopped it. */
  ABORTED: 'ABORTED',
  HANGUP: 'HANGUP',
  TIMEOUT: 'TIMEOUT',
  NONE: 'NONE',
} as const
export type SpeechDetectorCause = (typeof SpeechDetectorCause)[keyof typeof SpeechDetectorCause]

/** Why `getDigits` returned, or NONE while it has not. */
export const DtmfDetectorCause = {
  HANGUP: 'HANGUP',
  /** As many digits as asked for. */
  COUNT: 'COUNT',
  /** An end digit was pressed. */
  END: 'END',
  TIMEOUT: 'TIMEOUT',
  ERROR: 'ERROR',
  NONE: 'NONE',
} as const
export type DtmfDetectorCause = (typeof DtmfDetectorCause)[keyof typeof DtmfDetectorCause]

/** Why the live sound of `channel.audioStream` ended, or NONE while it has not. */
export const AudioStreamCause = {
  ERROR: 'ERROR',
  /** The application closed it. */
  NORMAL: 'NORMAL',
  HANGUP: 'HANGUP',
  NONE: 'NONE',
} as const
export type AudioStreamCause = (typeof AudioStreamCause)[keyof typeof AudioStreamCause]

/** Why the attachment of a voice agent ended, or NONE while none has. */
export const AgentCause = {
  /** It could not be reached, its connection failed, or it sent what makes no sense. */
  ERROR: 'ERROR',
  /** The agent closed the connection. */
  NORMAL: 'NORMAL',
  /** The application stopped it. */
  ABORTED: 'ABORTED',
  HANGUP: 'HANGUP',
  NONE: 'NONE',
} as const
export type AgentCause = (typeof AgentCause)[keyof typeof AgentCause]
