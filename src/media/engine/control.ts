import type { CallSound } from '../detect/call-tone-detector.ts'
import type { SpecialInformation } from '../detect/special-information.ts'
import type { SrtpParameters } from '../srtp/srtp.ts'
import type { LegState } from './leg.ts'
import type { LegStatistics } from './leg-statistics.ts'
import type { ReleasedPort } from './media-io.ts'
import type { PlaySource } from './play-source.ts'

export type { LegStatistics }

/**
 * The port between calls and media: a union of commands and a union of events, plain data that crosses a thread.
 * A *leg* is one RTP stream each way with a UDP port of its own; a *job* is one player, recorder or sender on it.
 * Ids are chosen by whoever sends the command and never reused.
 */
export type LegId = number
export type JobId = number
/** A room of legs that are mixed: it exists from its first leg to its last. */
export type RoomId = number

/** G.722 is wideband; L16 is 16-bit samples, at 8 kHz where no rate is named. */
export type CodecName = 'PCMU' | 'PCMA' | 'G722' | 'L16' | 'L16/16000' | 'OPUS'

/** What a far end wants of the Opus that it receives (RFC 7587 section 6.1). */
export interface OpusParameters {
  /** Highest rate of sound that it can play, 8,000..48,000 Hz. Default 48,000. */
  readonly maxPlaybackRateHz?: number
  /** Bits in a second, 6,000..510,000. Default: what voice of its rate needs. */
  readonly maxAverageBitrate?: number
  /** It makes use of the redundancy that Opus can carry against loss. Default false. */
  readonly useInbandFec?: boolean
  /** It would like silence not to be sent. Default false. */
  readonly useDtx?: boolean
  /** It wants packets of one size. Default false. */
  readonly constantBitrate?: boolean
}

/** What offer and answer agreed on. A second `start` replaces the first (re-INVITE, early media, then answer). */
export interface StreamParameters {
  readonly remoteAddress: string
  readonly remotePort: number
  readonly codec: CodecName
  /** RTP payload type of the codec, 0..127. */
  readonly payloadType: number
  /** RTP payload type of telephone-event (RFC 4733) when it was agreed on. */
  readonly telephoneEventPayloadType?: number
  /** Of its durations, where that is not the clock of the codec. */
  readonly telephoneEventClockRateHz?: number
  /** What the far end wants of Opus, when that is the codec. */
  readonly opus?: OpusParameters
  /** Whether digits are also listened for in the sound (ITU-T Q.24). Default: when telephone-event was not agreed on. */
  readonly inBandDigits?: boolean
  /**
   * Say `rtpTimeout` when the far end may send and nothing has come for so long. Default 0, never: a far end that
   * suppresses silence may send nothing for as long as its user is silent.
   */
  readonly rtpTimeoutMs?: number
  /** Packet duration that we send, 10, 20, 30, 40 or 60 ms. */
  readonly ptimeMs: number
  /** As seen from us. */
  readonly direction: 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive'
  /** RTCP shares the port of RTP (RFC 5761). */
  readonly rtcpMux?: boolean
  /**
   * Where the far end takes RTCP when the port is not shared; ours then has the port above that of RTP. Without it, and
   * when another program has that port, there is no RTCP.
   */
  readonly rtcp?: { readonly address: string; readonly port: number }
  /** SRTP, with the keys of both directions. Without it everything is in the clear. */
  readonly srtp?: SrtpParameters
}

/**
 * Where a tap puts what the far end says: a ring of blocks of 20 ms on shared memory, made by `createTapRing`. Whoever
 * reads too late loses the oldest.
 */
export interface TapRing {
  readonly sampleRateHz: 8000 | 16_000
  readonly control: Int32Array
  readonly data: Int16Array
  /** A place for each block: 1 where some of it was made up for packets that were lost or late. */
  readonly madeUp: Uint8Array
}

