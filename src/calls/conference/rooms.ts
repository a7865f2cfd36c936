import { UsageError } from '../../kit/index.ts'
import { Cause } from '../enums.ts'
import type { CallHost } from '../host.ts'
import type { Placement } from '../leg-media.ts'
import { Claims } from './claims.ts'
import type { ConferenceOptions } from './party-settings.ts'
import { Reservation, type ReservationOptions } from './reservations.ts'
import { type Guest, Room } from './room.ts'
import { type NamedRoomPolicy, RoomPolicies, type RoomPolicyOptions } from './room-policy.ts'
import type { PartyId, RoomPolicy } from './room-state.ts'

/** How many rooms there may be, and what they are like. */
export interface RoomLimits extends RoomPolicyOptions {
  /** Rooms at a time. Default 10,000. */
  readonly mostRooms?: number
  /** Rooms that differ from that; of several that match a name the first counts. */
  readonly policies?: readonly NamedRoomPolicy[]
}

/** Why nobody can come into a room now. */
export interface RoomRefusal {
  readonly cause: Cause
  readonly text: string
}

/** By which a call to ourselves says with what settings it comes. */
export const TICKET_HEADER = 'X-Ringdown-Ticket'

/** All conference rooms of an exchange: each exists from its first party to its last. */
export class Rooms {
  readonly #host: CallHost
  readonly #policies: RoomPolicies
  readonly #mostRooms: number
  readonly #onRefused: () => void
  readonly #rooms = new Map<string, Room>()
  /** Of those who are on their way into a room, or in it. */
  readonly #placements = new Map<string, Placement>()
  readonly #reservations = new Map<string, Reservation>()
  /** The room that a service has last brought a caller into, by its name. */
  readonly #lastRooms = new Map<string, string>()
  readonly #claims = new Claims()
  readonly #isService: (name: string) => boolean
  readonly #invitations = new Map<string, ConferenceOptions>()

  /**
   * @param onRefused somebody was refused because there is no place
   * @param isService whether there is a service of that name
   */
  constructor(host: CallHost, limits: RoomLimits, onRefused: () => void, isService: (name: string) => boolean) {
    this.#host = host
    this.#onRefused = onRefused
    this.#isService = isService
    this.#mostRooms = limits.mostRooms ?? 10_000
    this.#policies = new RoomPolicies(limits, limits.policies)
  }

  get size(): number {
    return this.#rooms.size
  }

