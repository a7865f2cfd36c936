import type { ReferId } from '../../sip/index.ts'
import type { CallAway } from '../away.ts'
import { causeOfResponse, type ReleaseReason } from '../cause-map.ts'
import type { ChannelCore } from '../channel-core.ts'
import { State, TransferCause } from '../enums.ts'
import type { CallTimer, ReferEvent } from '../host.ts'
import type { Leg } from '../leg.ts'
import { CAUSE_OF_TARGET } from '../transfer/transfer-target.ts'

/** Whom a far end is asked to call. */
export interface Referral {
  /** His URI. Default: that of the far end of `replaces`. */
  readonly to?: string
  /** A connected call of ours to him, whose place the new one is to take (Replaces, RFC 3891). */
  readonly replaces?: Leg
  readonly headers: readonly (readonly [name: string, value: string])[]
}

/** A call of ours to the target, whose place the far end is to take. */
export interface Consultation {
  readonly core: ChannelCore
  readonly leg: Leg
}

/** What a far end is asked, once that has been checked. */
export interface ReferPlan {
  /** The URI that it is to call. Default: the far end of the consultation. */
  readonly to?: string
  readonly consultation?: Consultation
  /** The target, for `details.transfer`. */
  readonly target: string
  /** How long to wait for the last report, in ms. */
  readonly timeoutMs: number
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** The two hear each other here for good, and stay so when nothing comes of it: does what that takes. Default: they do not. */
  readonly keep?: () => void
}

type ReferDone = Extract<ReferEvent, { type: 'referDone' }>

/**
 * A call whose far end has been asked to call somebody by itself (REFER, RFC 3515), until that has come to pass, or not.
 * That it accepts means nothing yet: what it reports of its call decides.
 *
 *     with the application
 *            | REFER
 *            v          refused; reports 300-699, or nothing; too late
 *        asking (TRANSFERRING) ---------------------------------------> with the application
 *            |   | reports 2xx
 *            |   +----------------> TRANSFERRED --- we hang up ---> gone: it is with the target
 *            | hangs up
 *            +--- has not accepted -------------------------------> gone (HANGUP)
 *            +--- has accepted ---> its reports are waited for ---> gone: as they say, or HANGUP
 *
 * A consultation is over as soon as the target has the other call in its place. That is heard before or after the report
 * of it, so a target that goes while the far end is asked is waited for as well.
 */
export class SentRefer implements CallAway {
  readonly isHandedOver: boolean
  /** It is known how it went. */
  readonly settled: Promise<void>
  /** The status with which the far end refused to call anybody. */
  refusal: number | undefined
  readonly #core: ChannelCore
  readonly #leg: Leg
  readonly #plan: ReferPlan
  readonly #refer: ReferId
  readonly #patience: CallTimer
  readonly #stopListening: () => void
  #isAccepted = false
  #isOver = false
  #settle: () => void = () => {}

  /** Within a mutation, for calls that are connected and transmit nothing. */
  constructor(core: ChannelCore, leg: Leg, plan: ReferPlan) {
    const { host } = core
    const { consultation, headers, to, target, timeoutMs } = plan
    this.#core = core
    this.#leg = leg
    this.#plan = plan
    this.isHandedOver = plan.keep !== undefined
    this.#refer = host.nextId()
    this.settled = new Promise((resolve) => {
      this.#settle = resolve
    })
    this.#patience = host.timer(() => this.#onOverdue())
    this.#patience.setIn(timeoutMs)
    core.transferCause = TransferCause.NONE
    leg.details.transfer = { target }
    for (const each of this.#calls) {
      each.core.away = this
      if (!this.isHandedOver) each.leg.goAway(State.TRANSFERRING)
    }
    const onCaller = leg.onEnding(() => this.#onHungUp())
    const onTarget = consultation?.leg.onEnding(() => this.#onTargetGone())
    this.#stopListening = () => {
      onCaller()
      onTarget?.()
    }
    host.onRefer(this.#refer, (event) => this.#onEvent(event))
    leg.dialog.sendRefer(this.#refer, {
      headers,
      ...(to !== undefined && { to }),
      ...(consultation && { replaces: consultation.leg }),
    })
  }

  /** Keys mean nothing here. */
  press(): boolean {
    return false
  }

  /** What a far end was asked cannot be taken back. */
  leave(): void {}

  letGo(): boolean {
    return false
  }

  get #calls(): readonly Consultation[] {
    const { consultation } = this.#plan
    const own = { core: this.#core, leg: this.#leg }
    return consultation === undefined ? [own] : [own, consultation]
  }

  #onEvent(event: ReferEvent): void {
    switch (event.type) {
      case 'referAccepted':
        this.#isAccepted = true
        return
      case 'referProgress':
        this.#isAccepted = true
        this.#report(event)
        return
      case 'referDone':
        // One that comes too late for the transfer is told all the same.
        if (event.cause === 'reported') this.#report(event)
        this.#core.host.onRefer(this.#refer, undefined)
        this.#onDone(event)
        return
    }
  }

