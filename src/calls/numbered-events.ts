/** What every event has. */
export interface EventStamp {
  /** 1, 2, 3, ... over all events of its source, whatever their type and whoever listens, without gaps. */
  readonly sequence: number
  /** Wall time, in milliseconds since 1970. */
  readonly at: number
}

/** Of a union of events those of one type, with their number and their time. */
export type EventOf<Event extends { readonly type: string }, Type extends Event['type']> = Extract<
  Event,
  { readonly type: Type }
> &
  EventStamp

/** Numbered events with typed listeners. A listener that throws harms neither the source nor other listeners. */
export class NumberedEvents<Event extends { readonly type: string }> {
  readonly #wallTimeMs: () => number
  readonly #listeners = new Map<Event['type'], Set<(event: Event & EventStamp) => void>>()
  #sequence = 0

  constructor(wallTimeMs: () => number) {
    this.#wallTimeMs = wallTimeMs
  }

  /** Adds a listener and returns the function that removes it. */
  on<Type extends Event['type']>(type: Type, listener: (event: EventOf<Event, Type>) => void): () => void {
    const listeners = this.#listeners.get(type) ?? new Set()
    this.#listeners.set(type, listeners)
    const any = listener as (event: Event & EventStamp) => void
    listeners.add(any)
    return () => listeners.delete(any)
  }

  /** Whether anybody listens to events of this type. */
  isListenedTo(type: Event['type']): boolean {
    return (this.#listeners.get(type)?.size ?? 0) > 0
  }

  emit(event: Event, onError: (error: unknown) => void): void {
    this.emitMade(event.type, () => event, onError)
  }

  /** Emits an event that is made only where somebody listens: of what happens in a room, each of a thousand parties is told. */
  emitMade(type: Event['type'], make: () => Event, onError: (error: unknown) => void): void {
    const sequence = ++this.#sequence
    const listeners = this.#listeners.get(type)
    if (listeners === undefined || listeners.size === 0) return
    const stamped = { ...make(), sequence, at: this.#wallTimeMs() }
    for (const listener of listeners) {
      try {
        listener(stamped)
      } catch (error) {
        onError(error)
      }
    }
  }
}