  /** Where the calls are to be that will come into a room: legs can be mixed only beside each other. */
  placementFor(name: string): Placement {
    const placement = this.#placements.get(name) ?? { near: undefined }
    placement.near = this.#rooms.get(name)?.near ?? placement.near
    // Names of rooms that nobody came into after all.
    if (this.#placements.size > this.#mostRooms) this.#placements.clear()
    this.#placements.set(name, placement)
    return placement
  }

  /**
   * Reserves a room for a time.
   * @throws UsageError for a name or a time that cannot be, when the room is reserved already, or too many are
   */
  reserve(name: string, options: ReservationOptions): Reservation {
    if (this.#reservations.has(name)) throw new UsageError(`reserve: conference room ${name} is reserved already`)
    if (this.#reservations.size >= this.#mostRooms)
      throw new UsageError(`reserve: ${this.#mostRooms} conference rooms are reserved already`)
    const rooms = this.#rooms
    const reservation = new Reservation(this.#host, name, options, {
      get isThere() {
        return rooms.has(name)
      },
      open: () => this.#open(name),
      destroy: () => rooms.get(name)?.handle({ type: 'destroyed' }),
      forget: () => this.#reservations.delete(name),
      isService: this.#isService,
    })
    this.#reservations.set(name, reservation)
    this.#host.post(() => reservation.begin())
    return reservation
  }

  /** The service that whoever calls for that room is brought to instead. */
  diversionOf(name: string): string | undefined {
    return this.#reservations.get(name)?.divertsTo
  }

  get reservations(): readonly Reservation[] {
    return [...this.#reservations.values()]
  }

  /** Callers of a service that brings them into rooms are likely to come where the last of them went. */
  lastRoomOf(service: string): string | undefined {
    return this.#lastRooms.get(service)
  }

  noteVisit(service: string | undefined, room: string): void {
    if (service !== undefined) this.#lastRooms.set(service, room)
  }

  get(name: string): Room | undefined {
    return this.#rooms.get(name)
  }

  all(): readonly Room[] {
    return [...this.#rooms.values()]
  }

  /**
   * Why nobody can come into that room now, or `undefined`. A place that is kept for somebody else is none.
   * @param callId of who wants to come
   */
  refusal(name: string, callId?: string): RoomRefusal | undefined {
    const room = this.#rooms.get(name)
    if (room === undefined && this.#roomsBeside(name) >= this.#mostRooms)
      return { cause: Cause.BUSY, text: `all ${this.#mostRooms} conference rooms are in use` }
    if (room?.state.isEnding) return { cause: Cause.BUSY, text: `conference room ${name} is coming to its end` }
    const { mostParties } = room?.state.policy ?? this.#policyOf(name)
    if ((room?.state.parties.size ?? 0) + this.#claims.keptFromIn(name, callId) >= mostParties)
      return { cause: Cause.BUSY, text: `conference room ${name} is full: ${partiesAre(mostParties)} in it` }
    return undefined
  }

  /** Keeps a place for a call until it is in a room or has ended. @returns why there is none */
  claim(name: string, callId: string): RoomRefusal | undefined {
    const refusal = this.refusal(name, callId)
    if (refusal === undefined) this.#claims.add(name, callId)
    else this.#onRefused()
    return refusal
  }

  /** The call needs no place any more. */
  release(callId: string): void {
    this.#claims.delete(callId)
  }

  /** Lets a call into a room, which is made by its first party. */
  enter(name: string, guest: Guest): { readonly room: Room; readonly party: PartyId } | RoomRefusal {
    const { callId } = guest.leg.details
    const refusal = this.refusal(name, callId)
    this.release(callId)
    if (refusal !== undefined) {
      this.#onRefused()
      return refusal
    }
    const room = this.#rooms.get(name) ?? this.#create(name)
    return { room, party: room.enter(guest) }
  }

  /** Takes a party to another room, with the settings that it has. @returns why it stays where it is */
  move(from: Room, party: PartyId, name: string): RoomRefusal | undefined {
    const refusal = this.refusal(name)
    const guest = from.party(party)?.guest
    if (refusal !== undefined || guest === undefined) return refusal
    from.handle({ type: 'left', party, why: 'moved' })
    const to = this.#rooms.get(name) ?? this.#create(name)
    guest.onMoved(to, to.enter(guest))
    return undefined
  }

  /** Keeps the settings with which a call to ourselves will come. */
  invite(ticket: string, options: ConferenceOptions): void {
    this.#invitations.set(ticket, options)
  }

  /** The settings of a call that was invited; they are forgotten. */
  takeInvitation(ticket: string): ConferenceOptions | undefined {
    const options = this.#invitations.get(ticket)
    this.#invitations.delete(ticket)
    return options
  }

  /** Rooms that are there, or in which a place is kept, but for the one of that name. */
  #roomsBeside(name: string): number {
    let rooms = this.#rooms.size
    for (const room of this.#claims.rooms) if (room !== name && !this.#rooms.has(room)) rooms++
    return rooms
  }

  /** The time of a reserved room has come: one that was there before it was reserved becomes what the reservation says. */
  #open(name: string): void {
    const room = this.#rooms.get(name)
    room?.handle(room.state.isHolding ? { type: 'opened' } : { type: 'governed', policy: this.#policyOf(name) })
  }

  #policyOf(name: string): RoomPolicy {
    return this.#policies.of(name, this.#reservations.get(name)?.policy)
  }

  #forget(name: string): void {
    this.#rooms.delete(name)
    this.#placements.delete(name)
  }

  #create(name: string): Room {
    const isHolding = this.#reservations.get(name)?.holds ?? false
    const room = new Room(this.#host, name, this.#policyOf(name), isHolding, () => this.#forget(name))
    this.#rooms.set(name, room)
    return room
  }
}

function partiesAre(count: number): string {
  return count === 1 ? '1 party is' : `${count} parties are`
}

/** @throws UsageError for what cannot be the name of a room */
export function assertRoomName(what: string, name: string): void {
  if (typeof name !== 'string' || !/^[A-Za-z0-9._-]{1,48}$/.test(name))
    throw new UsageError(
      `${what}: the name of a conference room is 1 to 48 letters, digits and - _ . , not ${JSON.stringify(name)}`,
    )
}
