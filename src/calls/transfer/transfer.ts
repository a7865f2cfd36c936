import type { CallAway } from '../away.ts'
import { ChannelCore } from '../channel-core.ts'
import { Cause, State, TransferCause } from '../enums.ts'
import { FilePlayer } from '../file-player.ts'
import type { CallTimer } from '../host.ts'
import type { Leg } from '../leg.ts'
import { MediaOrTonePlayer } from '../media-or-tone.ts'
import { TonePlayer } from '../players.ts'
import type { TransferPlan } from './transfer-options.ts'
import { type TargetListener, TransferTarget } from './transfer-target.ts'

/** Where a transfer is. */
type Phase =
  | { readonly name: 'beginning' }
  /** Their phones ring. */
  | { readonly name: 'dialling'; readonly targets: Set<TransferTarget> }
  /** One has answered, hears the announcement, and may have to accept the call. */
  | { readonly name: 'briefing'; readonly target: TransferTarget }
  /** The caller's waiting is ended, and the two are connected. */
  | { readonly name: 'joining'; readonly target: TransferTarget }
  | { readonly name: 'together'; readonly target: TransferTarget }
  /** What the caller hears is ended, so that the application can speak. */
  | { readonly name: 'returning' }
  | { readonly name: 'over' }

/**
 * A call that is on its way to a target, or with it, until it is back with its application, or gone: whatever happens, it
 * is in exactly one of the three places. The caller waits with us while targets are called, and only one who has answered,
 * heard the announcement and accepted takes him over.
 *
 *     with the application
 *            |                   next group
 *            |                  +---------+
 *            v                  v         |
 *        dialling (TRANSFERRING) ---------+--- nobody is left ---> returning ---> with the application
 *            | one answers                |                          ^  ^
 *        briefing -- hangs up, refuses ---+                          |  |
 *            | accepts                                               |  |
 *        joining --- hangs up, cannot be connected ------------------+  |
 *            |                                                          |
 *        together (TRANSFERRED) --- is taken back; or target hangs up --+  (RECONNECTING)
 *            |
 *            +--- target hangs up, and nobody waits to have him back ---> gone
 *
 *     The caller hangs up, wherever he is: gone, and every target is let go at once.
 */
export class Transfer implements CallAway, TargetListener {
  /** The caller is with the target, or back, or gone. */
  readonly settled: Promise<void>
  readonly #core: ChannelCore
  readonly #leg: Leg
  readonly #plan: TransferPlan
  /** The channel of the target; without one each target has its own, which no application sees. */
  readonly #carrier: ChannelCore | undefined
  readonly #waiting: MediaOrTonePlayer
  readonly #patience: CallTimer
  #phase: Phase = { name: 'beginning' }
  #groupsDialled = 0
  /** What the target hears before it is connected. */
  #briefing: MediaOrTonePlayer | undefined
  /** The best of what the targets so far have come to. */
  #failure: TransferCause = TransferCause.FAIL
  #settle: () => void = () => {}
  #stopListening: () => void = () => {}

