import type { CallAway } from '../away.ts'
import type { ChannelCore } from '../channel-core.ts'
import { State } from '../enums.ts'
import type { Leg } from '../leg.ts'

/** A call, and the channel that it is on. */
export interface Side {
  readonly core: ChannelCore
  readonly leg: Leg
}

/**
 * Two connected calls that have each other and nobody else, for as long as both want and whatever their applications do.
 *
 *     joining (TRANSFERRING) ---> together (TRANSFERRED) ---> over: either hangs up, and so the other is let go
 *            |                        |
 *            |                        +--- one is taken back (RECONNECTING), the other is let go ---> over
 *            +--- the media plane cannot: over, each with its application again
 *
 * Whoever has no application to go back to is hung up on.
 */
export class Together {
  /** Whether the two hear each other. */
  readonly settled: Promise<boolean>
  readonly #sides: readonly [Side, Side]
  #stopListening: () => void = () => {}
  #phase: 'joining' | 'together' | 'over' = 'joining'
  #settle: (isDone: boolean) => void = () => {}

  /** Within a mutation, for calls that are connected. @param isJoined they hear each other already */
  constructor(one: Side, other: Side, isJoined = false) {
    this.#sides = [one, other]
    this.settled = new Promise((resolve) => {
      this.#settle = resolve
    })
    for (const side of this.#sides) {
      side.core.away = this.#awayOf(side)
      if (!isJoined) side.leg.goAway(State.TRANSFERRING)
    }
    const stops = this.#sides.map((side) => side.leg.onEnding(() => this.#onEnding(side)))
    this.#stopListening = () => {
      for (const stop of stops) stop()
    }
    if (this.#phase === 'over') this.#stopListening()
    else if (isJoined) this.#onJoined(true)
    else this.#after(one.core.join(other.core), (isDone) => this.#onJoined(isDone))
  }

  #awayOf(side: Side): CallAway {
    const pair = this
    return {
      get isHandedOver() {
        return pair.#phase !== 'over'
      },
      press: () => false,
      leave: () => this.#takeBack(side),
      letGo: () => this.#letGo(),
    }
  }

  #onJoined(isDone: boolean): void {
    if (!isDone) {
      this.#end(false)
      return
    }
    this.#phase = 'together'
    for (const { leg } of this.#sides) leg.goAway(State.TRANSFERRED)
    this.#settle(true)
  }

  #onEnding(side: Side): void {
    if (this.#phase === 'together') {
      this.#stopListening()
      this.#otherOf(side).leg.hangUp('local')
    }
    this.#end(false)
  }

  #takeBack(side: Side): void {
    if (this.#phase !== 'together') return
    const other = this.#otherOf(side)
    this.#letGo()
    side.leg.goAway(State.RECONNECTING)
    void side.core.disconnect().then(() => side.core.host.post(() => side.leg.comeBack()))
    other.leg.hangUp('local')
  }

  /** Somebody else sees to both from now on. */
  #letGo(): boolean {
    if (this.#phase !== 'together') return false
    this.#phase = 'over'
    this.#stopListening()
    for (const { core } of this.#sides) core.away = undefined
    return true
  }

  #end(isDone: boolean): void {
    if (this.#phase === 'over') return
    this.#phase = 'over'
    this.#stopListening()
    for (const { core, leg } of this.#sides) {
      core.away = undefined
      core.releaseTransmitter()
      leg.comeBack()
      if (!core.hasApplication) leg.hangUp('local')
    }
    this.#settle(isDone)
  }

  #otherOf(side: Side): Side {
    const [one, other] = this.#sides
    return side === one ? other : one
  }

  #after<Value>(done: Promise<Value>, goOn: (value: Value) => void): void {
    const phase = this.#phase
    void done.then((value) =>
      this.#sides[0].core.host.post(() => {
        if (this.#phase === phase) goOn(value)
      }),
    )
  }
}
