import type { CallAway } from '../away.ts'
import { ChannelCore } from '../channel-core.ts'
import { Cause, State, TransferCause } from '../enums.ts'
import type { CallTimer } from '../host.ts'
import type { Leg } from '../leg.ts'
import type { MediaOrTonePlayer } from '../media-or-tone.ts'
import { prepareMedia } from '../open-media.ts'
import { TransferCourse } from './transfer-course.ts'
import type { TransferPhase } from './transfer-diagram.ts'
import type { TransferPlan } from './transfer-options.ts'
import { type TargetListener, TransferTarget } from './transfer-target.ts'
import { soundBeside, WaitingSound } from './waiting-sound.ts'

/**
 * A call that is on its way to a target, or with it, until it is back with its application, or gone: whatever happens, it
 * is in exactly one of the three places. The caller waits with us while targets are called, and only one who has answered,
 * heard the announcement and accepted takes him over. When one does not, the next is called. Every step stands in
 * `transfer-diagram.ts`; here is what follows from them.
 */
export class Transfer implements CallAway, TargetListener {
  readonly #core: ChannelCore
  readonly #leg: Leg
  readonly #plan: TransferPlan
  /** The channel of the target; without one each target has its own, which no application sees. */
  readonly #carrier: ChannelCore | undefined
  readonly #course: TransferCourse
  readonly #waiting: WaitingSound
  readonly #patience: CallTimer
  /** Those whose phones ring. */
  readonly #ringing = new Set<TransferTarget>()
  /** The one who has answered. */
  #target: TransferTarget | undefined
  #groupsDialled = 0
  /** What the target hears before it is connected. */
  #briefing: MediaOrTonePlayer | undefined
  /** The best of what the targets so far have come to. */
  #failure: TransferCause = TransferCause.FAIL

