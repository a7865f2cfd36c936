import type { Fifo } from '../../kit/index.ts'
import { CallToneDetector } from '../detect/call-tone-detector.ts'
import { digitTones, unsendableDigit } from '../dtmf/digits.ts'
import { EventSender } from '../node/event-sender.ts'
import { playerOf } from '../node/player-of.ts'
import { SilenceSender } from '../node/silence-sender.ts'
import { TonePlayer } from '../node/tone-player.ts'
import type { Transmitter } from '../node/transmitter.ts'
import { TONE_PRESETS } from '../tone/presets.ts'
import type { JobCause, JobId, LegId, MediaCommand, MediaEvent, RoomJobCommand, StreamParameters } from './control.ts'
import type { FrameListener } from './hearing.ts'
import type { Inbound } from './inbound.ts'
import { Listenings, type SurrenderedListening } from './listenings.ts'
import type { Outbound } from './outbound.ts'
import type { PlaySource } from './play-source.ts'
import { type RecordingPlace, Recordings, type SurrenderedRecording } from './recordings.ts'
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

  /**
   * Lets another engine go on with every job: none has ended here. Of those that hear, it gets what was heard up to now. Where
   * the transmitter is, the sending half of the leg knows.
   */
  surrender(): SurrenderedJobs {
    this.#inbound.hearTheRest()
    const transmission = this.#transmitting
    return {
      transmission: transmission && {
        ...transmission,
        next: transmission.next !== undefined && this.#outbound.hasFollowing ? transmission.next : undefined,
      },
      recordings: this.#recordings.surrender(),
      listenings: this.#listenings.surrender(),
      detections: this.#detections.map(({ command }) => command),
      taps: this.#taps.map(({ id: job, ring }) => ({ type: 'tap', leg: this.#leg, job, ring })),
      playerUnderruns: this.playerUnderruns,
    }
  }

  /** Goes on with the jobs of another engine. */
  resume(jobs: SurrenderedJobs, stream: StreamParameters, mediaMs: number): void {
    for (const { job, limits, past } of jobs.recordings) this.#recordings.begin(job, limits, mediaMs, past)
    for (const command of jobs.listenings) this.#listenings.begin(command.job, command.for, mediaMs, command.past)
    for (const command of [...jobs.detections, ...jobs.taps]) this.do(command, stream, mediaMs)
    if (jobs.transmission !== undefined) this.#resumeTransmission(jobs.transmission, stream, mediaMs)
    this.playerUnderruns = jobs.playerUnderruns
  }

  #resumeTransmission(past: Job, stream: StreamParameters, mediaMs: number): void {
    const { command, isBeep, more, turn, isWaiting, next, pause } = past
    if (command.type === 'sendDigits') this.#sendDigits(command, stream)
    else if (command.type === 'record') this.#sayBeep(command, isBeep)
    else this.#play(command, mediaMs)
    const job = this.#transmitting!
    if (isWaiting) this.#waitForNext(job)
    if (next !== undefined) this.#playNext(next)
    Object.assign(job, { more, turn, pause })
  }

  #play(command: Extract<JobCommand, { type: 'play' }>, mediaMs: number): void {
    const { job: id, source, bargeIn, bargeInOnSpeech = false, more = false } = command
    const job = jobOf(id, command, bargeIn)
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
      job.command = { ...job.command, source } as PlayCommand
      this.#outbound.replace(this.#player(source, id))
    } else {
      const onBegun = (): void => {
        job.turn++
        job.command = { ...job.command, source } as PlayCommand
        job.next = undefined
        this.#events.push({ type: 'playingNext', leg: this.#leg, job: id })
      }
      const player = this.#player(source, id)
      if (!job.isWaiting) {
        job.next = { type: 'playNext', leg: this.#leg, job: id, source, when, more }
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

  #sendDigits(command: Extract<JobCommand, { type: 'sendDigits' }>, stream: StreamParameters): void {
    const { job, digits } = command
    const wrong = unsendableDigit(digits)
    if (wrong !== undefined) {
      this.#refuse(job, `"${wrong}" is no digit`)
      return
    }
    const asEvents = stream.telephoneEventPayloadType !== undefined
    const transmitter = asEvents ? new EventSender(digits) : new TonePlayer(digitTones(digits), false)
    this.#transmit(jobOf(job, command, false), transmitter, () => this.#endTransmission('NORMAL'))
  }

  /** With a beep, the job transmits first; one of the far end alone records afterwards, one of both sides from its beginning. */
  #record(command: RecordCommand, mediaMs: number): void {
    const { job, limits } = command
    if (!limits.beepOnStart) {
      this.#recordings.begin(job, limits, mediaMs)
      return
    }
    const hasBoth = (limits.sides ?? 'farEnd') !== 'farEnd'
    if (this.#sayBeep(command, hasBoth) && hasBoth) this.#recordings.begin(job, limits, mediaMs)
  }

  /** @param hasBoth the recording runs beside its beep; otherwise it begins after it */
  #sayBeep(command: RecordCommand, hasBoth: boolean): boolean {
    const { job, limits } = command
    const beep = new TonePlayer(TONE_PRESETS.BEEP, false)
    const beeping = jobOf(job, command, limits.bargeIn && !hasBoth, !hasBoth, hasBoth)
    return this.#transmit(beeping, beep, (doneAtMs) => {
      this.#transmitting = undefined
      this.#place.seat?.resume()
      this.#events.push({ type: 'beeped', leg: this.#leg, job })
      if (hasBoth) return
      this.#recordings.begin(job, limits, doneAtMs)
      if (beeping.pause !== undefined) this.#recordings.pause(job, beeping.pause.isCut, doneAtMs, true)
    })
  }

  /** One whose beep is still to be heard begins paused. */
  #pauseOrResume(command: Extract<JobCommand, { type: 'pauseRecording' | 'resumeRecording' }>, mediaMs: number): void {
    const job = this.#transmitting
    if (job?.id === command.job && job.isRecording) job.pause = command.type === 'pauseRecording' ? command : undefined
    else if (command.type === 'pauseRecording') this.#recordings.pause(command.job, command.isCut, mediaMs)
    else this.#recordings.resume(command.job, mediaMs)
  }

  #detect(command: DetectCommand, mediaMs: number): void {
    const { job, country } = command
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
    const detection: Detection = {
      id: job,
      command,
      isPatient: true,
      quietEnergy: detector.quietEnergy,
      hear: (frame, isWhole) => detector.hear(frame, isWhole),
      hearNothing: () => detector.hearNothing(),
    }
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

