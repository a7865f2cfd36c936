import { UsageError } from '../kit/index.ts'
import type { AudioClip, FileSource } from '../media/index.ts'
import type { MediaFiles } from './media-files.ts'

/** The files that applications play and record: a port; the server keeps them on disk, the test kit in memory. */
export interface MediaStore {
  /** What applications do with files themselves, `app.files`; without: nothing. */
  readonly files?: MediaFiles
  /**
   * Opens a file for playing, once or in a loop.
   * @throws MediaFileError when it is missing, unreadable or in a format that is not supported
   */
  read(name: string, options: ReadOptions): Promise<Playable>
  /**
   * Begins a recording; an existing file of that name is replaced when the recording is closed. It is a WAV file, but
   * for names that say raw G.711 (`.ul`, `.al`), where the format is that.
   * @param sampleRateHz of the samples that the sink will be given. Default 8,000
   * @param channels 2: the samples of left and right take turns. Default 1
   * @throws MediaFileError when it cannot be written
   */
  write(name: string, format: RecordingFormat, sampleRateHz?: 8000 | 16_000, channels?: 1 | 2): Promise<RecordingSink>
}

/** How a file is to be played. */
export interface ReadOptions {
  readonly loop: boolean
  /**
   * The sample rate that the call can make use of: 16,000 where its codec is wideband. A store may give less, and what
   * it gives may have more: it is resampled while it plays. Default 8,000.
   */
  readonly mostHz?: 8000 | 16_000
  /** Where to begin, counted from the beginning; a loop begins again at that. After the end there is nothing. Default 0. */
  readonly startMs?: number
}

/** A file that was opened for playing. */
export interface Playable {
  readonly source: FileSource
  /**
   * Gives the file back; playing is over, at its end or before.
   * @throws MediaFileError when it could not be read to its end: it was played as far as it went
   */
  close(): Promise<void>
}

/** What a store gives that has the whole of a file in memory. */
export function playableClip(clip: AudioClip, loop: boolean, startMs = 0): Playable {
  const from = Math.round((startMs * clip.sampleRateHz) / 1000)
  return { source: { kind: 'audio', clip, loop, ...(from > 0 && { from }) }, close: async () => {} }
}

/** Samples of a recording: 16 or 8-bit linear, G.711, or IMA ADPCM (4 bits a sample). */
export type RecordingFormat = 'pcm16' | 'pcm8' | 'pcmu' | 'pcma' | 'ima-adpcm'

/** Takes the samples of one recording, 16-bit; of two channels, left and right take turns. */
export interface RecordingSink {
  /** Takes samples over; never waits. False when it can take no more: the recording is to end, and `close` says why. */
  write(samples: Int16Array): boolean
  /**
   * Completes the file.
   * @throws MediaFileError when anything of it could not be written
   */
  close(): Promise<void>
}

const NAME = /^[A-Za-z0-9._@-]+(\/[A-Za-z0-9._@-]+)*$/

/**
 * Checks the name of a file in the media store: letters, digits and `. _ / @ -`; no `..`, no `//`, no absolute path.
 *
 * @throws UsageError naming what is wrong
 */
export function assertMediaName(name: string): void {
  if (typeof name !== 'string' || name.length > 255 || !NAME.test(name) || name.split('/').includes('..'))
    throw new UsageError(
      `"${name}" is not a media file name: use letters, digits and . _ / @ -, relative, without ".." or "//"`,
    )
}