export interface RecordLimits {
  /** Stop with TIMEOUT after this long. */
  readonly timeoutMs?: number
  /** Of the recording, whatever the codec has. Default 8,000. */
  readonly sampleRateHz?: 8000 | 16_000
  /** Stop with SIZE when this many samples of each channel were recorded. */
  readonly maxSamples?: number
  /** Stop with SILENCE after this much silence once something was heard. */
  readonly maxSilenceMs?: number
  /** Stop with SILENCE when nothing was heard at all for this long. */
  readonly initialSilenceMs?: number
  /** Stop with BARGEIN at a new digit. */
  readonly bargeIn: boolean
  /**
   * Say a beep to the far end first; `beeped` is said when it ends. A recording of the far end starts then, one of both sides
   * with the beep.
   */
  readonly beepOnStart: boolean
  /**
   * Whom it holds: the far end; both sides `mixed`; or both in `stereo`, samples in turn: left the far end, right what it is
   * sent. Default 'farEnd'.
   */
  readonly sides?: 'farEnd' | 'mixed' | 'stereo'
  /** Silence in the place of keys, whether they come as events or in the sound. Default false. */
  readonly dtmfElimination?: boolean
}

/** What a `listen` waits for. All times are of the sound that was heard. */
export interface ListenFor {
  /**
   * `speech`: until somebody speaks. `silence`: until nobody has spoken for `silenceMs`, from the beginning on. `utterance`:
   * until somebody has spoken and then fallen silent for `silenceMs`. Default: until it is stopped.
   */
  readonly until?: 'speech' | 'silence' | 'utterance'
  /** Shorter speech is none. Default 0: some 80 ms, less cannot be told. */
  readonly minSpeechMs?: number
  /** After so long without it, speech has ended. Default 300. */
  readonly silenceMs?: number
  /** Stop with TIMEOUT when nobody has spoken for so long; it does not pass while the leg plays. Default: never. */
  readonly initialSilenceMs?: number
  /** Stop with TIMEOUT after this long. Default: never. */
  readonly timeoutMs?: number
  /** Stop with BARGEIN at a new digit. */
  readonly bargeIn: boolean
  /** The sound of the speech is wanted, from 200 ms before it to where its end was noticed. */
  readonly sound?: { readonly sampleRateHz: 8000 | 16_000 }
}

/** How a room is mixed. */
export interface RoomMixing {
  /** How many are heard who speak at once: the loudest. Default 8. */
  readonly mostTalkers?: number
  /** Whether something is heard while nobody speaks: noise at -68 dBm0. Default false. */
  readonly comfortNoise?: boolean
}

/** A leg on its way from one engine to another: plain data. */
export interface ReleasedLeg {
  readonly port: ReleasedPort
  readonly state: LegState
}

