import { createHash, randomBytes } from 'node:crypto'
import { rename, rm, stat, utimes } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { MediaFileEntry, MediaFileFacts } from '../../calls/index.ts'
import { MediaFileError } from '../../kit/index.ts'
import type { Settings } from '../config/settings.ts'
import { LocalAudioFiles } from './audio/audio-files.ts'
import { DiskMediaFiles } from './disk-media-files.ts'
import { fileError, MediaFolder } from './media-folder.ts'
import { Quotas } from './quota.ts'
import { syncDirectory } from './recording-file.ts'
import { FileVault, PLAIN_VAULT, vaultOf } from './seal/file-vault.ts'

/** A file of the store and how it is kept. */
export interface KeptFile extends MediaFileEntry {
  /** The id of the key that it is encrypted with; absent for one that is not. */
  readonly keyId?: string
}

/** What an operator does with the files of a store while nobody, or an exchange, has it open. */
export class FileTools {
  readonly #folder: MediaFolder
  readonly #vault: FileVault
  readonly #files: DiskMediaFiles

  /** @throws Error when the keys cannot be had */
  constructor({ directory, encryption }: Pick<Settings['files'], 'directory' | 'encryption'>) {
    this.#folder = new MediaFolder(directory)
    this.#vault = vaultOf(encryption)
    this.#files = new DiskMediaFiles({
      folder: this.#folder,
      vault: this.#vault,
      audio: new LocalAudioFiles((path) => this.#vault.open(path)),
      quotas: new Quotas({ directory, quotas: [], minFreeBytes: 0 }),
    })
  }

  /** @throws MediaFileError when the folder cannot be read */
  async list(prefix: string): Promise<KeptFile[]> {
    const entries = await this.#files.list(prefix, { most: Number.POSITIVE_INFINITY })
    const kept: KeptFile[] = []
    for (const entry of entries) {
      const keyId = await this.#keyIdOf(entry.name)
      kept.push(keyId === undefined ? entry : { ...entry, keyId })
    }
    return kept
  }

  /** @throws MediaFileError when there is no such file */
  validate(name: string): Promise<MediaFileFacts> {
    return this.#files.validate(name)
  }

  /** The octets of a file, decrypted. Whatever is not authentic ends it with MediaFileError. */
  read(name: string): AsyncIterable<Uint8Array> {
    return this.#files.stream(name)
  }

  /**
   * Encrypts a file with the first key, one that is encrypted with another key, too.
   * @returns false when it is encrypted so already
   * @throws MediaFileError when it cannot be read or written, or there are no keys
   */
  async encrypt(name: string): Promise<boolean> {
    const key = this.#vault.options.keys?.[0]
    if (key === undefined) throw new MediaFileError('there are no keys: name them in files.encryption, or with --keys')
    if ((await this.#keyIdOf(name)) === key.id) return false
    await this.#rewrite(name, new FileVault({ ...this.#vault.options, acceptPlain: true }), this.#vault)
    return true
  }

  /**
   * Decrypts a file where it stands.
   * @returns false when it is not encrypted
   * @throws MediaFileError when it cannot be read or written
   */
  async decrypt(name: string): Promise<boolean> {
    if ((await this.#keyIdOf(name)) === undefined) return false
    await this.#rewrite(name, this.#vault, PLAIN_VAULT)
    return true
  }

  async #keyIdOf(name: string): Promise<string | undefined> {
    try {
      return await this.#vault.keyIdOf(await this.#folder.existing(name))
    } catch (error) {
      throw fileError(name, 'cannot be read', error)
    }
  }

  /** The copy takes the name when it has been read back and found to be the same; who plays the old one goes on. */
  async #rewrite(name: string, from: FileVault, to: FileVault): Promise<void> {
    try {
      const path = await this.#folder.existing(name)
      const copy = `${path}.${randomBytes(8).toString('hex')}.new`
      const { atime, mtime } = await stat(path)
      try {
        const hash = await this.#copy(path, from, copy, to)
        if ((await hashOf(copy, to)) !== hash) throw new Error('what was written is not what was read')
        await utimes(copy, atime, mtime)
        await rename(copy, path)
      } finally {
        await rm(copy, { force: true })
      }
      await syncDirectory(dirname(path))
    } catch (error) {
      throw fileError(name, 'cannot be written anew', error)
    }
  }

  async #copy(path: string, from: FileVault, copy: string, to: FileVault): Promise<string> {
    const source = await from.open(path)
    try {
      const target = await to.create(copy)
      try {
        const hash = createHash('sha256')
        for (let at = 0; at < source.size; at += PIECE_BYTES) {
          const piece = await source.read(at, PIECE_BYTES)
          hash.update(piece)
          await target.write(piece, at)
        }
        await target.sync()
        return hash.digest('hex')
      } finally {
        await target.close()
      }
    } finally {
      await source.close()
    }
  }
}

const PIECE_BYTES = 65_536

async function hashOf(path: string, vault: FileVault): Promise<string> {
  const file = await vault.open(path)
  try {
    const hash = createHash('sha256')
    for (let at = 0; at < file.size; at += PIECE_BYTES) hash.update(await file.read(at, PIECE_BYTES))
    return hash.digest('hex')
  } finally {
    await file.close()
  }
}