  /** Within a mutation, for a call that is connected and transmits nothing. */
  constructor(core: ChannelCore, leg: Leg, plan: TransferPlan, carrier?: ChannelCore) {
    this.#core = core
    this.#leg = leg
    this.#plan = plan
    this.#carrier = carrier
    this.#waiting = soundBeside(core)
    this.#patience = core.host.timer(() => this.#onOverdue())
    this.settled = new Promise((resolve) => {
      this.#settle = resolve
    })
    core.away = this
    core.transferCause = TransferCause.NONE
    delete leg.details.transfer
    leg.goAway(State.TRANSFERRING)
    this.#stopListening = leg.onEnding(() => this.#onCallerGone())
    if (this.#phase.name === 'over') return
    this.#waiting.startOn(leg, plan.waiting, { loop: true })
    this.#dialNext()
  }

  get isHandedOver(): boolean {
    return this.#phase.name === 'together' && !this.#plan.isRetrievable
  }

  /** The keys of the caller are nothing to the transfer. */
  press(): boolean {
    return false
  }

  leave(): void {
    if (this.#phase.name === 'together') this.#takeBack(this.#phase.target)
  }

  letGo(): boolean {
    if (!this.isHandedOver) return false
    this.#phase = { name: 'over' }
    this.#stopListening()
    this.#core.away = undefined
    return true
  }

  onAnswered(target: TransferTarget): void {
    if (this.#phase.name !== 'dialling') return
    const { targets } = this.#phase
    this.#enter({ name: 'briefing', target })
    for (const other of targets) if (other !== target) other.leg.answeredElsewhere()
  }

  onDigit(target: TransferTarget, digit: string): boolean {
    if (this.#phase.name !== 'briefing' || digit !== this.#plan.acceptDigit) return false
    this.#enter({ name: 'joining', target })
    return true
  }

  onEnding(target: TransferTarget): void {
    const phase = this.#phase
    switch (phase.name) {
      case 'dialling':
        phase.targets.delete(target)
        this.#noteFailure(target, target.failure)
        if (phase.targets.size === 0) this.#dialNext()
        return
      case 'briefing':
        if (phase.target === target) this.#givesUp(target, target.failure)
        return
      case 'joining':
        if (phase.target !== target) return
        this.#noteFailure(target, target.failure)
        this.#enter({ name: 'returning' })
        return
      case 'together':
        if (phase.target !== target) return
        if (this.#plan.isRetrievable) this.#takeBack(target)
        else this.#leg.hangUp('local')
        return
    }
  }

  #enter(next: Phase): void {
    this.#phase = next
    this.#patience.clear()
    switch (next.name) {
      case 'dialling':
        this.#patience.setIn(this.#plan.timeoutMs)
        return
      case 'briefing':
        next.target.leg.goAway(State.TRANSFERRING)
        this.#brief(next)
        return
      case 'joining':
        this.#join(next)
        return
      case 'together':
        this.#core.transferCause = TransferCause.NORMAL
        this.#noteTarget(next.target)
        this.#leg.goAway(State.TRANSFERRED)
        next.target.leg.goAway(State.TRANSFERRED)
        this.#settle()
        return
      case 'returning':
        this.#after(
          this.#waiting.stop().then(() => this.#core.disconnect()),
          () => this.#enter({ name: 'over' }),
        )
        return
      case 'over':
        this.#finish()
        return
    }
  }

  #dialNext(): void {
    const group = this.#plan.groups[this.#groupsDialled++]
    if (group === undefined) {
      this.#enter({ name: 'returning' })
      return
    }
    const targets = new Set<TransferTarget>()
    this.#enter({ name: 'dialling', targets })
    for (const call of group) {
      const core = this.#carrier ?? new ChannelCore(this.#core.host, this.#core.placement)
      const target = new TransferTarget(core, call, this)
      if (core !== this.#carrier) this.#core.callIds.push(target.leg.details.callId)
      targets.add(target)
    }
  }

  #brief(phase: Extract<Phase, { name: 'briefing' }>): void {
    const { target } = phase
    const { announce, acceptDigit, acceptTimeoutMs } = this.#plan
    const onHeard = () => {
      if (acceptDigit === undefined) this.#enter({ name: 'joining', target })
      else this.#patience.setIn(acceptTimeoutMs)
    }
    if (announce === undefined) {
      onHeard()
      return
    }
    const briefing = soundBeside(target.core)
    this.#briefing = briefing
    briefing.startOn(target.leg, announce, { loop: false })
    this.#after(briefing.waitUntilFinished(), onHeard)
  }

  #join({ target }: Extract<Phase, { name: 'joining' }>): void {
    const isSilent = Promise.all([this.#waiting.stop(), this.#briefing?.stop()])
    this.#after(isSilent, () => {
      this.#after(this.#core.join(target.core), (isDone) => {
        if (isDone) this.#enter({ name: 'together', target })
        else {
          this.#noteFailure(target, TransferCause.FAIL)
          this.#enter({ name: 'returning' })
          target.leg.hangUp('local')
        }
      })
    })
  }

  #takeBack(target: TransferTarget): void {
    this.#leg.goAway(State.RECONNECTING)
    // Where the target has gone already, the caller is back before anybody hears of that.
    this.#enter({ name: this.#core.connectedTo === undefined ? 'over' : 'returning' })
    target.leg.hangUp('local')
  }

  /** One who had answered does not take the call. */
  #givesUp(target: TransferTarget, why: TransferCause): void {
    this.#noteFailure(target, why)
    this.#dialNext()
    target.leg.hangUp('local')
  }

  #onOverdue(): void {
    const phase = this.#phase
    if (phase.name === 'briefing') this.#givesUp(phase.target, TransferCause.TARGETREJECT)
    if (phase.name !== 'dialling') return
    for (const target of phase.targets) this.#noteFailure(target, TransferCause.TIMEOUT)
    this.#dialNext()
    for (const { leg } of phase.targets) leg.hangUp('local', Cause.TIMEOUT)
  }

  #onCallerGone(): void {
    const phase = this.#phase
    this.#failure = TransferCause.HANGUP
    this.#enter({ name: 'over' })
    if (phase.name === 'dialling') for (const { leg } of phase.targets) leg.hangUp('local')
    else if ('target' in phase) phase.target.leg.hangUp('local')
  }

  #finish(): void {
    const { transferCause } = this.#core
    this.#stopListening()
    if (transferCause === TransferCause.NONE) this.#core.transferCause = this.#failure
    this.#core.away = undefined
    this.#core.releaseTransmitter()
    this.#leg.comeBack()
    this.#settle()
  }

  #noteFailure(target: TransferTarget, why: TransferCause): void {
    if (this.#leg.details.transfer !== undefined && RANK[this.#failure] <= RANK[why]) return
    this.#failure = why
    this.#noteTarget(target)
  }

  #noteTarget({ leg: { details } }: TransferTarget): void {
    this.#leg.details.transfer = {
      target: details.to,
      callId: details.callId,
      ...(details.rawCause !== undefined && { rawCause: details.rawCause }),
      ...(details.reason !== undefined && { reason: details.reason }),
    }
  }

  /** Goes on as a mutation when `done` has resolved, unless something else has happened meanwhile. */
  #after<Value>(done: Promise<Value>, goOn: (value: Value) => void): void {
    const phase = this.#phase
    void done.then((value) =>
      this.#core.host.post(() => {
        if (this.#phase === phase) goOn(value)
      }),
    )
  }
}

/** Of several failures the one is told that says most of a target. */
const RANK: Readonly<Record<TransferCause, number>> = {
  HANGUP: 0,
  TARGETHANGUP: 1,
  TARGETREJECT: 2,
  TIMEOUT: 3,
  FAIL: 4,
  NORMAL: 5,
  NONE: 6,
}

/** Plays to the call of a channel, beside the players of the application, which cannot play at present. */
function soundBeside({ host, placement }: ChannelCore): MediaOrTonePlayer {
  const beside = new ChannelCore(host, placement)
  return new MediaOrTonePlayer(beside, new FilePlayer(beside), new TonePlayer(beside))
}
