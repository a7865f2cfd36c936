import { integerBelow } from '../../kit/index.ts'
import type { SipResponse } from '../message/index.ts'
import type { EndpointCore, SessionTimer } from './core.ts'
import { DialogClient, type DialogRequestContent, type DialogRequestOutcome, type DialogSide } from './dialog-client.ts'

/** How often a re-INVITE is sent again after 491 before that counts as its outcome. */
const MAX_GLARE_RETRIES = 3

/**
 * A re-INVITE of ours (RFC 3261 section 14.1). When both ends ask at once, each answers 491 and waits: the one that
 * chose the Call-ID 2.1 to 4 s, the other up to 2 s, in steps of 10 ms; then it is sent again.
 */
export class ReinviteClient {
  readonly #core: EndpointCore
  readonly #side: DialogSide
  readonly #content: DialogRequestContent
  readonly #mayRetry: () => boolean
  readonly #done: (outcome: DialogRequestOutcome) => void
  readonly #glareTimer: SessionTimer
  #retries = 0
  #lastResponse: SipResponse | undefined
  #isAbandoned = false

  /**
   * @param mayRetry whether an INVITE may be sent now, that is, none of the far end is being answered
   * @param done called once with the outcome, unless the re-INVITE is abandoned
   */
  constructor(
    core: EndpointCore,
    side: DialogSide,
    content: Omit<DialogRequestContent, 'method'>,
    mayRetry: () => boolean,
    done: (outcome: DialogRequestOutcome) => void,
  ) {
    this.#core = core
    this.#side = side
    this.#content = { ...content, method: 'INVITE' }
    this.#mayRetry = mayRetry
    this.#done = done
    this.#glareTimer = core.timer(() => this.#retry())
    this.#send()
  }

  /** Waiting to try again: the far end's re-INVITE goes first. */
  get isWaiting(): boolean {
    return this.#lastResponse !== undefined
  }

  /** The session is over; what is on its way is still acknowledged. */
  abandon(): void {
    this.#isAbandoned = true
    this.#glareTimer.clear()
  }

  #send(): void {
    this.#lastResponse = undefined
    new DialogClient(this.#core, this.#side, this.#content, (outcome) => this.#onOutcome(outcome))
  }

  #onOutcome(outcome: DialogRequestOutcome): void {
    if (this.#isAbandoned) return
    if (outcome.response?.status !== 491 || this.#retries === MAX_GLARE_RETRIES) {
      this.#done(outcome)
      return
    }
    this.#retries++
    this.#lastResponse = outcome.response
    const steps = integerBelow(this.#core.options.random, this.#side.isCaller ? 191 : 201)
    this.#glareTimer.setIn(10 * steps + (this.#side.isCaller ? 2100 : 0))
  }

  #retry(): void {
    if (this.#lastResponse === undefined) return
    if (this.#mayRetry()) this.#send()
    else this.#onOutcome({ response: this.#lastResponse })
  }
}
