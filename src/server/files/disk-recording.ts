import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { RecordingFormat, RecordingSink } from '../../calls/index.ts'
import { MediaFileError } from '../../kit/index.ts'
import { codecNamed, wavHeader, wavPadding } from '../../media/index.ts'

/** Audio waits in memory until there is this much, a second of 16-bit audio: fewer and larger writes. */
const BLOCK_BYTES = 16_000

/** A disk that is this far behind (four minutes of 16-bit audio) has failed. */
const MOST_WAITING_BYTES = 4 * 2 ** 20

/**
 * A recording that grows in `name.part` and takes its name when it is closed, complete and with the right header:
 * whoever finds the file finds a whole one, and one that fails leaves the file before as it was.
 *
 * Samples are taken at the speed of the call and written at the speed of the disk. What goes wrong (no space, too far
 * behind) is kept until `close` and reported there, where the recorder waits for it. One that becomes too long is cut:
 * the file is there, and `close` says so.
 */
export class DiskRecording implements RecordingSink {
  readonly #file: FileHandle
  readonly #path: string
  readonly #partPath: string
  readonly #format: RecordingFormat
  readonly #maxBytes: number
  readonly #onClosed: () => void
  #block = new Uint8Array(BLOCK_BYTES)
  #blockLength = 0
  #audioBytes = 0
  #waitingBytes = 0
  #writing: Promise<void> = Promise.resolve()
  #failure: Error | undefined
  #isCut = false

  private constructor(
    file: FileHandle,
    path: string,
    partPath: string,
    format: RecordingFormat,
    options: RecordingOptions,
  ) {
    this.#file = file
    this.#path = path
    this.#partPath = partPath
    this.#format = format
    this.#maxBytes = options.maxBytes
    this.#onClosed = options.onClosed
    this.#enqueue(wavHeader(format, 0))
  }

  /** @throws Error of the file system when the file cannot be made */
  static async create(path: string, format: RecordingFormat, options: RecordingOptions): Promise<DiskRecording> {
    const partPath = join(dirname(path), `${basename(path)}.part`)
    // A link that stands there is not followed, but replaced.
    await rm(partPath, { force: true })
    const file = await open(partPath, 'wx', 0o644)
    return new DiskRecording(file, path, partPath, format, options)
  }

  write(samples: Int16Array): void {
    if (this.#failure !== undefined || this.#isCut) return
    const bytes = encode(samples, this.#format)
    if (this.#audioBytes + bytes.length > this.#maxBytes) {
      this.#isCut = true
      return
    }
    if (this.#waitingBytes > MOST_WAITING_BYTES) {
      this.#failure = new Error('the disk is too slow')
      return
    }
    this.#audioBytes += bytes.length
    for (let at = 0; at < bytes.length; ) {
      const part = bytes.subarray(at, at + this.#block.length - this.#blockLength)
      this.#block.set(part, this.#blockLength)
      this.#blockLength += part.length
      at += part.length
      if (this.#blockLength === this.#block.length) this.#flush()
    }
  }

  async close(): Promise<void> {
    try {
      this.#flush()
      this.#enqueue(new Uint8Array(wavPadding(this.#audioBytes)))
      await this.#writing
      if (this.#failure === undefined) {
        await this.#file.write(wavHeader(this.#format, this.#audioBytes), 0, undefined, 0)
        await this.#file.close()
        await rename(this.#partPath, this.#path)
      }
    } catch (error) {
      this.#failure = error as Error
    } finally {
      this.#onClosed()
    }
    if (this.#isCut && this.#failure === undefined)
      throw new MediaFileError(
        `${basename(this.#path)} ends after ${this.#audioBytes} bytes of audio: more is not allowed`,
      )
    if (this.#failure === undefined) return
    await this.#file.close().catch(() => {})
    await rm(this.#partPath, { force: true }).catch(() => {})
    throw new MediaFileError(`${basename(this.#path)} could not be recorded: ${this.#failure.message}`, {
      cause: this.#failure,
    })
  }

  #flush(): void {
    if (this.#blockLength === 0) return
    this.#enqueue(this.#block.subarray(0, this.#blockLength))
    this.#block = new Uint8Array(BLOCK_BYTES)
    this.#blockLength = 0
  }

  #enqueue(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    this.#waitingBytes += bytes.length
    this.#writing = this.#writing.then(async () => {
      try {
        if (this.#failure === undefined) await this.#file.writeFile(bytes)
      } catch (error) {
        this.#failure ??= error as Error
      }
      this.#waitingBytes -= bytes.length
    })
  }
}

export interface RecordingOptions {
  /** The most audio, in bytes. */
  readonly maxBytes: number
  /** The recording is over, however it went. */
  readonly onClosed: () => void
}

const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

function encode(samples: Int16Array, format: RecordingFormat): Uint8Array {
  if (format !== 'pcm16') {
    const octets = new Uint8Array(samples.length)
    codecNamed(format === 'pcmu' ? 'PCMU' : 'PCMA').encodeInto(samples, 0, samples.length, octets, 0)
    return octets
  }
  if (isLittleEndian) return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength)
  const bytes = new Uint8Array(samples.length * 2)
  const view = new DataView(bytes.buffer)
  for (const [index, sample] of samples.entries()) view.setInt16(2 * index, sample, true)
  return bytes
}
