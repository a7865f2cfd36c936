import type { ChannelCore } from './channel-core.ts'
import type { RecorderCause } from './enums.ts'
import { RecordingJob, type RecordingOptions } from './recording-job.ts'

/** When a recording of the far end stops, and what it is written as. */
export interface RecordOptions extends RecordingOptions {
  /** A new digit ends the recording with BARGEIN, unless it is paused. Default false. */
  bargeIn?: boolean
}

/** Records what the far end says to a WAV file of the media store. */
export class FileRecorder extends RecordingJob<RecorderCause> {
  constructor(core: ChannelCore) {
    super(core, 'fileRecorder')
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
  start(file: string, { bargeIn = false, ...options }: RecordOptions = {}): void {
    const what = 'fileRecorder.record'
    this.startRecording(this.core.requireConnected(what), file, options, { what, sides: 'farEnd', bargeIn })
  }
}
