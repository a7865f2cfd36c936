import { UsageError } from '../kit/index.ts'
import { rawEncodingOf, samplesWithin } from '../media/index.ts'
import type { ChannelCore } from './channel-core.ts'
import type { RecorderCause } from './enums.ts'
import { MediaJob } from './media-job.ts'
import { assertMediaName, type RecordingFormat, type RecordingSink } from './media-store.ts'

/** When a recording stops, and what it is written as. */
export interface RecordOptions {
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
  /** A new digit ends the recording with BARGEIN. Default false. */
  bargeIn?: boolean
  /** A beep tells the far end that recording starts. Default false. */
  beepOnStart?: boolean
}

/** Records what the far end says to a WAV file of the media store. */
export class FileRecorder extends MediaJob<RecorderCause> {
  #audioDetected = false

  constructor(core: ChannelCore) {
    super(core, 'fileRecorder', 'receiver')
  }

  /**
   * Records and resolves with the cause when it has ended; the file is complete then, also after a hang-up.
   * @throws Hangup, UsageError as every media function; a file that cannot be written gives ERROR and `error()`
   */
  async record(file: string, options: RecordOptions = {}): Promise<RecorderCause> {
    this.start(file, options)
    return this.waitUntilFinished()
  }

  /** The same, returning as soon as it was accepted. */
  start(file: string, options: RecordOptions = {}): void {
    assertMediaName(file)
    const { bargeIn = false, beepOnStart = false } = options
    const format = formatOf(file, options.format)
    const { maxBytes, maxSilenceMs, initialSilenceMs, timeoutMs } = options
    for (const [name, value] of Object.entries({ maxBytes, maxSilenceMs, initialSilenceMs, timeoutMs }))
      if (value !== undefined && !(value > 0))
        throw new UsageError(`fileRecorder.record: ${name} must be above 0, not ${value}`)
    const leg = this.core.requireAnswered('fileRecorder.record')
    const sampleRateHz = rateOf(file, format, options.sampleRateHz, leg.media.sampleRateHz)
    let sink: RecordingSink | undefined
    this.launch(leg, {
      bargeIn,
      what: file,
      prepare: async () => {
        this.#audioDetected = false
        sink = await this.core.host.files.write(file, format, sampleRateHz)
        return {
          type: 'record',
          limits: {
            sampleRateHz,
            bargeIn,
            beepOnStart,
            ...(maxBytes !== undefined && { maxSamples: samplesWithin(format, maxBytes) }),
            ...(maxSilenceMs !== undefined && { maxSilenceMs }),
            ...(initialSilenceMs !== undefined && { initialSilenceMs }),
            ...(timeoutMs !== undefined && { timeoutMs }),
          },
        }
      },
      onRecorded: (samples) => sink?.write(samples) ?? false,
      complete: async ({ audioDetected = false }) => {
        this.#audioDetected = audioDetected
        await sink?.close()
      },
    })
  }

  /** Whether the last recording holds anything but silence. */
  audioDetectedInRecording(): boolean {
    return this.#audioDetected
  }
}

const FORMATS: readonly unknown[] = ['pcm16', 'pcm8', 'pcmu', 'pcma', 'ima-adpcm'] satisfies RecordingFormat[]

/** A file without a header holds what its ending says, and can hold nothing else. */
function formatOf(file: string, wanted: RecordingFormat | undefined): RecordingFormat {
  if (wanted !== undefined && !FORMATS.includes(wanted))
    throw new UsageError(`fileRecorder.record: format must be one of ${FORMATS.join(', ')}, not ${wanted}`)
  const raw = rawEncodingOf(file)
  if (raw !== undefined && wanted !== undefined && wanted !== raw)
    throw new UsageError(
      `fileRecorder.record: ${file} is raw ${raw} by its ending; ${wanted} needs another, such as .wav`,
    )
  return raw ?? wanted ?? 'pcm16'
}

function rateOf(
  file: string,
  format: RecordingFormat,
  wanted: 8000 | 16_000 | undefined,
  ofCall: 8000 | 16_000,
): 8000 | 16_000 {
  if (wanted !== undefined && wanted !== 8000 && wanted !== 16_000)
    throw new UsageError(`fileRecorder.record: sampleRateHz must be 8000 or 16000, not ${wanted}`)
  if (wanted === 16_000 && rawEncodingOf(file) !== undefined)
    throw new UsageError(`fileRecorder.record: ${file} is raw G.711 by its ending, which has 8000 Hz and not 16000`)
  return wanted ?? (format === 'pcmu' || format === 'pcma' ? 8000 : ofCall)
}
