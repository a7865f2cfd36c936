import { token } from '../kit/index.ts'
import type { CodecName } from '../media/index.ts'
import {
  type EndpointEvent,
  isNumericHost,
  type Peer,
  parseUri,
  type SipRequest,
  type SipResponse,
  toTag,
} from '../sip/index.ts'
import { CallProgress, type ToneOptions } from './call-progress.ts'
import { reasonOfRelease } from './cause-map.ts'
import type { EndedBy } from './details.ts'
import { type DivertedCall, forwardingOf } from './diversion.ts'
import { EarlyAnswers } from './early-answers.ts'
import { CallFarEndType, Cause, State } from './enums.ts'
import type { FarEndSettings } from './far-end/far-end-options.ts'
import type { CallHost, CallTimer } from './host.ts'
import { Leg, type LegListener } from './leg.ts'
import type { Replacement } from './leg-dialog.ts'
import { Renegotiation } from './renegotiation.ts'
import { type AttemptOutcome, Attempts, isFaultOfTrunk } from './routing/attempts.ts'
import type { Caller, PresentedCaller, Referrer } from './routing/caller-id.ts'
import { mayBeFollowed, type RedirectPolicy, redirectGroups, redirectTargets } from './routing/redirects.ts'
import type { Destination, Route } from './routing/router.ts'
import type { Trunk } from './routing/trunk.ts'
import { sdp } from './sdp-body.ts'
import { ANSWERED_ELSEWHERE, type InviteCommand } from './upkeep/forking.ts'
import { uriText } from './uri-text.ts'

export interface OutgoingCall {
  readonly to: string
  readonly destination: Destination
  readonly caller: Caller
  /** The call that this one carries on. */
  readonly diverted?: DivertedCall
  readonly maxForwards?: number
  /** Who has asked for it (RFC 3892), as far as the far end may know. */
  readonly referredBy?: Referrer
  /** The dialog whose place it is to take (RFC 3891). */
  readonly replaces?: string
  /** Default: no redirection is followed. */
  readonly redirects?: RedirectPolicy
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** `null`: no limit. */
  readonly timeoutMs: number | null
  readonly codecs?: readonly CodecName[]
  readonly tones?: ToneOptions
  /** Who picks up is to be found out. */
  readonly farEnd?: FarEndSettings
}

/**
 * A call that we place.
 *
 *     opening media -> inviting -> (ringing) -> ANSWERED
 *          |            ^  |           |
 *          |            +--+ next route: the trunk cannot, or the far end redirects
 *          |               |           |
 *          +---------------+-----------+--> IDLE with the far end's cause, or TIMEOUT after our CANCEL
 *
 * The next route is tried as long as nobody at the far end was reached: a trunk that is down, that says nothing, that
 * cannot be sent to, or that answers 503 for itself. Whatever else is said ends the call, for it is said of the callee;
 * but a redirection that may be followed leads on, from Contact to Contact until one does not fail or answers 6xx. Those
 * that are equally likely ring at once.
 */
export class OutgoingLeg extends Leg {
  readonly #call: OutgoingCall
  readonly #answerTimer: CallTimer
  readonly #attempts: Attempts
  readonly #soFar: CallProgress
  #phase: 'opening' | 'inviting' | 'established' = 'opening'
  #route: Route | undefined
  #presented: PresentedCaller | undefined
  /** The far end has said something, so it will hear of the end too. */
  #hasRung = false
  #response: SipResponse | undefined
  /** Of those who spoke before the answer. */
  #earlyAnswers: EarlyAnswers | undefined
  /** Somebody has picked it up who has not acknowledged that yet. */
  #pickedUp: Renegotiation | undefined

