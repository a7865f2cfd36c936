import type { CodecName } from '../media/index.ts'
import type { EndedBy, HeardTone } from './details.ts'
import type { Cause, State } from './enums.ts'

/** What happens to a channel. */
export type ChannelEvent =
  /** The state is another one now. */
  | { readonly type: 'state'; readonly state: State }
  /** The far end of an outgoing call has sent a provisional response: 180 it rings, 181 the call was forwarded, 182 it is queued, 183 progress. */
  | { readonly type: 'progress'; readonly status: number; readonly phrase: string }
  /** The sound has a codec, or another one: before the answer, with it, or since a re-INVITE of either end. */
  | { readonly type: 'codec'; readonly codec: CodecName }
  /** A network tone was heard while an outgoing call is placed. */
  | ({ readonly type: 'tone' } & HeardTone)
  /** Something else than silence and tones was heard for the first time in an outgoing call; since when, in ms since 1970. */
  | { readonly type: 'audio'; readonly startedAt: number }
  /** A key was pressed: in the stream or by SIP INFO. */
  | { readonly type: 'digit'; readonly digit: string }
  /** The far end has put us on hold: it does not hear us. */
  | { readonly type: 'farEndHold' }
  /** The far end hears us again. */
  | { readonly type: 'farEndRetrieve' }
  /** The two channels of `connect` hear each other. */
  | { readonly type: 'connected'; readonly connectedId: string }
  /** The connection to another channel is over: the other end hung up, or `disconnect` was called. */
  | { readonly type: 'disconnected' }
  /** The call is over. */
  | { readonly type: 'ended'; readonly cause: Cause; readonly endedBy: EndedBy }

/** What a listener is added for. */
export type ChannelEventType = ChannelEvent['type']
/** An event of one type, with its number and its time. */
export type ChannelEventOf<Type extends ChannelEventType> = Extract<ChannelEvent, { type: Type }> & EventStamp

/** What every event has. */
export interface EventStamp {
  /** 1, 2, 3, ... over all events of the channel, whatever their type and whoever listens, without gaps. */
  readonly sequence: number
  /** Wall time, in milliseconds since 1970. */
  readonly at: number
}

type AnyListener = (event: ChannelEvent & EventStamp) => void

/** Numbered events with typed listeners. A listener that throws harms neither the call nor other listeners. */
export class ChannelEvents {
  readonly #wallTimeMs: () => number
  readonly #listeners = new Map<ChannelEventType, Set<AnyListener>>()
  #sequence = 0

  constructor(wallTimeMs: () => number) {
    this.#wallTimeMs = wallTimeMs
  }

  /** Adds a listener and returns the function that removes it. */
  on<Type extends ChannelEventType>(type: Type, listener: (event: ChannelEventOf<Type>) => void): () => void {
    const listeners = this.#listeners.get(type) ?? new Set()
    this.#listeners.set(type, listeners)
    listeners.add(listener as AnyListener)
    return () => listeners.delete(listener as AnyListener)
  }

  emit(event: ChannelEvent, onError: (error: unknown) => void): void {
    const sequence = ++this.#sequence
    const listeners = this.#listeners.get(event.type)
    if (listeners === undefined || listeners.size === 0) return
    const stamped = { ...event, sequence, at: this.#wallTimeMs() }
    for (const listener of listeners) {
      try {
        listener(stamped)
      } catch (error) {
        onError(error)
      }
    }
  }
}
