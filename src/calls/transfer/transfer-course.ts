import type { CallAway } from '../away.ts'
import type { ChannelCore } from '../channel-core.ts'
import { State, TransferCause } from '../enums.ts'
import type { Leg } from '../leg.ts'
import { TRANSFER_DIAGRAM, type TransferPhase, type TransferStep } from './transfer-diagram.ts'

/**
 * The way of a call that is transferred, from its application to a target or a room and back, or to its end: one step of
 * the diagram after the other. Whatever happens, the caller is in exactly one place, and the channel says which.
 */
export class TransferCourse {
  /** The caller is there, or back, or gone. */
  readonly settled: Promise<void>
  readonly #core: ChannelCore
  readonly #leg: Leg
  readonly #onEntered: (phase: TransferPhase, from: TransferPhase) => void
  #phase: TransferPhase
  #steps = 0
  /** Of a transfer that did not come to pass: the first that was told. */
  #failure: TransferCause | undefined
  #settle: () => void = () => {}
  #stopListening: () => void = () => {}

  /**
   * Within a mutation, for a call that is connected and whose transmitter the transfer has.
   * @param onEntered media and targets become what the phase says
   */
  constructor(
    core: ChannelCore,
    leg: Leg,
    first: 'dialling' | 'joining',
    onEntered: (phase: TransferPhase, from: TransferPhase) => void,
  ) {
    this.#core = core
    this.#leg = leg
    this.#phase = first
    this.#onEntered = onEntered
    this.settled = new Promise((resolve) => {
      this.#settle = resolve
    })
  }

  /** Begins; `away` hears of the caller's keys from now on, and the end of his call is a step. */
  begin(away: CallAway): void {
    this.#core.away = away
    this.#core.transferCause = TransferCause.NONE
    delete this.#leg.details.transfer
    this.#leg.goAway(State.TRANSFERRING)
    this.#stopListening = this.#leg.onEnding(() => this.take('callerGone', TransferCause.HANGUP))
  }

  get phase(): TransferPhase {
    return this.#phase
  }

  get isOver(): boolean {
    return this.#phase === 'back' || this.#phase === 'gone' || this.#phase === 'handedOn'
  }

  /**
   * Takes a step, if the diagram has it here; one that it has not came too late.
   * @param failure why the caller was never there, of a step after which he comes back or goes
   */
  take(step: TransferStep, failure?: TransferCause): boolean {
    const from = this.#phase
    const to = TRANSFER_DIAGRAM[from][step]
    if (to === undefined) return false
    this.#phase = to
    this.#steps++
    if (to === 'returning' || this.isOver) this.#failure ??= failure
    if (to === 'together') {
      this.#core.transferCause = TransferCause.NORMAL
      this.#leg.goAway(State.TRANSFERRED)
    } else if (to === 'returning' && from === 'together') this.#leg.goAway(State.RECONNECTING)
    else if (this.isOver) this.#end()
    this.#onEntered(to, from)
    if (to === 'together' || this.isOver) this.#settle()
    return true
  }

  /** Goes on as a mutation when `done` has resolved, unless a step was taken meanwhile. */
  after<Value>(done: Promise<Value>, goOn: (value: Value) => void): void {
    const steps = this.#steps
    void done.then((value) =>
      this.#core.host.post(() => {
        if (this.#steps === steps) goOn(value)
      }),
    )
  }

  #end(): void {
    this.#stopListening()
    const core = this.#core
    if (core.transferCause === TransferCause.NONE) core.transferCause = this.#failure ?? TransferCause.FAIL
    core.away = undefined
    if (this.#phase !== 'handedOn') core.releaseTransmitter()
    if (this.#phase === 'back') this.#leg.comeBack()
  }
}
