import type { Cause, State } from './enums.ts'

/** What happens to a channel. */
export type ChannelEvent =
  | { readonly type: 'state'; readonly state: State }
  | { readonly type: 'digit'; readonly digit: string }
  /** The connection to another channel is over: the other end hung up, or `disconnect` was called. */
  | { readonly type: 'disconnected' }
  | { readonly type: 'ended'; readonly cause: Cause }

/** What a listener is added for. */
export type ChannelEventType = ChannelEvent['type']
/** An event of one type, with its number. */
export type ChannelEventOf<Type extends ChannelEventType> = Extract<ChannelEvent, { type: Type }> & {
  /** 1, 2, 3, ... over all events of the channel, without gaps. */
  readonly sequence: number
}

type AnyListener = (event: ChannelEvent & { readonly sequence: number }) => void

/** Numbered events with typed listeners. A listener that throws harms neither the call nor other listeners. */
export class ChannelEvents {
  readonly #listeners = new Map<ChannelEventType, Set<AnyListener>>()
  #sequence = 0

  /** Adds a listener and returns the function that removes it. */
  on<Type extends ChannelEventType>(type: Type, listener: (event: ChannelEventOf<Type>) => void): () => void {
    const listeners = this.#listeners.get(type) ?? new Set()
    this.#listeners.set(type, listeners)
    listeners.add(listener as AnyListener)
    return () => listeners.delete(listener as AnyListener)
  }

  emit(event: ChannelEvent, onError: (error: unknown) => void): void {
    const numbered = { ...event, sequence: ++this.#sequence }
    for (const listener of this.#listeners.get(event.type) ?? []) {
      try {
        listener(numbered)
      } catch (error) {
        onError(error)
      }
    }
  }
}