  /** Within a mutation, for a call that is connected and transmits nothing. */
  constructor(core: ChannelCore, leg: Leg, plan: TransferPlan, carrier?: ChannelCore) {
    this.#core = core
    this.#leg = leg
    this.#plan = plan
    this.#carrier = carrier
    this.#waiting = new WaitingSound(core, leg, plan.waiting)
    this.#patience = core.host.timer(() => this.#onOverdue())
    this.#course = new TransferCourse(core, leg, 'dialling', (phase, from) => this.#onEntered(phase, from))
    this.#course.begin(this)
    if (this.#course.isOver) return
    this.#waiting.begin()
    if (plan.announce !== undefined) void prepareMedia(core.host, plan.announce, plan.announceHz)
    this.#dial()
  }

  /** The caller is with the target, or back, or gone. */
  get settled(): Promise<void> {
    return this.#course.settled
  }

  get isHandedOver(): boolean {
    return this.#course.phase === 'together' && !this.#plan.isRetrievable
  }

  /** The keys of the caller are nothing to the transfer. */
  press(): boolean {
    return false
  }

  leave(): void {
    this.#course.take('retrieved')
  }

  letGo(): boolean {
    return this.isHandedOver && this.#course.take('handedOn')
  }

  onAnswered(target: TransferTarget): void {
    if (!this.#ringing.delete(target)) return
    this.#target = target
    this.#course.take('answered')
  }

  onDigit(target: TransferTarget, digit: string): boolean {
    if (target !== this.#target || digit !== this.#plan.acceptDigit) return false
    return this.#course.take('accepted')
  }

  onEnding(target: TransferTarget): void {
    if (this.#ringing.delete(target)) {
      this.#noteFailure(target, target.failure)
      if (this.#ringing.size === 0) this.#goOn()
    } else if (target === this.#target) {
      const isTogether = this.#course.phase === 'together'
      this.#target = undefined
      if (!isTogether) this.#givesUp(target, target.failure)
      else this.#course.take(this.#plan.isRetrievable ? 'retrieved' : 'released')
    }
  }

  /** Media, timers and targets become what the phase says. */
  #onEntered(phase: TransferPhase, from: TransferPhase): void {
    this.#patience.clear()
    switch (phase) {
      case 'dialling':
        // Whoever was not connected after all is with us again, and waits.
        if (from === 'joining') this.#waiting.begin()
        this.#dial()
        return
      case 'briefing':
        for (const { leg } of this.#takeRinging()) leg.answeredElsewhere()
        this.#target?.leg.goAway(State.TRANSFERRING)
        this.#brief()
        return
      case 'joining':
        this.#join()
        return
      case 'together':
        if (this.#target !== undefined) this.#noteTarget(this.#target)
        this.#target?.leg.goAway(State.TRANSFERRED)
        return
      case 'returning':
        this.#return(from)
        return
      case 'handedOn':
        this.#target = undefined
        return
      case 'gone':
        for (const { leg } of this.#takeRinging()) leg.hangUp('local')
        this.#hangUpOnTarget()
        // Nothing happens when it was he who has gone.
        this.#leg.hangUp('local')
        return
    }
  }

  #dial(): void {
    this.#patience.setIn(this.#plan.timeoutMs)
    for (const call of this.#plan.groups[this.#groupsDialled++] ?? []) {
      const core = this.#carrier ?? new ChannelCore(this.#core.host, this.#core.placement)
      const target = new TransferTarget(core, call, this)
      if (core !== this.#carrier) this.#core.callIds.push(target.leg.details.callId)
      this.#ringing.add(target)
    }
  }

  #brief(): void {
    const { announce, announceHz, acceptDigit, acceptTimeoutMs } = this.#plan
    const onHeard = () => {
      if (acceptDigit === undefined) this.#course.take('accepted')
      else this.#patience.setIn(acceptTimeoutMs)
    }
    const target = this.#target
    if (announce === undefined || target === undefined) {
      onHeard()
      return
    }
    this.#briefing = soundBeside(target.core)
    this.#briefing.startOn(target.leg, announce, { loop: false, mostHz: announceHz })
    this.#course.after(this.#briefing.waitUntilFinished(), onHeard)
  }

  #join(): void {
    const target = this.#target as TransferTarget
    const isSilent = Promise.all([this.#waiting.stop(), this.#briefing?.stop()])
    this.#course.after(isSilent, () => {
      this.#course.after(this.#core.join(target.core, this.#plan.mayReleaseMedia), (isDone) => {
        if (isDone) this.#course.take('joined')
        else this.#givesUp(target, TransferCause.FAIL)
      })
    })
  }

  /** Where the target has gone already, the caller is back before anybody hears of that. */
  #return(from: TransferPhase): void {
    if (from === 'together' && this.#core.connectedTo === undefined) this.#course.take('silent')
    else
      this.#course.after(
        this.#waiting.stop().then(() => this.#core.disconnect()),
        () => this.#course.take('silent'),
      )
    this.#hangUpOnTarget()
  }

  /** One who had answered does not take the call. */
  #givesUp(target: TransferTarget, why: TransferCause): void {
    this.#noteFailure(target, why)
    this.#target = undefined
    this.#goOn()
    target.leg.hangUp('local')
  }

  #onOverdue(): void {
    if (this.#course.phase === 'briefing' && this.#target !== undefined) {
      this.#givesUp(this.#target, TransferCause.TARGETREJECT)
      return
    }
    const overdue = this.#takeRinging()
    for (const target of overdue) this.#noteFailure(target, TransferCause.TIMEOUT)
    this.#goOn()
    for (const { leg } of overdue) leg.hangUp('local', Cause.TIMEOUT)
  }

  /** Nobody of those who were called takes the call. */
  #goOn(): void {
    const isLast = this.#groupsDialled === this.#plan.groups.length
    this.#course.take(isLast ? 'refused' : 'next', this.#failure)
  }

  #takeRinging(): readonly TransferTarget[] {
    const ringing = [...this.#ringing]
    this.#ringing.clear()
    return ringing
  }

  #hangUpOnTarget(): void {
    const target = this.#target
    this.#target = undefined
    target?.leg.hangUp('local')
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
