import type { CodecName } from '../media/index.ts'
import type { EndpointEvent, SipResponse } from '../sip/index.ts'
import type { Route } from './destination.ts'
import type { EndedBy } from './details.ts'
import { Cause, State } from './enums.ts'
import type { CallHost, CallTimer } from './host.ts'
import { Leg, type LegListener, sdp } from './leg.ts'

export interface OutgoingCall {
  readonly to: string
  readonly route: Route
  readonly from: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** `null`: no limit. */
  readonly timeoutMs: number | null
  readonly codecs?: readonly CodecName[]
}

/**
 * A call that we place.
 *
 *     opening media -> inviting -> (ringing) -> ANSWERED
 *          |              |            |
 *          +--------------+------------+--> IDLE with the far end's cause, or TIMEOUT after our CANCEL
 */
export class OutgoingLeg extends Leg {
  readonly #call: OutgoingCall
  readonly #answerTimer: CallTimer
  #phase: 'opening' | 'inviting' | 'established' = 'opening'
  /** The far end has said something, so it will hear of the end too. */
  #hasRung = false

  constructor(host: CallHost, call: OutgoingCall, listener: LegListener) {
    super(
      host,
      host.nextId(),
      State.CALL_OUTGOING,
      { direction: 'outbound', from: call.from, to: call.to, target: call.route.uri },
      listener,
    )
    this.#call = call
    this.#answerTimer = host.timer(() => this.hangUp('local', Cause.TIMEOUT))
    if (call.timeoutMs !== null) this.#answerTimer.setIn(call.timeoutMs)
    if (call.codecs === undefined) this.media.preferCodecNearby()
    else this.media.useCodecs(call.codecs)
    if (call.route.srtp !== undefined) this.media.useSrtp(call.route.srtp)
    if (host.hasRoom) this.media.open()
    else host.post(() => this.end(Cause.NOCHANNELS, 'local'))
  }

  override hangUp(endedBy: EndedBy, cause: Cause = Cause.NORMAL): void {
    if (this.isEnding) return
    this.#answerTimer.clear()
    if (this.#phase === 'opening') {
      this.end(cause, endedBy)
      return
    }
    this.release(cause, endedBy, this.#hasRung ? undefined : UNHEARD_WAIT_MS)
    this.host.sip({ type: this.#phase === 'inviting' ? 'cancel' : 'bye', session: this.session })
  }

  protected override onMediaOpened(): void {
    if (this.isEnding) return
    const { route, from, headers } = this.#call
    this.#phase = 'inviting'
    this.host.sip({
      type: 'invite',
      session: this.session,
      to: route.uri,
      ...(from !== '' && { from }),
      headers,
      ...sdp(this.media.offer()),
      ...(route.credentials && { credentials: route.credentials }),
      ...(route.via && { via: route.via }),
    })
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
      case 'failed':
        this.#answerTimer.clear()
        if (event.cause === 'response' && event.response !== undefined) this.endByResponse(event.response)
        else if (event.cause === 'timeout') this.end(Cause.TIMEOUT, 'network', { rawCause: 408 })
        else if (event.cause === 'transport')
          this.end(Cause.OUTOFORDER, 'network', { ...(event.detail && { reason: { text: event.detail } }) })
        else
          this.end(Cause.NORMAL, 'local', { ...(event.response !== undefined && { rawCause: event.response.status }) })
        return
      default:
        super.onSipEvent(event)
    }
  }

  #onProgress(response: SipResponse): void {
    this.details.sipCallId ??= response.headers.get('call-id') ?? ''
    this.#hasRung = true
    if (this.isEnding) return
    this.emit({ type: 'progress', status: response.status, phrase: response.phrase })
    if (response.body.length > 0 && this.media.accept(response.body).ok) this.details.earlyMediaPossible = true
    if (response.status === 180 || response.status === 183) this.enter(State.RING_OUTGOING)
  }

  #onAnswered(response: SipResponse): void {
    this.#answerTimer.clear()
    this.details.sipCallId ??= response.headers.get('call-id') ?? ''
    this.#phase = 'established'
    this.#hasRung = true
    const accepted = response.body.length > 0 ? this.media.accept(response.body) : undefined
    if (accepted?.ok === false || this.media.stream === undefined) {
      this.details.reason = { text: accepted?.ok === false ? accepted.error : 'answered without a session description' }
      this.hangUp('network', Cause.ERROR)
      return
    }
    this.established()
  }
}

/** A far end that was never heard cannot be told (RFC 3261 section 9.1), so the application need not wait for it. */
const UNHEARD_WAIT_MS = 500
