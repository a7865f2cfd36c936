import type { Logger, Random } from '../kit/index.ts'
import type { CodecName, MediaCommand, MediaEvent } from '../media/index.ts'
import type { EndpointInput, EndpointOptions, EndpointOutput, SrtpPolicy } from '../sip/index.ts'
import type { AgentConnector } from './agent/agent-connector.ts'
import type { RoomLimits } from './conference/rooms.ts'
import type { CallDetails } from './details.ts'
import type { FarEndDetection } from './far-end/far-end-detection.ts'
import type { InstanceRecord } from './instance.ts'
import type { MediaStore } from './media-store.ts'
import type { RecordLimits } from './record/call-records.ts'
import type { OutsideRefers } from './refer/outside-referrals.ts'
import type { TransferPolicy } from './refer/refer-policy.ts'
import type { NumberPlan } from './routing/number-plan.ts'
import type { NumberRoute } from './routing/route-table.ts'
import type { Trunk, TrunkHealth } from './routing/trunk.ts'
import type { ServiceDirectory } from './service.ts'
import type { SpeechRecogniser } from './speech-recogniser.ts'
import type { TextToSpeech } from './text-to-speech.ts'
import type { LocalUsersOptions, PhoneChange } from './upkeep/local-users.ts'
import type { TrunkStatus } from './upkeep/trunk-status.ts'

export interface ExchangeOptions {
  readonly random: Random
  /** Settings of the SIP endpoint; it shares `random`, `logger` and its ids. */
  readonly sip: Omit<EndpointOptions, 'random' | 'logger' | 'sessionIds'>
  /** The local address on which media is bound and that session descriptions name. */
  readonly mediaAddress: string
  /**
   * The address that session descriptions name towards a far end whose SIP comes from or goes to this IP address, where
   * that is another one; `undefined` for one that is known by name. Default: the bound address for everybody.
   */
  readonly announcedMediaAddress?: (farEnd: string | undefined) => string | undefined
  readonly services: ServiceDirectory
  readonly files: MediaStore
  /** What speaks texts. Default: nothing does, and `filePlayer.say` says so. */
  readonly speech?: TextToSpeech
  /** What dials voice agents. Default: nothing does, and `voiceAgent.connect` says so. */
  readonly agents?: AgentConnector
  /** What recognises speech. Default: nothing does, and `speechDetector.recognise` says so. */
  readonly recogniser?: SpeechRecogniser
  /** What finds out who picks up. Default: nothing does, and `call({ liveSpeakerDetect })` says so. */
  readonly farEnd?: FarEndDetection
  readonly trunks?: readonly Trunk[]
  /** How numbers are dialled here. Default: they go to the trunk as they are dialled. */
  readonly numbering?: NumberPlan
  /** Which trunks take which numbers. Default: the first takes all. */
  readonly routes?: readonly NumberRoute[]
  /**
   * Users who may register phones, and be called as `user:NAME` or at one of our addresses. It needs `sip.authentication`
   * that asks for REGISTER: who has not shown a password registers nothing. Default: nobody.
   */
  readonly users?: LocalUsersOptions
  /** Which far ends may transfer calls by REFER and take the place of one, and where to. Default: those that are known, to ours. */
  readonly transfers?: TransferPolicy
  /** What is done about REFERs outside of calls. Default: they are refused with 403. */
  readonly outsideRefers?: OutsideRefers
  /** Which trunks are up, beside what is known from their registrations and OPTIONS. Default: all. */
  readonly trunkHealth?: TrunkHealth
  /**
   * Ends a connected call with TIMEOUT when its far end may send audio and has not for so long. Default 0, never: some
   * far ends send nothing while nobody speaks.
   */
  readonly rtpTimeoutMs?: number
  /** SRTP of all calls but those through a trunk that has a policy of its own. Default `forbidden`. */
  readonly srtp?: SrtpPolicy
  /** Codecs of calls whose application asks for none, in order of preference. Default PCMU, PCMA. */
  readonly codecs?: readonly CodecName[]
  /** Whether the media engine has Opus; where not, no call is offered it. Default false. */
  readonly hasOpus?: boolean
  readonly logger?: Logger
  /** Wall time in milliseconds since 1970, for `details.times` and records. */
  readonly wallTimeMs: () => number
  /** Called when application code has queued work: the driver then calls `expire` soon. */
  readonly onPending: () => void
  /** The most calls at a time, both directions together. Default 10,000. */
  readonly maxCalls?: number
  /** How many conference rooms there may be, and how large. */
  readonly rooms?: RoomLimits
  /** Extra channels of each application instance. Default 3. */
  readonly extraChannels?: number
  /** How much of recent calls is kept to be explained; `calls: 0` keeps nothing. Default: nothing. */
  readonly records?: RecordLimits
}

