import { UsageError } from '../kit/index.ts'
import { type RecordLimits, type RoomTrack, rawEncodingOf, samplesWithin } from '../media/index.ts'
import type { ChannelCore } from './channel-core.ts'
import { type JobOwner, type JobPlace, MediaJob, type RunningJob } from './media-job.ts'
import { assertMediaName, type RecordingFormat } from './media-store.ts'

/** When a recording stops, and what it is written as. */
export interface RecordingOptions {
  /** Samples in the WAV file. Default 'pcm16', or what the file's ending says (.ul, .al: raw G.711 without a header). */
  format?: RecordingFormat
  /**
   * Of the samples in the file. Default: 16,000 of a call whose codec is wideband where the format is no G.711, else
   * 8,000. Raw G.711 is always 8,000.
   */
  sampleRateHz?: 8000 | 16_000
  /** Stop with SIZE when the file holds this many bytes of audio. Default: no limit. */
  maxBytes?: number
  /** Stop with SILENCE after this much silence, once something was heard. Default: never. */
  maxSilenceMs?: number
  /** Stop with SILENCE when nothing at all was heard for this long. Default: never. */
  initialSilenceMs?: number
  /** Stop with TIMEOUT after this long. Default: no limit. */
  timeoutMs?: number
  /** A beep tells the far end that recording starts. Default false. */
  beepOnStart?: boolean
  /**
   * Silence takes the place of keys, from their beginning on, whether they come as events (RFC 4733) or in the sound. What is
   * shorter than a key may be, 40 ms, or lies under speech, is not found. Default false.
   */
  dtmfElimination?: boolean
}

/** How a recording is paused. */
export interface PauseOptions {
  /**
   * Leave the pause out of the recording, which then goes on where it was. Default false: silence takes the place of what is
   * said, so that everything after it stays where it belongs in time.
   */
  cut?: boolean
}

/** What is recorded, beside what the options say. */
export interface RecordingKind {
  /** For errors: `fileRecorder.record`. */
  readonly what: string
  readonly sides: NonNullable<RecordLimits['sides']>
  readonly bargeIn: boolean
  /** Where it is written to. Default: the file. */
  open?(format: RecordingFormat, sampleRateHz: 8000 | 16_000): Written | Promise<Written>
}

/** Takes the samples of a recording. */
export interface Written {
  /** False when it can take no more, and `close` says why. */
  write(samples: Int16Array, track?: RoomTrack): boolean
  close(): Promise<void>
}

/** What all recorders are: a job that writes a file of the media store, and that can be paused. */
export abstract class RecordingJob<Cause extends string, Owner extends JobOwner = ChannelCore> extends MediaJob<
  Cause,
  Owner
