import { type Counters, DeadlineQueue, Fifo, type Instant, type Machine, type Random } from '../../kit/index.ts'
import type { Peer, Transport } from '../endpoint/control.ts'
import type { DnsAnswer, DnsQuestion } from './dns.ts'
import { keyOf, RecordCache } from './record-cache.ts'
import { type Found, type SearchStep, search } from './search.ts'
import type { ServerName } from './server-name.ts'

export type LocatorInput =
  /** Begins a search. Outcome: a `target`, or `exhausted`. */
  | { readonly type: 'locate'; readonly id: number; readonly server: ServerName }
  /** The last target failed: gives another one, or `exhausted`. */
  | { readonly type: 'next'; readonly id: number }
  /** Ends a search without a word. */
  | { readonly type: 'forget'; readonly id: number }
  /** Ends a search with `exhausted`. */
  | { readonly type: 'abandon'; readonly id: number; readonly reason: string }
  /** A target failed: searches name it last for so long. */
  | { readonly type: 'avoid'; readonly peer: Peer; readonly forMs: number }
  | { readonly type: 'answer'; readonly answer: DnsAnswer }

export type LocatorOutput =
  /** To be put to DNS; an `answer` is waited for, for some seconds. */
  | { readonly type: 'question'; readonly question: DnsQuestion }
  | { readonly type: 'target'; readonly id: number; readonly peer: Peer; readonly isLast: boolean }
  /** There are no (more) targets; the search is over. */
  | { readonly type: 'exhausted'; readonly id: number; readonly reason: string }

export type LocatorCounter =
  /** Questions put to DNS: those that no earlier answer could save. */
  | 'dnsQuestions'
  /** Questions that DNS did not answer, or could not. */
  | 'dnsFailures'

export interface LocatorOptions {
  /** Draws lots among SRV records. */
  readonly random: Random
  /** The transports that we speak, the preferred first. */
  readonly transports: readonly Transport[]
  readonly counters: Counters<LocatorCounter>
  /** How long an answer is waited for, in ms. Default 5000. */
  readonly questionMs?: number
}

const MOST_AVOIDED = 1000
/** Questions that may wait for their answers; with more, names lead nowhere until there is room. */
const MOST_QUESTIONS = 1000

interface Search {
  readonly steps: Generator<SearchStep, string, readonly Found[]>
  /** What it has asked last, and what was found of that so far. */
  asked: readonly DnsQuestion[]
  readonly found: Map<string, Found>
  failure: string | undefined
}

/**
 * Locates SIP servers (RFC 3263): many searches over one memory of what DNS has said. A question that several searches
 * have is asked once. It says one target at a time, so that a request that fails there can go to the next (section 4.3),
 * and it remembers for a while which targets have failed.
 */
export class ServerLocator implements Machine<LocatorInput, LocatorOutput> {
  readonly #options: LocatorOptions
  readonly #cache = new RecordCache()
  readonly #searches = new Map<number, Search>()
  /** The searches that wait for each question. */
  readonly #waiting = new Map<string, { readonly question: DnsQuestion; readonly ids: Set<number> }>()
  readonly #patience = new DeadlineQueue<string>()
  readonly #avoided = new Map<string, Instant>()
  readonly #outbox = new Fifo<LocatorOutput>()
  #now: Instant = 0

  constructor(options: LocatorOptions) {
    this.#options = options
  }