  constructor(host: CallHost, call: OutgoingCall, listener: LegListener) {
    super(
      host,
      host.nextId(),
      State.CALL_OUTGOING,
      { direction: 'outbound', from: '', to: call.to, target: call.to },
      listener,
    )
    this.#call = call
    this.beginRecord(token(host.random, 20))
    if (call.farEnd === undefined) this.details.farEndType = CallFarEndType.UNKNOWN
    else this.watchFarEnd(call.farEnd)
    this.#soFar = new CallProgress(host, this.media.jobs, this.details, call.tones ?? {}, {
      emit: (event) => this.emit(event),
      onHeard: ({ sound, startedMsAgo, meaning }) =>
        this.record?.add(host.now, { type: 'heard', sound, startedMsAgo, ...(meaning !== undefined && { meaning }) }),
      onFailure: (failure, text) => this.#failByTone(failure, text),
    })
    this.#answerTimer = host.timer(() => this.hangUp('local', Cause.TIMEOUT))
    if (call.timeoutMs !== null) this.#answerTimer.setIn(call.timeoutMs)
    if (call.codecs === undefined) this.media.preferCodecNearby()
    else this.media.negotiation.useCodecs(call.codecs)
    this.#attempts = new Attempts(call.destination.routes, {
      follow: call.redirects?.follow ?? 0,
      isUp: ({ trunk }) => host.router.isUp(trunk),
      wallTimeMs: () => host.wallTimeMs(),
    })
    this.details.attempts = this.#attempts.made
    if (!host.hasRoom) host.post(() => this.end(Cause.NOCHANNELS, 'local'))
    else if (this.#takeRoute()) this.media.open()
    else host.post(() => this.#endWithoutRoute())
  }

  protected override get firstUser(): string | undefined {
    return this.#route?.user
  }

  protected override get firstTrunk(): Trunk | undefined {
    return this.#route?.trunk
  }

  /** The latest response of the far end. */
  get response(): SipResponse | undefined {
    return this.#response
  }

  override hangUp(endedBy: EndedBy, cause: Cause = Cause.NORMAL, told: Cause = cause): void {
    this.#giveUp(endedBy, cause, reasonOfRelease(told))
  }

  /** Gives it up because somebody else has answered: the phone is told, and shows no call that was missed. */
  answeredElsewhere(): void {
    this.#giveUp('local', Cause.NORMAL, ANSWERED_ELSEWHERE)
  }

  #giveUp(endedBy: EndedBy, cause: Cause, reason: string | undefined): void {
    if (this.isEnding) return
    this.#answerTimer.clear()
    if (this.#phase !== 'established') this.#close('cancelled')
    if (this.#phase === 'opening') {
      this.end(cause, endedBy)
      return
    }
    this.release(cause, endedBy, this.#hasRung ? undefined : UNHEARD_WAIT_MS)
    this.dialog.sendRelease(this.#phase === 'inviting' ? 'cancel' : 'bye', reason)
  }

  /** What the network says in the sound of a call that nobody has answered. */
  #failByTone(cause: Cause, text: string): void {
    if (this.isEnding || this.#phase !== 'inviting') return
    this.#answerTimer.clear()
    this.#close('refused', { text })
    this.release(cause, 'network', undefined, { rawCause: -1, reason: { text } })
    this.dialog.sendRelease('cancel', reasonOfRelease(Cause.NORMAL))
  }

  protected override onMediaOpened(): void {
    if (this.isEnding) return
    this.#phase = 'inviting'
    this.#invite()
  }

  protected override onMediaFailed(reason: string): void {
    this.details.reason = { text: reason }
    this.hangUp('network', Cause.ERROR)
  }

  override onSipEvent(event: EndpointEvent): void {
    switch (event.type) {
      case 'progress':
        this.#onProgress(event.response)
        return
      case 'answered':
        this.#onAnswered(event.response)
        return
      case 'confirmed':
        if (this.#pickedUp === undefined) super.onSipEvent(event)
        else if (!this.isEnding) this.#onPickedUp(this.#pickedUp, event.ack)
        return
      case 'failed':
        this.#response = event.response ?? this.#response
        if (!this.#tryAnother(event)) this.#onFailed(event)
        return
      default:
        super.onSipEvent(event)
    }
  }

  #takeRoute(): boolean {
    const route = this.#attempts.next()
    if (route === undefined) return false
    this.#route = route
    this.#presented = this.host.router.present(this.#call.caller, route)
    this.details.target = route.inside ?? route.uri
    this.details.from = uriText(this.#presented.from)
    if (route.inside === undefined) this.#describeFor(route)
    else this.media.negotiation.stayInside()
    return true
  }

  #describeFor(route: Route): void {
    this.media.negotiation.useSrtp(route.trunk?.srtp ?? this.host.srtp)
    const hop = this.host.router.hopsOf(route)[0]
    this.media.negotiation.announceTo(farEndOf(hop === undefined ? route.uri : uriText(hop), route.via))
  }

  /** Nobody has answered who is called, so that somebody else may pick it up. */
  get canBePickedUp(): boolean {
    return this.#phase === 'inviting' && !this.isEnding && this.#route?.inside === undefined
  }

  /**
   * Somebody else answers the call while it rings, by an INVITE that takes the place of ours (RFC 3891 section 3). ANSWERED
   * follows with the ACK; those whose phones ring are told that it was answered elsewhere.
   * @returns false when the offer cannot be taken; then it rings on
   */
  pickUp(replacement: Replacement): boolean {
    const { session, request, from, trunk } = replacement
    const restore = this.media.negotiation.renew()
    this.media.negotiation.useSrtp(trunk?.srtp ?? this.host.srtp)
    this.media.negotiation.announceTo(from.address)
    const renegotiation = new Renegotiation(this.host, session, this.media.negotiation)
    if (!renegotiation.onReinvited(request)) {
      restore()
      this.#describeFor(this.#route as Route)
      return false
    }
    this.#answerTimer.clear()
    this.#close('cancelled', { text: 'picked up by somebody else' })
    this.dialog.sendRelease('cancel', ANSWERED_ELSEWHERE)
    this.#phase = 'established'
    this.#hasRung = true
    this.#pickedUp = renegotiation
    this.goOnWith(replacement)
    return true
  }

  #onPickedUp(renegotiation: Renegotiation, ack: SipRequest): void {
    this.#pickedUp = undefined
    renegotiation.onConfirmed(ack)
    if (this.media.stream === undefined) {
      this.details.reason = { text: 'picked up without a session description' }
      this.hangUp('network', Cause.ERROR)
      return
    }
    this.farEnd?.note('answered')
    this.#soFar.noteAnswer()
    this.established(renegotiation)
  }

  #invite(): void {
    const route = this.#route as Route
    if (route.alongside === undefined) this.host.sip(this.#inviteBy(route))
    else
      this.host.inviteAll(
        this.session,
        [route, ...route.alongside].map((each) => this.#inviteBy(each)),
      )
  }

  #inviteBy(route: Route): InviteCommand {
    const { uri, trunk, via, isFlow } = route
    const hops = this.host.router.hopsOf(route)
    const { diverted, maxForwards, referredBy, replaces } = this.#call
    const { from, headers } = this.#presented as PresentedCaller
    return {
      type: 'invite',
      session: this.session,
      to: uri,
      ...(this.details.sipCallId !== undefined && { callId: this.details.sipCallId }),
      from,
      headers: [
        ...headers,
        ...(diverted === undefined ? [] : this.host.router.divert(diverted, route)),
        ...(referredBy === undefined ? [] : this.host.router.referredBy(referredBy, route)),
        ...(replaces === undefined ? [] : [['Replaces', replaces] as const]),
        ...this.#call.headers,
      ],
      ...(maxForwards !== undefined && { maxForwards }),
      ...sdp(this.media.negotiation.offer()),
      ...(trunk?.credentials && { credentials: trunk.credentials }),
      ...(via && { via }),
      ...(isFlow === true && { isFlow }),
      ...(hops.length > 0 && { route: hops }),
      ...(this.#attempts.hasNext && { firstResponseMs: trunk?.firstResponseMs ?? FIRST_RESPONSE_MS }),
    }
  }

  /** Goes on to the next route, where there is one and what has failed leaves it open. */
  #tryAnother(event: Failed): boolean {
    if (this.isEnding) return false
    const isRedirected = this.#redirect(event)
    if (!isRedirected && !this.#mayTryNext(event)) return false
    if (isRedirected) this.#close('redirected', { status: event.response?.status ?? 0 })
    else this.#closeAs(event)
    this.dialog.moveTo()
    this.media.negotiation.renew()
    this.continueRecord(token(this.host.random, 20))
    this.#hasRung = false
    this.#earlyAnswers = undefined
    this.#soFar.noteNextWay()
    this.farEnd?.noteNextWay()
    this.#takeRoute()
    this.#invite()
    return true
  }

  #mayTryNext({ cause, response }: Failed): boolean {
    if (!this.#attempts.hasNext) return false
    if (this.#route?.isRedirected) return cause !== 'response' || (response?.status ?? 0) < 600
    if (this.#hasRung) return false
    return cause === 'timeout' || cause === 'transport' || (response !== undefined && isFaultOfTrunk(response))
  }

  #redirect({ cause, response }: Failed): boolean {
    const { redirects } = this.#call
    if (redirects === undefined || cause !== 'response' || response === undefined || !mayBeFollowed(response))
      return false
    const from = this.#route as Route
    return this.#attempts.redirect(
      redirectGroups(response).map((group) =>
        group.flatMap((target) => this.host.router.redirect(target, from, redirects) ?? []),
      ),
    )
  }

  #onFailed(event: Failed): void {
    this.#answerTimer.clear()
    this.#closeAs(event)
    if (event.response !== undefined && event.response.status < 400)
      this.details.redirectTargets = redirectTargets(event.response)
    if (event.cause === 'response' && event.response !== undefined) this.endByResponse(event.response)
    else if (event.cause === 'timeout') this.end(Cause.TIMEOUT, 'network', { rawCause: 408 })
    else if (event.cause === 'transport')
      this.end(Cause.OUTOFORDER, 'network', { ...(event.detail && { reason: { text: event.detail } }) })
    else this.end(Cause.NORMAL, 'local', { ...(event.response !== undefined && { rawCause: event.response.status }) })
  }

  #endWithoutRoute(): void {
    this.#answerTimer.clear()
    const { refusal } = this.#call.destination
    if (refusal !== undefined) this.end(refusal.cause, 'local', { reason: { text: refusal.text } })
    else this.end(Cause.OUTOFORDER, 'network', { reason: { text: 'every trunk for this number is down' } })
  }

  #closeAs({ cause, response, detail }: Failed): void {
    if (cause === 'response' && response !== undefined)
      this.#close('refused', { status: response.status, text: response.phrase })
    else
      this.#close(cause === 'timeout' ? 'noResponse' : cause === 'transport' ? 'unreachable' : 'cancelled', {
        ...(detail !== undefined && { text: detail }),
      })
  }

  #close(outcome: AttemptOutcome, said?: { status?: number; text?: string }): void {
    this.#attempts.close(outcome, said)
  }

  #onProgress(response: SipResponse): void {
    this.#response = response
    this.#hasRung = true
    if (this.isEnding) return
    this.emit({ type: 'progress', status: response.status, phrase: response.phrase })
    if (response.status === 180) this.farEnd?.note('ringing')
    this.#noteForwarding(response)
    const hasSound = response.body.length > 0 && this.media.negotiation.accept(response.body).ok
    if (hasSound) {
      this.details.earlyMediaPossible = true
      this.#earlyAnswers ??= new EarlyAnswers()
      this.#earlyAnswers.add(response)
    }
    this.#soFar.noteProgress(toTag(response), hasSound)
    if (response.status === 180 || response.status === 183) this.enter(State.RING_OUTGOING)
  }

  #noteForwarding(response: SipResponse): void {
    const forwarding = this.farEnd && forwardingOf(response)
    if (forwarding !== undefined) this.farEnd?.note(forwarding)
  }

  #onAnswered(response: SipResponse): void {
    this.#response = response
    this.#answerTimer.clear()
    this.#phase = 'established'
    this.#noteForwarding(response)
    this.farEnd?.note('answered')
    this.#hasRung = true
    this.#close('answered', { status: response.status, text: response.phrase })
    const answer = response.body.length > 0 ? response.body : this.#earlyAnswers?.toReturnTo(response)
    this.#earlyAnswers = undefined
    const accepted = answer && this.media.negotiation.accept(answer)
    if (accepted?.ok === false || this.media.stream === undefined) {
      this.details.reason = { text: accepted?.ok === false ? accepted.error : 'answered without a session description' }
      this.hangUp('network', Cause.ERROR)
      return
    }
    this.#soFar.noteAnswer()
    this.established()
  }
}

type Failed = Extract<EndpointEvent, { type: 'failed' }>

/** The IP address that the INVITE goes to, unless a name has to be looked up first. */
function farEndOf(uri: string, via: Peer | undefined): string | undefined {
  if (via !== undefined) return via.server === undefined ? via.address : undefined
  const parsed = parseUri(uri)
  if (!parsed.ok || parsed.value.scheme === 'tel' || !isNumericHost(parsed.value.host)) return undefined
  return parsed.value.host.replace(/^\[|\]$/g, '')
}

/** A far end that was never heard cannot be told (RFC 3261 section 9.1), so the application need not wait for it. */
const UNHEARD_WAIT_MS = 500

/** How long a trunk may be silent while another one waits: four copies of the INVITE over UDP. */
const FIRST_RESPONSE_MS = 5000
