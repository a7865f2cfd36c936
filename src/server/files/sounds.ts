import type { Logger } from '../../kit/index.ts'
import type { AudioClip } from '../../media/index.ts'
import type { AudioFiles } from './audio/audio-files.ts'
import { openAudioSource } from './audio/audio-source.ts'
import { loadClip } from './audio/load-clip.ts'
import { ClipCache } from './clip-cache.ts'
import type { FileVault } from './seal/file-vault.ts'

export interface SoundsOptions {
  /** Gives the path of a file; it may have to be fetched first. */
  readonly pathOf: (name: string) => Promise<string>
  readonly vault: FileVault
  readonly audio: AudioFiles
  /** Memory for what was decoded. */
  readonly cacheBytes: number
  /** What is longer, in samples at 8 kHz, is read while it plays. */
  readonly mostClipSamples: number
  readonly logger: Logger
}

/** What a name stands for: audio that was decoded, or the path of a file that is read while it plays. */
export type Sound = AudioClip | { readonly path: string }

/** Decodes short files once and keeps them while there is room; tells which files are long. */
export class Sounds {
  readonly #options: SoundsOptions
  readonly #cache: ClipCache
  /** Files being decoded, so that a hundred calls that play one file read it once. */
  readonly #loading = new Map<string, Promise<Sound>>()
  /** Compressed files that turned out to be long, and what they were then: they are not decoded twice to find it out. */
  readonly #long = new Map<string, string>()

  constructor(options: SoundsOptions) {
    this.#options = options
    this.#cache = new ClipCache(options.cacheBytes)
  }

  /** Bytes of audio that are kept. */
  get cachedBytes(): number {
    return this.#cache.size
  }

  /** @throws Error of the file system, or saying what is wrong with the file */
  find(name: string, mostHz: 8000 | 16_000): Promise<Sound> {
    const key = `${mostHz} ${name}`
    const known = this.#loading.get(key)
    if (known !== undefined) return known
    const loading = this.#load(name, mostHz).finally(() => this.#loading.delete(key))
    this.#loading.set(key, loading)
    return loading
  }

  /** What is short and needs no more than copying is read here, so that plain prompts need no thread. */
  async #load(name: string, mostHz: 8000 | 16_000): Promise<Sound> {
    const { pathOf, vault, audio, mostClipSamples, logger } = this.#options
    const path = await pathOf(name)
    const file = await vault.open(path)
    const { modifiedMs, size } = file
    const cached = this.#cache.get(`${mostHz} ${path}`, modifiedMs, size)
    if (cached !== undefined) {
      await file.close()
      return cached
    }
    const source = await openAudioSource(file, name, mostHz)
    // What has no more than 8 kHz is kept once.
    const key = `${source.sampleRateHz} ${path}`
    let clip: AudioClip | undefined
    try {
      if (source.sampleRateHz !== mostHz) clip = this.#cache.get(key, modifiedMs, size)
      if (clip !== undefined) return clip
      if (source.missingBytes > 0)
        logger.warn(
          { file: name, missingBytes: source.missingBytes },
          `${name} ends ${source.missingBytes} octets before it should; what is there is played`,
        )
      if (source.leastLength > mostClipSamples || this.#isKnownAsLong(path, modifiedMs, size)) return { path }
      if (source.isPlain) clip = await loadClip(source, mostClipSamples)
    } finally {
      await source.close()
    }
    clip ??= await audio.load(path, name, mostClipSamples, mostHz)
    if (clip === undefined) {
      this.#noteLong(path, modifiedMs, size)
      return { path }
    }
    this.#cache.set(key, modifiedMs, size, clip)
    return clip
  }

  #isKnownAsLong(path: string, modifiedMs: number, size: number): boolean {
    return this.#long.get(path) === `${modifiedMs} ${size}`
  }

  #noteLong(path: string, modifiedMs: number, size: number): void {
    this.#long.set(path, `${modifiedMs} ${size}`)
    if (this.#long.size > MOST_LONG) this.#long.delete(this.#long.keys().next().value as string)
  }
}

const MOST_LONG = 1000
