import type { Fifo } from '../../kit/index.ts'
import { type RateChange, toRate } from '../dsp/two-rates.ts'
import { MIXER_FRAME, type Mixer } from '../node/mixer.ts'
import type { MixerParty } from '../node/mixer-party.ts'
import { Recorder } from '../node/recorder.ts'
import type { JobCause, LegId, MediaCommand, MediaEvent, RecordLimits } from './control.ts'
import type { RoomListener } from './room.ts'
import { TICK_MS } from './schedule.ts'
import type { Workshop } from './workshop.ts'

/**
 * A recording of a room: what those hear who only listen, or a track for each leg that was heard. Every round is a frame in
 * each of them, so tracks are in step, and a track that begins later says where. The whole is recorded also where only
 * tracks are wanted: it is what the limits are held to.
 */
export class RoomRecording implements RoomListener {
  readonly needsRounds = true
  readonly #command: Extract<MediaCommand, { type: 'recordRoom' }>
  readonly #workshop: Workshop
  readonly #events: Fifo<MediaEvent>
  readonly #onEnd: (cause: JobCause, detail?: string, audioDetected?: boolean) => void
  readonly #seats = new Map<LegId, RecordedSeat>()
  readonly #whole: Recorder
  /** Samples in 20 ms of the recording. */
  readonly #frame: number
  readonly #silence: Int16Array
  /** When the round before was mixed; `undefined` before the first. */
  #heardAtMs: number | undefined
  #isPaused = false
  /** Frames that still hold what was said in a pause. */
  #framesToPass = 0

  constructor(
    command: Extract<MediaCommand, { type: 'recordRoom' }>,
    workshop: Workshop,
    events: Fifo<MediaEvent>,
    onEnd: (cause: JobCause, detail?: string, audioDetected?: boolean) => void,
  ) {
    this.#command = command
    this.#workshop = workshop
    this.#events = events
    this.#onEnd = onEnd
    const { limits, tracks = false, leg, job } = command
    this.#frame = ((limits.sampleRateHz ?? 8000) * TICK_MS) / 1000
    this.#silence = new Int16Array(this.#frame)
    const onBlock = (samples: Int16Array): void => this.#events.push({ type: 'recorded', leg, job, samples })
    this.#whole = new Recorder({ ...limits, ...ONE_CHANNEL }, tracks ? () => {} : onBlock, workshop.kernels)
  }

  enter(leg: LegId, party: MixerParty): void {
    if (this.#command.tracks === true) this.#seats.set(leg, { party, track: undefined })
  }

  leave(leg: LegId): void {
    this.#seats.get(leg)?.track?.finish()
    this.#seats.delete(leg)
  }

  /** What is said from now on is not recorded: see `pauseRecording`. */
  pause(isCut: boolean): void {
    if (this.#isPaused) return
    this.#isPaused = true
    this.#whole.pauseAfter(0, isCut)
    for (const { track } of this.#seats.values()) track?.recorder.pauseAfter(0, isCut)
  }

  /** What is said from now on is recorded again. @param delayMs how long sound waits before it is mixed */
  resume(delayMs: number): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#framesToPass = Math.ceil((delayMs + MARGIN_MS) / TICK_MS)
    this.#whole.resumeAfter(this.#framesToPass)
    for (const { track } of this.#seats.values()) track?.recorder.resumeAfter(this.#framesToPass)
  }

  hearRound(mixer: Mixer, mediaMs: number): JobCause | undefined {
    const missed = this.#roundsMissed(mediaMs)
    this.#heardAtMs = mediaMs
    for (let i = 0; i < missed; i++) {
      for (const { track } of this.#seats.values()) track?.recorder.hear(this.#silence)
      const cause = this.#whole.hear(this.#silence)
      if (cause !== undefined) return cause
    }
    for (const [leg, seat] of this.#seats) this.#hearSeat(leg, seat, mixer.mixedLength)
    if (this.#framesToPass > 0) this.#framesToPass--
    return this.#whole.hear(mixer.common(this.#frame), this.#frame)
  }

  end(cause: JobCause, detail?: string): void {
    for (const { track } of this.#seats.values()) track?.finish()
    this.#whole.finish()
    this.#onEnd(cause, detail, this.#whole.audioDetected)
  }

  /** After a stall, in which nothing was mixed. */
  #roundsMissed(mediaMs: number): number {
    if (this.#heardAtMs === undefined) return 0
    return Math.min(Math.round((mediaMs - this.#heardAtMs) / TICK_MS) - 1, MOST_MISSED)
  }

  #hearSeat(leg: LegId, seat: RecordedSeat, length: number): void {
    const { said } = seat.party
    if (said !== undefined && seat.track === undefined && !this.#isPaused && this.#framesToPass === 0)
      seat.track = this.#beginTrack(leg)
    if (said === undefined) seat.track?.recorder.hear(this.#silence)
    else seat.track?.hear(said, length)
  }

  #beginTrack(of: LegId): RecordedTrack {
    const { leg, job, limits } = this.#command
    const from = this.#whole.recorded
    let isLast = false
    const push = (samples: Int16Array): void => {
      this.#events.push({ type: 'recorded', leg, job, samples, track: { of, from, isLast } })
    }
    const { sampleRateHz, maxSamples = Number.POSITIVE_INFINITY } = limits
    const recorder = new Recorder(
      { ...ONE_CHANNEL, ...(sampleRateHz !== undefined && { sampleRateHz }), maxSamples: maxSamples - from },
      push,
      this.#workshop.kernels,
    )
    const change: RateChange = toRate(() => this.#workshop.codecs.rates, sampleRateHz)
    const take = (frame: Int16Array, length: number): void => {
      recorder.hear(frame, length)
    }
    return {
      recorder,
      hear: (said, length) => change(said, length === MIXER_FRAME ? 8000 : 16_000, take),
      finish: () => {
        recorder.finish()
        isLast = true
        push(new Int16Array(0))
      },
    }
  }
}

/** A leg in the room, and its track once it was heard. */
interface RecordedSeat {
  readonly party: MixerParty
  track: RecordedTrack | undefined
}

interface RecordedTrack {
  readonly recorder: Recorder
  /** @param length samples in the round */
  hear(said: Int16Array, length: number): void
  finish(): void
}

const ONE_CHANNEL = {
  sides: 'farEnd',
  dtmfElimination: false,
  bargeIn: false,
  beepOnStart: false,
} satisfies RecordLimits
/** As in recordings of calls: a jitter buffer may hold a packet longer than it should. */
const MARGIN_MS = 40
/** A minute, in rounds: what stood still for longer is not made up for. */
const MOST_MISSED = 3000