type PlayCommand = Extract<JobCommand, { type: 'play' }>
type RecordCommand = Extract<JobCommand, { type: 'record' }>
type DetectCommand = Extract<JobCommand, { type: 'detect' }>

/** The jobs of a leg on their way to another engine. */
export interface SurrenderedJobs {
  readonly transmission: Job | undefined
  readonly recordings: readonly SurrenderedRecording[]
  readonly listenings: readonly SurrenderedListening[]
  /** They begin anew. */
  readonly detections: readonly DetectCommand[]
  readonly taps: readonly Extract<JobCommand, { type: 'tap' }>[]
  readonly playerUnderruns: number
}

interface Job {
  readonly id: JobId
  /** What began it, with the source that is played now. */
  command: PlayCommand | RecordCommand | Extract<JobCommand, { type: 'sendDigits' }>
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
  /** What waits to follow. */
  next: Extract<JobCommand, { type: 'playNext' }> | undefined
  /** How a recording is paused, while it still says its beep. */
  pause: { readonly isCut: boolean } | undefined
}

function jobOf(id: JobId, command: Job['command'], bargeIn: boolean, isRecording = false, isBeep = false): Job {
  const paused = { next: undefined, pause: undefined }
  return { id, command, bargeIn, isRecording, isBeep, more: false, isWaiting: false, turn: 0, ...paused }
}

interface Detection extends FrameListener {
  readonly id: JobId
  readonly command: DetectCommand
  /** Cadences are told by lengths, which following the network would change. */
  readonly isPatient: true
}

/** Jitter buffers that move on only when packets come hold back the end of what was sent, up to 200 ms of it. */
const TRAILING_PACKETS = 10
/** Packets of 10 ms in four months. */
const FOR_EVER = 2 ** 30
