import type { Fifo } from '../../kit/index.ts'
import { CallToneDetector } from '../detect/call-tone-detector.ts'
import { digitTones, unsendableDigit } from '../dtmf/digits.ts'
import { EventSender } from '../node/event-sender.ts'
import { playerOf } from '../node/player-of.ts'
import { SilenceSender } from '../node/silence-sender.ts'
import { TonePlayer } from '../node/tone-player.ts'
import type { Transmitter } from '../node/transmitter.ts'
import { TONE_PRESETS } from '../tone/presets.ts'
import type {
  JobCause,
  JobId,
  LegId,
  MediaCommand,
  MediaEvent,
  PlaySource,
  RoomJobCommand,
  StreamParameters,
} from './control.ts'
import type { FrameListener } from './hearing.ts'
import type { Inbound } from './inbound.ts'
import { Listenings } from './listenings.ts'
import type { Outbound } from './outbound.ts'
import { type RecordingPlace, Recordings } from './recordings.ts'
import type { Seat } from './seat.ts'
import { Tap } from './tap.ts'
import type { Workshop } from './workshop.ts'

/** A command about a job on a leg. */
export type JobCommand = Exclude<Extract<MediaCommand, { readonly job: JobId }>, RoomJobCommand>

/** What the jobs have to know of their leg. */
export interface JobPlace extends RecordingPlace {
  /** Whether it is sent another leg: nothing else can be then. */
  readonly isBridged: boolean
  /** Where it sits in a room, which it is sent while no job transmits. */
  readonly seat: Seat | undefined
}

/** The jobs on a leg: at most one that transmits, any number that record, detect or listen. Each ends once, and says so. */
export class Jobs {
  /** Times that a player had nothing to send because the disk was late. */
  playerUnderruns = 0
  readonly #leg: LegId
  readonly #workshop: Workshop
  readonly #events: Fifo<MediaEvent>
  readonly #inbound: Inbound
  readonly #outbound: Outbound
  readonly #place: JobPlace
  #transmitting: Job | undefined
  readonly #recordings: Recordings
  readonly #detections: Detection[] = []
  readonly #taps: Tap[] = []
  readonly #listenings: Listenings

  constructor(
    leg: LegId,
    workshop: Workshop,
    events: Fifo<MediaEvent>,
    inbound: Inbound,
    outbound: Outbound,
    place: JobPlace,
  ) {
    this.#leg = leg
    this.#workshop = workshop
    this.#events = events
    this.#inbound = inbound
    this.#outbound = outbound
    this.#place = place
    this.#recordings = new Recordings(leg, workshop, events, inbound, place)
    this.#listenings = new Listenings(leg, workshop, events, inbound, () => this.isTransmitting)
  }

  get isTransmitting(): boolean {
    return this.#transmitting !== undefined
  }

  /** Begins or stops a job. What cannot be done is `finished` with ERROR at once. */
  do(command: JobCommand, stream: StreamParameters | undefined, mediaMs: number): void {
    if (command.type === 'stopJob') this.#stopJob(command.job)
    else if (command.type === 'playNext') this.#playNext(command)
    else if (command.type === 'pauseRecording' || command.type === 'resumeRecording')
      this.#pauseOrResume(command, mediaMs)
    else if (stream === undefined) this.#refuse(command.job, 'the leg has no stream yet')
    else if (command.type === 'play') this.#play(command, mediaMs)
    else if (command.type === 'sendDigits') this.#sendDigits(command, stream)
    else if (command.type === 'detect') this.#detect(command, mediaMs)
    else if (command.type === 'tap') this.#tap(command, mediaMs)
    else if (command.type === 'listen') this.#listenings.begin(command.job, command.for, mediaMs)
    else this.#record(command, mediaMs)
  }

