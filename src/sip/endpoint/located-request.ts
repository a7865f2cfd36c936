import type { ServerName } from '../locate/index.ts'
import { createRequest, type SipRequest, type SipResponse } from '../message/index.ts'
import type { TransactionId } from '../transaction/index.ts'
import type { HeaderList } from './compose.ts'
import type { Peer } from './control.ts'
import { type EndpointCore, type SearchUser, type SessionTimer, type TransactionUser, withConnection } from './core.ts'

/** For how long a server that failed is tried after all others. */
const AVOIDED_MS = 30_000
/** The longest Retry-After that a 503 is believed. */
const LONGEST_RETRY_AFTER_MS = 300_000

/**
 * A request to a server that is known by its name, from the search for it to its final response: one transaction after
 * the other, each with a branch of its own, until a server answers (RFC 3263 section 4.3).
 *
 *     searching --target--> trying --response, but for 503--> decided
 *         ^                    | 503, transport error, silent for too long, or timeout
 *         +--------------------+ and there are further targets; without them: decided
 *
 * To its user it is one transaction. A 2xx to an INVITE that comes from a server which was given up is passed on like
 * that of another fork.
 */
export class LocatedRequest implements TransactionUser, SearchUser {
  readonly #core: EndpointCore
  readonly #id: TransactionId
  readonly #request: SipRequest
  readonly #to: Peer
  readonly #user: TransactionUser
  readonly #silence: SessionTimer
  /** Transactions that have not ended yet. */
  readonly #open = new Set<TransactionId>()
  #current: TransactionId | undefined
  #target: Peer | undefined
  #isLast = false
  #isDecided = false
  #cancelHeaders: HeaderList | undefined
  /** How the last target failed: what the user is told when there is no other. */
  #failure: { readonly cause: 'timeout' | 'transport'; readonly detail: string | undefined } | undefined
  #refusal: SipResponse | undefined

  /** @param id names it, and its search */
  constructor(
    core: EndpointCore,
    id: TransactionId,
    request: SipRequest,
    to: Peer & { readonly server: ServerName },
    user: TransactionUser,
  ) {
    this.#core = core
    this.#id = id
    this.#request = request
    this.#to = to
    this.#user = user
    this.#silence = core.timer(() => this.#onSilence())
    core.locate(to.server, this, id)
  }

  /** Where it was sent last. */
  get target(): Peer | undefined {
    return this.#target
  }

  cancel(headers: HeaderList): void {
    this.#cancelHeaders = headers
    this.#silence.clear()
    if (this.#current !== undefined) this.#core.toLayer({ type: 'cancel', id: this.#current, headers })
    else this.#core.locator.handle({ type: 'abandon', id: this.#id, reason: 'cancelled' }, this.#core.now)
  }

  onTarget(peer: Peer, isLast: boolean): void {
    if (this.#cancelHeaders !== undefined) {
      this.#core.forgetSearch(this.#id)
      this.onExhausted('cancelled')
      return
    }
    if (this.#target !== undefined) this.#core.count('failOvers')
    this.#target = withConnection(peer, this.#to)
    this.#isLast = isLast
    this.#current = this.#core.send(this.#copyFor(this.#target), this.#target, this)
    this.#open.add(this.#current)
    if (!isLast) this.#silence.setIn(this.#core.limits.failOverMs)
  }

  onExhausted(reason: string): void {
    this.#decide()
    if (this.#refusal !== undefined) this.#user.onResponse?.(this.#refusal, this.#id)
    else {
      const { cause, detail } = this.#failure ?? { cause: 'transport', detail: reason }
      this.#user.onFailed?.(cause, detail, this.#id)
    }
    this.#endIfDone()
  }

  onResponse(response: SipResponse, id: TransactionId): void {
    const { status } = response
    if (id !== this.#current) {
      if (status >= 200 && status < 300) this.#onLateAnswer(response)
      return
    }
    this.#silence.clear()
    if (status === 503 && this.#mayTryNext) {
      const seconds = Number.parseInt(response.headers.get('retry-after') ?? '', 10)
      this.#avoid(seconds > 0 ? Math.min(1000 * seconds, LONGEST_RETRY_AFTER_MS) : 0)
      this.#refusal = response
      this.#tryNext()
      return
    }
    if (status >= 200) this.#decide()
    this.#user.onResponse?.(response, this.#id)
  }

  onFailed(cause: 'timeout' | 'transport', detail: string | undefined, id: TransactionId): void {
    if (id !== this.#current) return
    this.#silence.clear()
    this.#avoid(AVOIDED_MS)
    if (this.#mayTryNext) {
      this.#failure = { cause, detail }
      this.#refusal = undefined
      this.#tryNext()
      return
    }
    this.#decide()
    this.#user.onFailed?.(cause, detail, this.#id)
  }

  onTerminated(id: TransactionId): void {
    this.#open.delete(id)
    this.#endIfDone()
  }

  /** A server that was given up has answered the INVITE: the one that is being tried need not. */
  #onLateAnswer(response: SipResponse): void {
    this.#decide()
    if (this.#current !== undefined) this.cancel(this.#cancelHeaders ?? [])
    this.#user.onResponse?.(response, this.#id)
  }

  get #mayTryNext(): boolean {
    return !this.#isLast && !this.#isDecided && this.#cancelHeaders === undefined
  }

  #onSilence(): void {
    if (this.#current === undefined || !this.#mayTryNext) return
    this.#avoid(AVOIDED_MS)
    this.#failure = { cause: 'timeout', detail: undefined }
    this.#refusal = undefined
    this.#core.toLayer({ type: 'giveUp', id: this.#current })
    this.#tryNext()
  }

  #tryNext(): void {
    this.#current = undefined
    this.#core.locator.handle({ type: 'next', id: this.#id }, this.#core.now)
  }

  #avoid(forMs: number): void {
    if (this.#target !== undefined && forMs > 0)
      this.#core.locator.handle({ type: 'avoid', peer: this.#target, forMs }, this.#core.now)
  }

  #decide(): void {
    if (this.#isDecided) return
    this.#isDecided = true
    this.#core.forgetSearch(this.#id)
  }

  /** The user is told of its end once, after that of the last transaction. */
  #endIfDone(): void {
    if (!this.#isDecided || this.#open.size > 0) return
    this.#core.disown(this.#id)
    this.#user.onTerminated?.(this.#id)
  }

  /** The same request with a Via, and a Contact, of its own. */
  #copyFor(target: Peer): SipRequest {
    const { method, uri, headers, body } = this.#request
    const copy = createRequest(method, uri)
    for (const [name, value] of headers.entries()) copy.headers.add(name, value)
    const contact = headers.get('contact')
    if (contact !== undefined) copy.headers.set('contact', this.#core.redirectContact(contact, this.#to, target))
    copy.body = body
    return copy
  }
}
