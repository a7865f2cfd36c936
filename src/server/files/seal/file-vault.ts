import type { EncryptionSettings } from '../../config/files-settings.ts'
import { DiskFile, type ReadableFile } from '../audio/disk-file.ts'
import { openRecordingFile, type RecordingFile } from '../recording-file.ts'
import { type MediaKey, type MediaKeys, readMediaKeys } from './media-keys.ts'
import { isSealed, keyIdOf, SEAL_HEADER_BYTES, Seal } from './seal.ts'
import { authenticSegments, SealedFile } from './sealed-file.ts'
import { SealedWriter } from './sealed-writer.ts'

/** A file of the store, opened for reading. */
export interface StoredFile extends ReadableFile {
  /** When it was written to last, in milliseconds since 1970. */
  readonly modifiedMs: number
  /** The id of the key that it is encrypted with; `undefined` for one that is not. */
  readonly keyId?: string
}

/** How the files of a store are protected. */
export interface VaultOptions {
  /** Without keys nothing is encrypted. */
  readonly keys?: MediaKeys
  /** Whether files that are not encrypted are read, where there are keys. Default true. */
  readonly acceptPlain?: boolean
}

/** Opens and makes the files of a store, and encrypts them where it has keys. */
export class FileVault {
  readonly options: VaultOptions
  readonly #makeFile: typeof openRecordingFile

  /** @param makeFile what makes files. Default: the disk */
  constructor(options: VaultOptions = {}, makeFile: typeof openRecordingFile = openRecordingFile) {
    this.options = options
    this.#makeFile = makeFile
  }

  /**
   * @throws Error of the file system, or saying why the file cannot be decrypted: no such key, or it was cut or changed
   */
  async open(path: string): Promise<StoredFile> {
    const file = await DiskFile.open(path)
    try {
      const seal = await this.#sealOf(file)
      if (seal === undefined) return this.#plain(file)
      const sealed = await SealedFile.open(file, seal.seal)
      return {
        size: sealed.size,
        modifiedMs: file.modifiedMs,
        keyId: seal.key.id,
        read: (at, length) => sealed.read(at, length),
        close: () => sealed.close(),
      }
    } catch (error) {
      await file.close()
      throw error
    }
  }

  /**
   * The id of the key that a file is encrypted with, which need not be one of ours; `undefined` when it is not encrypted.
   * @throws Error of the file system, or when the file is encrypted in a way that is not known
   */
  async keyIdOf(path: string): Promise<string | undefined> {
    const file = await DiskFile.open(path)
    try {
      const header = await file.read(0, SEAL_HEADER_BYTES)
      return isSealed(header) ? keyIdOf(header) : undefined
    } finally {
      await file.close()
    }
  }

  /**
   * Makes a file that is not there yet.
   * @throws Error of the file system
   */
  async create(path: string): Promise<RecordingFile> {
    const file = await this.#makeFile(path, 'new')
    const key = this.options.keys?.[0]
    return key === undefined ? file : await SealedWriter.begin(file, Seal.create(key))
  }

  /**
   * What of an encrypted recording that was never completed is authentic; `undefined` when it is not encrypted. The
   * generator takes the file over.
   * @throws Error as `open`
   */
  async openUnfinished(path: string): Promise<AsyncGenerator<Uint8Array, void, undefined> | undefined> {
    const file = await DiskFile.open(path)
    const close = () => file.close()
    try {
      const seal = await this.#sealOf(file)
      if (seal !== undefined)
        return (async function* () {
          try {
            yield* authenticSegments(file, seal.seal)
          } finally {
            await close()
          }
        })()
    } catch (error) {
      await close()
      throw error
    }
    await close()
    return undefined
  }

  #plain(file: DiskFile): DiskFile {
    if (this.options.keys !== undefined && this.options.acceptPlain === false)
      throw new Error('it is not encrypted, and this store takes only what is (files.encryption.acceptPlain)')
    return file
  }

  async #sealOf(file: DiskFile): Promise<{ readonly seal: Seal; readonly key: MediaKey } | undefined> {
    const header = await file.read(0, SEAL_HEADER_BYTES)
    if (!isSealed(header)) return undefined
    const id = keyIdOf(header)
    const key = this.options.keys?.find((each) => each.id === id)
    if (key !== undefined) return { seal: Seal.of(header, key), key }
    throw new Error(
      this.options.keys === undefined
        ? `it is encrypted with key ${id}, and this store has no keys (files.encryption)`
        : `it is encrypted with key ${id}, and that is none of the keys of this store`,
    )
  }
}

/**
 * What the settings describe.
 * @throws Error when the keys cannot be had
 */
export function vaultOf(
  encryption: EncryptionSettings | undefined,
  makeFile: typeof openRecordingFile = openRecordingFile,
): FileVault {
  const options = encryption && { keys: readMediaKeys(encryption), acceptPlain: encryption.acceptPlain }
  return new FileVault(options, makeFile)
}

/** Encrypts nothing. */
export const PLAIN_VAULT: FileVault = new FileVault()
