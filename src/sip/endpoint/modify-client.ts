import { integerBelow } from '../../kit/index.ts'
import { parseDeltaSeconds, type SipResponse } from '../message/index.ts'
import type { EndpointCore, SessionTimer } from './core.ts'
import { DialogClient, type DialogRequestContent, type DialogRequestOutcome, type DialogSide } from './dialog-client.ts'

/** How often a request is sent again after 491 or 500 before that counts as its outcome. */
const MAX_GLARE_RETRIES = 3
/** The longest that a far end may ask us to wait when its 500 means glare (RFC 3261 section 14.2, RFC 3311 section 5.2). */
const MAX_GLARE_SECONDS = 10

export interface ModifyRequest extends DialogRequestContent {
  readonly method: 'INVITE' | 'UPDATE'
}

/**
 * A re-INVITE or UPDATE of ours (RFC 3261 section 14.1, RFC 3311 section 5.1). When both ends ask at once, each answers
 * 491 and waits: the one that chose the Call-ID 2.1 to 4 s, the other up to 2 s, in steps of 10 ms; then it is sent
 * again. So it is after a 500 that says when, and with a longer interval at once after a 422 (RFC 4028 section 7.3).
 */
export class ModifyClient {
  readonly #core: EndpointCore
  readonly #side: DialogSide
  #request: ModifyRequest
  readonly #mayRetry: () => boolean
  readonly #done: (outcome: DialogRequestOutcome) => void
  #glareTimer: SessionTimer | undefined
  #retries = 0
  #lastResponse: SipResponse | undefined
  #isAbandoned = false

  /**
   * @param mayRetry whether it may be sent now, that is, nothing of the far end is being answered
   * @param done called once with the outcome, unless the request is abandoned
   */
  constructor(
    core: EndpointCore,
    side: DialogSide,
    request: ModifyRequest,
    mayRetry: () => boolean,
    done: (outcome: DialogRequestOutcome) => void,
  ) {
    this.#core = core
    this.#side = side
    this.#request = request
    this.#mayRetry = mayRetry
    this.#done = done
    this.#send()
  }

  get method(): 'INVITE' | 'UPDATE' {
    return this.#request.method
  }

  /** It carries an offer, and an answer is still to come. A re-INVITE without a body asks for one. */
  get isOffering(): boolean {
    return !this.isWaiting && (this.method === 'INVITE' || this.#request.body !== undefined)
  }

  /** Waiting to try again: what the far end wants goes first. */
  get isWaiting(): boolean {
    return this.#lastResponse !== undefined
  }

  /** What is sent at the next try, where the far end has changed the session meanwhile. Only while {@link isWaiting}. */
  use(body: Uint8Array): void {
    this.#request = { ...this.#request, body }
  }

  /** The session is over; what is on its way is still acknowledged. */
  abandon(): void {
    this.#isAbandoned = true
    this.#glareTimer?.clear()
  }

  #send(): void {
    this.#lastResponse = undefined
    new DialogClient(this.#core, this.#side, this.#request, (outcome) => this.#onOutcome(outcome))
  }

  #onOutcome(outcome: DialogRequestOutcome): void {
    if (this.#isAbandoned) return
    const { response } = outcome
    if (response?.status === 422 && this.#side.expiry?.raise(response)) {
      this.#send()
      return
    }
    const waitMs = response === undefined ? undefined : this.#glareWaitMs(response)
    if (response === undefined || waitMs === undefined || this.#retries === MAX_GLARE_RETRIES) {
      this.#done(outcome)
      return
    }
    this.#retries++
    this.#lastResponse = response
    this.#glareTimer ??= this.#core.timer(() => this.#retry())
    this.#glareTimer.setIn(waitMs)
  }

  /** How long to wait before it is sent again, when `response` means glare. */
  #glareWaitMs({ status, headers }: SipResponse): number | undefined {
    if (status === 491) {
      const steps = integerBelow(this.#core.options.random, this.#side.isCaller ? 191 : 201)
      return 10 * steps + (this.#side.isCaller ? 2100 : 0)
    }
    const seconds = status === 500 ? parseDeltaSeconds(headers.get('retry-after') ?? '') : undefined
    return seconds?.ok && seconds.value <= MAX_GLARE_SECONDS ? 1000 * seconds.value : undefined
  }

  #retry(): void {
    if (this.#lastResponse === undefined) return
    if (this.#mayRetry()) this.#send()
    else this.#onOutcome({ response: this.#lastResponse })
  }
}
