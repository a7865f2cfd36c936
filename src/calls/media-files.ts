import { MediaFileError } from '../kit/index.ts'

/**
 * The files of the media store as an application uses them: `app.files`. Names are those that players and recorders
 * take: letters, digits and `. _ / @ -`, relative. Every function rejects with UsageError for another name, and with
 * MediaFileError, which names the file and the reason, when the store cannot do what is asked.
 */
export interface MediaFiles {
  /** Whether there is such a file. A recording exists once it is complete. */
  exists(name: string): Promise<boolean>
  /**
   * The octets of a file.
   * @param options.maxBytes a longer one is refused. Default 64 MiB
   */
  read(name: string, options?: { readonly maxBytes?: number }): Promise<Uint8Array>
  /** The octets of a file of any length, piece by piece; what it needs is given back when the loop over it ends. */
  stream(name: string): AsyncIterable<Uint8Array>
  /**
   * Makes a file, or replaces one: whoever reads it meanwhile has the old one or the new one as a whole, also when the
   * process is killed.
   */
  write(name: string, bytes: Uint8Array): Promise<void>
  /**
   * Gives a file another name, in one step.
   * @param options.replace whether a file that has that name already may go. Default false: it is refused
   */
  rename(name: string, newName: string, options?: { readonly replace?: boolean }): Promise<void>
  /** Removes a file. False when there was none. */
  delete(name: string): Promise<boolean>
  /** Reads a file to its end, decoding it, and tells what it is and what is wrong with it. */
  validate(name: string): Promise<MediaFileFacts>
  /**
   * The files whose names begin with `prefix`, in the order of their names; recordings that are not complete are not among them.
   * @param prefix the beginning of a name, such as `voicemail/1234/`. Default: all files
   * @param options.most how many at most. Default 10,000
   */
  list(prefix?: string, options?: { readonly most?: number }): Promise<readonly MediaFileEntry[]>
}

/** A file in a list. */
export interface MediaFileEntry {
  readonly name: string
  /** As it is stored. */
  readonly bytes: number
  /** When it was written last, in milliseconds since 1970. */
  readonly modifiedMs: number
}

/** What a file is, found out by decoding all of it. */
export interface MediaFileFacts {
  /** By its content; `g711` is raw, by its ending. */
  readonly format: 'wav' | 'g711' | 'mp3' | 'flac' | 'vorbis' | 'opus' | 'unknown'
  /** Of what can be played. */
  readonly durationMs: number
  /** As the file says; 0 when it does not. */
  readonly sampleRateHz: number
  /** 1 or 2, or more for compressed files; 0 when the file does not say. */
  readonly channels: number
  /** Whether it has sound, and a player comes to its end with NORMAL. */
  readonly isPlayable: boolean
  /** What is wrong with it, in words; empty when nothing is. */
  readonly problems: readonly string[]
}

/** What `app.files` is where the media store has no files but those that it plays and records. */
export const NO_MEDIA_FILES: MediaFiles = {
  exists: refuse,
  read: refuse,
  stream: () => ({ [Symbol.asyncIterator]: () => ({ next: refuse }) }),
  write: refuse,
  rename: refuse,
  delete: refuse,
  validate: refuse,
  list: refuse,
}

async function refuse(): Promise<never> {
  throw new MediaFileError('the media store of this exchange plays and records, and does nothing else with files')
}
