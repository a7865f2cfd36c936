import { mkdir } from 'node:fs/promises'
import { relative, sep } from 'node:path'
import {
  type MediaFiles,
  type MediaStore,
  type Playable,
  playableClip,
  type ReadOptions,
  type RecordingFormat,
  type RecordingSink,
} from '../../calls/index.ts'
import { Counters, type Logger, MediaFileError, silentLogger } from '../../kit/index.ts'
import type { S3Settings } from '../config/files-settings.ts'
import type { Settings } from '../config/settings.ts'
import type { AudioFiles } from './audio/audio-files.ts'
import { ThreadAudioFiles } from './audio/thread-audio-files.ts'
import { DiskMediaFiles } from './disk-media-files.ts'
import { DiskRecording } from './disk-recording.ts'
import { Leftovers } from './leftovers.ts'
import { assertOwnName, fileError, MediaFolder } from './media-folder.ts'
import { Quotas } from './quota.ts'
import type { openRecordingFile } from './recording-file.ts'
import type { ObjectStore } from './remote/object-store.ts'
import { RemoteFiles, type RemoteFilesOptions } from './remote/remote-files.ts'
import { S3ObjectStore } from './remote/s3-object-store.ts'
import { stagedPathOf } from './salvage.ts'
import { type FileVault, vaultOf } from './seal/file-vault.ts'
import { Sounds } from './sounds.ts'
import { WriteBacklog } from './write-backlog.ts'

/** What a media store counts. */
export type FileCounter =
  /** Files that could not be opened for playing. */
  | 'filesRefused'
  /** Files that could not be read to their end while they played. */
  | 'filesCutShort'
  /** Threads for files that died and were replaced. */
  | 'fileThreadsDied'
  /** Recordings that were not begun or that were ended, and files that were not written, because a quota or the free space of the disk would not have it. */
  | 'quotaRefusals'
  /** Files that were brought into the bucket. */
  | 'filesUploaded'
  /** Attempts to bring a file into the bucket, or to delete it there, that failed: they are made again. */
  | 'uploadsFailed'
  /** Recordings that were not begun, and files that were not written, because too many wait for the bucket. */
  | 'uploadsRefused'
  /** Files that were fetched from the bucket because they were not here. */
  | 'filesFetched'
  /** Attempts to fetch a file from the bucket that failed. */
  | 'fetchesFailed'
  /** Copies of files in the bucket that were removed here. */
  | 'localCopiesRemoved'
  /** Recordings that could not be completed: what was written is kept, marked as cut. */
  | 'recordingsFailed'
  /** Recordings that a crash has left and that were completed. */
  | 'recordingsRecovered'

export interface DiskMediaStoreOptions {
  readonly logger?: Logger
  /** What reads files that are long or must be converted. Default: a thread. */
  readonly audio?: AudioFiles
  /** What makes files. Default: the disk. */
  readonly makeFile?: typeof openRecordingFile
  /** Connects with the bucket that the settings name. Default: through the AWS SDK. */
  readonly connect?: (settings: S3Settings) => Promise<ObjectStore>
  /** See {@link RemoteFilesOptions}. */
  readonly remote?: Pick<RemoteFilesOptions, 'backoffMs' | 'partBytes' | 'now'>
  /** What the file system has free, in bytes. Default: as it says. */
  readonly freeBytes?: (directory: string) => Promise<number>
  /** See {@link LeftoversOptions}. */
  readonly silentForMs?: number
}

/**
 * The media store on disk: one directory, and everything in it by relative name.
 *
 * Short files are decoded once and kept while there is room. Long ones are read while they play, each by its player,
 * a few seconds ahead.
 */
export class DiskMediaStore implements MediaStore {
  readonly #folder: MediaFolder
  readonly #vault: FileVault
  readonly #maxRecordingBytes: number
  readonly #sounds: Sounds
  /** Where recordings of this store are growing. */
  readonly #recordings = new Set<string>()
  readonly #logger: Logger
  readonly #audio: AudioFiles
  readonly #backlog = new WriteBacklog()
  readonly #leftovers: Leftovers
  readonly #quotas: Quotas
  readonly #remote: RemoteFiles | undefined
  readonly counters = new Counters<FileCounter>()
  readonly files: MediaFiles

