import { open } from 'node:fs/promises'
import type { JournalEntry } from './journal.ts'
import { type ObjectStore, UploadGone } from './object-store.ts'

/** Where parts stand, so that an upload goes on where it was. */
export interface UploadProgress {
  readonly parts: JournalEntry['parts']
  /** Remembers parts that have arrived. */
  remember(seen: Seen, parts: JournalEntry['parts']): Promise<void>
}

/** A file as it was when it was looked at. */
export interface Seen {
  readonly bytes: number
  readonly modifiedMs: number
}

/**
 * Brings a file into the bucket: in one piece, or in parts where it is long, from the part on that was missing last.
 *
 * @param before the file as it was when the parts that are remembered were read
 * @returns the file as it was; `undefined` when it is gone
 * @throws Error when it does not work out, also because the file was changed meanwhile: it is tried again
 */
export async function upload(
  store: ObjectStore,
  key: string,
  path: string,
  { parts: remembered, remember }: UploadProgress,
  before: Partial<Seen>,
  partBytes: number = PART_BYTES,
): Promise<Seen | undefined> {
  const handle = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (handle === undefined) return undefined
  try {
    const { size: bytes, mtimeMs: modifiedMs } = await handle.stat()
    const seen: Seen = { bytes, modifiedMs }
    const read = async (at: number, length: number): Promise<Uint8Array> => {
      const buffer = new Uint8Array(Math.min(length, bytes - at))
      for (let done = 0; done < buffer.length; ) {
        const { bytesRead } = await handle.read(buffer, done, buffer.length - done, at + done)
        if (bytesRead === 0) throw new Error('it was changed while it was uploaded')
        done += bytesRead
      }
      return buffer
    }
    if (bytes <= partBytes) {
      await store.put(key, await read(0, bytes))
      return seen
    }
    const isSame = before.bytes === bytes && before.modifiedMs === modifiedMs
    if (remembered !== undefined && !isSame) await store.abortUpload(key, remembered.upload)
    let parts = isSame ? remembered : undefined
    parts ??= {
      upload: await store.beginUpload(key),
      partBytes: Math.max(partBytes, Math.ceil(bytes / MOST_PARTS)),
      tags: [],
    }
    try {
      await remember(seen, parts)
      for (let number = parts.tags.length + 1; (number - 1) * parts.partBytes < bytes; number++) {
        const piece = await read((number - 1) * parts.partBytes, parts.partBytes)
        const tag = await store.uploadPart(key, parts.upload, number, piece)
        parts = { ...parts, tags: [...parts.tags, tag] }
        await remember(seen, parts)
      }
      await store.completeUpload(key, parts.upload, parts.tags)
      await remember(seen, undefined)
    } catch (error) {
      if (error instanceof UploadGone) await remember(seen, undefined)
      throw error
    }
    const { size, mtimeMs } = await handle.stat()
    if (size !== bytes || mtimeMs !== modifiedMs) throw new Error('it was changed while it was uploaded')
    return seen
  } finally {
    await handle.close()
  }
}

/** S3 takes 10,000 parts of 5 MiB or more, but for the last. */
const PART_BYTES = 8 * 2 ** 20
const MOST_PARTS = 10_000
