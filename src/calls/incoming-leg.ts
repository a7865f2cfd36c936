import type { Result } from '../kit/index.ts'
import { ok } from '../kit/index.ts'
import type { CodecName } from '../media/index.ts'
import { type EndpointEvent, hasWord, identitiesOf, privacyOf, type SessionId, type SipRequest } from '../sip/index.ts'
import {
  causeOfRelease,
  REASON_OF_CAUSE,
  type RejectCause,
  reasonOfRelease,
  releaseReason,
  STATUS_OF_REJECT,
} from './cause-map.ts'
import type { EndedBy } from './details.ts'
import { diversionOf } from './diversion.ts'
import { Cause, State } from './enums.ts'
import type { CallHost, CallTimer } from './host.ts'
import { Leg, type LegListener } from './leg.ts'
import type { Trunk } from './routing/trunk.ts'
import { sdp } from './sdp-body.ts'
import { uriOf } from './uri-text.ts'

type Headers = readonly (readonly [name: string, value: string])[]

/**
 * A call that comes to us.
 *
 *     offered -> (ringing) -> answering (port bound, 200 sent) -> ANSWERED with the ACK
 *        |           |             |
 *        +-----------+-------------+--> IDLE: rejected by us, cancelled by the caller, or failed
 *        |           |                  ^
 *        +-----------+--> ERROR --------+   refused with a status that is no refusal (3xx), which was not sent
 *
 * An INVITE without an offer gets ours: with the 200, whose ACK brings the answer, or for early media with a reliable 183,
 * whose PRACK does (RFC 3262 section 5); the 200 then waits for it.
 */
export class IncomingLeg extends Leg {
  readonly request: SipRequest
  readonly #answerTimer: CallTimer
  #trunk: Trunk | undefined
  #phase: 'offered' | 'answering' | 'accepted' | 'rejected' = 'offered'
  #headers: Headers = []
  #wantsEarlyMedia = false
  /** What we said in a 183 must be said again in the 200 (RFC 3261 section 13.3.1.4). */
  #description: Uint8Array | undefined
  /** Offer and answer are done before the 200, which then has nothing to say about them. */
  #isAgreed = false

  constructor(
    host: CallHost,
    session: SessionId,
    request: SipRequest,
    user: string | undefined,
    listener: LegListener,
  ) {
    super(
      host,
      session,
      State.CALL_INCOMING,
      {
        direction: 'inbound',
        from: uriOf(request, 'from'),
        to: uriOf(request, 'to'),
        target: request.uri,
      },
      listener,
    )
    this.request = request
    this.details.earlyMediaPossible = this.offersMedia || takesReliably(request)
    const diversion = diversionOf(request.headers)
    if (diversion !== undefined) this.details.diversion = diversion
    if (user !== undefined) this.details.user = user
    if (request.headers.has('privacy')) this.details.privacy = privacyOf(request.headers)
    this.beginRecord(request.headers.get('call-id') ?? '')
    this.#answerTimer = host.timer(() => this.hangUp('local', Cause.TIMEOUT))
  }

  /** The INVITE brought an offer. */
  get offersMedia(): boolean {
    return this.request.body.length > 0
  }

  protected override get firstTrunk(): Trunk | undefined {
    return this.#trunk
  }

  /** It came by a trunk, which may be believed about who calls. */
  cameBy(trunk: Trunk): void {
    this.#trunk = trunk
    this.details.trunk = trunk.name
    if (trunk.srtp !== undefined) this.media.negotiation.useSrtp(trunk.srtp)
    const [identity] = trunk.isTrusted === true ? identitiesOf(this.request.headers) : []
    if (identity !== undefined) this.details.assertedIdentity = identity.uri
  }

  /** An application of ours calls a service or a conference room of ours. */
  cameInside(target: string): void {
    this.details.target = target
    this.details.to = this.details.target
    this.media.negotiation.stayInside()
  }

  /** Early media is up: a ringtone can be played. */
  get hasEarlyMedia(): boolean {
    return this.#wantsEarlyMedia && this.#description !== undefined && this.media.stream !== undefined
  }

