import { type FileHandle, open } from 'node:fs/promises'

/** What a recording needs of the disk. */
export interface RecordingFile {
  /** Writes all of it. */
  write(bytes: Uint8Array, at: number): Promise<void>
  /** Resolves when everything is on the disk and would survive a loss of power. */
  sync(): Promise<void>
  close(): Promise<void>
}

/** Makes a file that is not there yet, or opens one that is. */
export async function openRecordingFile(path: string, mode: 'new' | 'existing'): Promise<RecordingFile> {
  const handle = await open(path, mode === 'new' ? 'wx' : 'r+', 0o644)
  return {
    write: (bytes, at) => writeAll(handle, bytes, at),
    sync: () => handle.sync(),
    close: () => handle.close(),
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < bytes.length; )
    done += (await handle.write(bytes, done, bytes.length - done, at + done)).bytesWritten
}

/** Makes a new name in a directory survive a loss of power; where a system knows no such thing, nothing happens. */
export async function syncDirectory(path: string): Promise<void> {
  try {
    const handle = await open(path, 'r')
    await handle.sync().finally(() => handle.close())
  } catch {}
}