  /** Searches that go on, and questions that wait for their answers. */
  get sizes(): { readonly searches: number; readonly questions: number } {
    return { searches: this.#searches.size, questions: this.#waiting.size }
  }

  /** Answers and failures that are remembered; at most 2000. */
  get kept(): number {
    return this.#cache.size + this.#avoided.size
  }

  handle(input: LocatorInput, now: Instant): void {
    this.#now = now
    switch (input.type) {
      case 'locate':
        this.#locate(input.id, input.server)
        break
      case 'next':
        this.#advance(input.id, [])
        break
      case 'forget':
        this.#searches.delete(input.id)
        break
      case 'abandon':
        if (this.#searches.delete(input.id)) this.#outbox.push({ ...input, type: 'exhausted' })
        break
      case 'avoid':
        this.#avoid(input.peer, input.forMs)
        break
      case 'answer':
        this.#answer(input.answer)
        break
    }
  }

  poll(): LocatorOutput | undefined {
    return this.#outbox.shift()
  }

  deadline(): Instant {
    return this.#patience.next()
  }

  expire(now: Instant): void {
    this.#now = now
    for (let due = this.#patience.takeDue(now); due !== undefined; due = this.#patience.takeDue(now)) {
      const waiting = this.#waiting.get(due)
      if (waiting !== undefined) this.#answer({ question: waiting.question, failure: 'DNS did not answer' })
    }
  }

  #locate(id: number, server: ServerName): void {
    const { transports, random } = this.#options
    const steps = search(server, { transports, random, isAvoided: (peer) => this.#isAvoided(peer) })
    this.#searches.set(id, { steps, asked: [], found: new Map(), failure: undefined })
    this.#advance(id, [])
  }

  /** Lets a search go on with what it asked for, until it has a target, no more, or a question that must wait. */
  #advance(id: number, found: readonly Found[]): void {
    const state = this.#searches.get(id)
    if (state === undefined) return
    for (let step = state.steps.next(found); ; step = state.steps.next(this.#foundBy(state))) {
      if (step.done === true) {
        this.#searches.delete(id)
        const { failure } = state
        const reason = failure === undefined ? step.value : `${step.value} (${failure})`
        this.#outbox.push({ type: 'exhausted', id, reason })
        return
      }
      if ('target' in step.value) {
        const { target: peer, isLast } = step.value
        this.#outbox.push({ type: 'target', id, peer, isLast })
        return
      }
      state.asked = step.value.ask
      state.found.clear()
      for (const question of state.asked) this.#ask(id, state, question)
      if (state.found.size < countOf(state.asked)) return
    }
  }

  #ask(id: number, state: Search, question: DnsQuestion): void {
    const key = keyOf(question)
    const known = this.#cache.get(question, this.#now)
    if (known !== undefined) {
      this.#find(state, key, known)
      return
    }
    const waiting = this.#waiting.get(key)
    if (waiting !== undefined) waiting.ids.add(id)
    else if (this.#waiting.size >= MOST_QUESTIONS) {
      this.#find(state, key, { records: [], failure: 'too many questions wait for DNS' })
    } else {
      this.#options.counters.add('dnsQuestions')
      this.#waiting.set(key, { question, ids: new Set([id]) })
      this.#patience.set(key, this.#now + (this.#options.questionMs ?? 5000))
      this.#outbox.push({ type: 'question', question })
    }
  }

  #answer(answer: DnsAnswer): void {
    const key = keyOf(answer.question)
    const waiting = this.#waiting.get(key)
    // One that came too late, or that nobody asked for.
    if (waiting === undefined) return
    this.#waiting.delete(key)
    this.#patience.delete(key)
    if ('failure' in answer) this.#options.counters.add('dnsFailures')
    const found = this.#cache.put(answer, this.#now)
    for (const id of waiting.ids) {
      const state = this.#searches.get(id)
      if (state === undefined) continue
      this.#find(state, key, found)
      if (state.found.size === countOf(state.asked)) this.#advance(id, this.#foundBy(state))
    }
  }

  #find(state: Search, key: string, found: Found): void {
    state.found.set(key, found)
    if (found.failure !== undefined) state.failure = found.failure
  }

  #foundBy({ asked, found }: Search): readonly Found[] {
    return asked.map((question) => found.get(keyOf(question)) as Found)
  }

  #avoid(peer: Peer, forMs: number): void {
    const key = peerKey(peer)
    this.#avoided.delete(key)
    this.#avoided.set(key, this.#now + forMs)
    if (this.#avoided.size > MOST_AVOIDED) this.#avoided.delete(this.#avoided.keys().next().value as string)
  }

  #isAvoided(peer: Peer): boolean {
    const key = peerKey(peer)
    const until = this.#avoided.get(key)
    if (until === undefined) return false
    if (until > this.#now) return true
    this.#avoided.delete(key)
    return false
  }
}

/** Two NAPTR records may lead to one name. */
function countOf(questions: readonly DnsQuestion[]): number {
  return questions.length < 2 ? questions.length : new Set(questions.map(keyOf)).size
}

function peerKey({ transport, address, port }: Peer): string {
  return `${transport} ${address} ${port}`
}
