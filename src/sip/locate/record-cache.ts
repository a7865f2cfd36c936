import type { Instant } from '../../kit/index.ts'
import type { DnsAnswer, DnsQuestion } from './dns.ts'
import type { Found } from './search.ts'

const MOST_NAMES = 1000
/** A day: a record that claims more is asked for again then. */
const LONGEST_KEPT_MS = 86_400_000
/** That there is nothing is kept no longer than this (RFC 2308 section 5 asks for at most some hours). */
const LONGEST_NOTHING_KEPT_MS = 900_000
/** That nobody could say is kept for this long (RFC 2308 section 7: at most five minutes). */
const FAILURE_KEPT_MS = 5000

/** What DNS has said, each for as long as it may be believed; the names that were not asked for longest give way. */
export class RecordCache {
  readonly #entries = new Map<string, { readonly found: Found; readonly until: Instant }>()

  get size(): number {
    return this.#entries.size
  }

  get(question: DnsQuestion, now: Instant): Found | undefined {
    const key = keyOf(question)
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    this.#entries.delete(key)
    if (entry.until <= now) return undefined
    this.#entries.set(key, entry)
    return entry.found
  }

  /** Keeps an answer, and gives it back as what a search goes on with. */
  put(answer: DnsAnswer, now: Instant): Found {
    const key = keyOf(answer.question)
    const found = 'failure' in answer ? { records: [], failure: answer.failure } : { records: answer.records }
    this.#entries.delete(key)
    this.#entries.set(key, { found, until: now + keptMs(answer) })
    if (this.#entries.size > MOST_NAMES) this.#entries.delete(this.#entries.keys().next().value as string)
    return found
  }
}

/** Names are the same whatever their case (RFC 4343). */
export function keyOf({ type, name }: DnsQuestion): string {
  return `${type} ${name.toLowerCase()}`
}

function keptMs(answer: DnsAnswer): number {
  if ('failure' in answer) return FAILURE_KEPT_MS
  return Math.min(answer.ttlMs, answer.records.length === 0 ? LONGEST_NOTHING_KEPT_MS : LONGEST_KEPT_MS)
}
