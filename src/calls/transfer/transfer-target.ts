import type { ChannelCore } from '../channel-core.ts'
import type { ChannelEvent } from '../channel-events.ts'
import { Cause, type State, TransferCause } from '../enums.ts'
import type { LegListener } from '../leg.ts'
import type { Placement } from '../leg-media.ts'
import { type OutgoingCall, OutgoingLeg } from '../outgoing-leg.ts'

/** What a target tells the transfer. */
export interface TargetListener {
  /** It rings, or says something else before it answers. */
  onProgress?(target: TransferTarget, status: number, phrase: string): void
  onAnswered(target: TransferTarget): void
  /** It has gone, or is going: refused, hung up, given up. */
  onEnding(target: TransferTarget): void
  /** @returns whether the digit was for the transfer, and so for nobody else */
  onDigit(target: TransferTarget, digit: string): boolean
}

/** One whom a caller may be transferred to: his call, on a channel of its own. */
export class TransferTarget implements LegListener {
  readonly placement: Placement
  readonly core: ChannelCore
  readonly leg: OutgoingLeg
  readonly #listener: TargetListener
  #wasAnswered = false

  /** Within a mutation: calls him. */
  constructor(core: ChannelCore, call: OutgoingCall, listener: TargetListener) {
    this.core = core
    this.placement = core.placement
    this.#listener = listener
    this.leg = new OutgoingLeg(core.host, call, this)
    core.attach(this.leg)
    this.leg.onEnding(() => this.#listener.onEnding(this))
  }

  /** How a transfer went whose target has ended before the caller was with him. */
  get failure(): TransferCause {
    // Broken, or its channel hung up by the application.
    if (this.#wasAnswered && (this.leg.isBroken || this.leg.endingBy === 'local')) return TransferCause.FAIL
    if (this.#wasAnswered) return TransferCause.TARGETHANGUP
    return CAUSE_OF_TARGET[this.leg.endingCause ?? Cause.OTHER]
  }

  onState(state: State): void {
    this.core.onState(state)
    if (this.#wasAnswered || !this.leg.isConnected) return
    this.#wasAnswered = true
    this.#listener.onAnswered(this)
  }

  emit(event: ChannelEvent): void {
    this.core.emit(event)
    if (event.type === 'progress') this.#listener.onProgress?.(this, event.status, event.phrase)
  }

  onDigit(digit: string, isSignalled: boolean): void {
    if (!this.#listener.onDigit(this, digit)) this.core.onDigit(digit, isSignalled)
  }

  onUnbridged(): void {
    this.core.onUnbridged()
  }
}

/** Whoever answers for the target refuses; where nobody could be asked, the transfer has failed. */
export const CAUSE_OF_TARGET: Readonly<Record<Cause, TransferCause>> = {
  BUSY: TransferCause.TARGETREJECT,
  NOANSWER: TransferCause.TARGETREJECT,
  UNOBTAINABLE: TransferCause.TARGETREJECT,
  CHANGED: TransferCause.TARGETREJECT,
  BARRED: TransferCause.TARGETREJECT,
  REJECTED: TransferCause.TARGETREJECT,
  FAILED: TransferCause.TARGETREJECT,
  OTHER: TransferCause.TARGETREJECT,
  TIMEOUT: TransferCause.TIMEOUT,
  OUTOFORDER: TransferCause.FAIL,
  NOCHANNELS: TransferCause.FAIL,
  CONGESTION: TransferCause.FAIL,
  ERROR: TransferCause.FAIL,
  // Its channel was hung up by the application.
  NORMAL: TransferCause.FAIL,
}
