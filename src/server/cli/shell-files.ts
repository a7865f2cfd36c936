import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import type { MediaStore, Playable, RecordingFormat, RecordingSink } from '../../calls/index.ts'
import { MediaFileError } from '../../kit/index.ts'
import { type AudioClip, decodeAudioFile } from '../../media/index.ts'
import { DiskRecording } from '../files/disk-recording.ts'
import { WriteBacklog } from '../files/write-backlog.ts'

/** The media store of one call from the shell: two names that stand for the paths on the command line. */
export class ShellFiles implements MediaStore {
  readonly #playPath: string | undefined
  readonly #recordPath: string | undefined
  #clip: AudioClip | undefined

  constructor(playPath: string | undefined, recordPath: string | undefined) {
    this.#playPath = playPath
    this.#recordPath = recordPath
  }

  /**
   * Reads what will be played, so that a wrong path is known before anybody is called.
   * @throws MediaFileError when it cannot be played
   */
  async load(): Promise<void> {
    if (this.#playPath === undefined) return
    const path = this.#playPath
    const bytes = await readFile(path).catch((cause: Error) => {
      throw new MediaFileError(`${path} cannot be played: ${cause.message}`, { cause })
    })
    const clip = decodeAudioFile(basename(path), bytes)
    if (!clip.ok) throw new MediaFileError(`${path} cannot be played: ${clip.error}`)
    this.#clip = clip.value
  }

  async read(_name: string, { loop }: { readonly loop: boolean }): Promise<Playable> {
    if (this.#clip === undefined) throw new MediaFileError('nothing to play was named')
    return { source: { kind: 'audio', clip: this.#clip, loop }, close: async () => {} }
  }

  write(_name: string, format: RecordingFormat): Promise<RecordingSink> {
    if (this.#recordPath === undefined) return Promise.reject(new MediaFileError('nothing to record to was named'))
    return DiskRecording.create(this.#recordPath, format, { maxBytes: 2 ** 30, backlog: new WriteBacklog() })
  }
}