export type MediaCommand =
  /**
   * Binds a UDP port on `localAddress`. Outcome: `opened` or `failed`. An id that is in use fails the leg that has it.
   * `with` names an open leg that this one may be bridged to, or mixed with, later: they are then placed in one engine.
   */
  | { readonly type: 'open'; readonly leg: LegId; readonly localAddress: string; readonly with?: LegId }
  /**
   * Begins the stream; before it nothing is sent, heard or counted. Unless something is transmitted, the first that
   * leaves are 200 ms of silence, which open the NATs on the way and let the far end latch; then the leg is quiet.
   */
  | { readonly type: 'start'; readonly leg: LegId; readonly stream: StreamParameters }
  /**
   * Lets another engine of the process go on with the leg, its ports and its jobs. What it hears and sends has no seam but the
   * time it takes: not the numbers of its packets, not their time, not a job. Outcome: `released`, and the leg is gone
   * from this engine; `notReleased` while it has no stream, is bridged or in a room.
   */
  | {
      readonly type: 'release'
      readonly leg: LegId
      /** The number by which the network knows the worker of that engine. */
      readonly to: number
    }
  /** Goes on with a leg that another engine has released. Both must live by one clock. Outcome: none, or `failed`. */
  | { readonly type: 'adopt'; readonly leg: LegId; readonly released: ReleasedLeg }
  /** Ends every job (cause ABORTED) and frees the port. Outcome: `closed`. */
  | { readonly type: 'close'; readonly leg: LegId }
  /**
   * Plays to the far end. One transmitter at a time; a second one is `finished` with ERROR at once. After each one, also
   * after `sendDigits`, 200 ms of silence follow unless another takes its place: they push the end of it out of jitter
   * buffers that move on only when packets come.
   */
  | {
      readonly type: 'play'
      readonly leg: LegId
      readonly job: JobId
      readonly source: PlaySource
      /** A new digit of the far end ends it with BARGEIN. */
      readonly bargeIn: boolean
      /** So does speech of the far end; see `listen` for what is taken for speech while we play. Default false. */
      readonly bargeInOnSpeech?: boolean
      /** Another source will follow: see `playNext`. Default false. */
      readonly more?: boolean
    }
  /**
   * Lets a `play` go on with another source: `now`, in the place of what is being played, or `after` it, in the slot behind
   * its last packet; then `playingNext` is said when it begins. One source can wait; another one takes its place. Without
   * `more` it is the last, and without a source nothing follows. When the next is late, there is silence until it comes.
   * Nothing happens when the job has ended.
   */
  | {
      readonly type: 'playNext'
      readonly leg: LegId
      readonly job: JobId
      readonly source?: PlaySource
      readonly when: 'after' | 'now'
      /** Of `after`. Default false. */
      readonly more?: boolean
      /** Of `now`: how many `playingNext` were heard. When another source has begun since, it is too late. Default 0. */
      readonly turn?: number
    }
  | { readonly type: 'record'; readonly leg: LegId; readonly job: JobId; readonly limits: RecordLimits }
  /**
   * What is said from now on is not recorded, and no digit ends the recording: silence takes its place, or, with `isCut`,
   * nothing does.
   */
  | { readonly type: 'pauseRecording'; readonly leg: LegId; readonly job: JobId; readonly isCut: boolean }
  /** What is said from now on is recorded again. */
  | { readonly type: 'resumeRecording'; readonly leg: LegId; readonly job: JobId }
  /**
   * Puts what the far end says into a ring, each 20 ms as soon as it can be heard, silence included, and says `tapped`. It
   * ends with the leg, or with `stopJob`.
   */
  | { readonly type: 'tap'; readonly leg: LegId; readonly job: JobId; readonly ring: TapRing }
  /** Sends digits `0-9 A-D * # ,` as RFC 4733 events (in-band tones when telephone-event was not agreed on). */
  | { readonly type: 'sendDigits'; readonly leg: LegId; readonly job: JobId; readonly digits: string }
  /**
   * Listens for the tones of a network, and for sound that is none; each is `heard`. It ends with the leg, or with
   * `stopJob`.
   */
  | {
      readonly type: 'detect'
      readonly leg: LegId
      readonly job: JobId
      /** By its code of ISO 3166: whose tones they are, where cadences differ. */
      readonly country?: string
    }
  /**
   * Listens for speech: each is said by `voice` when it begins and ends, and its sound handed over as `recorded` where that
   * is asked for. While the leg plays, and 300 ms longer, only what is loud and longer is taken for speech (from -34 dBm0
   * on): the rest may be an echo. Ends with NORMAL when what it waits for has come, with TIMEOUT, BARGEIN, or with the leg.
   */
  | { readonly type: 'listen'; readonly leg: LegId; readonly job: JobId; readonly for: ListenFor }
  /** Ends a job with ABORTED. */
  | { readonly type: 'stopJob'; readonly leg: LegId; readonly job: JobId }
  /**
   * Lets two legs of one engine hear each other, keys included; both need a stream. Payloads pass as they are where
   * the codecs agree and are decoded and encoded where not. Until the bridge is over neither leg transmits anything
   * else: `play`, `sendDigits` and a recording with a beep are `finished` with ERROR; recordings and `digit` go on.
   * Outcome: `bridgeFailed` (also when a leg transmits or is bridged), or `bridged` and, at the end, `unbridged`.
   */
  | { readonly type: 'bridge'; readonly leg: LegId; readonly other: LegId }
  /** Ends the bridge that the leg is in, if it is in one. Outcome: `unbridged` for both legs. */
  | { readonly type: 'unbridge'; readonly leg: LegId }
  /**
   * A key that the far end of `leg` has pressed by signalling: the leg that it is bridged to presses it, as an event or
   * as tones, like one that came as an event. Pressed once when it comes as an event too. Nothing without a bridge.
   */
  | { readonly type: 'relayKey'; readonly leg: LegId; readonly digit: string }
  /**
   * Lets the leg hear everybody else in a room of its engine, and be heard. It needs a stream, and is in one room at a
   * time; sent again for the same room, the command changes what the leg may do there. While the leg plays or sends
   * digits, its far end hears that and not the room; the room hears the far end all the same. Recordings and `digit` go
   * on. A far end on hold is neither heard nor sent to. A room can have no more legs than its engine.
   * Outcome: `mixFailed` (also when the leg is bridged, or in another room), or `mixed` and, at the end, `unmixed`.
   */
  | {
      readonly type: 'mix'
      readonly leg: LegId
      readonly room: RoomId
      /** Whether the room hears the leg. Default true. */
      readonly talk?: boolean
      /** Whether the leg hears the room; where not, it is sent nothing. Default true. */
      readonly listen?: boolean
      /** Keys `0-9 A-D * #` of the leg that the room does not hear, also where they come as tones. Default none. */
      readonly privateKeys?: string
      /** Who hears the leg, by their legs, be they in the room already or come later. Default: all. */
      readonly audience?: readonly LegId[]
      /** How much louder or softer the room hears it, -30..20 dB. Default 0. */
      readonly volumeDb?: number
      /** Whether it is brought nearer to the others, by up to 9 dB, when it talks softly or loudly. Default false. */
      readonly automaticLevel?: boolean
      /**
       * Whether it is to be passed on as it comes, and what it hears too, while the room has two who talk and both want that:
       * without the delay and the cost of a mix. Keys are not passed on. Those who only listen are mixed. Default false.
       */
      readonly direct?: boolean
      /** How the room is mixed from now on; what is left out stays as it is. */
      readonly mixing?: RoomMixing
    }
  /** Takes the leg out of the room that it is in, if it is in one. Outcome: `unmixed`. */
  | { readonly type: 'unmix'; readonly leg: LegId }
  /**
   * Lets all who are in a room hear something beside what they say. `leg` is an id of its own, of no leg: `stopJob` and
   * `finished` know the job by it, and it is done with when that is. In a room that nobody is in, or when its last leg
   * leaves, the job is `finished` with ERROR and ABORTED.
   */
  | {
      readonly type: 'playToRoom'
      readonly leg: LegId
      readonly room: RoomId
      readonly job: JobId
      readonly source: PlaySource
    }
  /**
   * Records a room: what those hear who only listen, or, with `tracks`, each leg by itself. All tracks are on one clock; a
   * leg's begins when it is first heard, and says where that was. What is played to the room is in no track. `leg` is an
   * id as of `playToRoom`, by which the recording is also paused. Of the limits, no beep, no keys and no sides.
   */
  | {
      readonly type: 'recordRoom'
      readonly leg: LegId
      readonly room: RoomId
      readonly job: JobId
      readonly limits: RecordLimits
      /** Default false. */
      readonly tracks?: boolean
    }
  /**
   * Says who talks in a room, and how loud, by `talkers`: five times a second at most, and only what has changed. `leg` is
   * an id as of `playToRoom`. It ends with the room, or with `stopJob`.
   */
  | { readonly type: 'watchRoom'; readonly leg: LegId; readonly room: RoomId; readonly job: JobId }

