import { lookup } from 'node:dns/promises'

const KEPT_MS = 60_000
const FAILURE_KEPT_MS = 5_000
const MOST_NAMES = 1_000

/** Resolves a name to addresses: the system's resolver, or a test's. */
export type Lookup = (name: string) => Promise<readonly { readonly address: string; readonly family: number }[]>

interface Entry {
  readonly addresses: Promise<readonly string[]>
  until: number
}

/**
 * Host names to addresses through the system's resolver (hosts file included), kept for a minute; what could not be
 * resolved is asked again after five seconds. Concurrent questions for one name are one question.
 */
export class NameCache {
  readonly #entries = new Map<string, Entry>()
  readonly #families: readonly number[]
  readonly #lookup: Lookup

  /** @param families the address families we have sockets for, in order of preference */
  constructor(families: readonly number[], ask: Lookup = (name) => lookup(name, { all: true })) {
    this.#families = families
    this.#lookup = ask
  }

  /** @throws Error when the name has no address of a family that we speak */
  async resolve(name: string, now: number): Promise<string> {
    const key = name.toLowerCase()
    let entry = this.#entries.get(key)
    if (entry === undefined || entry.until <= now) {
      entry = this.#ask(key, now)
      this.#entries.delete(key)
      this.#entries.set(key, entry)
      if (this.#entries.size > MOST_NAMES) this.#entries.delete(this.#entries.keys().next().value as string)
    }
    const [address] = await entry.addresses
    if (address === undefined) throw new Error(`${name} has no address that we can reach`)
    return address
  }

  #ask(name: string, now: number): Entry {
    const entry: Entry = {
      until: now + KEPT_MS,
      addresses: this.#lookup(name).then(
        (found) =>
          this.#families.flatMap((family) =>
            found.filter((answer) => answer.family === family).map(({ address }) => address),
          ),
        (error: unknown) => {
          entry.until = now + FAILURE_KEPT_MS
          throw error
        },
      ),
    }
    entry.addresses.catch(() => {})
    return entry
  }
}
