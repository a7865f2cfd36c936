import { parseNameAddr, type ReferId } from '../../sip/index.ts'
import type { CallHost, CallTimer, ReferEvent } from '../host.ts'
import type { Leg } from '../leg.ts'

/** A REFER of a far end, as it came. */
export type Referred = Extract<ReferEvent, { readonly type: 'referred' }>

/**
 * What is said to a far end that has sent a REFER: that it is taken on, how it goes, or that it is not.
 *
 *     offered --- accept: 202, NOTIFY 100 ---> accepted --- report 200-699 ---> closed
 *        |                                        +-- its reports end: nobody hears any more
 *        +--- reject: 300-699; or the call ends: 487 ---> closed
 */
export class ReceivedRefer {
  /** The URI that is to be called. */
  readonly to: string
  /** Who refers, as Referred-By says (RFC 3892); anybody can write it. */
  readonly referredBy: string | undefined
  readonly request: Referred
  readonly #host: CallHost
  readonly #refer: ReferId
  readonly #patience: CallTimer
  readonly #stopListening: () => void
  #phase: 'offered' | 'accepted' | 'closed' = 'offered'

  /** Within a mutation. @param leg the call that it came in, if any. @param onUndecided nobody has said anything for {@link DECISION_MS} */
  constructor(host: CallHost, leg: Leg | undefined, request: Referred, onUndecided: () => void) {
    this.#host = host
    this.#refer = request.refer
    this.request = request
    this.to = request.referTo.uri
    const by = parseNameAddr(request.request.headers.get('referred-by') ?? '')
    this.referredBy = by.ok ? by.value.uri : undefined
    this.#patience = host.timer(onUndecided)
    this.#patience.setIn(DECISION_MS)
    host.onRefer(this.#refer, (event) => {
      if (event.type === 'referClosed') this.#close()
    })
    this.#stopListening = leg?.onEnding(() => this.reject(487)) ?? (() => {})
  }

  get isOffered(): boolean {
    return this.#phase === 'offered'
  }

  /** @returns false when something was said already */
  accept(): boolean {
    if (this.#phase !== 'offered') return false
    this.#phase = 'accepted'
    this.#decided()
    this.#host.sip({ type: 'respondRefer', refer: this.#refer, status: 202 })
    return true
  }

  /** @param status 300 to 699. @returns false when something was said already */
  reject(status: number): boolean {
    if (this.#phase !== 'offered') return false
    this.#decided()
    this.#host.count('refersRefused')
    this.#host.sip({ type: 'respondRefer', refer: this.#refer, status })
    this.#close()
    return true
  }

  /** @param status of the call that was asked for, 100 to 699; from 200 on it is the last. @returns false when nobody hears it */
  report(status: number, phrase?: string): boolean {
    if (this.#phase !== 'accepted') return false
    this.#host.sip({ type: 'notifyRefer', refer: this.#refer, status, ...(phrase !== undefined && { phrase }) })
    return true
  }

  #decided(): void {
    this.#patience.clear()
    this.#stopListening()
  }

  #close(): void {
    this.#phase = 'closed'
    this.#host.onRefer(this.#refer, undefined)
  }
}

/** How long an application may think: the SIP endpoint answers 500 after 16 s. */
const DECISION_MS = 10_000
