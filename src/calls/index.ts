export type { AgentConnection, AgentConnector, AgentListener, AgentRequest } from './agent/agent-connector.ts'
export type { AgentOptions } from './agent/agent-options.ts'
export type { VoiceAgent } from './agent/voice-agent.ts'
export {
  type AppContext,
  type AppDefinition,
  type AppDirection,
  type AppFunction,
  type AppResult,
  appDirection,
  inbound,
  outbound,
} from './app.ts'
export type { BargeIn } from './barge-in.ts'
export type { CallTone, EarlyMediaTones, ToneOptions } from './call-progress.ts'
export { causeOfRelease, causeOfResponse, type RejectCause, type ReleaseReason, STATUS_OF_REJECT } from './cause-map.ts'
export { Channel } from './channel.ts'
export type { ChannelEvent, ChannelEventOf, ChannelEventType, ConferenceNews } from './channel-events.ts'
export type {
  AbortLike,
  AnswerOptions,
  CallOptions,
  ConnectOptions,
  HoldOptions,
  RejectOptions,
  RingOptions,
} from './channel-options.ts'
export type { ChannelSip } from './channel-sip.ts'
export { type ConferenceParty, ConferenceRoom, ConferenceRooms } from './conference/conference-room.ts'
export { type ConferencePin, conferenceService } from './conference/conference-service.ts'
export {
  ConferenceLifetimeControl,
  type ConferenceOptions,
  type ConferencePartyMediaOptions,
  ConferencePartyMediaSettings,
  MuteDigits,
} from './conference/party-settings.ts'
export type { Reservation, ReservationEvent, ReservationOptions, ReservationState } from './conference/reservations.ts'
export type { RoomHappening, RoomTalk } from './conference/room-happenings.ts'
export { type NamedRoomPolicy, ROOM_POLICY_RANGES, type RoomPolicyOptions } from './conference/room-policy.ts'
export type { RoomRecorder, RoomRecordOptions } from './conference/room-recorder.ts'
export type { LeaveReason, MuteOwners } from './conference/room-state.ts'
export type { RoomTrackFile } from './conference/room-tracks.ts'
export type { RoomLimits } from './conference/rooms.ts'
export type {
  AnsweredDetails,
  CallBasics,
  CallDetails,
  EndedBy,
  EndedDetails,
  HeardTone,
  InboundDetails,
  OutboundDetails,
  RunningDetails,
  TransferDetails,
  UnansweredDetails,
} from './details.ts'
export {
  type AskOptions,
  type CollectOptions,
  type ConfirmOptions,
  collect,
  confirm,
  getNumber,
  type MenuOptions,
  menu,
  type NumberOptions,
  type Prompt,
} from './dialogue/index.ts'
export type { DiversionHeader } from './diversion.ts'
export type { DtmfDetector, GetDigitsOptions } from './dtmf-detector.ts'
export * from './enums.ts'
export { Exchange } from './exchange.ts'
export type {
  ExchangeCounter,
  ExchangeInput,
  ExchangeOptions,
  ExchangeOutput,
  ExchangeReport,
} from './exchange-port.ts'
export type { Grammar } from './expected-phrases.ts'
export type { AnswerMachineOptions, LeaveMessageOptions } from './far-end/channel-far-end.ts'
export type {
  CallEvidence,
  CallVerdict,
  FarEndDetails,
  HeardBeep,
  HeardFarEndTone,
  HeardStretch,
} from './far-end/far-end-details.ts'
export type {
  DetectionListener,
  DetectionSession,
  FarEndDetection,
  WantedDetection,
} from './far-end/far-end-detection.ts'
export type { LiveSpeakerOptions } from './far-end/far-end-options.ts'
export type { MessageReport } from './far-end/leaving-message.ts'
export type { FilePlayer, PlayFileOptions, PlayOptions, SayOptions } from './file-player.ts'
export type { FileRecorder, RecordOptions } from './file-recorder.ts'
export { type InstanceRecord, ReturnCode } from './instance.ts'
export { LEG_DIAGRAMS, type LegDiagram, offDiagram } from './leg-diagram.ts'
export type { AudioStreamOptions, LiveAudioStream } from './live/live-audio-stream.ts'
export type { LiveFormat, LiveSamples } from './live/live-format.ts'
export type { MarkOutcome } from './live/live-output.ts'
export { type MediaFileEntry, type MediaFileFacts, type MediaFiles, NO_MEDIA_FILES } from './media-files.ts'
export type { MediaOrTone } from './media-or-tone.ts'
export type { MediaNews, MediaObstacle } from './media-release/media-news.ts'
export {
  assertMediaName,
  type MediaStore,
  type Playable,
  playableClip,
  type ReadOptions,
  type RecordingFormat,
  type RecordingSink,
} from './media-store.ts'
export type { EventOf, EventStamp } from './numbered-events.ts'
export {
  checkedMedia,
  type FileToPlay,
  type MediaToPlay,
  PlayableMedia,
  type TextToSay,
  type VoiceOptions,
} from './playable-media.ts'
export type { DtmfPlayer, PressOptions, TonePlayer } from './players.ts'
export type { CallHappening } from './record/call-record.ts'
export { CallRecords, DEFAULT_RECORD_LIMITS, type RecordLimits } from './record/call-records.ts'
export {
  bytesOf,
  type CallStory,
  type CallSummary,
  type EndOfMessage,
  type StoryEvent,
  type StoryMessage,
} from './record/call-story.ts'
export type { PauseOptions, RecordingOptions } from './recording-job.ts'
export type { OutsideRefers } from './refer/outside-referrals.ts'
export type { AttendedTransferOptions, BlindTransferOptions } from './refer/refer-options.ts'
export type { TransferPolicy } from './refer/refer-policy.ts'
export type { PerformReferOptions, ReferRequest } from './refer/refer-request.ts'
export type { AttemptOutcome, CallAttempt } from './routing/attempts.ts'
export { type CallerIdPolicy, isMeant, numberOf } from './routing/caller-id.ts'
export { matches, type NameMatch, shadows } from './routing/match.ts'
export type { NumberFormat, NumberPlan } from './routing/number-plan.ts'
export type { RedirectOptions } from './routing/redirects.ts'
export type { NumberRoute, TrunkChoice } from './routing/route-table.ts'
export type { Trunk, TrunkHealth } from './routing/trunk.ts'
export type { AppProblem, Service, ServiceDirectory, ServiceRequest } from './service.ts'
export type {
  RecogniseOptions,
  Recognition,
  SpeechDetector,
  WaitForSilenceOptions,
  WaitForSpeechOptions,
} from './speech-detector.ts'
export type {
  RecogniseAs,
  RecognisedWord,
  RecognisedWords,
  RecognitionSession,
  SpeechRecogniser,
} from './speech-recogniser.ts'
export type { SpokenAs, TextToSpeech } from './text-to-speech.ts'
export { type ToneDefinition, type ToneFrequency, ToneManager } from './tone-manager.ts'
export type {
  ManagedTransferOptions,
  RetrievableTransferOptions,
  TransferOptions,
} from './transfer/transfer-options.ts'
export type {
  LocalUsersOptions,
  PhoneChange,
  ReachabilityStatus,
  RegisteredPhone,
  RegistrationStatus,
  TrunkCounter,
  TrunkKeepAlive,
  TrunkRegistration,
  TrunkStatus,
} from './upkeep/index.ts'
export type { WholeCallRecorder, WholeCallRecorderCause, WholeCallRecordOptions } from './whole-call-recorder.ts'
