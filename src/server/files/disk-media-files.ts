import { randomBytes } from 'node:crypto'
import { link, lstat, readdir, rename, rm, stat, unlink } from 'node:fs/promises'
import { dirname, sep } from 'node:path'
import { assertMediaName, type MediaFileEntry, type MediaFileFacts, type MediaFiles } from '../../calls/index.ts'
import { MediaFileError, UsageError } from '../../kit/index.ts'
import type { AudioFiles } from './audio/audio-files.ts'
import { assertOwnName, fileError, type MediaFolder, PRIVATE_FOLDER } from './media-folder.ts'
import type { Quotas } from './quota.ts'
import { syncDirectory } from './recording-file.ts'
import type { RemoteFiles } from './remote/remote-files.ts'
import { isStaged } from './salvage.ts'
import type { FileVault, StoredFile } from './seal/file-vault.ts'

export interface DiskMediaFilesOptions {
  readonly folder: MediaFolder
  readonly vault: FileVault
  readonly audio: AudioFiles
  readonly quotas: Quotas
  /** Where files are kept beside the folder. */
  readonly remote?: RemoteFiles
}

/** The files of a media store on disk, for applications. */
export class DiskMediaFiles implements MediaFiles {
  readonly #folder: MediaFolder
  readonly #vault: FileVault
  readonly #audio: AudioFiles
  readonly #quotas: Quotas
  readonly #remote: RemoteFiles | undefined

  constructor({ folder, vault, audio, quotas, remote }: DiskMediaFilesOptions) {
    this.#folder = folder
    this.#vault = vault
    this.#audio = audio
    this.#quotas = quotas
    this.#remote = remote
  }