export type ExchangeInput =
  | Extract<EndpointInput, { type: 'received' | 'sendFailed' | 'dns' }>
  | { readonly type: 'media'; readonly event: MediaEvent }

export type ExchangeOutput =
  | Extract<EndpointOutput, { type: 'send' | 'dns' }>
  | { readonly type: 'media'; readonly command: MediaCommand }
  /** A call is over; `details` is complete. */
  | { readonly type: 'callEnded'; readonly details: CallDetails }
  /** An application instance is over. */
  | { readonly type: 'instanceEnded'; readonly record: InstanceRecord }
  /** A trunk that registers or is asked with OPTIONS has changed. */
  | { readonly type: 'trunkChanged'; readonly status: TrunkStatus }
  /** A phone of a user has been registered, or is no longer. */
  | { readonly type: 'phoneChanged'; readonly change: PhoneChange }

/** What the exchange tells beside what is to be sent. */
export type ExchangeReport = Exclude<ExchangeOutput, { readonly type: 'send' | 'dns' | 'media' }>

export type ExchangeCounter =
  /** Calls refused with 503 because `limits.maxCalls` are there. */
  | 'callsRefusedFull'
  /** Calls refused with 503 because the server is closing. */
  | 'callsRefusedDraining'
  /** Calls to a user for whom there is no service, answered 404. */
  | 'callsWithoutService'
  /** Calls to a service whose application could not be loaded, answered 500. */
  | 'callsWithoutApp'
  /** Calls that found no place in their conference room, or no room left to make one, and were told BUSY. */
  | 'roomsRefusedFull'
  /** Calls that were connected to somebody else because a far end had asked for it (REFER). */
  | 'callsReferred'
  /** REFERs of far ends that were refused: by the application or the policy, or as nobody was there to be transferred. */
  | 'refersRefused'
  /** Calls whose far end was replaced by another (RFC 3891). */
  | 'callsReplaced'
  /** Calls that rang, and were picked up by somebody else than was called (RFC 3891). */
  | 'callsPickedUp'
  /** INVITEs with Replaces that were refused: by the policy, or as their call was not there. */
  | 'replacesRefused'
  /** Connected calls whose far ends were brought to send their sound to each other. */
  | 'mediaReleases'
  /** Connected calls whose sound stays with us for good, as a far end has refused to send it elsewhere, or took it back each time. */
  | 'mediaReleasesRefused'
  /** Far ends that have refused to send their sound to us again; they are asked three times. */
  | 'mediaReturnsRefused'
  /** P-Asserted-Identity from outside of our trust domain (RFC 3325): not believed. */
  | 'identitiesNotTrusted'
  /** Sound of far ends that an application or an agent did not take in time, in ms. */
  | 'liveAudioLostMs'
  /** Far ends that were listened to, to find out who picked up. */
  | 'farEndsListenedTo'
  /** Of those: detection had not said by its deadline who it is, and the last it had thought was taken, or UNKNOWN. */
  | 'farEndsLate'
  /** Of those: detection has failed or had no room, and the far end is UNKNOWN. */
  | 'farEndsFailed'
  /** Voice agents that a call was connected to. */
  | 'agentsConnected'
  /** Voice agents that could not be reached, that vanished, or that talked nonsense. */
  | 'agentsFailed'
  /** Messages of voice agents that made no sense, or that were marks beyond what is kept. */
  | 'agentMessagesRefused'
  /** Speech of voice agents beyond what may wait to be played, in ms. */
  | 'agentSpeechDroppedMs'
  /** Sound of callers that a voice agent was not sent because its connection was behind, in ms. */
  | 'agentSoundUnsentMs'
  /** Our own code threw while it handled an event or a request of an application; the call concerned was ended. */
  | 'brokenInvariants'
