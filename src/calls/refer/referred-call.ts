import type { CallAway } from '../away.ts'
import { STATUS_OF_REJECT } from '../cause-map.ts'
import { ChannelCore } from '../channel-core.ts'
import { Cause, State } from '../enums.ts'
import type { CallTimer } from '../host.ts'
import type { Leg } from '../leg.ts'
import type { MediaOrTone } from '../media-or-tone.ts'
import type { OutgoingCall } from '../outgoing-leg.ts'
import { type Side, Together } from '../transfer/together.ts'
import { type TargetListener, TransferTarget } from '../transfer/transfer-target.ts'
import { WaitingSound } from '../transfer/waiting-sound.ts'

/** Who is told how it goes: the far end that has asked for it. */
export interface ReferralListener {
  /** The target rings, or says something else before it answers. */
  onProgress(status: number, phrase: string): void
  /** @param status 200: the call is with the target. Anything else: it is where it was, or gone */
  onOver(status: number, phrase?: string): void
}

/** How the target is called. */
export interface ReferralPlan {
  readonly call: OutgoingCall
  readonly timeoutMs: number
  /** What the transferee hears once nobody else is with him. */
  readonly waiting: MediaOrTone
}

type Phase =
  | { readonly name: 'dialling'; readonly target: TransferTarget }
  | { readonly name: 'joining'; readonly target: TransferTarget }
  | { readonly name: 'over' }

/**
 * Two calls that are connected, of which one (the transferor) has asked that the other (the transferee) be transferred. They
 * stay connected until the target has answered, so that a target which does not exist, or does not want, changes nothing.
 * Only where the transferor listens no longer, for it holds us or has gone, the transferee hears ringback instead.
 *
 *     connected --> dialling --- answers --> joining --> the transferee is with the target; the transferor is free
 *         ^            |  the target refuses, is too late            |
 *         +------------+---------------------------------------------+ cannot be joined
 *                      |
 *                      +--- the transferee hangs up: the target is cancelled at once
 *
 * Who is left alone goes back to his application, and is hung up on where there is none.
 */
export class ReferredCall implements TargetListener {
  readonly #transferor: Side
  readonly #transferee: Side
  readonly #listener: ReferralListener
  readonly #waiting: WaitingSound
  readonly #patience: CallTimer
  /** The two had each other for good. */
  readonly #isHandedOver: boolean
  readonly #stopListening: () => void
  #phase: Phase
  #isWaiting = false