  async exists(name: string): Promise<boolean> {
    assertOwnName(name)
    const found = await this.#statOf(name)
    if (found !== undefined || this.#remote === undefined) return found?.isFile() ?? false
    return this.#remote.has(name).catch((error: unknown) => {
      throw fileError(name, 'cannot be looked for', error)
    })
  }

  async read(
    name: string,
    { maxBytes = MOST_BYTES_AT_ONCE }: { readonly maxBytes?: number } = {},
  ): Promise<Uint8Array> {
    const file = await this.#open(name)
    try {
      if (file.size > maxBytes)
        throw new MediaFileError(`${name} has ${file.size} octets, and ${maxBytes} is the most: read it with stream()`)
      return await file.read(0, file.size)
    } catch (error) {
      throw fileError(name, 'cannot be read', error)
    } finally {
      await file.close()
    }
  }

  async *stream(name: string): AsyncGenerator<Uint8Array, void, undefined> {
    const file = await this.#open(name)
    try {
      for (let at = 0; at < file.size; at += PIECE_BYTES) yield await file.read(at, PIECE_BYTES)
    } catch (error) {
      throw fileError(name, 'cannot be read', error)
    } finally {
      await file.close()
    }
  }

  async write(name: string, bytes: Uint8Array): Promise<void> {
    assertOwnName(name)
    if (!(bytes instanceof Uint8Array)) throw new UsageError(`files.write("${name}"): give the octets as a Uint8Array`)
    try {
      const path = await this.#folder.place(name)
      if ((await this.#statOf(name))?.isDirectory()) throw new Error('it is a folder')
      await this.#remote?.announce(name)
      try {
        await this.#writeWithin(name, path, bytes)
      } finally {
        this.#remote?.upload(name)
      }
    } catch (error) {
      throw fileError(name, 'cannot be written', error)
    }
  }

  async rename(name: string, newName: string, { replace = false }: { readonly replace?: boolean } = {}): Promise<void> {
    assertOwnName(name)
    assertOwnName(newName)
    try {
      const found = await stat(await this.#folder.bring(name))
      if (!found.isFile()) throw new Error('it is a folder')
      const from = await this.#folder.entry(name)
      if (!replace && name !== newName && (await this.#remote?.has(newName))) throw isTaken(newName)
      await this.#remote?.announce(newName)
      const to = await this.#folder.place(newName)
      const [bytes = 0, replaced] = await Promise.all([this.#quotas.bytesOf(name), this.#quotas.bytesOf(newName)])
      // What only moves within a quota takes nothing of it.
      this.#quotas.give(name, bytes, 1)
      const noRoom = this.#quotas.take(newName, bytes, 1)
      try {
        if (noRoom !== undefined) throw new Error(noRoom)
        await (replace ? rename(from, to) : renameToFree(from, to, newName))
      } catch (error) {
        if (noRoom === undefined) this.#quotas.give(newName, bytes, 1)
        this.#quotas.add(name, bytes, 1)
        throw error
      }
      if (replaced !== undefined && from !== to) this.#quotas.give(newName, replaced, 1)
      this.#remote?.upload(newName)
      if (from !== to) await this.#remote?.remove(name)
      await Promise.all([syncDirectory(dirname(from)), syncDirectory(dirname(to))])
    } catch (error) {
      throw fileError(name, `cannot be renamed to ${newName}`, error)
    }
  }

  async delete(name: string): Promise<boolean> {
    assertOwnName(name)
    const wasHere = await this.#deleteHere(name)
    if (this.#remote === undefined) return wasHere
    try {
      const wasThere = await this.#remote.has(name)
      await this.#remote.remove(name)
      return wasHere || wasThere
    } catch (error) {
      throw fileError(name, 'cannot be deleted', error)
    }
  }

  async #deleteHere(name: string): Promise<boolean> {
    try {
      const path = await this.#folder.entry(name)
      const bytes = await this.#quotas.bytesOf(name)
      await unlink(path)
      if (bytes !== undefined) this.#quotas.give(name, bytes, 1)
      return true
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT' || code === 'ENOTDIR') return false
      throw fileError(name, 'cannot be deleted', code === 'EISDIR' ? new Error('it is a folder') : error)
    }
  }

  async #writeWithin(name: string, path: string, bytes: Uint8Array): Promise<void> {
    const before = await this.#quotas.bytesOf(name)
    await this.#quotas.refresh()
    const files = before === undefined ? 1 : 0
    const noRoom = this.#quotas.take(name, bytes.length, files)
    if (noRoom !== undefined) throw new Error(noRoom)
    try {
      await writeWhole(this.#vault, path, bytes)
    } catch (error) {
      this.#quotas.give(name, bytes.length, files)
      throw error
    }
    if (before !== undefined) this.#quotas.give(name, before, 0)
  }

  async validate(name: string): Promise<MediaFileFacts> {
    assertOwnName(name)
    try {
      return await this.#audio.inspect(await this.#folder.bring(name), name)
    } catch (error) {
      throw fileError(name, 'cannot be read', error)
    }
  }

  async list(prefix = '', { most = 10_000 }: { readonly most?: number } = {}): Promise<readonly MediaFileEntry[]> {
    if (prefix !== '') assertMediaName(prefix.endsWith('/') ? prefix.slice(0, -1) : prefix)
    const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1)
    const entries: MediaFileEntry[] = []
    try {
      for (const name of (await this.#namesIn(folder)).filter((each) => each.startsWith(prefix)).sort()) {
        if (entries.length >= most) break
        const found = await this.#statOf(name)
        if (found?.isFile()) entries.push({ name, bytes: found.size, modifiedMs: Math.floor(found.mtimeMs) })
      }
      if (this.#remote === undefined) return entries
      return merged(entries, await this.#remote.list(prefix, most)).slice(0, most)
    } catch (error) {
      throw fileError(prefix === '' ? 'the media store' : prefix, 'cannot be listed', error)
    }
  }

  /** Of what applications may know of. */
  async #namesIn(folder: string): Promise<string[]> {
    const path = await this.#folder.existing(folder).catch(() => undefined)
    if (path === undefined) return []
    const names = (await readdir(path, { recursive: true })).map((name) => folder + name.replaceAll(sep, '/'))
    return names.filter((name) => !isHidden(name))
  }

  async #statOf(name: string) {
    return this.#folder
      .existing(name)
      .then((path) => stat(path))
      .catch(() => undefined)
  }

  async #open(name: string): Promise<StoredFile> {
    assertOwnName(name)
    try {
      const path = await this.#folder.bring(name)
      this.#remote?.touch(name)
      return await this.#vault.open(path)
    } catch (error) {
      throw fileError(name, 'cannot be read', error)
    }
  }
}

const MOST_BYTES_AT_ONCE = 64 * 2 ** 20
const PIECE_BYTES = 65_536

const UNFINISHED = /\.[0-9a-f]{16}\.new$/

/** What a crash has left of a file that was being written. */
export function isUnfinished(path: string): boolean {
  return UNFINISHED.test(path)
}

function isHidden(name: string): boolean {
  return isStaged(name) || isUnfinished(name) || name.split('/')[0] === PRIVATE_FOLDER
}

/** Writes beside the place of the file, and lets the whole of it take the name. */
export async function writeWhole(vault: FileVault, path: string, bytes: Uint8Array): Promise<void> {
  const unfinished = `${path}.${randomBytes(8).toString('hex')}.new`
  const file = await vault.create(unfinished)
  try {
    try {
      await file.write(bytes, 0)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(unfinished, path)
  } catch (error) {
    await rm(unfinished, { force: true }).catch(() => {})
    throw error
  }
  await syncDirectory(dirname(path))
}

function isTaken(newName: string): MediaFileError {
  return new MediaFileError(`${newName} is there already: say { replace: true } where it may go`)
}

/** What is here is newer than what is elsewhere. */
function merged(here: readonly MediaFileEntry[], elsewhere: readonly MediaFileEntry[]): MediaFileEntry[] {
  const names = new Set(here.map(({ name }) => name))
  return [...here, ...elsewhere.filter(({ name }) => !names.has(name))].sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** A name that is taken is refused by the file system itself, where it knows links; elsewhere we look first. */
async function renameToFree(from: string, to: string, newName: string): Promise<void> {
  try {
    await link(from, to)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') throw isTaken(newName)
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP') throw error
    if ((await lstat(to).catch(() => undefined)) !== undefined) throw isTaken(newName)
    return rename(from, to)
  }
  await unlink(from)
}
