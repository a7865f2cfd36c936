import type { Fifo } from '../../kit/index.ts'
import { toRate } from '../dsp/two-rates.ts'
import { Recorder, type RecorderState } from '../node/recorder.ts'
import type { JobCause, JobId, LegId, MediaCommand, MediaEvent, RecordLimits, StreamParameters } from './control.ts'
import type { FrameListener } from './hearing.ts'
import type { Inbound } from './inbound.ts'
import { TICK_MS } from './schedule.ts'
import type { Tape, TapeListener } from './tape.ts'
import type { Workshop } from './workshop.ts'

/** What a recording has behind it. */
export interface RecordingState {
  readonly recorder: RecorderState
  readonly isPaused: boolean
}

/** A `record`, and what was recorded for it so far. */
export type SurrenderedRecording = Extract<MediaCommand, { type: 'record' }> & { readonly past: RecordingState }

/**
 * The recordings on a leg, any number of them. One of the far end hears what everybody else does who listens to it: what was
 * lost is made up. One of both sides, or without keys, is made from the {@link Tape}, where everything stands at its time.
 */
export class Recordings {
  readonly #leg: LegId
  readonly #workshop: Workshop
  readonly #events: Fifo<MediaEvent>
  readonly #inbound: Inbound
  readonly #place: RecordingPlace
  readonly #running: Recording[] = []

  constructor(leg: LegId, workshop: Workshop, events: Fifo<MediaEvent>, inbound: Inbound, place: RecordingPlace) {
    this.#leg = leg
    this.#workshop = workshop
    this.#events = events
    this.#inbound = inbound
    this.#place = place
  }

  /**
   * Begins one. The leg must have a stream.
   * @param past what another engine has recorded for it before
   */
  begin(id: JobId, limits: RecordLimits, mediaMs: number, past?: RecordingState): void {
    const { kernels, codecs, toneBank } = this.#workshop
    const recorder = new Recorder(
      limits,
      (samples) => this.#events.push({ type: 'recorded', leg: this.#leg, job: id, samples }),
      kernels,
      limits.dtmfElimination === true ? { bank: toneBank, rates: codecs.rates } : undefined,
    )
    const isFromTape = limits.dtmfElimination === true || (limits.sides ?? 'farEnd') !== 'farEnd'
    const recording: Recording = isFromTape ? this.#ofTape(id, limits, recorder) : this.#ofFarEnd(id, limits, recorder)
    if (past !== undefined) {
      recorder.state = past.recorder
      recording.isPaused = past.isPaused
    }
    this.#running.push(recording)
    if (recording.tapeListener !== undefined)
      this.#place.tape.attach(recording.tapeListener, this.#place.stream!, mediaMs)
    else this.#inbound.attach(recording, mediaMs)
  }

  /** Ends one with ABORTED, if it runs. */
  stop(id: JobId): void {
    const recording = this.#find(id)
    if (recording !== undefined) this.#end(recording, 'ABORTED')
  }

