import { basename } from 'node:path'
import {
  type MediaStore,
  type Playable,
  playableClip,
  type ReadOptions,
  type RecordingFormat,
  type RecordingSink,
} from '../../calls/index.ts'
import { MediaFileError } from '../../kit/index.ts'
import type { AudioClip } from '../../media/index.ts'
import { LocalAudioFiles } from '../files/audio/audio-files.ts'
import { DiskRecording } from '../files/disk-recording.ts'
import { WriteBacklog } from '../files/write-backlog.ts'

/** The media store of one call from the shell: two names that stand for the paths on the command line. */
export class ShellFiles implements MediaStore {
  readonly #playPath: string | undefined
  readonly #recordPath: string | undefined
  readonly #files = new LocalAudioFiles()
  #clip: AudioClip | undefined

  constructor(playPath: string | undefined, recordPath: string | undefined) {
    this.#playPath = playPath
    this.#recordPath = recordPath
  }

  /**
   * Reads what will be played, or the first minute of it, so that a wrong path is known before anybody is called.
   * @throws MediaFileError when it cannot be played
   */
  async load(): Promise<void> {
    const path = this.#playPath
    if (path === undefined) return
    this.#clip = await this.#files.load(path, basename(path), MOST_CLIP_SAMPLES, 16_000).catch((cause: Error) => {
      throw new MediaFileError(`${path} cannot be played: ${cause.message}`, { cause })
    })
  }

  async read(_name: string, how: ReadOptions): Promise<Playable> {
    const path = this.#playPath
    if (path === undefined) throw new MediaFileError('nothing to play was named')
    if (this.#clip !== undefined) return playableClip(this.#clip, how.loop, how.startMs)
    const fed = await this.#files.stream(path, basename(path), how)
    return { source: { kind: 'stream', stream: fed.stream }, close: fed.stop }
  }

  write(_name: string, format: RecordingFormat, sampleRateHz = 8000): Promise<RecordingSink> {
    if (this.#recordPath === undefined) return Promise.reject(new MediaFileError('nothing to record to was named'))
    return DiskRecording.create(this.#recordPath, format, {
      maxBytes: 2 ** 30,
      backlog: new WriteBacklog(),
      sampleRateHz,
    })
  }
}

/** A minute. */
const MOST_CLIP_SAMPLES = 480_000
