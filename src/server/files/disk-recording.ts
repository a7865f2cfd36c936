import { rename } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import type { RecordingFormat, RecordingSink } from '../../calls/index.ts'
import { MediaFileError } from '../../kit/index.ts'
import {
  rawEncodingOf,
  SampleEncoder,
  samplesWithin,
  wavHeader,
  wavHeaderLength,
  wavPadding,
} from '../../media/index.ts'
import { type RecordingFile, syncDirectory } from './recording-file.ts'
import { makeWay, salvage, stagedPathOf } from './salvage.ts'
import { type FileVault, PLAIN_VAULT } from './seal/file-vault.ts'
import type { WriteBacklog } from './write-backlog.ts'

export interface RecordingOptions {
  /** The most audio, in bytes. */
  readonly maxBytes: number
  /** Of the samples. Default 8,000. */
  readonly sampleRateHz?: number
  /** Default 1. */
  readonly channels?: 1 | 2
  /** What all recordings together may have waiting for the disk. */
  readonly backlog: WriteBacklog
  /** The recording is over, however it went. */
  readonly onClosed?: (isComplete: boolean) => void
  /** What was written by then is kept there, marked as cut. */
  readonly onKept?: (path: string) => void
  /** How long `close` waits for the disk. Default 30,000. */
  readonly patienceMs?: number
  /** Takes room for more bytes, and says why there is none. Default: there is always some. */
  readonly takeRoom?: (bytes: number) => string | undefined
  /** What makes files, and encrypts them. Default: the disk, as it is. */
  readonly vault?: FileVault
}

/**
 * A recording that grows in `name.part` and takes its name when it is closed, complete, with the right header and safe on
 * the disk: whoever finds the file finds a whole one, and one that fails leaves the file before as it was.
 *
 * Samples are taken at the speed of the call and written at the speed of the disk, a second at a time, and the header
 * with each of them: a process that is killed leaves a file that plays up to there. What goes wrong (no space, too far
 * behind, too long, no room left in its quota) ends the recording: `write` says false, and `close` says why. What was written by then is kept as
 * `name.cut.wav`; only one that has met a limit keeps its name, because it is whole but for its end.
 */
export class DiskRecording implements RecordingSink {
  readonly #path: string
  readonly #file: RecordingFile
  readonly #format: RecordingFormat
  readonly #options: RecordingOptions
  readonly #encoder: SampleEncoder
  readonly #hasHeader: boolean
  readonly #sampleRateHz: number
  readonly #channels: 1 | 2
  #block: Uint8Array
  #blockLength = 0
  #audioBytes = 0
  /** Bytes that wait for the disk. */
  #waiting = 0
  #writing: Promise<void> = Promise.resolve()
  #failure: Error | undefined
  /** Why it was ended though nothing has failed. */
  #limit: string | undefined

