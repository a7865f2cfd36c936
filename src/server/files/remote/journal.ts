import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What is to be done, or was done, with one file and the bucket. */
export interface JournalEntry {
  readonly name: string
  /** `stored`: the bucket has it, as it was when it was so long and so old; what is here is a copy. */
  readonly task: 'upload' | 'delete' | 'stored'
  /** When the task was given, or done, in milliseconds since 1970. */
  readonly sinceMs: number
  /** The file as it was seen when it was uploaded, or fetched. */
  readonly bytes?: number
  readonly modifiedMs?: number
  /** An upload in parts that has begun. */
  readonly parts?: { readonly upload: string; readonly partBytes: number; readonly tags: readonly string[] }
}

/** Remembers across restarts: one small file for each name, replaced as a whole. */
export class Journal {
  readonly #folder: string
  /** One after the other, so that the last word on a name is the last that was said. */
  #writing: Promise<unknown> = Promise.resolve()

  constructor(folder: string) {
    this.#folder = folder
  }

  /** What was remembered. What cannot be read is removed, for the sake of the rest. */
  async open(): Promise<JournalEntry[]> {
    await mkdir(this.#folder, { recursive: true })
    const entries: JournalEntry[] = []
    for (const file of await readdir(this.#folder)) {
      const path = join(this.#folder, file)
      const entry = file.endsWith('.json') ? parse(await readFile(path, 'utf8')) : undefined
      if (entry === undefined) await rm(path, { force: true })
      else entries.push(entry)
    }
    return entries.sort((a, b) => a.sinceMs - b.sinceMs)
  }

  /** @throws Error of the file system */
  put(entry: JournalEntry): Promise<void> {
    const path = this.#pathOf(entry.name)
    return this.#afterThat(async () => {
      await writeFile(`${path}.new`, JSON.stringify(entry), { flush: true })
      await rename(`${path}.new`, path)
    })
  }

  remove(name: string): Promise<void> {
    return this.#afterThat(() => rm(this.#pathOf(name), { force: true }))
  }

  #afterThat(act: () => Promise<void>): Promise<void> {
    const done = this.#writing.then(act)
    this.#writing = done.catch(() => {})
    return done
  }

  #pathOf(name: string): string {
    return join(this.#folder, `${createHash('sha256').update(name).digest('hex').slice(0, 32)}.json`)
  }
}

function parse(text: string): JournalEntry | undefined {
  try {
    const entry = JSON.parse(text) as JournalEntry
    return typeof entry.name === 'string' && ['upload', 'delete', 'stored'].includes(entry.task) ? entry : undefined
  } catch {
    return undefined
  }
}
