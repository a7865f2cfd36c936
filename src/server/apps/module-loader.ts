import { statSync } from 'node:fs'
import { sep } from 'node:path'
import { createJiti, type Jiti } from 'jiti'
import { loadDoor } from './door.ts'

/** A file as it was when it was loaded. */
export interface FileStamp {
  readonly file: string
  readonly modifiedMs: number
  readonly bytes: number
}

export interface LoadedModule {
  readonly exports: Readonly<Record<string, unknown>>
  /** The file and everything that it imports from outside `node_modules`. */
  readonly files: readonly FileStamp[]
}

/** A module that could not be loaded. What was read of it until then is known, so that a repair is noticed. */
export class ModuleLoadError extends Error {
  readonly files: readonly FileStamp[]

  constructor(cause: unknown, files: readonly FileStamp[]) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
    this.files = files
  }
}

/**
 * Loads TypeScript and JavaScript files without a build step, each time anew: the file and its local imports are
 * evaluated again, packages in `node_modules` are not. `ringdown` is this running copy, wherever the file stands.
 */
export class ModuleLoader {
  #jiti: Promise<Jiti> | undefined
  #last: Promise<unknown> = Promise.resolve()
  readonly #modules: Readonly<Record<string, object>>

  /** @param modules what further names mean, as `ringdown` means this running copy */
  constructor(modules: Readonly<Record<string, object>> = {}) {
    this.#modules = modules
  }

  /** @throws ModuleLoadError whatever went wrong */
  load(file: string): Promise<LoadedModule> {
    const loading = this.#last.then(
      () => this.#load(file),
      () => this.#load(file),
    )
    // One at a time: what a load adds to the module cache is what the file imports.
    this.#last = loading.catch(() => {})
    return loading
  }

  async #load(file: string): Promise<LoadedModule> {
    this.#jiti ??= createLoader(this.#modules)
    const jiti = await this.#jiti
    const known = new Set(Object.keys(jiti.cache))
    try {
      const exports = await evaluate(jiti, file)
      return { exports, files: takeNewFiles(jiti, known, file) }
    } catch (error) {
      throw new ModuleLoadError(error, takeNewFiles(jiti, known, file))
    }
  }
}

/** Whether a file has changed, gone or come since the stamp was taken. */
export function isStale(stamp: FileStamp): boolean {
  const now = stampOf(stamp.file)
  return now.modifiedMs !== stamp.modifiedMs || now.bytes !== stamp.bytes
}

async function createLoader(modules: Readonly<Record<string, object>>): Promise<Jiti> {
  // No cache on disk: nothing is left behind, and nothing old is ever found.
  return createJiti(import.meta.url, {
    fsCache: false,
    interopDefault: false,
    virtualModules: { ...modules, ringdown: await loadDoor() },
  })
}

/**
 * The synchronous way first: it transpiles local JavaScript modules as well, so that their `ringdown` is ours too. A
 * file with a top-level await needs the other.
 */
async function evaluate(jiti: Jiti, file: string): Promise<Record<string, unknown>> {
  try {
    return jiti(file) as Record<string, unknown>
  } catch (error) {
    if (!(error instanceof SyntaxError && /\bawait\b/.test(error.message))) throw error
    delete jiti.cache[file]
    return jiti.import(file)
  }
}

/** The local files that came into the module cache, the file itself in any case; they leave it again. */
function takeNewFiles(jiti: Jiti, known: ReadonlySet<string>, file: string): FileStamp[] {
  const files = new Set([file])
  for (const cached of Object.keys(jiti.cache)) {
    if (known.has(cached) || cached.includes(`${sep}node_modules${sep}`)) continue
    files.add(cached)
    delete jiti.cache[cached]
  }
  return [...files].map(stampOf)
}

/** A file as it is now; one that is not there has a stamp too. */
export function stampOf(file: string): FileStamp {
  const stat = statSync(file, { throwIfNoEntry: false })
  return { file, modifiedMs: stat?.mtimeMs ?? -1, bytes: stat?.size ?? -1 }
}