> {
  #audioDetected = false
  #paused: Required<PauseOptions> | undefined
  #running: RunningJob | undefined
  #begun: Promise<boolean> = Promise.resolve(false)

  constructor(core: Owner, name: string) {
    super(core, name, 'receiver')
  }

  /** Whether the last recording holds anything but silence. */
  audioDetectedInRecording(): boolean {
    return this.#audioDetected
  }

  /**
   * Resolves when the recording has begun and its beep, if there is one, is over: then something else can be played. Resolves
   * with false when it has ended before that, or none was started.
   */
  async waitUntilBegun(): Promise<boolean> {
    if (this.state() === 'IDLE') return false
    return Promise.race([this.#begun, this.waitUntilFinished().then(() => false)])
  }

  /** Whether the recording that runs is paused. */
  isPaused(): boolean {
    return this.#paused !== undefined && this.state() === 'RUNNING'
  }

  /**
   * Records nothing of what is said from now on, for instance while the far end gives the number of a card. Limits of silence
   * do not count meanwhile, and no digit ends the recording; its time goes on.
   * @returns false when no recording runs, or it is paused already
   */
  pause({ cut = false }: PauseOptions = {}): boolean {
    if (typeof cut !== 'boolean') throw new UsageError(`pause: cut must be true or false, not ${JSON.stringify(cut)}`)
    if (this.state() === 'IDLE' || this.isPaused()) return false
    this.#paused = { cut }
    this.core.host.post(() => this.#running?.pauseRecording(cut))
    return true
  }

  /**
   * Records what is said from now on.
   * @returns false when no recording is paused
   */
  resume(): boolean {
    if (!this.isPaused()) return false
    this.#paused = undefined
    this.core.host.post(() => this.#running?.resumeRecording())
    return true
  }

  /**
   * Starts a recording on a leg or in a room that the caller has checked.
   * @throws UsageError for a name, format, rate or limit that cannot be; with a beep also when something is being played
   */
  protected startRecording(leg: JobPlace, file: string, options: RecordingOptions, kind: RecordingKind): void {
    const { what, sides } = kind
    const channels = sides === 'stereo' ? 2 : 1
    const format = formatOf(what, file, options.format, channels)
    const {
      maxBytes,
      maxSilenceMs,
      initialSilenceMs,
      timeoutMs,
      beepOnStart = false,
      dtmfElimination = false,
    } = options
    for (const [name, value] of Object.entries({ maxBytes, maxSilenceMs, initialSilenceMs, timeoutMs }))
      if (value !== undefined && !(value > 0)) throw new UsageError(`${what}: ${name} must be above 0, not ${value}`)
    for (const [name, value] of Object.entries({ beepOnStart, dtmfElimination }))
      if (typeof value !== 'boolean')
        throw new UsageError(`${what}: ${name} must be true or false, not ${JSON.stringify(value)}`)
    const sampleRateHz = rateOf(what, file, format, options.sampleRateHz, leg.media.sampleRateHz)
    const isPaused = (): boolean => this.isPaused()
    let begun: (isRecording: boolean) => void = () => {}
    const hasBegun = new Promise<boolean>((resolve) => {
      begun = resolve
    })
    let sink: Written | undefined
    this.launch(leg, {
      get bargeIn() {
        return kind.bargeIn && !isPaused()
      },
      beeps: beepOnStart,
      what: file,
      prepare: async () => {
        sink = await (kind.open?.(format, sampleRateHz) ??
          this.core.host.files.write(file, format, sampleRateHz, channels))
        return {
          type: 'record',
          limits: {
            sampleRateHz,
            bargeIn: kind.bargeIn,
            beepOnStart,
            sides,
            dtmfElimination,
            ...(maxBytes !== undefined && { maxSamples: samplesWithin(format, maxBytes, channels) }),
            ...(maxSilenceMs !== undefined && { maxSilenceMs }),
            ...(initialSilenceMs !== undefined && { initialSilenceMs }),
            ...(timeoutMs !== undefined && { timeoutMs }),
          },
        }
      },
      onBegun: (job) => {
        this.#running = job
        // It was paused before there was anything to pause.
        if (this.#paused !== undefined) job.pauseRecording(this.#paused.cut)
        if (!beepOnStart) begun(true)
      },
      onBeeped: () => begun(true),
      onRecorded: (samples, track) => sink?.write(samples, track) ?? false,
      complete: async ({ audioDetected = false }) => {
        this.#running = undefined
        this.#paused = undefined
        this.#audioDetected = audioDetected
        await sink?.close()
      },
    })
    this.#begun = hasBegun
    this.#audioDetected = false
    this.#paused = undefined
  }
}

const FORMATS: readonly unknown[] = ['pcm16', 'pcm8', 'pcmu', 'pcma', 'ima-adpcm'] satisfies RecordingFormat[]

/** A file without a header holds what its ending says, and can hold nothing else. */
function formatOf(what: string, file: string, wanted: RecordingFormat | undefined, channels: 1 | 2): RecordingFormat {
  assertMediaName(file)
  if (wanted !== undefined && !FORMATS.includes(wanted))
    throw new UsageError(`${what}: format must be one of ${FORMATS.join(', ')}, not ${wanted}`)
  const raw = rawEncodingOf(file)
  if (raw !== undefined && channels === 2)
    throw new UsageError(
      `${what}: ${file} is raw ${raw} by its ending, which is mono; stereo needs another, such as .wav`,
    )
  if (raw !== undefined && wanted !== undefined && wanted !== raw)
    throw new UsageError(`${what}: ${file} is raw ${raw} by its ending; ${wanted} needs another, such as .wav`)
  return raw ?? wanted ?? 'pcm16'
}

function rateOf(
  what: string,
  file: string,
  format: RecordingFormat,
  wanted: 8000 | 16_000 | undefined,
  ofCall: 8000 | 16_000,
): 8000 | 16_000 {
  if (wanted !== undefined && wanted !== 8000 && wanted !== 16_000)
    throw new UsageError(`${what}: sampleRateHz must be 8000 or 16000, not ${wanted}`)
  if (wanted === 16_000 && rawEncodingOf(file) !== undefined)
    throw new UsageError(`${what}: ${file} is raw G.711 by its ending, which has 8000 Hz and not 16000`)
  return wanted ?? (format === 'pcmu' || format === 'pcma' ? 8000 : ofCall)
}
