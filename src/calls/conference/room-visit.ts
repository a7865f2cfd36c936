import type { CallAway } from '../away.ts'
import type { ChannelCore } from '../channel-core.ts'
import { State, TransferCause } from '../enums.ts'
import type { CallTimer } from '../host.ts'
import type { Leg } from '../leg.ts'
import type { PartySettings } from './party-settings.ts'
import type { Room } from './room.ts'
import type { RoomHappening } from './room-happenings.ts'
import { RoomLeg } from './room-leg.ts'
import type { LeaveReason, PartyId } from './room-state.ts'
import type { RoomRefusal } from './rooms.ts'

/** How a call goes to a room. */
export interface VisitOptions {
  readonly settings: PartySettings
  /** How long to wait until the media engine has let it in. */
  readonly timeoutMs: number
  /** The channel that it is transferred on. */
  readonly carrier?: ChannelCore
}

/**
 * A call that is with a conference room instead of its application, until it is back with it, or gone: whatever
 * happens, it is in exactly one of the three places.
 *
 *     with the application -> TRANSFERRING -> TRANSFERRED -+-> RECONNECTING -> with the application
 *              ^                   |                       +-> with the application: by its exit digit
 *              +--- no place ------+                       +-> gone: it hangs up, is ejected, or its room is destroyed
 */
export class RoomVisit implements CallAway {
  readonly isHandedOver = false
  /** It is in the room, or has been refused, or has gone. */
  readonly settled: Promise<void>
  /** It is in the room no more; `undefined` when it never was. */
  readonly over: Promise<LeaveReason | undefined>
  /** Why there was no place for it. */
  refusal: RoomRefusal | undefined
  readonly #core: ChannelCore
  readonly #leg: Leg
  readonly #patience: CallTimer
  readonly #carrier: RoomLeg | undefined
  #where: { readonly room: Room; readonly party: PartyId } | undefined
  #isIn = false
  #isOver = false
  #settle: () => void = () => {}
  #finish: (why: LeaveReason | undefined) => void = () => {}
  #stopListening: () => void = () => {}

  /** Within a mutation, for a call that is connected and transmits nothing. */
  constructor(core: ChannelCore, leg: Leg, room: string, { settings, timeoutMs, carrier }: VisitOptions) {
    this.#core = core
    this.#leg = leg
    this.settled = new Promise((resolve) => {
      this.#settle = resolve
    })
    this.over = new Promise((resolve) => {
      this.#finish = resolve
    })
    this.#patience = core.host.timer(() => this.#takeOut('failed', TransferCause.TIMEOUT))
    core.away = this
    core.host.rooms.noteVisit(core.service, room)
    core.transferCause = TransferCause.NONE
    leg.goAway(State.TRANSFERRING)
    if (carrier !== undefined) {
      this.#carrier = new RoomLeg(core.host, room, leg.details.from, carrier, () => this.leave())
      carrier.attach(this.#carrier)
    }
    this.#stopListening = leg.onEnding(() => this.#takeOut('hangUp', TransferCause.HANGUP))
    if (this.#isOver) return
    this.#patience.setIn(timeoutMs)
    this.#enter(room, settings)
  }

  /** Takes the call out of the room, and back to its application. */
  leave(): void {
    if (!this.#isOver) this.#leg.goAway(State.RECONNECTING)
    this.#takeOut('retrieved', TransferCause.NORMAL)
  }

  letGo(): boolean {
    return false
  }

  /** @returns whether the digit means something in the room */
  press(digit: string): boolean {
    return this.#where?.room.press(this.#where.party, digit) ?? false
  }

  #enter(name: string, settings: PartySettings): void {
    const entered = this.#core.host.rooms.enter(name, {
      leg: this.#leg,
      settings,
      onIn: () => this.#onIn(),
      onLeft: (why) => this.#onLeft(why),
      onMoved: (room, party) => {
        this.#where = { room, party }
      },
      onHappening: (happening, room, isSelf) => this.#onHappening(happening, room, isSelf),
    })
    if (!('cause' in entered)) {
      this.#where = entered
      return
    }
    this.refusal = entered
    this.#carrier?.refused(entered)
    this.#end(TransferCause.TARGETREJECT, undefined)
    this.#leg.comeBack()
  }

  #onIn(): void {
    if (this.#isOver || this.#isIn) return
    this.#isIn = true
    this.#patience.clear()
    this.#core.transferCause = TransferCause.NORMAL
    this.#leg.goAway(State.TRANSFERRED)
    this.#carrier?.transferred(this.#leg.media.stream?.codec)
    this.#settle()
  }

  /** @param cause how the transfer went that has not come to its end yet */
  #takeOut(why: 'retrieved' | 'hangUp' | 'failed', cause: TransferCause): void {
    if (!this.#isIn) this.#core.transferCause = cause
    if (this.#where !== undefined) this.#where.room.handle({ type: 'left', party: this.#where.party, why })
    else this.#end(this.#core.transferCause, undefined)
  }

  #onLeft(why: LeaveReason): void {
    // It goes on in another room.
    if (why === 'moved') return
    this.#where = undefined
    const isRefused = !this.#isIn && this.#core.transferCause === TransferCause.NONE
    this.#carrier?.finished(why === 'hangUp' ? 'remote' : 'local')
    this.#end(isRefused ? TransferCause.FAIL : this.#core.transferCause, why)
    if (why === 'ejected' || why === 'destroyed') this.#leg.hangUp('local')
    else this.#leg.comeBack()
  }

  #onHappening(happening: RoomHappening, room: Room, isSelf: boolean): void {
    const { type: what, ...more } = happening
    this.#core.emit({ type: 'conference', room: room.name, isSelf, what, ...more })
  }

  #end(cause: TransferCause, why: LeaveReason | undefined): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#stopListening()
    this.#patience.clear()
    this.#core.transferCause = cause
    this.#core.away = undefined
    this.#core.releaseTransmitter()
    this.#settle()
    this.#finish(why)
  }
}
