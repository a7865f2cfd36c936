import { UsageError } from '../kit/index.ts'
import type { ChannelCore } from './channel-core.ts'
import type { RecorderCause } from './enums.ts'
import { RecordingJob, type RecordingOptions } from './recording-job.ts'

/** When a recording of both sides stops, and what it is written as. Limits of silence ask both sides to be silent. */
export interface WholeCallRecordOptions extends RecordingOptions {
  /**
   * `mixed`: both sides in one channel. `stereo`: the far end left, what it is sent right; not in raw G.711 (.ul, .al), which
   * is mono. Default 'mixed'.
   */
  mode?: 'mixed' | 'stereo'
}

/** Why a recording of a whole call ended: no digit ends it. */
export type WholeCallRecorderCause = Exclude<RecorderCause, 'BARGEIN'>

/**
 * Records both sides of a call to a WAV file of the media store: what comes from the far end, and what it is sent, whoever
 * sends it: our players, the channel that it is connected to, a conference. It goes on through hold and retrieve, `connect`
 * and `disconnect`, and transfers of other channels, until the call ends.
 *
 * Both sides stand on one clock, that of the call. What was lost or never sent is silence, as long as it was.
 */
export class WholeCallRecorder extends RecordingJob<WholeCallRecorderCause> {
  constructor(core: ChannelCore) {
    super(core, 'wholeCallRecorder')
  }

  /**
   * Records and resolves with the cause when it has ended; the file is complete then, also after a hang-up. The beep of
   * `beepOnStart` is part of the recording.
   * @throws Hangup, UsageError as every media function; a file that cannot be written gives ERROR and `error()`
   */
  async record(file: string, options: WholeCallRecordOptions = {}): Promise<WholeCallRecorderCause> {
    this.start(file, options)
    return this.waitUntilFinished()
  }

  /** The same, returning as soon as it was accepted. */
  start(file: string, { mode = 'mixed', ...options }: WholeCallRecordOptions = {}): void {
    const what = 'wholeCallRecorder.record'
    if (mode !== 'mixed' && mode !== 'stereo')
      throw new UsageError(`${what}: mode must be 'mixed' or 'stereo', not ${JSON.stringify(mode)}`)
    this.startRecording(this.core.requireConnected(what), file, options, { what, sides: mode, bargeIn: false })
  }
}
