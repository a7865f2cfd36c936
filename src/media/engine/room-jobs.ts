import type { Fifo } from '../../kit/index.ts'
import { playerOf } from '../node/player-of.ts'
import type { JobCause, LegId, MediaCommand, MediaEvent, RoomJobCommand } from './control.ts'
import type { Room, RoomListener } from './room.ts'
import { RoomRecording } from './room-recording.ts'
import { RoomVoice } from './room-voice.ts'
import { TalkerWatch } from './talker-watch.ts'
import type { Workshop } from './workshop.ts'

/** The jobs of rooms: what they are played, their recordings, and who watches them. Each has an id as a leg has. */
export class RoomJobs {
  readonly #workshop: Workshop
  readonly #events: Fifo<MediaEvent>
  readonly #onUnderrun: () => void
  readonly #running = new Map<LegId, RunningRoomJob>()

  /** @param onUnderrun the disk was late for something that a room is played */
  constructor(workshop: Workshop, events: Fifo<MediaEvent>, onUnderrun: () => void) {
    this.#workshop = workshop
    this.#events = events
    this.#onUnderrun = onUnderrun
  }

  has(id: LegId): boolean {
    return this.#running.has(id)
  }

  /** Begins a job under an id that is free. */
  begin(command: RoomJobCommand, room: Room): void {
    if (command.type === 'playToRoom') this.#play(command, room)
    else if (command.type === 'recordRoom') this.#record(command, room)
    else this.#watch(command, room)
  }

  /** Does what a command asks of a job. @returns false when there is no such job */
  do({ type, leg, ...more }: MediaCommand): boolean {
    const job = this.#running.get(leg)
    if (job === undefined) return false
    if (type === 'stopJob') job.stop()
    else if (type === 'pauseRecording') job.recording?.pause('isCut' in more && more.isCut)
    else if (type === 'resumeRecording') job.recording?.resume(job.room.delayMs)
    else return false
    return true
  }

  #play(command: Extract<RoomJobCommand, { type: 'playToRoom' }>, room: Room): void {
    const { leg, job, source } = command
    const player = playerOf(source, this.#workshop.codecs, {
      onUnderrun: this.#onUnderrun,
      onReached: () => this.#events.push({ type: 'reached', leg, job }),
    })
    const voice = room.hear(
      (party, isWide) => new RoomVoice(command, this.#workshop, party, player, isWide, this.#onEnd(command)),
    )
    this.#running.set(leg, { room, stop: () => room.silence(voice, 'ABORTED') })
  }

  #record(command: Extract<RoomJobCommand, { type: 'recordRoom' }>, room: Room): void {
    const recording = new RoomRecording(command, this.#workshop, this.#events, this.#onEnd(command))
    this.#attach(command.leg, room, recording, recording)
  }

  #watch(command: Extract<RoomJobCommand, { type: 'watchRoom' }>, room: Room): void {
    const { leg, job } = command
    const watch = new TalkerWatch(
      (changes) => this.#events.push({ type: 'talkers', leg, job, changes }),
      this.#onEnd(command),
    )
    this.#attach(leg, room, watch)
  }

  #attach(leg: LegId, room: Room, listener: RoomListener, recording?: RoomRecording): void {
    room.attach(listener)
    this.#running.set(leg, { room, recording, stop: () => room.detach(listener, 'ABORTED') })
  }

  #onEnd({ leg, job }: RoomJobCommand): (cause: JobCause, detail?: string, audioDetected?: boolean) => void {
    return (cause, detail, audioDetected) => {
      this.#running.delete(leg)
      this.#events.push({
        type: 'finished',
        leg,
        job,
        cause,
        ...(detail !== undefined && { detail }),
        ...(audioDetected !== undefined && { audioDetected }),
      })
    }
  }
}

interface RunningRoomJob {
  readonly room: Room
  readonly recording?: RoomRecording | undefined
  stop(): void
}
