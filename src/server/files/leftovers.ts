import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from '../../kit/index.ts'
import { isUnfinished } from './disk-media-files.ts'
import { isStaged, salvage } from './salvage.ts'
import type { FileVault } from './seal/file-vault.ts'

export interface LeftoversOptions {
  readonly directory: string
  readonly logger: Logger
  readonly vault: FileVault
  /** Whether a recording of this process is growing there. */
  readonly isOurs: (stagedPath: string) => boolean
  /** @param path of what a playable file was made of */
  readonly onRecovered: (path: string) => void
  /** A recording that nobody has written to for so long was left behind. Default 10,000: live ones are written each second. */
  readonly silentForMs?: number
}

/**
 * Looks for recordings that a crash has left, and makes playable files of them. Another process may be recording into the
 * same directory, so one that was written to a moment ago is looked at again later.
 */
export class Leftovers {
  readonly #options: LeftoversOptions
  readonly #silentForMs: number
  #again: NodeJS.Timeout | undefined
  #isStopped = false

  constructor(options: LeftoversOptions) {
    this.#options = options
    this.#silentForMs = options.silentForMs ?? 10_000
  }

  /** Resolves when the directory has been looked through once. Never rejects: what goes wrong is logged. */
  async recover(): Promise<void> {
    const { directory, logger } = this.#options
    try {
      const names = await readdir(directory, { recursive: true })
      let isEarly = false
      for (const name of names) {
        const path = join(directory, name)
        if (this.#isStopped) return
        if (isUnfinished(name)) await this.#remove(path)
        else if (isStaged(name) && !this.#options.isOurs(path)) isEarly = !(await this.#recoverOne(path)) || isEarly
      }
      if (isEarly && !this.#isStopped) this.#again = setTimeout(() => void this.recover(), this.#silentForMs).unref()
    } catch (error) {
      if (!this.#isStopped)
        logger.error({ err: error, directory }, 'recordings that a crash may have left could not be looked for')
    }
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#again)
  }

  /** Half of a file that an application was writing is of no use; one that is written right now is left alone. */
  async #remove(path: string): Promise<void> {
    const found = await stat(path).catch(() => undefined)
    if (found !== undefined && Date.now() - found.mtimeMs >= this.#silentForMs) await rm(path, { force: true })
  }

  /** False when it is too early to say. */
  async #recoverOne(path: string): Promise<boolean> {
    const { logger, onRecovered } = this.#options
    try {
      const { mtimeMs } = await stat(path)
      if (Date.now() - mtimeMs < this.#silentForMs) return false
      const salvaged = await salvage(path, this.#options.vault)
      if (salvaged.outcome === 'kept') {
        onRecovered(salvaged.path)
        logger.warn({ file: salvaged.path }, 'a recording that a crash has left was completed and marked as cut')
      } else if (salvaged.outcome === 'empty')
        logger.warn({ file: path }, 'a recording that a crash has left held no audio and was removed')
    } catch (error) {
      logger.error({ err: error, file: path }, 'a recording that a crash has left could not be completed')
    }
    return true
  }
}
