import type { JobCause, JobId, LegId, MediaCommand, MediaEvent, RoomTrack } from '../media/index.ts'
import type { CallHost } from './host.ts'

/** How one job on the leg reports. */
export interface JobListener {
  readonly bargeIn: boolean
  onRecorded?(samples: Int16Array, track?: RoomTrack): void
  /** The beep of a recording is over. */
  onBeeped?(): void
  /** There is more in the ring of a tap. */
  onTapped?(): void
  /** Live audio has come to where its writer wanted to be told. */
  onReached?(): void
  onHeard?(event: Extract<MediaEvent, { type: 'heard' }>): void
  /** Somebody has begun to speak, or has ended. */
  onVoice?(state: 'began' | 'ended'): void
  /** The source that was to be played after another has begun. */
  onPlayingNext?(): void
  onFinished(cause: JobCause | 'HANGUP', outcome: { detail?: string; audioDetected?: boolean }): void
}

/** A job command without its address, which {@link LegJobs.start} fills in. */
export type JobCommand =
  | JobBody<'play'>
  | JobBody<'record'>
  | JobBody<'sendDigits'>
  | JobBody<'detect'>
  | JobBody<'listen'>
  | JobBody<'tap'>
/** How a `play` goes on. */
export type NextToPlay = JobBody<'playNext'>
type JobBody<Type extends MediaCommand['type']> = Omit<Extract<MediaCommand, { type: Type }>, 'leg' | 'job'>

/** Who wants to know what becomes of the jobs of a leg. */
interface JobsListener {
  /** Something of ours is played to the far end from now on, or no longer. */
  onPlaying(isPlaying: boolean): void
  /** A job has begun, or is over. */
  onUse(): void
}

/** What plays, records and listens on one leg of the media engine. */
export class LegJobs {
  readonly #host: CallHost
  readonly #leg: LegId
  readonly #listener: JobsListener
  readonly #jobs = new Map<JobId, JobListener>()
  /** Those that a key has interrupted, until the engine has ended them. */
  readonly #interrupted = new Set<JobId>()
  #playing: JobId | undefined
  #isHungUp = false

  constructor(host: CallHost, leg: LegId, listener: JobsListener) {
    this.#host = host
    this.#leg = leg
    this.#listener = listener
  }

  /** How many there are. */
  get size(): number {
    return this.#jobs.size
  }

  start(command: JobCommand, listener: JobListener): JobId {
    const job = this.#host.nextId()
    this.#jobs.set(job, listener)
    this.#host.media({ ...command, leg: this.#leg, job })
    if (command.type === 'play') {
      this.#playing = job
      this.#listener.onPlaying(true)
    }
    this.#listener.onUse()
    return job
  }

  /** Lets a job that plays go on with another source; nothing happens when it has ended. */
  playNext(job: JobId, next: Omit<NextToPlay, 'type'>): void {
    if (this.#jobs.has(job)) this.#host.media({ ...next, type: 'playNext', leg: this.#leg, job })
  }

  stop(job: JobId): void {
    if (this.#jobs.has(job)) this.#host.media({ type: 'stopJob', leg: this.#leg, job })
  }

  pauseRecording(job: JobId, isCut: boolean): void {
    if (this.#jobs.has(job)) this.#host.media({ type: 'pauseRecording', leg: this.#leg, job, isCut })
  }

  resumeRecording(job: JobId): void {
    if (this.#jobs.has(job)) this.#host.media({ type: 'resumeRecording', leg: this.#leg, job })
  }

  /**
   * A key cuts short what may be. The engine ends by itself what it knew of when it heard the key: not what was on its way
   * to it then, and nothing for a key that came by signalling.
   */
  interrupt(): void {
    for (const [job, { bargeIn }] of this.#jobs) {
      if (!bargeIn || this.#interrupted.has(job)) continue
      this.#interrupted.add(job)
      this.stop(job)
    }
  }

  /** The call is over: what the engine ends now ends with HANGUP. */
  hangUp(): void {
    this.#isHungUp = true
  }

  /** The engine has nothing of the leg any more. */
  endAll(cause: 'HANGUP' | 'ERROR', detail?: string): void {
    for (const job of [...this.#jobs.keys()]) this.#finish(job, cause, detail === undefined ? {} : { detail })
  }

  /** Takes what the media engine says of one of them. */
  onEvent(event: MediaEvent): void {
    switch (event.type) {
      case 'recorded':
        this.#jobs.get(event.job)?.onRecorded?.(event.samples)
        return
      case 'playingNext':
        this.#jobs.get(event.job)?.onPlayingNext?.()
        return
      case 'beeped':
        this.#jobs.get(event.job)?.onBeeped?.()
        return
      case 'tapped':
        this.#jobs.get(event.job)?.onTapped?.()
        return
      case 'reached':
        this.#jobs.get(event.job)?.onReached?.()
        return
      case 'heard':
        this.#jobs.get(event.job)?.onHeard?.(event)
        return
      case 'voice':
        this.#jobs.get(event.job)?.onVoice?.(event.state)
        return
      case 'finished':
        this.#finish(event.job, this.#causeOf(event.job, event.cause), {
          ...(event.detail !== undefined && { detail: event.detail }),
          ...(event.audioDetected !== undefined && { audioDetected: event.audioDetected }),
        })
        return
    }
  }

  #causeOf(job: JobId, cause: JobCause): JobCause | 'HANGUP' {
    if (cause !== 'ABORTED') return cause
    if (this.#interrupted.has(job)) return 'BARGEIN'
    return this.#isHungUp ? 'HANGUP' : cause
  }

  #finish(job: JobId, cause: JobCause | 'HANGUP', outcome: { detail?: string; audioDetected?: boolean }): void {
    const listener = this.#jobs.get(job)
    if (listener === undefined) return
    this.#jobs.delete(job)
    this.#interrupted.delete(job)
    if (this.#playing === job) {
      this.#playing = undefined
      this.#listener.onPlaying(false)
    }
    listener.onFinished(cause, outcome)
    this.#listener.onUse()
  }
}
