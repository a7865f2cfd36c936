import type { Instant, Logger, Random } from '../kit/index.ts'
import type { CodecName, LegId, MediaCommand, MediaEvent } from '../media/index.ts'
import type { EndpointCommand, EndpointEvent, ReferId, SessionId, SrtpPolicy } from '../sip/index.ts'
import type { AgentConnector } from './agent/agent-connector.ts'
import type { Rooms } from './conference/rooms.ts'
import type { ExchangeCounter } from './exchange-port.ts'
import type { FarEndDetection } from './far-end/far-end-detection.ts'
import type { Leg } from './leg.ts'
import type { MediaStore } from './media-store.ts'
import type { CallRecords } from './record/call-records.ts'
import type { Router } from './routing/router.ts'
import type { SpeechRecogniser } from './speech-recogniser.ts'
import type { TextToSpeech } from './text-to-speech.ts'
import type { ToneManager } from './tone-manager.ts'
import type { InviteCommand } from './upkeep/forking.ts'

/**
 * What the exchange lends to the calls it holds: ids, timers, and the two ports (SIP and media). Commands are queued
 * and carried out in order after the mutation that gave them; nothing calls back from inside.
 */
export interface CallHost {
  readonly random: Random
  readonly logger: Logger
  readonly files: MediaStore
  /** What speaks texts; `undefined` where nothing does. */
  readonly speech: TextToSpeech | undefined
  /** What dials voice agents; `undefined` where nothing does. */
  readonly agents: AgentConnector | undefined
  /** What recognises speech; `undefined` where nothing does. */
  readonly recogniser: SpeechRecogniser | undefined
  /** What finds out who picks up; `undefined` where nothing does. */
  readonly farEnd: FarEndDetection | undefined
  readonly tones: ToneManager
  /** The conference rooms. */
  readonly rooms: Rooms
  /** The time of the mutation in progress; while there is none, of the last one. */
  readonly now: Instant
  readonly isMutating: boolean
  /** Wall time, in milliseconds since 1970. */
  wallTimeMs(): number
  nextId(): number
  /** Counts something that is known of no single call. */
  count(counter: ExchangeCounter, by?: number): void
  sip(command: EndpointCommand): void
  /** Sends several INVITEs for one session: whoever answers first has the call. */
  inviteAll(session: SessionId, invites: readonly InviteCommand[]): void
  media(command: MediaCommand): void
  /** Queues what application code wants done: it runs as a mutation of its own, soon, at the instant `now` has then. */
  post(action: () => void): void
  timer(onDue: () => void): CallTimer
  /** Where outgoing calls go, and who they say that they are. */
  readonly router: Router
  /** False while the exchange is full or draining: an outgoing call then ends at once with NOCHANNELS. */
  readonly hasRoom: boolean
  /** The local address on which the media of calls is bound. */
  readonly mediaAddress: string
  /** The address that descriptions name towards a far end at this IP address, when it is not the bound one. */
  announcedMediaAddress(farEnd: string | undefined): string | undefined
  /** A connected call whose far end may send and has not for so long is ended; 0: never. */
  readonly rtpTimeoutMs: number
  /** What calls think of SRTP unless their route says otherwise. */
  readonly srtp: SrtpPolicy
  /** Codecs of calls whose application asks for none, in order of preference. */
  readonly codecs: readonly CodecName[]
  /** Whether the media engine has Opus. */
  readonly hasOpus: boolean
  /** What is kept of recent calls; without: nothing is. */
  readonly records: CallRecords | undefined
  /** Sends the events of a SIP session to `leg`, or to nobody. */
  onSession(session: SessionId, leg: Leg | undefined): void
  /** Sends what comes of a REFER, ours or a far end's, to `listener`, or to nobody. */
  onRefer(refer: ReferId, listener: ((event: ReferEvent) => void) | undefined): void
  /** Sends the events of a leg of the media engine to `leg`, or to nobody. */
  onMediaLeg(id: LegId, leg: Leg | undefined): void
  /** Sends the events of something that a room is played to `listener`, or to nobody. */
  onRoomSound(id: LegId, listener: ((event: MediaEvent) => void) | undefined): void
  callStarted(leg: Leg): void
  callEnded(leg: Leg): void
}

/** What comes of a REFER. */
export type ReferEvent = Extract<EndpointEvent, { readonly refer: ReferId }>

/** One timer of a call; setting it again moves it. Set outside of a mutation, it counts from the next one. */
export interface CallTimer {
  setIn(delayMs: number): void
  clear(): void
}