  /** Within a mutation, for calls that {@link canBeReferred}. */
  constructor(transferor: Side, transferee: Side, plan: ReferralPlan, listener: ReferralListener) {
    const { host } = transferee.core
    this.#transferor = transferor
    this.#transferee = transferee
    this.#listener = listener
    this.#waiting = new WaitingSound(transferee.core, transferee.leg, plan.waiting)
    this.#isHandedOver = letGo(transferor, transferee)
    for (const { core, leg } of [transferor, transferee]) {
      core.away = this.#away
      leg.goAway(State.TRANSFERRING)
    }
    const core = new ChannelCore(host, transferee.core.placement)
    core.maxForwards = plan.call.maxForwards
    const target = new TransferTarget(core, plan.call, this)
    transferee.core.callIds.push(target.leg.details.callId)
    this.#phase = { name: 'dialling', target }
    this.#patience = host.timer(() => target.leg.hangUp('local', Cause.TIMEOUT))
    this.#patience.setIn(plan.timeoutMs)
    const onTransferor = transferor.leg.onEnding(() => this.#onTransferorGone())
    const onTransferee = transferee.leg.onEnding(() => this.#onTransfereeGone())
    this.#stopListening = () => {
      onTransferor()
      onTransferee()
    }
    if (transferor.leg.media.negotiation.holds.isHeld) this.#letWait()
  }

  onProgress(_: TransferTarget, status: number, phrase: string): void {
    if (this.#phase.name === 'dialling') this.#listener.onProgress(status, phrase)
  }

  onAnswered(target: TransferTarget): void {
    if (this.#phase.name !== 'dialling') return
    this.#phase = { name: 'joining', target }
    this.#patience.clear()
    const isAlone = this.#waiting.stop().then(() => this.#transferee.core.disconnect())
    void isAlone.then(() => this.#post(() => this.#join(target)))
  }

  onEnding(target: TransferTarget): void {
    if (this.#phase.name === 'over' || this.#phase.target !== target) return
    const { status, phrase } = statusOfEnding(target.leg)
    this.#fail(status, phrase)
  }

  onDigit(): boolean {
    return false
  }

  get #away(): CallAway {
    return {
      isHandedOver: this.#isHandedOver,
      press: () => false,
      leave: () => {},
      letGo: () => false,
    }
  }

  #join(target: TransferTarget): void {
    if (this.#phase.name !== 'joining') return
    this.#stopListening()
    const pair = new Together(this.#transferee, { core: target.core, leg: target.leg })
    void pair.settled.then((isDone) =>
      this.#post(() => {
        if (isDone) this.#succeed()
        else {
          target.leg.hangUp('local')
          this.#fail(this.#transferee.leg.isEnding ? 487 : 500)
        }
      }),
    )
  }

  #succeed(): void {
    this.#phase = { name: 'over' }
    this.#listener.onOver(200)
    free(this.#transferor)
  }

  #fail(status: number, phrase?: string): void {
    const { name } = this.#phase
    if (name === 'over') return
    this.#phase = { name: 'over' }
    this.#patience.clear()
    this.#stopListening()
    this.#listener.onOver(status, phrase)
    void this.#waiting.stop().then(() => this.#post(() => this.#giveBack()))
  }

  /** All is as it was, as far as both are still there. */
  #giveBack(): void {
    const [one, other] = [this.#transferor, this.#transferee]
    const areBoth = !one.leg.isEnding && !other.leg.isEnding
    const isConnected = one.core.connectedTo === other.core
    if (areBoth && this.#isHandedOver) {
      new Together(one, other, isConnected)
      return
    }
    free(one)
    free(other)
    if (areBoth && !isConnected) void one.core.connect(other.core).catch(() => {})
  }

  #onTransferorGone(): void {
    this.#transferor.core.away = undefined
    this.#letWait()
  }

  #onTransfereeGone(): void {
    const phase = this.#phase
    if (phase.name === 'over') return
    this.#fail(487)
    phase.target.leg.hangUp('local')
  }

  /** The transferee hears ringback, for the transferor does not hear him. */
  #letWait(): void {
    const { core } = this.#transferee
    if (this.#isWaiting || this.#phase.name !== 'dialling') return
    this.#isWaiting = true
    void core.disconnect().then(() =>
      this.#post(() => {
        if (this.#phase.name === 'dialling') this.#waiting.begin()
      }),
    )
  }

  #post(action: () => void): void {
    this.#transferee.core.host.post(action)
  }
}

/** Whether two calls are with each other only, so that one may be transferred by the other. */
export function canBeReferred(transferor: Side, transferee: Side): boolean {
  return [transferor, transferee].every(
    ({ core, leg }) =>
      leg.isConnected &&
      !leg.isEnding &&
      leg.state !== State.TRANSFERRING &&
      (core.away === undefined || core.away.isHandedOver),
  )
}

/** @returns whether the two had each other for good */
export function letGo(...sides: readonly Side[]): boolean {
  const caring = sides.filter(({ core }) => core.away !== undefined)
  for (const { core } of caring) core.away?.letGo()
  return caring.length > 0
}

/** With its application again; hung up on where it has none. */
export function free({ core, leg }: Side): void {
  if (core.leg !== leg) return
  core.away = undefined
  leg.comeBack()
  if (!core.hasApplication) leg.hangUp('local')
}

/** What is told of a call that was asked for and has ended, or is about to. */
export function statusOfEnding({ details: { rawCause, reason }, endingCause }: Leg): {
  readonly status: number
  readonly phrase: string | undefined
} {
  if (rawCause !== undefined && rawCause >= 300) return { status: rawCause, phrase: reason?.text }
  return { status: statusOf(endingCause), phrase: undefined }
}

/** What is told of a call that ended without a SIP status. */
function statusOf(cause: Cause = Cause.OTHER): number {
  const known: Readonly<Partial<Record<Cause, number>>> = STATUS_OF_REJECT
  return known[cause] ?? (cause === Cause.TIMEOUT ? 408 : cause === Cause.NORMAL ? 487 : 500)
}
