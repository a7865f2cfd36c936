import { mkdir, realpath } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'
import { assertMediaName } from '../../calls/index.ts'
import { MediaFileError, UsageError } from '../../kit/index.ts'

/**
 * The directory of a media store, and what names in it stand for. A symbolic link inside that leads out of the directory
 * is not followed.
 */
export class MediaFolder {
  readonly directory: string
  readonly #fetchMissing: (name: string) => Promise<boolean>

  /**
   * @param directory absolute
   * @param fetchMissing brings a file here that is kept elsewhere; false when there is none. Default: there is none
   */
  constructor(directory: string, fetchMissing: (name: string) => Promise<boolean> = async () => false) {
    this.directory = directory
    this.#fetchMissing = fetchMissing
  }

  /** Where a file of that name is or would be. Nothing is looked at. */
  pathOf(name: string): string {
    return join(this.directory, name)
  }

  /**
   * The path of a file that is there, with every link followed.
   * @throws Error of the file system, or when it is not inside the store
   */
  existing(name: string): Promise<string> {
    return this.#assertInside(this.pathOf(name))
  }

  /** The same, of a file that may have to be fetched from elsewhere first. */
  async bring(name: string): Promise<string> {
    try {
      return await this.existing(name)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT' && (await this.#fetchMissing(name)))
        return this.existing(name)
      throw error
    }
  }

  /**
   * Where a file may be made: the folders on the way to it are made when they are missing.
   * @throws Error of the file system, or when it would not be inside the store
   */
  async place(name: string): Promise<string> {
    const path = this.pathOf(name)
    const folder = dirname(path)
    await mkdir(folder, { recursive: true })
    await this.#assertInside(folder)
    return path
  }

  /** Where a file itself stands, which may be a link: the folders on the way to it are inside the store. */
  async entry(name: string): Promise<string> {
    const path = this.pathOf(name)
    await this.#assertInside(dirname(path))
    return path
  }

  /** The path with every link followed; it must still be inside the store. */
  async #assertInside(path: string): Promise<string> {
    const [real, root] = await Promise.all([realpath(path), realpath(this.directory)])
    if (real !== root && !real.startsWith(root + sep)) throw new Error('it is a link that leads out of the media store')
    return real
  }
}

/** The folder in which a store keeps what it needs itself. */
export const PRIVATE_FOLDER = '.ringdown'

/**
 * Checks a name that an application gives: it is one, and it is not where the store keeps its own things.
 * @throws UsageError naming what is wrong
 */
export function assertOwnName(name: string): void {
  assertMediaName(name)
  if (name === PRIVATE_FOLDER || name.startsWith(`${PRIVATE_FOLDER}/`))
    throw new UsageError(`"${name}" is not a media file name: ${PRIVATE_FOLDER} is where the store keeps its own files`)
}

/** Whether a name is one that {@link assertOwnName} takes. */
export function isMediaName(name: string): boolean {
  try {
    assertOwnName(name)
    return true
  } catch {
    return false
  }
}

/** What a failure of the file system says to the application: the file, and the reason in words. */
export function fileError(name: string, what: string, cause: unknown): MediaFileError {
  if (cause instanceof MediaFileError) return cause
  const { code, message } = cause as NodeJS.ErrnoException
  const why = WHY[code ?? ''] ?? (code === undefined ? message : `${code}: ${message}`)
  return new MediaFileError(`${name} ${what}: ${why}`, { cause })
}

const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file in the media store',
  ENOTDIR: 'a part of its name that should be a folder is a file',
  EISDIR: 'it is a folder',
  EACCES: 'EACCES: the file system does not permit it',
  EPERM: 'EPERM: the file system does not permit it',
  EROFS: 'EROFS: the file system is read-only',
  ENOSPC: 'ENOSPC: the disk is full',
  EDQUOT: 'EDQUOT: the disk quota of the system is used up',
  EMFILE: 'EMFILE: the process has too many files open',
}