  /** Ends the jobs that a digit of the far end interrupts. */
  interrupt(): void {
    if (this.#transmitting?.bargeIn === true) this.#endTransmission('BARGEIN')
    this.#recordings.interrupt()
    this.#listenings.interrupt()
  }

  /** Ends every job. Recordings that are stopped get what still waits to be heard. */
  end(cause: JobCause, detail?: string): void {
    if (this.#transmitting !== undefined) this.#endTransmission(cause, detail)
    if (cause === 'ABORTED') this.#inbound.hearTheRest()
    this.#recordings.end(cause, detail)
    for (const detection of [...this.#detections]) this.#endDetection(detection, cause, detail)
    for (const tap of [...this.#taps]) this.#endTap(tap, cause, detail)
    this.#listenings.end(cause, detail)
  }

  #play(command: Extract<JobCommand, { type: 'play' }>, mediaMs: number): void {
    const { job: id, source, bargeIn, bargeInOnSpeech = false, more = false } = command
    const job = jobOf(id, bargeIn)
    job.more = more
    const isPlayed = this.#transmit(job, this.#player(source, id), () => {
      if (job.more) this.#waitForNext(job)
      else this.#endTransmission('NORMAL')
    })
    // What is sent next is silence.
    if (isPlayed && bargeInOnSpeech) this.#listenings.whilePlaying(() => this.#endTransmission('BARGEIN'), mediaMs)
  }

  /** Its packets are silence until there is something to go on with. */
  #waitForNext(job: Job): void {
    job.isWaiting = true
    this.playerUnderruns++
    this.#outbound.replace(new SilenceSender(FOR_EVER))
  }

  #playNext({ job: id, source, when, more = false, turn = 0 }: Extract<JobCommand, { type: 'playNext' }>): void {
    const job = this.#transmitting
    if (job?.id !== id) return
    if (when === 'after') job.more = more
    if (source === undefined) {
      if (job.isWaiting && !more) this.#endTransmission('NORMAL')
    } else if (when === 'now') {
      if (turn !== job.turn) return
      job.isWaiting = false
      this.#outbound.replace(this.#player(source, id))
    } else {
      const onBegun = (): void => {
        job.turn++
        this.#events.push({ type: 'playingNext', leg: this.#leg, job: id })
      }
      const player = this.#player(source, id)
      if (!job.isWaiting) {
        this.#outbound.follow(player, onBegun)
        return
      }
      job.isWaiting = false
      this.#outbound.replace(player)
      onBegun()
    }
  }

  #player(source: PlaySource, job: JobId): Transmitter {
    return playerOf(source, this.#workshop.codecs, {
      onUnderrun: () => this.playerUnderruns++,
      onReached: () => this.#events.push({ type: 'reached', leg: this.#leg, job }),
    })
  }

  #sendDigits({ job, digits }: Extract<JobCommand, { type: 'sendDigits' }>, stream: StreamParameters): void {
    const wrong = unsendableDigit(digits)
    if (wrong !== undefined) {
      this.#refuse(job, `"${wrong}" is no digit`)
      return
    }
    const asEvents = stream.telephoneEventPayloadType !== undefined
    const transmitter = asEvents ? new EventSender(digits) : new TonePlayer(digitTones(digits), false)
    this.#transmit(jobOf(job, false), transmitter, () => this.#endTransmission('NORMAL'))
  }

  /** With a beep, the job transmits first; one of the far end alone records afterwards, one of both sides from its beginning. */
  #record({ job, limits }: Extract<JobCommand, { type: 'record' }>, mediaMs: number): void {
    if (!limits.beepOnStart) {
      this.#recordings.begin(job, limits, mediaMs)
      return
    }
    const hasBoth = (limits.sides ?? 'farEnd') !== 'farEnd'
    const beep = new TonePlayer(TONE_PRESETS.BEEP, false)
    const beeping = jobOf(job, limits.bargeIn && !hasBoth, !hasBoth, hasBoth)
    const isSaid = this.#transmit(beeping, beep, (doneAtMs) => {
      this.#transmitting = undefined
      this.#place.seat?.resume()
      this.#events.push({ type: 'beeped', leg: this.#leg, job })
      if (hasBoth) return
      this.#recordings.begin(job, limits, doneAtMs)
      if (beeping.pause !== undefined) this.#recordings.pause(job, beeping.pause.isCut, doneAtMs, true)
    })
    if (isSaid && hasBoth) this.#recordings.begin(job, limits, mediaMs)
  }

  /** One whose beep is still to be heard begins paused. */
  #pauseOrResume(command: Extract<JobCommand, { type: 'pauseRecording' | 'resumeRecording' }>, mediaMs: number): void {
    const job = this.#transmitting
    if (job?.id === command.job && job.isRecording) job.pause = command.type === 'pauseRecording' ? command : undefined
    else if (command.type === 'pauseRecording') this.#recordings.pause(command.job, command.isCut, mediaMs)
    else this.#recordings.resume(command.job, mediaMs)
  }

  #detect({ job, country }: Extract<JobCommand, { type: 'detect' }>, mediaMs: number): void {
    const { kernels } = this.#workshop
    const detector = new CallToneDetector(
      (sound, startedMsAgo, meaning) =>
        this.#events.push({
          type: 'heard',
          leg: this.#leg,
          job,
          sound,
          startedMsAgo,
          ...(meaning !== undefined && { meaning }),
        }),
      country,
      kernels,
    )
    const detection: Detection = { id: job, isPatient: true, hear: (frame, isWhole) => detector.hear(frame, isWhole) }
    this.#detections.push(detection)
    this.#inbound.attach(detection, mediaMs)
  }

  #tap({ job, ring }: Extract<JobCommand, { type: 'tap' }>, mediaMs: number): void {
    const tapped: MediaEvent = { type: 'tapped', leg: this.#leg, job }
    const tap = new Tap(job, ring, this.#workshop.codecs.rates, () => this.#events.push(tapped))
    this.#taps.push(tap)
    this.#inbound.attach(tap, mediaMs)
  }

  #transmit(job: Job, transmitter: Transmitter, onDone: (mediaMs: number) => void): boolean {
    if (this.#transmitting !== undefined || this.#place.isBridged) {
      this.#refuse(job.id, this.#place.isBridged ? 'the leg is bridged' : 'another job is transmitting')
      return false
    }
    this.#transmitting = job
    this.#outbound.transmit(transmitter, onDone)
    return true
  }

  #stopJob(job: JobId): void {
    if (this.#transmitting?.id === job && this.#transmitting.isBeep !== true) this.#endTransmission('ABORTED')
    this.#recordings.stop(job)
    this.#listenings.stop(job)
    const detection = this.#detections.find((candidate) => candidate.id === job)
    if (detection !== undefined) this.#endDetection(detection, 'ABORTED')
    const tap = this.#taps.find((candidate) => candidate.id === job)
    if (tap !== undefined) this.#endTap(tap, 'ABORTED')
  }

  #endTransmission(cause: JobCause, detail?: string): void {
    const job = this.#transmitting!
    this.#transmitting = undefined
    this.#listenings.playedOut()
    const { seat } = this.#place
    seat?.resume()
    if (seat?.listens !== true) this.#outbound.transmit(new SilenceSender(TRAILING_PACKETS))
    if (job.isBeep !== true) this.#finished(job.id, cause, detail, job.isRecording ? false : undefined)
  }

  #endDetection(detection: Detection, cause: JobCause, detail?: string): void {
    this.#detections.splice(this.#detections.indexOf(detection), 1)
    this.#inbound.detach(detection)
    this.#finished(detection.id, cause, detail)
  }

  #endTap(tap: Tap, cause: JobCause, detail?: string): void {
    this.#taps.splice(this.#taps.indexOf(tap), 1)
    this.#inbound.detach(tap)
    this.#finished(tap.id, cause, detail)
  }

  #refuse(job: JobId, detail: string): void {
    this.#finished(job, 'ERROR', detail)
  }

  #finished(job: JobId, cause: JobCause, detail?: string, audioDetected?: boolean): void {
    this.#events.push({
      type: 'finished',
      leg: this.#leg,
      job,
      cause,
      ...(detail !== undefined && { detail }),
      ...(audioDetected !== undefined && { audioDetected }),
    })
  }
}

interface Job {
  readonly id: JobId
  readonly bargeIn: boolean
  /** A recording that still says its beep. */
  readonly isRecording: boolean
  /** The beep of a recording that has begun, and that ends by itself. */
  readonly isBeep: boolean
  /** Another source is to follow. */
  more: boolean
  /** That other source is late. */
  isWaiting: boolean
  /** How many sources have begun after the first. */
  turn: number
  /** How a recording is paused, while it still says its beep. */
  pause: { readonly isCut: boolean } | undefined
}

function jobOf(id: JobId, bargeIn: boolean, isRecording = false, isBeep = false): Job {
  return { id, bargeIn, isRecording, isBeep, more: false, isWaiting: false, turn: 0, pause: undefined }
}

interface Detection extends FrameListener {
  readonly id: JobId
  /** Cadences are told by lengths, which following the network would change. */
  readonly isPatient: true
}

/** Jitter buffers that move on only when packets come hold back the end of what was sent, up to 200 ms of it. */
const TRAILING_PACKETS = 10
/** Packets of 10 ms in four months. */
const FOR_EVER = 2 ** 30
