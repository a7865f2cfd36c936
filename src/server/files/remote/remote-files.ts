import { randomBytes } from 'node:crypto'
import { open, rename, rm, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { MediaFileEntry } from '../../../calls/index.ts'
import type { Counters, Logger } from '../../../kit/index.ts'
import type { S3Settings } from '../../config/files-settings.ts'
import type { FileCounter } from '../disk-media-store.ts'
import { isMediaName, type MediaFolder, PRIVATE_FOLDER } from '../media-folder.ts'
import type { Quotas } from '../quota.ts'
import { Journal, type JournalEntry } from './journal.ts'
import type { ObjectStore } from './object-store.ts'
import { TaskQueue } from './task-queue.ts'
import { type Seen, upload } from './upload.ts'

export interface RemoteFilesOptions {
  readonly settings: S3Settings
  readonly folder: MediaFolder
  readonly quotas: Quotas
  readonly logger: Logger
  readonly counters: Counters<FileCounter>
  /** Connects with the bucket. */
  readonly connect: () => Promise<ObjectStore>
  /** See {@link TaskQueueOptions}. */
  readonly backoffMs?: (failures: number) => number
  /** Octets of a part. Default 8 MiB. */
  readonly partBytes?: number
  /** Wall time in ms; default: `Date.now`. */
  readonly now?: () => number
}

/**
 * Keeps the files of a folder in a bucket: what is written here is brought there in the background, whatever the bucket
 * and this process go through meanwhile, for a journal in the folder says what is to be done. What is there and not here is
 * fetched when it is read. What is in both places may be removed here.
 */
export class RemoteFiles {
  readonly #options: RemoteFilesOptions
  readonly #settings: S3Settings
  readonly #journal: Journal
  readonly #now: () => number
  readonly #entries = new Map<string, JournalEntry>()
  /** What waits for the bucket. */
  readonly #queue: TaskQueue
  readonly #fetching = new Map<string, Promise<boolean>>()
  /** When local copies were read last. */
  readonly #usedMs = new Map<string, number>()
  #store: ObjectStore | undefined
  #tidying: NodeJS.Timeout | undefined
  #evicting: Promise<void> | undefined
  #warnedMs = Number.NEGATIVE_INFINITY
  #isClosed = false

  constructor(options: RemoteFilesOptions) {
    this.#options = options
    this.#settings = options.settings
    this.#journal = new Journal(join(options.folder.directory, PRIVATE_FOLDER, 'uploads'))
    this.#now = options.now ?? Date.now
    this.#queue = new TaskQueue({
      parallel: options.settings.parallel,
      carryOut: (name) => this.#carryOut(name),
      onFailed: (name, error) => this.#failed(name, error),
      onIdle: () => this.#allDone(),
      now: this.#now,
      ...(options.backoffMs && { backoffMs: options.backoffMs }),
    })
  }

  /** Goes on with what was not done when the process ended. */
  async open(): Promise<void> {
    this.#store = await this.#options.connect()
    for (const entry of await this.#journal.open()) {
      this.#entries.set(entry.name, entry)
      if (entry.task !== 'stored') this.#queue.add(entry.name)
    }
    if (this.#queue.size > 0)
      this.#options.logger.info(
        { waiting: this.#queue.size },
        `${this.#queue.size} files wait for the bucket ${this.#settings.bucket} since before the start`,
      )
    this.#tidying = setInterval(() => void this.evict(), TIDY_MS).unref()
  }

  /** Stops where it is: the rest is done after the next start. */
  close(): void {
    this.#isClosed = true
    this.#queue.close()
    clearInterval(this.#tidying)
    this.#store?.close()
  }

  /** Files that wait for the bucket, and those that stand in both places. */
  sizes(): { readonly waiting: number; readonly copies: number } {
    return { waiting: this.#queue.size, copies: this.#entries.size - this.#queue.size }
  }

  /**
   * Notes that a file is going to be written, so that a crash between its last octet and {@link upload} loses nothing.
   * @param age of the file; one that is there already is taken in any case
   * @throws Error when too many wait for the bucket already
   */
  async announce(name: string, age: 'new' | 'old' = 'new'): Promise<void> {
    const { maxWaiting, bucket } = this.#settings
    if (age === 'new' && this.#queue.size >= maxWaiting && !this.#queue.has(name)) {
      this.#options.counters.add('uploadsRefused')
      throw new Error(`${this.#queue.size} files wait for the bucket ${bucket}, and more may not (files.s3.maxWaiting)`)
    }
    await this.#note({ ...this.#entries.get(name), name, task: 'upload', sinceMs: this.#now() })
  }

  /** The file has been written, or will not be: whatever stands under the name is brought into the bucket. */
  upload(name: string): void {
    if (!this.#entries.has(name) || this.#isClosed) return
    this.#queue.add(name)
  }

  /** The file is to go from the bucket, too. */
  async remove(name: string): Promise<void> {
    await this.#note({ ...this.#entries.get(name), name, task: 'delete', sinceMs: this.#now() })
    this.#queue.add(name)
  }

  /** Whether the bucket has the file. */
  async has(name: string): Promise<boolean> {
    const task = this.#entries.get(name)?.task
    if (task !== undefined) return task === 'stored'
    return (await this.#ask(() => this.#bucket.head(this.#keyOf(name)))) !== undefined
  }

  async list(prefix: string, most: number): Promise<MediaFileEntry[]> {
    const found = await this.#ask(() => this.#bucket.list(this.#keyOf(prefix), most))
    return found
      .map(({ key, bytes, modifiedMs }) => ({ name: key.slice(this.#settings.prefix.length), bytes, modifiedMs }))
      .filter(({ name }) => isMediaName(name) && this.#entries.get(name)?.task !== 'delete')
  }

  /** Somebody reads the copy that is here. */
  touch(name: string): void {
    if (this.#entries.has(name)) this.#usedMs.set(name, this.#now())
  }

  /** Brings a file here; false when the bucket has none. Many that want it at the same time fetch it once. */
  async fetch(name: string): Promise<boolean> {
    if (this.#entries.get(name)?.task === 'delete') return false
    const known = this.#fetching.get(name)
    if (known !== undefined) return known
    const fetching = this.#fetch(name).finally(() => this.#fetching.delete(name))
    this.#fetching.set(name, fetching)
    return fetching
  }

  /** Removes copies that have not been read for long, and those that are too many; what was read a minute ago stays. */
  evict(): Promise<void> {
    this.#evicting ??= this.#evict().finally(() => {
      this.#evicting = undefined
    })
    return this.#evicting
  }

  async #evict(): Promise<void> {
    const { keepLocalBytes, keepLocalMs } = this.#settings
    const copies = [...this.#entries.values()]
      .filter(({ task }) => task === 'stored')
      .map((entry) => ({ entry, usedMs: this.#usedMs.get(entry.name) ?? entry.sinceMs }))
      .sort((a, b) => a.usedMs - b.usedMs)
    let total = copies.reduce((sum, { entry }) => sum + (entry.bytes ?? 0), 0)
    for (const { entry, usedMs } of copies) {
      const age = this.#now() - usedMs
      if (total <= keepLocalBytes && age < keepLocalMs) break
      if (this.#usedMs.has(entry.name) && age < JUST_READ_MS) continue
      total -= entry.bytes ?? 0
      await this.#removeCopy(entry).catch((error: unknown) =>
        this.#options.logger.warn({ err: error, file: entry.name }, 'a local copy could not be removed'),
      )
    }
  }

  async #removeCopy(entry: JournalEntry): Promise<void> {
    const { name } = entry
    const path = this.#options.folder.pathOf(name)
    const found = await stat(path).catch(() => undefined)
    // Somebody else has changed it: it is no copy any more, and none of our business.
    const isCopy = found !== undefined && found.size === entry.bytes && found.mtimeMs === entry.modifiedMs
    if (this.#entries.get(name) !== entry) return
    if (isCopy) {
      await unlink(path)
      this.#options.quotas.give(name, found.size, 1)
      this.#options.counters.add('localCopiesRemoved')
    }
    await this.#forget(name)
  }

  async #fetch(name: string): Promise<boolean> {
    const { folder, counters, quotas } = this.#options
    const unfinished = `${folder.pathOf(name)}.${randomBytes(8).toString('hex')}.new`
    try {
      const body = await this.#bucket.get(this.#keyOf(name))
      if (body === undefined) return false
      const path = await folder.place(name)
      const handle = await open(unfinished, 'wx', 0o644)
      try {
        for await (const piece of body) await handle.writeFile(piece)
      } finally {
        await handle.close()
      }
      // A recording of that name may have been completed meanwhile: it is the newer one.
      if (this.#entries.get(name)?.task === 'upload') return true
      await rename(unfinished, path)
      const { size: bytes, mtimeMs: modifiedMs } = await stat(path)
      this.#usedMs.set(name, this.#now())
      quotas.add(name, bytes, 1)
      counters.add('filesFetched')
      await this.#note({ name, task: 'stored', sinceMs: this.#now(), bytes, modifiedMs })
      void this.evict()
      return true
    } catch (error) {
      counters.add('fetchesFailed')
      throw new Error(
        `it is not here, and the bucket ${this.#settings.bucket} cannot be read: ${(error as Error).message}`,
        { cause: error },
      )
    } finally {
      await rm(unfinished, { force: true }).catch(() => {})
    }
  }

  async #carryOut(name: string): Promise<void> {
    const entry = this.#entries.get(name)
    if (entry === undefined) return
    const key = this.#keyOf(name)
    if (entry.task === 'delete') {
      if (entry.parts !== undefined) await this.#bucket.abortUpload(key, entry.parts.upload)
      await this.#bucket.delete(key)
      if (this.#entries.get(name) === entry) await this.#forget(name)
      return
    }
    const seen = await upload(
      this.#bucket,
      key,
      this.#options.folder.pathOf(name),
      { parts: entry.parts, remember: (soFar, parts) => this.#rememberParts(name, soFar, parts) },
      entry,
      this.#options.partBytes,
    )
    // What was asked for meanwhile is done next.
    if (this.#queue.isDirty(name)) return
    if (seen === undefined) return this.#forget(name)
    this.#options.counters.add('filesUploaded')
    await this.#note({ name, task: 'stored', sinceMs: this.#now(), ...seen })
    void this.evict()
  }

  async #rememberParts(name: string, seen: Seen, parts: JournalEntry['parts']): Promise<void> {
    const { parts: _, ...entry } = this.#entries.get(name) ?? { name, task: 'upload', sinceMs: this.#now() }
    await this.#note({ ...entry, ...seen, ...(parts && { parts }) })
  }

  #failed(name: string, error: Error): void {
    const { counters, logger } = this.#options
    counters.add('uploadsFailed')
    if (this.#now() - this.#warnedMs < WARN_MS) return
    this.#warnedMs = this.#now()
    logger.warn(
      { err: error, file: name, waiting: this.#queue.size },
      `${name} could not be brought into the bucket ${this.#settings.bucket}: ${error.message}; ${this.#queue.size} files wait, and it is tried again`,
    )
  }

  #allDone(): void {
    if (this.#warnedMs === Number.NEGATIVE_INFINITY) return
    this.#warnedMs = Number.NEGATIVE_INFINITY
    this.#options.logger.info({}, `nothing waits for the bucket ${this.#settings.bucket} any more`)
  }

  async #ask<Answer>(question: () => Promise<Answer>): Promise<Answer> {
    try {
      return await question()
    } catch (error) {
      throw new Error(`the bucket ${this.#settings.bucket} cannot be read: ${(error as Error).message}`, {
        cause: error,
      })
    }
  }

  async #note(entry: JournalEntry): Promise<void> {
    this.#entries.set(entry.name, entry)
    await this.#journal.put(entry)
  }

  async #forget(name: string): Promise<void> {
    this.#entries.delete(name)
    this.#usedMs.delete(name)
    await this.#journal.remove(name)
  }

  get #bucket(): ObjectStore {
    if (this.#store === undefined || this.#isClosed) throw new Error('the media store is closed')
    return this.#store
  }

  #keyOf(name: string): string {
    return this.#settings.prefix + name
  }
}

const JUST_READ_MS = 60_000
const TIDY_MS = 60_000
const WARN_MS = 60_000
