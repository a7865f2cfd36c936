import type { LegId, MediaCommand, MediaEvent, RoomId } from '../../media/index.ts'

/** In which worker each room is: that of the legs which are in it, or are on their way. */
export class RoomPlaces<Worker> {
  readonly #rooms = new Map<RoomId, { readonly worker: Worker; readonly legs: Set<LegId> }>()
  readonly #roomOf = new Map<LegId, RoomId>()

  /** Counts a leg as one of a room that is, or can be, where the leg is. */
  admit({ leg, room: id }: Extract<MediaCommand, { type: 'mix' }>, worker: Worker): void {
    if (this.#roomOf.has(leg)) return
    const room = this.#rooms.get(id)
    if (room === undefined) this.#rooms.set(id, { worker, legs: new Set([leg]) })
    else room.legs.add(leg)
    this.#roomOf.set(leg, id)
  }

  /** Where the room is, while somebody is in it or on his way. */
  workerOf(room: RoomId): Worker | undefined {
    return this.#rooms.get(room)?.worker
  }

  /** Lets go of legs that are out of their rooms. */
  note(event: MediaEvent): void {
    const { type, leg } = event
    const isOver = type === 'closed' || type === 'failed'
    const isOut = (type === 'unmixed' || type === 'mixFailed') && this.#roomOf.get(leg) === event.room
    if (isOver || isOut) this.#remove(leg)
  }

  #remove(leg: LegId): void {
    const id = this.#roomOf.get(leg)
    const room = id === undefined ? undefined : this.#rooms.get(id)
    if (id === undefined || room === undefined) return
    this.#roomOf.delete(leg)
    room.legs.delete(leg)
    if (room.legs.size === 0) this.#rooms.delete(id)
  }
}
