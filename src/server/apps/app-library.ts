import { existsSync } from 'node:fs'
import { type AppDefinition, type AppProblem, appDirection } from '../../calls/index.ts'
import type { Logger } from '../../kit/index.ts'
import type { AppFile } from '../config/settings.ts'
import { type FileStamp, isStale, type LoadedModule, ModuleLoadError, ModuleLoader, stampOf } from './module-loader.ts'

/** How soon a changed file is noticed. */
const LOOK_EVERY_MS = 500

interface Shelf {
  readonly file: string
  /** The first load, for all who ask for the file meanwhile. */
  loaded: Promise<void>
  /** The last version that could be loaded. */
  good: LoadedModule | undefined
  /** What the version on disk was made of when we looked last. */
  files: readonly FileStamp[]
  problem: AppProblem | undefined
}

/**
 * The application files of a server. Each is loaded once, with its own instances of the local modules it imports, and
 * again when it or one of those has changed on disk: new calls get the new version, running ones keep theirs. When a
 * new version cannot be loaded, the last good one goes on serving and the log says why.
 */
export class AppLibrary {
  readonly #logger: Logger
  readonly #loader = new ModuleLoader()
  readonly #shelves = new Map<string, Shelf>()
  #timer: NodeJS.Timeout | undefined
  #isLooking = false

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** Loads a file for the first time; what `find` says tells how it went. */
  async add(file: string): Promise<void> {
    let shelf = this.#shelves.get(file)
    if (shelf === undefined) {
      shelf = { file, loaded: Promise.resolve(), good: undefined, files: [], problem: undefined }
      this.#shelves.set(file, shelf)
      shelf.loaded = this.#load(shelf)
    }
    await shelf.loaded
  }

  /** Starts looking for changed files, every half second. */
  watch(): void {
    this.#timer ??= setInterval(() => void this.refresh(), LOOK_EVERY_MS).unref()
  }

  close(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  /** Loads what has changed on disk. */
  async refresh(): Promise<void> {
    if (this.#isLooking) return
    this.#isLooking = true
    try {
      for (const shelf of this.#shelves.values()) if (shelf.files.some(isStale)) await this.#load(shelf)
    } finally {
      this.#isLooking = false
    }
  }

  /** The application that a new call gets, or why there is none. */
  find({ file, exportName }: AppFile): AppDefinition | AppProblem {
    const shelf = this.#shelves.get(file)
    if (shelf === undefined) return 'missing'
    if (shelf.good === undefined) return shelf.problem ?? 'missing'
    const app = shelf.good.exports[exportName]
    return appDirection(app) === undefined ? 'invalid' : (app as AppDefinition)
  }

  async #load(shelf: Shelf): Promise<void> {
    const { file, good } = shelf
    try {
      shelf.good = await this.#loader.load(file)
      shelf.files = shelf.good.files
      shelf.problem = undefined
      this.#reportLoaded(shelf.good, file, good !== undefined)
    } catch (error) {
      if (!(error instanceof ModuleLoadError)) throw error
      // What the good version was made of may be where the mistake is, though the new one was not read so far.
      shelf.files = [
        ...error.files,
        ...(good?.files ?? [])
          .filter((stamp) => !error.files.some(({ file }) => file === stamp.file))
          .map(({ file }) => stampOf(file)),
      ]
      shelf.problem = existsSync(file) ? 'invalid' : 'missing'
      this.#logger.error(
        { file, err: error.cause },
        good === undefined
          ? `${file} cannot be loaded, so its calls are refused: ${error.message}`
          : `${file} has changed and cannot be loaded, so the version before goes on serving: ${error.message}`,
      )
    }
  }

  #reportLoaded(module: LoadedModule, file: string, isAgain: boolean): void {
    const apps = Object.entries(module.exports).flatMap(([name, value]) => {
      const direction = appDirection(value)
      return direction === undefined ? [] : [`${name} (${direction})`]
    })
    if (apps.length === 0)
      this.#logger.error(
        { file },
        `${file} exports no application: write "export default inbound(async (channel, app) => { ... })"`,
      )
    else if (isAgain) this.#logger.info({ file, apps }, `${file} has changed: new calls get the new version`)
    else this.#logger.debug({ file, apps }, `${file} is loaded`)
  }
}
