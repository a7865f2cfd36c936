import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, stat, unlink, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type AudioClip, parseWav, wavHeader } from '../../media/index.ts'

/** Encrypts what is kept on disk. */
export interface PromptSeal {
  /** The name of a prompt's file, 64 hexadecimal digits, from those of its key. */
  nameOf(key: string): string
  close(bytes: Uint8Array): Uint8Array
  /** `undefined` for what was changed since, or closed by another one. */
  open(sealed: Uint8Array): Uint8Array | undefined
}

export interface PromptDiskOptions {
  readonly directory: string
  /** What all prompts may take on disk, in bytes. */
  readonly bytes: number
  /** Default: prompts are not encrypted. With it, those that are not are deleted. */
  readonly seal?: PromptSeal
  /** Hears of a file that was damaged: it is gone, and what it held is spoken anew. */
  readonly onDamaged?: (path: string) => void
  /** Hears why a prompt could not be kept. Nobody who waits for speech is told. */
  readonly onFailed?: (error: Error) => void
}

/**
 * What was spoken, on disk: a WAV file for each sentence, named by the hash of everything it depends on, with a digest of
 * itself at its end, encrypted if so wished. Any number of processes may share a directory: a file is whole when it has its name.
 *
 * When there is too much, what was not used for longest goes. Each process looks again when it has written a tenth of
 * what is allowed, so there may be as much more as that for each of them.
 */
export class PromptDisk {
  readonly #options: PromptDiskOptions
  /** Written since the directory was looked through last. */
  #writtenBytes = Number.POSITIVE_INFINITY
  #tidying: Promise<void> | undefined

  constructor(options: PromptDiskOptions) {
    this.#options = options
  }

  /** What was kept under a key; `undefined` when there is nothing, or nothing that can be read. */
  async read(key: string): Promise<AudioClip | undefined> {
    const path = this.#path(key)
    let bytes: Buffer
    try {
      bytes = await readFile(path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#failed(error)
      return undefined
    }
    const { seal } = this.#options
    const opened = seal === undefined ? bytes : seal.open(bytes)
    const clip = opened && clipIn(Buffer.from(opened))
    if (clip === undefined) {
      this.#options.onDamaged?.(path)
      await unlink(path).catch(() => {})
      return undefined
    }
    const now = new Date()
    await utimes(path, now, now).catch(() => {})
    return clip
  }

  /** Keeps a clip, if that can be done. */
  async write(key: string, clip: AudioClip): Promise<void> {
    const path = this.#path(key)
    const { seal } = this.#options
    const bytes = seal?.close(fileOf(clip)) ?? fileOf(clip)
    if (bytes.length > this.#options.bytes) return
    const staged = join(dirname(path), `${randomUUID()}${STAGED}`)
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 })
      await writeFile(staged, bytes, { mode: 0o600 })
      await rename(staged, path)
    } catch (error) {
      await unlink(staged).catch(() => {})
      this.#failed(error)
      return
    }
    this.#writtenBytes += bytes.length
    if (this.#writtenBytes <= this.#options.bytes / 10) return
    this.#tidying ??= this.#tidy().finally(() => {
      this.#tidying = undefined
    })
    await this.#tidying
  }

  #path(key: string): string {
    const { directory, seal } = this.#options
    const name = seal?.nameOf(key) ?? key
    return join(directory, name.slice(0, 2), `${name}${seal === undefined ? PLAIN : SEALED}`)
  }

  async #tidy(): Promise<void> {
    this.#writtenBytes = 0
    const files = await this.#files()
    const most = this.#options.bytes
    let total = files.reduce((sum, { bytes }) => sum + bytes, 0)
    if (total <= most) return
    files.sort((one, other) => one.usedMs - other.usedMs)
    for (const { path, bytes } of files) {
      // Room for a tenth of it, so that this is not done for each prompt.
      if (total <= 0.9 * most) return
      await unlink(path).catch(() => {})
      total -= bytes
    }
  }

  async #files(): Promise<{ path: string; bytes: number; usedMs: number }[]> {
    const files: { path: string; bytes: number; usedMs: number }[] = []
    const entries = await readdir(this.#options.directory, { recursive: true, withFileTypes: true }).catch(() => [])
    for (const entry of entries) {
      if (!entry.isFile()) continue
      const path = join(entry.parentPath, entry.name)
      const found = await stat(path).catch(() => undefined)
      if (found === undefined) continue
      if (entry.name.endsWith(STAGED)) {
        // Whoever was writing it has died.
        if (Date.now() - found.mtimeMs > STAGED_FOR_MS) await unlink(path).catch(() => {})
      } else if (this.#options.seal !== undefined && NAME.test(entry.name) && entry.name.endsWith(PLAIN))
        await unlink(path).catch(() => {})
      else if (NAME.test(entry.name)) files.push({ path, bytes: found.size, usedMs: found.mtimeMs })
    }
    return files
  }

  #failed(error: unknown): void {
    this.#options.onFailed?.(error instanceof Error ? error : new Error(String(error)))
  }
}

/** A file while it is written. */
const STAGED = '.part'
const STAGED_FOR_MS = 3_600_000
/** Nothing else in the directory is ours. */
const NAME = /^[0-9a-f]{64}\.(wav|sealed)$/
const PLAIN = '.wav'
const SEALED = '.sealed'
const DIGEST_BYTES = 32

function fileOf({ data, sampleRateHz }: AudioClip): Buffer {
  const audio = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  const wav = Buffer.concat([wavHeader('pcm16', audio.length, sampleRateHz), audio])
  return Buffer.concat([wav, digestOf(wav)])
}

function clipIn(bytes: Buffer): AudioClip | undefined {
  const wav = bytes.subarray(0, -DIGEST_BYTES)
  if (!digestOf(wav).equals(bytes.subarray(wav.length))) return undefined
  const parsed = parseWav(wav)
  if (!parsed.ok) return undefined
  const { sampleRateHz, data: audio } = parsed.value
  if (sampleRateHz !== 8000 && sampleRateHz !== 16_000) return undefined
  const data = new Int16Array(new SharedArrayBuffer(audio.length))
  new Uint8Array(data.buffer).set(audio)
  return { encoding: 'pcm16', sampleRateHz, data }
}

function digestOf(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest()
}
