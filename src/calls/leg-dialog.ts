import { utf8Encode } from '../kit/index.ts'
import type { EndpointEvent, Peer, ReferId, SessionId, SipRequest } from '../sip/index.ts'
import type { CallHost } from './host.ts'
import { infoDigit } from './info-digit.ts'
import { InfoKeys } from './info-keys.ts'
import type { Leg } from './leg.ts'
import type { SoundPlace } from './media-release/release-plan.ts'
import type { Referral } from './refer/sent-refer.ts'
import { type ChangeOutcome, Renegotiation } from './renegotiation.ts'
import type { Trunk } from './routing/trunk.ts'
import { sdp } from './sdp-body.ts'

/** Who takes the place of the far end of a call (RFC 3891). */
export interface Replacement {
  readonly session: SessionId
  readonly request: SipRequest
  readonly from: Peer
  /** The user of ours that it is, by his password. */
  readonly user?: string | undefined
  /** The trunk that it comes by. */
  readonly trunk?: Trunk | undefined
}

/**
 * What a call and its far end say to each other within their dialog: later offers and answers, INFO, UPDATE, REFER, and our
 * CANCEL or BYE. Which session of the endpoint that is may change, with the next attempt of an outgoing call or with another
 * far end.
 */
export class LegDialog {
  readonly #host: CallHost
  readonly #leg: Leg
  #session: SessionId
  /** From the answer on. */
  #renegotiation: Renegotiation | undefined
  /** Who waits for the answers to our INFOs, in their order: only one who sends the next when he has it. */
  readonly #infos: ((status: number | undefined) => void)[] = []
  #passedKeys: InfoKeys | undefined

  constructor(host: CallHost, leg: Leg, session: SessionId) {
    this.#host = host
    this.#leg = leg
    this.#session = session
    host.onSession(session, leg)
  }

  /** Of the endpoint. */
  get session(): SessionId {
    return this.#session
  }

  /** Goes on with this session, or a new one; whatever the old one still says is not heard. */
  moveTo(session: SessionId = this.#host.nextId()): void {
    this.forget()
    this.#session = session
    this.#host.onSession(session, this.#leg)
  }

  /** Hears nothing more of its session. */
  forget(): void {
    this.#host.onSession(this.#session, undefined)
  }

  /** Offers may be made from now on. */
  established(renegotiation = new Renegotiation(this.#host, this.#session, this.#leg.media.negotiation)): void {
    this.#renegotiation = renegotiation
  }

  /** The call is over or on its way there: changes that wait are not made. */
  end(): void {
    this.#renegotiation?.end()
  }

  /**
   * Holds the far end of the connected call, or takes it back.
   * @param onDone called once: with false when it refused, or the call has ended first
   */
  hold(isHolding: boolean, onDone: (isDone: boolean) => void): void {
    if (this.#leg.isEnding || this.#renegotiation === undefined) onDone(false)
    else this.#renegotiation.hold(isHolding, onDone)
  }

  /**
   * Asks the far end of the connected call to send its sound to `to`, or with `undefined` to us again.
   * @param onDone called once, also when the call ends first
   */
  redirect(to: SoundPlace | undefined, onDone: (outcome: ChangeOutcome) => void): void {
    if (this.#leg.isEnding || this.#renegotiation === undefined) onDone('refused')
    else this.#renegotiation.redirect(to, onDone)
  }

  /** Says CANCEL or BYE, and why. */
  sendRelease(type: 'cancel' | 'bye', reason?: string): void {
    this.#host.sip({ type, session: this.#session, ...(reason !== undefined && { reason }) })
  }

  /** Sends an INFO; `onAnswer` hears the status of its final response, `undefined` without one, and nothing once the call is over. */
  sendInfo(body: string, contentType: string, onAnswer: (status: number | undefined) => void): void {
    this.#infos.push(onAnswer)
    this.#host.sip({ type: 'request', session: this.#session, method: 'INFO', body: utf8Encode(body), contentType })
  }

  /** Presses a key that another far end has pressed, by INFO and after those before it. */
  pressByInfo(key: string): void {
    if (this.#passedKeys?.add(key)) return
    this.#passedKeys = new InfoKeys(this.#host, this.#leg, key, {
      bargeIn: false,
      onFinished: (cause, { detail }) => {
        const { callId } = this.#leg.details
        if (cause === 'ERROR') this.#host.logger.warn({ callId, detail }, 'keys of a connected call did not pass')
      },
    })
  }

  /** Asks the far end of the connected call to call somebody by itself (REFER, RFC 3515). */
  sendRefer(refer: ReferId, { to, replaces, headers }: Referral): void {
    const credentials = this.#leg.trunk?.credentials
    this.#host.sip({
      type: 'refer',
      session: this.#session,
      refer,
      headers,
      ...(to !== undefined && { to }),
      ...(replaces && { replaces: replaces.dialog.session }),
      ...(credentials && { credentials }),
    })
  }

  /**
   * Lets another dialog take the place of the present one, which is ended (RFC 3891); {@link moveTo} follows.
   * @returns false when its offer cannot be taken; then all is as it was
   */
  replaceBy({ session, request, from }: Replacement): boolean {
    const { negotiation } = this.#leg.media
    negotiation.announceTo(from.address)
    const renegotiation = new Renegotiation(this.#host, session, negotiation)
    if (!renegotiation.onReinvited(request)) return false
    this.#renegotiation?.end()
    this.sendRelease('bye')
    this.#renegotiation = renegotiation
    return true
  }

  /** Takes what happens within the dialog. */
  onEvent(event: EndpointEvent): void {
    switch (event.type) {
      case 'reinvited':
        this.#renegotiation?.onReinvited(event.request)
        return
      case 'confirmed':
        this.#renegotiation?.onConfirmed(event.ack)
        return
      case 'reinviteAnswered':
        this.#renegotiation?.onAnswered(event.response)
        return
      case 'reinviteFailed':
        this.#renegotiation?.onFailed()
        return
      case 'refreshDue':
        this.#renegotiation?.refresh()
        return
      case 'request':
        this.#onRequest(event.request)
        return
      case 'requestDone':
        if (event.method === 'INFO') this.#infos.shift()?.(event.response?.status)
        return
    }
  }

  #onRequest(request: SipRequest): void {
    if (request.method === 'UPDATE' || request.method === 'PRACK') {
      this.#onUpdate(request)
      return
    }
    const digit = request.method === 'INFO' ? infoDigit(request) : undefined
    if (digit !== undefined && !this.#leg.isEnding) this.#leg.media.signalledDigit(digit)
    const status = request.method !== 'INFO' ? 405 : digit === undefined && request.body.length > 0 ? 415 : 200
    this.#host.sip({ type: 'respondRequest', session: this.#session, request, status })
  }

  /** An UPDATE with an offer (RFC 3311), also before the answer; or a PRACK with one (RFC 3262 section 5). */
  #onUpdate(request: SipRequest): void {
    const answer = this.#leg.isEnding ? undefined : this.#answerUpdate(request)
    const how = answer === undefined ? { status: 488 } : { status: 200, ...sdp(answer) }
    this.#host.sip({ type: 'respondRequest', session: this.#session, request, ...how })
  }

  #answerUpdate(request: SipRequest): Uint8Array | undefined {
    if (this.#renegotiation !== undefined) return this.#renegotiation.answerUpdate(request)
    const answer = this.#leg.media.negotiation.answer(request.body)
    return answer.ok ? answer.value : undefined
  }
}
