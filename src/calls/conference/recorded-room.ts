import type { JobId, LegId, MediaEvent, RoomId } from '../../media/index.ts'
import type { CallHost } from '../host.ts'
import type { JobCommand, JobListener } from '../leg-jobs.ts'
import type { JobMedia, JobPlace } from '../media-job.ts'
import type { PartyId } from './room-state.ts'

/** Whose sound a leg in a room is. */
export interface RecordedParty {
  readonly party: PartyId
  /** `details.callId` of its call. */
  readonly callId: string
  /** The URI of who calls, or of whom we called. */
  readonly who: string
}

/** What a recording has to know of its room. */
export interface RecordedRoom {
  readonly host: CallHost
  readonly id: RoomId
  /** What its parties can make use of. */
  readonly mostHz: 8000 | 16_000
  /** Nobody is in it any more. */
  readonly isDestroyed: boolean
  /** Does something as soon as the media engine has the room, at once when it does. */
  whenMixed(action: () => void): void
  /** Whose the leg is, also when it has just left. */
  partyOf(leg: LegId): RecordedParty | undefined
  /** Calls back when it is destroyed. Returns the function that stops it. */
  onDestroyed(listener: () => void): () => void
}

/** A room as the place of one recording: what the engine is told of a leg elsewhere it is told of the room here. */
export class RoomPlace implements JobPlace, JobMedia {
  readonly record = undefined
  readonly media: JobMedia = this
  readonly jobs: JobMedia['jobs'] = this
  readonly #room: RecordedRoom
  readonly #hasTracks: boolean
  /** The id by which the engine knows the recording, as that of a leg. */
  readonly #leg: LegId
  #listener: JobListener | undefined
  /** The engine has been told of it: it says when it is over, and hands over the last of it before that. */
  #hasBegun = false
  #stopListening: () => void = () => {}

  constructor(room: RecordedRoom, hasTracks: boolean) {
    this.#room = room
    this.#hasTracks = hasTracks
    this.#leg = room.host.nextId()
  }

  get isEnding(): boolean {
    return this.#room.isDestroyed
  }

  get sampleRateHz(): 8000 | 16_000 {
    return this.#room.mostHz
  }

  onEnding(listener: () => void): () => void {
    return this.#room.onDestroyed(listener)
  }

  start(command: JobCommand, listener: JobListener): JobId {
    const { host, id: room } = this.#room
    const [leg, job] = [this.#leg, host.nextId()]
    this.#listener = listener
    this.#stopListening = this.#room.onDestroyed(() => {
      if (!this.#hasBegun) this.#end('HANGUP', {})
    })
    host.onRoomSound(leg, (event) => this.#onEvent(event))
    this.#room.whenMixed(() => {
      if (command.type !== 'record' || this.#listener === undefined) return
      this.#hasBegun = true
      host.media({ type: 'recordRoom', leg, room, job, limits: command.limits, tracks: this.#hasTracks })
    })
    return job
  }

  stop(job: JobId): void {
    if (this.#hasBegun) this.#room.host.media({ type: 'stopJob', leg: this.#leg, job })
    else this.#end('ABORTED', {})
  }

  pauseRecording(job: JobId, isCut: boolean): void {
    this.#room.host.media({ type: 'pauseRecording', leg: this.#leg, job, isCut })
  }

  resumeRecording(job: JobId): void {
    this.#room.host.media({ type: 'resumeRecording', leg: this.#leg, job })
  }

  /** A room is played nothing by this. */
  playNext(): void {}

  #onEvent(event: MediaEvent): void {
    if (event.type === 'recorded') this.#listener?.onRecorded?.(event.samples, event.track)
    else if (event.type === 'finished')
      this.#end(this.isEnding && event.cause === 'ABORTED' ? 'HANGUP' : event.cause, event)
  }

  #end(...end: Parameters<JobListener['onFinished']>): void {
    const listener = this.#listener
    this.#listener = undefined
    this.#stopListening()
    this.#room.host.onRoomSound(this.#leg, undefined)
    listener?.onFinished(...end)
  }
}