/** To which track of a room a block of a recording belongs. */
export interface RoomTrack {
  /** Whose sound it is. */
  readonly of: LegId
  /** Where the track begins, in samples from the beginning of the recording: before that there is silence. */
  readonly from: number
  /** The leg has left, or the recording is over: nothing follows in this track. */
  readonly isLast: boolean
}

/** Somebody in a room has begun or ended to talk, or talks on louder or softer than was said. */
export interface TalkerChange {
  /** Whose sound it is. */
  readonly of: LegId
  readonly what: 'began' | 'level' | 'ended'
  /** Of what was heard in the last 200 ms; of `ended`, the last that was said. */
  readonly levelDbm0: number
}

/** A command about a room that names a job. */
export type RoomJobCommand = Extract<MediaCommand, { readonly room: RoomId; readonly job: JobId }>

/** Whether a command begins a job of a room: `leg` is then an id of that job's own. */
export function isRoomJob(command: MediaCommand): command is RoomJobCommand {
  return 'room' in command && 'job' in command
}

export type JobCause = 'NORMAL' | 'BARGEIN' | 'SILENCE' | 'SIZE' | 'TIMEOUT' | 'ABORTED' | 'ERROR'

export type MediaEvent =
  | { readonly type: 'opened'; readonly leg: LegId; readonly address: string; readonly port: number }
  /** The leg has left this engine. */
  | { readonly type: 'released'; readonly leg: LegId; readonly released: ReleasedLeg }
  /** The leg stays where it is. */
  | { readonly type: 'notReleased'; readonly leg: LegId; readonly reason: string }
  /** The leg cannot go on (no port, broken port, worker died). Its jobs are `finished` with ERROR; no `closed` follows. */
  | { readonly type: 'failed'; readonly leg: LegId; readonly reason: string }
  /** A key was pressed: said once per press, when it starts. */
  | { readonly type: 'digit'; readonly leg: LegId; readonly digit: string }
  /** Nothing has come for `rtpTimeoutMs`. Said once; when something comes after all, `rtpResumed` is said. */
  | { readonly type: 'rtpTimeout'; readonly leg: LegId }
  | { readonly type: 'rtpResumed'; readonly leg: LegId }
  /** The beep of a recording is over. */
  | { readonly type: 'beeped'; readonly leg: LegId; readonly job: JobId }
  /** A source that was to be played after another has begun. */
  | { readonly type: 'playingNext'; readonly leg: LegId; readonly job: JobId }
  /** A block of a recording in progress, 16-bit, at the rate that was asked for. */
  | {
      readonly type: 'recorded'
      readonly leg: LegId
      readonly job: JobId
      readonly samples: Int16Array
      /** Of a room that is recorded in tracks. */
      readonly track?: RoomTrack
    }
  /** Of a room that is watched: what has changed in the last 200 ms. */
  | { readonly type: 'talkers'; readonly leg: LegId; readonly job: JobId; readonly changes: readonly TalkerChange[] }
  /** There is more in the ring of a tap. Said once until its reader has looked, however much comes. */
  | { readonly type: 'tapped'; readonly leg: LegId; readonly job: JobId }
  /** The player of live audio has come to where its writer wanted to be told. */
  | { readonly type: 'reached'; readonly leg: LegId; readonly job: JobId }
  /** A detector has recognised something; said when it is first heard, and of a tone again after another was. */
  | {
      readonly type: 'heard'
      readonly leg: LegId
      readonly job: JobId
      readonly sound: CallSound
      /** How long ago it began, in milliseconds of what was heard. */
      readonly startedMsAgo: number
      /** What a special information tone says. */
      readonly meaning?: SpecialInformation
    }
  /** Somebody has begun to speak, or has ended: so long ago, in milliseconds of what was heard. */
  | {
      readonly type: 'voice'
      readonly leg: LegId
      readonly job: JobId
      readonly state: 'began' | 'ended'
      readonly msAgo: number
    }
  /** A job is over; for a recording, `audioDetected` says whether anything but silence was heard. */
  | {
      readonly type: 'finished'
      readonly leg: LegId
      readonly job: JobId
      readonly cause: JobCause
      readonly detail?: string
      readonly audioDetected?: boolean
    }
  /** The legs hear each other now. Said of the `leg` of the command only. */
  | { readonly type: 'bridged'; readonly leg: LegId; readonly other: LegId }
  /** The legs were not bridged. Said of the `leg` of the command only. */
  | { readonly type: 'bridgeFailed'; readonly leg: LegId; readonly other: LegId; readonly reason: string }
  /** The bridge is over. Said of each of its legs that goes on: one that has closed or failed says only that. */
  | { readonly type: 'unbridged'; readonly leg: LegId; readonly other: LegId }
  /** The leg is in the room, with what the command allows. */
  | { readonly type: 'mixed'; readonly leg: LegId; readonly room: RoomId }
  /** The leg was not brought into the room, and is where it was before. */
  | { readonly type: 'mixFailed'; readonly leg: LegId; readonly room: RoomId; readonly reason: string }
  /** The leg is out of the room and goes on: one that has closed or failed says only that. */
  | { readonly type: 'unmixed'; readonly leg: LegId; readonly room: RoomId }
  | { readonly type: 'closed'; readonly leg: LegId; readonly statistics: LegStatistics }