  constructor(settings: Settings['files'], options: DiskMediaStoreOptions = {}) {
    this.#folder = new MediaFolder(settings.directory, async (name) => (await this.#remote?.fetch(name)) ?? false)
    this.#vault = vaultOf(settings.encryption, options.makeFile)
    this.#maxRecordingBytes = settings.maxRecordingBytes
    this.#logger = options.logger ?? silentLogger
    this.#leftovers = new Leftovers({
      directory: settings.directory,
      logger: this.#logger,
      vault: this.#vault,
      isOurs: (path) => this.#recordings.has(path),
      onRecovered: (path) => {
        this.counters.add('recordingsRecovered')
        this.#keep(path)
      },
      ...(options.silentForMs !== undefined && { silentForMs: options.silentForMs }),
    })
    this.#audio =
      options.audio ??
      new ThreadAudioFiles({ vault: this.#vault.options, onDied: (reason) => this.#onThreadDied(reason) })
    this.#sounds = new Sounds({
      pathOf: (name) => this.#bring(name),
      vault: this.#vault,
      audio: this.#audio,
      cacheBytes: settings.cacheBytes,
      mostClipSamples: settings.streamLongerThanMs * 8,
      logger: this.#logger,
    })
    this.#quotas = new Quotas({
      directory: settings.directory,
      quotas: settings.quotas ?? [],
      minFreeBytes: settings.minFreeBytes ?? 0,
      onRefused: (name, why) => {
        this.counters.add('quotaRefusals')
        this.#logger.warn({ file: name }, `there is no room for ${name}: ${why}`)
      },
      ...(options.freeBytes && { freeBytes: options.freeBytes }),
    })
    this.#remote = this.#remoteOf(settings, options)
    this.files = new DiskMediaFiles({
      folder: this.#folder,
      vault: this.#vault,
      audio: this.#audio,
      quotas: this.#quotas,
      ...(this.#remote && { remote: this.#remote }),
    })
  }

  /** Recordings being written, bytes of audio that are kept, and files that wait for the bucket. */
  sizes(): { readonly recordings: number; readonly cachedBytes: number; readonly uploadsWaiting: number } {
    return {
      recordings: this.#recordings.size,
      cachedBytes: this.#sounds.cachedBytes,
      uploadsWaiting: this.#remote?.sizes().waiting ?? 0,
    }
  }

  /** Makes the directory when it is missing, and completes the recordings that a crash has left there. */
  async open(): Promise<void> {
    await mkdir(this.#folder.directory, { recursive: true })
    await this.#remote?.open()
    await this.#leftovers.recover()
    await this.#quotas.open()
  }

  /** Reads nothing any more. */
  async close(): Promise<void> {
    this.#leftovers.stop()
    this.#remote?.close()
    this.#quotas.close()
    await this.#audio.close()
  }

  async read(name: string, { loop, mostHz = 8000, startMs = 0 }: ReadOptions): Promise<Playable> {
    assertOwnName(name)
    try {
      const found = await this.#sounds.find(name, mostHz)
      if ('data' in found) return playableClip(found, loop, startMs)
      return await this.#stream(name, found.path, { loop, mostHz, startMs })
    } catch (error) {
      this.counters.add('filesRefused')
      throw fileError(name, 'cannot be played', error)
    }
  }

  async write(
    name: string,
    format: RecordingFormat,
    sampleRateHz: 8000 | 16_000 = 8000,
    channels: 1 | 2 = 1,
  ): Promise<RecordingSink> {
    assertOwnName(name)
    const path = this.#folder.pathOf(name)
    const staged = stagedPathOf(path)
    if (this.#recordings.has(staged)) throw new MediaFileError(`${name} is being recorded already`)
    this.#recordings.add(staged)
    let before: number | undefined
    let isCounted = false
    const onClosed = (isComplete: boolean): void => {
      this.#recordings.delete(staged)
      if (!isComplete) this.counters.add('recordingsFailed')
      else if (before !== undefined) this.#quotas.give(name, before, 0)
      this.#remote?.upload(name)
    }
    try {
      await this.#folder.place(name)
      before = await this.#quotas.bytesOf(name)
      await this.#quotas.refresh()
      const noRoom = this.#quotas.take(name, 0, before === undefined ? 1 : 0)
      if (noRoom !== undefined) throw new Error(noRoom)
      isCounted = before === undefined
      await this.#remote?.announce(name)
      const limits = {
        maxBytes: this.#maxRecordingBytes,
        backlog: this.#backlog,
        vault: this.#vault,
        onKept: (kept: string) => this.#keep(kept),
        takeRoom: (bytes: number) => this.#quotas.take(name, bytes, 0),
      }
      return await DiskRecording.create(path, format, { ...limits, sampleRateHz, channels, onClosed })
    } catch (error) {
      if (isCounted) this.#quotas.give(name, 0, 1)
      onClosed(false)
      throw fileError(name, 'cannot be written', error)
    }
  }

  async #bring(name: string): Promise<string> {
    const path = await this.#folder.bring(name)
    this.#remote?.touch(name)
    return path
  }

  async #stream(name: string, path: string, how: ReadOptions): Promise<Playable> {
    const fed = await this.#audio.stream(path, name, how)
    return {
      source: { kind: 'stream', stream: fed.stream },
      close: () =>
        fed.stop().catch((error: unknown) => {
          this.counters.add('filesCutShort')
          throw fileError(name, 'could not be played to its end', error)
        }),
    }
  }

  #remoteOf(settings: Settings['files'], options: DiskMediaStoreOptions): RemoteFiles | undefined {
    const { s3 } = settings
    if (s3 === undefined) return undefined
    const { connect = S3ObjectStore.open, remote = {} } = options
    return new RemoteFiles({
      settings: s3,
      folder: this.#folder,
      quotas: this.#quotas,
      logger: this.#logger,
      counters: this.counters,
      connect: () => connect(s3),
      ...remote,
    })
  }

  /** What is left of a recording has a name of its own, and is a file like any other. */
  #keep(path: string): void {
    const remote = this.#remote
    const name = relative(this.#folder.directory, path).replaceAll(sep, '/')
    remote
      ?.announce(name, 'old')
      .then(() => remote.upload(name))
      .catch((error: unknown) => this.#logger.warn({ err: error, file: name }, `${name} is not in the bucket`))
  }

  #onThreadDied(reason: string): void {
    this.counters.add('fileThreadsDied')
    this.#logger.error({}, `${reason}; what it was reading has ended and it is started again when it is needed`)
  }
}
