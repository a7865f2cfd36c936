import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'

/** A file that is read piece by piece. */
export interface ReadableFile {
  /** In octets. */
  readonly size: number
  /**
   * Reads `length` octets from `at` on, fewer at the end.
   * @throws Error saying why it cannot be read any more
   */
  read(at: number, length: number): Promise<Uint8Array>
  close(): Promise<void>
}

/**
 * A file on disk that must stay as it was when it was opened: one that is written to while it is read gives an error,
 * instead of a mixture of old and new. A file that takes its place by renaming is another one, and disturbs nobody.
 */
export class DiskFile implements ReadableFile {
  readonly size: number
  /** When it was written to last, in milliseconds since 1970. */
  readonly modifiedMs: number
  readonly #handle: FileHandle

  private constructor(handle: FileHandle, size: number, modifiedMs: number) {
    this.#handle = handle
    this.size = size
    this.modifiedMs = modifiedMs
  }

  /** @throws Error of the file system, or when it is no regular file */
  static async open(path: string): Promise<DiskFile> {
    // Without waiting: a named pipe would otherwise keep a thread until somebody writes to it.
    const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    try {
      const stat = await handle.stat()
      if (!stat.isFile()) throw new Error(stat.isDirectory() ? 'it is a directory' : 'it is not a regular file')
      return new DiskFile(handle, stat.size, stat.mtimeMs)
    } catch (error) {
      await handle.close()
      throw error
    }
  }

  async read(at: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(Math.max(0, Math.min(length, this.size - at)))
    let filled = 0
    while (filled < bytes.length) {
      const { bytesRead } = await this.#handle.read(bytes, filled, bytes.length - filled, at + filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    const { size, mtimeMs } = await this.#handle.stat()
    if (filled < bytes.length || size !== this.size || mtimeMs !== this.modifiedMs)
      throw new Error('it was changed while it was read')
    return bytes
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}
