import { lstat, open, rename, rm } from 'node:fs/promises'
import { dirname, extname } from 'node:path'
import { parseWavHead, rawEncodingOf, wavHeader, wavHeaderLength, wavPadding } from '../../media/index.ts'
import { DiskFile } from './audio/disk-file.ts'
import { openRecordingFile, syncDirectory } from './recording-file.ts'
import { type FileVault, PLAIN_VAULT } from './seal/file-vault.ts'
import { salvageSealed } from './seal/salvage-sealed.ts'

const STAGED_ENDING = '.part'

/** Where a recording grows until it is complete: beside its place, so that it can be renamed to it. */
export function stagedPathOf(path: string): string {
  return path + STAGED_ENDING
}

/** Whether a recording may be growing there. */
export function isStaged(path: string): boolean {
  return path.endsWith(STAGED_ENDING)
}

/**
 * Makes a playable file of a recording that was never completed: its header counts what is there, and its name says
 * that it was cut: `calls/a.wav.part` becomes `calls/a.cut.wav`, or `a.cut-2.wav` when there is one.
 *
 * One that is encrypted is copied: what is authentic of it.
 *
 * @throws Error of the file system, or saying why it cannot be decrypted
 */
export async function salvage(stagedPath: string, vault: FileVault = PLAIN_VAULT): Promise<Salvaged> {
  const path = stagedPath.slice(0, -STAGED_ENDING.length)
  const segments = await vault.openUnfinished(stagedPath)
  if (segments !== undefined) return copyAuthentic(segments, stagedPath, path, vault)
  const found = await measure(stagedPath, path)
  if (found === undefined) return { outcome: 'foreign' }
  if (found.audioBytes === 0) {
    await rm(stagedPath)
    return { outcome: 'empty' }
  }
  const file = await openRecordingFile(stagedPath, 'existing')
  try {
    if (found.encoding !== undefined) {
      const header = wavHeader(found.encoding, found.audioBytes, found.sampleRateHz, found.channels)
      await file.write(new Uint8Array(wavPadding(found.audioBytes)), header.length + found.audioBytes)
      await file.write(header, 0)
    }
    await file.sync()
  } finally {
    await file.close()
  }
  return { outcome: 'kept', path: await giveCutName(stagedPath, path) }
}

async function copyAuthentic(
  segments: AsyncIterable<Uint8Array>,
  stagedPath: string,
  path: string,
  vault: FileVault,
): Promise<Salvaged> {
  const copy = `${stagedPath}.copy`
  await rm(copy, { force: true })
  const hasAudio = await salvageSealed(segments, path, () => vault.create(copy))
  if (hasAudio === undefined) return { outcome: 'foreign' }
  const cutPath = hasAudio ? await giveCutName(copy, path) : undefined
  await rm(stagedPath)
  return cutPath === undefined ? { outcome: 'empty' } : { outcome: 'kept', path: cutPath }
}

/** What became of it: kept as `path`, removed because there was no audio in it, or left alone as no recording of ours. */
export type Salvaged =
  | { readonly outcome: 'kept'; readonly path: string }
  | { readonly outcome: 'empty' }
  | { readonly outcome: 'foreign' }

/** Removes what stands where a recording is to grow; what a crash has left there is salvaged first. */
export async function makeWay(stagedPath: string, vault?: FileVault): Promise<void> {
  const stat = await lstat(stagedPath).catch(() => undefined)
  if (stat === undefined) return
  // A link that stands there is not followed, but replaced.
  if (stat.isFile()) await salvage(stagedPath, vault)
  await rm(stagedPath, { force: true })
}

const OUR_RATES = [8000, 16_000]

interface Measured {
  /** `undefined` for a file without a header. */
  readonly encoding: Parameters<typeof wavHeader>[0] | undefined
  readonly sampleRateHz?: number
  readonly channels?: 1 | 2
  readonly audioBytes: number
}

async function measure(stagedPath: string, path: string): Promise<Measured | undefined> {
  const file = await DiskFile.open(stagedPath)
  try {
    if (rawEncodingOf(path) !== undefined) return { encoding: undefined, audioBytes: file.size }
    const head = parseWavHead(await file.read(0, 64), file.size)
    if (!head.ok || head.value === undefined)
      return file.size === 0 ? { encoding: undefined, audioBytes: 0 } : undefined
    const { encoding, dataStart, blockBytes, channels, sampleRateHz } = head.value
    const isOurs = dataStart === wavHeaderLength(encoding) && OUR_RATES.includes(sampleRateHz)
    if (!isOurs) return undefined
    const audioBytes = file.size - dataStart
    return { encoding, sampleRateHz, channels, audioBytes: audioBytes - (audioBytes % blockBytes) }
  } finally {
    await file.close()
  }
}

async function giveCutName(from: string, path: string): Promise<string> {
  const cutPath = await claimCutName(path)
  await rename(from, cutPath).catch(async (error: unknown) => {
    await rm(cutPath)
    throw error
  })
  await syncDirectory(dirname(cutPath))
  return cutPath
}

/** Finds a name that nobody has, and takes it. */
async function claimCutName(path: string): Promise<string> {
  const ending = extname(path)
  const stem = ending === '' ? path : path.slice(0, -ending.length)
  for (let n = 1; ; n++) {
    const candidate = `${stem}.cut${n === 1 ? '' : `-${n}`}${ending}`
    try {
      await (await open(candidate, 'wx')).close()
      return candidate
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
}
