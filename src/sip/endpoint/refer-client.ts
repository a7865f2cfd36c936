import { parseSubscriptionState, type SipRequest, type SipResponse, sipfragStatusOf } from '../message/index.ts'
import type { EndpointEvent, ReferId } from './control.ts'
import type { EndpointCore, SessionTimer } from './core.ts'
import type { DialogRequestOutcome } from './dialog-client.ts'

type ReferOutcome = Omit<Extract<EndpointEvent, { type: 'referDone' }>, 'type' | 'refer'>

/** `neverBegun`: there never was a subscription. `ended`: it is over at the far end, too. `givenUp`: it may report all the same. */
export type ReferEnd = 'neverBegun' | 'ended' | 'givenUp'

/**
 * A REFER of ours and the subscription that comes with it (RFC 3515, RFC 6665 section 4.1): what the far end reports of
 * the request that it was asked to send.
 *
 *               2xx                      NOTIFY 1xx: progress
 *     referred ----> subscribed ----------------------------------+
 *        |   ^          |  ^--------------------------------------+
 *        |   +- NOTIFY before the 2xx
 *        |              | NOTIFY 2xx-6xx                        terminated, or 64*T1
 *        |              +--------------> done: reported ------------------------------> over
 *        | 300-699: done: refused       | terminated, expired, no NOTIFY at all: done: unreported
 *        | no answer: done              v
 *        +---------------------------> over
 */
export class ReferClient {
  readonly id: ReferId
  readonly #core: EndpointCore
  readonly #onOver: (end: ReferEnd) => void
  readonly #timer: SessionTimer
  #isHeard = false
  #isDone = false
  #isOver = false
  /** The final status that was reported. */
  #outcome: number | undefined

  constructor(core: EndpointCore, id: ReferId, onOver: (end: ReferEnd) => void) {
    this.id = id
    this.#core = core
    this.#onOver = onOver
    this.#timer = core.timer(() => this.#onTimer())
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** What became of it is known, or cannot be known any more. */
  get isDone(): boolean {
    return this.#isDone
  }

  /** Whether a NOTIFY may be of this subscription, going by what it says: after the outcome nothing else follows. */
  mayHaveSaid(request: SipRequest): boolean {
    const said = sipfragStatusOf(request)
    return this.#outcome === undefined || said === undefined || said.status === this.#outcome
  }

  /** Whether a NOTIFY may say that there is nothing more to come of it. */
  mayEndWith(request: SipRequest): boolean {
    const state = parseSubscriptionState(request.headers.get('subscription-state') ?? 'active')
    return state.ok && state.value.state === 'terminated' && this.mayHaveSaid(request)
  }

  /** The final answer to the REFER, or why there is none. */
  onOutcome(outcome: DialogRequestOutcome): void {
    if (this.#isDone) return
    const { response } = outcome
    if (response === undefined) {
      const { cause, detail } = outcome
      this.#finish({ cause, ...(detail !== undefined && { detail }) }, 'givenUp')
    } else if (response.status >= 300)
      this.#finish({ cause: 'refused', status: response.status, response }, 'neverBegun')
    else this.#onAccepted(response)
  }

  /** A NOTIFY of the subscription; whoever takes it answers it. */
  onNotify(request: SipRequest): void {
    this.#isHeard = true
    const parsed = parseSubscriptionState(request.headers.get('subscription-state') ?? 'active')
    const { state, expiresS, reason } = parsed.ok ? parsed.value : { state: 'active' }
    const said = sipfragStatusOf(request)
    if (said !== undefined && !this.#isDone) {
      if (said.status >= 200) this.#done({ cause: 'reported', ...said })
      else this.#core.emit({ type: 'referProgress', refer: this.id, ...said })
    }
    if (state === 'terminated') this.#finish({ cause: 'unreported', detail: reason ?? 'terminated' }, 'ended')
    else if (!this.#isOver) this.#timer.setIn(this.#isDone ? this.#core.patienceMs : expiryMs(expiresS))
  }

  /** RFC 4488: without a subscription nothing more will be heard. Without a NOTIFY in 64*T1 neither (RFC 6665, timer N). */
  #onAccepted(response: SipResponse): void {
    const isSubscribed = response.headers.get('refer-sub')?.trim().toLowerCase() !== 'false'
    this.#core.emit({ type: 'referAccepted', refer: this.id, response, isSubscribed })
    if (!isSubscribed) this.#finish({ cause: 'unreported', detail: 'no subscription' }, 'neverBegun')
    else if (!this.#isHeard) this.#timer.setIn(this.#core.patienceMs)
  }

  #onTimer(): void {
    this.#finish(
      { cause: 'unreported', detail: this.#isHeard ? 'expired' : 'no NOTIFY' },
      this.#isDone ? 'ended' : 'givenUp',
    )
  }

  #done(outcome: ReferOutcome): void {
    if (this.#isDone) return
    this.#isDone = true
    if (outcome.cause === 'reported') this.#outcome = outcome.status
    this.#core.emit({ type: 'referDone', refer: this.id, ...outcome })
  }

  #finish(outcome: ReferOutcome, end: ReferEnd): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#timer.clear()
    this.#done(outcome)
    this.#onOver(end)
  }
}

/** What the far end says is left, within reason; five minutes where it does not say. */
function expiryMs(expiresS = 300): number {
  return Math.min(Math.max(expiresS, 1), 3600) * 1000
}