  #report({ status = 0, phrase = '' }: { readonly status?: number; readonly phrase?: string }): void {
    if (this.#core.leg === this.#leg) this.#core.emit({ type: 'transferProgress', status, phrase })
  }

  #onDone({ cause, status, phrase, response, detail }: ReferDone): void {
    if (this.#isOver) return
    if (cause === 'refused') this.refusal = status
    if (cause === 'reported' && status !== undefined && status < 300) this.#succeed()
    else this.#fail(this.#causeOf(cause, status), status, phrase ?? response?.phrase ?? detail)
  }

  #causeOf(cause: ReferDone['cause'], status: number | undefined): TransferCause {
    // What became of it is not known, for whoever could have told has gone.
    if (this.#leg.isEnding && cause !== 'reported') return TransferCause.HANGUP
    if (this.#plan.consultation?.leg.isEnding) return TransferCause.TARGETHANGUP
    return cause === 'reported' ? CAUSE_OF_TARGET[causeOfResponse(status ?? 0)] : TransferCause.FAIL
  }

  #succeed(): void {
    const { consultation } = this.#plan
    this.#core.transferCause = TransferCause.NORMAL
    this.#leg.goAway(State.TRANSFERRED)
    consultation?.leg.goAway(State.TRANSFERRED)
    this.#stopListening()
    this.#leg.hangUp('local')
    // The target ends it by itself (RFC 3891 section 3); if not, it is of no use to anybody.
    consultation?.leg.hangUp('local')
    this.#end()
  }

  #fail(cause: TransferCause, status?: number, text?: string): void {
    this.#core.transferCause = cause
    const reason: ReleaseReason = {
      ...(status !== undefined && { sip: status }),
      ...(text !== undefined && text !== '' && { text }),
    }
    this.#leg.details.transfer = {
      target: this.#plan.target,
      ...(status !== undefined && { rawCause: status }),
      ...(Object.keys(reason).length > 0 && { reason }),
    }
    this.#end()
  }

  /** Its reports may come after it has hung up (RFC 5057 section 5), as of many phones they do. */
  #onHungUp(): void {
    if (this.#isAccepted) this.#patience.setIn(LATE_REPORT_MS)
    else this.#fail(TransferCause.HANGUP)
  }

  #onTargetGone(): void {
    this.#patience.setIn(LATE_REPORT_MS)
  }

  #onOverdue(): void {
    if (this.#leg.isEnding) this.#fail(TransferCause.HANGUP)
    else if (this.#plan.consultation?.leg.isEnding) this.#fail(TransferCause.TARGETHANGUP)
    else this.#fail(TransferCause.TIMEOUT, undefined, 'the far end has not reported how it went')
  }

  #end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#patience.clear()
    this.#stopListening()
    for (const { core } of this.#calls) core.away = undefined
    if (this.#plan.keep === undefined)
      for (const { core, leg } of this.#calls) {
        core.releaseTransmitter()
        leg.comeBack()
      }
    else if (this.#core.transferCause !== TransferCause.NORMAL) this.#plan.keep()
    this.#settle()
  }
}

/** How long a report may take that is on its way when a call ends: a lost one is sent again for so long. */
const LATE_REPORT_MS = 10_000