  private constructor(path: string, format: RecordingFormat, file: RecordingFile, options: RecordingOptions) {
    this.#path = path
    this.#file = file
    this.#format = format
    this.#options = options
    this.#channels = options.channels ?? 1
    this.#encoder = new SampleEncoder(format, this.#channels)
    this.#hasHeader = rawEncodingOf(path) === undefined
    this.#sampleRateHz = options.sampleRateHz ?? 8000
    this.#block = new Uint8Array(blockBytes(format, this.#sampleRateHz, this.#channels))
    if (this.#hasHeader) this.#enqueue(this.#header(), 0)
  }

  /** @throws Error of the file system when the file cannot be made */
  static async create(path: string, format: RecordingFormat, options: RecordingOptions): Promise<DiskRecording> {
    const { vault = PLAIN_VAULT } = options
    await makeWay(stagedPathOf(path), vault)
    const file = await vault.create(stagedPathOf(path))
    return new DiskRecording(path, format, file, options)
  }

  write(samples: Int16Array): boolean {
    if (this.#failure !== undefined || this.#limit !== undefined) return false
    const bytes = this.#encoder.encode(samples)
    if (this.#audioBytes + this.#blockLength + bytes.length > this.#options.maxBytes) {
      this.#limit = 'more is not allowed'
      return false
    }
    if (!this.#options.backlog.hasRoom(this.#waiting)) {
      this.#failure = new Error('the disk is too slow')
      return false
    }
    this.#limit = this.#options.takeRoom?.(bytes.length)
    if (this.#limit !== undefined) return false
    this.#take(bytes)
    return true
  }

  /** Waits for the disk, but not for ever: an application that waits for its recording must come to its end. */
  async close(): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const patience = new Promise<never>((_, reject) => {
      const error = new MediaFileError(`${basename(this.#path)} could not be recorded: the disk does not answer`)
      timer = setTimeout(() => reject(error), this.#options.patienceMs ?? 30_000)
    })
    await Promise.race([this.#finish(), patience]).finally(() => clearTimeout(timer))
  }

  async #finish(): Promise<void> {
    if (this.#limit === undefined) this.#take(this.#encoder.finish())
    this.#flush()
    await this.#writing
    if (this.#failure === undefined) await this.#complete().catch((error: Error) => this.#fail(error))
    else await this.#file.close().catch(() => {})
    this.#options.onClosed?.(this.#failure === undefined)
    if (this.#failure !== undefined) throw await this.#keepWhatIsThere(this.#failure)
    if (this.#limit !== undefined)
      throw new MediaFileError(`${basename(this.#path)} ends after ${this.#audioBytes} bytes of audio: ${this.#limit}`)
  }

  async #complete(): Promise<void> {
    try {
      await this.#file.sync()
    } finally {
      await this.#file.close()
    }
    await rename(stagedPathOf(this.#path), this.#path)
    await syncDirectory(dirname(this.#path))
  }

  async #keepWhatIsThere(cause: Error): Promise<MediaFileError> {
    const salvaged = await salvage(stagedPathOf(this.#path), this.#options.vault).catch(() => undefined)
    if (salvaged?.outcome === 'kept') this.#options.onKept?.(salvaged.path)
    const rest = salvaged?.outcome === 'kept' ? `; what was written is ${basename(salvaged.path)}` : ''
    return new MediaFileError(`${basename(this.#path)} could not be recorded: ${cause.message}${rest}`, { cause })
  }

  #take(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const part = bytes.subarray(at, at + this.#block.length - this.#blockLength)
      this.#block.set(part, this.#blockLength)
      this.#blockLength += part.length
      at += part.length
      if (this.#blockLength === this.#block.length) this.#flush()
    }
  }

  /** The audio first and the header behind it, which then counts nothing that is not there. */
  #flush(): void {
    if (this.#blockLength === 0) return
    const start = this.#hasHeader ? wavHeaderLength(this.#format) : 0
    const audio = this.#block.subarray(0, this.#blockLength)
    this.#enqueue(audio, start + this.#audioBytes)
    this.#audioBytes += audio.length
    if (this.#hasHeader) {
      const padding = new Uint8Array(wavPadding(this.#audioBytes))
      if (padding.length > 0) this.#enqueue(padding, start + this.#audioBytes)
      this.#enqueue(this.#header(), 0)
    }
    this.#block = new Uint8Array(blockBytes(this.#format, this.#sampleRateHz, this.#channels))
    this.#blockLength = 0
  }

  #header(): Uint8Array {
    return wavHeader(this.#format, this.#audioBytes, this.#sampleRateHz, this.#channels)
  }

  #enqueue(bytes: Uint8Array, at: number): void {
    this.#waiting += bytes.length
    this.#options.backlog.add(bytes.length)
    this.#writing = this.#writing.then(async () => {
      if (this.#failure === undefined) await this.#file.write(bytes, at).catch((error: Error) => this.#fail(error))
      this.#waiting -= bytes.length
      this.#options.backlog.add(-bytes.length)
    })
  }

  #fail(error: Error): void {
    this.#failure ??= error
  }
}

/** A second of audio: fewer and larger writes. */
function blockBytes(format: RecordingFormat, sampleRateHz: number, channels: 1 | 2): number {
  const step = 256 * channels
  for (let bytes = step; ; bytes += step) if (samplesWithin(format, bytes, channels) >= sampleRateHz) return bytes
}