  /**
   * What is said from now on is not recorded: silence takes its place, or, with `isCut`, nothing does.
   * @param isNew it has just begun, and begins with the pause
   */
  pause(id: JobId, isCut: boolean, mediaMs: number, isNew = false): void {
    const recording = this.#find(id)
    if (recording === undefined || recording.isPaused) return
    recording.isPaused = true
    recording.recorder.pauseAfter(isNew ? 0 : Math.floor(this.#behindMs(recording, mediaMs) / TICK_MS), isCut)
  }

  /** What is said from now on is recorded again. */
  resume(id: JobId, mediaMs: number): void {
    const recording = this.#find(id)
    if (recording === undefined || !recording.isPaused) return
    recording.isPaused = false
    const marginMs = recording.tapeListener === undefined ? MARGIN_MS : 0
    recording.recorder.resumeAfter(Math.ceil((this.#behindMs(recording, mediaMs) + marginMs) / TICK_MS))
  }

  /** Ends those that a digit of the far end interrupts: not while they are paused, for then keys are what they are paused for. */
  interrupt(): void {
    for (const recording of [...this.#running])
      if (recording.limits.bargeIn && !recording.isPaused) this.#end(recording, 'BARGEIN')
  }

  /** Hands over what was recorded; another engine goes on with what is returned. */
  surrender(): SurrenderedRecording[] {
    this.#place.tape.hearTheRest()
    return this.#running.splice(0).map(({ id, limits, recorder, isPaused, tapeListener }) => {
      recorder.finish()
      if (tapeListener !== undefined) this.#place.tape.drop(tapeListener)
      return { type: 'record', leg: this.#leg, job: id, limits, past: { recorder: recorder.state, isPaused } }
    })
  }

  end(cause: JobCause, detail?: string): void {
    for (const recording of [...this.#running]) this.#end(recording, cause, detail)
  }

  #find(id: JobId): Recording | undefined {
    return this.#running.find((candidate) => candidate.id === id)
  }

  /** How long ago what is recorded next was said. */
  #behindMs({ tapeListener }: Recording, mediaMs: number): number {
    return tapeListener === undefined ? this.#inbound.hearing.delayMs : this.#place.tape.behindMs(mediaMs)
  }

  #ofFarEnd(id: JobId, limits: RecordLimits, recorder: Recorder): Recording {
    const hear = (frame: Int16Array, length: number): void => this.#judge(recording, recorder.hear(frame, length))
    const change = toRate(() => this.#workshop.codecs.rates, limits.sampleRateHz)
    const recording: Recording = {
      id,
      limits,
      recorder,
      isPaused: false,
      isOver: false,
      isPatient: true,
      tapeListener: undefined,
      hear: (frame) => change(frame, 8000, hear),
      ...(limits.sampleRateHz === 16_000 && { hearWide: (frame: Int16Array) => hear(frame, frame.length) }),
    }
    return recording
  }

  #ofTape(id: JobId, limits: RecordLimits, recorder: Recorder): Recording {
    const { sampleRateHz, sides = 'farEnd' } = limits
    const rates = () => this.#workshop.codecs.rates
    const [farEndToRate, sentToRate] = [toRate(rates, sampleRateHz), toRate(rates, sampleRateHz)]
    const farEndFrame = new Int16Array(((sampleRateHz ?? 8000) * TICK_MS) / 1000)
    const keep = (frame: Int16Array, length: number): void => {
      for (let i = 0; i < length; i++) farEndFrame[i] = frame[i]!
    }
    const recording: Recording = {
      id,
      limits,
      recorder,
      isPaused: false,
      isOver: false,
      hear: () => {},
      tapeListener: {
        hearBoth: (farEnd, sent, rateHz, keyIsPressed) => {
          farEndToRate(farEnd, rateHz, keep)
          if (sides === 'farEnd') this.#judge(recording, recorder.hear(farEndFrame, farEndFrame.length, keyIsPressed))
          else
            sentToRate(sent, rateHz, (frame, length) =>
              this.#judge(recording, recorder.hearBoth(farEndFrame, frame, length, keyIsPressed)),
            )
        },
      },
    }
    return recording
  }

  #judge(recording: Recording, cause: JobCause | undefined): void {
    if (cause !== undefined && !recording.isOver) this.#end(recording, cause)
  }

  #end(recording: Recording, cause: JobCause, detail?: string): void {
    recording.isOver = true
    this.#running.splice(this.#running.indexOf(recording), 1)
    const { id, recorder, tapeListener } = recording
    if (tapeListener === undefined) this.#inbound.detach(recording)
    else if (cause === 'TIMEOUT' || cause === 'SIZE' || cause === 'SILENCE') this.#place.tape.drop(tapeListener)
    else this.#place.tape.detach(tapeListener)
    recorder.finish()
    this.#events.push({
      type: 'finished',
      leg: this.#leg,
      job: id,
      cause,
      ...(detail !== undefined && { detail }),
      audioDetected: recorder.audioDetected,
    })
  }
}

/** What recordings have to know of their leg. */
export interface RecordingPlace {
  readonly stream: StreamParameters | undefined
  /** Both directions of it. */
  readonly tape: Tape
}

interface Recording extends FrameListener {
  readonly id: JobId
  readonly limits: RecordLimits
  readonly recorder: Recorder
  readonly isPatient?: true
  /** Where it is made from the tape. */
  readonly tapeListener: TapeListener | undefined
  isPaused: boolean
  isOver: boolean
}

/** The jitter buffer may hold a packet a little longer than it should: what was said in a pause must not come behind it. */
const MARGIN_MS = 40
