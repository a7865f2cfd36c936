import { UsageError } from '../../kit/index.ts'
import type { JobOwner } from '../media-job.ts'
import { RecordingJob, type RecordingOptions } from '../recording-job.ts'
import type { WholeCallRecorderCause } from '../whole-call-recorder.ts'
import { type RecordedRoom, RoomPlace } from './recorded-room.ts'
import { type RoomTrackFile, RoomTracks } from './room-tracks.ts'

/** When a recording of a room stops, and what it is written as. Limits of silence ask all to be silent. */
export interface RoomRecordOptions extends Omit<RecordingOptions, 'beepOnStart' | 'dtmfElimination'> {
  /**
   * `mixed`: what those hear who only listen, announcements included. `tracks`: a file for each party that was heard, all of
   * them on one clock: each begins with the recording, with silence until the party is heard, and ends with the party.
   * Of `meeting.wav` they are `meeting-1.wav`, `meeting-2.wav`, ... in the order in which the parties are first heard. Limits hold
   * for each file. Default 'mixed'.
   */
  mode?: 'mixed' | 'tracks'
}

/**
 * Records a conference room to WAV files of the media store, also while it is stopped, which is silence, until it is
 * destroyed (cause HANGUP). One recording at a time.
 */
export class RoomRecorder extends RecordingJob<WholeCallRecorderCause, JobOwner> {
  readonly #room: RecordedRoom
  #tracks: RoomTracks | undefined

  /** @internal */
  constructor(room: RecordedRoom) {
    super({ host: room.host, claimTransmitter: () => {}, releaseTransmitter: () => {} }, 'room.recorder')
    this.#room = room
  }

  /** The files of the last recording in tracks, and whom each of them holds. */
  get tracks(): readonly RoomTrackFile[] {
    return this.#tracks?.files ?? []
  }

  /**
   * Records and resolves with the cause when it has ended; the files are complete then.
   * @throws UsageError when a recording runs already, or for an option that cannot be; a file that cannot be written gives
   * ERROR and `error()`
   */
  async record(file: string, options: RoomRecordOptions = {}): Promise<WholeCallRecorderCause> {
    this.start(file, options)
    return this.waitUntilFinished()
  }

  /** The same, returning as soon as it was accepted. */
  start(file: string, { mode = 'mixed', ...options }: RoomRecordOptions = {}): void {
    const what = 'room.recorder.record'
    if (mode !== 'mixed' && mode !== 'tracks')
      throw new UsageError(`${what}: mode must be 'mixed' or 'tracks', not ${JSON.stringify(mode)}`)
    const tracks = mode === 'tracks' ? new RoomTracks(this.#room, file) : undefined
    this.startRecording(new RoomPlace(this.#room, tracks !== undefined), file, options, {
      what,
      sides: 'farEnd',
      bargeIn: false,
      ...(tracks && { open: (format, sampleRateHz) => tracks.as(format, sampleRateHz) }),
    })
    this.#tracks = tracks
  }
}
