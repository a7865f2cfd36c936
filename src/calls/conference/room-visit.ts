import type { CallAway } from '../away.ts'
import type { ChannelCore } from '../channel-core.ts'
import { TransferCause } from '../enums.ts'
import type { CallTimer } from '../host.ts'
import type { Leg } from '../leg.ts'
import { TransferCourse } from '../transfer/transfer-course.ts'
import type { TransferPhase } from '../transfer/transfer-diagram.ts'
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
 * A call that is with a conference room instead of its application, until it is back with it, or gone: a transfer that
 * begins with `joining` (`transfer-diagram.ts`), since a room has no phone that rings. Whoever leaves the room by his exit
 * digit or is taken back is with the application again; whoever is put out, or whose room is destroyed, is hung up on.
 */
export class RoomVisit implements CallAway {
  readonly isHandedOver = false
  /** It is in the room no more; `undefined` when it never was. */
  readonly over: Promise<LeaveReason | undefined>
  /** Why there was no place for it. */
  refusal: RoomRefusal | undefined
  readonly #core: ChannelCore
  readonly #leg: Leg
  readonly #course: TransferCourse
  readonly #patience: CallTimer
  readonly #carrier: RoomLeg | undefined
  readonly #timeoutMs: number
  #where: { readonly room: Room; readonly party: PartyId } | undefined
  #finish: (why: LeaveReason | undefined) => void = () => {}

  /** Within a mutation, for a call that is connected and transmits nothing. */
  constructor(core: ChannelCore, leg: Leg, room: string, { settings, timeoutMs, carrier }: VisitOptions) {
    this.#core = core
    this.#leg = leg
    this.#timeoutMs = timeoutMs
    this.over = new Promise((resolve) => {
      this.#finish = resolve
    })
    this.#patience = core.host.timer(() => this.#course.take('refused', TransferCause.TIMEOUT))
    core.host.rooms.noteVisit(core.service, room)
    this.#course = new TransferCourse(core, leg, 'joining', (phase, from) => this.#onEntered(phase, from))
    if (carrier !== undefined) {
      this.#carrier = new RoomLeg(core.host, room, leg.details.from, carrier, () => this.leave())
      carrier.attach(this.#carrier)
    }
    this.#course.begin(this)
    if (!this.#course.isOver) this.#enter(room, settings)
  }

  /** It is in the room, or has been refused, or has gone. */
  get settled(): Promise<void> {
    return this.#course.settled
  }

  /** Takes the call out of the room, and back to its application. */
  leave(): void {
    if (!this.#course.take('retrieved')) this.#course.take('refused', TransferCause.FAIL)
  }

  letGo(): boolean {
    return false
  }

  /** @returns whether the digit means something in the room */
  press(digit: string): boolean {
    return this.#where?.room.press(this.#where.party, digit) ?? false
  }

  #enter(name: string, settings: PartySettings): void {
    this.#patience.setIn(this.#timeoutMs)
    const entered = this.#core.host.rooms.enter(name, {
      leg: this.#leg,
      settings,
      onIn: () => void this.#course.take('joined'),
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
    this.#course.take('refused', TransferCause.TARGETREJECT)
  }

  /** The room and the channel that carries the call to it become what the phase says. */
  #onEntered(phase: TransferPhase, from: TransferPhase): void {
    this.#patience.clear()
    switch (phase) {
      case 'together':
        this.#carrier?.transferred(this.#leg.media.stream?.codec)
        return
      case 'returning':
        this.#leaveRoom(from === 'together' ? 'retrieved' : 'failed')
        this.#course.take('silent')
        return
      case 'gone':
        this.#leaveRoom('hangUp')
        // Nothing happens when it was the caller who has gone.
        this.#leg.hangUp('local')
        return
    }
  }

  #leaveRoom(why: 'retrieved' | 'failed' | 'hangUp'): void {
    const where = this.#where
    this.#where = undefined
    where?.room.handle({ type: 'left', party: where.party, why })
    // Those that never were in a room have not left it.
    this.#finish(undefined)
    this.#carrier?.finished(why === 'hangUp' && this.#leg.isEnding ? 'remote' : 'local')
  }

  #onLeft(why: LeaveReason): void {
    // It goes on in another room.
    if (why === 'moved') return
    this.#finish(why)
    this.#where = undefined
    const isPutOut = why === 'ejected' || why === 'destroyed'
    if (!this.#course.take(isPutOut ? 'released' : 'retrieved'))
      this.#course.take('refused', isPutOut ? TransferCause.TARGETHANGUP : TransferCause.FAIL)
  }

  #onHappening(happening: RoomHappening, room: Room, isSelf: boolean): void {
    this.#core.emitMade('conference', () => {
      const { type: what, ...more } = happening
      return { type: 'conference', room: room.name, isSelf, what, ...more }
    })
  }
}
