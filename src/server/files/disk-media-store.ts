import { mkdir, open, realpath } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'
import { assertMediaName, type MediaStore, type RecordingFormat, type RecordingSink } from '../../calls/index.ts'
import { MediaFileError } from '../../kit/index.ts'
import { type AudioClip, decodeAudioFile } from '../../media/index.ts'
import type { Settings } from '../config/settings.ts'
import { ClipCache } from './clip-cache.ts'
import { DiskRecording } from './disk-recording.ts'

/** A file that is longer is not read: about 18 hours of G.711. */
const MOST_FILE_BYTES = 512 * 2 ** 20

/**
 * The media store on disk: one directory, and everything in it by relative name. A symbolic link inside that leads out
 * of the directory is not followed. Files are decoded once and kept while there is room.
 */
export class DiskMediaStore implements MediaStore {
  readonly #directory: string
  readonly #maxRecordingBytes: number
  readonly #cache: ClipCache
  /** Files being decoded, so that a hundred calls that play one file read it once. */
  readonly #loading = new Map<string, Promise<AudioClip>>()
  readonly #recordings = new Set<string>()

  constructor({ directory, cacheBytes, maxRecordingBytes }: Settings['files']) {
    this.#directory = directory
    this.#maxRecordingBytes = maxRecordingBytes
    this.#cache = new ClipCache(cacheBytes)
  }

  /** Recordings being written, and bytes of audio that are kept. */
  sizes(): { readonly recordings: number; readonly cachedBytes: number } {
    return { recordings: this.#recordings.size, cachedBytes: this.#cache.size }
  }

  /** Makes the directory when it is missing. */
  async open(): Promise<void> {
    await mkdir(this.#directory, { recursive: true })
  }

  read(name: string): Promise<AudioClip> {
    assertMediaName(name)
    const known = this.#loading.get(name)
    if (known !== undefined) return known
    const loading = this.#read(name).finally(() => this.#loading.delete(name))
    this.#loading.set(name, loading)
    return loading
  }

  async write(name: string, format: RecordingFormat): Promise<RecordingSink> {
    assertMediaName(name)
    if (this.#recordings.has(name)) throw new MediaFileError(`${name} is being recorded already`)
    this.#recordings.add(name)
    const onClosed = () => this.#recordings.delete(name)
    try {
      const path = join(this.#directory, name)
      const folder = dirname(path)
      await mkdir(folder, { recursive: true })
      await this.#assertInside(folder)
      return await DiskRecording.create(path, format, { maxBytes: this.#maxRecordingBytes, onClosed })
    } catch (error) {
      onClosed()
      throw fileError(name, 'cannot be written', error)
    }
  }

  async #read(name: string): Promise<AudioClip> {
    try {
      const path = await this.#assertInside(join(this.#directory, name))
      const file = await open(path, 'r')
      try {
        const { mtimeMs, size } = await file.stat()
        const cached = this.#cache.get(path, mtimeMs, size)
        if (cached !== undefined) return cached
        if (size > MOST_FILE_BYTES) throw new Error(`it has ${size} bytes, and ${MOST_FILE_BYTES} is the most`)
        const clip = decodeAudioFile(name, await file.readFile())
        if (!clip.ok) throw new Error(clip.error)
        this.#cache.set(path, mtimeMs, size, clip.value)
        return clip.value
      } finally {
        await file.close()
      }
    } catch (error) {
      throw fileError(name, 'cannot be played', error)
    }
  }

  /** The path with every link followed; it must still be inside the store. */
  async #assertInside(path: string): Promise<string> {
    const [real, root] = await Promise.all([realpath(path), realpath(this.#directory)])
    if (real !== root && !real.startsWith(root + sep)) throw new Error('it is a link that leads out of the media store')
    return real
  }
}

function fileError(name: string, what: string, cause: unknown): MediaFileError {
  if (cause instanceof MediaFileError) return cause
  const { code, message } = cause as NodeJS.ErrnoException
  const why =
    code === 'ENOENT'
      ? 'there is no such file in the media store'
      : code === undefined
        ? message
        : `${code}: ${message}`
  return new MediaFileError(`${name} ${what}: ${why}`, { cause })
}
