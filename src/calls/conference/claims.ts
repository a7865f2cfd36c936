/** Places in rooms that are kept for calls on their way. */
export class Claims {
  readonly #roomOf = new Map<string, string>()
  readonly #byRoom = new Map<string, Set<string>>()

  /** Keeps one for a call, which gives up what was kept for it before. */
  add(room: string, callId: string): void {
    this.delete(callId)
    this.#roomOf.set(callId, room)
    const calls = this.#byRoom.get(room) ?? new Set()
    this.#byRoom.set(room, calls.add(callId))
  }

  delete(callId: string): void {
    const room = this.#roomOf.get(callId)
    const calls = room === undefined ? undefined : this.#byRoom.get(room)
    if (room === undefined || calls === undefined) return
    this.#roomOf.delete(callId)
    calls.delete(callId)
    if (calls.size === 0) this.#byRoom.delete(room)
  }

  /** How many are kept in a room for others than that call. */
  keptFromIn(room: string, callId: string | undefined): number {
    const calls = this.#byRoom.get(room)
    if (calls === undefined) return 0
    return calls.size - (callId !== undefined && calls.has(callId) ? 1 : 0)
  }

  /** The rooms in which any are kept. */
  get rooms(): Iterable<string> {
    return this.#byRoom.keys()
  }
}