  /** Says 180, or 183 with a session description once the port is bound. */
  ring({
    earlyMedia,
    headers,
    codecs,
  }: {
    earlyMedia: boolean
    headers: Headers
    codecs?: readonly CodecName[]
  }): void {
    if (this.#phase !== 'offered' || this.isEnding) return
    if (codecs !== undefined) this.media.negotiation.useCodecs(codecs)
    if (earlyMedia && this.details.earlyMediaPossible) {
      this.#wantsEarlyMedia = true
      this.#headers = headers
      this.media.open()
      if (this.media.isOpen) this.onMediaOpened()
    } else this.host.sip({ type: 'respond', session: this.session, status: 180, headers })
    this.enter(State.RING_INCOMING)
  }

  /** Binds the port and sends 200; ANSWERED follows with the ACK. `timeoutMs` bounds the wait for it. */
  answer(options: { codecs?: readonly CodecName[]; headers: Headers; timeoutMs?: number }): void {
    if (this.#phase !== 'offered' || this.isEnding) return
    this.#phase = 'answering'
    if (options.codecs !== undefined) this.media.negotiation.useCodecs(options.codecs)
    if (options.timeoutMs !== undefined) this.#answerTimer.setIn(options.timeoutMs)
    this.#headers = options.headers
    this.enter(State.ANSWERING)
    this.media.open()
    if (this.media.isOpen) this.onMediaOpened()
  }

  /** Refuses the call with the status of `cause` and its Reason; or with another status, which then speaks for itself. */
  reject(
    cause: RejectCause,
    { headers, status, phrase }: { headers: Headers; status?: number; phrase?: string },
  ): void {
    if (status === undefined || status === STATUS_OF_REJECT[cause])
      this.#refuse(STATUS_OF_REJECT[cause], cause, 'local', [...headers, ['Reason', REASON_OF_CAUSE[cause]]], phrase)
    else this.#refuse(status, cause, 'local', headers, phrase)
  }

  /** A refusal that is none: nothing is said, and nothing but a proper one is left to do. */
  spoil(): void {
    if (this.#phase === 'offered' && !this.isEnding) this.enter(State.ERROR)
  }

  override hangUp(endedBy: EndedBy, cause: Cause = Cause.NORMAL, told: Cause = cause): void {
    if (this.isEnding) return
    this.#answerTimer.clear()
    if (this.#phase === 'accepted') {
      this.release(cause, endedBy)
      this.dialog.sendRelease('bye', reasonOfRelease(told))
    } else this.#refuse(cause === Cause.ERROR ? 500 : endedBy === 'drain' ? 503 : 480, cause, endedBy)
  }

  protected override onMediaOpened(): void {
    if (this.isEnding) return
    const described = this.#describe()
    if (!described.ok) {
      this.details.reason = { text: described.error }
      this.#refuse(488, Cause.ERROR, 'local')
      return
    }
    if (this.#phase === 'answering') this.#accept(described.value)
    else if (this.#wantsEarlyMedia) {
      const asks = !this.offersMedia && !this.#hasAsked
      this.#respond(183, this.offersMedia || asks ? described.value : undefined, asks)
      this.#hasAsked ||= asks
      this.checkWaiting()
    }
  }

  /** Our offer is in a 183. */
  #hasAsked = false

  #accept(description: Uint8Array): void {
    if (this.#hasAsked && !this.#isAgreed) return
    this.#phase = 'accepted'
    this.#respond(200, this.#isAgreed ? undefined : description)
  }

  #respond(status: number, description: Uint8Array | undefined, reliable = false): void {
    const body = description === undefined ? {} : sdp(description)
    this.host.sip({
      type: 'respond',
      session: this.session,
      status,
      headers: this.#headers,
      ...(reliable && { reliable }),
      ...body,
    })
  }

  protected override onMediaFailed(reason: string): void {
    this.details.reason = { text: reason }
    this.hangUp('network', Cause.ERROR)
  }

  override onSipEvent(event: EndpointEvent): void {
    switch (event.type) {
      case 'cancelled': {
        const reason = releaseReason(event.request.headers.all('reason'))
        this.end(causeOfRelease(reason.q850), 'remote', { rawCause: 487, reason })
        return
      }
      case 'rejected':
        // Unless it was us: nobody has answered in time, or acknowledged that it rings.
        this.end(Cause.TIMEOUT, 'network')
        return
      case 'pracked':
        this.#onPracked(event.prack)
        return
      case 'request':
        // They bring offers before the answer only where a first one was answered reliably (RFC 3311 section 5.2).
        if (event.request.method === 'UPDATE' || event.request.method === 'PRACK') this.#isAgreed = true
        super.onSipEvent(event)
        return
      case 'confirmed':
        if (this.isConnected || this.isEnding) super.onSipEvent(event)
        else this.#onAcknowledged(event.ack)
        return
      case 'ended':
        this.#answerTimer.clear()
        super.onSipEvent(event)
        return
      default:
        super.onSipEvent(event)
    }
  }

  #describe(): Result<Uint8Array> {
    if (this.#description !== undefined) return ok(this.#description)
    const described =
      this.request.body.length > 0
        ? this.media.negotiation.answer(this.request.body)
        : ok(this.media.negotiation.offer())
    if (described.ok) this.#description = described.value
    return described
  }

  #onAcknowledged(ack: SipRequest): void {
    this.#answerTimer.clear()
    if (!this.offersMedia && !this.#isAgreed) {
      const accepted = this.media.negotiation.accept(ack.body)
      if (!accepted.ok) {
        this.details.reason = { text: accepted.error }
        this.hangUp('network', Cause.ERROR)
        return
      }
    }
    this.established()
  }

  #onPracked(prack: SipRequest): void {
    if (this.isEnding) return
    const accepted = this.media.negotiation.accept(prack.body)
    if (!accepted.ok) {
      this.details.reason = { text: accepted.error }
      this.#refuse(488, Cause.ERROR, 'network')
      return
    }
    this.#isAgreed = true
    if (this.#phase === 'answering') this.onMediaOpened()
    else this.checkWaiting()
  }

  #refuse(status: number, cause: Cause, endedBy: EndedBy, headers: Headers = [], phrase?: string): void {
    if (this.isEnding || this.#phase === 'accepted') return
    this.#phase = 'rejected'
    this.release(cause, endedBy)
    this.details.rawCause = status
    this.host.sip({ type: 'respond', session: this.session, status, headers, ...(phrase !== undefined && { phrase }) })
  }
}

/** The caller acknowledges provisional responses, so that they may carry an offer (RFC 3262 section 3). */
function takesReliably({ headers }: SipRequest): boolean {
  return hasWord(headers, 'supported', '100rel') || hasWord(headers, 'require', '100rel')
}
