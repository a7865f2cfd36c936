import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type FarEndTape, wavOfTape } from '../../media/index.ts'

/**
 * Writes what a detection was given as a WAV file, named after the call, that only its owner can read. It appears when it is
 * whole; a second one of a call takes the place of the first.
 */
export async function writeEvidence(directory: string, callId: string, tape: FarEndTape): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const name = callId.replace(/[^A-Za-z0-9_-]/g, '_')
  const unfinished = join(directory, `.${name}.part`)
  await writeFile(unfinished, wavOfTape(tape), { mode: 0o600 })
  await rename(unfinished, join(directory, `${name}.wav`))
}

/** How long evidence is kept, and how much of it. */
export interface EvidenceLimits {
  readonly directory: string
  readonly keepMs: number
  readonly maxFiles: number
}

/**
 * Removes evidence that is too old, or too much.
 * @returns how many files
 */
export async function removeOldEvidence({ directory, keepMs, maxFiles }: EvidenceLimits, now: number): Promise<number> {
  const names = await readdir(directory).catch(() => [] as string[])
  const files: { path: string; at: number }[] = []
  for (const name of names) {
    if (!/\.(wav|part)$/.test(name)) continue
    const path = join(directory, name)
    const found = await stat(path).catch(() => undefined)
    if (found !== undefined) files.push({ path, at: found.mtimeMs })
  }
  files.sort((one, other) => other.at - one.at)
  const old = files.filter(({ at }, index) => index >= maxFiles || at < now - keepMs)
  for (const { path } of old) await rm(path, { force: true })
  return old.length
}
