import type { SipRequest, SipResponse } from '../sip/index.ts'
import type { CallHost } from './host.ts'
import type { MediaNegotiation } from './media-negotiation.ts'
import type { SoundPlace } from './media-release/release-plan.ts'
import { sdp } from './sdp-body.ts'

/**
 * What has become of a change: `done`; `refused`, so that all is as it was, also when the call ended first; or `unclear`: the
 * far end has agreed to something that makes no sense.
 */
export type ChangeOutcome = 'done' | 'refused' | 'unclear'

/** A change of ours that waits for its turn or for its answer. */
type Change = { readonly onDone: (outcome: ChangeOutcome) => void } & (
  | { readonly type: 'hold'; readonly isHolding: boolean }
  /** Where the far end is to send its sound. */
  | { readonly type: 'redirect'; readonly to: SoundPlace | undefined }
  /** Everything stays as it is. */
  | { readonly type: 'refresh' }
)

/**
 * The later offers and answers of a connected call (RFC 3264 section 8): hold and retrieve by either end, another codec,
 * address or port of the far end. Changes of ours go one after the other, and only while no re-INVITE of the far end is
 * being acknowledged. One that is refused leaves the call as it was.
 */
export class Renegotiation {
  readonly #host: CallHost
  readonly #session: number
  readonly #negotiation: MediaNegotiation
  readonly #changes: Change[] = []
  /** The first of the changes is on its way. */
  #isSent = false
  /** Our 2xx to a re-INVITE has no ACK yet. */
  #awaitsAck = false
  /** It carried an offer, which the ACK answers. */
  #hasOffered = false

  constructor(host: CallHost, session: number, negotiation: MediaNegotiation) {
    this.#host = host
    this.#session = session
    this.#negotiation = negotiation
  }

  /**
   * Holds the far end, or takes it back.
   * @param onDone called once: with false when the far end refused it, or the call has ended first
   */
  hold(isHolding: boolean, onDone: (isDone: boolean) => void): void {
    this.#changes.push({ type: 'hold', isHolding, onDone: (outcome) => onDone(outcome === 'done') })
    this.#next()
  }

  /**
   * Lets the far end send its sound to `to` instead of to us, or with `undefined` to us again.
   * @param onDone called once
   */
  redirect(to: SoundPlace | undefined, onDone: (outcome: ChangeOutcome) => void): void {
    this.#changes.push({ type: 'redirect', to, onDone })
    this.#next()
  }

  /** The session timer wants a re-INVITE (RFC 4028): one that changes nothing, unless a change waits anyway. */
  refresh(): void {
    if (this.#changes.length === 0) this.#changes.push({ type: 'refresh', onDone: () => {} })
    this.#next()
  }

  /** A re-INVITE of the far end. @returns whether it was taken */
  onReinvited({ body }: SipRequest): boolean {
    if (body.length === 0) {
      this.#hasOffered = true
      this.#accept(this.#negotiation.offer())
      return true
    }
    const answer = this.#negotiation.answer(body)
    if (answer.ok) this.#accept(answer.value)
    else this.#host.sip({ type: 'respond', session: this.#session, status: 488 })
    return answer.ok
  }

  /** The ACK of our 2xx. */
  onConfirmed({ body }: SipRequest): void {
    if (this.#hasOffered) this.#negotiation.accept(body)
    this.#hasOffered = false
    this.#awaitsAck = false
    if (this.#isSent) this.#send()
    else this.#next()
  }

  /**
   * Answers an UPDATE of the far end with an offer (RFC 3311).
   * @returns our answer, or `undefined` when it cannot be taken
   */
  answerUpdate({ body }: SipRequest): Uint8Array | undefined {
    const answer = this.#negotiation.answer(body)
    if (this.#isSent) this.#send()
    return answer.ok ? answer.value : undefined
  }

  /** The far end has taken our re-INVITE, with its answer. */
  onAnswered({ body }: SipResponse): void {
    this.#finish(this.#negotiation.accept(body).ok ? 'done' : 'unclear')
  }

  /** The far end has refused our re-INVITE, or it could not be sent. */
  onFailed(): void {
    this.#finish('refused')
  }

  /** The call is over or on its way there: what was not done will not be. */
  end(): void {
    for (const { onDone } of this.#changes.splice(0)) onDone('refused')
  }

  #accept(body: Uint8Array): void {
    this.#awaitsAck = true
    this.#host.sip({ type: 'respond', session: this.#session, status: 200, ...sdp(body) })
  }

  #next(): void {
    const change = this.#changes[0]
    if (change === undefined || this.#isSent || this.#awaitsAck) return
    if (this.#isSo(change)) {
      this.#finish('done')
      return
    }
    this.#isSent = true
    this.#send()
  }

  #isSo(change: Change): boolean {
    if (change.type === 'hold') return change.isHolding === this.#negotiation.holds.isHolding
    return change.type === 'redirect' && change.to === undefined && this.#negotiation.sendsTo === undefined
  }

  #offer(change: Change | undefined): Uint8Array {
    if (change?.type === 'hold') return this.#negotiation.offerAgain(change.isHolding)
    return change?.type === 'redirect' ? this.#negotiation.offerPlace(change.to) : this.#negotiation.restate()
  }

  /** Again while our re-INVITE waits after glare (491), when the far end has changed what it was made for. */
  #send(): void {
    this.#host.sip({ type: 'reinvite', session: this.#session, ...sdp(this.#offer(this.#changes[0])) })
  }

  #finish(outcome: ChangeOutcome): void {
    this.#isSent = false
    this.#changes.shift()?.onDone(outcome)
    this.#next()
  }
}
