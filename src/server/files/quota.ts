import { readdir, stat, statfs } from 'node:fs/promises'
import { join, sep } from 'node:path'
import type { QuotaSettings } from '../config/files-settings.ts'
import { PRIVATE_FOLDER } from './media-folder.ts'

export interface QuotasOptions {
  /** Absolute. */
  readonly directory: string
  readonly quotas: readonly QuotaSettings[]
  /** Of the file system: what must stay free. 0: nothing. */
  readonly minFreeBytes: number
  /** Hears of what was refused, and why. */
  readonly onRefused?: (name: string, why: string) => void
  /** What the file system has free, in bytes. Default: as it says. */
  readonly freeBytes?: (directory: string) => Promise<number>
  /** Milliseconds; default: `performance.now`. */
  readonly now?: () => number
}

/** What a quota has been used for. */
interface Usage {
  readonly of: string
  readonly limits: QuotaSettings
  bytes: number
  files: number
}

/**
 * Counts what is in the folder, so that each quota can be held while recordings grow: of the whole store, of a folder, or
 * of each folder in one (`voicemail/*`). Others may write into the folder, too: it is counted again every five minutes.
 * The file system is asked once a second for what it has left, and only while something grows.
 */
export class Quotas {
  readonly #options: QuotasOptions
  readonly #now: () => number
  readonly #rules: readonly { readonly pattern: RegExp; readonly limits: QuotaSettings }[]
  #usages = new Map<string, Usage>()
  /** Free bytes when the file system was asked last, less what was taken since. */
  #free = Number.POSITIVE_INFINITY
  #askedAt = Number.NEGATIVE_INFINITY
  #countAgain: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(options: QuotasOptions) {
    this.#options = options
    this.#now = options.now ?? (() => performance.now())
    this.#rules = options.quotas.map((limits) => ({ pattern: patternOf(limits.folder), limits }))
  }

  /** Begins to count. Resolves when the folder was counted once. */
  async open(): Promise<void> {
    await this.#askFree()
    if (this.#rules.length > 0) await this.#recount()
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#countAgain)
  }

  /** How long a file is that stands under this name; `undefined` when there is none, or when nothing is counted. */
  async bytesOf(name: string): Promise<number | undefined> {
    if (this.#rules.length === 0) return undefined
    return (await stat(join(this.#options.directory, name)).catch(() => undefined))?.size
  }

  /** Asks the file system, where that is of use and was long ago. */
  async refresh(): Promise<void> {
    if (this.#options.minFreeBytes > 0 && this.#now() - this.#askedAt >= ASK_AGAIN_MS) await this.#askFree()
  }

  /**
   * Takes room for a file, before it is written.
   * @param files 1 for a new one, 0 when it grows
   * @returns why there is none, in words, and takes nothing; `undefined` when there is
   */
  take(name: string, bytes: number, files: 0 | 1): string | undefined {
    const why = this.#tryToTake(name, bytes, files)
    if (why !== undefined) this.#options.onRefused?.(name, why)
    return why
  }

  #tryToTake(name: string, bytes: number, files: 0 | 1): string | undefined {
    const usages = this.#usagesOf(name)
    for (const usage of usages) {
      const refusal = refusalOf(usage, bytes, files)
      if (refusal !== undefined) return refusal
    }
    if (this.#options.minFreeBytes > 0) {
      if (this.#free - bytes < this.#options.minFreeBytes)
        return `the disk has less than ${this.#options.minFreeBytes} bytes free, which must stay so (files.minFreeBytes)`
      void this.refresh()
    }
    this.#free -= bytes
    this.add(name, bytes, files)
    return undefined
  }

  /** A file is gone, or smaller than was thought. */
  give(name: string, bytes: number, files: 0 | 1): void {
    for (const usage of this.#usagesOf(name)) {
      usage.bytes = Math.max(0, usage.bytes - bytes)
      usage.files = Math.max(0, usage.files - files)
    }
  }

  /** Counts what is there, whether there is room for it or not. */
  add(name: string, bytes: number, files: 0 | 1): void {
    for (const usage of this.#usagesOf(name)) {
      usage.bytes += bytes
      usage.files += files
    }
  }

  #usagesOf(name: string): Usage[] {
    return this.#rules.flatMap(({ pattern, limits }, index) => {
      const matched = pattern.exec(name)?.[0]
      return matched === undefined ? [] : [this.#usage(this.#usages, index, matched, limits)]
    })
  }

  #usage(usages: Map<string, Usage>, index: number, of: string, limits: QuotaSettings): Usage {
    const key = `${index} ${of}`
    const known = usages.get(key)
    if (known !== undefined) return known
    const usage = { of, limits, bytes: 0, files: 0 }
    usages.set(key, usage)
    return usage
  }

  async #recount(): Promise<void> {
    const usages = new Map<string, Usage>()
    const { directory } = this.#options
    const names = await readdir(directory, { recursive: true }).catch(() => [])
    for (const each of names) {
      if (this.#isClosed) return
      const name = each.replaceAll(sep, '/')
      const found = await stat(join(directory, each)).catch(() => undefined)
      if (!found?.isFile() || name.startsWith(`${PRIVATE_FOLDER}/`)) continue
      for (const [index, { pattern, limits }] of this.#rules.entries()) {
        const matched = pattern.exec(name)?.[0]
        if (matched === undefined) continue
        const usage = this.#usage(usages, index, matched, limits)
        usage.bytes += found.size
        usage.files++
      }
    }
    this.#usages = usages
    if (!this.#isClosed) this.#countAgain = setTimeout(() => void this.#recount(), COUNT_AGAIN_MS).unref()
  }

  async #askFree(): Promise<void> {
    if (this.#options.minFreeBytes === 0) return
    this.#askedAt = this.#now()
    const ask = this.#options.freeBytes ?? freeBytesOf
    // A file system that does not say has room until it says otherwise.
    this.#free = await ask(this.#options.directory).catch(() => Number.POSITIVE_INFINITY)
  }
}

const ASK_AGAIN_MS = 1000
const COUNT_AGAIN_MS = 300_000

async function freeBytesOf(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory)
  return bavail * bsize
}

/** `voicemail` is one folder, `voicemail/*` each folder in it, and without one it is the whole store. */
function patternOf(folder: string | undefined): RegExp {
  if (folder === undefined) return /^/
  const parts = folder.split('/').map((part) => (part === '*' ? '[^/]+' : part.replaceAll('.', '\\.')))
  return new RegExp(`^${parts.join('/')}/`)
}

function refusalOf({ of, limits, bytes, files }: Usage, moreBytes: number, moreFiles: number): string | undefined {
  const what = of === '' ? 'the media store' : of
  const { maxBytes, maxFiles } = limits
  if (maxFiles !== undefined && moreFiles > 0 && files + moreFiles > maxFiles)
    return `${what} holds ${files} files, and its quota is ${maxFiles}`
  if (maxBytes !== undefined && moreBytes > 0 && bytes + moreBytes > maxBytes)
    return `${what} holds ${bytes} bytes, and its quota is ${maxBytes}`
  return undefined
}
