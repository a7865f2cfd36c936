import type { LegId, RoomId, TalkerChange } from '../../media/index.ts'
import type { CallHost } from '../host.ts'

/** Watches who talks in a room, as long as somebody wants to know. */
export class Talkers {
  readonly #host: CallHost
  readonly #room: RoomId
  readonly #onChanges: (changes: readonly TalkerChange[]) => void
  #stop: (() => void) | undefined

  /** @param onChanges at most five times a second */
  constructor(host: CallHost, room: RoomId, onChanges: (changes: readonly TalkerChange[]) => void) {
    this.#host = host
    this.#room = room
    this.#onChanges = onChanges
  }

  /** Somebody wants to know and the media engine has the room, or not any more. */
  watch(isWanted: boolean): void {
    if (isWanted === (this.#stop !== undefined)) return
    this.#stop?.()
    this.#stop = isWanted ? this.#begin(this.#host.nextId()) : undefined
  }

  #begin(leg: LegId): () => void {
    const job = this.#host.nextId()
    const stop = (): void => this.#host.media({ type: 'stopJob', leg, job })
    this.#host.onRoomSound(leg, (event) => {
      if (event.type === 'talkers' && this.#stop === stop) this.#onChanges(event.changes)
      if (event.type !== 'finished') return
      this.#host.onRoomSound(leg, undefined)
      if (this.#stop === stop) this.#stop = undefined
    })
    this.#host.media({ type: 'watchRoom', leg, room: this.#room, job })
    return stop
  }
}
